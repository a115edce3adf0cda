//! What hosts do with their listings.

use std::sync::Arc;

use chrono::NaiveTime;

use super::{Amenity, Home, Listing, Origin, Photo, Ratings, Rules, Shown, Words, changes::Changes, checks};
use crate::{
    app::App,
    auth::Member,
    error::{Error, ListingIncomplete, ListingState, Refusal, Result},
    store::{self, Conn},
    types::{CancellationPolicy, ListingId, ListingStatus, PropertyType, RoomType, Timestamp},
};

/// Makes a listing of `host`, as a draft.
///
/// # Errors
/// [`Refusal::InvalidInput`] when a field is missing or out of bounds.
pub async fn create(app: &App, host: &Member, new: &Changes) -> Result<Arc<Shown>> {
    let now = app.now();
    let mut listing = draft(ListingId::new(now, &*app.entropy), host, new, now)?;
    apply(&mut listing, new, now)?;
    let belongings = Belongings::of(listing.id, new)?;
    app.database
        .transaction(async |tx| {
            store::listings::insert(tx, &listing).await?;
            belongings.write(tx, listing.id).await?;
            shown(tx, listing.clone()).await
        })
        .await
}

/// Changes a listing of `host`.
///
/// # Errors
/// [`Refusal::NotFound`] when it is not `host`'s, [`Refusal::InvalidInput`] when a field is out of bounds.
pub async fn update(app: &App, host: &Member, id: ListingId, changes: &Changes) -> Result<Arc<Shown>> {
    let now = app.now();
    let belongings = Belongings::of(id, changes)?;
    app.database
        .transaction(async |tx| {
            let mut listing = lock_own(tx, host, id).await?;
            let currency = listing.pricing.currency;
            apply(&mut listing, changes, now)?;
            if listing.pricing.currency != currency && store::night_rates::has_prices(tx, id).await? {
                let message = format!(
                    "Some nights have prices of their own in {currency}. Set them back before you change the currency."
                );
                return Err(Error::invalid(&["pricing", "currency"], message));
            }
            store::listings::update(tx, &listing).await?;
            belongings.write(tx, id).await?;
            shown(tx, listing).await
        })
        .await
}

/// Lets guests find and book a listing of `host`. One that is published already stays so.
///
/// # Errors
/// [`Refusal::NotFound`] when it is not `host`'s, [`Refusal::ListingIncomplete`] when it has no description or no picture.
pub async fn publish(app: &App, host: &Member, id: ListingId) -> Result<Arc<Shown>> {
    let now = app.now();
    let published = app
        .database
        .transaction(async |tx| {
            let mut listing = lock_own(tx, host, id).await?;
            let cover = store::photos::cover(tx, id).await?;
            if listing.status == ListingStatus::Published {
                return Ok(Arc::new(Shown { listing, cover }));
            }
            let needs = [("description", !listing.words.description.is_empty()), ("photos", cover.is_some())];
            let missing: Vec<String> =
                needs.iter().filter(|(_, there)| !there).map(|(name, _)| (*name).into()).collect();
            if !missing.is_empty() {
                return Err(Refusal::ListingIncomplete(ListingIncomplete { missing }).into());
            }
            listing.status = ListingStatus::Published;
            listing.published_at = listing.published_at.or(Some(now));
            listing.updated_at = now;
            store::listings::update(tx, &listing).await?;
            Ok::<_, Error>(Arc::new(Shown { listing, cover }))
        })
        .await?;
    // It may be the first in its time zone.
    app.zones.forget();
    Ok(published)
}

/// Takes a listing of `host` off. One that is off already stays so; a draft was never on.
///
/// # Errors
/// [`Refusal::NotFound`] when it is not `host`'s, [`Refusal::ListingState`] when it is a draft.
pub async fn unlist(app: &App, host: &Member, id: ListingId) -> Result<Arc<Shown>> {
    let now = app.now();
    app.database
        .transaction(async |tx| {
            let mut listing = lock_own(tx, host, id).await?;
            match listing.status {
                ListingStatus::Draft => Err(Refusal::ListingState(ListingState { status: listing.status }).into()),
                ListingStatus::Unlisted => shown(tx, listing).await,
                ListingStatus::Published => {
                    listing.status = ListingStatus::Unlisted;
                    listing.updated_at = now;
                    store::listings::update(tx, &listing).await?;
                    shown(tx, listing).await
                }
            }
        })
        .await
}

/// `listing` with its cover, as it is now.
async fn shown(tx: &mut Conn, listing: Listing) -> Result<Arc<Shown>> {
    let cover = store::photos::cover(tx, listing.id).await?;
    Ok(Arc::new(Shown { listing, cover }))
}

/// The listing `id` of `host`, locked until the transaction ends.
///
/// # Errors
/// [`Refusal::NotFound`] when it does not exist or is another's.
pub async fn lock_own(tx: &mut Conn, host: &Member, id: ListingId) -> Result<Listing> {
    let listing = store::listings::lock(tx, id).await?.filter(|listing| listing.host_id == host.id());
    listing.ok_or_else(|| Error::not_found("listingId", "listing"))
}

/// What a listing has in tables of its own, checked.
struct Belongings {
    amenities: Option<Vec<Amenity>>,
    photos: Option<Vec<Photo>>,
}

impl Belongings {
    fn of(listing: ListingId, changes: &Changes) -> Result<Self> {
        Ok(Self {
            amenities: changes.amenities.as_deref().map(checks::amenities).transpose()?,
            photos: changes.photos.as_deref().map(|photos| checks::photos(listing, photos)).transpose()?,
        })
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

/// A new listing with what it cannot be without. Everything else is as the contract says of fields that are left out.
fn draft(id: ListingId, host: &Member, new: &Changes, now: Timestamp) -> Result<Listing> {
    let missing = |field: &str| Error::invalid(&[field], format!("`{field}` is missing."));
    let max_guests = new.max_guests.ok_or_else(|| missing("maxGuests"))?;
    let max_guests = checks::within(&["maxGuests"], max_guests, checks::GUESTS)?;
    let title = new.title.clone().ok_or_else(|| missing("title"))?;
    Ok(Listing {
        id,
        host_id: host.id(),
        status: ListingStatus::Draft,
        words: Words { title, description: String::new(), neighborhood_overview: None },
        home: Home {
            room_type: new.room_type.ok_or_else(|| missing("roomType"))?,
            property_type: new.property_type.ok_or_else(|| missing("propertyType"))?,
            property_label: String::new(),
            max_guests,
            bedrooms: None,
            beds: None,
            bathroom_halves: None,
            bathrooms_shared: false,
        },
        place: checks::place(new.place.as_ref().ok_or_else(|| missing("place"))?)?,
        pricing: checks::pricing(new.pricing.as_ref().ok_or_else(|| missing("pricing"))?, max_guests)?,
        rules: usual_rules(),
        ratings: Ratings::default(),
        origin: Origin::default(),
        created_at: now,
        updated_at: now,
        published_at: None,
    })
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

/// Writes `changes` into `listing`, as far as they are inside their bounds.
fn apply(listing: &mut Listing, changes: &Changes, now: Timestamp) -> Result<()> {
    apply_words(&mut listing.words, changes)?;
    apply_home(&mut listing.home, changes)?;
    if let Some(place) = &changes.place {
        listing.place = checks::place(place)?;
    }
    apply_pricing(listing, changes)?;
    let rules = &mut listing.rules;
    if let Some(new) = &changes.rules {
        checks::rules(new, rules)?;
    }
    if let Some(policy) = changes.cancellation_policy {
        rules.cancellation_policy = checks::policy(policy)?;
    }
    rules.check_in_from = changes.check_in_from.unwrap_or(rules.check_in_from);
    rules.check_out_by = changes.check_out_by.unwrap_or(rules.check_out_by);
    rules.instant_book = changes.instant_book.unwrap_or(rules.instant_book);
    listing.updated_at = now;
    Ok(())
}

fn apply_words(words: &mut Words, changes: &Changes) -> Result<()> {
    if let Some(title) = &changes.title {
        words.title = checks::line(&["title"], title, 1..=120)?;
    }
    if let Some(description) = &changes.description {
        let text = description.as_deref().unwrap_or_default();
        words.description = checks::paragraphs(&["description"], text, 10_000)?;
    }
    if let Some(overview) = &changes.neighborhood_overview {
        let text = overview.as_deref().unwrap_or_default();
        let text = checks::paragraphs(&["neighborhoodOverview"], text, 5_000)?;
        words.neighborhood_overview = (!text.is_empty()).then_some(text);
    }
    Ok(())
}

fn apply_home(home: &mut Home, changes: &Changes) -> Result<()> {
    let count = |name, number: Option<i32>, most| number.map(|n| checks::within(&[name], n, 0..=most)).transpose();
    let kind = (home.room_type, home.property_type);
    home.room_type = changes.room_type.unwrap_or(home.room_type);
    home.property_type = changes.property_type.unwrap_or(home.property_type);
    // An imported listing keeps its own words until it becomes something else.
    if home.property_label.is_empty() || kind != (home.room_type, home.property_type) {
        home.property_label = label(home.room_type, home.property_type);
    }
    if let Some(bedrooms) = changes.bedrooms {
        home.bedrooms = count("bedrooms", bedrooms, 50)?;
    }
    if let Some(beds) = changes.beds {
        home.beds = count("beds", beds, 100)?;
    }
    if let Some(bathrooms) = changes.bathrooms {
        home.bathroom_halves = bathrooms.map(checks::bathroom_halves).transpose()?;
    }
    home.bathrooms_shared = changes.bathrooms_shared.unwrap_or(home.bathrooms_shared);
    Ok(())
}

/// Prices depend on how many guests the place takes, so both change together.
fn apply_pricing(listing: &mut Listing, changes: &Changes) -> Result<()> {
    let (home, pricing) = (&mut listing.home, &mut listing.pricing);
    if let Some(guests) = changes.max_guests {
        let guests = checks::within(&["maxGuests"], guests, checks::GUESTS)?;
        let includes_all = pricing.guests_included >= home.max_guests;
        home.max_guests = guests;
        pricing.guests_included = if includes_all { guests } else { pricing.guests_included.min(guests) };
    }
    if let Some(new) = &changes.pricing {
        *pricing = checks::pricing(new, home.max_guests)?;
    }
    Ok(())
}

/// The kind of place in words: `Private room in house`.
fn label(room: RoomType, property: PropertyType) -> String {
    let property = match property {
        PropertyType::Apartment => "apartment",
        PropertyType::Condo => "condo",
        PropertyType::ServicedApartment => "serviced apartment",
        PropertyType::Loft => "loft",
        PropertyType::House => "house",
        PropertyType::Townhouse => "townhouse",
        PropertyType::Villa => "villa",
        PropertyType::Bungalow => "bungalow",
        PropertyType::Guesthouse => "guesthouse",
        PropertyType::BedAndBreakfast => "bed and breakfast",
        PropertyType::Hotel => "hotel",
        PropertyType::Hostel => "hostel",
        PropertyType::UniqueStay => "unique stay",
        PropertyType::Other => "place",
    };
    match room {
        RoomType::EntireHome => format!("Entire {property}"),
        RoomType::PrivateRoom => format!("Private room in {property}"),
        RoomType::SharedRoom => format!("Shared room in {property}"),
        RoomType::HotelRoom => format!("Room in {property}"),
    }
}
