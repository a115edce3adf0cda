//! Finds out what would go wrong, and says what to do about it.

use super::health;
use super::storage::{OpenStorage, pool_options};
use crate::config::Config;
use crate::store::{Conn, Database, migrate, version};
use crate::types::{Clock, OsEntropy, SystemClock};
use anyhow::{Context, bail, ensure};
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

/// The most that the clocks of server and database may differ.
const CLOCK_SKEW: chrono::Duration = chrono::Duration::seconds(2);
/// What should be free on the disk. KiB.
const DISK_SPACE: u64 = 1024 * 1024;

/// Prints one line for each check and remembers whether one failed.
#[derive(Default)]
struct Report {
    failed: bool,
}

impl Report {
    fn note(&mut self, what: &str, found: anyhow::Result<String>) {
        match found {
            Ok(found) => println!("ok    {what:<14} {found}"),
            Err(error) => {
                self.failed = true;
                println!("FAIL  {what:<14} {error:#}");
            }
        }
    }
}

pub(super) async fn run(config: Config) -> anyhow::Result<ExitCode> {
    let mut report = Report::default();
    report.note("configuration", check_config(&config));
    // With a database elsewhere nothing is kept in the folder.
    if config.storage.is_embedded().unwrap_or(true) {
        report.note("data folder", check_folder(&config.storage.data_dir));
        report.note("disk", check_disk(&config.storage.data_dir).await);
    }
    report.note("port", check_port(&config).await);
    match OpenStorage::to_work(&config.storage).await {
        Ok(storage) => {
            check_database(&mut report, &config, &storage).await;
            if let Err(error) = storage.close(Duration::from_secs(3600)).await {
                report.note("database", Err(error));
            }
        }
        Err(error) => report.note("database", Err(error)),
    }
    if report.failed {
        println!("Something is wrong: each line that begins with FAIL says what, and what to do.");
        return Ok(ExitCode::FAILURE);
    }
    println!("All is well.");
    Ok(ExitCode::SUCCESS)
}

fn check_config(config: &Config) -> anyhow::Result<String> {
    let storage = if config.storage.is_embedded()? { "private database" } else { "database of DATABASE_URL" };
    let keys = config.sign_in.signing_keys(&config.storage, &OsEntropy)?;
    Ok(format!("{storage}, signing key {}", keys.current().kid))
}

fn check_folder(folder: &Path) -> anyhow::Result<String> {
    let probe = folder.join(format!("doctor-{}", std::process::id()));
    let tried = std::fs::create_dir_all(folder).and_then(|()| std::fs::write(&probe, b"x"));
    tried.and_then(|()| std::fs::remove_file(&probe)).with_context(|| {
        format!("cannot write to {}: give this user the folder, or choose another with --data-dir", folder.display())
    })?;
    Ok(folder.display().to_string())
}

async fn check_disk(folder: &Path) -> anyhow::Result<String> {
    let output = tokio::process::Command::new("df").arg("-Pk").arg(folder).output().await.context("cannot run df")?;
    let text = String::from_utf8_lossy(&output.stdout);
    let free = text.lines().nth(1).and_then(|line| line.split_whitespace().nth(3)).and_then(|n| n.parse::<u64>().ok());
    let free = free.with_context(|| format!("df said nothing useful about {}", folder.display()))?;
    ensure!(free >= DISK_SPACE, "only {} MiB are free for {}: make room", free / 1024, folder.display());
    Ok(format!("{} GiB free", free / 1024 / 1024))
}

async fn check_port(config: &Config) -> anyhow::Result<String> {
    let Err(error) = tokio::net::TcpListener::bind(config.network.listen).await else {
        return Ok(format!("{} is free", config.network.listen));
    };
    let mut address = config.network.listen;
    if address.ip().is_unspecified() {
        address.set_ip(if address.is_ipv4() { [127, 0, 0, 1].into() } else { std::net::Ipv6Addr::LOCALHOST.into() });
    }
    let limit = Duration::from_secs(5);
    match tokio::time::timeout(limit, health::ask(&format!("http://{address}"))).await {
        Ok(Ok(_)) => Ok(format!(
            "{} is in use by a Staygate that runs and is alive; a second one needs another --listen",
            config.network.listen
        )),
        _ => bail!(
            "cannot listen on {} ({error}): stop what uses it, or choose another with --listen",
            config.network.listen
        ),
    }
}

async fn check_database(report: &mut Report, config: &Config, storage: &OpenStorage) {
    let whose = match storage.embedded() {
        Some(embedded) if embedded.is_owner() => "private, started for this check",
        Some(_) => "private, of the running server",
        None => "of DATABASE_URL",
    };
    // Only a private database is made by looking at it.
    if storage.embedded().is_some()
        && let Err(error) = migrate::ensure_database(storage.url()).await
    {
        report.note("database", Err(error.into()));
        return;
    }
    let database = match Database::connect(storage.url(), pool_options(&config.storage, &OsEntropy)).await {
        Ok(database) => database,
        Err(error) => {
            let advice = match storage.embedded() {
                Some(embedded) => format!("{} says more", embedded.log().display()),
                None => "check DATABASE_URL, that the server runs, and that this machine may reach it".to_owned(),
            };
            report.note("database", Err(anyhow::anyhow!("{error}: {advice}")));
            return;
        }
    };
    match database.conn().await {
        Ok(mut conn) => {
            let found = version::check(&mut conn).await;
            report.note("database", found.map(|version| format!("{version}, {whose}")).map_err(Into::into));
            report.note("clock", check_clock(&mut conn, &SystemClock).await);
        }
        Err(error) => report.note("database", Err(error.into())),
    }
    report.note("migrations", check_migrations(storage.url()).await);
}

async fn check_clock(conn: &mut Conn, clock: &dyn Clock) -> anyhow::Result<String> {
    let before = clock.now();
    let theirs = version::now(conn).await?;
    let after = clock.now();
    let ours = before + (after - before) / 2;
    let skew = (theirs - ours).abs();
    ensure!(
        skew <= CLOCK_SKEW,
        "this machine and the database differ by {} ms: run NTP on both",
        skew.num_milliseconds()
    );
    Ok(format!("{} ms from the database's", skew.num_milliseconds()))
}

async fn check_migrations(url: &str) -> anyhow::Result<String> {
    let status = migrate::status(url).await?;
    let newer = match status.unknown.len() {
        0 => String::new(),
        n => format!(", {n} of a newer program"),
    };
    Ok(match status.pending.len() {
        0 => format!("all {} applied{newer}", status.applied.len()),
        // No failure: the server applies them when it starts.
        n => format!("{} applied{newer}, {n} pending: serve or `staygate migrate` applies them", status.applied.len()),
    })
}
