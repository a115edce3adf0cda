use std::collections::HashMap;

use super::*;
use crate::{
    source::Source,
    table::{Next, Table},
};
use types::{CancellationPolicy, PropertyType, RoomType};

const HEADER: &str =
    "id,name,host_id,host_name,latitude,longitude,property_type,room_type,accommodates,amenities,price";
const ROW: &str = "71609,Villa in Singapore · ★4.44 · 2 bedrooms · 3 beds · 1 bath,367042,Belinda,1.34537,103.95887,Private room \
                   in villa,Private room,4,\"[\"\"Wifi\"\"]\",$150.00";

/// Reads one listing: the smallest valid row, with these columns changed or added.
fn parse(reader: &mut Reader, changes: &[(&str, &str)]) -> (Result<Listing, Reason>, Vec<Reason>) {
    let mut columns: Vec<String> = HEADER.split(',').map(ToOwned::to_owned).collect();
    let mut parsed = csv::ReaderBuilder::new().has_headers(false).from_reader(ROW.as_bytes());
    let first = parsed.records().next().unwrap().unwrap();
    let mut fields: Vec<String> = first.iter().map(ToOwned::to_owned).collect();
    for (name, value) in changes {
        match columns.iter().position(|column| column == name) {
            Some(index) => (*value).clone_into(&mut fields[index]),
            None => {
                columns.push((*name).to_owned());
                fields.push((*value).to_owned());
            }
        }
    }
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(&columns).unwrap();
    writer.write_record(&fields).unwrap();
    let bytes = writer.into_inner().unwrap().leak();
    let mut table = Table::open(Part::Listings, &Source::Bytes("listings.csv", bytes), Reader::REQUIRED).unwrap();
    let Next::Row(row) = table.next().unwrap() else { panic!("a row") };
    let mut notes = Vec::new();
    (reader.parse(row, &mut notes), notes)
}

fn reader() -> Reader {
    of_city(None, "SGD")
}

fn of_city(city: Option<&str>, currency: &str) -> Reader {
    let city = city.map(ToOwned::to_owned);
    let found =
        DatasetFacts { city, currency: currency.parse().unwrap(), prices: HashMap::new(), contradictions: Vec::new() };
    Reader::new(found, Origin { dataset: String::new(), fingerprint: [0; 32], has_calendar: false })
}

fn listing(changes: &[(&str, &str)]) -> Listing {
    let (listing, notes) = parse(&mut reader(), changes);
    assert_eq!(notes, [""; 0]);
    listing.unwrap()
}

/// A listing that is imported with one note.
fn repaired(changes: &[(&str, &str)]) -> (Listing, String) {
    let (listing, notes) = parse(&mut reader(), changes);
    assert_eq!(notes.len(), 1, "{notes:?}");
    (listing.unwrap(), notes.concat())
}

fn refused(changes: &[(&str, &str)]) -> Reason {
    parse(&mut reader(), changes).0.unwrap_err()
}

#[test]
fn the_smallest_row_is_enough() {
    let listing = listing(&[]);
    let facts = &listing.facts;
    assert_eq!(facts.title, "Villa in Singapore · 2 bedrooms · 3 beds");
    assert_eq!((facts.room_type, facts.property_type), (RoomType::PrivateRoom, PropertyType::Villa));
    assert_eq!(facts.property_label, "Private room in villa");
    assert_eq!((facts.base_price, facts.max_guests, listing.charges), (15_000, 4, Charges::default()));
    assert_eq!((facts.min_nights, facts.max_nights), (1, 1_125));
    assert_eq!((facts.time_zone.as_str(), facts.country_code.as_deref()), ("Asia/Singapore", Some("SG")));
    assert_eq!(facts.city, "Singapore");
    assert_eq!((facts.area_latitude, facts.area_longitude), (1.3475, 103.9575), "only the square is public");
    assert!(!facts.instant_book && facts.bedrooms.is_none() && facts.neighborhood_overview.is_none());
    assert_eq!(listing.ratings, Ratings::default());
    let host = listing.host.unwrap().facts;
    assert!(!host.is_superhost && host.about.is_none() && host.avatar_url.is_none());
}

#[test]
fn blank_fields_are_no_problem() {
    let blank = ["bathrooms", "bathrooms_text", "bedrooms", "beds", "host_is_superhost", "review_scores_rating"];
    let blank: Vec<(&str, &str)> = blank.iter().map(|name| (*name, "")).collect();
    assert_eq!(listing(&blank).facts, listing(&[]).facts);
    let listing = listing(&[("description", ""), ("host_about", ""), ("host_response_rate", "N/A")]);
    assert_eq!((listing.facts.description.as_str(), listing.host.unwrap().facts.about), ("", None));
}

#[test]
fn stays_are_clamped_to_valid_limits() {
    let stay = |min, max| {
        let facts = listing(&[("minimum_nights", min), ("maximum_nights", max)]).facts;
        (facts.min_nights, facts.max_nights)
    };
    assert_eq!(stay("92", "180"), (92, 180));
    assert_eq!(stay("365", "100000"), (365, 1_125));
    assert_eq!(stay("0", "2147483647"), (1, 1_125));
    // C17: a minimum stay above the maximum of any stay is reduced, and reported.
    let (listing, note) = repaired(&[("minimum_nights", "400"), ("maximum_nights", "1125")]);
    assert_eq!((listing.facts.min_nights, listing.facts.max_nights), (365, 1_125));
    assert!(note.contains("400"), "{note}");
    let (listing, note) = repaired(&[("minimum_nights", "30"), ("maximum_nights", "7")]);
    assert_eq!((listing.facts.min_nights, listing.facts.max_nights), (30, 30));
    assert!(note.contains("30") && note.contains('7'), "{note}");
}

#[test]
fn averages_become_sums_in_hundredths() {
    let scores = |scores: [&'static str; 7], reviews| {
        let names = ["rating", "accuracy", "cleanliness", "checkin", "communication", "location", "value"];
        let names = names.map(|name| format!("review_scores_{name}"));
        let mut changes: Vec<(&str, &str)> = names.iter().map(String::as_str).zip(scores).collect();
        changes.push(("number_of_reviews", reviews));
        listing(&changes).ratings
    };
    let ratings = scores(["4.69", "4.62", "4.49", "4.83", "4.88", "4.56", "4.6"], "82");
    assert_eq!((ratings.rating_count, ratings.rating_total), (82, 469 * 82));
    assert_eq!((ratings.category_count, ratings.accuracy_total, ratings.cleanliness_total), (82, 462 * 82, 449 * 82));
    assert_eq!((ratings.check_in_total, ratings.value_total), (483 * 82, 460 * 82));
    assert_eq!(scores(["0.0", "", "", "", "", "", ""], "1"), Ratings::default(), "0 without categories is no rating");
    let only = scores(["4.5", "", "", "", "", "", ""], "2");
    assert_eq!((only.rating_count, only.rating_total, only.category_count, only.value_total), (2, 900, 0, 0));
    let old = scores(["94", "9", "10", "10", "10", "8", "9"], "10");
    assert_eq!((old.rating_total, old.accuracy_total, old.location_total), (4_700, 4_500, 4_000), "to 100 before 2021");
    assert_eq!(scores(["5.0", "5", "5", "5", "5", "5", "5"], "0"), Ratings::default());
}

#[test]
fn invalid_listings_are_rejected_with_a_reason() {
    for (column, value, why) in [
        ("id", "9.8598E+17", "not an id"),
        ("host_id", "", "not an id"),
        ("latitude", "north", "not a number"),
        ("latitude", "91", "not on earth"),
        ("longitude", "NaN", "not on earth"),
        ("room_type", "Castle", "unknown"),
        ("price", "", "no price"),
        ("price", "$0.00", "zero"),
        ("accommodates", "0", "no guests"),
        ("accommodates", "many", "not a whole number"),
    ] {
        let reason = refused(&[(column, value)]);
        assert!(reason.contains(why), "{column}: {reason}");
    }
}

#[test]
fn invalid_optional_values_are_left_out_and_reported() {
    for (column, value) in [
        ("amenities", "Wifi and more"),
        ("beds", "several"),
        ("bathrooms_text", "enough"),
        ("instant_bookable", "maybe"),
        ("host_since", "long ago"),
        ("review_scores_value", "great"),
    ] {
        repaired(&[(column, value)]);
    }
    let (listing, _) = repaired(&[("amenities", "[1]")]);
    assert!(listing.amenities.is_empty());
}

#[test]
fn older_and_newer_files_are_supported() {
    let old = listing(&[("amenities", "{TV,\"Hot tub\"}"), ("bathrooms", "1.5"), ("property_type", "Apartment")]);
    assert_eq!(old.facts.bathroom_halves, Some(3));
    assert_eq!(old.facts.property_type, PropertyType::Apartment);
    assert_eq!(old.amenities.len(), 2);
    let new = listing(&[("bathrooms", "2.0"), ("bathrooms_text", "2 shared baths"), ("bedrooms", "3"), ("beds", "46")]);
    assert_eq!((new.facts.bathroom_halves, new.facts.bathrooms_shared), (Some(4), true));
    assert_eq!((new.facts.bedrooms, new.facts.beds), (Some(3), Some(46)));
}

#[test]
fn the_first_record_of_a_host_or_listing_is_used() {
    let mut reader = reader();
    assert!(parse(&mut reader, &[]).0.unwrap().host.is_some());
    assert!(parse(&mut reader, &[("id", "2"), ("host_name", "Other")]).0.unwrap().host.is_none());
    assert!(parse(&mut reader, &[]).0.unwrap_err().contains("same id"));
}

#[test]
fn places_dates_and_addresses_are_taken_from_the_best_column() {
    let known = |changes: &[(&str, &str)]| listing(changes).published_at.utc().to_rfc3339();
    assert_eq!(known(&[("first_review", "2012-05-22"), ("last_scraped", "2023-09-23")]), "2012-05-22T12:00:00+00:00");
    assert_eq!(known(&[("first_review", ""), ("last_scraped", "2023-09-23")]), "2023-09-23T12:00:00+00:00");
    let host = listing(&[("host_since", "2012-05-09"), ("host_is_superhost", "t")]).host.unwrap().facts;
    assert_eq!((host.member_since.to_string().as_str(), host.is_superhost), ("2012-05-09", true));
    assert_eq!(listing(&[("neighbourhood", "Tiong Bahru, Singapore")]).facts.city, "Singapore");
    let mut named = of_city(Some("Lion City"), "SGD");
    assert_eq!(parse(&mut named, &[("neighbourhood", "x, y")]).0.unwrap().facts.city, "Lion City");
    let cover = |url| listing(&[("picture_url", url)]).cover;
    assert_eq!(cover("https://example.org/a.jpg").as_deref(), Some("https://example.org/a.jpg"));
    for url in ["", "javascript:alert(1)", "//example.org", "https://", "https://example.org/a b"] {
        assert_eq!(cover(url), None, "{url}");
    }
}

#[test]
fn texts_fit_into_their_columns() {
    let long = "好".repeat(70_000);
    let listing = listing(&[("name", &long), ("description", &long), ("host_name", &long), ("property_type", &long)]);
    assert_eq!(listing.facts.title.chars().count(), 255);
    assert_eq!(listing.facts.description.len(), 65_535);
    assert_eq!(listing.facts.property_label.chars().count(), 100);
    assert_eq!(listing.host.unwrap().facts.display_name.chars().count(), 100);
}

/// I7: files until 2019 have fees and a policy.
#[test]
fn fees_and_policies_are_read_if_a_file_has_them() {
    let old = listing(&[
        ("cleaning_fee", "$25.00"),
        ("extra_people", "$0.00"),
        ("guests_included", "9"),
        ("cancellation_policy", "strict_14_with_grace_period"),
    ]);
    let expected = Charges {
        cleaning_fee: Some(2_500),
        extra_guest_fee: Some(0),
        guests_included: Some(4),
        cancellation_policy: Some(CancellationPolicy::Strict),
    };
    assert_eq!(old.charges, expected, "no more guests are included than fit in");
    assert_eq!(listing(&[("cleaning_fee", ""), ("cancellation_policy", "")]).charges, Charges::default());
    for (name, value, why) in [
        ("cleaning_fee", "a lot", "cleaning_fee: the price `a lot` is not a number"),
        ("guests_included", "few", "guests_included `few` is not a whole number"),
        ("cancellation_policy", "whatever", "cancellation_policy `whatever` is unknown: left out"),
    ] {
        let (listing, note) = repaired(&[(name, value)]);
        assert_eq!((listing.charges, note.as_str()), (Charges::default(), why));
    }
}

/// I2: a price of the calendar replaces a missing one.
#[test]
fn a_listing_without_a_price_gets_that_of_its_calendar() {
    let mut reader = of_city(None, "SGD");
    reader.found.prices = HashMap::from([(1, 4_200)]);
    for price in ["", "$0.00", "N/A"] {
        let (listing, notes) = parse(&mut reader, &[("id", "1"), ("price", price)]);
        assert_eq!((listing.map(|it| it.facts.base_price), notes), (Ok(4_200), Vec::new()));
        reader.listings.clear();
    }
    assert_eq!(parse(&mut reader, &[("id", "2"), ("price", "")]).0.unwrap_err(), "it has no price");
}
