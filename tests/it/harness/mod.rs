//! What the tests build their world with.

/// People who use the API.
pub mod actors;
/// The whole application over a database of its own.
pub mod app;
/// A payment provider that can be told to misbehave.
pub mod bank;
/// A city that does not exist.
pub mod city;
/// A database of its own for every test.
pub mod database;
/// People who use a server that is a process of its own.
pub mod remote;
/// One database server for all processes of a run.
pub mod run;
pub mod server;
/// What the cost of every list promises.
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

/// A process that stands still until this is dropped.
pub struct Frozen(u32);

impl Frozen {
    /// Stops the process where it is.
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
    /// Also when its test fails: a process that stands still cannot be ended either.
    fn drop(&mut self) {
        is_sent("CONT", self.0);
    }
}
