use crate::config::Storage;
use clap::{Args, Subcommand};
use std::path::PathBuf;
use std::process::ExitCode;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    source: Source,
}

#[derive(Debug, Subcommand)]
enum Source {
    /// The CSV files of Inside Airbnb, plain or .gz. Can be run again, and resumed after a crash.
    InsideAirbnb(Box<InsideAirbnb>),
}

#[derive(Debug, Args)]
struct InsideAirbnb {
    /// The file of listings.
    #[arg(long, value_name = "FILE")]
    listings: PathBuf,
    /// The file of reviews.
    #[arg(long, value_name = "FILE")]
    reviews: PathBuf,
    /// The file of calendars.
    #[arg(long, value_name = "FILE")]
    calendar: PathBuf,
    /// The city's name, where the files do not tell.
    #[arg(long, value_name = "NAME")]
    city: Option<String>,
    #[command(flatten)]
    storage: Storage,
}

pub(super) async fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let Source::InsideAirbnb(files) = arguments.source;
    anyhow::bail!("importing {} is not built yet", files.listings.display())
}
