//! Quotes: stays at a price that is guaranteed for some time.

use serde::Serialize;
use sha2::{Digest, Sha256};

use super::{
    calendar::{
        self, Around,
        restrictions::{self, Violation},
    },
    cancellation, limits, listings,
    pricing::{self, PricedStay},
    rule_sets::RuleSet,
    search::{self, ListingSource},
    timezones,
};
use crate::app::App;
use auth::Member;
use client_limits::AddressPrefix;
use mysql_engine::{Conn, DatabaseError};
pub use store::quotes::Quote;
use store::{listings::Listing, nights::Night};
use types::{
    Guests, Json, ListingId, Money, NightKind, QuoteId, RefundTier, Stay, TimeZones, Timestamp, UnavailableReason,
    error::{
        self, Error, NightConflict, NightsUnavailable, PriceDifference, QuoteExpired, Refusal, Result, StayNotAllowed,
    },
};

/// Quotes `stay` at the listing for `guest`, from a client address, and locks the price: that of a search in memory or, if that does not know or
/// find the listing, that of the database, which also says what is in the way.
///
/// # Errors
/// Problems of the contract's `quoteStay`.
pub async fn create<S: ListingSource>(
    app: &App,
    (guest, from): (&Member, AddressPrefix),
    listing: ListingId,
    (stay, guests): (Stay, Guests),
    memory: &S,
) -> Result<Quote> {
    if let Some((listing, priced)) = search::one_in_memory(app, memory, listing, (stay, guests)).await {
        let quote = new_quote(app, guest, &listing, (stay, guests), &priced)?;
        if write(app, &quote, from).await? {
            return Ok(quote);
        }
    }
    let quote = from_database(app, guest, listing, (stay, guests)).await?;
    if write(app, &quote, from).await? {
        return Ok(quote);
    }
    // The guest has become a co-host since: this says so.
    from_database(app, guest, listing, (stay, guests)).await?;
    Err(DatabaseError::retry_transaction("the guest was a co-host for a moment").into())
}

/// Computes a quote with what the database says now.
async fn from_database(app: &App, guest: &Member, listing: ListingId, (stay, guests): (Stay, Guests)) -> Result<Quote> {
    let now = app.now();
    // Who helps its host sets prices too, and must not profit from them.
    let (listing, is_host, exceptions) = {
        let conn = &mut app.conn().await?;
        let known = store::listings::visible_with_side(conn, guest.id(), listing).await?;
        let (listing, is_host) = known.ok_or_else(|| Error::not_found("listingId", "listing"))?;
        let exceptions = calendar::exceptions(conn, &[listing.id], (stay, Around::Stay), now).await?;
        let mut exceptions = exceptions.into_values().next().unwrap_or_default();
        free_own_holds(conn, guest, &mut exceptions.held, now).await?;
        (listing, is_host, exceptions)
    };
    let calendar = calendar::of_listing(&app.time_zones(), &listing, &exceptions, now, is_host)?;
    refuse(restrictions::violations(&calendar, stay, guests))?;
    let rates = listings::rates(&listing);
    let priced = pricing::price(&rates, &restrictions::overrides(&calendar), stay, guests, RuleSet::current())
        .map_err(|error| Error::invalid(&["stay"], format!("The price of this stay cannot be computed: {error}.")))?;
    new_quote(app, guest, &listing, (stay, guests), &priced)
}

/// Writes a quote; false: its guest may not book the listing. One transaction, so that the database flushes once, and a quote that is refused
/// counts for no limit.
async fn write(app: &App, quote: &Quote, from: AddressPrefix) -> Result<bool> {
    let (guest, address) = (quote.guest_id.as_bytes(), from.as_bytes());
    let limits = [(&app.limits.quotes_by_member, &guest[..]), (&app.limits.quotes_by_address, &address[..])];
    app.database
        .transaction(async |tx| {
            let is_written = store::quotes::insert(tx, quote).await?;
            // Last, because all quotes for an address wait for each other from here on.
            if is_written {
                limits::take_both(tx, limits, quote.created_at).await?;
            }
            Ok::<_, Error>(is_written)
        })
        .await
}

/// Removes the guest's own unpaid holds from `held`: a new booking replaces them.
async fn free_own_holds(conn: &mut Conn, guest: &Member, held: &mut Vec<Night>, now: Timestamp) -> Result<()> {
    if held.iter().any(|night| night.kind == NightKind::Hold) {
        let own = store::holds::of_guest(conn, guest.id(), now).await?;
        let is_own = |booking| own.iter().any(|hold| hold.id == booking && hold.awaits_payment(now));
        held.retain(|night| !night.booking_id.is_some_and(is_own));
    }
    Ok(())
}

/// Turns violations into problems of the contract: taken nights have their own.
pub(super) fn refuse(violations: Vec<Violation>) -> Result<()> {
    let is_night = |reason| {
        use UnavailableReason::{Blocked, Booked, Preparation};
        matches!(reason, Booked | Blocked | Preparation)
    };
    if violations.is_empty() {
        return Ok(());
    }
    if violations.iter().all(|violation| is_night(violation.reason) && violation.night.is_some()) {
        let conflict =
            |violation: &Violation| Some(NightConflict { night: violation.night?, reason: violation.reason });
        let mut conflicts: Vec<_> = violations.iter().filter_map(conflict).collect();
        conflicts.dedup_by_key(|conflict| conflict.night);
        return NightsUnavailable::unless_free(conflicts);
    }
    let violations = restrictions::each_rule_once(violations)
        .into_iter()
        .map(|broken| error::Violation { reason: broken.reason, message: broken.message, night: broken.night })
        .collect();
    Err(Refusal::StayNotAllowed(StayNotAllowed { violations }).into())
}

/// What the hash of a quote covers: its terms, and the place and clock of the stay.
#[derive(Serialize)]
struct HashedTerms<'a> {
    listing: ListingId,
    check_in: String,
    check_out: String,
    guests: [u8; 4],
    currency: &'a str,
    lines: &'a str,
    total: i64,
    policy: &'a str,
    rules: &'a str,
    country: Option<&'a str>,
    city: &'a str,
    address: Option<&'a str>,
    point: [f64; 2],
    time_zone: &'a str,
    hours: [String; 2],
}

/// The hash of `quote` at `listing` as it is now.
fn content_hash(quote: &Quote, listing: &Listing) -> Result<Vec<u8>> {
    let (place, rules, point) = (&listing.place, &listing.rules, listing.place.exact());
    let terms = HashedTerms {
        listing: listing.id,
        check_in: quote.check_in.to_string(),
        check_out: quote.check_out.to_string(),
        guests: [quote.adults, quote.children, quote.infants, quote.pets],
        currency: quote.currency.as_str(),
        lines: quote.price_lines.as_str(),
        total: quote.total,
        policy: quote.cancellation_policy.as_str(),
        rules: quote.rules.as_str(),
        country: place.country_code.as_deref(),
        city: &place.city,
        address: place.address.as_deref(),
        point: [point.latitude, point.longitude],
        time_zone: &place.time_zone,
        hours: [rules.check_in_from, rules.check_out_by].map(|hour| hour.to_string()),
    };
    let terms = serde_json::to_vec(&terms).map_err(anyhow::Error::from)?;
    Ok(Sha256::digest(terms).to_vec())
}

/// Whether `listing` still has the place, hours and currency of `quote`, which the guest has seen and would not see again before paying. A
/// changed price does not matter: the quote keeps its own.
pub(super) fn still_holds(quote: &Quote, listing: &Listing) -> Result<bool> {
    Ok(quote.currency == listing.pricing.currency && content_hash(quote, listing)? == quote.content_hash)
}

fn new_quote(
    app: &App,
    guest: &Member,
    listing: &Listing,
    (stay, guests): (Stay, Guests),
    priced: &PricedStay,
) -> Result<Quote> {
    let (now, rules) = (app.now(), RuleSet::current());
    let policy = cancellation::applicable(listing.rules.cancellation_policy, stay.len(), rules);
    let quote = Quote {
        id: QuoteId::new(now, &*app.entropy),
        listing_id: listing.id,
        guest_id: guest.id(),
        check_in: stay.check_in(),
        check_out: stay.check_out(),
        adults: guests.adults,
        children: guests.children,
        infants: guests.infants,
        pets: guests.pets,
        currency: priced.currency,
        price_lines: Json::of(&priced.lines)?,
        total: priced.total,
        host_payout: priced.host_payout,
        rules: rules.version,
        cancellation_policy: policy,
        instant_book: listing.rules.instant_book,
        content_hash: Vec::new(),
        created_at: now,
        expires_at: now + app.terms.quote,
    };
    Ok(Quote { content_hash: content_hash(&quote, listing)?, ..quote })
}

/// Replaces a quote that has expired, or whose listing has moved or changed its currency: returns a problem with a new quote for the same
/// stay, and the price differences.
pub(super) async fn renew(app: &App, guest: &Member, from: AddressPrefix, old: &Quote) -> Result<Refusal> {
    let renewed = create(app, (guest, from), old.listing_id, (old.stay(), old.guests()), app).await;
    let expired = match renewed {
        Ok(new) => {
            let money = |minor: Option<i64>, quote: &Quote| minor.map(|minor| Money::new(minor, quote.currency));
            let differences = pricing::pairs(&old.price_lines.read()?, &new.price_lines.read()?)
                .into_iter()
                .map(|it| PriceDifference {
                    kind: it.kind,
                    before: money(it.before, old),
                    after: money(it.after, &new),
                })
                .filter(|it| it.before != it.after)
                .collect();
            QuoteExpired { quote: Some(new.id), differences }
        }
        Err(Error::Refused(later @ Refusal::TooManyAttempts(_))) => return Ok(later),
        Err(Error::Refused(_)) => QuoteExpired { quote: None, differences: Vec::new() },
        Err(other) => return Err(other),
    };
    Ok(Refusal::QuoteExpired(expired))
}

/// The refund tiers, if the quote were booked and confirmed at `now`.
///
/// # Errors
/// When the stored quote is damaged.
pub fn timeline(zones: &TimeZones, quote: &Quote, listing: &Listing, now: Timestamp) -> Result<Vec<RefundTier>> {
    let zone = listings::zone(zones, listing)?;
    Ok(cancellation::timeline(&cancellation::Terms {
        rules: RuleSet::of(quote.rules),
        policy: quote.cancellation_policy,
        stay: quote.stay(),
        zone: &zone,
        check_in_at: timezones::check_in_at(&zone, quote.stay(), listing.rules.check_in_from),
        check_out_at: timezones::check_out_at(&zone, quote.stay(), listing.rules.check_out_by),
        confirmed_at: now,
        currency: quote.currency,
        lines: &quote.price_lines.read()?,
    }))
}

/// Those of `ids` that are the guest's.
///
/// # Errors
/// When the database fails.
pub async fn visible(app: &App, guest: &Member, ids: &[QuoteId]) -> Result<Vec<Quote>> {
    Ok(store::quotes::visible(&mut app.conn().await?, guest.id(), ids).await?)
}
