//! Staygate: the GraphQL-only backend of a booking platform. This crate is the program: command line, settings, scheduled jobs, and the
//! connection of the other crates, which are in `crates/`.

// Settings, from flags and the environment.
pub mod config;
// Connects the transport with the contract and the domain.
pub mod gateway;
// Scheduled jobs, safe with many instances.
pub mod worker;
// The command line: serve, migrate, import, schema, …
pub mod cli;
