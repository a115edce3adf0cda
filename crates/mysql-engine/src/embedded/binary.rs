//! Finds the program of a database server.

use super::EmbeddedError;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The program of a database server.
#[derive(Debug, Clone)]
pub(super) struct Server {
    pub(super) program: PathBuf,
    pub(super) is_mariadb: bool,
}

/// Folders of servers that are often not in the `PATH` of a user.
const EXTRA_FOLDERS: &[&str] = &[
    "/usr/sbin",
    "/usr/libexec",
    "/usr/local/sbin",
    "/usr/local/bin",
    "/usr/local/libexec",
    "/opt/homebrew/bin",
    "/opt/homebrew/opt/mariadb/bin",
    "/usr/local/mysql/bin",
];

/// The server to run: MariaDB if it is installed, else MySQL.
pub(super) fn find() -> Result<Server, EmbeddedError> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders: Vec<PathBuf> = std::env::split_paths(&path)
        .chain(EXTRA_FOLDERS.iter().map(PathBuf::from))
        .filter(|dir| dir.is_absolute())
        .collect();
    ["mariadbd", "mysqld"]
        .iter()
        .flat_map(|name| folders.iter().map(move |dir| dir.join(name)))
        .find_map(|program| probe(&program))
        .ok_or(EmbeddedError::NoServer)
}

fn probe(program: &Path) -> Option<Server> {
    if !program.is_file() {
        return None;
    }
    let output = Command::new(program).arg("--no-defaults").arg("--version").output().ok()?;
    let version = String::from_utf8_lossy(&output.stdout);
    output.status.success().then(|| Server { program: program.to_path_buf(), is_mariadb: version.contains("MariaDB") })
}

impl Server {
    /// The folders that may contain the SQL files of this server.
    pub(super) fn share_folders(&self) -> Vec<PathBuf> {
        let mut folders = Vec::new();
        if let Some(folder) = self.setting("character-sets-dir") {
            folders.extend(folder.parent().map(Path::to_path_buf));
        }
        folders.extend(self.setting("lc-messages-dir"));
        let real = self.program.canonicalize().unwrap_or_else(|_| self.program.clone());
        for base in real.ancestors().skip(2).take(1) {
            folders.extend(["share/mariadb", "share/mysql", "share"].iter().map(|share| base.join(share)));
        }
        folders.extend(["/usr/share/mariadb", "/usr/share/mysql"].iter().map(PathBuf::from));
        folders
    }

    /// A path among the settings that the help of the server lists.
    fn setting(&self, name: &str) -> Option<PathBuf> {
        let output = Command::new(&self.program).args(["--no-defaults", "--verbose", "--help"]).output().ok()?;
        let help = String::from_utf8_lossy(&output.stdout);
        let value = help.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '))?.trim();
        value.starts_with('/').then(|| PathBuf::from(value))
    }
}
