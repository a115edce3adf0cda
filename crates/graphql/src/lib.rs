//! The contract in Rust. Objects are newtypes over domain values; resolvers take a proof, call one function, wrap the outcome.

pub mod accounts;
pub mod amenities;
pub mod bookings;
pub mod calendar;
pub mod context;
pub mod error;
pub mod events;
#[cfg(feature = "fuzzing")]
#[doc(hidden)]
pub mod fuzzing;
mod given;
pub mod hosting;
mod ids;
pub mod listings;
pub mod loaders;
mod money;
pub mod nodes;
mod pages;
mod payload;
pub mod payments;
mod prices;
mod problems;
mod quiet;
pub mod quotes;
pub mod reviews;
pub mod search;
mod stays;
pub mod users;
pub mod wishlists;

use std::sync::Arc;

use async_graphql::{MergedObject, MergedSubscription, SDLExportOptions, SchemaBuilder, ValidationMode};
use graphql_contract::documents;
use graphql_transport::Metered;
use loaders::PrivateLoaders;

/// The contract as it is written: the authority.
pub const CONTRACT: &str = include_str!("../../../schema.graphql");

/// Queries.
#[derive(MergedObject, Default)]
pub struct Query(
    nodes::NodeQuery,
    accounts::AccountQuery,
    listings::ListingQuery,
    search::SearchQuery,
    amenities::AmenityQuery,
    bookings::BookingQuery,
);

/// Mutations.
#[derive(MergedObject, Default)]
pub struct Mutation(
    accounts::AccountMutation,
    listings::ListingMutation,
    hosting::CalendarMutation,
    quotes::QuoteMutation,
    bookings::BookingMutation,
    payments::PaymentMutation,
    reviews::ReviewMutation,
    wishlists::WishlistMutation,
);

/// What nouns add to `Me`.
#[derive(MergedObject)]
pub struct MyNouns(bookings::MyTrips, hosting::MyHosting, wishlists::MyWishlists);

impl MyNouns {
    /// Those of the account whose loaders are `own`.
    fn of(own: &Arc<PrivateLoaders>) -> Self {
        let own = || Arc::clone(own);
        Self(bookings::MyTrips(own()), hosting::MyHosting(own()), wishlists::MyWishlists(own()))
    }
}

nodes::nodes! {
    /// The viewer's own account.
    Me(accounts::Me): MeId => accounts::find_me;
    /// A person, as anyone sees them.
    User(users::User): UserId => users::find_user;
    /// A place to stay.
    Listing(listings::Listing): ListingId => listings::find_listing;
    /// A stay at a locked price.
    Quote(quotes::Quote): QuoteId => quotes::find_quote;
    /// A booking.
    Booking(bookings::Booking): BookingId => bookings::find_booking;
    /// An attempt to pay for a booking.
    Payment(payments::Payment): PaymentId => payments::find_payment;
    /// A refund.
    Refund(payments::Refund): RefundId => payments::find_refund;
    /// A review of a stay.
    Review(reviews::Review): ReviewId => reviews::find_review;
    /// A list of listings that the viewer keeps.
    Wishlist(wishlists::Wishlist): WishlistId => wishlists::find_wishlist;
}

/// Subscriptions. A stream first delivers the events after `after`, then new ones, in order, at least once.
#[derive(MergedSubscription, Default)]
pub struct Subscription(events::EventSubscription);

/// The executable schema.
pub type Schema = async_graphql::Schema<Query, Mutation, Subscription>;

/// The schema, which watches operations that may become large.
pub type MeteredSchema = Metered<Query, Mutation, Subscription>;

/// The schema. Documents must be [`documents::Documents::prepare`]d: they are validated there, so the executor does not do it again.
pub fn schema() -> Schema {
    builder().finish()
}

fn builder() -> SchemaBuilder<Query, Mutation, Subscription> {
    async_graphql::Schema::build(Query::default(), Mutation::default(), Subscription::default())
        .register_output_type::<problems::UserError>()
        .register_output_type::<Node>()
        .validation_mode(ValidationMode::Fast)
}

/// The schema, watched where a meter is among the data of a request.
pub fn metered_schema() -> MeteredSchema {
    Metered::new(builder)
}

/// The documents of the contract, prepared within `limits`.
///
/// # Errors
/// When the contract cannot be read.
pub fn documents_within(limits: documents::Limits) -> anyhow::Result<documents::Documents> {
    Ok(documents::Documents::new(CONTRACT, limits)?.with_scalars(given::forms()))
}

/// The contract as the code serves it: what `schema.graphql` is compared with.
pub fn served_sdl() -> String {
    schema().sdl_with_options(SDLExportOptions::new().include_specified_by())
}
