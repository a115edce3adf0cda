//! Verifies the audit log.

use std::process::ExitCode;
use std::time::Duration;

use super::storage::{OpenStorage, pool_options};
use crate::config::Storage;
use clap::{Args, Subcommand};
use domain::audit;
use mysql_engine::Database;
use types::OsEntropy;

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
    let Action::Verify { known, storage } = arguments.action;
    let opened = OpenStorage::existing(&storage).await?;
    let verified = async {
        opened.wait_until_reachable(&storage).await?;
        let database = Database::connect(opened.url(), pool_options(&storage, &OsEntropy)).await?;
        anyhow::Ok(audit::verify(&mut database.conn().await?, known).await?)
    };
    let verified = verified.await;
    let closed = opened.close(Duration::from_secs(3600)).await;
    let verified = verified?;
    closed?;
    match verified {
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
