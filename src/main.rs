//! The command line; everything is in [`staygate::cli`].

use std::process::ExitCode;

fn main() -> ExitCode {
    staygate::cli::run()
}
