//! Assertions for the fuzz targets about any record of a file. Not part of other builds.

use super::{
    ImportError, Part, Source, calendar, listings, price, reviews,
    stage::Kind,
    survey::{self, DatasetFacts},
    table::{Next, Table},
};
use store::imports::{Batch, Day, Listing, Origin, Review};
use types::{Currency, Money};

/// Maximum length of a reason in a report, in bytes. Few reasons quote column names, which come
/// from the file.
const MAX_REASON: usize = 2_000;

/// Reads a whole file of this kind, and returns the number of its records.
///
/// # Errors
/// As [`super::inside_airbnb`], except for those of the database.
///
/// # Panics
/// When a record does not fit into its table.
pub fn read(part: Part, source: &Source) -> Result<u64, ImportError> {
    let currency = Currency::EUR;
    match part {
        Part::Listings => {
            let (city, usual) = survey::guess(source)?;
            let currency = usual.unwrap_or(currency);
            let found = DatasetFacts { city, currency, prices: Default::default(), contradictions: Vec::new() };
            let origin = Origin { dataset: String::new(), fingerprint: [0; 32], has_calendar: false };
            records(listings::Reader::new(found, origin), source, listing)
        }
        Part::Reviews => records(reviews::Reader::default(), source, review),
        Part::Calendar => records(calendar::Reader::new(currency, chrono::Duration::weeks(150)), source, day),
    }
}

/// Parses a price with each number of decimals that a currency can have.
///
/// # Panics
/// When it is not a valid amount.
pub fn price(text: &str) {
    for code in ["EUR", "JPY", "KWD", "CLF"] {
        let Ok(currency) = code.parse() else { continue };
        let minor = price::parse(text, currency);
        assert!(minor.is_err() || minor.is_ok_and(|minor| minor.is_none_or(is_price)), "{text}");
        let fee = price::fee(text, currency);
        assert!(fee.is_err() || fee.is_ok_and(|fee| fee.is_none_or(|fee| fee == 0 || is_price(fee))), "{text}");
    }
}

fn is_price(minor: i64) -> bool {
    (1..=Money::MAX_MINOR).contains(&minor)
}

fn records<K: Kind>(mut kind: K, source: &Source, check: fn(&K::Record)) -> Result<u64, ImportError> {
    let mut table = Table::open(K::PART, source, K::REQUIRED)?;
    kind.header(table.header());
    kind.begin();
    let (mut notes, mut kept) = (Vec::new(), Vec::new());
    loop {
        match table.next()? {
            Next::Row(row) => match kind.parse(row, &mut notes) {
                Ok(record) => {
                    check(&record);
                    kept.push(record);
                }
                Err(reason) => notes.push(reason),
            },
            Next::Broken(problem) => notes.push(problem.reason),
            Next::End => break,
        }
        for reason in notes.drain(..) {
            assert!(reason.len() <= MAX_REASON, "{reason}");
        }
    }
    K::batch(kept).listings();
    Ok(table.records())
}

fn listing(listing: &Listing) {
    let facts = &listing.facts;
    let fits = |text: &str, most: usize| text.chars().count() <= most;
    assert!(fits(&facts.title, 255) && fits(&facts.property_label, 100) && fits(&facts.city, 100));
    assert!(facts.description.len() <= 65_535 && is_plain(&facts.description) && is_plain(&facts.title));
    assert!(is_price(facts.base_price) && facts.max_guests > 0);
    assert!((1..=365).contains(&facts.min_nights) && (facts.min_nights..=1_125).contains(&facts.max_nights));
    assert!((-90.0..=90.0).contains(&facts.latitude) && (-180.0..=180.0).contains(&facts.longitude));
    assert!((-90.0..=90.0).contains(&facts.area_latitude) && (-180.0..=180.0).contains(&facts.area_longitude));
    assert!(listing.cover.as_ref().is_none_or(|url| url.len() <= 2_048));
    assert!(listing.ratings.rating_total <= 500 * u64::from(listing.ratings.rating_count));
    if let Some(host) = &listing.host {
        assert!(fits(&host.facts.display_name, 100) && !host.facts.display_name.is_empty());
        assert!(host.facts.location.as_ref().is_none_or(|location| fits(location, 200)));
    }
}

fn review(review: &Review) {
    assert!(!review.text.is_empty() && review.text.len() <= 65_535 && is_plain(&review.text));
    assert!(!review.author_name.is_empty() && review.author_name.chars().count() <= 100);
}

fn day(day: &Day) {
    assert!(day.price.is_none_or(|price| is_price(price.minor)));
    assert!(day.night.to_string().len() == 10, "{}", day.night);
    assert!(day.min_nights.zip(day.max_nights).is_none_or(|(min, max)| min <= max));
}

fn is_plain(text: &str) -> bool {
    text.chars().all(|char| char == '\n' || char == '\t' || !char.is_control())
}
