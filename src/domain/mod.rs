//! The rules of the business, and the transactions.

/// Nights of listings.
pub mod calendars;
/// What comes back when a booking is cancelled.
pub mod cancellation;
/// Places to stay.
pub mod listings;
/// Exact arithmetic on minor units.
pub mod money;
/// What a stay costs.
pub mod pricing;
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
