//! Hosts create, change and publish listings.

use std::sync::Arc;

use chrono::NaiveTime;

use super::{
    Amenity, Home, Listing, ListingWithCover, Origin, Photo, Place, Pricing, Ratings, Rules, Words,
    access::{self, HostOf},
    apply, booked,
    changes::Changes,
    checks,
};
use crate::{
    app::App,
    events::{self, NewChange},
    features,
    idempotency::{self, Idempotent},
    limits,
    privacy::consents,
};
use auth::{Member, VerifiedMember};
use mysql_engine::Conn;
use store::bookings::Booking;
use types::{
    CancellationPolicy, ChangeKind, Currency, Feature, IdempotencyKey, ListingId, ListingStatus, Permission, Point,
    PropertyType, RoomType, Timestamp, UserId,
    error::{Error, ListingIncomplete, ListingState, Refusal, Result, Validation},
};

/// Creates a listing of `host`, as a draft.
///
/// # Errors
/// [`Refusal::InvalidInput`] when a field is missing or out of bounds, [`Refusal::IdempotencyConflict`] when `key` was used for another
/// listing, [`Refusal::TooManyAttempts`] when `host` creates too many.
pub async fn create(
    app: &App,
    host: &Member,
    new: &Changes,
    key: Option<&IdempotencyKey>,
) -> Result<Idempotent<Arc<ListingWithCover>>> {
    features::require(app, Feature::Listings).await?;
    let now = app.now();
    let mut listing = blank(ListingId::new(now, &*app.entropy), host, now);
    let mut validation = Validation::of(&new.malformed);
    apply::require(new, &mut validation);
    apply::apply(new, &mut listing, now, &mut validation);
    let related = RelatedRows::of(listing.id, new, &mut validation);
    validation.finish()?;
    let request = key.map(|key| idempotency::request(host, "createListing", key, new)).transpose()?;
    app.database
        .transaction(async |tx| {
            if let Some(request) = &request
                && let Some(earlier) = idempotency::claim(tx, request, now).await?
            {
                return Ok(Idempotent { answer: created(tx, host, earlier.answer).await?, replayed: true });
            }
            limits::take(tx, &app.limits.drafts, &[host.id().as_bytes()], now).await?;
            store::listings::insert(tx, &listing).await?;
            related.write(tx, listing.id).await?;
            if let Some(request) = &request {
                idempotency::store(tx, request, listing.id).await?;
            }
            let created = Idempotent::new(with_cover(tx, listing.clone()).await?);
            append(app, tx, (&[ChangeKind::ListingCreated], host.id()), &listing, now).await?;
            Ok(created)
        })
        .await
}

/// The listing that an earlier request with the same key has created.
async fn created(tx: &mut Conn, host: &Member, id: ListingId) -> Result<Arc<ListingWithCover>> {
    let listing = store::listings::visible(tx, host.id(), &[id]).await?.pop().map(Arc::new);
    let deleted =
        || Error::invalid(&["idempotencyKey"], "The listing created with this key was deleted. Use a new key.");
    listing.ok_or_else(deleted)
}

/// Deletes a draft of `host`, with everything that belongs to it. A draft was never visible to others.
///
/// # Errors
/// [`Refusal::NotFound`] when it is not `host`'s, [`Refusal::ListingState`] when it is not a draft.
pub async fn delete(app: &App, host: &Member, id: ListingId) -> Result<()> {
    app.database
        .transaction(async |tx| {
            let listing = access::lock(tx, host, id, Permission::Own).await?.into_listing();
            if listing.status != ListingStatus::Draft {
                return Err(Refusal::ListingState(ListingState { status: listing.status }).into());
            }
            store::listings::delete(tx, id).await?;
            append(app, tx, (&[ChangeKind::ListingDeleted], host.id()), &listing, app.now()).await
        })
        .await
}

/// The result of a change of a listing.
#[derive(Debug, Clone)]
pub struct Updated {
    /// The listing now.
    pub listing: Arc<ListingWithCover>,
    /// Open bookings that keep the old place, the earliest check-in first, at most 100.
    pub affected: Vec<Booking>,
}

/// Changes a listing of `host`, or one that they help to edit. Bookings keep the place, the hours and the currency that they were made with.
///
/// # Errors
/// [`Refusal::NotFound`] when it is not `host`'s, [`Refusal::InvalidInput`] when a field is out of bounds, [`Refusal::ListingIncomplete`]
/// when a published listing would lose required fields.
pub async fn update(app: &App, host: &Member, id: ListingId, changes: &Changes) -> Result<Updated> {
    let now = app.now();
    let updated = app
        .database
        .transaction(async |tx| {
            let open = booked::lock_open(tx, host, (id, changes), now).await?;
            let before = access::lock(tx, host, id, Permission::EditListing).await?.into_listing();
            // Checked again: a booking may have been made meanwhile. From here on new bookings wait for this change.
            let open = if open.is_some() { booked::lock_open(tx, host, (id, changes), now).await? } else { open };
            let open = open.unwrap_or_default();
            let mut listing = before.clone();
            let mut validation = Validation::of(&changes.malformed);
            apply::apply(changes, &mut listing, now, &mut validation);
            let related = RelatedRows::of(id, changes, &mut validation);
            booked::check_currency(tx, &before, &listing, now, &mut validation).await?;
            validation.finish()?;
            refuse_incomplete(&listing, changes)?;
            booked::preserve_places(tx, &before, &listing).await?;
            store::listings::update(tx, &listing).await?;
            related.write(tx, id).await?;
            let with_cover = with_cover(tx, listing).await?;
            let kinds = related.changes();
            let affected =
                booked::append_with_move(app, tx, host.id(), (&before, &with_cover.listing), open, (kinds, now))
                    .await?;
            Ok::<_, Error>(Updated { listing: with_cover, affected })
        })
        .await?;
    updated.affected.iter().for_each(|booking| events::announce(app, booking));
    Ok(updated)
}

/// Refuses changes that remove what a published listing needs.
fn refuse_incomplete(listing: &Listing, changes: &Changes) -> Result<()> {
    let loses = [
        ("description", changes.description.is_some() && listing.words.description.is_empty()),
        ("photos", changes.photos.as_ref().is_some_and(Vec::is_empty)),
    ];
    let missing: Vec<String> = loses.iter().filter(|(_, loses)| *loses).map(|(name, _)| (*name).into()).collect();
    let is_complete = matches!(listing.status, ListingStatus::Published | ListingStatus::Suspended);
    if is_complete && !missing.is_empty() {
        return Err(Refusal::ListingIncomplete(ListingIncomplete { missing }).into());
    }
    Ok(())
}

/// Publishes a listing of `host`, or one that they help to edit: guests can find and book it. No change if it is published already.
///
/// # Errors
/// [`Refusal::NotFound`] when it is not `host`'s, [`Refusal::ListingIncomplete`] when it has no description or no picture,
/// [`Refusal::ListingState`] when it is suspended, or its host is.
pub async fn publish(app: &App, host: &VerifiedMember, id: ListingId) -> Result<Arc<ListingWithCover>> {
    features::require(app, Feature::Listings).await?;
    consents::require(app, &mut app.conn().await?, host.id()).await?;
    let now = app.now();
    let published = app
        .database
        .transaction(async |tx| {
            let host_of = access::lock(tx, host, id, Permission::EditListing).await?;
            let mut listing = host_of.listing().clone();
            if listing.status == ListingStatus::Suspended {
                return Err(Refusal::ListingState(ListingState { status: listing.status }).into());
            }
            let cover = store::photos::cover(tx, id).await?;
            if listing.status == ListingStatus::Published {
                return Ok(Arc::new(ListingWithCover { listing, cover }));
            }
            let needs = [("description", !listing.words.description.is_empty()), ("photos", cover.is_some())];
            let missing: Vec<String> =
                needs.iter().filter(|(_, there)| !there).map(|(name, _)| (*name).into()).collect();
            if !missing.is_empty() {
                return Err(Refusal::ListingIncomplete(ListingIncomplete { missing }).into());
            }
            refuse_suspended(tx, &host_of).await?;
            listing.status = ListingStatus::Published;
            listing.published_at = listing.published_at.or(Some(now));
            listing.updated_at = now;
            store::listings::update(tx, &listing).await?;
            append(app, tx, (&[ChangeKind::ListingPublished], host.id()), &listing, now).await?;
            Ok::<_, Error>(Arc::new(ListingWithCover { listing, cover }))
        })
        .await?;
    // It can be the first in its time zone.
    app.zones.invalidate();
    Ok(published)
}

/// Refuses to publish for people who are suspended.
async fn refuse_suspended(tx: &mut Conn, host_of: &HostOf) -> Result<()> {
    // Their sessions have ended, but another server may not know it yet.
    if store::suspensions::share_of_person(tx, host_of.by()).await?.is_some() {
        return Err(Error::Unauthenticated);
    }
    let listing = host_of.listing();
    if !host_of.is_owner() && store::suspensions::share_of_person(tx, listing.host_id).await?.is_some() {
        return Err(Refusal::ListingState(ListingState { status: listing.status }).into());
    }
    Ok(())
}

/// Unlists a listing of `host`, or one that they help to edit. No change if it is unlisted already; a draft is refused.
///
/// # Errors
/// [`Refusal::NotFound`] when it is not `host`'s, [`Refusal::ListingState`] when it is a draft or suspended.
pub async fn unlist(app: &App, host: &Member, id: ListingId) -> Result<Arc<ListingWithCover>> {
    let now = app.now();
    app.database
        .transaction(async |tx| {
            let mut listing = access::lock(tx, host, id, Permission::EditListing).await?.into_listing();
            match listing.status {
                ListingStatus::Draft | ListingStatus::Suspended => {
                    Err(Refusal::ListingState(ListingState { status: listing.status }).into())
                }
                ListingStatus::Unlisted => with_cover(tx, listing).await,
                ListingStatus::Published => {
                    listing.status = ListingStatus::Unlisted;
                    listing.updated_at = now;
                    store::listings::update(tx, &listing).await?;
                    let unlisted = with_cover(tx, listing).await?;
                    append(app, tx, (&[ChangeKind::ListingUnlisted], host.id()), &unlisted.listing, now).await?;
                    Ok(unlisted)
                }
            }
        })
        .await
}

/// Appends changes of `listing`, which the transaction has locked or created, by `by`. Must be the last step of the transaction.
async fn append(
    app: &App,
    tx: &mut Conn,
    (kinds, by): (&[ChangeKind], UserId),
    listing: &Listing,
    now: Timestamp,
) -> Result<()> {
    let change = |kind: &ChangeKind| NewChange::listing(*kind, listing.id, by);
    events::append_changes(app, tx, &kinds.iter().map(change).collect::<Vec<_>>(), now).await
}

/// `listing` with its cover, as it is now.
async fn with_cover(tx: &mut Conn, listing: Listing) -> Result<Arc<ListingWithCover>> {
    let cover = store::photos::cover(tx, listing.id).await?;
    Ok(Arc::new(ListingWithCover { listing, cover }))
}

/// Checked values of a listing that have their own tables.
struct RelatedRows {
    amenities: Option<Vec<Amenity>>,
    photos: Option<Vec<Photo>>,
}

impl RelatedRows {
    fn of(listing: ListingId, changes: &Changes, validation: &mut Validation) -> Self {
        let amenities = changes.amenities.as_deref().map(checks::amenities);
        let photos = changes.photos.as_deref().map(|photos| checks::photos(listing, photos));
        Self {
            amenities: amenities.and_then(|amenities| validation.check(amenities)),
            photos: photos.and_then(|photos| validation.check(photos)),
        }
    }

    /// The kinds of events of an update with them.
    fn changes(&self) -> &'static [ChangeKind] {
        match self.photos {
            Some(_) => &[ChangeKind::ListingUpdated, ChangeKind::PhotosReplaced],
            None => &[ChangeKind::ListingUpdated],
        }
    }

    async fn write(&self, tx: &mut Conn, listing: ListingId) -> Result<()> {
        if let Some(amenities) = &self.amenities {
            store::amenities::replace(tx, listing, amenities).await?;
        }
        if let Some(photos) = &self.photos {
            store::photos::replace(tx, listing, photos).await?;
        }
        Ok(())
    }
}

/// A listing with defaults. Its place, price and types are placeholders for required fields; everything else has the contract's defaults.
fn blank(id: ListingId, host: &Member, now: Timestamp) -> Listing {
    Listing {
        id,
        host_id: host.id(),
        status: ListingStatus::Draft,
        words: Words { title: String::new(), description: String::new(), neighborhood_overview: None },
        home: Home {
            room_type: RoomType::EntireHome,
            property_type: PropertyType::Other,
            property_label: String::new(),
            max_guests: 1,
            bedrooms: None,
            beds: None,
            bathroom_halves: None,
            bathrooms_shared: false,
        },
        place: Place::new(String::new(), Point { latitude: 0.0, longitude: 0.0 }, String::new()),
        pricing: Pricing {
            currency: Currency::EUR,
            base_price: 0,
            weekend_price: None,
            cleaning_fee: 0,
            extra_guest_fee: 0,
            guests_included: 1,
            pet_fee: 0,
            weekly_discount: 0,
            monthly_discount: 0,
        },
        rules: usual_rules(),
        ratings: Ratings::default(),
        origin: Origin::default(),
        created_at: now,
        updated_at: now,
        published_at: None,
    }
}

fn usual_rules() -> Rules {
    let hour = |hour| NaiveTime::MIN + chrono::Duration::hours(hour);
    Rules {
        check_in_from: hour(15),
        check_out_by: hour(11),
        min_nights: 1,
        max_nights: 365,
        advance_notice_hours: 0,
        preparation_nights: 0,
        booking_window_days: 365,
        pets_allowed: false,
        instant_book: false,
        cancellation_policy: CancellationPolicy::Flexible,
    }
}
