//! The entry point; everything is in [`staygate::cli`].

use std::process::ExitCode;

/// Rows and responses consist of many short strings, for which the system's allocator is slow.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    staygate::cli::run()
}
