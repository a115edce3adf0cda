//! The program as a process: `staygate serve`.

use std::{
    ffi::OsString,
    path::Path,
    process::Stdio,
    sync::{Arc, Mutex},
    time::Duration,
};

use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
    sync::Notify,
};

use super::kill;

/// The timeout for a debug build on a busy machine.
pub const TIMEOUT: Duration = Duration::from_secs(120);

/// `staygate serve` on a port of its own. Killed when it is dropped.
pub struct Server {
    process: Child,
    pub url: String,
    /// Its message when it was ready.
    pub greeting: String,
    log: Log,
    /// Where its mails go.
    _mails: TempDir,
}

/// The log of the server so far.
#[derive(Clone, Default)]
struct Log {
    lines: Arc<Mutex<Vec<String>>>,
    more: Arc<Notify>,
}

impl Log {
    fn add(&self, line: String) {
        self.lines.lock().unwrap().push(line);
        self.more.notify_waiters();
    }

    /// The first line that `fits`, as soon as there is one.
    async fn find(&self, fits: impl Fn(&str) -> bool) -> String {
        loop {
            let mut more = std::pin::pin!(self.more.notified());
            more.as_mut().enable();
            if let Some(line) = self.lines.lock().unwrap().iter().find(|line| fits(line)) {
                return line.clone();
            }
            more.await;
        }
    }
}

/// The program that is tested. `make prove` uses a release build, because limits of time mean nothing for a debug build.
pub fn program() -> OsString {
    std::env::var_os("STAYGATE_PROGRAM").unwrap_or_else(|| env!("CARGO_BIN_EXE_staygate").into())
}

impl Server {
    /// On the database at `database_url`, with or without demo data.
    pub async fn on(database_url: &str, demo: &str) -> Self {
        Self::with_flags(database_url, demo, &[]).await
    }

    /// On the database at `database_url`, with more flags.
    pub async fn with_flags(database_url: &str, demo: &str, flags: &[&str]) -> Self {
        let mut command = Self::command(demo);
        command.args(flags);
        command.env("DATABASE_URL", database_url).env("STAYGATE_JWT_SECRET", "test:0123456789abcdef0123456789abcdef");
        Self::start(command).await
    }

    /// With a private database in `data_dir`, and without demo data.
    pub async fn private(data_dir: &Path) -> Self {
        let mut command = Self::command("off");
        command.arg("--data-dir").arg(data_dir).env_remove("DATABASE_URL").env_remove("STAYGATE_JWT_SECRET");
        Self::start(command).await
    }

    fn command(demo: &str) -> Command {
        let mut command = Command::new(program());
        command.args(["serve", "--listen", "127.0.0.1:0", "--demo", demo]);
        // Guests of load tests book and cancel much more often than people do.
        command.args(["--holds-per-guest", "1000", "--holds-per-listing", "1000", "--hold-cooldown-minutes", "0"]);
        command.args([
            "--requests-per-guest",
            "1000",
            "--requests-per-listing",
            "1000",
            "--request-cooldown-minutes",
            "0",
        ]);
        for flag in ["--bookings-per-address", "--quotes-per-guest", "--quotes-per-address"] {
            command.args([flag, "1000000"]);
        }
        for inherited in ["DATABASE_URL_FILE", "STAYGATE_JWT_SECRET_FILE", "STAYGATE_PUBLIC_URL"] {
            command.env_remove(inherited);
        }
        // All clients of a test have one address. Flags can set budgets all the same.
        for budget in ["STAYGATE_ADDRESS_BUDGET", "STAYGATE_VIEWER_BUDGET", "STAYGATE_INTROSPECTION_BUDGET"] {
            command.env(budget, "off");
        }
        command.env("STAYGATE_METRICS_LISTEN", "127.0.0.1:0");
        // Many servers share the database of the tests.
        command.env("STAYGATE_POOL_SIZE", "4");
        command.env("STAYGATE_LOG", "info").env("STAYGATE_LOG_FORMAT", "text").kill_on_drop(true);
        command
    }

    async fn start(mut command: Command) -> Self {
        let mails = tempfile::tempdir().unwrap();
        command.arg("--mail").arg(format!("file:{}", mails.path().display()));
        let mut process = command.stderr(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(process.stderr.take().unwrap()).lines();
        let log = Log::default();
        let ready = async {
            while let Some(line) = lines.next_line().await.unwrap() {
                // "ready: open URL in a browser; …", or without pages "ready: URL/graphql".
                let greeting = line.split_once("ready: ").map(|(_, greeting)| greeting.to_owned());
                let url = |greeting: &str| greeting.split(' ').find(|word| word.starts_with("http")).map(str::to_owned);
                let url = greeting.as_deref().and_then(url);
                if url.is_none() {
                    eprintln!("{line}");
                }
                log.add(line);
                if let (Some(greeting), Some(url)) = (greeting, url) {
                    return (url.trim_end_matches("/graphql").to_owned(), greeting);
                }
            }
            panic!("the server ended before it was ready");
        };
        let (url, greeting) = tokio::time::timeout(TIMEOUT, ready).await.expect("the server becomes ready");
        // Read to the end, so that the server can always write.
        let kept = log.clone();
        tokio::spawn(async move {
            while let Ok(Some(line)) = lines.next_line().await {
                if line.contains("ERROR") {
                    eprintln!("{line}");
                }
                kept.add(line);
            }
        });
        Self { process, url, greeting, log, _mails: mails }
    }

    /// The first line of the log that `fits`, as soon as it is written.
    pub async fn log_line(&self, fits: impl Fn(&str) -> bool) -> String {
        tokio::time::timeout(TIMEOUT, self.log.find(fits)).await.expect("the log has the line")
    }

    /// All lines of the log so far.
    pub fn log(&self) -> Vec<String> {
        self.log.lines.lock().unwrap().clone()
    }

    /// Host and port.
    pub fn address(&self) -> &str {
        self.url.trim_start_matches("http://")
    }

    /// Host and port of the listener for operators.
    pub async fn metrics(&self) -> String {
        let line = self.log_line(|line| line.contains("metrics: http://")).await;
        line.split("metrics: http://").nth(1).unwrap().split('/').next().unwrap().to_owned()
    }

    /// Bytes of memory that are its own; on systems other than Linux it is unknown, and 0.
    pub fn memory(&self) -> u64 {
        let status = format!("/proc/{}/status", self.process.id().unwrap());
        let Ok(status) = std::fs::read_to_string(status) else { return 0 };
        let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:")).unwrap();
        line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() * 1024
    }

    /// The most bytes of memory that it had, shared ones included; on systems other than Linux it is unknown, and 0.
    pub fn peak(&self) -> u64 {
        let status = format!("/proc/{}/status", self.process.id().unwrap());
        let Ok(status) = std::fs::read_to_string(status) else { return 0 };
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() * 1024
    }

    /// Stops it as a service manager does.
    pub async fn stop(mut self) {
        kill("TERM", self.process.id().expect("a running server"));
        let ended = tokio::time::timeout(TIMEOUT, self.process.wait()).await.expect("the server stops").unwrap();
        assert!(ended.success(), "{ended}");
    }

    /// Kills it.
    pub async fn kill(mut self) {
        self.process.kill().await.unwrap();
    }
}
