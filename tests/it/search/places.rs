//! Places by name, as hosts write them and guests type them.

use diesel_async::SimpleAsyncConnection as _;
use serde_json::{Value, json};

use crate::harness::{
    actors::{Actor, data},
    app::TestApp,
};

const SEARCH: &str =
    "query ($place: String!) { searchListings(where: { place: $place }) { nodes { listing { id } } } }";

async fn find(app: &TestApp, place: &str) -> Vec<String> {
    let found = data(app.run(None, SEARCH, json!({ "place": place })).await);
    let nodes = found["searchListings"]["nodes"].as_array().unwrap().clone();
    nodes.iter().map(|hit| hit["listing"]["id"].as_str().unwrap().to_owned()).collect()
}

async fn listing_in(host: &Actor, place: Value) -> String {
    host.listing(|input| {
        for (name, value) in place.as_object().unwrap() {
            input["place"][name] = value.clone();
        }
    })
    .await
}

/// C18: every spelling of a name that people type finds the place, and every part of "place, country" is looked up.
#[tokio::test]
async fn a_place_is_found_in_every_spelling_of_its_name() {
    let app = TestApp::new().await;
    let host = app.host().await;
    for (place, spellings) in [
        (
            json!({ "city": "Gießen", "countryCode": "DE" }),
            &["Giessen", "giessen", "GIESSEN", "Gießen, Germany", "giess", "Giessen, DE"][..],
        ),
        (
            json!({ "city": "Zürich", "countryCode": null }),
            &["Zu\u{308}rich", "zurich", "Zuerich", "Zürich, Switzerland", "ZÜRICH"],
        ),
        (
            json!({ "city": "Saint-Denis", "countryCode": "FR" }),
            &["Saint Denis", "saint-denis", "SaintDenis", "Saint\u{2011}Denis, France"],
        ),
        (
            json!({ "city": "Singapore", "neighborhood": "Bedok", "countryCode": "SG" }),
            &["Bedok", "Bedok, Singapore", "bedok,SG", "Singapore", "Bedok, singapore, Singapore"],
        ),
        (
            json!({ "city": "L’Aquila", "countryCode": "IT" }),
            &["L'Aquila", "laquila", "l aquila", "Italy", "L'Aquila, Italia"],
        ),
        (
            json!({ "city": "Tromsø", "region": "Ærøskøbing", "countryCode": "NO" }),
            &["Tromso", "AEROSKOBING", "tromsø"],
        ),
        (json!({ "city": "Århus", "countryCode": "DK" }), &["Arhus", "Aarhus", "A\u{30a}rhus"]),
    ] {
        let id = listing_in(&host, place.clone()).await;
        for spelling in spellings {
            assert_eq!(find(&app, spelling).await, std::slice::from_ref(&id), "{spelling} for {place}");
        }
        for other in ["Giessen, France", "Bedok, Germany", "Tromso, Bedok", "Den"] {
            assert!(!find(&app, other).await.contains(&id), "{other} for {place}");
        }
    }
}

/// C18: a listing that moves is found where it is now.
#[tokio::test]
async fn a_listing_that_moves_is_found_by_its_new_name_only() {
    let app = TestApp::new().await;
    let host = app.host().await;
    let id = listing_in(&host, json!({ "city": "Gießen" })).await;
    let place = json!({ "city": "Köln", "latitude": 50.9, "longitude": 6.9 });
    let update = "mutation ($input: UpdateListingInput!) { updateListing(input: $input) { __typename } }";
    host.mutate(update, json!({ "listingId": id, "place": place })).await;
    assert_eq!((find(&app, "giessen").await, find(&app, "Koln").await), (vec![], vec![id]));
}

/// C18: rows of older servers get their keys at every start of a server.
#[tokio::test]
async fn listings_of_an_older_server_are_found_after_the_next_start() {
    let app = TestApp::new().await;
    let host = app.host().await;
    let id = listing_in(&host, json!({ "city": "Gießen" })).await;
    app.conn().await.batch_execute("UPDATE listings SET city_key = NULL, region_key = 'x'").await.unwrap();
    assert!(find(&app, "Giessen").await.is_empty());
    for _ in 0..2 {
        assert!(store::refresh::all(&app.app.database).await.is_ok());
        assert_eq!(find(&app, "Giessen").await, std::slice::from_ref(&id));
        assert!(find(&app, "x").await.is_empty());
    }
    // Later changes stay.
    app.conn().await.batch_execute("UPDATE listings SET city = 'Berlin'").await.unwrap();
    store::refresh::all(&app.app.database).await.unwrap();
    assert_eq!(find(&app, "berlin").await, [id]);
}

/// A start does not read every listing: the worker checks those that have keys.
#[tokio::test]
async fn a_start_reads_only_listings_without_keys() {
    let app = TestApp::new().await;
    let host = app.host().await;
    let id = listing_in(&host, json!({ "city": "Gießen" })).await;
    let database = &app.app.database;
    let recording = database.statements().record();
    store::refresh::missing(database).await.unwrap();
    let texts = recording.texts();
    assert_eq!(texts.len(), 2, "{texts:?}");
    assert!(texts[0].contains("`city_key` IS NULL"), "{texts:?}");
    app.conn().await.batch_execute("UPDATE listings SET city_key = NULL").await.unwrap();
    store::refresh::missing(database).await.unwrap();
    assert_eq!(find(&app, "Giessen").await, std::slice::from_ref(&id));
    app.conn().await.batch_execute("UPDATE listings SET city_key = 'made in another way'").await.unwrap();
    store::refresh::missing(database).await.unwrap();
    assert!(find(&app, "Giessen").await.is_empty());
    let worker = tokio::spawn(staygate::worker::run(app.app.for_worker()));
    let found = async {
        while find(&app, "Giessen").await.is_empty() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(60), found).await.expect("the worker makes the key");
    worker.abort();
}
