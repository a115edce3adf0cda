//! The contract in Rust. Objects are newtypes over domain values; resolvers take a proof, call one function, wrap the outcome.

/// Accounts, sessions, and the viewer's own side of everything.
pub mod accounts;
/// Bookings.
pub mod bookings;
/// Nights of listings.
pub mod calendars;
pub mod context;
/// Documents, prepared once before they run.
pub mod documents;
pub mod error;
/// What happens to bookings.
pub mod events;
/// The viewer's side as a host.
pub mod hosting;
mod ids;
/// Places to stay.
pub mod listings;
pub mod loaders;
mod money;
/// Anything by its id.
pub mod nodes;
mod pages;
mod payload;
/// Payments and refunds.
pub mod payments;
mod prices;
mod problems;
/// Stays at a locked price.
pub mod quotes;
/// What guests wrote.
pub mod reviews;
mod scalars;
/// Finding listings.
pub mod search;
mod stays;
/// People, as others see them.
pub mod users;

use async_graphql::{MergedObject, MergedSubscription, SDLExportOptions, ValidationMode};

/// The contract as it is written: the authority.
pub const CONTRACT: &str = include_str!("../../schema.graphql");

/// Everything that can be read.
#[derive(MergedObject, Default)]
pub struct Query(nodes::NodeQuery, accounts::AccountQuery, listings::ListingQuery, bookings::BookingQuery);

/// Everything that can be changed.
#[derive(MergedObject, Default)]
pub struct Mutation(
    accounts::AccountMutation,
    hosting::CalendarMutation,
    quotes::QuoteMutation,
    bookings::BookingMutation,
    payments::PaymentMutation,
    reviews::ReviewMutation,
);

/// Everything that can be watched. A stream first gives what came after `after`, then what happens, in order, at least once.
#[derive(MergedSubscription, Default)]
pub struct Subscription(events::EventSubscription);

/// The executable schema.
pub type Schema = async_graphql::Schema<Query, Mutation, Subscription>;

/// The schema. Documents must be [`documents::Documents::prepare`]d: they are validated there, so the executor does not do it again.
pub fn schema() -> Schema {
    async_graphql::Schema::build(Query::default(), Mutation::default(), Subscription::default())
        .register_output_type::<problems::UserError>()
        .register_output_type::<nodes::Node>()
        .validation_mode(ValidationMode::Fast)
        .finish()
}

/// The contract as the code serves it: what `schema.graphql` is compared with.
pub fn served_sdl() -> String {
    schema().sdl_with_options(SDLExportOptions::new().include_specified_by())
}
