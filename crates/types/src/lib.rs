//! The words everything shares. No I/O.

mod amenities;
mod chores;
mod clock;
mod coordinates;
pub mod countries;
pub mod cursor;
mod email;
// What can go wrong, and how the contract names it.
pub mod error;
mod guests;
mod ids;
mod keys;
mod keyset;
mod limits;
mod money;
mod page;
mod retention;
pub mod scalars;
mod search_key;
mod slug;
mod stay;
pub mod text;
mod timestamp;
mod timezones;
pub mod web_address;
mod words;

pub use amenities::{amenity_key, amenity_of};
pub use chores::Chores;
pub use clock::{Clock, Entropy, ManualClock, OsEntropy, SeededEntropy, SystemClock};
pub use coordinates::{Area, GeoBox, Point};
pub use email::{Email, InvalidEmail};
pub use error::ErrorCode;
pub use guests::Guests;
pub use ids::*;
pub use keys::{IdempotencyKey, InvalidKey};
pub use keyset::Newest;
pub use limits::{Delayed, Delays, Penalty, Rule};
pub use money::{Currency, Money, UnknownCurrency};
pub use page::{Page, PageError, PageOf};
pub use retention::Retention;
pub use search_key::{MAX_KEY, search_key, search_words};
pub use slug::slug_of;
pub use stay::{InvalidStay, Stay};
pub use timestamp::Timestamp;
pub use timezones::{InvalidVersion, RulesSource, RulesVersion, TimeZones, UnknownZone, Zone};
pub use words::*;
