//! Settings of the storage: the data folder and the database.

use std::path::PathBuf;

use clap::Args;

use super::{ConfigError, OnOff, Secret, between, secret};
use mysql_engine::DatabaseUrl;

/// The name of the database in a private server. Existing data folders contain it.
pub const DATABASE_NAME: &str = "staygate";

/// Settings of the storage.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Storage")]
pub struct Storage {
    /// The folder of the private database, its log and the generated secrets. Created with access
    /// for this user only. Not used for data when DATABASE_URL is set.
    #[arg(long, env = "STAYGATE_DATA_DIR", value_name = "DIR", default_value = "./data")]
    pub data_dir: PathBuf,

    /// The database to use instead of a private one: mysql://USER:PASSWORD@HOST:PORT/NAME. MariaDB
    /// 10.6 or newer, MySQL 8.0 or newer. With TLS: ?ssl-mode=VERIFY_IDENTITY, see
    /// docs/configuration.md. Other users of the machine can see flags: use the variable or the
    /// file.
    #[arg(long, env = "DATABASE_URL", value_name = "URL", hide_env_values = true)]
    database_url: Option<Secret>,

    /// A file that holds DATABASE_URL.
    #[arg(long, env = "DATABASE_URL_FILE", value_name = "FILE")]
    database_url_file: Option<PathBuf>,

    /// Memory for the tables of the private database, in MiB. By default a quarter of the memory of
    /// the machine or container, from 128 MiB to 8 GiB. It is taken only as data fills it.
    #[arg(long, env = "STAYGATE_DATABASE_MEMORY", value_name = "MIB", value_parser = between(16, 1_048_576))]
    pub database_memory: Option<u32>,

    /// Memory for public rows (listings, photos, amenities, people, reviews), in MiB; 0: none stay in memory. A query
    /// asks the database for changes before it uses them.
    #[arg(long, env = "STAYGATE_ROW_CACHE", value_name = "MIB", default_value_t = 64, value_parser = between(0, 1_048_576))]
    pub row_cache: u32,

    /// Whether what a search needs of all listings is in memory: about 700 bytes for each. `off`: searches use the database.
    #[arg(long, env = "STAYGATE_SEARCH_INDEX", value_name = "WHEN", default_value = "on")]
    pub search_index: OnOff,

    /// The maximum number of database connections of this process. Reads, writes and the worker
    /// have shares of them.
    #[arg(long, env = "STAYGATE_POOL_SIZE", value_name = "N", default_value_t = 8, value_parser = between(1, 1000))]
    pub pool_size: u32,

    /// How long the program waits at startup for an unreachable database of DATABASE_URL, in
    /// seconds. `doctor` does not wait.
    #[arg(long, env = "STAYGATE_DATABASE_WAIT", value_name = "S", default_value_t = 60, value_parser = between(0, 3600))]
    pub database_wait: u32,
}

impl Storage {
    /// The URL of the database to use; `None` means the private one in the data folder.
    ///
    /// # Errors
    /// [`ConfigError`] when it cannot be read, is given twice, or is no `mysql://` URL.
    pub fn database_url(&self) -> Result<Option<Secret>, ConfigError> {
        const SETTING: &str = "DATABASE_URL";
        let url =
            secret::read(SETTING, self.database_url.as_ref(), "DATABASE_URL_FILE", self.database_url_file.as_ref())?;
        if let Some(url) = &url {
            let invalid = |reason: String| ConfigError::Invalid { setting: SETTING, reason };
            let parsed: DatabaseUrl = url.expose().parse().map_err(invalid)?;
            if parsed.name().is_none() {
                return Err(invalid("it names no database: mysql://USER:PASSWORD@HOST:PORT/NAME".to_owned()));
            }
        }
        Ok(url)
    }

    /// Whether the database is the private one.
    ///
    /// # Errors
    /// See [`Self::database_url`].
    pub fn is_embedded(&self) -> Result<bool, ConfigError> {
        Ok(self.database_url()?.is_none())
    }

    /// Whether the connection to the database stays on this machine, or is encrypted and the
    /// server's certificate verified.
    ///
    /// # Errors
    /// See [`Self::database_url`].
    pub fn is_connection_safe(&self) -> Result<bool, ConfigError> {
        let Some(url) = self.database_url()? else { return Ok(true) };
        let invalid = |reason: String| ConfigError::Invalid { setting: "DATABASE_URL", reason };
        let url: DatabaseUrl = url.expose().parse().map_err(invalid)?;
        Ok(!url.is_remote() || url.is_verified())
    }
}
