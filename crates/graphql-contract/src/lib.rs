//! Tools for a GraphQL schema as text: comparison with the schema that the code serves, changes
//! between versions, conventions, and preparation of documents. Pure functions over SDL; no I/O.
//!
//! There is one model of a schema (`sdl`, read by `reader`) and one validator of documents
//! (`documents::check`).
//!
//! Known limits, all of the parser: in schemas, a description of a `schema` block and spaces inside
//! `[ T ]` are rejected, and of a duplicate key in an object literal only the last is read. In
//! documents, a directive of a variable after its default is rejected.

mod applied_directives;
mod changes;
mod comparison;
pub mod documents;
mod elements;
mod lint;
mod reader;
mod repeatable;
mod scalars;
mod sdl;
mod weights;

pub use changes::{Change, Severity, diff, max_severity};
pub use comparison::{Difference, compare};
pub use documents::validate;
pub use elements::{Aspect, Element, elements};
pub use lint::lint;
pub use sdl::SdlError;

#[cfg(test)]
mod tests;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
