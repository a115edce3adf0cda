//! The contract as text: what it promises, whether the code keeps it, what a new version changes, whether it follows the
//! house's conventions, and whether an operation fits it. Pure functions over SDL; no I/O.
//!
//! There is one model of a schema (`sdl`, read by `reader`) and one validator of documents (`documents::check`).
//!
//! Known limits, all of the parser. In schemas: a description on a `schema` block and spaces inside `[ T ]` are refused,
//! and of a key given twice in one object literal only the last counts. In documents: a variable's directive after its
//! default is refused.

mod changes;
mod comparison;
pub mod documents;
mod lint;
mod marks;
mod promises;
mod reader;
mod repeatable;
mod scalars;
mod sdl;
mod weights;

pub use changes::{Change, Severity, diff, worst};
pub use comparison::{Broken, compare};
pub use documents::validate;
pub use lint::lint;
pub use promises::{Aspect, Promise, promises};
pub use sdl::SdlError;

#[cfg(test)]
mod tests;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
