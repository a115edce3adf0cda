//! The contract as text: what it promises, whether the code keeps it, what a new version changes, whether it follows the
//! house's conventions, and whether an operation fits it. Pure functions over SDL; no I/O.
//!
//! Known limits, all of the parser: a description on a `schema` block, spaces inside `[ T ]` and a variable's directive
//! after its default are refused, and of a key given twice in one object literal only the last counts.

mod changes;
mod comparison;
pub mod documents;
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

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
