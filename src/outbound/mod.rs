//! The world outside: payment providers, and the wake-up calls between streams.

pub mod payments;
pub mod wakes;
