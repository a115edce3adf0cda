//! The only SQL of the domain.
//!
//! The functions of a noun's file take `conn: &mut Conn` (any connection) or `tx: &mut Conn` (inside a transaction) of
//! [`mysql_engine::Database`].

pub mod accounts;
pub mod amenities;
pub mod analytics;
pub mod audit;
pub mod booking_times;
pub mod bookings;
pub mod co_hosts;
pub mod consents;
pub mod data_exports;
pub mod desk;
pub mod devices;
pub mod erased;
pub mod erasures;
pub mod events;
pub mod feature_switches;
pub mod exported;
pub mod holds;
pub mod idempotency;
pub mod impersonations;
pub mod legal_holds;
pub mod limits;
pub mod listings;
pub mod imports;
pub mod inbox;
pub mod migrate;
pub mod night_rates;
pub mod nights;
pub mod one_time_codes;
pub mod outbox;
pub mod passkey_challenges;
pub mod passkeys;
pub mod payment_cards;
pub mod payment_cases;
pub mod payments;
pub mod person_keys;
pub mod photos;
mod prepared;
pub mod provider_attempts;
pub mod provider_links;
mod query_parts;
pub mod quotes;
pub mod refresh;
pub mod reviews;
pub mod role_grants;
pub(crate) mod schema;
pub mod search;
pub mod second_factors;
pub mod sessions;
pub mod sign_in_challenges;
pub mod support_cases;
pub mod suspensions;
pub mod users;
pub mod wishlists;
