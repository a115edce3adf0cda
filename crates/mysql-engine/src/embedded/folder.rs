//! The data folder of a private database: its paths, access rights and locks.

use super::EmbeddedError;
use sha2::{Digest, Sha256};
use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// A lock on a file, until it is dropped.
#[derive(Debug)]
pub(super) struct Lock(File);

impl Drop for Lock {
    fn drop(&mut self) {
        // Closing the file is not enough: a child process that is being started holds a copy of it
        // until it runs its own program.
        if let Err(error) = self.0.unlock() {
            tracing::warn!(%error, "a lock of the data folder could not be released");
        }
    }
}

/// The state of a data folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FolderState {
    /// No database yet.
    New,
    /// A database that no process runs.
    Free,
    /// A database that a process runs.
    InUse {
        /// The ID of the process, if known.
        owner: Option<u32>,
    },
}

/// The state of `data_dir`. Changes nothing.
///
/// # Errors
/// [`EmbeddedError::Folder`] when it cannot be read.
pub fn folder_state(data_dir: &Path) -> Result<FolderState, EmbeddedError> {
    let path = data_dir.join("lock");
    let mut file = match File::open(&path) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(FolderState::New),
        Err(error) => return Err(EmbeddedError::folder("open", &path)(error)),
    };
    match file.try_lock_shared() {
        Ok(()) if data_dir.join("database").is_dir() => Ok(FolderState::Free),
        Ok(()) => Ok(FolderState::New),
        Err(TryLockError::WouldBlock) => Ok(FolderState::InUse { owner: read_owner(&mut file) }),
        Err(TryLockError::Error(source)) => Err(EmbeddedError::folder("lock", &path)(source)),
    }
}

/// The process ID in a lock file.
fn read_owner(file: &mut File) -> Option<u32> {
    let mut text = String::new();
    file.read_to_string(&mut text).ok().and_then(|_| text.trim().parse().ok())
}

/// The maximum length of the path of a Unix socket on all systems, in bytes (macOS: 103 bytes and a
/// zero, Linux: 107).
const MAX_SOCKET_PATH: usize = 103;

/// The data folder: its paths and locks.
#[derive(Debug, Clone)]
pub(super) struct Folder {
    name: &'static str,
    root: PathBuf,
    socket: PathBuf,
    /// The user ID of this process.
    uid: u32,
}

impl Folder {
    /// Opens the folder, and creates it if needed, accessible by this user only.
    pub(super) fn open(data_dir: &Path, name: &'static str) -> Result<Self, EmbeddedError> {
        create_private_folder(data_dir)?;
        let root = data_dir.canonicalize().map_err(EmbeddedError::folder("find", data_dir))?;
        let run = root.join("run");
        create_private_folder(&run)?;
        // The data folder may have existed before, accessible to others. Anyone who can enter this
        // folder has full access to the database.
        make_private(&run)?;
        create_private_folder(&root.join("tmp"))?;
        let uid = current_uid(&run)?;
        let mut socket = run.join("db.sock");
        if socket.as_os_str().len() > MAX_SOCKET_PATH {
            let id: String = Sha256::digest(root.as_os_str().as_encoded_bytes())
                .iter()
                .take(8)
                .map(|b| format!("{b:02x}"))
                .collect();
            let run = std::env::temp_dir().join(format!("{name}-{id}"));
            create_private_folder(&run)?;
            let metadata = fs::metadata(&run).map_err(EmbeddedError::folder("read", &run))?;
            if metadata.uid() != uid || metadata.permissions().mode() & 0o077 != 0 {
                return Err(EmbeddedError::SocketFolder(run));
            }
            socket = run.join("db.sock");
        }
        Ok(Self { name, root, socket, uid })
    }

    /// The name of the database inside the server.
    pub(super) fn name(&self) -> &'static str {
        self.name
    }

    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    pub(super) fn socket(&self) -> &Path {
        &self.socket
    }

    pub(super) fn database(&self) -> PathBuf {
        self.root.join("database")
    }

    /// The folder for temporary tables. Not shared, because MariaDB deletes leftover tables when it
    /// starts, and in a shared folder they may belong to another server.
    pub(super) fn tmp(&self) -> PathBuf {
        self.root.join("tmp")
    }

    pub(super) fn log(&self) -> PathBuf {
        self.root.join("database.log")
    }

    pub(super) fn pid_file(&self) -> PathBuf {
        self.root.join("run/db.pid")
    }

    pub(super) fn runs_as_root(&self) -> bool {
        self.uid == 0
    }

    pub(super) fn url(&self) -> String {
        url(&self.socket, self.name)
    }

    pub(super) fn server_pid(&self) -> Option<u32> {
        fs::read_to_string(self.pid_file()).ok()?.trim().parse().ok()
    }

    /// An exclusive lock: only its holder may run a database here.
    pub(super) fn lock(&self) -> Result<Lock, EmbeddedError> {
        let path = self.root.join("lock");
        let mut file = open(&path)?;
        match file.try_lock() {
            Ok(()) => {
                let write_pid = |file: &mut File| {
                    file.set_len(0)?;
                    file.rewind()?;
                    write!(file, "{}", std::process::id())
                };
                write_pid(&mut file).map_err(EmbeddedError::folder("write", &path))?;
                Ok(Lock(file))
            }
            Err(TryLockError::WouldBlock) => {
                Err(EmbeddedError::InUse { folder: self.root.clone(), owner: read_owner(&mut file) })
            }
            Err(TryLockError::Error(source)) => Err(EmbeddedError::folder("lock", &path)(source)),
        }
    }

    /// A shared lock: the owner keeps the database running until it is released. `None` when the
    /// owner is about to stop it.
    pub(super) fn join_users(&self) -> Result<Option<Lock>, EmbeddedError> {
        let path = self.root.join("users");
        let file = open(&path)?;
        match file.try_lock_shared() {
            Ok(()) => Ok(Some(Lock(file))),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(source)) => Err(EmbeddedError::folder("lock", &path)(source)),
        }
    }

    /// Waits until no other process uses the database, but at most `timeout`; the lock keeps new
    /// ones out.
    pub(super) async fn wait_for_users(&self, timeout: Duration) -> Result<Lock, EmbeddedError> {
        let path = self.root.join("users");
        let file = open(&path)?;
        let started = Instant::now();
        let mut is_logged = false;
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(Lock(file)),
                Err(TryLockError::WouldBlock) if started.elapsed() >= timeout => {
                    tracing::warn!("stopping the database although another process still uses it");
                    return Ok(Lock(file));
                }
                Err(TryLockError::WouldBlock) => {
                    if !is_logged {
                        tracing::info!("waiting for another process that uses the database");
                        is_logged = true;
                    }
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
                Err(TryLockError::Error(source)) => return Err(EmbeddedError::folder("lock", &path)(source)),
            }
        }
    }
}

/// The URL of `database` at `socket`, with all special bytes of the path escaped.
pub(super) fn url(socket: &Path, database: &str) -> String {
    let mut url = format!("mysql://root@localhost/{database}?socket=");
    for byte in socket.as_os_str().as_encoded_bytes() {
        match byte {
            b'/' | b'.' | b'-' | b'_' | b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' => url.push(char::from(*byte)),
            other => url.push_str(&format!("%{other:02X}")),
        }
    }
    url
}

fn open(path: &Path) -> Result<File, EmbeddedError> {
    OpenOptions::new()
        .create(true)
        .truncate(false)
        .read(true)
        .write(true)
        .open(path)
        .map_err(EmbeddedError::folder("open", path))
}

fn create_private_folder(path: &Path) -> Result<(), EmbeddedError> {
    DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(EmbeddedError::folder("create", path))
}

pub(super) fn make_private(path: &Path) -> Result<(), EmbeddedError> {
    fs::set_permissions(path, fs::Permissions::from_mode(0o700)).map_err(EmbeddedError::folder("protect", path))
}

/// The user ID of this process, read from a file that it creates, which also checks that it may
/// write here.
fn current_uid(folder: &Path) -> Result<u32, EmbeddedError> {
    let path = folder.join(format!("probe-{}", std::process::id()));
    let uid = File::create(&path).and_then(|file| file.metadata()).map(|metadata| metadata.uid());
    let uid = uid.map_err(EmbeddedError::folder("write to", folder))?;
    fs::remove_file(&path).map_err(EmbeddedError::folder("delete", &path))?;
    Ok(uid)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_data_folder_gets_a_short_socket() {
        let dir = tempfile::tempdir().unwrap();
        let folder = Folder::open(&dir.path().join("a".repeat(120)), "books").unwrap();
        assert!(folder.socket().as_os_str().len() <= MAX_SOCKET_PATH, "{}", folder.socket().display());
        fs::remove_dir_all(folder.socket().parent().unwrap()).unwrap();
    }

    #[test]
    fn a_second_lock_is_refused_and_the_error_names_the_folder() {
        let dir = tempfile::tempdir().unwrap();
        let folder = Folder::open(dir.path(), "books").unwrap();
        let _first = folder.lock().unwrap();
        let error = folder.lock().unwrap_err().to_string();
        assert!(error.contains(&folder.root().display().to_string()), "{error}");
        assert!(error.contains(&format!("(process {})", std::process::id())), "{error}");
    }

    #[test]
    fn a_socket_path_is_escaped() {
        assert_eq!(url(Path::new("/a b&c/db.sock"), "x"), "mysql://root@localhost/x?socket=/a%20b%26c/db.sock");
    }
}
