//! One binary for all tests that need more than a function: a database, a server, the whole source tree.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on fails by a panic")]

mod access;
mod bookings;
mod contract;
mod docs;
mod embedded;
mod harness;
mod import;
mod layers;
mod listings;
mod migrations;
mod operations;
mod pool;
mod search;
mod statements;
mod style;
