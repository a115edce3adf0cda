//! Personal data: consents, exports, and the end of an account.

pub mod consents;
pub mod erasures;
pub mod exports;
pub mod holds;
