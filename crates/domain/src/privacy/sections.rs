//! The parts of an export as JSON: the format that docs/privacy.md describes.

use serde_json::{Value, json};

use mysql_engine::Conn;
use store::{
    bookings::Booking,
    exported::{self, Part as Range},
    listings::Listing,
    photos::Photo,
    quotes::Quote,
};
use types::{
    DataExportKind, FeedTopic, ObjectId, Page, PageError, UserId,
    error::{Error, Result},
};

/// The key of a part among those of its kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Position {
    /// An id.
    Id(ObjectId),
    /// A number.
    Number(u64),
}

impl Position {
    /// The cursor: an opaque text for clients.
    pub fn to_cursor(self) -> String {
        match self {
            Self::Id(id) => format!("part.i{:032x}", u128::from_be_bytes(*id.as_bytes())),
            Self::Number(number) => format!("part.n{number}"),
        }
    }

    /// From a cursor of [`Self::to_cursor`].
    ///
    /// # Errors
    /// [`PageError::Cursor`] when the text is something else.
    pub fn from_cursor(text: &str) -> Result<Self, PageError> {
        let read = || {
            let text = text.strip_prefix("part.")?;
            match text.strip_prefix('n') {
                Some(number) => number.parse().ok().map(Self::Number),
                None => {
                    let bits = u128::from_str_radix(text.strip_prefix('i')?, 16).ok()?;
                    Some(Self::Id(ObjectId::of_bytes(bits.to_be_bytes())))
                }
            }
        };
        // One position has one text.
        read().filter(|position| position.to_cursor() == text).ok_or(PageError::Cursor)
    }
}

/// A part of an export.
#[derive(Debug, Clone, PartialEq)]
pub struct Part {
    /// What it is.
    pub kind: DataExportKind,
    /// Its key.
    pub position: Position,
    /// Its data.
    pub data: Value,
}

/// At most `limit` parts of a kind after a position, in order.
///
/// # Errors
/// When the database fails, or the position is of another kind.
pub(super) async fn read(
    conn: &mut Conn,
    person: UserId,
    kind: DataExportKind,
    after: Option<Position>,
    limit: i64,
) -> Result<Vec<Part>> {
    let rows = match kind {
        DataExportKind::Profile
        | DataExportKind::Devices
        | DataExportKind::Passkeys
        | DataExportKind::LinkedProviders
        | DataExportKind::CoHosting
        | DataExportKind::Cases => few(conn, person, kind, after, limit).await?,
        DataExportKind::GuestEvents => events(conn, (person, FeedTopic::Guest), after, limit).await?,
        DataExportKind::HostEvents => events(conn, (person, FeedTopic::Host), after, limit).await?,
        _ => {
            let after = match after {
                Some(Position::Number(_)) => return Err(PageError::Cursor.into()),
                Some(Position::Id(id)) => Some(id),
                None => None,
            };
            by_id(conn, kind, Range { person, after, limit }).await?
        }
    };
    Ok(rows.into_iter().map(|(position, data)| Part { kind, position, data }).collect())
}

type Rows = Vec<(Position, Value)>;

/// The most rows of a kind of which a person has few.
const MOST: usize = 1_000;

fn number_of(after: Option<Position>) -> Result<u64> {
    match after {
        Some(Position::Id(_)) => Err(PageError::Cursor.into()),
        Some(Position::Number(number)) => Ok(number),
        None => Ok(0),
    }
}

/// Kinds of which a person has few rows: they are numbered from 1.
async fn few(
    conn: &mut Conn,
    person: UserId,
    kind: DataExportKind,
    after: Option<Position>,
    limit: i64,
) -> Result<Rows> {
    let after = number_of(after)?;
    let all: Vec<Value> = match kind {
        DataExportKind::Devices => {
            let devices = exported::devices(conn, person).await?.into_iter();
            let device = |it: exported::StoredDevice| json!({ "firstUsedAt": it.created_at, "lastUsedAt": it.used_at, "expiresAt": it.expires_at });
            devices.map(device).collect()
        }
        DataExportKind::Passkeys | DataExportKind::LinkedProviders => sign_in(conn, person, kind).await?,
        DataExportKind::CoHosting => co_hosting(conn, person).await?,
        DataExportKind::Cases => cases(conn, person).await?,
        _ => exported::account(conn, person).await?.iter().map(account).collect::<Result<_>>()?,
    };
    let numbered = (1..).zip(all).filter(|(number, _)| *number > after);
    let limit = usize::try_from(limit).unwrap_or_default();
    Ok(numbered.take(limit).map(|(number, data)| (Position::Number(number), data)).collect())
}

/// Ways to sign in, without their keys.
async fn sign_in(conn: &mut Conn, person: UserId, kind: DataExportKind) -> Result<Vec<Value>> {
    if kind == DataExportKind::LinkedProviders {
        let links = store::provider_links::of_user(conn, person).await?.into_iter();
        return Ok(links.map(|it| json!({ "provider": it.provider, "linkedAt": it.linked_at })).collect());
    }
    let passkeys = store::passkeys::of_user(conn, person).await?.into_iter();
    let passkey = |it: store::passkeys::Passkey| json!({ "id": it.id, "name": it.name, "createdAt": it.created_at, "lastUsedAt": it.last_used_at });
    Ok(passkeys.map(passkey).collect())
}

/// Listings that the person helps with now.
async fn co_hosting(conn: &mut Conn, person: UserId) -> Result<Vec<Value>> {
    let rows = store::co_hosts::of_person(conn, person, &[Page { first: MOST, after: None }]).await?;
    let row = |it: store::co_hosts::CoHost| json!({ "id": it.id, "listing": it.listing_id, "access": it.access, "invitedAt": it.invited_at, "acceptedAt": it.accepted_at });
    Ok(rows.into_iter().flatten().map(row).collect())
}

async fn cases(conn: &mut Conn, person: UserId) -> Result<Vec<Value>> {
    let cases = store::support_cases::of_reporter(conn, person, &[Page { first: MOST, after: None }]).await?;
    let case = |it: store::support_cases::SupportCase| {
        json!({
            "id": it.id, "kind": it.kind, "status": it.status, "booking": it.booking_id, "listing": it.listing_id,
            "person": it.person_id, "text": it.text, "question": it.question, "answer": it.answer,
            "resolution": it.resolution, "openedAt": it.opened_at, "closedAt": it.closed_at,
        })
    };
    Ok(cases.into_iter().map(case).collect())
}

fn account(it: &exported::WholeAccount) -> Result<Value> {
    Ok(json!({
        "id": it.id, "displayName": it.display_name, "about": it.about, "location": it.location,
        "avatarUrl": it.avatar_url, "languages": it.languages.read()?, "memberSince": it.member_since,
        "isSuperhost": it.is_superhost, "email": it.email, "unverifiedEmail": it.unverified_email,
        "locale": it.locale, "createdAt": it.created_at, "suspendedAt": it.suspended_at,
    }))
}

async fn events(conn: &mut Conn, feed: (UserId, FeedTopic), after: Option<Position>, limit: i64) -> Result<Rows> {
    let found = exported::events(conn, feed, number_of(after)?, limit).await?;
    let event = |it: exported::FeedEvent| {
        let booking = types::BookingId::from(it.subject_id);
        let data = json!({ "booking": booking, "kind": it.kind, "happenedAt": it.happened_at });
        (Position::Number(it.position), data)
    };
    Ok(found.into_iter().map(event).collect())
}

/// The rows of a list, each with its id.
fn rows<T>(list: Vec<T>, read: impl Fn(&T) -> Result<(ObjectId, Value)>) -> Result<Rows> {
    list.iter().map(|row| read(row).map(|(id, data)| (Position::Id(id), data))).collect()
}

async fn by_id(conn: &mut Conn, kind: DataExportKind, range: Range) -> Result<Rows> {
    match kind {
        DataExportKind::Sessions => rows(exported::sessions(conn, range).await?, |it| {
            let data = json!({
                "id": it.id, "device": it.user_agent, "network": it.network, "signedInAt": it.created_at,
                "lastUsedAt": it.last_used_at, "expiresAt": it.expires_at, "endedAt": it.revoked_at,
            });
            Ok((it.id.into(), data))
        }),
        DataExportKind::Consents => rows(exported::consents(conn, range).await?, |it| {
            let data = json!({
                "id": it.id, "document": it.document, "version": it.version, "given": it.given, "at": it.recorded_at,
            });
            Ok((it.id.into(), data))
        }),
        DataExportKind::Roles | DataExportKind::Impersonations => of_staff(conn, kind, range).await,
        DataExportKind::Reviews => rows(exported::reviews(conn, range).await?, |it| {
            let of = &it.categories;
            let data = json!({
                "id": it.id, "listing": it.listing_id, "booking": it.booking_id, "rating": it.rating,
                "cleanliness": of.cleanliness, "accuracy": of.accuracy, "checkIn": of.check_in,
                "communication": of.communication, "location": of.location, "value": of.value, "text": it.text,
                "writtenAt": it.created_at, "published": it.revealed,
            });
            Ok((it.id.into(), data))
        }),
        DataExportKind::Listings => listings(conn, range).await,
        DataExportKind::Wishlists => wishlists(conn, range).await,
        _ => of_bookings(conn, kind, range).await,
    }
}

/// Roles of the person, and what staff did as the person.
async fn of_staff(conn: &mut Conn, kind: DataExportKind, range: Range) -> Result<Rows> {
    if kind == DataExportKind::Impersonations {
        return rows(exported::impersonations(conn, range).await?, |it| {
            let data = json!({
                "id": it.id, "role": it.role, "reason": it.reason, "startedAt": it.started_at,
                "expiresAt": it.expires_at, "endedAt": it.ended_at,
            });
            Ok((it.id.into(), data))
        });
    }
    rows(exported::roles(conn, range).await?, |it| {
        let data = json!({
            "id": it.id, "role": it.role, "reason": it.reason, "grantedAt": it.granted_at,
            "expiresAt": it.expires_at, "endedAt": it.ended_at,
        });
        Ok((it.id.into(), data))
    })
}

async fn of_bookings(conn: &mut Conn, kind: DataExportKind, range: Range) -> Result<Rows> {
    match kind {
        DataExportKind::Quotes => rows(exported::quotes(conn, range).await?, |it| Ok((it.id.into(), quote(it)?))),
        DataExportKind::Trips => rows(exported::trips(conn, range).await?, |it| {
            let mut data = booking(it)?;
            data["host"] = json!(it.host_id);
            Ok((it.id.into(), data))
        }),
        DataExportKind::HostedBookings => rows(exported::hosted(conn, range).await?, |it| {
            let mut data = booking(it)?;
            data["guest"] = json!(it.guest_id);
            data["hostPayout"] = json!(it.host_payout);
            data["address"] = json!(it.place.address);
            data["point"] = json!(it.place.exact().map(|point| [point.latitude, point.longitude]));
            Ok((it.id.into(), data))
        }),
        DataExportKind::Payments => rows(exported::payments(conn, range).await?, |it| {
            let data = json!({
                "id": it.id, "booking": it.booking_id, "currency": it.currency, "amount": it.amount,
                "captured": it.captured, "refunded": it.refunded, "status": it.status, "provider": it.provider,
                "declineReason": it.decline_reason, "createdAt": it.created_at,
            });
            Ok((it.id.into(), data))
        }),
        DataExportKind::Refunds => rows(exported::refunds(conn, range).await?, |it| {
            let data = json!({
                "id": it.id, "payment": it.payment_id, "booking": it.booking_id, "currency": it.currency,
                "amount": it.amount, "reason": it.reason, "status": it.status, "createdAt": it.created_at,
            });
            Ok((it.id.into(), data))
        }),
        other => Err(Error::Internal(anyhow::anyhow!("{other} is not read by id"))),
    }
}

fn quote(it: &Quote) -> Result<Value> {
    Ok(json!({
        "id": it.id, "listing": it.listing_id, "checkIn": it.check_in, "checkOut": it.check_out,
        "adults": it.adults, "children": it.children, "infants": it.infants, "pets": it.pets,
        "currency": it.currency, "priceLines": it.price_lines.read()?, "total": it.total,
        "cancellationPolicy": it.cancellation_policy, "createdAt": it.created_at, "expiresAt": it.expires_at,
    }))
}

/// A booking, as both sides see it.
fn booking(it: &Booking) -> Result<Value> {
    Ok(json!({
        "id": it.id, "listing": it.listing_id, "status": it.status, "checkIn": it.check_in, "checkOut": it.check_out,
        "checkInAt": it.check_in_at, "checkOutAt": it.check_out_at, "adults": it.adults, "children": it.children,
        "infants": it.infants, "pets": it.pets, "currency": it.currency, "priceLines": it.price_lines.read()?,
        "total": it.total, "cancellationPolicy": it.cancellation_policy, "declineMessage": it.decline_message,
        "createdAt": it.created_at, "confirmedAt": it.confirmed_at, "canceledAt": it.cancelled_at,
    }))
}

async fn listings(conn: &mut Conn, range: Range) -> Result<Rows> {
    let found = exported::listings(conn, range).await?;
    let ids: Vec<_> = found.iter().map(|listing| listing.id).collect();
    let photos = exported::photos(conn, &ids).await?;
    rows(found, |it| Ok((it.id.into(), listing(it, photos.iter().filter(|photo| photo.listing_id == it.id)))))
}

fn listing<'a>(it: &Listing, photos: impl Iterator<Item = &'a Photo>) -> Value {
    let (words, home, place, pricing, rules) = (&it.words, &it.home, &it.place, &it.pricing, &it.rules);
    let photos: Vec<_> = photos.map(|photo| json!({ "url": photo.url, "caption": photo.caption })).collect();
    let point = place.exact();
    json!({
        "id": it.id, "status": it.status, "title": words.title, "description": words.description,
        "neighborhoodOverview": words.neighborhood_overview, "photos": photos,
        "home": {
            "roomType": home.room_type, "propertyType": home.property_type, "propertyLabel": home.property_label,
            "maxGuests": home.max_guests, "bedrooms": home.bedrooms, "beds": home.beds,
            "halfBathrooms": home.bathroom_halves, "bathroomsShared": home.bathrooms_shared,
        },
        "place": {
            "address": place.address, "city": place.city, "neighborhood": place.neighborhood,
            "region": place.region, "countryCode": place.country_code, "latitude": point.latitude,
            "longitude": point.longitude, "timeZone": place.time_zone,
        },
        "pricing": {
            "currency": pricing.currency, "basePrice": pricing.base_price, "weekendPrice": pricing.weekend_price,
            "cleaningFee": pricing.cleaning_fee, "extraGuestFee": pricing.extra_guest_fee,
            "guestsIncluded": pricing.guests_included, "petFee": pricing.pet_fee,
            "weeklyDiscount": pricing.weekly_discount, "monthlyDiscount": pricing.monthly_discount,
        },
        "rules": {
            "checkInFrom": rules.check_in_from, "checkOutBy": rules.check_out_by, "minNights": rules.min_nights,
            "maxNights": rules.max_nights, "petsAllowed": rules.pets_allowed, "instantBook": rules.instant_book,
            "cancellationPolicy": rules.cancellation_policy,
        },
        "createdAt": it.created_at, "publishedAt": it.published_at,
    })
}

async fn wishlists(conn: &mut Conn, range: Range) -> Result<Rows> {
    let found = exported::wishlists(conn, range).await?;
    let ids: Vec<_> = found.iter().map(|list| list.id).collect();
    let items = exported::wishlist_items(conn, &ids).await?;
    rows(found, |it| {
        let items = items.iter().filter(|item| item.wishlist_id == it.id);
        let items: Vec<_> = items.map(|item| json!({ "listing": item.listing_id, "addedAt": item.added_at })).collect();
        Ok((it.id.into(), json!({ "id": it.id, "name": it.name, "createdAt": it.created_at, "items": items })))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_has_its_position_and_no_other_text() {
        for position in [Position::Number(7), Position::Id(ObjectId::of_bytes([9; 16]))] {
            assert_eq!(Position::from_cursor(&position.to_cursor()), Ok(position));
        }
        for text in ["", "part.", "part.n", "part.n+7", "part.n07", "part.i9", "part.x7", "part.n-1"] {
            assert_eq!(Position::from_cursor(text), Err(PageError::Cursor), "{text}");
        }
    }
}
