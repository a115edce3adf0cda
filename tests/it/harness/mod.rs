//! Test fixtures.

/// Users of the API.
pub mod actors;
/// The whole application over a database of its own.
pub mod app;
/// An authenticator app.
pub mod authenticator;
/// A payment provider that can be made to fail.
pub mod bank;
/// A browser.
pub mod browser;
/// A city that does not exist.
pub mod city;
/// A database of its own for every test.
pub mod database;
/// An identity provider that can lie and fail.
pub mod identity_server;
/// Users of a server in a separate process.
pub mod mailbox;
/// An authenticator with passkeys.
pub mod passkeys;
pub mod remote;
/// One database server for all processes of a run.
pub mod run;
pub mod server;
/// The size of every list according to its cost.
pub mod sizes;
pub mod socket;
/// Requests over real sockets.
pub mod wire;

/// Sends `signal` (such as `KILL`) to a process.
pub fn kill(signal: &str, pid: u32) {
    assert!(is_sent(signal, pid), "process {pid} is there");
}

/// Through the shell, because a small system has no other `kill`.
fn is_sent(signal: &str, pid: u32) -> bool {
    let arguments = ["-c", "kill -s \"$1\" \"$2\"", "kill", signal, &pid.to_string()];
    std::process::Command::new("/bin/sh").args(arguments).status().is_ok_and(|status| status.success())
}

/// A process that is stopped until this is dropped.
pub struct Frozen(u32);

impl Frozen {
    /// Stops the process.
    pub fn new(pid: u32) -> Self {
        kill("STOP", pid);
        let frozen = Self(pid);
        // The signal is sent before every thread has stopped.
        while !stands_still(pid) {
            std::thread::yield_now();
        }
        frozen
    }
}

/// Whether no thread of the process runs any more, as far as the system tells.
fn stands_still(pid: u32) -> bool {
    let Ok(threads) = std::fs::read_dir(format!("/proc/{pid}/task")) else { return true };
    // The state is behind the name, which is in brackets and may hold anything.
    let state = |stat: &str| stat.rsplit_once(')').and_then(|(_, rest)| rest.trim_start().chars().next());
    threads.flatten().all(|thread| {
        let stat = std::fs::read_to_string(thread.path().join("stat"));
        stat.map_or(true, |stat| matches!(state(&stat), Some('T' | 't')))
    })
}

impl Drop for Frozen {
    /// Even when its test fails: a stopped process cannot be terminated.
    fn drop(&mut self) {
        is_sent("CONT", self.0);
    }
}
