//! Updates do not change omitted fields.

use serde_json::{Value, json};

use super::world::{World, home};

const UPDATE: &str = "mutation ($input: UpdateListingInput!) { updateListing(input: $input) { __typename
    ... on UpdateListingSuccess { listing { title pricing { ...pricing } rules { ...rules } place { ...place } checkInFrom checkOutBy } }
    ... on InvalidInputProblem { path message fields { path message } } } }
  fragment pricing on ListingPricing { currency basePrice { minorUnits } weekendPrice { minorUnits } cleaningFee { minorUnits }
    extraGuestFee { minorUnits } guestsIncluded petFee { minorUnits } weeklyDiscountPercent monthlyDiscountPercent }
  fragment rules on StayRules { minNights maxNights advanceNoticeHours preparationNights bookingWindowDays petsAllowed }
  fragment place on Place { city neighborhood region countryCode }";
const SET: &str = "mutation ($input: SetNightPricesInput!) { setNightPrices(input: $input) { __typename
    ... on SetNightPricesSuccess { nights { price { minorUnits } minNights maxNights checkInAllowed checkOutAllowed } }
    ... on InvalidInputProblem { path message fields { path } } } }";

fn everything() -> Value {
    json!({
        "place": { "city": "Singapore", "neighborhood": "River", "region": "Central", "countryCode": "SG",
            "address": "1 River Road", "latitude": 1.28967, "longitude": 103.85007 },
        "pricing": { "currency": "SGD", "basePrice": 15000, "weekendPrice": 18000, "cleaningFee": 4000, "extraGuestFee": 900,
            "guestsIncluded": 2, "petFee": 700, "weeklyDiscountPercent": 5, "monthlyDiscountPercent": 15 },
        "rules": { "minNights": 3, "maxNights": 30, "advanceNoticeHours": 12, "preparationNights": 1,
            "bookingWindowDays": 180, "petsAllowed": true },
        "checkInFrom": "16:00", "checkOutBy": "10:00"
    })
}

async fn change(world: &World, host: &auth::Member, id: &str, change: Value) -> Value {
    let mut input = change;
    input["listingId"] = json!(id);
    world.run_query(Some(host), UPDATE, json!({ "input": input })).await["updateListing"].clone()
}

fn merge(into: &mut Value, change: &Value) {
    match (into, change) {
        (Value::Object(into), Value::Object(change)) => {
            change.iter().for_each(|(name, value)| merge(into.entry(name.clone()).or_insert(Value::Null), value));
        }
        (into, change) => *into = change.clone(),
    }
}

/// C1: every field of every nested input, given alone, changes only itself.
#[tokio::test]
async fn each_nested_field_changes_alone() {
    let world = World::new().await;
    let host = world.member("Ada").await;
    let id = world.draft(&host, everything()).await;
    let unchanged = change(&world, &host, &id, json!({})).await["listing"].clone();
    assert_eq!(unchanged["pricing"]["cleaningFee"]["minorUnits"], 4000);
    let money = |name: &str, minor: i64| json!({ "pricing": { name: { "minorUnits": minor } } });
    for (input, seen) in [
        (json!({ "pricing": { "basePrice": 1 } }), money("basePrice", 1)),
        (json!({ "pricing": { "currency": "SGD", "basePrice": 2 } }), money("basePrice", 2)),
        (json!({ "pricing": { "weekendPrice": 3 } }), money("weekendPrice", 3)),
        (json!({ "pricing": { "cleaningFee": 4 } }), money("cleaningFee", 4)),
        (json!({ "pricing": { "extraGuestFee": 5 } }), money("extraGuestFee", 5)),
        (json!({ "pricing": { "petFee": 6 } }), money("petFee", 6)),
        (json!({ "pricing": { "guestsIncluded": 3 } }), json!({ "pricing": { "guestsIncluded": 3 } })),
        (json!({ "pricing": { "weeklyDiscountPercent": 7 } }), json!({ "pricing": { "weeklyDiscountPercent": 7 } })),
        (json!({ "pricing": { "monthlyDiscountPercent": 8 } }), json!({ "pricing": { "monthlyDiscountPercent": 8 } })),
        (json!({ "rules": { "minNights": 2 } }), json!({ "rules": { "minNights": 2 } })),
        (json!({ "rules": { "maxNights": 29 } }), json!({ "rules": { "maxNights": 29 } })),
        (json!({ "rules": { "advanceNoticeHours": 1 } }), json!({ "rules": { "advanceNoticeHours": 1 } })),
        (json!({ "rules": { "preparationNights": 2 } }), json!({ "rules": { "preparationNights": 2 } })),
        (json!({ "rules": { "bookingWindowDays": 90 } }), json!({ "rules": { "bookingWindowDays": 90 } })),
        (json!({ "rules": { "petsAllowed": false } }), json!({ "rules": { "petsAllowed": false } })),
        (json!({ "place": { "city": "Johor Bahru" } }), json!({ "place": { "city": "Johor Bahru" } })),
        (json!({ "place": { "neighborhood": null } }), json!({ "place": { "neighborhood": null } })),
        (json!({ "place": { "latitude": 1.3, "longitude": 103.8 } }), json!({})),
        (json!({ "place": {}, "pricing": {}, "rules": {} }), json!({})),
        (json!({ "checkInFrom": "17:00" }), json!({ "checkInFrom": "17:00" })),
    ] {
        let mut expected = unchanged.clone();
        merge(&mut expected, &seen);
        assert_eq!(change(&world, &host, &id, input.clone()).await["listing"], expected, "{input}");
        change(&world, &host, &id, everything()).await;
    }
}

/// C1: an update of the place without an address keeps the address, and null clears it.
#[tokio::test]
async fn an_address_stays_until_null_clears_it() {
    let world = World::new().await;
    let host = world.member("Ada").await;
    let id = world.draft(&host, everything()).await;
    let address = async || {
        let id: types::ListingId = id.parse().unwrap();
        let rows = domain::listings::visible(&world.app, &host, &[id]).await.unwrap();
        rows[0].place.address.clone()
    };
    let place = json!({ "place": { "city": "Singapore", "latitude": 1.3, "longitude": 103.8 } });
    change(&world, &host, &id, place).await;
    assert_eq!(address().await.as_deref(), Some("1 River Road"));
    change(&world, &host, &id, json!({ "place": { "address": null } })).await;
    assert_eq!(address().await, None);
}

#[tokio::test]
async fn null_does_not_clear_required_fields() {
    let world = World::new().await;
    let host = world.member("Ada").await;
    let id = world.draft(&host, everything()).await;
    let nulls = json!({
        "title": null, "checkInFrom": null, "place": { "city": null, "latitude": null },
        "pricing": { "currency": null, "basePrice": null }, "rules": { "minNights": null, "petsAllowed": null }
    });
    let answer = change(&world, &host, &id, nulls).await;
    let paths: Vec<_> = answer["fields"].as_array().unwrap().iter().map(|field| field["path"].clone()).collect();
    for path in [
        json!(["input", "title"]),
        json!(["input", "checkInFrom"]),
        json!(["input", "place", "city"]),
        json!(["input", "place", "latitude"]),
        json!(["input", "pricing", "currency"]),
        json!(["input", "pricing", "basePrice"]),
        json!(["input", "rules", "minNights"]),
        json!(["input", "rules", "petsAllowed"]),
    ] {
        assert!(paths.contains(&path), "{path} of {answer}");
    }
    assert_eq!(paths.len(), 8, "{answer}");
}

/// C3: all invalid fields of an input are reported at once, each with its path.
#[tokio::test]
async fn all_invalid_fields_of_a_new_listing_are_reported_at_once() {
    let world = World::new().await;
    let host = world.member("Ada").await;
    let mut input = home();
    for (field, value) in [
        ("title", json!(" ")),
        ("maxGuests", json!(0)),
        ("bathrooms", json!(1.3)),
        ("amenities", json!(["Wifi", " "])),
        ("photos", json!([{ "url": "nowhere" }, { "url": "https://example.org/a", "caption": "x".repeat(201) }])),
        ("checkInFrom", json!("25:00")),
        ("pricing", json!({ "currency": "AAA", "weekendPrice": 0, "weeklyDiscountPercent": 100 })),
        ("place", json!({ "city": "Singapore", "latitude": 91 })),
        ("rules", json!({ "minNights": 400 })),
    ] {
        input[field] = value;
    }
    let create = "mutation ($input: CreateListingInput!) { createListing(input: $input) { __typename
        ... on InvalidInputProblem { path message fields { path message } } } }";
    let answer = world.run_query(Some(&host), create, json!({ "input": input })).await["createListing"].clone();
    let fields = answer["fields"].as_array().unwrap();
    let mut paths: Vec<_> = fields
        .iter()
        .map(|field| {
            field["path"].as_array().unwrap()[1..]
                .iter()
                .map(|name| name.as_str().unwrap())
                .collect::<Vec<_>>()
                .join(".")
        })
        .collect();
    assert_eq!((&answer["path"], &answer["message"]), (&fields[0]["path"], &fields[0]["message"]));
    paths.sort();
    assert_eq!(
        paths,
        [
            "amenities.1",
            "bathrooms",
            "checkInFrom",
            "maxGuests",
            "photos.0.url",
            "photos.1.caption",
            "place.latitude",
            "place.longitude",
            "pricing.basePrice",
            "pricing.currency",
            "pricing.weekendPrice",
            "pricing.weeklyDiscountPercent",
            "rules.minNights",
            "title"
        ]
    );
}

/// C2: prices and limits of nights stay unless they are given, night by night.
#[tokio::test]
async fn values_of_a_night_stay_when_another_is_set() {
    let world = World::new().await;
    let host = world.member("Ada").await;
    let id = world.listing(&host).await;
    let set = async |from: &str, to: &str, change: Value| {
        let mut input = json!({ "listingId": id, "from": from, "to": to });
        merge(&mut input, &change);
        world.run_query(Some(&host), SET, json!({ "input": input })).await["setNightPrices"]["nights"].clone()
    };
    let night = |price: i64, min: i64, max: i64, check_in: bool, check_out: bool| {
        json!({ "price": { "minorUnits": price }, "minNights": min, "maxNights": max, "checkInAllowed": check_in,
            "checkOutAllowed": check_out })
    };
    // Monday to Wednesday.
    assert_eq!(set("2026-07-06", "2026-07-07", json!({ "price": 20_000 })).await[0], night(20_000, 1, 365, true, true));
    assert_eq!(set("2026-07-06", "2026-07-07", json!({ "minNights": 3 })).await[0], night(20_000, 3, 365, true, true));
    assert_eq!(set("2026-07-06", "2026-07-07", json!({ "maxNights": 9 })).await[0], night(20_000, 3, 9, true, true));
    let both = set("2026-07-06", "2026-07-08", json!({ "checkInAllowed": false })).await;
    assert_eq!(both, json!([night(20_000, 3, 9, false, true), night(15_000, 1, 365, false, true)]));
    let both = set("2026-07-06", "2026-07-08", json!({ "price": null, "checkOutAllowed": false })).await;
    assert_eq!(both, json!([night(15_000, 3, 9, false, false), night(15_000, 1, 365, false, false)]));
    let both = set("2026-07-06", "2026-07-08", json!({})).await;
    assert_eq!(both, json!([night(15_000, 3, 9, false, false), night(15_000, 1, 365, false, false)]));
    let clear = json!({ "minNights": null, "maxNights": null, "checkInAllowed": null, "checkOutAllowed": true });
    let both = set("2026-07-06", "2026-07-08", clear).await;
    assert_eq!(both, json!([night(15_000, 1, 365, true, true), night(15_000, 1, 365, true, true)]));
}

/// C25: a published listing keeps what it needs; a draft or an unlisted one need not.
#[tokio::test]
async fn a_published_listing_keeps_its_description_and_a_picture() {
    const CHANGE: &str = "mutation ($input: UpdateListingInput!) { updateListing(input: $input) { __typename
        ... on ListingIncompleteProblem { code missing } ... on UpdateListingSuccess { listing { status description } } } }";
    let world = World::new().await;
    let host = world.member("Ada").await;
    let id = world.listing(&host).await;
    for (change, missing) in [
        (json!({ "photos": [] }), json!(["photos"])),
        (json!({ "photos": null, "title": "Other" }), json!(["photos"])),
        (json!({ "description": " " }), json!(["description"])),
        (json!({ "description": null, "photos": [] }), json!(["description", "photos"])),
    ] {
        let mut input = change;
        input["listingId"] = json!(id);
        let answer = world.run_query(Some(&host), CHANGE, json!({ "input": input })).await;
        let problem =
            json!({ "__typename": "ListingIncompleteProblem", "code": "LISTING_INCOMPLETE", "missing": missing });
        assert_eq!(answer["updateListing"], problem);
    }
    let title = json!({ "listingId": id, "title": "Other", "description": "New." });
    let answer = world.run_query(Some(&host), CHANGE, json!({ "input": title })).await;
    assert_eq!(answer["updateListing"]["listing"], json!({ "status": "PUBLISHED", "description": "New." }));
    let draft = world.draft(&host, json!({})).await;
    let empty = json!({ "listingId": draft, "photos": [], "description": null });
    let answer = world.run_query(Some(&host), CHANGE, json!({ "input": empty })).await;
    assert_eq!(answer["updateListing"]["listing"]["status"], "DRAFT");
}
