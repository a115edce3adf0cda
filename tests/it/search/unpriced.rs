//! Listings whose stays have no price.

use diesel_async::SimpleAsyncConnection as _;
use serde_json::{Value, json};

use crate::harness::{
    actors::{Actor, QUOTE, data},
    app::TestApp,
};

const SEARCH: &str = "query ($stay: StayInput, $after: Cursor, $orderBy: ListingOrder! = RATING) {
    searchListings(stay: $stay, first: 2, after: $after, orderBy: $orderBy) { totalCount
        nodes { listing { id } price { total { minorUnits } } } pageInfo { hasNextPage endCursor } } }";

/// A host with five listings, of which the second and third are changed in the database, to values that the API no longer accepts.
async fn world(change: &str) -> (TestApp, Actor, Vec<String>) {
    let app = TestApp::new().await;
    let host = app.host().await;
    let mut listings = Vec::new();
    for _ in 0..5 {
        listings.push(host.listing(|_| {}).await);
        app.pass(chrono::Duration::seconds(1));
    }
    // The newest first, as the search has them.
    listings.reverse();
    let conn = &mut app.conn().await;
    conn.batch_execute("ALTER TABLE listings DROP CONSTRAINT listings_prices").await.unwrap();
    let change = format!(
        "UPDATE listings l JOIN (SELECT id FROM listings ORDER BY created_at DESC LIMIT 3) s ON s.id = l.id \
         SET {change} WHERE l.created_at < (SELECT at FROM (SELECT MAX(created_at) AS at FROM listings) m)"
    );
    conn.batch_execute(&change).await.unwrap();
    (app, host, listings)
}

fn stay() -> Value {
    json!({ "checkIn": "2026-04-06", "checkOut": "2026-04-13" })
}

/// The ids of all pages of a search for a stay, and the count of the first.
async fn read(app: &TestApp, order: &str) -> (Vec<String>, Value) {
    let (mut found, mut variables, mut count) = (Vec::new(), json!({ "stay": stay(), "orderBy": order }), None);
    loop {
        let page = data(app.run(None, SEARCH, variables.clone()).await)["searchListings"].clone();
        let nodes = page["nodes"].as_array().unwrap();
        found.extend(nodes.iter().map(|hit| hit["listing"]["id"].as_str().unwrap().to_owned()));
        count.get_or_insert(page["totalCount"].clone());
        if page["pageInfo"]["hasNextPage"] == false {
            return (found, count.unwrap());
        }
        assert_eq!(nodes.len(), 2, "a page with a next one is full");
        variables["after"] = page["pageInfo"]["endCursor"].clone();
    }
}

/// S2: a price that overflows with its fees made every search for a stay INTERNAL.
#[tokio::test]
async fn a_listing_with_an_overflowing_price_does_not_fail_searches() {
    for change in
        ["base_price = 8500000000000000", "base_price = 9007199254740991", "cleaning_fee = 9223372036854775807"]
    {
        let (app, _, listings) = world(change).await;
        let expected = [&listings[0], &listings[3], &listings[4]].map(String::clone).to_vec();
        for order in ["NEWEST", "PRICE_DESC"] {
            let (mut found, count) = read(&app, order).await;
            if order != "NEWEST" {
                found.sort_by_key(|id| listings.iter().position(|listing| listing == id));
            }
            assert_eq!((found, count), (expected.clone(), json!(3)), "{change}, {order}");
        }
        let guest = app.guest().await;
        let input = json!({ "listingId": listings[1], "stay": stay() });
        let quote = guest.mutate(QUOTE, input).await;
        assert_eq!(quote["code"], "INVALID_INPUT", "{change}: {quote}");
    }
}

/// S2: one price of a night, and every possible amount, computed by the database without an error.
#[tokio::test]
async fn a_night_with_an_overflowing_price_does_not_fail_searches() {
    for price in ["8500000000000000", "9223372036854775807"] {
        let (app, _, listings) = world("base_price = base_price").await;
        let night = format!(
            "INSERT INTO night_rates (listing_id, night, price) SELECT id, '2026-04-08', {price} FROM listings \
             WHERE created_at = (SELECT MAX(created_at) FROM listings)"
        );
        app.conn().await.batch_execute(&night).await.unwrap();
        let (found, count) = read(&app, "NEWEST").await;
        assert_eq!((found, count), (listings[1..].to_vec(), json!(4)), "{price}");
    }
}

/// S2: a hit without a price in `pricing` is skipped, and the pages stay full.
#[tokio::test]
async fn a_hit_that_cannot_be_priced_is_skipped_and_the_page_is_filled() {
    let (app, _, listings) = world("weekly_discount = 100").await;
    let (found, _) = read(&app, "NEWEST").await;
    assert_eq!(found, [&listings[0], &listings[3], &listings[4]].map(String::clone));
}
