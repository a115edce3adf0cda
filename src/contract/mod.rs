//! The contract as text: what it promises, whether the code keeps it, what a new version changes, whether it follows the
//! house's conventions, and whether an operation fits it. Pure functions over SDL; no I/O.
//!
//! A known limit: the parser refuses a description on a `schema` block, so a contract cannot have one.

mod changes;
mod comparison;
mod lint;
mod promises;
mod reader;
mod repeatable;
mod sdl;
mod validate;

pub use changes::{Change, Severity, diff, worst};
pub use comparison::{Broken, compare};
pub use lint::lint;
pub use promises::{Aspect, Promise, promises};
pub use sdl::SdlError;
pub use validate::validate;

#[cfg(test)]
mod tests;
