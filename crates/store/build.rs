//! A macro embeds the migrations, and cargo does not see when they change.

fn main() {
    println!("cargo::rerun-if-changed=../../migrations");
}
