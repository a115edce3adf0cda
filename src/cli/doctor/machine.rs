//! Checks of the machine: settings, folders, disk, port.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, bail, ensure};

use crate::cli::health;
use crate::config::{Config, Storage};
use mysql_engine::embedded::{self, FolderState};

/// Recommended free disk space. KiB.
const DISK_SPACE: u64 = 1024 * 1024;

/// Checks the settings by themselves. Generates nothing.
pub(super) fn check_config(config: &Config) -> anyhow::Result<String> {
    let storage = if config.storage.is_embedded()? { "private database" } else { "database of DATABASE_URL" };
    let key = match config.sign_in.keys.existing(&config.storage)? {
        Some(keys) => format!("signing key {}", keys.current().kid),
        None => "a signing key will be generated".to_owned(),
    };
    Ok(format!("{storage}, {key}"))
}

/// Checks the requirements of a public server.
pub(super) fn check_production(config: &Config) -> anyhow::Result<String> {
    let missing = config.missing_for_production()?;
    ensure!(missing.is_empty(), "{}", missing.join("; "));
    Ok(format!("safe, host {}", config.allowed_hosts().join(" or ")))
}

/// The data folder of a private database: writable, and free for another `serve`.
pub(super) fn check_folder(storage: &Storage) -> anyhow::Result<String> {
    let folder = &storage.data_dir;
    let advice = || format!("cannot write to {}: choose another folder with --data-dir", folder.display());
    let existing = nearest_existing(folder).with_context(advice)?;
    let probe = existing.join(format!(".doctor-{}", std::process::id()));
    std::fs::write(&probe, b"x").and_then(|()| std::fs::remove_file(&probe)).with_context(advice)?;
    let shown = folder.display();
    match embedded::folder_state(folder)? {
        FolderState::New => Ok(format!("{shown}, created at the first start")),
        FolderState::Free => Ok(shown.to_string()),
        FolderState::InUse { owner } => {
            let owner = owner.map(|pid| format!(" (process {pid})")).unwrap_or_default();
            bail!("{shown} is in use by a running Staygate{owner}: start another one with its own --data-dir")
        }
    }
}

/// The folder itself, or its closest parent that exists.
fn nearest_existing(folder: &Path) -> anyhow::Result<PathBuf> {
    let folder = std::path::absolute(folder)?;
    let found = folder.ancestors().find(|path| path.is_dir());
    found.map(Path::to_path_buf).with_context(|| format!("no folder above {} exists", folder.display()))
}

/// Checks the free space where the data folder is or will be.
pub(super) async fn check_disk(folder: &Path) -> anyhow::Result<String> {
    let folder = nearest_existing(folder)?;
    let output = tokio::process::Command::new("df").arg("-Pk").arg(&folder).output().await.context("cannot run df")?;
    let text = String::from_utf8_lossy(&output.stdout);
    let free = text.lines().nth(1).and_then(|line| line.split_whitespace().nth(3)).and_then(|n| n.parse::<u64>().ok());
    let free = free.with_context(|| format!("df returned no usable output for {}", folder.display()))?;
    ensure!(free >= DISK_SPACE, "only {} MiB are free for {}: free some disk space", free / 1024, folder.display());
    Ok(format!("{} GiB free", free / 1024 / 1024))
}

/// Checks the addresses to listen on.
pub(super) async fn check_ports(config: &Config) -> anyhow::Result<String> {
    let api = check_port(config.network.listen).await?;
    let Some(metrics) = config.observing.metrics_listen else { return Ok(api) };
    let bound = tokio::net::TcpListener::bind(metrics).await;
    bound.with_context(|| format!("cannot listen on {metrics}: choose another with --metrics-listen"))?;
    Ok(format!("{api}, and {metrics} for metrics"))
}

async fn check_port(listen: std::net::SocketAddr) -> anyhow::Result<String> {
    let Err(error) = tokio::net::TcpListener::bind(listen).await else {
        return Ok(format!("{listen} is free"));
    };
    let mut address = listen;
    if address.ip().is_unspecified() {
        address.set_ip(if address.is_ipv4() { [127, 0, 0, 1].into() } else { std::net::Ipv6Addr::LOCALHOST.into() });
    }
    let limit = Duration::from_secs(5);
    match tokio::time::timeout(limit, health::check(&format!("http://{address}"))).await {
        Ok(Ok(_)) => bail!("{listen} is in use by a running Staygate: start another one with its own --listen"),
        _ => {
            bail!("cannot listen on {listen} ({error}): stop the process that uses it, or choose another with --listen")
        }
    }
}
