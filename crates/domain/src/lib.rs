//! Business rules and transactions.

pub mod accounts;
pub mod analytics;
// The application handle.
pub mod app;
pub mod audit;
pub mod bisect;
pub mod bookings;
pub mod calendar;
pub mod catalog_follower;
pub mod co_hosts;
pub mod desk;
pub mod estimates;
pub mod events;
pub mod features;
pub mod idempotency;
pub mod impersonations;
pub mod limits;
pub mod listings;
pub mod mails;
pub mod outbox;
pub mod payments;
pub mod privacy;
pub mod quotes;
pub mod retention;
pub mod reviews;
pub mod role_grants;
pub mod row_cache;
pub mod search;
pub mod search_index;
pub mod sessions;
pub mod support_cases;
pub mod suspensions;
pub mod users;
pub mod wishlists;

// The rules belong to the domain; they are a crate of their own because they need nothing of it.
pub use rules::support_cases as support_case_rules;
pub use rules::{cancellation, money, pricing, rule_sets, timezones, transitions};
