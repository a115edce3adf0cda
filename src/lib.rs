//! Staygate: the GraphQL-only backend of a booking platform. Here is the program: its command line, its settings, its timed work, and what
//! connects its parts. The parts are crates of their own, in `crates/`.

// Settings, from flags and the environment.
pub mod config;
// What connects the wire with the contract and the domain.
pub mod gateway;
// Timed work, safe with many instances.
pub mod worker;
// The command line: serve, migrate, import, schema, …
pub mod cli;
