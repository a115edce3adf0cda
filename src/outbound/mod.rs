//! The world outside: payment providers, the system's time zone rules, and the wake-up calls between streams.

pub mod payments;
pub mod tzdata;
pub mod wakes;
