use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::world::World;

const LISTING: &str = "query ($id: ID!) { listing(id: $id) { id status place { city point { latitude longitude } } } }";

#[tokio::test]
async fn a_draft_is_visible_to_its_host_only() {
    let world = World::new().await;
    let (host, guest) = (world.member("Ada").await, world.member("Bob").await);
    let (draft, published) = (world.draft(&host, json!({})).await, world.listing(&host).await);
    for (viewer, id, is_seen) in [
        (None, &draft, false),
        (Some(&guest), &draft, false),
        (Some(&host), &draft, true),
        (None, &published, true),
        (Some(&guest), &published, true),
    ] {
        let answer = world.run_query(viewer, LISTING, json!({ "id": id })).await;
        assert_eq!(answer["listing"]["id"].as_str(), is_seen.then_some(id.as_str()));
    }
    let answer = world.run_query(None, LISTING, json!({ "id": published })).await;
    // The middle of the square, not 1.28967, 103.85007.
    assert_eq!(answer["listing"]["place"]["point"], json!({ "latitude": 1.2875, "longitude": 103.8525 }));
}

#[tokio::test]
async fn an_id_of_another_kind_is_distinguished_from_an_unknown_one() {
    let world = World::new().await;
    let unknown = json!({ "id": "lst_00000000000000000000000007" });
    assert_eq!(world.run_query(None, LISTING, unknown).await, json!({ "listing": null }));
    let response = world.run(None, LISTING, json!({ "id": "usr_00000000000000000000000007" })).await;
    assert_eq!(response["errors"][0]["extensions"]["code"], "BAD_ID");
    assert_eq!(response["data"], json!({ "listing": null }));
}

#[tokio::test]
async fn a_page_costs_the_same_few_statements_whatever_its_size() {
    const CARD: &str = "{ title photos(first: 3) { url } host { displayName } \
        reviews(first: 10) { nodes { text author { displayName } } pageInfo { hasNextPage } } }";
    let world = World::new().await;
    let host = world.member("Ada").await;
    let guests = [world.member("Bob").await, world.member("Cem").await];
    let mut ids = Vec::new();
    for _ in 0..40 {
        let id = world.listing(&host).await;
        for minute in 0..12 {
            world.review(&id, &guests[minute as usize % 2], minute, true).await;
        }
        ids.push(id);
    }
    for size in [1, 20, 40] {
        let fields: Vec<_> =
            ids[..size].iter().enumerate().map(|(n, id)| format!("l{n}: listing(id: \"{id}\") {CARD}")).collect();
        let query = format!("{{ {} }}", fields.join(" "));
        let recording = world.app.database.statements().record();
        let answer = world.run_query(None, &query, json!({})).await;
        let statements = recording.texts();
        drop(recording);
        // Listings, pictures, people, reviews, authors.
        assert!(statements.len() <= 5, "{size} listings cost {}: {statements:#?}", statements.len());
        for listing in answer.as_object().unwrap().values() {
            assert_eq!(listing["photos"].as_array().unwrap().len(), 3);
            assert_eq!(listing["host"]["displayName"], "Ada");
            let authors: BTreeSet<_> = listing["reviews"]["nodes"]
                .as_array()
                .unwrap()
                .iter()
                .map(|review| review["author"]["displayName"].as_str().unwrap())
                .collect();
            assert_eq!(authors, BTreeSet::from(["Bob", "Cem"]));
            assert_eq!(listing["reviews"]["nodes"].as_array().unwrap().len(), 10);
            assert_eq!(listing["reviews"]["pageInfo"]["hasNextPage"], true);
        }
    }
}

#[tokio::test]
async fn pages_of_reviews_meet_without_gap_or_overlap() {
    const PAGE: &str = "query ($id: ID!, $after: Cursor) { listing(id: $id) { reviews(first: 2, after: $after) {
        edges { cursor node { id rating ratings { value } publishedAt } } pageInfo { hasNextPage hasPreviousPage endCursor } } } }";
    let world = World::new().await;
    let (host, guest) = (world.member("Ada").await, world.member("Bob").await);
    let id = world.listing(&host).await;
    let mut expected = Vec::new();
    // Several of one minute, which are ordered by id.
    for minute in [0, 1, 1, 1, 2] {
        expected.push((minute, world.review(&id, &guest, minute, true).await));
        world.review(&id, &guest, minute, false).await;
    }
    expected.sort_by(|a, b| b.cmp(a));
    let (mut seen, mut after) = (Vec::new(), Value::Null);
    loop {
        let answer = world.run_query(Some(&guest), PAGE, json!({ "id": id, "after": after })).await;
        let page = &answer["listing"]["reviews"];
        assert_eq!(page["pageInfo"]["hasPreviousPage"], json!(!after.is_null()));
        let ids = page["edges"].as_array().unwrap().iter().map(|edge| edge["node"]["id"].as_str().unwrap().to_owned());
        seen.extend(ids);
        after = page["pageInfo"]["endCursor"].clone();
        if page["pageInfo"]["hasNextPage"] == json!(false) {
            break;
        }
        assert!(seen.len() < 10, "the pages go round in circles");
    }
    assert_eq!(seen, expected.into_iter().map(|(_, id)| id).collect::<Vec<_>>());
}

#[tokio::test]
async fn one_operation_can_ask_for_two_pages_of_one_list() {
    const PAGES: &str = "query ($id: ID!, $after: Cursor) { listing(id: $id) {
        all: reviews { nodes { id } } first: reviews(first: 1) { nodes { id } edges { cursor } pageInfo { hasNextPage } }
        second: reviews(first: 1, after: $after) { nodes { id } pageInfo { hasNextPage } }
        cover: photos(first: 1) { url } photos { url caption } coverPhoto { url } amenities { slug name } } }";
    let world = World::new().await;
    let (host, guest) = (world.member("Ada").await, world.member("Bob").await);
    let id = world.listing(&host).await;
    let old = world.review(&id, &guest, 0, true).await;
    let new = world.review(&id, &guest, 1, true).await;
    let first = world.run_query(None, PAGES, json!({ "id": id })).await;
    let after = &first["listing"]["first"]["edges"][0]["cursor"];
    let answer = world.run_query(None, PAGES, json!({ "id": id, "after": after })).await;
    let listing = &answer["listing"];
    assert_eq!(listing["all"]["nodes"], json!([{ "id": new }, { "id": old }]));
    assert_eq!(listing["first"]["nodes"], json!([{ "id": new }]));
    assert_eq!(listing["first"]["pageInfo"]["hasNextPage"], true);
    assert_eq!(listing["second"], json!({ "nodes": [{ "id": old }], "pageInfo": { "hasNextPage": false } }));
    assert_eq!(listing["cover"].as_array().unwrap().len(), 1);
    assert_eq!(listing["photos"].as_array().unwrap().len(), 3);
    assert_eq!(listing["photos"][0], json!({ "url": "https://example.org/1.jpg", "caption": "View" }));
    assert_eq!(listing["coverPhoto"]["url"], "https://example.org/1.jpg");
    let amenities =
        json!([{ "slug": "washer-in-unit", "name": "Washer – In unit" }, { "slug": "wifi", "name": "Wifi" }]);
    assert_eq!(listing["amenities"], amenities);
}

#[tokio::test]
async fn an_invalid_page_fails_alone_with_a_reason() {
    const WRONG: &str = "query ($id: ID!, $after: Cursor, $first: Int) { listing(id: $id) { title
        reviews(first: $first, after: $after) { nodes { id } }
        host { listings(first: 1) { edges { cursor } } } } }";
    let world = World::new().await;
    let host = world.member("Ada").await;
    let id = world.listing(&host).await;
    let cursor =
        world.run_query(None, WRONG, json!({ "id": id })).await["listing"]["host"]["listings"]["edges"][0]["cursor"]
            .clone();
    for (first, after, code) in [
        (json!(1), cursor, "BAD_CURSOR"),
        (json!(1), json!("bm9uc2Vuc2U"), "BAD_CURSOR"),
        (json!(101), Value::Null, "BAD_USER_INPUT"),
        (json!(0), Value::Null, "BAD_USER_INPUT"),
    ] {
        let response = world.run(None, WRONG, json!({ "id": id, "first": first, "after": after })).await;
        assert_eq!(response["errors"][0]["extensions"]["code"], code, "{response}");
        assert_eq!(response["errors"][0]["path"], json!(["listing", "reviews"]));
        assert_eq!(response["data"]["listing"]["title"], "Quiet flat by the river");
        assert_eq!(response["data"]["listing"]["reviews"], Value::Null);
    }
}

#[tokio::test]
async fn a_person_shows_published_listings_newest_first() {
    const HOST: &str = "query ($id: ID!, $after: Cursor) { listing(id: $id) { host {
        listings(first: 2, after: $after) { nodes { id } pageInfo { hasNextPage endCursor } } } } }";
    let world = World::new().await;
    let host = world.member("Ada").await;
    let mut ids = Vec::new();
    for _ in 0..3 {
        world.clock.advance(chrono::Duration::minutes(1));
        ids.push(world.listing(&host).await);
        world.draft(&host, json!({})).await;
    }
    let nodes = |page: &Value| -> Vec<String> {
        page["nodes"].as_array().unwrap().iter().map(|node| node["id"].as_str().unwrap().to_owned()).collect()
    };
    let answer = world.run_query(Some(&host), HOST, json!({ "id": ids[0] })).await;
    let page = &answer["listing"]["host"]["listings"];
    assert_eq!(nodes(page), [ids[2].as_str(), ids[1].as_str()]);
    let after = &page["pageInfo"]["endCursor"];
    let answer = world.run_query(Some(&host), HOST, json!({ "id": ids[0], "after": after })).await;
    let page = &answer["listing"]["host"]["listings"];
    assert_eq!((nodes(page), &page["pageInfo"]["hasNextPage"]), (vec![ids[0].clone()], &json!(false)));
}
