//! Creates bookings from quotes.

use std::sync::Arc;

use diesel::result::{
    DatabaseErrorKind::{ForeignKeyViolation, UniqueViolation},
    Error::DatabaseError,
};

use super::{
    Idempotent, StoredBooking,
    claims::{NightClaim, claim, find_conflicts},
    confirm::{Confirmed, confirm},
    holds::admit,
    idempotency, outbox, quotes,
};
use crate::{
    app::App,
    events::{self, Actor, BookingEvents, NewEvent},
    features, limits, listings,
    privacy::consents,
    timezones,
};
use auth::{Member, VerifiedMember};
use client_limits::AddressPrefix;
use mysql_engine::Conn;
use store::{
    bookings::{BookedPlace, Booking},
    idempotency::IdempotentRequest,
    listings::Listing,
    quotes::Quote,
};
use types::{
    BookingEventKind, BookingId, BookingStatus, Feature, IdempotencyKey, ListingStatus, NightKind, QuoteId, TimeZones,
    Timestamp, UnavailableReason, Zone,
    error::{Error, NightsUnavailable, QuoteExpired, Refusal, Result, StayNotAllowed, Violation},
};

/// The result of the transaction.
enum Outcome {
    /// The booking, and those that it replaced: expired holds, and the guest's own.
    Booked(Idempotent<StoredBooking>, Box<Booking>, Vec<Booking>),
    Replayed(Idempotent<StoredBooking>),
}

/// The response of a creation.
#[derive(Debug)]
pub struct Created {
    /// The response.
    pub stored: Idempotent<StoredBooking>,
    /// The booking as it was committed; None: it was booked earlier.
    pub booking: Option<Box<Booking>>,
}

impl Created {
    fn earlier(stored: Idempotent<StoredBooking>) -> Self {
        Self { stored, booking: None }
    }
}

/// Books a stay for `guest`, from a client address, at the price of a quote. Each night is claimed by a row, so of two guests who want one
/// night the database refuses the second, on any server.
///
/// # Errors
/// Problems of the contract's `createBooking`.
pub async fn create(
    app: &App,
    guest: &VerifiedMember,
    from: AddressPrefix,
    quote: QuoteId,
    key: &IdempotencyKey,
) -> Result<Created> {
    features::require(app, Feature::Bookings).await?;
    let request = idempotency::request(guest, "createBooking", key, &quote)?;
    let now = app.now();
    let outcome = app.database.transaction(async |tx| book(app, tx, (guest, from), quote, &request, now).await).await;
    let outcome = match outcome {
        Err(Error::Refused(refusal)) => Err(refused(app, (guest, from), quote, refusal).await?),
        outcome => outcome,
    };
    match outcome? {
        Outcome::Booked(stored, booking, others) => {
            events::announce(app, &booking);
            for other in others {
                events::announce(app, &other);
                if other.status == BookingStatus::Cancelled {
                    outbox::run_group(app, other.id).await;
                }
            }
            Ok(Created { stored, booking: Some(booking) })
        }
        Outcome::Replayed(stored) => Ok(Created::earlier(stored)),
    }
}

/// What a guest learns whose booking was refused. Whatever the reason is, that the quote has been booked already comes first, and an outdated
/// quote is replaced.
async fn refused(
    app: &App,
    (guest, from): (&Member, AddressPrefix),
    quote: QuoteId,
    refusal: Refusal,
) -> Result<Error> {
    if matches!(refusal, Refusal::IdempotencyConflict(_) | Refusal::TermsNotAccepted(_) | Refusal::NotFound(_)) {
        return Ok(refusal.into());
    }
    let found = {
        let conn = &mut app.conn().await?;
        let found = store::quotes::visible(conn, guest.id(), &[quote]).await?.pop();
        if found.is_some()
            && let Some(booking) = store::bookings::of_quote(conn, quote).await?
        {
            return Ok(already_booked(&booking));
        }
        found
    };
    match (refusal, found) {
        (Refusal::QuoteExpired(_), Some(quote)) => Ok(quotes::renew(app, guest, from, &quote).await?.into()),
        (refusal, _) => Ok(refusal.into()),
    }
}

fn already_booked(booking: &Booking) -> Error {
    Error::state(Some(booking.id), "This quote has already been booked. Request a new one.")
}

async fn book(
    app: &App,
    tx: &mut Conn,
    (guest, from): (&Member, AddressPrefix),
    quote: QuoteId,
    request: &IdempotentRequest<'_>,
    now: Timestamp,
) -> Result<Outcome> {
    let created = StoredBooking { booking: BookingId::new(now, &*app.entropy) };
    if let Some(stored) = idempotency::claim_with(tx, request, &created, now).await? {
        return Ok(Outcome::Replayed(stored));
    }
    consents::require(app, tx, guest.id()).await?;
    // The host cannot move the listing or change its currency until the commit.
    let shared = store::quotes::share_with_listing(tx, guest.id(), quote).await?;
    let (quote, listing) = &shared.ok_or_else(|| Error::not_found("quoteId", "quote"))?;
    let is_late = quote.expires_at <= now;
    if !is_late {
        refuse_if_impossible(app, listing, quote, now)?;
    }
    if is_late || !quotes::still_holds(quote, listing)? {
        return Err(Refusal::QuoteExpired(QuoteExpired { quote: None, differences: Vec::new() }).into());
    }
    let admission = admit(app, tx, quote, listing, now).await?;
    let booking = draft(app, created.booking, (quote, listing), admission.held_since, now)?;
    match store::bookings::insert(tx, &booking).await {
        Err(DatabaseError(UniqueViolation, _)) => return Err(booked_meanwhile(tx, quote).await?),
        inserted => inserted.map_err(retry_if_deleted)?,
    };
    let NewBooking { booking, events, expired } =
        claim_nights(app, tx, booking, listing.rules.preparation_nights, now).await?;
    // Last, because all bookings from an address wait for each other from here on.
    limits::take(tx, &app.limits.bookings_by_address, &[from.as_bytes()], now).await?;
    let mut booking_events: Vec<_> = events::expired(&expired).collect();
    let replaced = Actor::Guest(guest.id()).event(BookingEventKind::CancelledByGuest);
    booking_events.extend(admission.replaced.iter().map(|it| BookingEvents::new(it, [replaced])));
    booking_events.push(BookingEvents::of_new(&booking, events));
    events::append_all(app, tx, &booking_events, now).await?;
    let others = expired.into_iter().chain(admission.replaced).collect();
    Ok(Outcome::Booked(Idempotent::new(created), Box::new(booking), others))
}

/// The quote is booked. If its booking cannot be seen, it has not been committed, or no longer exists.
async fn booked_meanwhile(tx: &mut Conn, quote: &Quote) -> Result<Error> {
    Ok(match store::bookings::of_quote(tx, quote.id).await? {
        Some(booking) => already_booked(&booking),
        None => mysql_engine::DatabaseError::retry_transaction("the quote was booked meanwhile").into(),
    })
}

/// The guest of the quote may have deleted their account.
fn retry_if_deleted(error: diesel::result::Error) -> Error {
    match error {
        DatabaseError(ForeignKeyViolation, _) => {
            mysql_engine::DatabaseError::retry_transaction("the quote was deleted meanwhile").into()
        }
        other => mysql_engine::DatabaseError::from(other).into(),
    }
}

/// A new booking with its nights.
struct NewBooking {
    booking: Booking,
    /// Its events.
    events: Vec<NewEvent>,
    /// Bookings that expired because of the claim.
    expired: Vec<Booking>,
}

/// Claims the nights of a new booking. A request that must be paid claims none yet: they only have to be free. A booking that costs nothing
/// needs no payment: it is confirmed at once, or goes to its host if it is a request.
async fn claim_nights(
    app: &App,
    tx: &mut Conn,
    booking: Booking,
    preparation: u16,
    now: Timestamp,
) -> Result<NewBooking> {
    let is_instant = booking.status == BookingStatus::PendingPayment;
    let kind = if is_instant { NightKind::Hold } else { NightKind::Request };
    let guest = Actor::Guest(booking.guest_id);
    let (created, requested) = (guest.event(BookingEventKind::Created), guest.event(BookingEventKind::Requested));
    let wanted = NightClaim { booking: &booking, kind, expires_at: booking.deadline_at, preparation };
    if booking.hidden_from_host {
        NightsUnavailable::unless_free(find_conflicts(tx, &wanted, now).await?)?;
        return Ok(NewBooking { booking, events: vec![requested], expired: Vec::new() });
    }
    let claimed = claim(app, tx, &wanted, now).await?;
    NightsUnavailable::unless_free(claimed.conflicts)?;
    let expired = claimed.expired;
    if !is_instant {
        return Ok(NewBooking { booking, events: vec![requested], expired });
    }
    if booking.total > 0 {
        return Ok(NewBooking { booking, events: vec![created], expired });
    }
    match confirm(app, tx, &booking, now).await? {
        Confirmed::WithNights(booking) => {
            let confirmed = Actor::Platform.event(BookingEventKind::Confirmed);
            Ok(NewBooking { booking, events: vec![created, confirmed], expired })
        }
        Confirmed::WithoutNights(booking) => {
            Err(anyhow::anyhow!("booking {} has lost the nights that it has just taken", booking.id).into())
        }
    }
}

/// A quote is a guarantee: only rules that make the stay impossible refuse it.
fn refuse_if_impossible(app: &App, listing: &Listing, quote: &Quote, now: Timestamp) -> Result<()> {
    let broken = |reason, message: &str| {
        let violations = vec![Violation { reason, message: message.to_owned(), night: None }];
        Err(Refusal::StayNotAllowed(StayNotAllowed { violations }).into())
    };
    if listing.status != ListingStatus::Published {
        return broken(UnavailableReason::NotPublished, "The listing is no longer published.");
    }
    if check_in_at(&listings::zone(&app.time_zones(), listing)?, quote, listing) <= now {
        return broken(UnavailableReason::AdvanceNotice, "Check-in time has passed.");
    }
    Ok(())
}

fn check_in_at(zone: &Zone, quote: &Quote, listing: &Listing) -> Timestamp {
    timezones::check_in_at(zone, quote.stay(), listing.rules.check_in_from)
}

/// The state of a new booking, its deadline, and since when it holds nights unpaid, unless it is a request. A request that costs nothing
/// goes to its host at once.
fn initial_state(
    app: &App,
    quote: &Quote,
    held_since: Timestamp,
    now: Timestamp,
) -> (BookingStatus, Timestamp, Option<Timestamp>) {
    match (quote.instant_book, quote.total > 0) {
        (true, true) => {
            let end = (now + app.terms.hold).min(held_since + app.terms.holds.in_all);
            (BookingStatus::PendingPayment, end, Some(held_since))
        }
        (true, false) => (BookingStatus::PendingPayment, now + app.terms.hold, Some(now)),
        (false, true) => (BookingStatus::Requested, now + app.terms.request_payment, None),
        (false, false) => (BookingStatus::Requested, now + app.terms.host_answer, None),
    }
}

/// The time zone of a listing, by the rules in force, which come with it.
fn zone_and_rules(app: &App, listing: &Listing) -> Result<(Arc<TimeZones>, Zone)> {
    let zones = app.time_zones();
    let zone = listings::zone(&zones, listing)?;
    Ok((zones, zone))
}

/// A new booking. Its events will be that it was created or requested and, if nobody has to pay or answer, that it was confirmed.
fn draft(
    app: &App,
    id: BookingId,
    (quote, listing): (&Quote, &Listing),
    held_since: Timestamp,
    now: Timestamp,
) -> Result<Booking> {
    let (zones, zone) = zone_and_rules(app, listing)?;
    let check_in_at = check_in_at(&zone, quote, listing);
    let (status, deadline, held_since) = initial_state(app, quote, held_since, now);
    let (deadline_at, is_certain) = (Some(deadline.min(check_in_at)), quote.instant_book && quote.total == 0);
    Ok(Booking {
        id,
        listing_id: listing.id,
        guest_id: quote.guest_id,
        host_id: listing.host_id,
        quote_id: quote.id,
        status,
        check_in: quote.check_in,
        check_out: quote.check_out,
        check_in_at,
        check_out_at: timezones::check_out_at(&zone, quote.stay(), listing.rules.check_out_by),
        adults: quote.adults,
        children: quote.children,
        infants: quote.infants,
        pets: quote.pets,
        currency: quote.currency,
        price_lines: quote.price_lines.clone(),
        total: quote.total,
        host_payout: quote.host_payout,
        rules: quote.rules,
        cancellation_policy: quote.cancellation_policy,
        cancellation_timeline: None,
        deadline_at,
        decline_message: None,
        event_sequence: if is_certain { 2 } else { 1 },
        created_at: now,
        confirmed_at: None,
        cancelled_at: None,
        updated_at: now,
        time_zone_rules: zones.version().to_string(),
        place: BookedPlace::of(listing),
        held_since,
        held_until: if is_certain { Some(check_in_at) } else { deadline_at },
        hidden_from_host: status == BookingStatus::Requested && quote.total > 0,
        staff_refunded: 0,
    })
}
