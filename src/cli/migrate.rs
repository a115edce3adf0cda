use super::storage::OpenStorage;
use crate::config::Storage;
use clap::{Args, ValueEnum};
use std::io::{BufRead, IsTerminal};
use std::process::ExitCode;
use std::time::Duration;
use store::migrate;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// What to do.
    #[arg(value_enum, default_value_t = Action::Up)]
    action: Action,
    /// How many migrations to undo, with down.
    #[arg(value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    count: Option<u16>,
    /// Undo without asking for confirmation. The data in the undone tables and columns is lost.
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    storage: Storage,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Action {
    /// Apply pending migrations. The server also does this when it starts.
    Up,
    /// Undo the newest N migrations. The data in their tables and columns is lost.
    Down,
    /// Show which migrations are applied and which are pending; exits with 1 if some are pending.
    Status,
}

pub(super) async fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let Arguments { action, count, yes, storage } = arguments;
    if (action == Action::Down) != count.is_some() {
        eprintln!("error: `down`, and only `down`, takes a number: staygate migrate down 1");
        return Ok(ExitCode::from(2));
    }
    if let Some(count) = count
        && !(yes || is_confirmed(count)?)
    {
        eprintln!("nothing was undone: `staygate migrate down {count} --yes` does not ask for confirmation");
        return Ok(ExitCode::from(2));
    }
    let opened = match action {
        Action::Up => OpenStorage::for_command(&storage).await?,
        _ => OpenStorage::existing(&storage).await?,
    };
    let done = match opened.wait_until_reachable(&storage).await {
        Ok(()) => act(opened.url(), action, count.unwrap_or(0)).await,
        Err(error) => Err(error),
    };
    let closed = opened.close(Duration::from_secs(3600)).await;
    let code = done?;
    closed?;
    Ok(code)
}

/// Asks for confirmation on the terminal. Without a terminal the answer is no.
fn is_confirmed(count: u16) -> anyhow::Result<bool> {
    if !std::io::stdin().is_terminal() {
        return Ok(false);
    }
    eprint!(
        "This undoes the newest {count} migrations and deletes the data in their tables and columns. Continue? [y/N] "
    );
    let mut answer = String::new();
    std::io::stdin().lock().read_line(&mut answer)?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}

async fn act(url: &str, action: Action, count: u16) -> anyhow::Result<ExitCode> {
    match action {
        Action::Up => {
            let applied = migrate::up(url).await?;
            applied.iter().for_each(|name| println!("applied {name}"));
            if applied.is_empty() {
                println!("the database is up to date");
            }
            Ok(ExitCode::SUCCESS)
        }
        Action::Down => {
            let undone = migrate::down(url, usize::from(count)).await?;
            undone.iter().for_each(|name| println!("undone {name}"));
            if undone.is_empty() {
                println!("no migration is applied");
            }
            Ok(ExitCode::SUCCESS)
        }
        Action::Status => {
            migrate::ensure_database(url).await?;
            let status = migrate::status(url).await?;
            status.applied.iter().for_each(|name| println!("applied {name}"));
            status.unknown.iter().for_each(|version| println!("unknown {version} (from a newer version)"));
            status.pending.iter().for_each(|name| println!("pending {name}"));
            Ok(if status.pending.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
        }
    }
}
