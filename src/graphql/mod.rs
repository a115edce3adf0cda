//! The contract in Rust. Objects are newtypes over domain values; resolvers take a proof, call one function, wrap the outcome.

pub mod context;
pub mod error;
pub mod loaders;
mod money;
mod pages;
mod payload;
mod prices;
mod problems;
mod scalars;
mod stays;
