//! Conditions on listings that do not depend on the stay.

use super::{Criteria, Filter, places, sql_text::SqlText, words};
use types::{GeoBox, Money};

/// Mean radius of the earth in meters.
const EARTH: f64 = 6_371_008.8;

/// Appends the conditions of `filter` on `l`, each with an `AND` in front. The price range is not among them: see [`price`].
pub(super) fn filter(text: &mut SqlText, criteria: Criteria<'_>) {
    own(text, criteria);
    amenities(text, criteria.filter);
}

/// Appends the conditions on the listing's own columns.
pub(super) fn own(text: &mut SqlText, criteria: Criteria<'_>) {
    let filter = criteria.filter;
    if let Some(area) = filter.area {
        inside(text, area);
    }
    if let Some(place) = &filter.place {
        places::named(text, place);
    }
    words::all(text, &filter.words, criteria.rare_word);
    if !filter.room_types.is_empty() {
        text.sql(" AND l.room_type IN (").list(filter.room_types.iter().map(|kind| kind.as_str())).sql(")");
    }
    if !filter.property_types.is_empty() {
        text.sql(" AND l.property_type IN (").list(filter.property_types.iter().map(|kind| kind.as_str())).sql(")");
    }
    if let Some(instant) = filter.instant_book {
        text.sql(" AND l.instant_book = ").bind(i64::from(instant));
    }
    if let Some(rating) = filter.min_rating {
        text.sql(" AND l.rating >= ").bind(rating);
    }
    if let Some(bedrooms) = filter.min_bedrooms {
        text.sql(" AND COALESCE(l.bedrooms, 0) >= ").bind(bedrooms);
    }
    if let Some(beds) = filter.min_beds {
        text.sql(" AND COALESCE(l.beds, 0) >= ").bind(beds);
    }
    if let Some(halves) = filter.min_bathroom_halves {
        text.sql(" AND COALESCE(l.bathroom_halves, 0) >= ").bind(halves);
    }
    if let Some(guests) = filter.guests {
        text.sql(" AND l.max_guests >= ").bind(guests);
    }
    if let Some(allowed) = filter.pets_allowed {
        text.sql(" AND l.pets_allowed = ").bind(i64::from(allowed));
    }
    policies_and_hosts(text, filter);
    if let Some(range) = filter.price {
        text.sql(" AND l.currency = ").bind(range.currency.as_str());
    }
}

/// Appends the conditions on the cancellation policy and on the host.
fn policies_and_hosts(text: &mut SqlText, filter: &Filter) {
    if !filter.cancellation_policies.is_empty() {
        let policies = filter.cancellation_policies.iter().map(|policy| policy.as_str());
        text.sql(" AND l.cancellation_policy IN (").list(policies).sql(")");
    }
    if let Some(superhost) = filter.superhost {
        // A scalar subquery with a limit is evaluated for each listing, whatever the optimizer prefers.
        text.sql(" AND (SELECT h.is_superhost FROM users h FORCE INDEX (PRIMARY) WHERE h.id = l.host_id LIMIT 1) = ");
        text.bind(i64::from(superhost));
    }
}

/// Appends that it has all amenities.
pub(super) fn amenities(text: &mut SqlText, filter: &Filter) {
    for slug in &filter.amenities {
        text.sql(" AND EXISTS (SELECT 1 FROM listing_amenities a WHERE a.listing_id = l.id AND a.amenity_slug = ");
        text.bind(slug.as_str()).sql(")");
    }
}

/// Appends the price range on `c`, the listings with their prices. A stay whose total exceeds the greatest amount has no price, as in
/// `pricing`, and is never found.
pub(super) fn price(text: &mut SqlText, criteria: Criteria<'_>) {
    if criteria.stay.is_some() {
        text.sql(" AND c.amount <= ").bind(Money::MAX_MINOR);
    }
    let Some(range) = criteria.filter.price else { return };
    if let Some(min) = range.min {
        text.sql(" AND c.amount >= ").bind(min);
    }
    if let Some(max) = range.max {
        text.sql(" AND c.amount <= ").bind(max);
    }
}

/// Appends whole meters from the coarse point of `l` to the middle of the box; NULL without a box.
pub(super) fn distance(text: &mut SqlText, filter: &Filter) {
    let Some(area) = filter.area else {
        text.sql("NULL");
        return;
    };
    // Haversine. Rounded here, so that order, cursor and answer have the same number.
    let middle = area.middle();
    text.sql("CAST(ROUND(").bind(2.0 * EARTH).sql(" * ASIN(LEAST(1, SQRT(POW(SIN(RADIANS(l.area_latitude - ");
    text.bind(middle.latitude).sql(") / 2), 2) + ").bind(middle.latitude.to_radians().cos());
    text.sql(" * COS(RADIANS(l.area_latitude)) * POW(SIN(RADIANS(l.area_longitude - ").bind(middle.longitude);
    text.sql(") / 2), 2))))) AS SIGNED)");
}

fn inside(text: &mut SqlText, area: GeoBox) {
    text.sql(" AND l.area_latitude BETWEEN ").bind(area.south).sql(" AND ").bind(area.north);
    if area.crosses_meridian() {
        text.sql(" AND (l.area_longitude >= ").bind(area.west).sql(" OR l.area_longitude <= ").bind(area.east).sql(")");
    } else {
        text.sql(" AND l.area_longitude BETWEEN ").bind(area.west).sql(" AND ").bind(area.east);
    }
}
