//! Checks of the database: access, clock, migrations.

use anyhow::ensure;

use super::Report;
use crate::cli::storage::{OpenStorage, pool_options};
use crate::config::Config;
use auth::PasswordHasher;
use import::demo;
use mysql_engine::DatabaseUrl;
use mysql_engine::{Conn, Database, version};
use store::migrate;
use types::{Clock, OsEntropy, SystemClock};

/// Maximum difference between the clocks of server and database.
const CLOCK_SKEW: chrono::Duration = chrono::Duration::seconds(2);

pub(super) async fn check(report: &mut Report, config: &Config, storage: &OpenStorage) {
    let whose = match storage.embedded() {
        Some(embedded) if embedded.is_owner() => "private, started for this check",
        Some(_) => "private, of the running server",
        None => "of DATABASE_URL",
    };
    // Only a private database is created by the check.
    if storage.embedded().is_some()
        && let Err(error) = migrate::ensure_database(storage.url()).await
    {
        report.add("database", Err(error.into()));
        return;
    }
    let database = match Database::connect(storage.url(), pool_options(&config.storage, &OsEntropy)).await {
        Ok(database) => database,
        Err(error) => {
            let advice = match storage.embedded() {
                Some(embedded) => format!("see {}", embedded.log().display()),
                None => "check DATABASE_URL, that the server is running, and that this machine can reach it".to_owned(),
            };
            report.add("database", Err(anyhow::anyhow!("{error}: {advice}")));
            return;
        }
    };
    match database.conn().await {
        Ok(mut conn) => {
            let found = version::check(&mut conn).await;
            report.add("database", found.map(|version| format!("{version}, {whose}")).map_err(Into::into));
            report.add("encryption", check_encryption(&mut conn, storage.url()).await);
            report.add("clock", check_clock(&mut conn, &SystemClock).await);
        }
        Err(error) => report.add("database", Err(error.into())),
    }
    report.add("migrations", check_migrations(storage.url()).await);
    check_cases(report, storage, &database).await;
    report.add("demo accounts", check_demo(config, storage, &database).await);
}

/// Payments that a person must look at; a database that is not migrated yet has none.
async fn check_cases(report: &mut Report, storage: &OpenStorage, database: &Database) {
    let open = async {
        if migrate::status(storage.url()).await?.pending.is_empty() {
            return Ok(domain::payments::open_cases(&mut database.conn().await?, 100).await?.len());
        }
        Ok::<_, anyhow::Error>(0)
    };
    match open.await {
        Ok(0) => report.add("payments", Ok("no open cases".to_owned())),
        Ok(number) => report.warn("payments", &format!("{number} open cases: `staygate cases` lists them")),
        Err(error) => report.add("payments", Err(error)),
    }
}

/// Demo accounts have public passwords.
async fn check_demo(config: &Config, storage: &OpenStorage, database: &Database) -> anyhow::Result<String> {
    if migrate::status(storage.url()).await?.applied.is_empty() {
        return Ok("none".to_owned());
    }
    let (conn, passwords) = (&mut database.conn().await?, PasswordHasher::new(1, &OsEntropy)?);
    let mut open = Vec::new();
    for account in demo::ACCOUNTS {
        if account.opens(conn, &passwords).await? {
            open.push(account.email);
        }
    }
    let emails = open.join(", ");
    Ok(match (open.is_empty(), config.wants_demo()?) {
        (true, _) => "none can sign in".to_owned(),
        (false, true) => format!("anyone can sign in as {emails}; --demo off locks them"),
        (false, false) => {
            format!("anyone can sign in as {emails} until `staygate serve` starts with these settings")
        }
    })
}

/// How the connection is protected, according to the database server.
async fn check_encryption(conn: &mut Conn, url: &str) -> anyhow::Result<String> {
    let url: DatabaseUrl = url.parse().map_err(anyhow::Error::msg)?;
    let advice = "add ?ssl-mode=VERIFY_IDENTITY to DATABASE_URL";
    Ok(match version::encryption(conn).await? {
        Some(used) if url.is_verified() => format!("{used}; the server's certificate is verified"),
        Some(used) => format!("{used}; the server's certificate is not verified: {advice}"),
        None if url.is_remote() => format!("none, and the database is on another machine: {advice}"),
        None => "none; the database is on this machine".to_owned(),
    })
}

async fn check_clock(conn: &mut Conn, clock: &dyn Clock) -> anyhow::Result<String> {
    let before = clock.now();
    let theirs = version::now(conn).await?;
    let after = clock.now();
    let ours = before + (after - before) / 2;
    let skew = (theirs.and_utc() - ours.utc()).abs();
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
        n => format!(", {n} from a newer version"),
    };
    Ok(match status.pending.len() {
        0 => format!("all {} applied{newer}", status.applied.len()),
        // Not a failure: the server applies them when it starts.
        n => format!("{} applied{newer}, {n} pending: serve or `staygate migrate` applies them", status.applied.len()),
    })
}
