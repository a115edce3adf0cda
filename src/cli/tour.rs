use clap::Args;
use std::process::ExitCode;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The address of the server.
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:8080")]
    url: String,
}

pub(super) async fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    anyhow::bail!("the tour of {} is not built yet", arguments.url)
}
