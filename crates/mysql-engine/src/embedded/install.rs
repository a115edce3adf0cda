//! Sets up a new data folder.

use super::EmbeddedError;
use super::binary::Server;
use super::folder::{self, Folder};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use tokio::io::AsyncWriteExt;
use tokio::process::Command;

/// The files that create the system tables of MariaDB, by their names in newer and older versions.
const SETUP_FILES: &[[&str; 2]] = &[
    ["mariadb_system_tables.sql", "mysql_system_tables.sql"],
    ["mariadb_performance_tables.sql", "mysql_performance_tables.sql"],
    ["mariadb_system_tables_data.sql", "mysql_system_tables_data.sql"],
];

/// Sets up a new data folder. It is built under another name and renamed, so a crash leaves no
/// incomplete database. Needs the lock of the folder.
pub(super) async fn ensure(server: &Server, folder: &Folder) -> Result<(), EmbeddedError> {
    let database = folder.database();
    if database.is_dir() {
        return Ok(());
    }
    let partial = folder.root().join("database.partial");
    if partial.exists() {
        fs::remove_dir_all(&partial).map_err(EmbeddedError::folder("delete", &partial))?;
    }
    tracing::info!(folder = %folder.root().display(), "setting up a new database");
    if server.is_mariadb {
        fs::create_dir(&partial).map_err(EmbeddedError::folder("create", &partial))?;
        bootstrap_mariadb(server, folder, &partial).await?;
    } else {
        let mut command = base_command(server, folder, &partial);
        run(command.arg("--initialize-insecure").stdin(Stdio::null()), b"").await?;
    }
    folder::make_private(&partial)?;
    sync(&partial)?;
    fs::rename(&partial, &database).map_err(EmbeddedError::folder("rename", &partial))?;
    sync(folder.root())
}

fn base_command(server: &Server, folder: &Folder, into: &Path) -> Command {
    let mut command = Command::new(&server.program);
    command.arg("--no-defaults").arg(format!("--datadir={}", into.display()));
    command.arg(format!("--tmpdir={}", folder.tmp().display()));
    if folder.runs_as_root() {
        command.arg("--user=root");
    }
    command
}

/// Does the same as `mariadb-install-db`, which is in another package than the server and needs
/// further ones. The root user has no password; only users who can enter the data folder (mode
/// 0700) can use the socket.
async fn bootstrap_mariadb(server: &Server, folder: &Folder, partial: &Path) -> Result<(), EmbeddedError> {
    let shares = server.share_folders();
    let mut sql = b"CREATE DATABASE IF NOT EXISTS mysql;\nUSE mysql;\nSET @auth_root_socket = NULL;\n".to_vec();
    for names in SETUP_FILES {
        let path = setup_file(&shares, names).ok_or_else(|| EmbeddedError::NoSetupFile {
            server: server.program.display().to_string(),
            file: names[1],
            looked_in: shares.iter().map(|share| share.display().to_string()).collect::<Vec<_>>().join(", "),
        })?;
        sql.extend(fs::read(&path).map_err(EmbeddedError::folder("read", &path))?);
        sql.push(b'\n');
    }
    let mut command = base_command(server, folder, partial);
    command.args(["--bootstrap", "--log-warnings=0", "--max-allowed-packet=8M", "--net-buffer-length=16K"]);
    run(command.stdin(Stdio::piped()), &sql).await
}

fn setup_file(shares: &[PathBuf], names: &[&str; 2]) -> Option<PathBuf> {
    names.iter().flat_map(|name| shares.iter().map(move |share| share.join(name))).find(|path| path.is_file())
}

async fn run(command: &mut Command, input: &[u8]) -> Result<(), EmbeddedError> {
    let failed = |error: std::io::Error| EmbeddedError::Install(error.to_string());
    command.stdout(Stdio::null()).stderr(Stdio::piped()).kill_on_drop(true).process_group(0);
    let mut child = command.spawn().map_err(failed)?;
    let stdin = child.stdin.take();
    let write_input = async {
        if let Some(mut stdin) = stdin {
            stdin.write_all(input).await?;
            stdin.shutdown().await?;
        }
        Ok::<(), std::io::Error>(())
    };
    let (written, output) = tokio::join!(write_input, child.wait_with_output());
    let output = output.map_err(failed)?;
    if output.status.success() {
        return written.map_err(failed);
    }
    let stderr = String::from_utf8_lossy(&output.stderr);
    let last: Vec<&str> = stderr.lines().rev().take(10).collect();
    let last = last.into_iter().rev().collect::<Vec<_>>().join("\n");
    Err(EmbeddedError::Install(format!("{}\n{last}", output.status)))
}

/// Flushes the directory entries of `folder` to disk.
fn sync(folder: &Path) -> Result<(), EmbeddedError> {
    fs::File::open(folder).and_then(|dir| dir.sync_all()).map_err(EmbeddedError::folder("sync", folder))
}
