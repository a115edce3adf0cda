//! Applies changes to a listing. Fields that are not given stay as they are, at every depth; all invalid fields are collected.

use super::{
    Listing, Place, Pricing, Rules,
    changes::{Changes, PlaceChanges, PricingChanges, RulesChanges},
    checks, labels, places,
};
use types::{Currency, Point, Timestamp, error::Validation};

/// Reports the required fields that a new listing lacks.
pub(super) fn require(new: &Changes, validation: &mut Validation) {
    let needs: [(&[&str], bool); 9] = [
        (&["title"], new.title.is_some()),
        (&["roomType"], new.room_type.is_some()),
        (&["propertyType"], new.property_type.is_some()),
        (&["maxGuests"], new.max_guests.is_some()),
        (&["place", "city"], new.place.city.is_some()),
        (&["place", "latitude"], new.place.latitude.is_some()),
        (&["place", "longitude"], new.place.longitude.is_some()),
        (&["pricing", "currency"], new.pricing.currency.is_some()),
        (&["pricing", "basePrice"], new.pricing.base_price.is_some()),
    ];
    let is_malformed = |path: &[&str]| new.malformed.iter().any(|field| field.path[1..] == *path);
    for (path, _) in needs.iter().filter(|(path, is_there)| !is_there && !is_malformed(path)) {
        validation.refuse(path, format!("`{}` is missing.", path.last().copied().unwrap_or_default()));
    }
}

/// Applies the valid ones of `changes` to `listing`.
pub(super) fn apply(changes: &Changes, listing: &mut Listing, now: Timestamp, validation: &mut Validation) {
    apply_words(changes, listing, validation);
    apply_home(changes, listing, validation);
    apply_place(&changes.place, &mut listing.place, validation);
    let max_guests = apply_guests(changes, listing, validation);
    apply_pricing(&changes.pricing, &mut listing.pricing, max_guests, validation);
    apply_rules(&changes.rules, &mut listing.rules, validation);
    let rules = &mut listing.rules;
    if let Some(policy) = changes.cancellation_policy.and_then(|policy| validation.check(checks::policy(policy))) {
        rules.cancellation_policy = policy;
    }
    rules.check_in_from = changes.check_in_from.unwrap_or(rules.check_in_from);
    rules.check_out_by = changes.check_out_by.unwrap_or(rules.check_out_by);
    rules.instant_book = changes.instant_book.unwrap_or(rules.instant_book);
    let may_overlap =
        changes.check_in_from.is_some() || changes.check_out_by.is_some() || changes.rules.preparation_nights.is_some();
    if may_overlap {
        validation.check(checks::hours(rules));
    }
    listing.updated_at = now;
}

fn apply_words(changes: &Changes, listing: &mut Listing, validation: &mut Validation) {
    let words = &mut listing.words;
    if let Some(title) = &changes.title {
        set(&mut words.title, validation.check(checks::line(&["title"], title, 1..=120)));
    }
    if let Some(text) = &changes.description {
        let text = checks::paragraphs(&["description"], text.as_deref().unwrap_or_default(), 10_000);
        set(&mut words.description, validation.check(text));
    }
    if let Some(text) = &changes.neighborhood_overview {
        let text = checks::paragraphs(&["neighborhoodOverview"], text.as_deref().unwrap_or_default(), 5_000);
        let text = validation.check(text).map(|text| (!text.is_empty()).then_some(text));
        set(&mut words.neighborhood_overview, text);
    }
}

fn apply_home(changes: &Changes, listing: &mut Listing, validation: &mut Validation) {
    let home = &mut listing.home;
    let kind = (home.room_type, home.property_type);
    home.room_type = changes.room_type.unwrap_or(home.room_type);
    home.property_type = changes.property_type.unwrap_or(home.property_type);
    // An imported listing keeps its own label until its type changes.
    if home.property_label.is_empty() || kind != (home.room_type, home.property_type) {
        home.property_label = labels::of(home.room_type, home.property_type);
    }
    let count = |name, number: Option<i32>, most| number.map(|n| checks::within(&[name], n, 0..=most)).transpose();
    if let Some(bedrooms) = changes.bedrooms {
        set(&mut home.bedrooms, validation.check(count("bedrooms", bedrooms, 50)));
    }
    if let Some(beds) = changes.beds {
        set(&mut home.beds, validation.check(count("beds", beds, 100)));
    }
    if let Some(bathrooms) = changes.bathrooms {
        set(&mut home.bathroom_halves, validation.check(bathrooms.map(checks::bathroom_halves).transpose()));
    }
    home.bathrooms_shared = changes.bathrooms_shared.unwrap_or(home.bathrooms_shared);
}

/// The limit of `guestsIncluded` depends on the most guests, so both change together. Returns that limit.
fn apply_guests(changes: &Changes, listing: &mut Listing, validation: &mut Validation) -> u16 {
    let (home, pricing) = (&mut listing.home, &mut listing.pricing);
    let Some(guests) = changes.max_guests else { return home.max_guests };
    // If the number of guests is invalid, `guestsIncluded` is checked against the greatest number.
    let Some(guests) = validation.check(checks::within(&["maxGuests"], guests, checks::GUESTS)) else {
        return u16::MAX;
    };
    let includes_all = pricing.guests_included >= home.max_guests;
    home.max_guests = guests;
    pricing.guests_included = if includes_all { guests } else { pricing.guests_included.min(guests) };
    guests
}

fn apply_place(changes: &PlaceChanges, place: &mut Place, validation: &mut Validation) {
    if let Some(city) = &changes.city {
        set(&mut place.city, validation.check(checks::line(&["place", "city"], city, 1..=100)));
    }
    let texts = [
        ("neighborhood", &changes.neighborhood, 100, &mut place.neighborhood),
        ("region", &changes.region, 100, &mut place.region),
        ("address", &changes.address, 300, &mut place.address),
    ];
    for (name, text, most, field) in texts {
        if let Some(text) = text {
            set(field, validation.check(checks::optional(&["place", name], text.as_deref(), most)));
        }
    }
    if let Some(code) = &changes.country_code {
        set(&mut place.country_code, validation.check(code.as_deref().map(checks::country).transpose()));
    }
    apply_point(changes, place, validation);
}

fn apply_point(changes: &PlaceChanges, place: &mut Place, validation: &mut Validation) {
    if changes.latitude.is_none() && changes.longitude.is_none() {
        return;
    }
    let degrees = |name: &'static str, degrees: Option<f64>, bound: f64, current: f64| match degrees {
        Some(degrees) => checks::degrees(&["place", name], degrees, bound),
        None => Ok(current),
    };
    let before = place.exact();
    let latitude = validation.check(degrees("latitude", changes.latitude, 90.0, before.latitude));
    let longitude = validation.check(degrees("longitude", changes.longitude, 180.0, before.longitude));
    let Some(point) = latitude.zip(longitude).and_then(|(north, east)| Point::new(north, east)) else { return };
    match places::zone_at(point) {
        Some(zone) => place.move_to(point, zone.to_owned()),
        None => validation.refuse(&["place", "latitude"], "The time zone at this location is unknown."),
    }
}

fn apply_pricing(changes: &PricingChanges, pricing: &mut Pricing, max_guests: u16, validation: &mut Validation) {
    if let Some(currency) = changes.currency {
        apply_currency(currency, changes, pricing, validation);
    }
    let currency = pricing.currency;
    if let Some(price) = changes.base_price {
        let price = checks::amount(&["pricing", "basePrice"], price, 1, currency);
        set(&mut pricing.base_price, validation.check(price));
    }
    if let Some(price) = changes.weekend_price {
        let price = price.map(|price| checks::amount(&["pricing", "weekendPrice"], price, 1, currency)).transpose();
        set(&mut pricing.weekend_price, validation.check(price));
    }
    let fees = [
        ("cleaningFee", changes.cleaning_fee, &mut pricing.cleaning_fee),
        ("extraGuestFee", changes.extra_guest_fee, &mut pricing.extra_guest_fee),
        ("petFee", changes.pet_fee, &mut pricing.pet_fee),
    ];
    for (name, fee, field) in fees {
        if let Some(fee) = fee {
            set(field, validation.check(checks::amount(&["pricing", name], fee.unwrap_or(0), 0, currency)));
        }
    }
    if let Some(guests) = changes.guests_included {
        let bounds = 1..=i32::from(max_guests.min(*checks::GUESTS.end() as u16));
        let included = guests.map_or(Ok(max_guests), |n| checks::within(&["pricing", "guestsIncluded"], n, bounds));
        set(&mut pricing.guests_included, validation.check(included));
    }
    let discounts = [
        ("weeklyDiscountPercent", changes.weekly_discount, &mut pricing.weekly_discount),
        ("monthlyDiscountPercent", changes.monthly_discount, &mut pricing.monthly_discount),
    ];
    for (name, percent, field) in discounts {
        if let Some(percent) = percent {
            set(field, validation.check(checks::within(&["pricing", name], percent.unwrap_or(0), 0..=99)));
        }
    }
}

/// Amounts that are not given keep their numbers, so a currency with other decimals needs all of them.
fn apply_currency(currency: Currency, changes: &PricingChanges, pricing: &mut Pricing, validation: &mut Validation) {
    let before = pricing.currency;
    pricing.currency = currency;
    if before.decimals() == currency.decimals() {
        return;
    }
    let amounts = [
        ("basePrice", changes.base_price.is_none() && pricing.base_price != 0),
        ("weekendPrice", changes.weekend_price.is_none() && pricing.weekend_price.is_some()),
        ("cleaningFee", changes.cleaning_fee.is_none() && pricing.cleaning_fee != 0),
        ("extraGuestFee", changes.extra_guest_fee.is_none() && pricing.extra_guest_fee != 0),
        ("petFee", changes.pet_fee.is_none() && pricing.pet_fee != 0),
    ];
    for (name, _) in amounts.iter().filter(|(_, is_left)| *is_left) {
        let message =
            format!("`{name}` is in {before}, which has another number of decimals than {currency}. Set it too.");
        validation.refuse(&["pricing", name], message);
    }
}

fn apply_rules(changes: &RulesChanges, rules: &mut Rules, validation: &mut Validation) {
    let numbers = [
        ("minNights", changes.min_nights, checks::NIGHTS, &mut rules.min_nights),
        ("maxNights", changes.max_nights, checks::NIGHTS, &mut rules.max_nights),
        ("advanceNoticeHours", changes.advance_notice_hours, 0..=8_760, &mut rules.advance_notice_hours),
        ("preparationNights", changes.preparation_nights, 0..=30, &mut rules.preparation_nights),
        ("bookingWindowDays", changes.booking_window_days, 1..=730, &mut rules.booking_window_days),
    ];
    let mut is_right = true;
    for (name, number, bounds, field) in numbers {
        let Some(number) = number else { continue };
        let number = validation.check(checks::within(&["rules", name], number, bounds));
        is_right &= number.is_some();
        set(field, number);
    }
    let is_new = changes.min_nights.or(changes.max_nights).is_some();
    if is_new && is_right && rules.min_nights > rules.max_nights {
        let (name, words) = match changes.max_nights {
            Some(_) => ("maxNights", checks::from_to("maxNights", rules.min_nights, checks::NIGHTS.end())),
            None => ("minNights", checks::from_to("minNights", 1, rules.max_nights)),
        };
        validation.refuse(&["rules", name], words);
    }
    rules.pets_allowed = changes.pets_allowed.unwrap_or(rules.pets_allowed);
}

fn set<T>(field: &mut T, value: Option<T>) {
    if let Some(value) = value {
        *field = value;
    }
}

#[cfg(test)]
mod tests;
