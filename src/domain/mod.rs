//! The rules of the business, and the transactions.

/// Accounts and sessions.
pub mod accounts;
/// Nights that a host blocks and opens.
pub mod blocks;
/// Who holds which nights, and how that begins, goes on and ends.
pub mod bookings;
/// Nights of a listing, as they are.
pub mod calendars;
/// What comes back when a booking is cancelled.
pub mod cancellation;
/// What happened to bookings.
pub mod events;
/// One intention, one effect.
pub mod idempotency;
/// Places to stay.
pub mod listings;
/// Exact arithmetic on minor units.
pub mod money;
/// Money in, and back.
pub mod payments;
/// What a stay costs.
pub mod pricing;
/// Stays at a promised price.
pub mod quotes;
/// Which stays a listing allows.
pub mod restrictions;
/// What guests wrote.
pub mod reviews;
/// The numbers of the business, by version.
pub mod rule_sets;
/// Finding listings.
pub mod search;
/// Wall clocks of places, and the instants they mean.
pub mod timezones;
/// How a booking goes from state to state.
pub mod transitions;
/// People, as others see them.
pub mod users;
