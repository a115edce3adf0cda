use crate::config::{DATABASE_NAME, Storage};
use anyhow::{Context, anyhow, bail};
use auth::{Keys, PasswordHasher, SigningKey};
use domain::app::App;
use mysql_engine::embedded::{Durability, Embedded, EmbeddedError, FolderState, ServerSettings, folder_state};
use mysql_engine::{Database, Options};
use std::time::{Duration, Instant};
use types::{Entropy, OsEntropy};

/// The pause between two attempts to reach a database.
const PAUSE: Duration = Duration::from_millis(500);

/// The database of a command: an external one, or the private one, which may have to be started and
/// stopped.
pub(super) struct OpenStorage {
    url: String,
    embedded: Option<Embedded>,
}

/// The settings of a private database that this command starts.
fn settings(storage: &Storage) -> ServerSettings {
    let buffer_pool = storage.database_memory.map(|mib| u64::from(mib) << 20);
    ServerSettings { durability: Durability::Full, buffer_pool }
}

impl OpenStorage {
    /// For the server: an external database, or a private one that only this process runs.
    pub(super) async fn for_server(storage: &Storage) -> anyhow::Result<Self> {
        match storage.database_url()? {
            Some(url) => Ok(Self { url: url.expose().to_owned(), embedded: None }),
            None => Self::private(Embedded::start(&storage.data_dir, DATABASE_NAME, settings(storage)).await),
        }
    }

    /// For any other command: the private database of a running server, or one that runs as long as
    /// the command.
    pub(super) async fn for_command(storage: &Storage) -> anyhow::Result<Self> {
        match storage.database_url()? {
            Some(url) => Ok(Self { url: url.expose().to_owned(), embedded: None }),
            None => Self::private(Embedded::attach_or_start(&storage.data_dir, DATABASE_NAME, settings(storage)).await),
        }
    }

    /// As [`Self::for_command`], for a command that only reads: without a database there is nothing to read, and none is made.
    pub(super) async fn existing(storage: &Storage) -> anyhow::Result<Self> {
        if storage.database_url()?.is_none() && folder_state(&storage.data_dir)? == FolderState::New {
            bail!("there is no database in {}: name its folder with --data-dir", storage.data_dir.display());
        }
        Self::for_command(storage).await
    }

    fn private(started: Result<Embedded, EmbeddedError>) -> anyhow::Result<Self> {
        let embedded = started.map_err(|error| {
            let advice = match error {
                EmbeddedError::NoServer => ", or set DATABASE_URL to use a server that runs elsewhere",
                EmbeddedError::InUse { .. } => ". Stop that process, or choose another folder with --data-dir",
                _ => "",
            };
            anyhow!("{error}{advice}")
        })?;
        Ok(Self { url: embedded.url().to_owned(), embedded: Some(embedded) })
    }

    /// Waits until the database of DATABASE_URL can be reached, as long as the settings allow,
    /// because it may be starting too.
    pub(super) async fn wait_until_reachable(&self, storage: &Storage) -> anyhow::Result<()> {
        let (begun, timeout) = (Instant::now(), Duration::from_secs(storage.database_wait.into()));
        let mut is_logged = false;
        loop {
            let error = match Database::ping(&self.url).await {
                Ok(()) => return Ok(()),
                Err(error) => error,
            };
            let left = timeout.saturating_sub(begun.elapsed());
            if !error.may_be_starting() || left.is_zero() {
                return Err(error.into());
            }
            if !is_logged {
                is_logged = true;
                tracing::warn!(%error, "waiting up to {} s for the database", timeout.as_secs());
            }
            tokio::time::sleep(PAUSE.min(left)).await;
        }
    }

    /// The URL of the database. It may contain a password.
    pub(super) fn url(&self) -> &str {
        &self.url
    }

    /// The private database, if it is used.
    pub(super) fn embedded(&self) -> Option<&Embedded> {
        self.embedded.as_ref()
    }

    /// Closes the database, and stops it if it was started here, after waiting at most `timeout`
    /// for commands that use it.
    pub(super) async fn close(self, timeout: Duration) -> anyhow::Result<()> {
        match self.embedded {
            Some(embedded) => embedded.stop(timeout).await.context("stopping the database"),
            None => Ok(()),
        }
    }
}

/// Runs `command` on the database, if there is one.
pub(super) async fn with_database<T>(
    storage: &Storage,
    command: impl AsyncFnOnce(Database) -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    let opened = OpenStorage::existing(storage).await?;
    let done = async {
        opened.wait_until_reachable(storage).await?;
        command(Database::connect(opened.url(), pool_options(storage, &OsEntropy)).await?).await
    };
    let done = done.await;
    let closed = opened.close(Duration::from_secs(3600)).await;
    let done = done?;
    closed?;
    Ok(done)
}

/// The options of the pool according to the settings.
pub(super) fn pool_options(storage: &Storage, entropy: &dyn Entropy) -> Options {
    Options {
        name: "staygate",
        pool_size: storage.pool_size as usize,
        seed: u64::from_le_bytes(entropy.bytes()),
        ..Options::default()
    }
}

/// Keys of a command that neither signs nor reads anything with them.
pub(super) fn unused_keys() -> Keys {
    let entropy: &dyn Entropy = &OsEntropy;
    Keys::new(SigningKey { id: "command".into(), secret: entropy.bytes::<32>().to_vec() }, &[])
}

/// The app of a command that serves nobody.
pub(super) fn app_on(database: Database, keys: Keys) -> anyhow::Result<App> {
    Ok(App::builder(database, keys, PasswordHasher::new(1, &OsEntropy)?).build())
}
