//! Limits of the fields of listings. Each check reports the invalid field and the limit.

use std::{fmt::Display, ops::RangeInclusive};

use super::changes::NewPhoto;
use crate::listings::{Amenity, Photo};
use types::{
    CancellationPolicy, Currency, ListingId, amenity_of, countries,
    error::{Error, Result, Validation},
    text, web_address,
};

/// The limits of the fewest and the most nights: longer stays cannot be requested.
pub(crate) const NIGHTS: RangeInclusive<i32> = 1..=365;
/// The most pictures, and the most amenities.
const MOST_ITEMS: usize = 100;
/// The most guests of a listing.
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
pub(crate) fn within(path: &[&str], value: i32, bounds: RangeInclusive<i32>) -> Result<u16> {
    let number = bounds.contains(&value).then(|| u16::try_from(value).ok()).flatten();
    number.ok_or_else(|| Error::invalid(path, from_to(field(path), bounds.start(), bounds.end())))
}

/// The message for a number out of its limits.
pub(super) fn from_to(name: &str, least: impl Display, most: impl Display) -> String {
    format!("`{name}` must be from {} to {}.", grouped(least), grouped(most))
}

/// An amount of at least `least` minor units, and at most the limit of the currency.
pub(crate) fn amount(path: &[&str], minor: i64, least: i64, currency: Currency) -> Result<i64> {
    if minor < least {
        return Err(Error::invalid(path, format!("`{}` must be at least {least}.", field(path))));
    }
    let most = currency.max_amount();
    if minor > most {
        let message = format!("`{}` must be at most {} minor units of {currency}.", field(path), grouped(most));
        return Err(Error::invalid(path, message));
    }
    Ok(minor)
}

/// A text of one line.
pub(crate) fn line(path: &[&str], raw: &str, length: RangeInclusive<usize>) -> Result<String> {
    text::line(raw, length).map_err(|unfit| Error::invalid(path, format!("`{}` {unfit}.", field(path))))
}

/// A text of several lines.
pub(crate) fn paragraphs(path: &[&str], raw: &str, most: usize) -> Result<String> {
    text::paragraphs(raw, 0..=most).map_err(|unfit| Error::invalid(path, format!("`{}` {unfit}.", field(path))))
}

/// An optional line; an empty one is none.
pub(crate) fn optional(path: &[&str], text: Option<&str>, most: usize) -> Result<Option<String>> {
    let text = text.map(|text| line(path, text, 0..=most)).transpose()?;
    Ok(text.filter(|text| !text.is_empty()))
}

/// Half bathrooms.
pub(super) fn bathroom_halves(bathrooms: f64) -> Result<u16> {
    let halves = bathrooms * 2.0;
    if !(0.0..=100.0).contains(&halves) || halves.fract() != 0.0 {
        return Err(Error::invalid(&["bathrooms"], "`bathrooms` must be from 0 to 50, in steps of 0.5."));
    }
    // Whole and at most 100, so nothing is cut off.
    Ok(halves as u16)
}

/// The amenities, each once.
pub(super) fn amenities(names: &[String]) -> Result<Vec<Amenity>> {
    at_most(&["amenities"], names.len())?;
    let mut validation = Validation::default();
    let mut offers: Vec<Amenity> = Vec::with_capacity(names.len());
    for (index, name) in names.iter().enumerate() {
        let path = ["amenities", &index.to_string()];
        let name = line(&path, name, 1..=200)
            .map_err(|_| Error::invalid(&path, "An amenity must have 1 to 200 characters of plain text."));
        let Some(name) = validation.check(name) else { continue };
        let (slug, name) = amenity_of(&name);
        if offers.iter().all(|offer| offer.slug != slug) {
            offers.push(Amenity { slug, name });
        }
    }
    validation.finish_with(Some(offers))
}

/// Pictures, the cover first.
pub(super) fn photos(listing_id: ListingId, photos: &[NewPhoto]) -> Result<Vec<Photo>> {
    at_most(&["photos"], photos.len())?;
    let mut validation = Validation::default();
    let mut pictures = Vec::with_capacity(photos.len());
    for (position, photo) in (0..).zip(photos) {
        let index = u16::to_string(&position);
        // A malformed one was reported when it was parsed, and is empty.
        if !photo.url.is_empty() && !web_address::is_public(&photo.url) {
            let message = "The URL of a photo must be on the public web, without a user name or password.";
            validation.refuse(&["photos", &index, "url"], message);
        }
        let path = ["photos", &index, "caption"];
        if let Some(caption) = validation.check(optional(&path, photo.caption.as_deref(), 200)) {
            pictures.push(Photo { listing_id, position, url: photo.url.clone(), caption });
        }
    }
    validation.finish_with(Some(pictures))
}

fn at_most(path: &[&str], count: usize) -> Result<()> {
    if count > MOST_ITEMS {
        return Err(Error::invalid(path, format!("`{}` must have at most {MOST_ITEMS} items.", field(path))));
    }
    Ok(())
}

/// Degrees of latitude or longitude.
pub(super) fn degrees(path: &[&str], degrees: f64, bound: f64) -> Result<f64> {
    if !(-bound..=bound).contains(&degrees) {
        return Err(Error::invalid(path, format!("`{}` must be from -{bound} to {bound} degrees.", field(path))));
    }
    Ok(degrees)
}

/// A country of ISO 3166-1.
pub(super) fn country(code: &str) -> Result<String> {
    if countries::is_country(code) {
        return Ok(code.to_owned());
    }
    let message = "`countryCode` must be two capital letters of ISO 3166-1, such as SG.";
    Err(Error::invalid(&["place", "countryCode"], message))
}

/// Refuses check-in before check-out: two guests could be in the same place at the same time.
pub(super) fn hours(rules: &super::Rules) -> Result<()> {
    if rules.check_in_from >= rules.check_out_by || rules.preparation_nights > 0 {
        return Ok(());
    }
    let message = format!(
        "Check-in from {} overlaps with check-out until {} on the same day. Set a later check-in or an earlier check-out, or block a night \
         between stays (`preparationNights`).",
        rules.check_in_from.format("%H:%M"),
        rules.check_out_by.format("%H:%M"),
    );
    Err(Error::invalid(&["checkInFrom"], message))
}

/// Only policies that a host can choose.
pub(super) fn policy(policy: CancellationPolicy) -> Result<CancellationPolicy> {
    if matches!(policy, CancellationPolicy::FirmLongTerm | CancellationPolicy::StrictLongTerm) {
        let message = "Long-term policies are derived from the length of the stay. Choose another policy.";
        return Err(Error::invalid(&["cancellationPolicy"], message));
    }
    Ok(policy)
}

#[cfg(test)]
mod tests;
