//! The bounds of what hosts say. Each check names the field at fault and the limit.

use std::{fmt::Display, ops::RangeInclusive};

use super::changes::{NewPhoto, NewPlace, NewPricing, NewRules};
use crate::{
    domain::listings::{Amenity, Photo, Place, Pricing, Rules, places},
    error::{Error, Result},
    types::{CancellationPolicy, ListingId, Point, slug_of},
};

/// Fewest nights that a stay may be asked to have.
pub(super) const MIN_NIGHTS: RangeInclusive<i32> = 1..=1_000;
/// The greatest number of nights that a stay may be allowed to have.
pub(super) const MAX_NIGHTS: i32 = 1_125;
/// The most pictures, and the most amenities.
const MOST_ITEMS: usize = 100;
/// The most guests that a place takes.
pub(super) const GUESTS: RangeInclusive<i32> = 1..=50;

fn grouped(number: impl Display) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) && !text.ends_with('-') {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

fn field<'a>(path: &[&'a str]) -> &'a str {
    path.last().copied().unwrap_or_default()
}

/// `value`, if it is inside `bounds`.
pub(super) fn within(path: &[&str], value: i32, bounds: RangeInclusive<i32>) -> Result<u16> {
    let number = bounds.contains(&value).then(|| u16::try_from(value).ok()).flatten();
    number.ok_or_else(|| {
        let (least, most) = (grouped(bounds.start()), grouped(bounds.end()));
        Error::invalid(path, format!("`{}` must be from {least} to {most}.", field(path)))
    })
}

/// An amount of at least `least` minor units.
pub(super) fn amount(path: &[&str], minor: i64, least: i64) -> Result<i64> {
    if minor < least {
        return Err(Error::invalid(path, format!("`{}` must be at least {least}.", field(path))));
    }
    Ok(minor)
}

/// A text of one line, trimmed, with inner white space as single spaces.
pub(super) fn line(path: &[&str], text: &str, length: RangeInclusive<usize>) -> Result<String> {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    long(path, text, length)
}

/// A text of several lines, trimmed, with line ends as `\n`.
pub(super) fn paragraphs(path: &[&str], text: &str, most: usize) -> Result<String> {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    long(path, text.trim().to_owned(), 0..=most)
}

/// An optional line; an empty one is none.
fn optional(path: &[&str], text: Option<&str>, most: usize) -> Result<Option<String>> {
    let text = text.map(|text| line(path, text, 0..=most)).transpose()?;
    Ok(text.filter(|text| !text.is_empty()))
}

fn long(path: &[&str], text: String, length: RangeInclusive<usize>) -> Result<String> {
    if text.chars().any(|letter| letter.is_control() && !matches!(letter, '\n' | '\t')) {
        return Err(Error::invalid(path, format!("`{}` must be plain text, without control characters.", field(path))));
    }
    if !length.contains(&text.chars().count()) {
        let (least, most) = (*length.start(), grouped(length.end()));
        let bounds = if least == 0 { format!("at most {most}") } else { format!("{least} to {most}") };
        return Err(Error::invalid(path, format!("`{}` must have {bounds} characters.", field(path))));
    }
    Ok(text)
}

/// Half bathrooms.
pub(super) fn bathroom_halves(bathrooms: f64) -> Result<u16> {
    let halves = bathrooms * 2.0;
    if !(0.0..=100.0).contains(&halves) || halves.fract() != 0.0 {
        return Err(Error::invalid(&["bathrooms"], "`bathrooms` must be from 0 to 50, in steps of a half."));
    }
    // Whole and at most 100, so nothing is cut off.
    Ok(halves as u16)
}

/// What the place offers, each thing once.
pub(super) fn amenities(names: &[String]) -> Result<Vec<Amenity>> {
    at_most(&["amenities"], names.len())?;
    let mut offers: Vec<Amenity> = Vec::with_capacity(names.len());
    for (index, name) in names.iter().enumerate() {
        let name = line(&["amenities", &index.to_string()], name, 1..=200).map_err(|_| {
            Error::invalid(&["amenities", &index.to_string()], "An amenity must have 1 to 200 characters.")
        })?;
        let slug = slug_of(&name);
        if offers.iter().all(|offer| offer.slug != slug) {
            offers.push(Amenity { slug, name });
        }
    }
    Ok(offers)
}

/// Pictures, the cover first.
pub(super) fn photos(listing_id: ListingId, photos: &[NewPhoto]) -> Result<Vec<Photo>> {
    at_most(&["photos"], photos.len())?;
    let photo = |(position, photo): (u16, &NewPhoto)| {
        let index = position.to_string();
        let caption = optional(&["photos", &index, "caption"], photo.caption.as_deref(), 200)?;
        Ok(Photo { listing_id, position, url: photo.url.clone(), caption })
    };
    (0..).zip(photos).map(photo).collect()
}

fn at_most(path: &[&str], count: usize) -> Result<()> {
    if count > MOST_ITEMS {
        return Err(Error::invalid(path, format!("`{}` must have at most {MOST_ITEMS} items.", field(path))));
    }
    Ok(())
}

/// A place, with the time zone that holds there.
pub(super) fn place(new: &NewPlace) -> Result<Place> {
    let city = line(&["place", "city"], &new.city, 1..=100)?;
    let degrees = |name: &'static str, bound: u8| {
        Error::invalid(&["place", name], format!("`{name}` must be from -{bound} to {bound} degrees."))
    };
    let point = Point::new(new.latitude, new.longitude).ok_or_else(|| {
        if (-90.0..=90.0).contains(&new.latitude) { degrees("longitude", 180) } else { degrees("latitude", 90) }
    })?;
    let zone = places::zone_at(point)
        .ok_or_else(|| Error::invalid(&["place", "latitude"], "No time zone is known at this point."))?;
    let mut place = Place::new(city, point, zone.name().to_owned());
    place.neighborhood = optional(&["place", "neighborhood"], new.neighborhood.as_deref(), 100)?;
    place.region = optional(&["place", "region"], new.region.as_deref(), 100)?;
    place.address = optional(&["place", "address"], new.address.as_deref(), 300)?;
    place.country_code = new.country_code.as_deref().map(country).transpose()?;
    Ok(place)
}

fn country(code: &str) -> Result<String> {
    if places::is_country(code) {
        return Ok(code.to_owned());
    }
    let message = "`countryCode` must be two capital letters of ISO 3166-1, such as SG.";
    Err(Error::invalid(&["place", "countryCode"], message))
}

/// Prices of a listing that takes `max_guests`.
pub(super) fn pricing(new: &NewPricing, max_guests: u16) -> Result<Pricing> {
    let fee = |name, minor: Option<i64>| amount(&["pricing", name], minor.unwrap_or(0), 0);
    let discount = |name, percent| within(&["pricing", name], percent, 0..=99);
    let included = new
        .guests_included
        .map(|guests| within(&["pricing", "guestsIncluded"], guests, 1..=i32::from(max_guests)))
        .transpose()?;
    Ok(Pricing {
        currency: new.currency,
        base_price: amount(&["pricing", "basePrice"], new.base_price, 1)?,
        weekend_price: new.weekend_price.map(|minor| amount(&["pricing", "weekendPrice"], minor, 1)).transpose()?,
        cleaning_fee: fee("cleaningFee", new.cleaning_fee)?,
        extra_guest_fee: fee("extraGuestFee", new.extra_guest_fee)?,
        guests_included: included.unwrap_or(max_guests),
        pet_fee: fee("petFee", new.pet_fee)?,
        weekly_discount: discount("weeklyDiscountPercent", new.weekly_discount)?,
        monthly_discount: discount("monthlyDiscountPercent", new.monthly_discount)?,
    })
}

/// Writes the limits of stays into `rules`.
pub(super) fn rules(new: &NewRules, rules: &mut Rules) -> Result<()> {
    let number = |name, value, bounds| within(&["rules", name], value, bounds);
    rules.min_nights = number("minNights", new.min_nights, MIN_NIGHTS)?;
    rules.max_nights = number("maxNights", new.max_nights, new.min_nights..=MAX_NIGHTS)?;
    rules.advance_notice_hours = number("advanceNoticeHours", new.advance_notice_hours, 0..=8_760)?;
    rules.preparation_nights = number("preparationNights", new.preparation_nights, 0..=30)?;
    rules.booking_window_days = number("bookingWindowDays", new.booking_window_days, 1..=730)?;
    rules.pets_allowed = new.pets_allowed;
    Ok(())
}

/// A policy that a host can choose.
pub(super) fn policy(policy: CancellationPolicy) -> Result<CancellationPolicy> {
    if matches!(policy, CancellationPolicy::FirmLongTerm | CancellationPolicy::StrictLongTerm) {
        let message = "The long-term policies follow from the length of the stay; choose one of the others.";
        return Err(Error::invalid(&["cancellationPolicy"], message));
    }
    Ok(policy)
}

#[cfg(test)]
mod tests;
