//! The listing.

use std::sync::Arc;

use async_graphql::{Context, ID, Object};
use graphql_direct::{Direct, InMemory, Indirect, direct};

use super::{Amenity, ListingPricing, Photo, Place, RatingSummary, StayRules};
use crate::{
    calendar::{NightAvailability, range},
    co_hosts::{self, CoHost, CoHostInvitation},
    context::ContextExt,
    error::{Fault, Result},
    loaders::{AmenitiesOf, NightsOf, PhotosOf, ReviewsOf},
    pages::{self, Cursored},
    prices::StayPrice,
    reviews::ReviewConnection,
    stays::StayInput,
    users::{self, User},
};
use domain::{
    calendar, estimates, listings,
    reviews::{self, OfListing},
};
use types::scalars::{Cursor, Date, LocalTime, TimeZone};
use types::{CancellationPolicy, ListingId, ListingStatus, Page, PageOf, PropertyType, RoomType, Timestamp, error};

/// A listing that is visible to the viewer.
#[derive(Debug, Clone)]
pub struct Listing(pub Arc<listings::ListingWithCover>);

impl From<Arc<listings::ListingWithCover>> for Listing {
    fn from(row: Arc<listings::ListingWithCover>) -> Self {
        Self(row)
    }
}

/// A place to stay.
#[direct]
#[Object]
impl Listing {
    /// Opaque id, `lst_…`.
    pub async fn id(&self) -> ID {
        self.0.id.to_string().into()
    }

    /// Whether guests can find and book it.
    async fn status(&self) -> ListingStatus {
        self.0.status
    }

    /// Title, plain text.
    async fn title(&self) -> &str {
        &self.0.words.title
    }

    /// Description, plain text with newlines; empty when there is none.
    async fn description(&self) -> &str {
        &self.0.words.description
    }

    /// The host's description of the neighborhood, plain text; null when there is none.
    async fn neighborhood_overview(&self) -> Option<&str> {
        self.0.words.neighborhood_overview.as_deref()
    }

    /// How much of the place the guest gets.
    async fn room_type(&self) -> RoomType {
        self.0.home.room_type
    }

    /// Type of the building.
    async fn property_type(&self) -> PropertyType {
        self.0.home.property_type
    }

    /// The host's own name for the type of place, such as `Private room in home`.
    async fn property_label(&self) -> &str {
        &self.0.home.property_label
    }

    /// Maximum number of guests, including children, without infants and pets.
    async fn max_guests(&self) -> u16 {
        self.0.home.max_guests
    }

    /// Number of bedrooms; null when unknown, often a studio.
    async fn bedrooms(&self) -> Option<u16> {
        self.0.home.bedrooms
    }

    /// Number of beds; null when unknown.
    async fn beds(&self) -> Option<u16> {
        self.0.home.beds
    }

    /// Number of bathrooms, in steps of 0.5; null when unknown.
    async fn bathrooms(&self) -> Option<f64> {
        self.0.home.bathroom_halves.map(|halves| f64::from(halves) / 2.0)
    }

    /// Whether bathrooms are shared with others.
    async fn bathrooms_shared(&self) -> bool {
        self.0.home.bathrooms_shared
    }

    /// Amenities in order of their names, at most 100.
    #[direct(in_memory = kept_amenities, of = Vec<Amenity>)]
    async fn amenities(&self, ctx: &Context<'_>) -> Option<Result<Direct<Vec<Amenity>>>> {
        let offers = ctx.load(AmenitiesOf(self.0.id)).await;
        Some(offers.map(|rows| Direct(all(rows.as_deref()))))
    }

    /// Photos in the host's order, cover photo first.
    #[direct(in_memory = kept_photos, of = Vec<Photo>)]
    async fn photos(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Maximum number of items, 1 to 100.", default_with = "Some(20)")] first: Option<i32>,
    ) -> Option<Result<Direct<Vec<Photo>>>> {
        Some(photos(ctx, self.0.id, first).await.map(Direct))
    }

    /// The first photo; null when there is none.
    async fn cover_photo(&self) -> Option<Photo> {
        self.0.cover.clone().map(Into::into)
    }

    /// The host.
    #[direct(in_memory = kept_host, of = Option<User>)]
    async fn host(&self, ctx: &Context<'_>) -> Option<Result<User>> {
        users::find_user(ctx, self.0.host_id).await.transpose()
    }

    /// Approximate location; the exact location is in `TripDetails`.
    async fn place(&self) -> Place {
        (&self.0.place).into()
    }

    /// Time zone of the place, used for check-in days and nights.
    async fn time_zone(&self) -> TimeZone {
        TimeZone(self.0.place.time_zone.clone())
    }

    /// Earliest arrival on the check-in day.
    async fn check_in_from(&self) -> LocalTime {
        LocalTime(self.0.rules.check_in_from)
    }

    /// Latest departure on the check-out day.
    async fn check_out_by(&self) -> LocalTime {
        LocalTime(self.0.rules.check_out_by)
    }

    /// Prices and fees.
    async fn pricing(&self) -> ListingPricing {
        self.0.pricing.into()
    }

    /// Which stays are allowed.
    async fn rules(&self) -> StayRules {
        self.0.rules.into()
    }

    /// Whether guests can book without a response from the host.
    async fn instant_book(&self) -> bool {
        self.0.rules.instant_book
    }

    /// Cancellation policy for stays up to 27 nights.
    async fn cancellation_policy(&self) -> CancellationPolicy {
        self.0.rules.cancellation_policy
    }

    /// Ratings by guests.
    async fn rating(&self) -> RatingSummary {
        RatingSummary::of(&self.0)
    }

    /// Published reviews, newest first.
    #[direct(in_memory = kept_reviews, of = ReviewConnection)]
    async fn reviews(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Maximum number of items, 1 to 100.", default_with = "Some(20)")] first: Option<i32>,
        #[graphql(desc = "Start after this cursor.")] after: Option<Cursor>,
    ) -> Option<Result<Direct<ReviewConnection>>> {
        Some(reviews(ctx, self.0.id, first, after).await.map(Direct))
    }

    /// The current price of a stay, for any viewer, signed in or anonymous. It locks nothing: `quoteStay` locks the price.
    async fn price(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The stay.")] stay: StayInput,
    ) -> Option<Result<StayPrice>> {
        Some(price(ctx, &self.0, stay).await)
    }

    /// Each night of a range, with the reasons if it cannot be booked.
    async fn availability(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "First night.")] from: Date,
        #[graphql(desc = "Day after the last night, at most 366 nights later.")] to: Date,
    ) -> Option<Result<Vec<NightAvailability>>> {
        Some(availability(ctx, &self.0, from, to).await)
    }

    /// The people who help with the listing, first accepted first, at most 10; null when the viewer is not its host.
    async fn co_hosts(&self, ctx: &Context<'_>) -> Option<Result<Vec<CoHost>>> {
        co_hosts::of_listing(ctx, &self.0).await.transpose()
    }

    /// The invitations to help with the listing that wait for an answer, oldest first, at most 10; null when the viewer is not its host.
    async fn co_host_invitations(&self, ctx: &Context<'_>) -> Option<Result<Vec<CoHostInvitation>>> {
        co_hosts::invitations_of_listing(ctx, &self.0).await.transpose()
    }

    /// When it was created.
    async fn created_at(&self) -> Timestamp {
        self.0.created_at
    }

    /// When it was first published; null if never.
    async fn published_at(&self) -> Option<Timestamp> {
        self.0.published_at
    }
}

/// Rows as objects; none when there is no list of rows.
fn all<R: Clone + Into<T>, T>(rows: Option<&[R]>) -> Vec<T> {
    rows.unwrap_or_default().iter().cloned().map(Into::into).collect()
}

fn kept_amenities(listing: &Listing, ctx: &Context<'_>) -> InMemory<Vec<Amenity>> {
    Ok(all(Some(&*ctx.kept(&AmenitiesOf(listing.0.id))?)))
}

fn kept_host(listing: &Listing, ctx: &Context<'_>) -> InMemory<Option<User>> {
    users::kept_user(ctx, listing.0.host_id)
}

fn photos_of(listing: ListingId, first: Option<i32>) -> Result<PhotosOf> {
    let page = Page::<()>::new(first, None).map_err(error::Error::from)?;
    Ok(PhotosOf { listing, first: u16::try_from(page.first).unwrap_or(u16::MAX) })
}

async fn photos(ctx: &Context<'_>, listing: ListingId, first: Option<i32>) -> Result<Vec<Photo>> {
    Ok(all(ctx.load(photos_of(listing, first)?).await?.as_deref()))
}

fn kept_photos(listing: &Listing, ctx: &Context<'_>) -> InMemory<Vec<Photo>> {
    let key = photos_of(listing.0.id, pages::first_of(ctx)?).map_err(|_| Indirect)?;
    Ok(all(Some(&*ctx.kept(&key)?)))
}

fn reviews_of(listing: ListingId, first: Option<i32>, after: Option<&Cursor>) -> Result<ReviewsOf> {
    Ok(ReviewsOf(OfListing { listing, page: pages::newest(first, after)? }))
}

fn page_of_reviews(rows: Option<Arc<PageOf<Arc<reviews::Review>>>>) -> ReviewConnection {
    let rows = rows.map_or_else(PageOf::default, Arc::unwrap_or_clone);
    Cursored::new(rows, |row| reviews::place(row).to_cursor()).into()
}

async fn reviews(
    ctx: &Context<'_>,
    listing: ListingId,
    first: Option<i32>,
    after: Option<Cursor>,
) -> Result<ReviewConnection> {
    Ok(page_of_reviews(ctx.load(reviews_of(listing, first, after.as_ref())?).await?))
}

fn kept_reviews(listing: &Listing, ctx: &Context<'_>) -> InMemory<ReviewConnection> {
    let (first, after) = (pages::first_of(ctx)?, pages::after_of(ctx)?);
    let key = reviews_of(listing.0.id, first, after.as_ref()).map_err(|_| Indirect)?;
    Ok(page_of_reviews(Some(ctx.kept(&key)?)))
}

async fn price(ctx: &Context<'_>, listing: &listings::Listing, stay: StayInput) -> Result<StayPrice> {
    let (stay, guests) = stay.parse().map_err(|wrong| wrong.in_argument(&["stay"]))?;
    let exceptions = ctx.load(NightsOf((listing.id, stay))).await?.unwrap_or_default();
    let app = ctx.app();
    Ok(estimates::of(&app.time_zones(), listing, &exceptions, stay, guests, app.now())?.into())
}

async fn availability(
    ctx: &Context<'_>,
    listing: &listings::Listing,
    from: Date,
    to: Date,
) -> Result<Vec<NightAvailability>> {
    let range = range(from, to)?;
    let exceptions = ctx.load(NightsOf((listing.id, range))).await?.unwrap_or_default();
    let nights = calendar::availability(&ctx.app().time_zones(), listing, &exceptions, range, ctx.app().now())
        .map_err(Fault::from)?;
    Ok(NightAvailability::all(nights, listing.pricing.currency))
}
