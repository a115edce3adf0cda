//! The only SQL of the domain.
//!
//! The functions of a noun's file take `conn: &mut Conn` (any connection) or `tx: &mut Conn` (inside a transaction) of
//! [`mysql_engine::Database`].

pub mod accounts;
pub mod amenities;
pub mod audit;
pub mod booking_times;
pub mod bookings;
pub mod desk;
pub mod devices;
pub mod events;
pub mod holds;
pub mod idempotency;
pub mod limits;
pub mod listings;
pub mod imports;
pub mod inbox;
pub mod migrate;
pub mod night_rates;
pub mod nights;
pub mod one_time_codes;
pub mod outbox;
pub mod payment_cases;
pub mod payments;
pub mod photos;
mod prepared;
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
pub mod suspensions;
pub mod users;
pub mod wishlists;
