//! What the tests build their world with.

/// A database of its own for every test.
pub mod database;
