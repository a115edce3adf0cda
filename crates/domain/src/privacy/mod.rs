//! Personal data: what people agree to, what they can take with them, and how it ends.

pub mod consents;
pub(crate) mod erasures;
pub mod exports;
pub mod holds;
pub(crate) mod person_keys;
mod sections;
