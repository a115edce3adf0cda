//! The command line; everything is in [`staygate::cli`].

use std::process::ExitCode;

/// Rows and answers are made of many small texts, which the system's allocator is slow at.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    staygate::cli::run()
}
