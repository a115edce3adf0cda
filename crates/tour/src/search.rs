//! Searches for a place to stay, and opens its page.

use super::accounts::unique_text;
use super::responses::{check_equal, day, instant, list, money, number, rating, short, text};
use super::{Tour, operations};
use anyhow::{Context as _, ensure};
use chrono::{Datelike as _, Days, NaiveDate};
use serde_json::{Value, json};
use std::fmt;
use types::{Clock as _, SystemClock};

/// Weeks from now until check-in, and numbers of nights: tried in this order until something can be
/// booked.
const WEEKS: [u64; 6] = [5, 3, 7, 2, 9, 12];
const NIGHTS: [u64; 4] = [3, 5, 7, 28];
/// Half the height and width of the box on the map, in degrees.
const BOX_RADIUS: (f64, f64) = (0.15, 0.25);

/// The days of a stay.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stay {
    check_in: NaiveDate,
    nights: u64,
}

impl Stay {
    /// A stay that starts on the first Friday after `weeks` weeks.
    pub fn in_weeks(weeks: u64, nights: u64) -> Self {
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

    /// The stay as a `StayInput` of the contract, for two adults.
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

/// The search hit that was chosen.
pub(super) struct Hit {
    /// The listing.
    pub listing: String,
    /// The price of the stay according to the search, in minor units.
    pub total: i64,
}

impl Tour {
    /// Looks for a stay that can be booked at once; `None` when this server has none.
    pub(super) async fn search(&mut self) -> anyhow::Result<Option<(Hit, Stay)>> {
        self.output.start_step("Search by map, dates and guests");
        let found = self.query(None, operations::FIND_CITY, Value::Null).await?;
        let Some(place) = list(&found, "/searchListings/nodes")?.first().map(|node| &node["listing"]["place"]) else {
            return Ok(None);
        };
        let (latitude, longitude) = point(place)?;
        let rounded = |degrees: f64| (degrees * 1000.0).round() / 1000.0;
        let west =
            if longitude - BOX_RADIUS.1 < -180.0 { longitude - BOX_RADIUS.1 + 360.0 } else { longitude - BOX_RADIUS.1 };
        let east =
            if longitude + BOX_RADIUS.1 > 180.0 { longitude + BOX_RADIUS.1 - 360.0 } else { longitude + BOX_RADIUS.1 };
        let (south, north) = ((latitude - BOX_RADIUS.0).max(-90.0), (latitude + BOX_RADIUS.0).min(90.0));
        let area =
            json!({ "south": rounded(south), "west": rounded(west), "north": rounded(north), "east": rounded(east) });
        self.output.print_fact("city", text(place, "/city")?);
        self.output.print_fact("box", format!("{:.2} to {:.2} north, {:.2} to {:.2} east", south, north, west, east));
        for (nights, weeks) in NIGHTS.into_iter().flat_map(|nights| WEEKS.map(|weeks| (nights, weeks))) {
            let stay = Stay::in_weeks(weeks, nights);
            let variables = json!({ "box": area, "stay": stay.input() });
            let found = self.query(None, operations::SEARCH, variables).await?;
            if let Some(hit) = self.choose_hit(&found, stay)? {
                return Ok(Some((hit, stay)));
            }
        }
        Ok(None)
    }

    /// Prints the hits and chooses one of them at random, so that concurrent tours do not compete
    /// for the same nights.
    fn choose_hit(&self, found: &Value, stay: Stay) -> anyhow::Result<Option<Hit>> {
        let hits = list(found, "/searchListings/nodes")?;
        if hits.is_empty() {
            return Ok(None);
        }
        self.output.print_fact("stay", stay);
        let count = found["searchListings"]["totalCount"].as_i64();
        let count = count.map_or_else(|| "more than 1,000".to_owned(), |count| count.to_string());
        self.output
            .print_fact("found", format!("{count} listings; the best rated ones, with the price of the whole stay:"));
        for hit in hits {
            let rating = rating(hit, "/listing/rating")?;
            let title = short(text(hit, "/listing/title")?, 44);
            self.output.print_line(format!("{}   {rating:<12} {title}", money(hit, "/price/total")?));
        }
        let chosen = &hits[usize::from(unique_text().bytes().last().unwrap_or_default()) % hits.len()];
        self.output.print_fact("chosen", short(text(chosen, "/listing/title")?, 60));
        let (listing, total) = (text(chosen, "/listing/id")?.to_owned(), number(chosen, "/price/total/minorUnits")?);
        Ok(Some(Hit { listing, total }))
    }

    /// Reads the page of the listing.
    pub(super) async fn open_listing(&mut self, hit: &Hit, stay: &Stay) -> anyhow::Result<()> {
        self.output.start_step("Open the listing");
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
            self.output.print_line(format!("{:<15}  {}  free", day(date).to_string(), money(night, "/price")?));
        }
        let arrival = nights.first().context("expected nights, got none")?;
        check_equal("arrival on the first day", true, arrival["checkInAllowed"] == true)?;
        self.output.print_passed("every night of the stay is free");
        Ok(())
    }

    fn show_listing(&self, listing: &Value) -> anyhow::Result<()> {
        self.output.print_fact("title", short(text(listing, "/title")?, 72));
        let guests = number(listing, "/maxGuests")?;
        self.output.print_fact("what", format!("{}, up to {guests} guests", text(listing, "/propertyLabel")?));
        let neighborhood = listing["place"]["neighborhood"]
            .as_str()
            .map(|neighborhood| format!("{neighborhood}, "))
            .unwrap_or_default();
        let zone = text(listing, "/timeZone")?;
        self.output.print_fact("where", format!("{neighborhood}{}, time zone {zone}", text(listing, "/place/city")?));
        let superhost = if listing["host"]["isSuperhost"] == true { ", superhost" } else { "" };
        let (host, since) = (text(listing, "/host/displayName")?, text(listing, "/host/memberSince")?);
        self.output.print_fact("host", format!("{host}{superhost}, member since {since}"));
        let amenities = list(listing, "/amenities")?;
        let names: Vec<&str> = amenities.iter().filter_map(|amenity| amenity["name"].as_str()).take(3).collect();
        self.output
            .print_fact("offers", format!("{} amenities, such as {}", amenities.len(), short(&names.join(", "), 56)));
        for photo in list(listing, "/photos")?.iter().take(1) {
            self.output.print_fact("photo", text(photo, "/url")?);
        }
        self.output.print_fact("rating", rating(listing, "/rating")?);
        for review in list(listing, "/reviews/nodes")? {
            let who = review["author"]["displayName"].as_str().unwrap_or("a guest");
            self.output.print_fact("review", format!("{who}, {}:", instant(review, "/createdAt")?));
            self.output.print_line(format!("“{}”", short(text(review, "/text")?, 72)));
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
