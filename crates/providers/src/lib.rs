//! The world outside: payment providers, identity providers, the system's time zone rules, and the fan-out of events to streams.

pub mod hub;
pub mod identity;
pub mod payments;
pub mod traces;
pub mod tzdata;
