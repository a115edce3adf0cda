//! Mutations of listings.

use std::sync::Arc;

use async_graphql::{Context, ID, Object, SimpleObject};

use super::{
    Listing,
    inputs::{
        CreateListingInput, DeleteListingInput, PublishListingInput, SetNightPricesInput, UnlistListingInput,
        UpdateListingInput, listing_id,
    },
};
use crate::{bookings::Booking, calendar::NightAvailability, context::ContextExt, error::Result, payload::payload};
use auth::Member;
use domain::{app::App, calendar, idempotency::Idempotent, listings};
use types::error;

/// Mutations of listings by their hosts.
#[derive(Debug, Default)]
pub struct ListingMutation;

#[Object]
impl ListingMutation {
    /// Creates a draft of a listing.
    async fn create_listing(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The listing.")] input: CreateListingInput,
    ) -> Result<CreateListingPayload> {
        let host = ctx.member()?;
        let (new, key) = input.read();
        let made = listings::create(ctx.app(), host, &new, key.as_ref()).await;
        let success =
            |Idempotent { answer, replayed }| CreateListingSuccess { listing: Listing::from(answer), replayed };
        CreateListingPayload::of(made.map(success))
    }

    /// Changes a listing: omitted fields stay unchanged.
    async fn update_listing(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to change.")] input: UpdateListingInput,
    ) -> Result<UpdateListingPayload> {
        UpdateListingPayload::of(update(ctx.app(), ctx.member()?, input).await)
    }

    /// Publishes a listing, so that guests can find and book it.
    async fn publish_listing(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The listing.")] input: PublishListingInput,
    ) -> Result<PublishListingPayload> {
        PublishListingPayload::of(publish(ctx.app(), ctx.member()?, input).await)
    }

    /// Unlists a listing. Bookings are not affected.
    async fn unlist_listing(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The listing.")] input: UnlistListingInput,
    ) -> Result<UnlistListingPayload> {
        UnlistListingPayload::of(unlist(ctx.app(), ctx.member()?, input).await)
    }

    /// Deletes a draft. A listing that was ever published can only be unlisted.
    async fn delete_listing(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The listing.")] input: DeleteListingInput,
    ) -> Result<DeleteListingPayload> {
        DeleteListingPayload::of(delete(ctx.app(), ctx.member()?, input).await)
    }

    /// Sets the price and limits of single nights.
    async fn set_night_prices(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The nights, prices and limits.")] input: SetNightPricesInput,
    ) -> Result<SetNightPricesPayload> {
        SetNightPricesPayload::of(set_night_prices(ctx.app(), ctx.member()?, input).await)
    }
}

async fn update(app: &App, host: &Member, input: UpdateListingInput) -> error::Result<UpdateListingSuccess> {
    let id = listing_id(&input.listing_id)?;
    let updated = listings::update(app, host, id, &input.into()).await?;
    let affected_bookings = updated.affected.into_iter().map(|booking| Booking(Arc::new(booking))).collect();
    Ok(UpdateListingSuccess { listing: updated.listing.into(), affected_bookings })
}

async fn publish(app: &App, host: &Member, input: PublishListingInput) -> error::Result<PublishListingSuccess> {
    let row = listings::publish(app, &host.verified()?, listing_id(&input.listing_id)?).await?;
    Ok(PublishListingSuccess { listing: row.into() })
}

async fn unlist(app: &App, host: &Member, input: UnlistListingInput) -> error::Result<UnlistListingSuccess> {
    let row = listings::unlist(app, host, listing_id(&input.listing_id)?).await?;
    Ok(UnlistListingSuccess { listing: row.into() })
}

async fn delete(app: &App, host: &Member, input: DeleteListingInput) -> error::Result<DeleteListingSuccess> {
    listings::delete(app, host, listing_id(&input.listing_id)?).await?;
    Ok(DeleteListingSuccess { id: input.listing_id })
}

async fn set_night_prices(
    app: &App,
    host: &Member,
    input: SetNightPricesInput,
) -> error::Result<SetNightPricesSuccess> {
    let id = listing_id(&input.listing_id)?;
    let (nights, currency) = calendar::set_night_prices(app, host, id, &input.into()).await?;
    Ok(SetNightPricesSuccess { nights: NightAvailability::all(nights, currency) })
}

/// The listing was created.
#[derive(SimpleObject)]
pub struct CreateListingSuccess {
    /// The listing, a draft.
    listing: Listing,
    /// Whether this is the stored response of an earlier request with the same key.
    replayed: bool,
}

/// The draft was deleted.
#[derive(SimpleObject)]
pub struct DeleteListingSuccess {
    /// The id of the deleted draft.
    id: ID,
}

/// The listing was changed.
#[derive(SimpleObject)]
pub struct UpdateListingSuccess {
    /// The listing as it is now.
    listing: Listing,
    /// A warning when the listing has moved: open bookings that keep their original place, earliest check-in first, at most 100. Their guests get an event. Empty when the listing has not moved.
    affected_bookings: Vec<Booking>,
}

/// The listing was published.
#[derive(SimpleObject)]
pub struct PublishListingSuccess {
    /// The listing as it is now.
    listing: Listing,
}

/// The listing was unlisted.
#[derive(SimpleObject)]
pub struct UnlistListingSuccess {
    /// The listing as it is now.
    listing: Listing,
}

/// Prices and limits were set.
#[derive(SimpleObject)]
pub struct SetNightPricesSuccess {
    /// The nights as they are now.
    nights: Vec<NightAvailability>,
}

payload! {
    /// The result of `createListing`.
    CreateListingPayload(CreateListingSuccess) {
        InvalidInput => InvalidInputProblem,
        IdempotencyConflict => IdempotencyConflictProblem,
        TooManyAttempts => TooManyAttemptsProblem,
        FeatureOff => FeatureOffProblem,
    }
}
payload! {
    /// The result of `updateListing`.
    UpdateListingPayload(UpdateListingSuccess) {
        InvalidInput => InvalidInputProblem,
        NotFound => NotFoundProblem,
        ListingIncomplete => ListingIncompleteProblem,
    }
}
payload! {
    /// The result of `publishListing`.
    PublishListingPayload(PublishListingSuccess) {
        EmailNotVerified => EmailNotVerifiedProblem,
        TermsNotAccepted => TermsNotAcceptedProblem,
        NotFound => NotFoundProblem,
        ListingIncomplete => ListingIncompleteProblem,
        ListingState => ListingStateProblem,
        FeatureOff => FeatureOffProblem,
    }
}
payload! {
    /// The result of `unlistListing`.
    UnlistListingPayload(UnlistListingSuccess) {
        NotFound => NotFoundProblem,
        ListingState => ListingStateProblem,
    }
}
payload! {
    /// The result of `deleteListing`.
    DeleteListingPayload(DeleteListingSuccess) {
        NotFound => NotFoundProblem,
        ListingState => ListingStateProblem,
    }
}
payload! {
    /// The result of `setNightPrices`.
    SetNightPricesPayload(SetNightPricesSuccess) {
        InvalidInput => InvalidInputProblem,
        NotFound => NotFoundProblem,
    }
}
