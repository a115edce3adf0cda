//! The words everything shares. No I/O.

mod clock;
mod coordinates;
mod email;
mod guests;
mod ids;
mod keys;
mod keyset;
mod money;
mod page;
mod quota;
mod retention;
mod slug;
mod stay;
mod timestamp;
mod timezones;
mod words;

pub use clock::{Clock, Entropy, ManualClock, OsEntropy, SeededEntropy, SystemClock};
pub use coordinates::{Area, GeoBox, Point};
pub use email::{Email, InvalidEmail};
pub use guests::Guests;
pub use ids::{BookingId, IdError, ListingId, NodeId, PaymentId, QuoteId, RefundId, ReviewId, SessionId, UserId};
pub use keys::{IdempotencyKey, InvalidKey};
pub use keyset::Newest;
pub use money::{Currency, Money, UnknownCurrency};
pub use page::{Page, PageError, PageOf};
pub use quota::{Permit, Quota};
pub use retention::Retention;
pub use slug::slug_of;
pub use stay::{InvalidStay, Stay};
pub use timestamp::Timestamp;
pub use timezones::{InvalidVersion, RulesSource, RulesVersion, TimeZones, UnknownZone, Zone};
pub use words::*;
