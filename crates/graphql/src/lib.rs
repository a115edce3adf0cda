//! Implements the contract. Objects are newtypes over domain values; resolvers take a proof, call one function and wrap the result.

pub mod account_deletion;
pub mod accounts;
pub mod amenities;
pub mod audit;
pub mod bookings;
pub mod calendar;
pub mod co_hosts;
pub mod context;
pub mod cookies;
pub mod desk;
pub mod email_changes;
pub mod emails;
pub mod error;
pub mod events;
mod facets;
mod flexible_stays;
#[cfg(feature = "fuzzing")]
#[doc(hidden)]
pub mod fuzzing;
mod checked;
pub mod hosting;
pub mod identity;
pub mod identity_providers;
mod ids;
pub mod impersonations;
pub mod listings;
pub mod loaders;
pub mod lowest_prices;
mod map;
mod money;
pub mod nodes;
mod pages;
pub mod passkeys;
pub mod passwords;
mod payload;
pub mod payments;
pub mod place_suggestions;
mod prices;
pub mod privacy;
mod problems;
pub mod profiles;
pub mod quotes;
pub mod reviews;
pub mod role_grants;
mod roots;
pub mod search;
pub mod second_factors;
pub mod sessions;
pub mod support_cases;
pub mod suspensions;
mod stays;
pub mod users;
pub mod wishlists;

use std::sync::Arc;

use async_graphql::{MergedObject, MergedSubscription, SDLExportOptions, SchemaBuilder, ValidationMode};
use graphql_contract::documents;
use graphql_transport::MeteredExecutor;
use loaders::PrivateLoaders;
use roots::root;

/// The contract: the source of truth.
pub const CONTRACT: &str = include_str!("../../../schema.graphql");

root! {
    /// Queries.
    Query {
        nodes::NodeQuery,
        accounts::AccountQuery,
        privacy::consents::ConsentQuery,
        listings::ListingQuery,
        search::SearchQuery,
        lowest_prices::LowestPriceQuery,
        place_suggestions::PlaceSuggestionQuery,
        amenities::AmenityQuery,
        identity_providers::IdentityProviderQuery,
        bookings::BookingQuery,
        desk::DeskQuery,
    }
}

root! {
    /// Mutations.
    Mutation {
        accounts::AccountMutation,
        emails::EmailMutation,
        email_changes::EmailChangeMutation,
        passwords::PasswordMutation,
        profiles::ProfileMutation,
        account_deletion::DeletionMutation,
        privacy::erasures::ErasureMutation,
        privacy::exports::ExportMutation,
        privacy::consents::ConsentMutation,
        identity::IdentityMutation,
        second_factors::SecondFactorMutation,
        passkeys::PasskeyMutation,
        passkeys::PasskeySignInMutation,
        identity_providers::IdentityProviderMutation,
        listings::ListingMutation,
        hosting::CalendarMutation,
        co_hosts::CoHostMutation,
        quotes::QuoteMutation,
        bookings::BookingMutation,
        payments::PaymentMutation,
        reviews::ReviewMutation,
        wishlists::WishlistMutation,
        sessions::SessionMutation,
        role_grants::RoleMutation,
        suspensions::SuspensionMutation,
        privacy::holds::HoldMutation,
        desk::DeskCancellationMutation,
        desk::DeskRefundMutation,
        desk::ModerationMutation,
        support_cases::CaseMutation,
        desk::DeskCaseMutation,
        desk::FeatureMutation,
        impersonations::ImpersonationMutation,
    }
}

/// Fields of other modules in `Me`.
#[derive(MergedObject)]
pub struct MyFields(
    bookings::MyTrips,
    email_changes::MyEmailChange,
    hosting::MyHosting,
    co_hosts::MyCoHosting,
    wishlists::MyWishlists,
    sessions::MySessions,
    second_factors::MySecondFactor,
    support_cases::MyCases,
    privacy::consents::MyConsents,
    privacy::exports::MyExports,
    privacy::erasures::MyErasure,
    passkeys::MyPasskeys,
    identity_providers::MyLinkedProviders,
    impersonations::MyImpersonations,
);

impl MyFields {
    /// Those of the account whose loaders are `own`.
    fn of(own: &Arc<PrivateLoaders>) -> Self {
        let own = || Arc::clone(own);
        Self(
            bookings::MyTrips(own()),
            email_changes::MyEmailChange(own()),
            hosting::MyHosting(own()),
            co_hosts::MyCoHosting(own()),
            wishlists::MyWishlists(own()),
            sessions::MySessions(own()),
            second_factors::MySecondFactor(own()),
            support_cases::MyCases(own()),
            privacy::consents::MyConsents(own()),
            privacy::exports::MyExports(own()),
            privacy::erasures::MyErasure(own()),
            passkeys::MyPasskeys(own()),
            identity_providers::MyLinkedProviders(own()),
            impersonations::MyImpersonations(own()),
        )
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
    /// A session of the viewer.
    Session(sessions::Session): SessionId => sessions::find_session;
}

/// Subscriptions. A stream first delivers the events after `after`, then new ones, in order, at least once.
#[derive(MergedSubscription, Default)]
pub struct Subscription(events::EventSubscription);

/// The executable schema.
pub type Schema = async_graphql::Schema<Query, Mutation, Subscription>;

/// The schema, with metering of large operations.
pub type MeteredSchema = MeteredExecutor<Query, Mutation, Subscription>;

/// The schema. Documents must be [`documents::Documents::prepare`]d: they are validated there, so the executor does not do it again.
pub fn schema() -> Schema {
    builder().finish()
}

fn builder() -> SchemaBuilder<Query, Mutation, Subscription> {
    async_graphql::Schema::build(Query, Mutation, Subscription::default())
        .register_output_type::<problems::UserError>()
        .register_output_type::<Node>()
        .validation_mode(ValidationMode::Fast)
}

/// The schema, metered where the data of a request include a meter.
pub fn metered_schema() -> MeteredSchema {
    MeteredExecutor::new(builder)
}

/// The documents of the contract, prepared within `limits`.
///
/// # Errors
/// When the contract cannot be read.
pub fn documents_within(limits: documents::Limits) -> anyhow::Result<documents::Documents> {
    Ok(documents::Documents::new(CONTRACT, limits)?.with_scalars(checked::forms()))
}

/// The served contract, for the comparison with `schema.graphql`.
pub fn served_sdl() -> String {
    schema().sdl_with_options(SDLExportOptions::new().include_specified_by())
}
