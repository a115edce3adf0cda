//! The wire over real sockets, with a small schema of its own.

mod client;
mod http;
mod limits;
mod pages;
mod server;
mod websocket;
