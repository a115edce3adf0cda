//! Loaders: the only readers of resolvers. Rows that do not depend on the viewer are batched for the whole process, rows that do
//! for one viewer and operation; the two are told apart by type. Nothing is cached, so an own write is always seen.

mod apart;
mod batches;
mod bookings;
pub(crate) mod keys;
mod listings;
mod private;
mod public;
mod reviews;
mod streams;
mod users;

pub use bookings::{
    BookingById, EventsOf, IsReserved, LatestOf, OwnBookings, PaymentById, PaymentsOf, QuoteById, RefundById, RefundsOf,
};
pub use listings::{
    AmenitiesOf, HostNightsOf, KnownListing, NightsOf, OwnListings, PhotosOf, PublishedListing, PublishedListingsOf,
    VisibleListing,
};
pub use private::{Private, PrivateLoaders};
pub use public::{Public, PublicLoaders};
pub use reviews::{PublishedReview, ReviewOf, ReviewsOf, VisibleReview};
pub use streams::StreamLoaders;
pub use users::{OwnEmail, UserById};

/// What a batch answers: the rows by key, keys without a row left out.
pub type Batch<K, R> = types::error::Result<std::collections::HashMap<K, R>>;
