//! The command line.
//!
//! Every command exits with 0 on success, 1 on failure, 2 on wrong usage. `schema diff` and others
//! add exit codes, which their help lists.

mod admin;
mod audit;
mod cases;
mod doctor;
mod health;
mod import;
mod landing;
mod mail;
mod migrate;
mod schema;
mod serve;
mod storage;

use crate::config::{LogFormat, Logging};
use anyhow::Context as _;
use clap::error::{ContextKind, ContextValue};
use clap::{CommandFactory, Parser, Subcommand};
use providers::traces::Traces;
use std::io::IsTerminal;
use std::process::ExitCode;
use telemetry::logs;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer as _};

/// Bytes of the stack of a thread: without optimization, the mutations of the contract are one large state machine. Only what is
/// used takes memory.
const STACK: usize = 8 << 20;

/// The backend of a booking platform: GraphQL over HTTP and websocket, on MariaDB or MySQL.
///
/// Without DATABASE_URL it runs a private database in the data folder.
#[derive(Debug, Parser)]
#[command(name = "staygate", version, propagate_version = true, after_help = EXIT_CODES)]
struct Cli {
    #[command(flatten)]
    logging: Logging,
    #[command(subcommand)]
    command: Command,
}

const EXIT_CODES: &str =
    "Exit codes: 0 success, 1 failure, 2 wrong usage. See docs/configuration.md for every setting.";

#[derive(Debug, Subcommand)]
enum Command {
    /// Start the server: the private database if there is one, migrations, the API.
    #[command(
        after_help = "Examples:\n  staygate serve\n  staygate serve --listen 0.0.0.0:8080 --data-dir /var/lib/staygate\n  \
                            DATABASE_URL=mysql://app:secret@db/staygate STAYGATE_JWT_SECRET_FILE=/run/secrets/jwt staygate serve"
    )]
    Serve(Box<crate::config::Config>),
    /// Apply or undo migrations of the database.
    #[command(after_help = "Examples:\n  staygate migrate\n  staygate migrate status\n  staygate migrate down 1 --yes")]
    Migrate(migrate::Arguments),
    /// Import a public dataset into the database.
    #[command(
        after_help = "Example:\n  staygate import inside-airbnb --listings listings.csv.gz --reviews reviews.csv.gz \
                            --calendar calendar.csv.gz --city Singapore"
    )]
    Import(import::Arguments),
    /// Print the contract, compare it with the code, or compare two contracts.
    #[command(
        after_help = "Examples:\n  staygate schema print\n  staygate schema check\n  staygate schema diff old.graphql schema.graphql"
    )]
    Schema(schema::Arguments),
    /// Play the whole journey of a guest and a host against a running server, and check every
    /// response.
    ///
    /// Creates three accounts; searches, quotes, books, pays and cancels a stay while watching a
    /// websocket; then requests to book a listing that it creates and unlists at the end. No money
    /// moves. Exits with 0 only if every step succeeded; else it prints the step, the expected and
    /// the actual result.
    #[command(after_help = "Example:\n  staygate tour --url http://127.0.0.1:8080")]
    Tour(tour::Arguments),
    /// Check the configuration, the database, the clock, the port and the disk, and report
    /// problems.
    #[command(
        after_help = "Examples:\n  staygate doctor\n  staygate doctor --data-dir /var/lib/staygate --listen 0.0.0.0:8080"
    )]
    Doctor(Box<crate::config::Config>),
    /// List payments that a person must look at, and try again what failed for good.
    #[command(
        after_help = "Examples:\n  staygate cases\n  staygate cases retry rf_01m8…\n  staygate cases close case_01m8…"
    )]
    Cases(cases::Arguments),
    /// Make the first admin of the desk.
    #[command(after_help = "Examples:\n  staygate admin create --email ada@example.org\n  \
                      staygate admin create --email ada@example.org --password-stdin < password")]
    Admin(admin::Arguments),
    /// Verify that no entry of the audit log was changed or removed, or export the log.
    #[command(
        after_help = "Examples:\n  staygate audit verify\n  staygate audit export --from 2026-03-01T00:00:00Z > audit.jsonl"
    )]
    Audit(audit::Arguments),
    /// Show what mails look like.
    #[command(
        after_help = "Examples:\n  staygate mail preview --locale de\n  staygate mail preview reset_password --html > mail.html"
    )]
    Mail(mail::Arguments),
    /// Check whether a running server is healthy; for container health checks.
    #[command(after_help = "Example:\n  staygate health --url http://127.0.0.1:8080")]
    Health(health::Arguments),
}

/// Parses the command line and runs the command.
pub fn run() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return refuse(&error),
    };
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    let done = builder.thread_stack_size(STACK).enable_all().build().map_err(anyhow::Error::from).and_then(|runtime| {
        let traces = traces_of(&cli.command, runtime.handle())?;
        start_log(&cli.logging, traces.as_ref());
        let done = runtime.block_on(dispatch(cli.command));
        if let Some(traces) = traces {
            traces.stop();
        }
        done
    });
    done.unwrap_or_else(|error| {
        eprintln!("error: {error:#}");
        ExitCode::FAILURE
    })
}

/// Starts traces, only for a server.
fn traces_of(command: &Command, runtime: &tokio::runtime::Handle) -> anyhow::Result<Option<Traces>> {
    let Command::Serve(config) = command else { return Ok(None) };
    let Some(endpoint) = &config.observing.otlp_endpoint else { return Ok(None) };
    let started = Traces::start(&endpoint.to_string(), config.observing.trace_ratio, runtime);
    started.map(Some).context("--otlp-endpoint cannot be used")
}

/// The whole command line as clap defines it, for the page that documents it.
pub fn command() -> clap::Command {
    Cli::command()
}

async fn dispatch(command: Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Serve(config) => Box::pin(serve::run(*config)).await,
        Command::Migrate(arguments) => Box::pin(migrate::run(arguments)).await,
        Command::Import(arguments) => Box::pin(import::run(arguments)).await,
        Command::Schema(arguments) => Box::pin(schema::run(arguments)).await,
        Command::Tour(arguments) => Box::pin(tour::run(arguments)).await,
        Command::Doctor(config) => Box::pin(doctor::run(*config)).await,
        Command::Cases(arguments) => Box::pin(cases::run(arguments)).await,
        Command::Admin(arguments) => Box::pin(admin::run(arguments)).await,
        Command::Audit(arguments) => Box::pin(audit::run(arguments)).await,
        Command::Mail(arguments) => mail::run(&arguments),
        Command::Health(arguments) => Box::pin(health::run(arguments)).await,
    }
}

/// Prints a usage error. clap names the flag; when the value came from the environment, the
/// variable is named too.
fn refuse(error: &clap::Error) -> ExitCode {
    let code = if error.exit_code() == 0 { ExitCode::SUCCESS } else { ExitCode::from(2) };
    if error.print().is_err() {
        return ExitCode::FAILURE;
    }
    if let Some(ContextValue::String(flag)) = error.get(ContextKind::InvalidArg)
        && let Some(variable) = variable_of(&built(), flag)
        && std::env::var_os(&variable).is_some()
    {
        eprintln!("\nThe value comes from the environment variable {variable}, because the flag is not given.");
    }
    code
}

fn built() -> clap::Command {
    let mut command = Cli::command();
    command.build();
    command
}

/// The environment variable of the flag that clap displays as `shown`.
fn variable_of(command: &clap::Command, shown: &str) -> Option<String> {
    let own = command.get_arguments().find(|arg| arg.to_string() == shown);
    let own = own.and_then(|arg| arg.get_env()).map(|variable| variable.to_string_lossy().into_owned());
    own.or_else(|| command.get_subcommands().find_map(|sub| variable_of(sub, shown)))
}

fn start_log(logging: &Logging, traces: Option<&Traces>) {
    // The logs of the web framework repeat ours, and spans for traces are not for the log. Users
    // can still turn on either, because the last directive applies.
    let filter = EnvFilter::new(format!("poem=warn,{}=off,{}", logs::TRACE, logging.log_level));
    let log = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    let log = log.with_ansi(std::io::stderr().is_terminal());
    let log = match logging.log_format {
        LogFormat::Text => log.with_filter(filter).boxed(),
        LogFormat::Json => log.json().flatten_event(true).with_filter(filter).boxed(),
    };
    let log = tracing_subscriber::registry().with(log);
    match traces {
        Some(traces) => log.with(traces.layer()).init(),
        None => log.init(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_valid() {
        Cli::command().debug_assert();
    }

    #[test]
    fn the_variable_of_a_flag_is_known() {
        assert_eq!(variable_of(&built(), "--pool-size <N>").as_deref(), Some("STAYGATE_POOL_SIZE"));
        assert_eq!(variable_of(&built(), "--url <URL>"), None);
    }

    #[test]
    fn commands_used_in_scripts_exist() {
        let parse = |line: &str| Cli::try_parse_from(line.split(' '));
        parse("staygate serve --listen 127.0.0.1:0 --data-dir /tmp/x").unwrap();
        parse("staygate tour --url http://127.0.0.1:8080").unwrap();
        parse("staygate migrate down 2 --yes").unwrap();
        parse("staygate import inside-airbnb --listings a --reviews b --calendar c --city D").unwrap();
        parse("staygate schema diff a b").unwrap();
    }

    /// `docs/configuration.md` documents all settings; a new flag must be added there.
    #[test]
    fn every_setting_is_documented() {
        let page = include_str!("../../docs/configuration.md");
        let root = Cli::command();
        let mut missing = Vec::new();
        for command in root.get_subcommands().chain([&root]) {
            for arg in command.get_arguments() {
                let flag = arg.get_long().map(|long| format!("`--{long}`"));
                let variable = arg.get_env().map(|variable| format!("`{}`", variable.to_string_lossy()));
                missing.extend(flag.into_iter().chain(variable).filter(|word| !page.contains(word)));
            }
        }
        missing.retain(|word| word != "`--help`" && word != "`--version`");
        assert!(missing.is_empty(), "docs/configuration.md does not mention {missing:?}");
    }
}
