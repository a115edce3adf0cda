//! Finding a place to stay, and looking at it.

use super::accounts::unique_text;
use super::responses::{check_equal, day, instant, list, money, number, rating, short, text};
use super::{Tour, operations};
use anyhow::{Context as _, ensure};
use chrono::{Datelike as _, Days, NaiveDate};
use serde_json::{Value, json};
use std::fmt;
use types::{Clock as _, SystemClock};

/// How many weeks ahead, and how many nights: tried in this order until something can be booked.
const WEEKS: [u64; 6] = [5, 3, 7, 2, 9, 12];
const NIGHTS: [u64; 4] = [3, 5, 7, 28];
/// Half the height and width of the box on the map, in degrees.
const AROUND: (f64, f64) = (0.15, 0.25);

/// The days of a stay.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stay {
    check_in: NaiveDate,
    nights: u64,
}

impl Stay {
    /// From a Friday `weeks` ahead.
    pub fn ahead(weeks: u64, nights: u64) -> Self {
        let today = SystemClock.now().utc().date_naive();
        let to_friday = u64::from((4 + 7 - today.weekday().num_days_from_monday()) % 7);
        Self { check_in: today + Days::new(weeks * 7 + to_friday), nights }
    }

    pub fn check_in(&self) -> NaiveDate {
        self.check_in
    }

    pub fn check_out(&self) -> NaiveDate {
        self.check_in + Days::new(self.nights)
    }

    /// As the contract's `StayInput`, for two.
    pub fn input(&self) -> Value {
        json!({ "checkIn": self.check_in, "checkOut": self.check_out(), "guests": { "adults": 2 } })
    }

    /// Every night, as the contract writes it.
    pub fn each_night(&self) -> Vec<String> {
        (0..self.nights).map(|n| (self.check_in + Days::new(n)).to_string()).collect()
    }
}

impl fmt::Display for Stay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} to {}, {} nights, 2 adults", day(self.check_in), day(self.check_out()), self.nights)
    }
}

/// What was found, and chosen.
pub(super) struct Hit {
    /// The listing.
    pub listing: String,
    /// What the search said that the stay costs, in minor units.
    pub total: i64,
}

impl Tour {
    /// Looks for a stay that can be booked at once; `None` when this server has none.
    pub(super) async fn search(&mut self) -> anyhow::Result<Option<(Hit, Stay)>> {
        self.output.begin("Search by map, dates and guests");
        let found = self.query(None, operations::FIND_CITY, Value::Null).await?;
        let Some(place) = list(&found, "/searchListings/nodes")?.first().map(|node| &node["listing"]["place"]) else {
            return Ok(None);
        };
        let (latitude, longitude) = point(place)?;
        let edge = |degrees: f64| (degrees * 1000.0).round() / 1000.0;
        let west = if longitude - AROUND.1 < -180.0 { longitude - AROUND.1 + 360.0 } else { longitude - AROUND.1 };
        let east = if longitude + AROUND.1 > 180.0 { longitude + AROUND.1 - 360.0 } else { longitude + AROUND.1 };
        let (south, north) = ((latitude - AROUND.0).max(-90.0), (latitude + AROUND.0).min(90.0));
        let area = json!({ "south": edge(south), "west": edge(west), "north": edge(north), "east": edge(east) });
        self.output.fact("city", text(place, "/city")?);
        self.output.fact("box", format!("{:.2} to {:.2} north, {:.2} to {:.2} east", south, north, west, east));
        for (nights, weeks) in NIGHTS.into_iter().flat_map(|nights| WEEKS.map(|weeks| (nights, weeks))) {
            let stay = Stay::ahead(weeks, nights);
            let variables = json!({ "box": area, "stay": stay.input() });
            let found = self.query(None, operations::SEARCH, variables).await?;
            if let Some(hit) = self.choose(&found, stay)? {
                return Ok(Some((hit, stay)));
            }
        }
        Ok(None)
    }

    /// Shows the hits and takes one of them: not always the same, so that tours do not get into
    /// each other's way.
    fn choose(&self, found: &Value, stay: Stay) -> anyhow::Result<Option<Hit>> {
        let hits = list(found, "/searchListings/nodes")?;
        if hits.is_empty() {
            return Ok(None);
        }
        self.output.fact("stay", stay);
        let count = found["searchListings"]["totalCount"].as_i64();
        let count = count.map_or_else(|| "more than 1,000".to_owned(), |count| count.to_string());
        self.output.fact("found", format!("{count} listings; the best rated ones, with the price of the whole stay:"));
        for hit in hits {
            let rating = rating(hit, "/listing/rating")?;
            let title = short(text(hit, "/listing/title")?, 44);
            self.output.line(format!("{}   {rating:<12} {title}", money(hit, "/price/total")?));
        }
        let chosen = &hits[usize::from(unique_text().bytes().last().unwrap_or_default()) % hits.len()];
        self.output.fact("chosen", short(text(chosen, "/listing/title")?, 60));
        let (listing, total) = (text(chosen, "/listing/id")?.to_owned(), number(chosen, "/price/total/minorUnits")?);
        Ok(Some(Hit { listing, total }))
    }

    /// Opens what was found.
    pub(super) async fn open_listing(&mut self, hit: &Hit, stay: &Stay) -> anyhow::Result<()> {
        self.output.begin("Open the listing");
        let variables = json!({ "id": hit.listing, "from": stay.check_in(), "to": stay.check_out() });
        let found = self.query(None, operations::LISTING, variables).await?;
        let listing = &found["listing"];
        ensure!(listing.is_object(), "expected the listing {}, got {listing}", hit.listing);
        self.show_listing(listing)?;
        let nights = list(listing, "/availability")?;
        let days: Vec<String> = nights.iter().filter_map(|night| night["night"].as_str().map(str::to_owned)).collect();
        check_equal("the nights", stay.each_night(), days)?;
        for night in nights {
            let bookable = night["bookable"] == true;
            ensure!(bookable, "expected all nights to be bookable, as the search said, got {night}");
            let date: NaiveDate = text(night, "/night")?.parse()?;
            self.output.line(format!("{:<15}  {}  free", day(date).to_string(), money(night, "/price")?));
        }
        let arrival = nights.first().context("expected nights, got none")?;
        check_equal("arrival on the first day", true, arrival["checkInAllowed"] == true)?;
        self.output.passed("every night of the stay is free");
        Ok(())
    }

    fn show_listing(&self, listing: &Value) -> anyhow::Result<()> {
        self.output.fact("title", short(text(listing, "/title")?, 72));
        let guests = number(listing, "/maxGuests")?;
        self.output.fact("what", format!("{}, up to {guests} guests", text(listing, "/propertyLabel")?));
        let part = listing["place"]["neighborhood"].as_str().map(|part| format!("{part}, ")).unwrap_or_default();
        let zone = text(listing, "/timeZone")?;
        self.output.fact("where", format!("{part}{}, time zone {zone}", text(listing, "/place/city")?));
        let superhost = if listing["host"]["isSuperhost"] == true { ", superhost" } else { "" };
        let (host, since) = (text(listing, "/host/displayName")?, text(listing, "/host/memberSince")?);
        self.output.fact("host", format!("{host}{superhost}, member since {since}"));
        let amenities = list(listing, "/amenities")?;
        let names: Vec<&str> = amenities.iter().filter_map(|amenity| amenity["name"].as_str()).take(3).collect();
        self.output.fact("offers", format!("{} amenities, such as {}", amenities.len(), short(&names.join(", "), 56)));
        for photo in list(listing, "/photos")?.iter().take(1) {
            self.output.fact("photo", text(photo, "/url")?);
        }
        self.output.fact("rating", rating(listing, "/rating")?);
        for review in list(listing, "/reviews/nodes")? {
            let who = review["author"]["displayName"].as_str().unwrap_or("somebody");
            self.output.fact("review", format!("{who}, {}:", instant(review, "/createdAt")?));
            self.output.line(format!("“{}”", short(text(review, "/text")?, 72)));
        }
        Ok(())
    }
}

fn point(place: &Value) -> anyhow::Result<(f64, f64)> {
    let degree = |name: &str| {
        place["point"][name].as_f64().with_context(|| format!("expected degrees of {name}, got {}", place["point"]))
    };
    Ok((degree("latitude")?, degree("longitude")?))
}
