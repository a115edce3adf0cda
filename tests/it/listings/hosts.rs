use serde_json::{Value, json};

use super::world::{CREATE, PUBLISH, UPDATE, World, home};

const UNLIST: &str = "mutation ($id: ID!) { unlistListing(input: { listingId: $id }) {
    __typename
    ... on UnlistListingSuccess { listing { status } }
    ... on ListingStateProblem { code status message } ... on NotFoundProblem { path } } }";
const PRICES: &str = "mutation ($input: SetNightPricesInput!) { setNightPrices(input: $input) {
    __typename
    ... on SetNightPricesSuccess { nights { night price { minorUnits } minNights maxNights checkInAllowed checkOutAllowed } }
    ... on InvalidInputProblem { path message } ... on NotFoundProblem { path } } }";
const NIGHTS: &str = "query ($id: ID!, $from: Date!, $to: Date!) { listing(id: $id) {
    availability(from: $from, to: $to) { night bookable reasons price { minorUnits currency } minNights checkInAllowed } } }";

#[tokio::test]
async fn an_anonymous_viewer_cannot_create_a_listing() {
    let world = World::new().await;
    let response = world.run(None, CREATE, json!({ "input": home() })).await;
    assert_eq!(response["errors"][0]["extensions"]["code"], "UNAUTHENTICATED");
}

#[tokio::test]
async fn a_new_listing_is_refused_by_the_field_at_fault() {
    let world = World::new().await;
    let host = world.member("Ada").await;
    for (field, value, path, words) in [
        ("title", json!("  "), "title", "at least one visible"),
        ("maxGuests", json!(51), "maxGuests", "from 1 to 50"),
        ("bathrooms", json!(1.3), "bathrooms", "in steps of 0.5"),
        ("cancellationPolicy", json!("FIRM_LONG_TERM"), "cancellationPolicy", "Long-term"),
        ("pricing", json!({ "currency": "SGD", "basePrice": 0 }), "pricing.basePrice", "at least 1"),
        ("rules", json!({ "minNights": 8, "maxNights": 7 }), "rules.maxNights", "from 8 to 365"),
        ("photos", json!([{ "url": "https://example.org/a", "caption": "x".repeat(201) }]), "photos.0.caption", "200"),
    ] {
        let mut input = home();
        input[field] = value;
        let answer = world.run_query(Some(&host), CREATE, json!({ "input": input })).await;
        let problem = &answer["createListing"];
        assert_eq!(problem["code"], "INVALID_INPUT", "{answer}");
        let segments: Vec<_> = std::iter::once("input").chain(path.split('.')).collect();
        assert_eq!(problem["path"], json!(segments));
        assert!(problem["message"].as_str().unwrap().contains(words), "{problem}");
        assert_eq!(problem["retryable"], false);
    }
}

#[tokio::test]
async fn omitted_fields_stay_and_null_clears_optional_ones() {
    let world = World::new().await;
    let host = world.member("Ada").await;
    let id = world.draft(&host, json!({ "neighborhoodOverview": "Quiet." })).await;
    let change = json!({ "listingId": id, "title": "Loud flat", "bedrooms": null, "neighborhoodOverview": null, "maxGuests": 6 });
    let answer = world.run_query(Some(&host), UPDATE, json!({ "input": change })).await;
    let listing = &answer["updateListing"]["listing"];
    assert_eq!(
        *listing,
        json!({
            "title": "Loud flat", "description": "Two rooms.\nOne view.", "neighborhoodOverview": null, "maxGuests": 6,
            "bedrooms": null, "bathrooms": 1.5, "propertyLabel": "Entire apartment", "timeZone": "Asia/Singapore",
            "pricing": { "currency": "SGD", "guestsIncluded": 6, "basePrice": { "decimal": "150.00" } },
            "amenities": [{ "slug": "washer-in-unit" }, { "slug": "wifi" }],
            "photos": [{ "url": "https://example.org/1.jpg" }, { "url": "https://example.org/2.jpg" }, { "url": "https://example.org/3.jpg" }]
        })
    );
    let change = json!({
        "listingId": id, "amenities": ["TV"], "photos": [], "roomType": "PRIVATE_ROOM",
        "place": { "city": "Suva", "latitude": -18.1, "longitude": 178.4 },
        "pricing": { "currency": "FJD", "basePrice": 99, "guestsIncluded": 1 }
    });
    let answer = world.run_query(Some(&host), UPDATE, json!({ "input": change })).await;
    let listing = &answer["updateListing"]["listing"];
    assert_eq!(listing["propertyLabel"], "Private room in apartment");
    assert_eq!(listing["timeZone"], "Pacific/Fiji");
    assert_eq!(listing["amenities"], json!([{ "slug": "tv" }]));
    assert_eq!(listing["photos"], json!([]));
    assert_eq!(
        listing["pricing"],
        json!({ "currency": "FJD", "guestsIncluded": 1, "basePrice": { "decimal": "0.99" } })
    );
    let answer = world.run_query(Some(&host), UPDATE, json!({ "input": { "listingId": id, "title": null } })).await;
    assert_eq!(answer["updateListing"]["__typename"], "InvalidInputProblem");
    assert_eq!(answer["updateListing"]["path"], json!(["input", "title"]));
}

#[tokio::test]
async fn no_mutation_finds_a_listing_of_another_host() {
    let world = World::new().await;
    let (host, other) = (world.member("Ada").await, world.member("Eve").await);
    let id = world.listing(&host).await;
    for id in [id.as_str(), "lst_00000000000000000000000007", "nonsense"] {
        let prices = json!({ "listingId": id, "from": "2026-07-01", "to": "2026-07-02", "price": 1 });
        for (mutation, operation, variables) in [
            ("updateListing", UPDATE, json!({ "input": { "listingId": id, "title": "Mine" } })),
            ("publishListing", PUBLISH, json!({ "id": id })),
            ("unlistListing", UNLIST, json!({ "id": id })),
            ("setNightPrices", PRICES, json!({ "input": prices })),
        ] {
            let answer = world.run_query(Some(&other), operation, variables).await;
            assert_eq!(answer[mutation]["__typename"], "NotFoundProblem", "{mutation} {id}");
            assert_eq!(answer[mutation]["path"], json!(["input", "listingId"]));
        }
    }
}

#[tokio::test]
async fn publishing_requires_a_description_and_a_picture_and_keeps_the_first_date() {
    let world = World::new().await;
    let host = world.member("Ada").await;
    let id = world.draft(&host, json!({ "description": null, "photos": [] })).await;
    let answer = world.run_query(Some(&host), PUBLISH, json!({ "id": id })).await;
    assert_eq!(answer["publishListing"]["missing"], json!(["description", "photos"]));
    let answer = world.run_query(Some(&host), UNLIST, json!({ "id": id })).await;
    assert_eq!(
        answer["unlistListing"],
        json!({
            "__typename": "ListingStateProblem", "code": "STATE_CONFLICT", "status": "DRAFT", "message": "The listing is draft."
        })
    );

    let id = world.listing(&host).await;
    world.clock.advance(chrono::Duration::hours(1));
    for _ in 0..2 {
        let answer = world.run_query(Some(&host), UNLIST, json!({ "id": id })).await;
        assert_eq!(answer["unlistListing"]["listing"]["status"], "UNLISTED");
    }
    let answer = world.run_query(Some(&host), PUBLISH, json!({ "id": id })).await;
    assert_eq!(
        answer["publishListing"]["listing"],
        json!({ "status": "PUBLISHED", "publishedAt": "2026-03-02T04:00:00Z" })
    );
}

async fn nights(world: &World, id: &str, from: &str, to: &str) -> Value {
    let answer = world.run_query(None, NIGHTS, json!({ "id": id, "from": from, "to": to })).await;
    answer["listing"]["availability"].clone()
}

#[tokio::test]
async fn prices_of_single_nights_are_in_the_calendar_and_can_be_reset() {
    let world = World::new().await;
    let host = world.member("Ada").await;
    let id = world.listing(&host).await;
    let usual = nights(&world, &id, "2026-07-02", "2026-07-05").await;
    // Thursday, Friday, Saturday.
    let prices: Vec<_> =
        usual.as_array().unwrap().iter().map(|night| night["price"]["minorUnits"].as_i64().unwrap()).collect();
    assert_eq!(prices, [15_000, 18_000, 18_000]);
    let set = json!({ "listingId": id, "from": "2026-07-03", "to": "2026-07-05", "price": 20_000, "minNights": 3, "checkInAllowed": false });
    let answer = world.run_query(Some(&host), PRICES, json!({ "input": set })).await;
    assert_eq!(
        answer["setNightPrices"]["nights"][0],
        json!({
            "night": "2026-07-03", "price": { "minorUnits": 20_000 }, "minNights": 3, "maxNights": 365,
            "checkInAllowed": false, "checkOutAllowed": true
        })
    );
    let changed = nights(&world, &id, "2026-07-02", "2026-07-05").await;
    assert_eq!(changed[0], usual[0]);
    assert_eq!((&changed[2]["price"]["minorUnits"], &changed[2]["bookable"]), (&json!(20_000), &json!(true)));
    let pricing = json!({ "listingId": id, "pricing": { "currency": "EUR", "basePrice": 1 } });
    let answer = world.run_query(Some(&host), UPDATE, json!({ "input": pricing })).await;
    assert_eq!(answer["updateListing"]["path"], json!(["input", "pricing", "currency"]), "{answer}");
    let back = json!({
        "listingId": id, "from": "2026-07-03", "to": "2026-07-05", "price": null, "minNights": null, "checkInAllowed": null
    });
    world.run_query(Some(&host), PRICES, json!({ "input": back })).await;
    assert_eq!(nights(&world, &id, "2026-07-02", "2026-07-05").await, usual);
}

#[tokio::test]
async fn ranges_and_limits_of_nights_are_bounded() {
    let world = World::new().await;
    let host = world.member("Ada").await;
    let id = world.listing(&host).await;
    for (change, path) in [
        (json!({ "to": "2026-07-01" }), "to"),
        (json!({ "to": "2027-07-03" }), "to"),
        (json!({ "price": 0 }), "price"),
        (json!({ "minNights": 0 }), "minNights"),
        (json!({ "minNights": 366 }), "minNights"),
        (json!({ "minNights": 5, "maxNights": 4 }), "maxNights"),
        (json!({ "maxNights": 366 }), "maxNights"),
        (json!({ "price": 100_000_000_001_i64 }), "price"),
    ] {
        let mut input = json!({ "listingId": id, "from": "2026-07-01", "to": "2026-07-02" });
        input.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        let answer = world.run_query(Some(&host), PRICES, json!({ "input": input })).await;
        assert_eq!(answer["setNightPrices"]["path"], json!(["input", path]), "{input} {answer}");
    }
    let far = json!({ "id": id, "from": "9999-12-01", "to": "9999-12-31" });
    let answer = world.run_query(None, NIGHTS, far).await;
    assert_eq!(answer["listing"]["availability"][0]["reasons"], json!(["BOOKING_WINDOW"]));
    let empty = json!({ "id": id, "from": "2026-07-02", "to": "2026-07-02" });
    let response = world.run(None, NIGHTS, empty).await;
    assert_eq!(response["errors"][0]["extensions"]["code"], "BAD_USER_INPUT");
}
