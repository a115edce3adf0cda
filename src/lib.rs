//! Staygate: the GraphQL-only backend of a booking platform.
//!
//! The modules in dependency order; each uses only what stands above it, `graphql` nothing of `store`, and `outbound` and `store`
//! nothing of each other. `tests/it/layers.rs` holds that order.

#![warn(missing_docs)]

// The words everything shares: ids, money, stays, pages. No I/O.
pub mod types;
// What can go wrong, and how the contract names it.
pub mod error;
// The contract as sets of promises: comparing `schema.graphql` with the code, and one version with the next.
pub mod contract;
// Who is asking: viewers, proofs, tokens, passwords.
pub mod auth;
// Settings, from flags and the environment.
pub mod config;
// The only SQL.
pub mod store;
// The world outside: payment providers.
pub mod outbound;
// The one handle to everything that is shared.
pub mod app;
// The rules of the business, and the transactions.
pub mod domain;
// Public datasets, read into the store.
pub mod import;
// The contract in Rust.
pub mod graphql;
// The wire: GraphQL over HTTP and websocket, pages, health.
pub mod server;
// Timed work, safe with many instances.
pub mod worker;
// The command line: serve, migrate, import, schema, …
pub mod cli;
