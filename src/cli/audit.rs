//! Verifies and exports the audit log.

use std::io::Write as _;
use std::process::ExitCode;

use super::storage::{app_on, unused_keys, with_database};
use crate::config::{KeySettings, Storage};
use anyhow::Context as _;
use chrono::{DateTime, Utc};
use clap::{Args, Subcommand};
use domain::app::App;
use domain::audit::{self, LogEntry};
use mysql_engine::Database;
use serde_json::json;
use types::Timestamp;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Check the hash of every entry, and name the first broken one; exits with 1 if there is one.
    Verify {
        /// An end of the log that an earlier run printed: it must still be there.
        #[arg(long, value_name = "NUMBER:HASH", value_parser = known_end)]
        known: Option<(u64, String)>,
        #[command(flatten)]
        storage: Storage,
    },
    /// Print all entries, oldest first, each as a line of JSON.
    ///
    /// The reasons are encrypted in the database: the signing keys of the server are needed.
    Export {
        #[command(flatten)]
        range: Range,
        #[command(flatten)]
        storage: Storage,
        #[command(flatten)]
        keys: KeySettings,
    },
}

/// Which entries to export.
#[derive(Debug, Clone, Copy, Args)]
struct Range {
    /// Only entries of this time or later, such as 2026-03-01T00:00:00Z.
    #[arg(long, value_name = "TIME")]
    from: Option<DateTime<Utc>>,
    /// Only entries before this time.
    #[arg(long, value_name = "TIME")]
    to: Option<DateTime<Utc>>,
}

impl Range {
    fn contains(self, at: Timestamp) -> bool {
        self.from.is_none_or(|from| from <= at.utc()) && self.to.is_none_or(|to| at.utc() < to)
    }
}

/// The number and the hash of an entry.
fn known_end(text: &str) -> Result<(u64, String), String> {
    let read = || {
        let (number, hash) = text.split_once(':')?;
        let is_hash = hash.len() == 64 && hash.bytes().all(|byte| byte.is_ascii_hexdigit());
        Some((number.parse().ok()?, hash.to_lowercase())).filter(|_| is_hash)
    };
    read().ok_or_else(|| "the number of an entry, a colon and 64 hexadecimal digits are expected".to_owned())
}

pub(super) async fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    match arguments.action {
        Action::Verify { known, storage } => {
            with_database(&storage, async |database| verify(&database, known).await).await
        }
        Action::Export { range, storage, keys } => {
            let keys = keys.existing(&storage).context("the reasons of entries are encrypted")?;
            // A server that has never started has encrypted nothing.
            let keys = keys.map_or_else(unused_keys, |keys| keys.verifier());
            with_database(&storage, async |database| export(&app_on(database, keys)?, range).await).await
        }
    }
}

async fn verify(database: &Database, known: Option<(u64, String)>) -> anyhow::Result<ExitCode> {
    match audit::verify(&mut database.conn().await?, known).await? {
        Ok(chain) => {
            println!("{} entries, none is broken.", chain.entries);
            if let Some(hash) = chain.last {
                println!("The end is {}:{hash}\nKeep it elsewhere, and verify later with --known.", chain.entries);
            }
            Ok(ExitCode::SUCCESS)
        }
        Err(broken) => {
            println!("BROKEN: {broken}");
            Ok(ExitCode::FAILURE)
        }
    }
}

async fn export(app: &App, range: Range) -> anyhow::Result<ExitCode> {
    let mut last = 0;
    loop {
        let entries = audit::after(app, last).await?;
        let Some(end) = entries.last() else { return Ok(ExitCode::SUCCESS) };
        last = end.content.sequence;
        let lines: String = entries.iter().filter(|entry| range.contains(entry.content.at)).map(line).collect();
        std::io::stdout().write_all(lines.as_bytes()).context("writing to standard output")?;
    }
}

/// An entry as a line of JSON.
fn line(entry: &LogEntry) -> String {
    let content = &entry.content;
    let object = json!({
        "number": content.sequence,
        "hash": entry.hash,
        "at": content.at,
        "actor": content.actor,
        "onBehalfOf": content.on_behalf_of,
        "action": content.action,
        "subject": content.subject,
        "reason": (!entry.is_reason_erased).then_some(&content.reason),
        "before": content.before,
        "after": content.after,
        "request": content.request,
    });
    format!("{object}\n")
}
