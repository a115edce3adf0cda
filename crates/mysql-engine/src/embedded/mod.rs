//! A private database server, so that a program runs without an installed and configured one.
//!
//! It uses one folder, listens on a Unix socket in it and on no TCP port, and is as durable as any
//! MariaDB: committed data survives a kill of either process. It stops when the process that
//! started it ends, however that ends: a small shell between the two reads a pipe, and stops the
//! database when the pipe closes.
//!
//! ```text
//! DATA_DIR/
//!   lock            locked by the process that runs the database
//!   users           locked (shared) by other processes that use this database
//!   database/       the files of MariaDB
//!   database.log    the log of MariaDB
//!   run/            its socket and process ID
//!   tmp/            its temporary tables
//! ```

mod binary;
mod folder;
mod install;
mod memory;
mod process;

use folder::{Folder, Lock};
pub use folder::{FolderState, folder_state};
use process::Supervisor;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How durable the data is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Durability {
    /// A commit is on disk before it is confirmed. The only choice for data that matters.
    #[default]
    Full,
    /// Nothing is flushed, and the folder is deleted when the database stops: for tests.
    Throwaway,
}

/// How a private database is started.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ServerSettings {
    /// How durable the data is.
    pub durability: Durability,
    /// Bytes of memory for pages of tables; `None`: a quarter of the memory of the machine or
    /// container, from 128 MiB to 8 GiB.
    pub buffer_pool: Option<u64>,
}

impl From<Durability> for ServerSettings {
    fn from(durability: Durability) -> Self {
        Self { durability, buffer_pool: None }
    }
}

/// Why a private database could not be used.
#[derive(Debug, thiserror::Error)]
pub enum EmbeddedError {
    /// Neither `mariadbd` nor `mysqld` is installed.
    #[error(
        "no database server found: neither mariadbd nor mysqld is in PATH, /usr/sbin or /usr/libexec. Install one (on \
         Debian: apt-get install mariadb-server-core)"
    )]
    NoServer,
    /// Another process uses the folder.
    #[error(
        "the data folder {} is in use by another process{}",
        folder.display(), owner.map(|pid| format!(" (process {pid})")).unwrap_or_default()
    )]
    InUse {
        /// The data folder.
        folder: PathBuf,
        /// The ID of that process, if known.
        owner: Option<u32>,
    },
    /// The folder cannot be used.
    #[error("cannot {what} {}: {source}", path.display())]
    Folder {
        /// The operation that failed, as a verb.
        what: &'static str,
        /// The path.
        path: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
    /// The folder of the socket belongs to another user, or others can access it.
    #[error("the folder {} for the database socket belongs to another user or is accessible to others", .0.display())]
    SocketFolder(PathBuf),
    /// A file with the system tables is missing.
    #[error("{server} is installed without its setup file {file}; looked in {looked_in}")]
    NoSetupFile {
        /// The program of the server.
        server: String,
        /// The name of the file.
        file: &'static str,
        /// The folders that were searched.
        looked_in: String,
    },
    /// The new data folder could not be set up.
    #[error("setting up a new database failed: {0}")]
    Install(String),
    /// The server ended, or does not respond.
    #[error("the database server in {} did not start: {reason}\n{log}", folder.display())]
    Start {
        /// The data folder.
        folder: PathBuf,
        /// What happened.
        reason: String,
        /// The last lines of its log.
        log: String,
    },
}

impl EmbeddedError {
    fn folder(what: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_path_buf();
        move |source| Self::Folder { what, path, source }
    }
}

/// A private database that this process uses: its own, or that of another process with the same
/// folder.
#[derive(Debug)]
pub struct Embedded {
    url: String,
    log: PathBuf,
    role: Role,
}

#[derive(Debug)]
enum Role {
    /// This process runs the database, and holds the lock of the folder.
    Owner(Box<Supervisor>, Lock, Folder),
    /// Another process runs it, and waits for this lock before it stops.
    User(#[expect(dead_code, reason = "held for its lock")] Lock),
}

/// The path of the server program that a private database uses.
///
/// # Errors
/// [`EmbeddedError::NoServer`].
pub fn server_program() -> Result<String, EmbeddedError> {
    binary::find().map(|server| server.program.display().to_string())
}

impl Embedded {
    /// Starts the database in `data_dir`, and sets it up first if the folder is new. If the server
    /// crashes, it is restarted. `name` is the name of the database in the server, and the prefix
    /// of other names; a folder is always opened with the same one. Needs a tokio runtime.
    ///
    /// # Errors
    /// [`EmbeddedError`]; `InUse` when another process uses the folder.
    pub async fn start(
        data_dir: &Path,
        name: &'static str,
        settings: impl Into<ServerSettings>,
    ) -> Result<Self, EmbeddedError> {
        let folder = Folder::open(data_dir, name)?;
        let lock = folder.lock()?;
        Self::start_as_owner(folder, lock, settings.into()).await
    }

    /// Uses the database of the process that runs one in `data_dir`, or starts it when there is
    /// none. `name` as in [`Self::start`]; `settings` hold only for a database that this call
    /// starts.
    ///
    /// # Errors
    /// [`EmbeddedError`]; `InUse` when another process uses the folder and its database does not
    /// respond.
    pub async fn attach_or_start(
        data_dir: &Path,
        name: &'static str,
        settings: impl Into<ServerSettings>,
    ) -> Result<Self, EmbeddedError> {
        const MAX_ATTEMPTS: u32 = 300;
        let settings = settings.into();
        let folder = Folder::open(data_dir, name)?;
        let mut attempts = 0;
        loop {
            let busy = match folder.lock() {
                Ok(lock) => return Self::start_as_owner(folder, lock, settings).await,
                Err(busy @ EmbeddedError::InUse { .. }) => busy,
                Err(error) => return Err(error),
            };
            // The lock first, so that the owner does not stop the database after the check.
            if let Some(users) = folder.join_users()?
                && process::responds(folder.socket()).await
            {
                return Ok(Self { url: folder.url(), log: folder.log(), role: Role::User(users) });
            }
            // It may be starting or stopping.
            attempts += 1;
            if attempts > MAX_ATTEMPTS {
                return Err(busy);
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    async fn start_as_owner(folder: Folder, lock: Lock, settings: ServerSettings) -> Result<Self, EmbeddedError> {
        let server = binary::find()?;
        install::ensure(&server, &folder).await?;
        let (url, log) = (folder.url(), folder.log());
        let launch = process::LaunchConfig::new(server, folder.clone(), settings);
        let supervisor = Supervisor::start(launch).await?;
        Ok(Self { url, log, role: Role::Owner(Box::new(supervisor), lock, folder) })
    }

    /// The URL of the database. It may not exist in the server yet.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The path of the log of the server.
    pub fn log(&self) -> &Path {
        &self.log
    }

    /// Whether this process runs the database.
    pub fn is_owner(&self) -> bool {
        matches!(self.role, Role::Owner(..))
    }

    /// The process ID of the server, while this process runs it.
    pub fn pid(&self) -> Option<u32> {
        match &self.role {
            Role::Owner(_, _, folder) => folder.server_pid(),
            Role::User(_) => None,
        }
    }

    /// Stops the database if this process runs it, after waiting at most `timeout` for other
    /// processes that use it.
    ///
    /// # Errors
    /// [`EmbeddedError::Start`] when it had to be killed. No committed data is lost even then.
    pub async fn stop(self, timeout: Duration) -> Result<(), EmbeddedError> {
        match self.role {
            Role::User(_) => Ok(()),
            Role::Owner(supervisor, lock, folder) => {
                // Held until the database is down, so that no other process starts to use it
                // meanwhile.
                let users = folder.wait_for_users(timeout).await?;
                let stopped = supervisor.stop().await;
                drop(users);
                drop(lock);
                stopped
            }
        }
    }
}
