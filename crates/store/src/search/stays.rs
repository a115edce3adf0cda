//! Listings that can be booked for a whole stay, and what it costs.
//!
//! Nights are looked up one by one by the primary keys (listing, night): the stay's nights are a small derived table that is joined with
//! `nights` and `night_rates`, so that the rows read depend on the number of candidates and nights, not on how full the calendars are. Only
//! long stays read a listing's nights as a range. The subqueries are scalars with a limit, which no optimizer turns into joins.

use super::{Criteria, conditions, sql_text::SqlText};
use types::{Guests, Money, Stay, Timestamp};

/// Stays with more nights read a listing's nights as a range, which is cheaper from here on with a full calendar.
const LOOKED_UP: u32 = 14;
/// Forces lookups by (listing, night). A database whose statistics are from before an import believes the table empty and would scan it for
/// each candidate, which would take hours.
const BY_NIGHT: &str = " FORCE INDEX (PRIMARY)";
/// One more than the greatest amount: greater values are cut to this, so that nothing overflows, and are never found.
const TOO_GREAT: i64 = Money::MAX_MINOR + 1;

/// A stay, with everything that decides whether listings can be booked and at what price.
#[derive(Debug, Clone, PartialEq)]
pub struct StayTerms {
    /// The nights.
    pub stay: Stay,
    /// The guests.
    pub guests: Guests,
    /// What time it is.
    pub now: Timestamp,
    /// How many nights have the weekend price.
    pub weekend_nights: u32,
    /// Whether the stay is long enough for the weekly discount.
    pub weekly: bool,
    /// Whether it is long enough for the monthly discount.
    pub monthly: bool,
    /// The platform's fees and taxes.
    pub fees: Fees,
    /// The time zones of listings to find. Listings in others are not found.
    pub zones: Vec<ZoneTerms>,
}

/// The platform's fees and taxes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fees {
    /// Shares of the subtotal in basis points, each rounded half-even.
    pub shares: Vec<u32>,
    /// Fixed minor units.
    pub fixed: i64,
}

/// The stay as seen from one time zone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ZoneTerms {
    /// Name in the IANA database.
    pub zone: String,
    /// Days from the local date to the day of check-in.
    pub days_ahead: i64,
    /// The time left until check-in, by wall-clock time of check-in: consecutive pieces that end at midnight.
    pub arrivals: Vec<Arrival>,
}

/// The time left until check-in for check-in times up to some second of the day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Arrival {
    /// For check-in times before this second of the day.
    pub until: i64,
    /// Whole seconds left, rounded down …
    pub seconds: i64,
    /// … at midnight, to which the second of the day is added; otherwise constant for the whole piece, because clocks jump.
    pub from_midnight: bool,
}

/// Appends candidates with the total of the stay as `amount`.
pub(super) fn priced(text: &mut SqlText, criteria: Criteria<'_>, terms: &StayTerms, shortlist: Option<&SqlText>) {
    text.sql("SELECT b.id, b.rating, b.recommendation, b.currency, b.published_at, b.distance, CAST(b.subtotal + ")
        .bind(terms.fees.fixed);
    for &share in &terms.fees.shares {
        text.sql(" + (");
        half_even(text, 10_000, |text| {
            text.sql("(b.subtotal * ").bind(share).sql(")");
        });
        text.sql(")");
    }
    text.sql(
        " AS SIGNED) AS amount FROM (SELECT a.id, a.rating, a.recommendation, a.currency, a.published_at, a.distance, ",
    );
    text.sql("LEAST(a.nightly + a.fees - (");
    half_even(text, 100, |text| {
        text.sql("(a.nightly * a.discount)");
    });
    text.sql("), ").bind(TOO_GREAT).sql(") AS subtotal FROM (");
    candidates(text, criteria, terms, shortlist);
    text.sql(") a WHERE a.nightly < ").bind(TOO_GREAT).sql(") b WHERE b.subtotal < ").bind(TOO_GREAT);
}

/// An expression of the hits: the nights of the stay that have a price of their own.
pub(super) fn own_prices(terms: &StayTerms) -> SqlText {
    let mut text = SqlText::default();
    text.sql("(SELECT CAST(JSON_OBJECTAGG(CAST(r.night AS CHAR), r.price) AS CHAR) FROM ");
    nights_of(&mut text, terms.stay, "night_rates r", "r.listing_id = c.id", "r.night");
    text.sql(" AND r.price IS NOT NULL)");
    text
}

/// The percent off the nights.
fn discount(terms: &StayTerms) -> &'static str {
    match (terms.weekly, terms.monthly) {
        (true, true) => "GREATEST(l.weekly_discount, l.monthly_discount)",
        (true, false) => "l.weekly_discount",
        (false, true) => "l.monthly_discount",
        (false, false) => "0",
    }
}

/// Listings that can be booked, with `nightly`, the sum of the nights' prices, `discount`, percent off that, and `fees` of the host. The
/// limit, which is never reached, makes the database compute these once per listing instead of at each use.
fn candidates(text: &mut SqlText, criteria: Criteria<'_>, terms: &StayTerms, shortlist: Option<&SqlText>) {
    text.sql("SELECT l.id, l.rating, l.recommendation, l.currency, l.published_at, ");
    conditions::distance(text, criteria.filter);
    text.sql(" AS distance, ");
    nightly(text, terms);
    text.sql(" AS nightly, ").sql(discount(terms)).sql(" AS discount, ");
    host_fees(text, terms);
    text.sql(" AS fees FROM ");
    match shortlist {
        // The length of the stay is checked before the listing is read: most candidates fail here.
        Some(shortlist) => {
            text.sql("(").text(shortlist).sql(") k");
            arrival(text, terms, "k.id");
            text.sql(" STRAIGHT_JOIN listings l FORCE INDEX (PRIMARY) ON l.id = k.id");
        }
        None => {
            text.sql("listings l");
            arrival(text, terms, "l.id");
        }
    }
    text.sql(
        " LEFT JOIN night_rates departure FORCE INDEX (PRIMARY) ON departure.listing_id = l.id AND departure.night = ",
    );
    text.bind(terms.stay.check_out()).sql(" WHERE l.status = 'PUBLISHED'");
    if shortlist.is_none() {
        conditions::own(text, criteria);
        guests(text, terms);
    }
    let nights = terms.stay.len();
    let allowed = if shortlist.is_some() { ["k.min_nights", "k.max_nights"] } else { ["l.min_nights", "l.max_nights"] };
    text.sql(" AND COALESCE(arrival.min_nights, ").sql(allowed[0]).sql(") <= ").bind(nights);
    text.sql(" AND COALESCE(arrival.max_nights, ").sql(allowed[1]).sql(") >= ").bind(nights);
    text.sql(" AND COALESCE(arrival.closed_to_arrival, 0) = 0");
    conditions::amenities(text, criteria.filter);
    restrictions(text, terms);
    free(text, terms);
    text.sql(" LIMIT 18446744073709551615");
}

/// Appends the night's own restrictions on the day of arrival.
fn arrival(text: &mut SqlText, terms: &StayTerms, listing: &'static str) {
    text.sql(" LEFT JOIN night_rates arrival").sql(BY_NIGHT).sql(" ON arrival.listing_id = ").sql(listing);
    text.sql(" AND arrival.night = ").bind(terms.stay.check_in());
}

/// The sum of the nights' prices: each night's own, else the weekend price, else the base price.
fn nightly(text: &mut SqlText, terms: &StayTerms) {
    let nights = terms.stay.len();
    text.sql("LEAST(CAST(l.base_price AS DECIMAL(30)) * ").bind(nights - terms.weekend_nights.min(nights));
    text.sql(" + CAST(COALESCE(l.weekend_price, l.base_price) AS DECIMAL(30)) * ").bind(terms.weekend_nights);
    // Friday and Saturday are days 6 and 7.
    text.sql(
        " + COALESCE((SELECT SUM(r.price - IF(DAYOFWEEK(r.night) IN (6, 7), COALESCE(l.weekend_price, l.base_price), l.base_price)) FROM ",
    );
    nights_of(text, terms.stay, "night_rates r", "r.listing_id = l.id", "r.night");
    text.sql(" AND r.price IS NOT NULL), 0), ").bind(TOO_GREAT).sql(")");
}

/// Cleaning, pets and guests above the number included.
fn host_fees(text: &mut SqlText, terms: &StayTerms) {
    text.sql("CAST(l.cleaning_fee AS DECIMAL(30))");
    if terms.guests.pets > 0 {
        text.sql(" + l.pet_fee");
    }
    text.sql(" + CAST(l.extra_guest_fee AS DECIMAL(30)) * GREATEST(").bind(terms.guests.count());
    text.sql(" - CAST(l.guests_included AS SIGNED), 0) * ").bind(terms.stay.len());
}

/// Appends the conditions on guests and pets, and that some day allows a stay this short.
pub(super) fn guests(text: &mut SqlText, terms: &StayTerms) {
    text.sql(" AND l.shortest_stay <= ").bind(terms.stay.len());
    text.sql(" AND l.max_guests >= ").bind(terms.guests.count());
    if terms.guests.pets > 0 {
        text.sql(" AND l.pets_allowed = 1");
    }
}

/// Appends the limits of notice and booking window.
fn restrictions(text: &mut SqlText, terms: &StayTerms) {
    text.sql(" AND CASE");
    for zone in &terms.zones {
        text.sql(" WHEN l.time_zone = ").bind(zone.zone.as_str()).sql(" THEN CAST(").bind(zone.days_ahead);
        text.sql(" AS SIGNED)");
    }
    text.sql(" END <= l.booking_window_days AND CASE");
    for zone in &terms.zones {
        for arrival in &zone.arrivals {
            text.sql(" WHEN l.time_zone = ").bind(zone.zone.as_str());
            text.sql(" AND TIME_TO_SEC(l.check_in_from) < ").bind(arrival.until).sql(" THEN CAST(");
            text.bind(arrival.seconds).sql(" AS SIGNED)");
            if arrival.from_midnight {
                text.sql(" + TIME_TO_SEC(l.check_in_from)");
            }
        }
    }
    text.sql(" END >= CAST(l.advance_notice_hours AS SIGNED) * 3600");
}

/// Appends that nothing holds a night of the stay, and that no other stay is closer than the nights of preparation. This is the most
/// expensive condition, so it refers to the departure day, which is looked up after all others.
fn free(text: &mut SqlText, terms: &StayTerms) {
    text.sql(" AND CASE WHEN COALESCE(departure.closed_to_departure, 0) = 0 THEN (SELECT 1 FROM ");
    nights_of(text, terms.stay, "nights n", "n.listing_id = l.id", "n.night");
    text.sql(" AND (n.expires_at IS NULL OR n.expires_at > ").bind(terms.now).sql(") LIMIT 1) IS NULL END");
    text.sql(
        " AND (l.preparation_nights = 0 OR (SELECT 1 FROM nights p FORCE INDEX (PRIMARY) WHERE p.listing_id = l.id AND p.night >= CAST(",
    );
    text.bind(terms.stay.check_in()).sql(" AS DATE) - INTERVAL l.preparation_nights DAY AND p.night < CAST(");
    text.bind(terms.stay.check_out())
        .sql(" AS DATE) + INTERVAL l.preparation_nights DAY AND p.kind IN ('HOLD', 'REQUEST', 'BOOKING')");
    text.sql(" AND (p.expires_at IS NULL OR p.expires_at > ").bind(terms.now).sql(") LIMIT 1) IS NULL)");
}

/// Appends a table, joined with the nights of `stay`, and a `WHERE` that further conditions can follow.
fn nights_of(text: &mut SqlText, stay: Stay, table: &'static str, listing: &'static str, night: &'static str) {
    if stay.len() > LOOKED_UP {
        text.sql(table)
            .sql(BY_NIGHT)
            .sql(" WHERE ")
            .sql(listing)
            .sql(" AND ")
            .sql(night)
            .sql(" >= ")
            .bind(stay.check_in());
        text.sql(" AND ").sql(night).sql(" < ").bind(stay.check_out());
        return;
    }
    text.sql("(");
    for (index, date) in stay.nights().enumerate() {
        text.sql(if index == 0 { "SELECT CAST(" } else { " UNION ALL SELECT CAST(" });
        text.bind(date).sql(if index == 0 { " AS DATE) AS night" } else { " AS DATE)" });
    }
    text.sql(") s STRAIGHT_JOIN ")
        .sql(table)
        .sql(BY_NIGHT)
        .sql(" ON ")
        .sql(listing)
        .sql(" AND ")
        .sql(night)
        .sql(" = s.night WHERE 1 = 1");
}

/// Appends `exact / divisor` rounded to the nearest whole number, a half to the even neighbor; `exact` is a whole number from 0.
fn half_even(text: &mut SqlText, divisor: i64, exact: impl Fn(&mut SqlText)) {
    let term = |text: &mut SqlText, before: &'static str, operator: &'static str, by: i64, after: &'static str| {
        text.sql(before);
        exact(text);
        text.sql(operator).bind(by).sql(after);
    };
    term(text, "", " DIV ", divisor, "");
    term(text, " + (", " % ", divisor, " * 2 > ");
    text.bind(divisor);
    term(text, " OR (", " % ", divisor, " * 2 = ");
    text.bind(divisor);
    term(text, " AND ", " DIV ", divisor, " % 2 = 1))");
}
