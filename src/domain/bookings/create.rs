//! From a quote to a booking that holds its nights.

use super::{
    Kept, Once,
    claims::{Wanted, claim},
    events, idempotency, quotes,
};
use crate::{
    app::App,
    auth::Member,
    domain::{listings, timezones},
    error::{Error, Refusal, Result, StayNotAllowed, Violation},
    store::{self, Conn, bookings::Booking, idempotency::Intention, listings::Listing, quotes::Quote},
    types::{
        BookingEventKind, BookingId, BookingStatus, IdempotencyKey, ListingStatus, NightKind, QuoteId, Timestamp,
        UnavailableReason, Zone,
    },
};

/// What a transaction found.
enum Outcome {
    /// The booking, and those whose expired holds were in its way.
    Booked(Once<Kept>, Box<Booking>, Vec<Booking>),
    Replayed(Once<Kept>),
}

/// A booking, as the answer of its creation.
pub type Created = Once<Kept>;

/// Books a stay for `guest` at the price of a quote. Each night is claimed by a row of its own, so of two guests who want one night the
/// database refuses the second, on whichever server they are.
///
/// # Errors
/// Problems of the contract's `createBooking`.
pub async fn create(app: &App, guest: &Member, quote: QuoteId, key: &IdempotencyKey) -> Result<Created> {
    let intention = idempotency::intention(guest, "createBooking", key, &quote)?;
    let kept = idempotency::earlier(&mut app.conn().await?, &intention).await?;
    if let Some(kept) = kept {
        return Ok(kept);
    }
    let now = app.now();
    // The connection goes back before another is asked for.
    let known = store::quotes::visible(&mut app.conn().await?, guest.id(), quote).await?;
    if let Some(late) = known
        && late.expires_at <= now
    {
        return expired(app, guest, &late).await;
    }
    let outcome = app.database.transaction(async |tx| book(app, tx, guest, quote, &intention, now).await).await?;
    match outcome {
        Outcome::Booked(created, booking, lapsed) => {
            events::announce(app, &booking);
            lapsed.iter().for_each(|lapsed| events::announce(app, lapsed));
            Ok(created)
        }
        Outcome::Replayed(kept) => Ok(kept),
    }
}

/// A quote that was booked in time is no longer late.
async fn expired(app: &App, guest: &Member, quote: &Quote) -> Result<Created> {
    let booked = store::bookings::of_quote(&mut app.conn().await?, quote.id).await?;
    booked.map_or(Ok(()), |booking| Err(booked_already(&booking)))?;
    Err(quotes::renew(app, guest, quote).await?.into())
}

fn booked_already(booking: &Booking) -> Error {
    Error::state(Some(booking.id), "This quote was booked already. Take a new one to book again.")
}

async fn book(
    app: &App,
    tx: &mut Conn,
    guest: &Member,
    quote: QuoteId,
    intention: &Intention<'_>,
    now: Timestamp,
) -> Result<Outcome> {
    if let Some(kept) = idempotency::take(tx, intention, now).await? {
        return Ok(Outcome::Replayed(kept));
    }
    let found = store::quotes::visible(tx, guest.id(), quote).await?;
    let quote = found.ok_or_else(|| Error::not_found("quoteId", "quote"))?;
    if let Some(booking) = store::bookings::of_quote(tx, quote.id).await? {
        return Err(booked_already(&booking));
    }
    let listing = store::listings::find(tx, quote.listing_id).await?;
    let listing = listing.ok_or_else(|| Error::not_found("quoteId", "listing"))?;
    still_offered(app, &listing, &quote, now)?;
    let booking = draft(app, &quote, &listing, now)?;
    store::bookings::insert(tx, &booking).await?;
    let (kind, event) = match booking.status {
        BookingStatus::PendingPayment => (NightKind::Hold, BookingEventKind::Created),
        _ => (NightKind::Request, BookingEventKind::Requested),
    };
    let preparation = listing.rules.preparation_nights;
    let wanted = Wanted { booking: &booking, kind, expires_at: booking.deadline_at, preparation };
    let lapsed = claim(tx, &wanted, now).await?;
    let created = idempotency::keep(tx, intention, Kept { booking: booking.id }).await?;
    let event = [event];
    let mut happened: Vec<(&Booking, &[_])> = lapsed.iter().map(|it| (it, &[BookingEventKind::Expired] as _)).collect();
    happened.push((&booking, &event));
    events::append_all(tx, &happened, now).await?;
    Ok(Outcome::Booked(created, Box::new(booking), lapsed))
}

/// A quote is a promise: of all rules only those that cannot be kept any more stand against it.
fn still_offered(app: &App, listing: &Listing, quote: &Quote, now: Timestamp) -> Result<()> {
    let broken = |reason, message: &str| {
        let violations = vec![Violation { reason, message: message.to_owned(), night: None }];
        Err(Refusal::StayNotAllowed(StayNotAllowed { violations }).into())
    };
    if listing.status != ListingStatus::Published {
        return broken(UnavailableReason::NotPublished, "The listing was taken off.");
    }
    if check_in_at(&listings::zone(&app.time_zones(), listing)?, quote, listing) <= now {
        return broken(UnavailableReason::AdvanceNotice, "The time of check-in is over.");
    }
    Ok(())
}

fn check_in_at(zone: &Zone, quote: &Quote, listing: &Listing) -> Timestamp {
    timezones::check_in_at(zone, quote.stay(), listing.rules.check_in_from)
}

fn draft(app: &App, quote: &Quote, listing: &Listing, now: Timestamp) -> Result<Booking> {
    let zones = app.time_zones();
    let zone = listings::zone(&zones, listing)?;
    let check_in_at = check_in_at(&zone, quote, listing);
    let (status, deadline) = if quote.instant_book {
        (BookingStatus::PendingPayment, now + app.terms.hold)
    } else {
        (BookingStatus::Requested, now + app.terms.host_answer)
    };
    Ok(Booking {
        id: BookingId::new(now, &*app.entropy),
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
        rules: quote.rules.clone(),
        cancellation_policy: quote.cancellation_policy,
        cancellation_timeline: None,
        deadline_at: Some(deadline.min(check_in_at)),
        decline_message: None,
        event_sequence: 0,
        created_at: now,
        confirmed_at: None,
        cancelled_at: None,
        updated_at: now,
        time_zone_rules: zones.version().to_string(),
    })
}
