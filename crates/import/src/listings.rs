//! Records of `listings.csv`.

use std::{collections::HashSet, sync::Arc};

use chrono::NaiveDate;

use super::{
    Part, amenities, calendar, kinds, places, price, reviews,
    stage::Kind,
    survey::DatasetFacts,
    table::{self, Reason, Row},
    text,
};
use domain::listings::zone_at;
use store::imports::{Charges, Host, HostFacts, Listing, ListingFacts, Listings, Origin, Ratings, SOURCE};
use types::{ListingId, Point, RoomType, UserId, web_address};

/// Maximum bytes of a TEXT column.
const TEXT: usize = 65_535;

/// Required columns.
pub(super) const REQUIRED: &[&str] = &[
    "id",
    "name",
    "host_id",
    "host_name",
    "latitude",
    "longitude",
    "property_type",
    "room_type",
    "accommodates",
    "amenities",
    "price",
];

/// Parses listings.
pub(super) struct Reader {
    found: DatasetFacts,
    origin: Arc<Origin>,
    /// IDs of the listings and hosts so far. Of several records of one host, the first is used.
    listings: HashSet<u64>,
    hosts: HashSet<u64>,
}

impl Reader {
    /// Parses listings of the import `origin`, with the facts `found` about the whole file.
    pub(super) fn new(found: DatasetFacts, origin: Origin) -> Self {
        Self { found, origin: Arc::new(origin), listings: HashSet::new(), hosts: HashSet::new() }
    }

    fn price(&self, id: u64, row: Row<'_>) -> Result<i64, Reason> {
        if let Some(price) = self.found.prices.get(&id) {
            return Ok(*price);
        }
        let price = price::parse(row.get("price"), self.found.currency)?;
        let why =
            if self.origin.has_calendar { "it has no price, and its calendar has none" } else { "it has no price" };
        price.ok_or_else(|| why.to_owned())
    }

    /// Fees and policy, if the file has them.
    fn charges(&self, row: Row<'_>, max_guests: u16, notes: &mut Vec<Reason>) -> Charges {
        let mut fee = |name| match price::fee(row.get(name), self.found.currency) {
            Ok(fee) => fee,
            Err(note) => {
                notes.push(format!("{name}: {note}"));
                None
            }
        };
        let (cleaning_fee, extra_guest_fee) = (fee("cleaning_fee"), fee("extra_people"));
        let policy = row.get("cancellation_policy").trim();
        let cancellation_policy = kinds::policy(policy);
        if cancellation_policy.is_none() && !policy.is_empty() {
            notes.push(format!("cancellation_policy `{}` is unknown: left out", table::excerpt(policy)));
        }
        let guests_included = lenient(row, "guests_included", notes).map(|guests| guests.clamp(1, max_guests));
        Charges { cleaning_fee, extra_guest_fee, guests_included, cancellation_policy }
    }

    fn facts(&self, id: u64, host: u64, row: Row<'_>, notes: &mut Vec<Reason>) -> Result<ListingFacts, Reason> {
        let point = point(row)?;
        let area = point.area().0;
        let time_zone = zone_at(point).ok_or("its location is in no known time zone")?;
        let room_type = room(row)?;
        let base_price = self.price(id, row)?;
        let max_guests = count(table::whole(row.get("accommodates"), "accommodates")?);
        let max_guests = max_guests.filter(|guests| *guests > 0).ok_or("it takes no guests")?;
        let bathrooms = bathrooms(row, notes);
        let (min_nights, max_nights) = stay(row, notes);
        Ok(ListingFacts {
            id: ListingId::derived(reviews::epoch(), SOURCE, id),
            host_id: UserId::derived(reviews::epoch(), SOURCE, host),
            title: title(row),
            description: text::paragraphs(row.get("description"), TEXT),
            neighborhood_overview: text::some(text::paragraphs(row.get("neighborhood_overview"), TEXT)),
            room_type,
            property_type: kinds::property(row.get("property_type")),
            property_label: text::line(row.get("property_type"), 100),
            max_guests,
            bedrooms: lenient(row, "bedrooms", notes),
            beds: lenient(row, "beds", notes),
            bathroom_halves: bathrooms.halves,
            bathrooms_shared: bathrooms.shared,
            city: self.found.city.clone().unwrap_or_else(|| places::city(time_zone)),
            neighborhood: text::some(text::line(row.get("neighbourhood_cleansed"), 100)),
            region: text::some(text::line(row.get("neighbourhood_group_cleansed"), 100)),
            country_code: places::country(time_zone).map(ToOwned::to_owned),
            latitude: point.latitude,
            longitude: point.longitude,
            area_latitude: area.latitude,
            area_longitude: area.longitude,
            time_zone: time_zone.to_owned(),
            currency: self.found.currency,
            base_price,
            min_nights,
            max_nights,
            instant_book: flag(row, "instant_bookable", notes),
        })
    }
}

impl Kind for Reader {
    type Record = Listing;
    type Batch = Listings;
    const PART: Part = Part::Listings;
    const REQUIRED: &'static [&'static str] = REQUIRED;
    // Few at a time, because they are locked until the batch is committed.
    const SIZE: usize = 50;

    fn parse(&mut self, row: Row<'_>, notes: &mut Vec<Reason>) -> Result<Listing, Reason> {
        let id = table::id(row.get("id"), "id")?;
        let host = table::id(row.get("host_id"), "host_id")?;
        let facts = self.facts(id, host, row, notes)?;
        if !self.listings.insert(id) {
            return Err("an earlier record has the same id".to_owned());
        }
        // A host is written before the first of their listings.
        let host = self.hosts.insert(host).then(|| host_of(row, host, notes));
        let (mut amenities, placeholders) = amenities::parse(row.get("amenities")).unwrap_or_else(|| {
            notes.push("the amenities are not a list: left out".to_owned());
            Default::default()
        });
        if placeholders > 0 {
            notes.push(format!("{placeholders} amenities have no name (`translation missing`): left out"));
        }
        if amenities.len() > amenities::MOST {
            notes.push(format!("{} amenities beyond {}: left out", amenities.len() - amenities::MOST, amenities::MOST));
            amenities.truncate(amenities::MOST);
        }
        let known_since = ["first_review", "last_scraped", "calendar_last_scraped"];
        let charges = self.charges(row, facts.max_guests, notes);
        Ok(Listing {
            origin: Arc::clone(&self.origin),
            charges,
            source_id: id,
            published_at: reviews::noon(first_date(row, &known_since, notes)),
            facts,
            ratings: ratings(row, notes),
            cover: url(row.get("picture_url")),
            amenities,
            host,
        })
    }

    fn batch(records: Vec<Listing>) -> Listings {
        Listings(records)
    }
}

fn host_of(row: Row<'_>, id: u64, notes: &mut Vec<Reason>) -> Host {
    let name = text::some(text::line(row.get("host_name"), 100));
    Host {
        source_id: id,
        facts: HostFacts {
            id: UserId::derived(reviews::epoch(), SOURCE, id),
            display_name: name.unwrap_or_else(|| "Host".to_owned()),
            about: text::some(text::paragraphs(row.get("host_about"), TEXT)),
            location: text::some(text::line(row.get("host_location"), 200)),
            avatar_url: url(row.get("host_picture_url")),
            member_since: first_date(row, &["host_since", "first_review", "last_scraped"], notes),
            is_superhost: flag(row, "host_is_superhost", notes),
        },
    }
}

fn room(row: Row<'_>) -> Result<RoomType, Reason> {
    let room = row.get("room_type");
    kinds::room(room).ok_or_else(|| format!("room_type `{}` is unknown", table::excerpt(room)))
}

pub(super) fn point(row: Row<'_>) -> Result<Point, Reason> {
    let degrees = |name: &str| {
        let text = row.get(name).trim();
        text.parse::<f64>().map_err(|_| format!("{name} `{}` is not a number", table::excerpt(text)))
    };
    let (latitude, longitude) = (degrees("latitude")?, degrees("longitude")?);
    Point::new(latitude, longitude).ok_or_else(|| format!("its location {latitude}, {longitude} is not on earth"))
}

/// The title; without one, the kind of place.
fn title(row: Row<'_>) -> String {
    let title = kinds::title(&text::line(row.get("name"), 255));
    if title.is_empty() { text::line(row.get("property_type"), 100) } else { title }
}

/// A valid public HTTP URL that fits into the column.
fn url(text: &str) -> Option<String> {
    let text = text.trim();
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"))?;
    let right = !rest.is_empty() && text.len() <= 2_048 && text.bytes().all(|byte| byte.is_ascii_graphic());
    (right && web_address::is_public(text)).then(|| text.to_owned())
}

fn count(number: Option<u64>) -> Option<u16> {
    number.map(|number| u16::try_from(number).unwrap_or(u16::MAX))
}

/// A number that is optional.
fn lenient(row: Row<'_>, name: &str, notes: &mut Vec<Reason>) -> Option<u16> {
    let number = table::whole(row.get(name), name);
    count(number.unwrap_or_else(|note| {
        notes.push(note);
        None
    }))
}

/// A flag that is false if empty.
fn flag(row: Row<'_>, name: &str, notes: &mut Vec<Reason>) -> bool {
    let flag = table::flag(row.get(name), name).unwrap_or_else(|note| {
        notes.push(note);
        None
    });
    flag.unwrap_or(false)
}

/// The first of these columns with a date.
fn first_date(row: Row<'_>, names: &[&str], notes: &mut Vec<Reason>) -> NaiveDate {
    for name in names {
        match table::date(row.get(name), name) {
            Ok(Some(date)) => return date,
            Ok(None) => {}
            Err(note) => notes.push(note),
        }
    }
    chrono::DateTime::UNIX_EPOCH.date_naive()
}

fn bathrooms(row: Row<'_>, notes: &mut Vec<Reason>) -> kinds::Bathrooms {
    // `bathrooms` has bare numbers in files without the text, and nothing in those with it.
    let text = [row.get("bathrooms_text"), row.get("bathrooms")].into_iter().find(|text| !text.trim().is_empty());
    let text = text.unwrap_or_default();
    kinds::bathrooms(text).unwrap_or_else(|| {
        notes.push(format!("the bathrooms `{}` cannot be read", table::excerpt(text)));
        kinds::Bathrooms::default()
    })
}

/// Minimum and maximum nights of a stay.
fn stay(row: Row<'_>, notes: &mut Vec<Reason>) -> (u16, u16) {
    let mut bound = |name, otherwise| {
        let nights = table::whole(row.get(name), name).unwrap_or_else(|note| {
            notes.push(note);
            None
        });
        nights.unwrap_or(otherwise)
    };
    let (min, max) = (bound("minimum_nights", 1), bound("maximum_nights", u64::MAX));
    if min > calendar::LONGEST_MINIMUM {
        let longest = calendar::LONGEST_MINIMUM;
        notes.push(format!("minimum_nights {min} is longer than any stay that can be booked: {longest} nights apply"));
    }
    let (min, max) = (calendar::clamp_minimum(min), calendar::clamp(max));
    if min > max {
        notes.push(format!("minimum_nights {min} is more than maximum_nights {max}: the minimum applies to both"));
    }
    (min, max.max(min))
}

/// The average ratings as sums, as if each review of the listing had given the average.
fn ratings(row: Row<'_>, notes: &mut Vec<Reason>) -> Ratings {
    let mut score = |name: &str| -> Option<f64> {
        let text = row.get(name).trim();
        let number = text.parse::<f64>().ok().filter(|score| (0.0..=100.0).contains(score));
        if number.is_none() && !text.is_empty() {
            notes.push(format!("{name} `{}` is not a rating", table::excerpt(text)));
        }
        number
    };
    let overall = score("review_scores_rating");
    let categories = ["cleanliness", "accuracy", "checkin", "communication", "location", "value"]
        .map(|category| score(&format!("review_scores_{category}")));
    let reviews = count(table::whole(row.get("number_of_reviews"), "number_of_reviews").unwrap_or(None)).unwrap_or(0);
    // A rating of 0 means none. Files before 2021 rate up to 100 overall, and up to 10 by category.
    let Some(overall) = overall.filter(|overall| *overall > 0.0 && reviews > 0) else { return Ratings::default() };
    let (by, by_category) = if overall > 5.0 { (20.0, 2.0) } else { (1.0, 1.0) };
    let hundredths = |score: f64| {
        // In range: scores are 0 to 100.
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and 10,000")]
        let hundredths = (score * 100.0).round() as u64;
        hundredths.min(500) * u64::from(reviews)
    };
    let overall =
        Ratings { rating_count: u32::from(reviews), rating_total: hundredths(overall / by), ..Ratings::default() };
    let [Some(cleanliness), Some(accuracy), Some(check_in), Some(communication), Some(location), Some(value)] =
        categories
    else {
        return overall;
    };
    Ratings {
        category_count: u32::from(reviews),
        cleanliness_total: hundredths(cleanliness / by_category),
        accuracy_total: hundredths(accuracy / by_category),
        check_in_total: hundredths(check_in / by_category),
        communication_total: hundredths(communication / by_category),
        location_total: hundredths(location / by_category),
        value_total: hundredths(value / by_category),
        ..overall
    }
}

#[cfg(test)]
mod tests;
