//! Starts the server process, restarts it after a crash, and stops it.

use super::binary::Server;
use super::folder::{self, Folder};
use super::{Durability, EmbeddedError, ServerSettings, memory};
use crate::{Database, pool};
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::time::{Duration, Instant};
use tokio::process::{Child, ChildStdin, Command};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// How long the server may take to start, including recovery after a crash.
const START_TIMEOUT: Duration = Duration::from_secs(180);
/// How long it may take to stop before it is killed.
const STOP_TIMEOUT: Duration = Duration::from_secs(60);

/// The shell between this process and the server. Its standard input is a pipe that this process
/// never writes to: when the pipe closes, this process has ended or wants the server to stop, and
/// the shell sends it SIGTERM. The first argument is a folder to delete at the end, or empty.
const GUARD: &str = r#"
discard=$1; shift
trap '' INT HUP
exec 3<&0
"$@" </dev/null 3<&- & database=$!
{ read -r _ <&3; kill -TERM "$database"; } 2>/dev/null & guard=$!
exec 3<&- </dev/null
wait "$database"; code=$?
kill "$guard" 2>/dev/null
if [ -n "$discard" ]; then rm -rf -- "$discard"; fi
exit "$code"
"#;

/// Everything that is needed to start the server, also after a crash.
#[derive(Debug, Clone)]
pub(super) struct LaunchConfig {
    server: Server,
    folder: Folder,
    durability: Durability,
    /// Size of the buffer pool, in bytes.
    buffer_pool: u64,
}

impl LaunchConfig {
    pub(super) fn new(server: Server, folder: Folder, settings: ServerSettings) -> Self {
        let ServerSettings { durability, buffer_pool } = settings;
        Self { server, folder, durability, buffer_pool: buffer_pool.unwrap_or_else(memory::default_buffer_pool) }
    }

    fn arguments(&self) -> Vec<String> {
        let folder = &self.folder;
        let mut arguments: Vec<String> = vec!["--no-defaults".into()];
        arguments.extend([
            format!("--datadir={}", folder.database().display()),
            format!("--tmpdir={}", folder.tmp().display()),
            format!("--socket={}", folder.socket().display()),
            format!("--pid-file={}", folder.pid_file().display()),
            format!("--log-error={}", folder.log().display()),
            format!("--collation-server={}", pool::COLLATION),
        ]);
        let fixed = [
            "--skip-networking",
            "--skip-log-bin",
            "--skip-name-resolve",
            "--local-infile=0",
            "--character-set-server=utf8mb4",
            "--default-time-zone=+00:00",
            "--max-allowed-packet=64M",
            "--performance-schema=OFF",
        ];
        arguments.extend(fixed.map(Into::into));
        if folder.runs_as_root() {
            // Without this option the server refuses to run as root. Only users who can enter the
            // folder of root can reach it here, and changing the owner of the folder would be more
            // surprising.
            arguments.push("--user=root".into());
        }
        if !self.server.is_mariadb {
            arguments.push("--mysqlx=OFF".into());
        }
        arguments.extend(self.durability_arguments());
        arguments
    }

    fn durability_arguments(&self) -> Vec<String> {
        match self.durability {
            Durability::Full => vec![
                "--innodb-flush-log-at-trx-commit=1".into(),
                format!("--innodb-buffer-pool-size={}", self.buffer_pool),
            ],
            Durability::Throwaway => [
                "--innodb-flush-log-at-trx-commit=0",
                "--innodb-doublewrite=OFF",
                "--innodb-flush-method=fsync",
                "--innodb-fast-shutdown=2",
                "--max-connections=500",
            ]
            .map(Into::into)
            .to_vec(),
        }
    }

    async fn spawn(&self) -> Result<Running, EmbeddedError> {
        let discard = match self.durability {
            Durability::Full => Path::new(""),
            Durability::Throwaway => self.folder.root(),
        };
        let mut command = Command::new("/bin/sh");
        let process_name = format!("{}-database", self.folder.name());
        command.arg("-c").arg(GUARD).arg(process_name).arg(discard).arg(&self.server.program);
        command.args(self.arguments());
        // A separate process group: Ctrl-C in a terminal signals the whole foreground group, and
        // the database must keep running while the last requests are finished.
        command.process_group(0);
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        let mut child = command.spawn().map_err(|error| self.start_error(error.to_string()))?;
        // Taken from the child, whose `wait` would close it.
        let pipe = child.stdin.take();
        self.wait_until_it_responds(&mut child).await?;
        Ok(Running { child, pipe })
    }

    async fn wait_until_it_responds(&self, child: &mut Child) -> Result<(), EmbeddedError> {
        let started = Instant::now();
        loop {
            if responds(self.folder.socket()).await {
                return Ok(());
            }
            match child.try_wait() {
                Ok(None) => {}
                Ok(Some(status)) => return Err(self.start_error(format!("it ended with {status}"))),
                Err(error) => return Err(self.start_error(error.to_string())),
            }
            if started.elapsed() > START_TIMEOUT {
                return Err(self.start_error(format!("no response after {} s", START_TIMEOUT.as_secs())));
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    fn start_error(&self, reason: String) -> EmbeddedError {
        let log = std::fs::read(self.folder.log()).unwrap_or_default();
        let log = String::from_utf8_lossy(&log[log.len().saturating_sub(16_384)..]).into_owned();
        let mut last: Vec<&str> = log.lines().rev().take(15).collect();
        last.reverse();
        EmbeddedError::Start { folder: self.folder.root().to_path_buf(), reason, log: last.join("\n") }
    }
}

/// A running server with its shell; it stops when the pipe is closed.
struct Running {
    child: Child,
    pipe: Option<ChildStdin>,
}

/// Whether a server at `socket` accepts connections.
pub(super) async fn responds(socket: &Path) -> bool {
    if !socket.exists() {
        return false;
    }
    Database::ping(&folder::url(socket, "")).await.is_ok()
}

/// Keeps a server running until it is stopped.
#[derive(Debug)]
pub(super) struct Supervisor {
    stop: oneshot::Sender<()>,
    task: JoinHandle<Result<(), EmbeddedError>>,
}

impl Supervisor {
    pub(super) async fn start(launch: LaunchConfig) -> Result<Self, EmbeddedError> {
        let running = launch.spawn().await?;
        let (stop, stopped) = oneshot::channel();
        Ok(Self { stop, task: tokio::spawn(supervise(launch, running, stopped)) })
    }

    pub(super) async fn stop(self) -> Result<(), EmbeddedError> {
        drop(self.stop);
        match self.task.await {
            Ok(stopped) => stopped,
            Err(error) => Err(EmbeddedError::Install(error.to_string())),
        }
    }
}

/// Restarts the server whenever it ends, with growing pauses, until `stopped` is signaled.
async fn supervise(
    launch: LaunchConfig,
    mut running: Running,
    mut stopped: oneshot::Receiver<()>,
) -> Result<(), EmbeddedError> {
    let mut up_since = Instant::now();
    let mut pause = Duration::ZERO;
    loop {
        let status = tokio::select! {
            _ = &mut stopped => return shut_down(&launch, running).await,
            status = running.child.wait() => status,
        };
        log_exit(&launch, status);
        if up_since.elapsed() > Duration::from_secs(60) {
            pause = Duration::ZERO;
        }
        loop {
            tokio::select! {
                _ = &mut stopped => return Ok(()),
                () = tokio::time::sleep(pause) => {}
            }
            pause = (pause * 2).clamp(Duration::from_millis(200), Duration::from_secs(15));
            let spawned = tokio::select! {
                // Dropping the future closes the pipe, which stops a server that is starting.
                _ = &mut stopped => return Ok(()),
                spawned = launch.spawn() => spawned,
            };
            match spawned {
                Ok(restarted) => {
                    running = restarted;
                    up_since = Instant::now();
                    tracing::info!("the database server is running again");
                    break;
                }
                Err(error) => tracing::error!(%error, "the database server could not be restarted"),
            }
        }
    }
}

fn log_exit(launch: &LaunchConfig, status: std::io::Result<ExitStatus>) {
    let log = launch.folder.log();
    match status {
        Ok(status) => tracing::error!(%status, log = %log.display(), "the database server ended; restarting it"),
        Err(error) => tracing::error!(%error, log = %log.display(), "the database server ended; restarting it"),
    }
}

/// Closes the pipe, so that the shell stops the server, and waits until it has ended.
async fn shut_down(launch: &LaunchConfig, running: Running) -> Result<(), EmbeddedError> {
    let Running { mut child, pipe } = running;
    drop(pipe);
    match tokio::time::timeout(STOP_TIMEOUT, child.wait()).await {
        Ok(Ok(_)) => Ok(()),
        Ok(Err(error)) => Err(launch.start_error(error.to_string())),
        Err(_) => {
            if let Some(group) = child.id() {
                let group = format!("-{group}");
                // The server is a grandchild: only its process group can be killed.
                let kill = ["-c", "kill -s KILL -- \"$1\"", "kill", &group];
                let killed = Command::new("/bin/sh").args(kill).status().await;
                tracing::warn!(?killed, "the database server did not stop in time and was killed");
            }
            Err(launch.start_error(format!("it did not stop within {} s and was killed", STOP_TIMEOUT.as_secs())))
        }
    }
}
