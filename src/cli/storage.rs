use crate::config::Storage;
use anyhow::Context;
use mysql_engine::embedded::{Durability, Embedded};
use mysql_engine::{Database, Options};
use std::time::{Duration, Instant};
use types::Entropy;

/// Between two tries to reach a database.
const PAUSE: Duration = Duration::from_millis(500);

/// The database of a command: a server elsewhere, or the private one, which may have to be started and stopped.
pub(super) struct OpenStorage {
    url: String,
    embedded: Option<Embedded>,
}

impl OpenStorage {
    /// For the server: its own private database, which nobody else may run.
    pub(super) async fn to_serve(storage: &Storage) -> anyhow::Result<Self> {
        match storage.database_url()? {
            Some(url) => Ok(Self { url: url.expose().to_owned(), embedded: None }),
            None => Ok(Self::private(Embedded::start(&storage.data_dir, Durability::Full).await?)),
        }
    }

    /// For any other command: the private database of a running server, or one that runs as long as the command.
    pub(super) async fn to_work(storage: &Storage) -> anyhow::Result<Self> {
        match storage.database_url()? {
            Some(url) => Ok(Self { url: url.expose().to_owned(), embedded: None }),
            None => Ok(Self::private(Embedded::attach_or_start(&storage.data_dir).await?)),
        }
    }

    fn private(embedded: Embedded) -> Self {
        Self { url: embedded.url().to_owned(), embedded: Some(embedded) }
    }

    /// Waits until the database of DATABASE_URL can be reached, as long as the settings allow: it may be starting too.
    pub(super) async fn is_reached(&self, storage: &Storage) -> anyhow::Result<()> {
        let (begun, patience) = (Instant::now(), Duration::from_secs(storage.database_wait.into()));
        let mut told = false;
        loop {
            let error = match Database::knock(&self.url).await {
                Ok(()) => return Ok(()),
                Err(error) => error,
            };
            let left = patience.saturating_sub(begun.elapsed());
            if !error.may_be_starting() || left.is_zero() {
                return Err(error.into());
            }
            if !told {
                told = true;
                tracing::warn!(%error, "waiting up to {} s for the database", patience.as_secs());
            }
            tokio::time::sleep(PAUSE.min(left)).await;
        }
    }

    /// Where to connect. It may contain a password.
    pub(super) fn url(&self) -> &str {
        &self.url
    }

    /// The private database, if that is what is used.
    pub(super) fn embedded(&self) -> Option<&Embedded> {
        self.embedded.as_ref()
    }

    /// Lets go of the database, and stops it if it was started here, once commands that use it have ended.
    pub(super) async fn close(self, patience: Duration) -> anyhow::Result<()> {
        match self.embedded {
            Some(embedded) => embedded.stop(patience).await.context("stopping the database"),
            None => Ok(()),
        }
    }
}

/// The pool's options as the settings have them.
pub(super) fn pool_options(storage: &Storage, entropy: &dyn Entropy) -> Options {
    Options { pool_size: storage.pool_size as usize, seed: u64::from_le_bytes(entropy.bytes()), ..Options::default() }
}
