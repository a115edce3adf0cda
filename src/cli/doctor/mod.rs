//! Finds problems before the server is started, and suggests solutions.

mod database;
mod machine;
mod time_zones;

use super::storage::OpenStorage;
use crate::config::Config;
use mysql_engine::embedded::{self, FolderState};
use std::process::ExitCode;
use std::time::Duration;
use types::{Clock as _, SystemClock};

/// Prints one line for each check, and records whether one failed.
#[derive(Default)]
struct Report {
    failed: bool,
}

impl Report {
    fn add(&mut self, what: &str, found: anyhow::Result<String>) {
        match found {
            Ok(found) => println!("ok    {what:<14} {found}"),
            Err(error) => {
                self.failed = true;
                println!("FAIL  {what:<14} {error:#}");
            }
        }
    }

    /// Prints a warning: it works, but needs attention.
    fn warn(&self, what: &str, found: &str) {
        println!("warn  {what:<14} {found}");
    }
}

pub(super) async fn run(config: Config) -> anyhow::Result<ExitCode> {
    let mut report = Report::default();
    report.add("configuration", machine::check_config(&config));
    if config.profile.production {
        report.add("production", machine::check_production(&config));
    }
    // With an external database, nothing is stored in the folder.
    let is_embedded = config.storage.is_embedded().unwrap_or(true);
    if is_embedded {
        report.add("data folder", machine::check_folder(&config.storage));
        report.add("disk", machine::check_disk(&config.storage.data_dir).await);
    }
    time_zones::check(&mut report, &config, SystemClock.now());
    report.add("port", machine::check_ports(&config).await);
    if is_embedded && matches!(embedded::folder_state(&config.storage.data_dir), Ok(FolderState::New)) {
        // A check leaves nothing behind, so it does not create the database.
        let server = embedded::server_program().map(|server| format!("none yet; {server} will create it"));
        report.add("database", server.map_err(Into::into));
    } else {
        check_database(&mut report, &config).await;
    }
    if report.failed {
        println!("`staygate serve` would fail: each line that begins with FAIL has the reason and what to do.");
        return Ok(ExitCode::FAILURE);
    }
    println!("All checks passed.");
    Ok(ExitCode::SUCCESS)
}

async fn check_database(report: &mut Report, config: &Config) {
    match OpenStorage::for_command(&config.storage).await {
        Ok(storage) => {
            database::check(report, config, &storage).await;
            if let Err(error) = storage.close(Duration::from_secs(3600)).await {
                report.add("database", Err(error));
            }
        }
        Err(error) => report.add("database", Err(error)),
    }
}
