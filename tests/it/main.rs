//! One binary for all tests that need more than a function: a database, a server, the whole source tree.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on fails by a panic")]

mod access;
mod accounts;
mod blocks;
mod bookings;
mod cancellations;
mod commands;
mod contract;
mod docs;
mod embedded;
mod encryption;
mod events;
mod faults;
mod harness;
mod healing;
mod hostile;
mod idempotency;
mod import;
mod inputs;
mod layers;
mod leaving;
mod listings;
mod loaders;
mod migrations;
mod operations;
mod outage;
mod payments;
mod plans;
mod pool;
mod quotes;
mod races;
mod retention;
mod reviews;
mod rush;
mod search;
mod shares;
mod starting;
mod statements;
mod streams;
mod style;
mod timezones;
mod tour;
mod unavailable;
mod watchers;
