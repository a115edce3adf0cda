//! The migrations are embedded by a macro, which cannot tell cargo that they changed.

fn main() {
    println!("cargo::rerun-if-changed=../../migrations");
}
