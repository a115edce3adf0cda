//! Loaders: resolvers read only through them. Public rows are batched for the whole process, private rows for one viewer and operation;
//! types separate the two. Queries can get public rows from memory, after they have learned of all changes (`domain::row_cache`); mutations and
//! streams read the database. So a viewer always sees their own writes.

mod batches;
mod bookings;
pub(crate) mod keys;
mod listings;
mod private;
mod public;
mod reviews;
mod sizes;
mod streams;
mod users;

pub use bookings::{
    BookingByCode, BookingById, BookingsOfListing, EventsOf, IsAuthorized, LatestOf, OwnBookings, PaymentById,
    PaymentsOf, QuoteById, RefundById, RefundsOf,
};
pub use domain::bisect::{Answer, Batch};
pub use listings::{
    AmenitiesOf, HostNightsOf, KnownListing, NightsOf, OwnListings, PhotosOf, PublishedListing, PublishedListingsOf,
    VisibleListing,
};
pub use private::{Private, PrivateLoaders};
pub use public::{Public, PublicLoaders};
pub use reviews::{PublishedReview, ReviewOf, ReviewsOf, VisibleReview};
pub use streams::StreamLoaders;
pub use users::{Account, PendingEmailChange, UserById};
