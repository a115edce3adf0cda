mod cost;

use crate::config::OperationLimit;
use graphql_contract::Severity;

use anyhow::Context;
use clap::{Args, Subcommand};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Print the contract, as it is written and served at /schema.graphql.
    Print,
    /// Check that the code implements the contract, and that the contract follows the conventions.
    /// Exits with 0 if so, else with 1 and lists each difference.
    Check {
        /// A contract other than the one that this program was built with.
        #[arg(value_name = "FILE")]
        file: Option<PathBuf>,
    },
    /// Print the cost of the operations in a file, as the server computes it. Exits with 0 if all
    /// of them are within the limit, 1 if one is too expensive, 2 if a file cannot be read or an
    /// operation is invalid.
    Cost {
        /// The file of operations.
        #[arg(value_name = "FILE")]
        file: PathBuf,
        /// A file with the values of variables, as JSON. Missing variables count as not given.
        #[arg(long, value_name = "FILE")]
        variables: Option<PathBuf>,
        #[command(flatten)]
        limit: OperationLimit,
    },
    /// Compare two contracts and list breaking, dangerous and safe changes. Exits with 0 if no
    /// change is breaking, 1 if one is, 2 if a file cannot be read.
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
        Action::Print => {
            print!("{}", graphql::CONTRACT);
            Ok(ExitCode::SUCCESS)
        }
        Action::Check { file } => check(file.as_deref()),
        Action::Cost { file, variables, limit } => {
            Ok(cost::print(&file, variables.as_deref(), &limit).unwrap_or_else(|error| {
                eprintln!("error: {error:#}");
                ExitCode::from(2)
            }))
        }
        Action::Diff { old, new } => Ok(diff(&old, &new).unwrap_or_else(|error| {
            eprintln!("error: {error:#}");
            ExitCode::from(2)
        })),
    }
}

fn check(file: Option<&Path>) -> anyhow::Result<ExitCode> {
    let contract = file.map_or_else(|| Ok(graphql::CONTRACT.to_owned()), read)?;
    let differences = graphql_contract::compare(&contract, &graphql::served_sdl())?;
    differences.iter().for_each(|difference| println!("{difference}"));
    let violations = graphql_contract::lint(&contract);
    violations.iter().for_each(|violation| println!("{violation}"));
    if differences.is_empty() && violations.is_empty() {
        println!(
            "the code implements the contract: {} elements compared",
            graphql_contract::elements(&contract)?.len()
        );
        return Ok(ExitCode::SUCCESS);
    }
    println!("{} differences from the contract, {} violations of conventions", differences.len(), violations.len());
    Ok(ExitCode::FAILURE)
}

fn diff(old: &Path, new: &Path) -> anyhow::Result<ExitCode> {
    let (old, new) = (readable(old)?, readable(new)?);
    let changes = graphql_contract::diff(&old, &new)?;
    changes.iter().for_each(|change| println!("{change}"));
    if changes.is_empty() {
        println!("no changes");
    }
    let is_breaking = graphql_contract::max_severity(&changes) == Some(Severity::Breaking);
    Ok(if is_breaking { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// The text of a contract that can be parsed; an error names the file.
fn readable(path: &Path) -> anyhow::Result<String> {
    let text = read(path)?;
    graphql_contract::elements(&text).with_context(|| format!("{} is not a readable contract", path.display()))?;
    Ok(text)
}

fn read(path: &Path) -> anyhow::Result<String> {
    fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
}
