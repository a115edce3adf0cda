//! Business rules and transactions.

pub mod accounts;
// The application handle.
pub mod app;
pub mod bookings;
pub mod calendar;
pub mod cancellation;
pub mod estimates;
pub mod events;
pub mod idempotency;
pub mod limits;
pub mod listings;
pub mod money;
pub mod outbox;
pub mod payments;
pub mod pricing;
pub mod quotes;
pub mod retention;
pub mod reviews;
pub mod rule_sets;
pub mod search;
pub mod timezones;
pub mod transitions;
pub mod users;
pub mod wishlists;
