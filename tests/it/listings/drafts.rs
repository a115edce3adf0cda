//! Drafts are created once, and can be deleted.

use diesel_async::SimpleAsyncConnection;
use serde_json::{Value, json};

use super::world::{World, hex, home};

const CREATE: &str = "mutation ($input: CreateListingInput!) { createListing(input: $input) { __typename
    ... on CreateListingSuccess { replayed listing { id status } } ... on InvalidInputProblem { code path } ... on IdempotencyConflictProblem { code } } }";
const DELETE: &str = "mutation ($input: DeleteListingInput!) { deleteListing(input: $input) { __typename
    ... on DeleteListingSuccess { id } ... on NotFoundProblem { code } ... on ListingStateProblem { code } } }";

async fn create(world: &World, host: &auth::Member, key: &str, title: &str) -> Value {
    let mut input = home();
    input["idempotencyKey"] = json!(key);
    input["title"] = json!(title);
    world.run_query(Some(host), CREATE, json!({ "input": input })).await["createListing"].clone()
}

async fn delete(world: &World, host: &auth::Member, id: &str) -> Value {
    world.run_query(Some(host), DELETE, json!({ "input": { "listingId": id } })).await["deleteListing"].clone()
}

/// C32: a double click creates one draft.
#[tokio::test]
async fn one_key_makes_one_draft() {
    let world = World::new().await;
    let (host, other) = (world.member("Ada").await, world.member("Eve").await);
    let (one, two) = tokio::join!(create(&world, &host, "key-0123", "A"), create(&world, &host, "key-0123", "A"));
    assert_eq!(one["listing"], two["listing"], "{one} {two}");
    assert_ne!(one["replayed"], two["replayed"], "{one} {two}");
    let conflict = create(&world, &host, "key-0123", "B").await;
    assert_eq!(conflict["__typename"], "IdempotencyConflictProblem");
    assert_ne!(create(&world, &other, "key-0123", "A").await["listing"]["id"], one["listing"]["id"]);
    let id = one["listing"]["id"].as_str().unwrap();
    delete(&world, &host, id).await;
    let deleted = create(&world, &host, "key-0123", "A").await;
    assert_eq!((&deleted["code"], &deleted["path"]), (&json!("INVALID_INPUT"), &json!(["input", "idempotencyKey"])));
}

/// C32: drafts can be deleted, with all that belongs to them; what was published cannot.
#[tokio::test]
async fn drafts_can_be_deleted_and_nothing_else() {
    let world = World::new().await;
    let (host, other) = (world.member("Ada").await, world.member("Eve").await);
    let (draft, published) = (world.draft(&host, json!({})).await, world.listing(&host).await);
    let id: types::ListingId = draft.parse().unwrap();
    let key = hex(id.as_bytes());
    let sql = format!(
        "INSERT INTO nights (listing_id, night, kind) VALUES (X'{key}', '2026-07-02', 'BLOCK');
         INSERT INTO night_rates (listing_id, night, price) VALUES (X'{key}', '2026-07-02', 5)"
    );
    for statement in sql.split(';') {
        world.test.conn().await.batch_execute(statement).await.unwrap();
    }
    assert_eq!(delete(&world, &other, &draft).await["code"], "NOT_FOUND");
    assert_eq!(delete(&world, &host, &published).await["code"], "STATE_CONFLICT");
    assert_eq!(delete(&world, &host, &draft).await, json!({ "__typename": "DeleteListingSuccess", "id": draft }));
    assert_eq!(delete(&world, &host, &draft).await["code"], "NOT_FOUND");
    let listing = "query ($id: ID!) { listing(id: $id) { id } }";
    assert_eq!(world.run_query(Some(&host), listing, json!({ "id": draft })).await["listing"], Value::Null);
    assert!(world.run_query(Some(&host), listing, json!({ "id": published })).await["listing"].is_object());
}
