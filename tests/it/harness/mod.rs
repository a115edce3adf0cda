//! What the tests build their world with.

/// People who use the API.
pub mod actors;
/// The whole application over a database of its own.
pub mod app;
/// A payment provider that can be told to misbehave.
pub mod bank;
/// A database of its own for every test.
pub mod database;
pub mod server;
/// Requests over real sockets.
pub mod wire;

/// Sends `signal` (such as `KILL`) to a process. Through the shell, because a small system has no other `kill`.
pub fn kill(signal: &str, pid: u32) {
    let arguments = ["-c", "kill -s \"$1\" \"$2\"", "kill", signal, &pid.to_string()];
    let sent = std::process::Command::new("/bin/sh").args(arguments).status().unwrap();
    assert!(sent.success(), "process {pid} is there");
}
