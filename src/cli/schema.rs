use clap::{Args, Subcommand};
use std::path::PathBuf;
use std::process::ExitCode;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Print the schema that the server serves, as SDL.
    Print,
    /// Compare schema.graphql with what the server serves; ends with 1 and names every broken promise.
    Check,
    /// Compare two contracts and name breaking, dangerous and safe changes. Ends with 0 when nothing breaks, 1 when something
    /// does, 2 when a file cannot be read.
    Diff {
        /// The contract that clients rely on.
        #[arg(value_name = "OLD")]
        old: PathBuf,
        /// The contract that would replace it.
        #[arg(value_name = "NEW")]
        new: PathBuf,
    },
}

pub(super) async fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    match arguments.action {
        Action::Print => anyhow::bail!("printing the schema is not built yet"),
        Action::Check => anyhow::bail!("checking the contract is not built yet"),
        Action::Diff { old, new } => {
            anyhow::bail!("comparing {} with {} is not built yet", old.display(), new.display())
        }
    }
}
