//! The transport over real sockets, with a small schema of its own.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test panics where it fails")]

mod client;
mod cookies;
mod edge;
mod event_stream;
mod executor_faults;
mod http;
mod limits;
mod landing;
mod server;
mod websocket;
