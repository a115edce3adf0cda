//! The same search by brute force: every listing against the rules, one by one, without the database.

use std::cmp::Ordering;

use domain::{
    calendar::{self, NightExceptions, restrictions},
    listings, pricing,
    rule_sets::RuleSet,
    search::Filter,
};
use store::listings::{Listing, Place, Ratings};
use types::{GeoBox, Guests, ListingId, ListingOrder, ListingStatus, Point, Stay, TimeZones};

use super::world::{Sample, World};

/// An expected hit.
#[derive(Debug, Clone, PartialEq)]
pub struct Expected {
    pub id: ListingId,
    pub amount: i64,
    pub distance: Option<i64>,
}

/// The hits of a search, in order.
pub fn search(world: &World, filter: &Filter, stay: Option<(Stay, Guests)>, order: ListingOrder) -> Vec<Expected> {
    let mut found: Vec<(&Listing, Expected)> = world
        .samples
        .iter()
        .filter(|sample| sample.listing.status == ListingStatus::Published && fits(sample, filter))
        .filter_map(|sample| {
            let listing = &sample.listing;
            let amount = match stay {
                None => listing.pricing.base_price,
                Some((stay, guests)) => total(world, sample, stay, guests)?,
            };
            let distance = filter.area.map(|area| distance(listing.place.area().0, area.middle()));
            let in_range = filter.price.is_none_or(|range| {
                range.min.is_none_or(|min| amount >= min) && range.max.is_none_or(|max| amount <= max)
            });
            in_range.then_some((listing, Expected { id: listing.id, amount, distance }))
        })
        .collect();
    found.sort_by(|a, b| compare(order, a, b));
    found.into_iter().map(|(_, expected)| expected).collect()
}

fn compare(order: ListingOrder, (a, x): &(&Listing, Expected), (b, y): &(&Listing, Expected)) -> Ordering {
    let price = || (a.pricing.currency, x.amount, a.id).cmp(&(b.pricing.currency, y.amount, b.id));
    match order {
        ListingOrder::Rating => (rating(b), b.id).cmp(&(rating(a), a.id)),
        ListingOrder::Recommended => (recommendation(b), b.id).cmp(&(recommendation(a), a.id)),
        ListingOrder::PriceAsc => price(),
        ListingOrder::PriceDesc => price().reverse(),
        ListingOrder::Newest => (b.published_at, b.id).cmp(&(a.published_at, a.id)),
        ListingOrder::Distance => (x.distance, a.id).cmp(&(y.distance, b.id)),
    }
}

fn rating(listing: &Listing) -> u16 {
    let average = Ratings::average(listing.ratings.rating_total, listing.ratings.rating_count);
    average.map_or(0, |average| (average * 100.0).round() as u16)
}

/// Ten-thousandths: the average with ten ratings of 4.5.
fn recommendation(listing: &Listing) -> u64 {
    let Ratings { rating_count, rating_total, .. } = listing.ratings;
    (rating_total * 100 + 10 * 45_000) / (u64::from(rating_count) + 10)
}

fn fits(sample: &Sample, filter: &Filter) -> bool {
    let listing = &sample.listing;
    let home = &listing.home;
    let place = &listing.place;
    filter.area.is_none_or(|area| inside(area, place.area().0))
        && filter.place.as_deref().is_none_or(|wanted| is_named(place, wanted))
        && (filter.room_types.is_empty() || filter.room_types.contains(&home.room_type))
        && (filter.property_types.is_empty() || filter.property_types.contains(&home.property_type))
        && filter.amenities.iter().all(|slug| sample.amenities.contains(&slug.as_str()))
        && filter.instant_book.is_none_or(|instant| instant == listing.rules.instant_book)
        && filter.min_rating.is_none_or(|min| rating(listing) >= min)
        && filter.min_bedrooms.is_none_or(|min| home.bedrooms.unwrap_or(0) >= min)
        && filter.min_beds.is_none_or(|min| home.beds.unwrap_or(0) >= min)
        && filter.min_bathroom_halves.is_none_or(|min| home.bathroom_halves.unwrap_or(0) >= min)
        && filter.guests.is_none_or(|guests| home.max_guests >= guests)
        && filter.pets_allowed.is_none_or(|allowed| listing.rules.pets_allowed == allowed)
        && filter.superhost.is_none_or(|superhost| sample.has_superhost == superhost)
        && (filter.cancellation_policies.is_empty()
            || filter.cancellation_policies.contains(&listing.rules.cancellation_policy))
        && filter.words.iter().all(|word| words(listing).contains(word))
        && filter.price.is_none_or(|range| range.currency == listing.pricing.currency)
}

/// Whether every part of `wanted` is in the names of the place, as the spellings of the world's names have it.
fn is_named(place: &Place, wanted: &str) -> bool {
    let names: Vec<String> = [Some(&place.city), place.region.as_ref(), place.neighborhood.as_ref()]
        .into_iter()
        .flatten()
        .map(|name| plain(name))
        .collect();
    wanted.split(',').enumerate().all(|(index, part)| {
        let part = plain(part);
        let country = match part.as_str() {
            "germany" => Some("DE"),
            "singapore" | "sg" => Some("SG"),
            _ => None,
        };
        let is_there = match (country, place.country_code.as_deref()) {
            (Some(country), Some(code)) => country == code,
            (Some(_), None) => index > 0,
            (None, _) => false,
        };
        is_there || names.iter().any(|name| name.starts_with(&part) || *name == part.replace("ue", "u"))
    })
}

fn words(listing: &Listing) -> Vec<String> {
    let place = &listing.place;
    let names = [&listing.words.title, &listing.home.property_label, &place.city];
    let names = names.into_iter().chain(&place.region).chain(&place.neighborhood);
    names.flat_map(|name| name.split(|letter: char| !letter.is_alphanumeric())).map(plain).collect()
}

fn plain(name: &str) -> String {
    let name = name.to_lowercase().replace('ß', "ss").replace('ü', "u").replace("u\u{308}", "u");
    let plain: String = name.chars().filter(|letter| letter.is_alphanumeric()).collect();
    if plain.is_empty() { name } else { plain }
}

fn inside(area: GeoBox, point: Point) -> bool {
    let longitude = if area.crosses_meridian() {
        point.longitude >= area.west || point.longitude <= area.east
    } else {
        (area.west..=area.east).contains(&point.longitude)
    };
    (area.south..=area.north).contains(&point.latitude) && longitude
}

/// Meters over the sphere, from the chord between two points on it: another formula than the database's.
fn distance(a: Point, b: Point) -> i64 {
    let vector = |point: Point| {
        let (latitude, longitude) = (point.latitude.to_radians(), point.longitude.to_radians());
        [latitude.cos() * longitude.cos(), latitude.cos() * longitude.sin(), latitude.sin()]
    };
    let chord = vector(a).iter().zip(vector(b)).map(|(x, y)| (x - y).powi(2)).sum::<f64>().sqrt();
    (2.0 * 6_371_008.8 * (chord / 2.0).asin()).round() as i64
}

/// The total of the stay, if the listing can be booked for it.
fn total(world: &World, sample: &Sample, stay: Stay, guests: Guests) -> Option<i64> {
    let held = sample.held.iter().filter(|night| night.holds_at(world.now)).cloned().collect();
    let exceptions = NightExceptions { held, rates: sample.rates.clone() };
    let calendar = calendar::of_listing(TimeZones::built_in(), &sample.listing, &exceptions, world.now, false).unwrap();
    if !restrictions::violations(&calendar, stay, guests).is_empty() {
        return None;
    }
    let rates = listings::rates(&sample.listing);
    let price = pricing::price(&rates, &restrictions::overrides(&calendar), stay, guests, RuleSet::current());
    price.ok().map(|price| price.total)
}
