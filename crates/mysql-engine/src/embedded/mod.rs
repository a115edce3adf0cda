//! A private database server, so that one command is enough to run Staygate.
//!
//! It lives in one folder, listens on a unix socket inside it and on no TCP port, and is as durable as any MariaDB: what
//! was committed is there again after a kill of either process. It ends when the process that started it ends, however
//! that ends, because a small shell between the two holds a pipe and stops the database when the pipe closes.
//!
//! ```text
//! DATA_DIR/
//!   lock            held by the process that runs the database
//!   users           held, shared, by the commands that use the database of that process
//!   database/       MariaDB's own files
//!   database.log    what MariaDB says
//!   run/            its socket and pid
//!   tmp/            its temporary tables
//! ```

mod binary;
mod folder;
mod install;
mod process;

use folder::{Folder, Lock};
pub use folder::{FolderState, state};
use process::Supervisor;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The name of the database inside the private server.
const DATABASE: &str = "staygate";

/// How hard the database tries not to lose anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Durability {
    /// Every commit is on disk before it is answered. The only choice for data that matters.
    #[default]
    Full,
    /// Nothing is flushed, and the folder is deleted when the database stops: for tests.
    Throwaway,
}

/// What can go wrong with a private database.
#[derive(Debug, thiserror::Error)]
pub enum EmbeddedError {
    /// There is neither `mariadbd` nor `mysqld`.
    #[error(
        "no database server found: neither mariadbd nor mysqld is in PATH, /usr/sbin or /usr/libexec. Install one (on \
         Debian: apt-get install mariadb-server-core), or set DATABASE_URL to use a server that runs elsewhere"
    )]
    NoServer,
    /// Another process has the folder.
    #[error(
        "the data folder {} is in use by another Staygate{}. Stop that one, or choose another folder with --data-dir",
        folder.display(), owner.map(|pid| format!(" (process {pid})")).unwrap_or_default()
    )]
    InUse {
        /// The data folder.
        folder: PathBuf,
        /// The process that holds it, as far as known.
        owner: Option<u32>,
    },
    /// The folder cannot be used.
    #[error("cannot {what} {}: {source}", path.display())]
    Folder {
        /// The attempt, as a verb.
        what: &'static str,
        /// The path in question.
        path: PathBuf,
        /// The reason.
        source: std::io::Error,
    },
    /// The socket's folder exists and is not ours alone.
    #[error("the folder {} for the database's socket belongs to someone else or is open to others", .0.display())]
    SocketFolder(PathBuf),
    /// A system table file is missing beside the server.
    #[error("{server} is installed without its set-up file {file}; looked in {looked_in}")]
    NoSetupFile {
        /// The server's program.
        server: String,
        /// The file's name.
        file: &'static str,
        /// The folders that were searched.
        looked_in: String,
    },
    /// The new data folder could not be filled.
    #[error("setting up a new database failed: {0}")]
    Install(String),
    /// The server ended, or does not answer.
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

/// A private database that this process uses: its own, or that of a `staygate serve` on the same folder.
#[derive(Debug)]
pub struct Embedded {
    url: String,
    log: PathBuf,
    hold: Hold,
}

#[derive(Debug)]
enum Hold {
    /// This process runs the database; the lock goes with it.
    Owner(Box<Supervisor>, Lock, Folder),
    /// Another process runs it, and waits for this lock before it stops.
    Joined(#[expect(dead_code, reason = "held for its lock")] Lock),
}

/// The program that would run a private database.
///
/// # Errors
/// [`EmbeddedError::NoServer`].
pub fn server() -> Result<String, EmbeddedError> {
    binary::find().map(|server| server.program.display().to_string())
}

impl Embedded {
    /// Starts the database in `data_dir`, setting it up first if the folder is new. A database that dies is started
    /// again. Needs a tokio runtime.
    ///
    /// # Errors
    /// [`EmbeddedError`]; `InUse` when another process has the folder.
    pub async fn start(data_dir: &Path, durability: Durability) -> Result<Self, EmbeddedError> {
        let folder = Folder::open(data_dir)?;
        let lock = folder.lock()?;
        Self::own(folder, lock, durability).await
    }

    /// Uses the database of the process that has `data_dir`, or starts it when there is none.
    ///
    /// # Errors
    /// [`EmbeddedError`]; `InUse` when another process has the folder and its database does not answer.
    pub async fn attach_or_start(data_dir: &Path) -> Result<Self, EmbeddedError> {
        const PATIENCE: u32 = 300;
        let folder = Folder::open(data_dir)?;
        let mut tries = 0;
        loop {
            let busy = match folder.lock() {
                Ok(lock) => return Self::own(folder, lock, Durability::Full).await,
                Err(busy @ EmbeddedError::InUse { .. }) => busy,
                Err(error) => return Err(error),
            };
            // First the promise to be waited for, then the question whether it is there.
            if let Some(users) = folder.join_users()?
                && process::answers(folder.socket()).await
            {
                return Ok(Self { url: folder.url(), log: folder.log(), hold: Hold::Joined(users) });
            }
            // It may be on its way up or down.
            tries += 1;
            if tries > PATIENCE {
                return Err(busy);
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    async fn own(folder: Folder, lock: Lock, durability: Durability) -> Result<Self, EmbeddedError> {
        let server = binary::find()?;
        install::ensure(&server, &folder).await?;
        let (url, log) = (folder.url(), folder.log());
        let supervisor = Supervisor::start(process::Plan::new(server, folder.clone(), durability)).await?;
        Ok(Self { url, log, hold: Hold::Owner(Box::new(supervisor), lock, folder) })
    }

    /// Where to connect, as a `DATABASE_URL`. The database it names may not exist yet.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Where the database writes what it has to say.
    pub fn log(&self) -> &Path {
        &self.log
    }

    /// Whether the database belongs to this process.
    pub fn is_owner(&self) -> bool {
        matches!(self.hold, Hold::Owner(..))
    }

    /// The process id of the database server, while it runs and is ours.
    pub fn pid(&self) -> Option<u32> {
        match &self.hold {
            Hold::Owner(_, _, folder) => folder.server_pid(),
            Hold::Joined(_) => None,
        }
    }

    /// Stops the database if it is ours, after other commands that use it have ended, for which it waits `patience`.
    ///
    /// # Errors
    /// [`EmbeddedError::Start`] when it had to be killed. Nothing committed is lost even then.
    pub async fn stop(self, patience: Duration) -> Result<(), EmbeddedError> {
        match self.hold {
            Hold::Joined(_) => Ok(()),
            Hold::Owner(supervisor, lock, folder) => {
                // Held until the database is down, so that nobody joins a database that is about to go.
                let users = folder.wait_for_users(patience).await?;
                let stopped = supervisor.stop().await;
                drop(users);
                drop(lock);
                stopped
            }
        }
    }
}
