//! Wishlists of members.

use diesel_async::SimpleAsyncConnection as _;
use serde_json::{Value, json};

use crate::harness::{
    actors::{Actor, data},
    app::TestApp,
};

const CREATE: &str = "mutation ($input: CreateWishlistInput!) { createWishlist(input: $input) {
    ... on CreateWishlistSuccess { wishlist { id name itemCount } }
    ... on UserError { code message path } ... on LimitReachedProblem { limit } } }";
const RENAME: &str = "mutation ($input: RenameWishlistInput!) { renameWishlist(input: $input) {
    ... on RenameWishlistSuccess { wishlist { id name itemCount } } ... on UserError { code path } } }";
const ADD: &str = "mutation ($input: AddToWishlistInput!) { addToWishlist(input: $input) {
    ... on AddToWishlistSuccess { wishlist { itemCount } item { id listing { id } } }
    ... on UserError { code path } ... on LimitReachedProblem { limit message } } }";
const REMOVE: &str = "mutation ($input: RemoveFromWishlistInput!) { removeFromWishlist(input: $input) {
    ... on RemoveFromWishlistSuccess { id wishlist { itemCount } } ... on UserError { code path } } }";
const DELETE: &str = "mutation ($input: DeleteWishlistInput!) { deleteWishlist(input: $input) {
    ... on DeleteWishlistSuccess { id } ... on UserError { code path } } }";
const LISTS: &str = "query ($first: Int, $after: Cursor) { me { wishlists(first: $first, after: $after) {
    nodes { id name itemCount items { nodes { id listing { id } } } } pageInfo { hasNextPage endCursor } } } }";
const ITEMS: &str = "query ($id: ID!, $first: Int, $after: Cursor) { node(id: $id) { ... on Wishlist {
    items(first: $first, after: $after) { nodes { id listing { id } } pageInfo { hasNextPage endCursor } } } } }";

async fn create(member: &Actor, name: &str) -> String {
    let answer = member.mutate(CREATE, json!({ "name": name })).await;
    answer["wishlist"]["id"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned()
}

async fn add(member: &Actor, wishlist: &str, listing: &str) -> Value {
    member.mutate(ADD, json!({ "wishlistId": wishlist, "listingId": listing })).await
}

async fn lists(member: &Actor) -> Value {
    member.run(LISTS, json!({})).await["me"]["wishlists"]["nodes"].clone()
}

#[tokio::test]
async fn a_member_saves_listings_on_wishlists() {
    let app = TestApp::new().await;
    let (host, guest) = (app.host().await, app.guest().await);
    let (flat, barn) = (host.listing(|_| {}).await, host.listing(|_| {}).await);
    let sea = create(&guest, "  By the \u{200b} sea ").await;
    assert_eq!(lists(&guest).await[0]["name"], "By the sea");
    let renamed = guest.mutate(RENAME, json!({ "wishlistId": sea, "name": "By the river" })).await;
    assert_eq!(renamed["wishlist"], json!({ "id": sea, "name": "By the river", "itemCount": 0 }));
    let first = add(&guest, &sea, &flat).await;
    app.pass(chrono::Duration::minutes(1));
    let second = add(&guest, &sea, &barn).await;
    assert_eq!(second["wishlist"]["itemCount"], 2, "{second}");
    assert_eq!(add(&guest, &sea, &flat).await["item"], first["item"], "an item that is on it stays in its position");
    let items = json!([second["item"], first["item"]]);
    let expected = json!([{ "id": sea, "name": "By the river", "itemCount": 2, "items": { "nodes": items } }]);
    assert_eq!(lists(&guest).await, expected);
    let removed = guest.mutate(REMOVE, json!({ "wishlistItemId": first["item"]["id"] })).await;
    assert_eq!(removed, json!({ "id": first["item"]["id"], "wishlist": { "itemCount": 1 } }));
    let again = guest.mutate(REMOVE, json!({ "wishlistItemId": first["item"]["id"] })).await;
    assert_eq!(again, json!({ "code": "NOT_FOUND", "path": ["input", "wishlistItemId"] }));
    assert_eq!(guest.mutate(DELETE, json!({ "wishlistId": sea })).await, json!({ "id": sea }));
    assert_eq!(lists(&guest).await, json!([]));
}

#[tokio::test]
async fn an_unlisted_listing_is_null_until_it_is_published_again() {
    let app = TestApp::new().await;
    let (host, guest) = (app.host().await, app.guest().await);
    let listing = host.listing(|_| {}).await;
    let list = create(&guest, "Soon").await;
    let item = add(&guest, &list, &listing).await["item"].clone();
    let change =
        |name: &str| format!("mutation ($id: ID!) {{ {name}Listing(input: {{ listingId: $id }}) {{ __typename }} }}");
    let seen = async || lists(&guest).await[0]["items"]["nodes"].clone();
    host.run(&change("unlist"), json!({ "id": listing })).await;
    assert_eq!(seen().await, json!([{ "id": item["id"], "listing": null }]));
    let other = create(&guest, "Later").await;
    assert_eq!(add(&guest, &other, &listing).await["path"], json!(["input", "listingId"]));
    host.run(&change("publish"), json!({ "id": listing })).await;
    assert_eq!(seen().await, json!([item]));
}

#[tokio::test]
async fn only_the_owner_reads_or_changes_a_wishlist() {
    let app = TestApp::new().await;
    let (host, guest) = (app.host().await, app.guest().await);
    let listing = host.listing(|_| {}).await;
    let list = create(&guest, "Mine").await;
    let item = add(&guest, &list, &listing).await["item"]["id"].clone();
    for stranger in [Some(&host.member), None] {
        let found = data(app.run(stranger, ITEMS, json!({ "id": list })).await);
        assert_eq!(found["node"], Value::Null);
    }
    let input = json!({ "wishlistId": list, "listingId": listing, "name": "Ours" });
    let part = |names: &[&str]| names.iter().map(|name| ((*name).to_owned(), input[*name].clone())).collect::<Value>();
    for (mutation, input) in [
        (RENAME, part(&["wishlistId", "name"])),
        (ADD, part(&["wishlistId", "listingId"])),
        (DELETE, part(&["wishlistId"])),
        (REMOVE, json!({ "wishlistItemId": item })),
    ] {
        assert_eq!(host.mutate(mutation, input).await["code"], "NOT_FOUND", "{mutation}");
    }
    assert_eq!(lists(&guest).await[0]["itemCount"], 1);
}

#[tokio::test]
async fn names_are_checked_as_all_texts_are() {
    let app = TestApp::new().await;
    let guest = app.guest().await;
    for name in ["", " \u{200b} ", "a\u{7}b", &"å".repeat(61)] {
        let refused = guest.mutate(CREATE, json!({ "name": name })).await;
        assert_eq!((&refused["code"], &refused["path"]), (&json!("INVALID_INPUT"), &json!(["input", "name"])));
    }
    let list = create(&guest, &"å".repeat(60)).await;
    let refused = guest.mutate(RENAME, json!({ "wishlistId": list, "name": " " })).await;
    assert_eq!(refused, json!({ "code": "INVALID_INPUT", "path": ["input", "name"] }));
}

#[tokio::test]
async fn lists_and_their_items_are_paged() {
    let app = TestApp::new().await;
    let (host, guest) = (app.host().await, app.guest().await);
    let mut names = Vec::new();
    let mut last = String::new();
    for number in 0..5 {
        app.pass(chrono::Duration::seconds(1));
        last = create(&guest, &format!("List {number}")).await;
        names.insert(0, format!("List {number}"));
    }
    let mut listings = Vec::new();
    for _ in 0..3 {
        app.pass(chrono::Duration::seconds(1));
        let listing = host.listing(|_| {}).await;
        add(&guest, &last, &listing).await;
        listings.insert(0, listing);
    }
    let pages = async |query: &str, path: &str, mut variables: Value| {
        let mut found = Vec::new();
        loop {
            let page = guest.run(query, variables.clone()).await.pointer(path).unwrap().clone();
            found.extend(page["nodes"].as_array().unwrap().clone());
            variables["after"] = page["pageInfo"]["endCursor"].clone();
            if page["pageInfo"]["hasNextPage"] == false {
                return found;
            }
        }
    };
    let found = pages(LISTS, "/me/wishlists", json!({ "first": 2 })).await;
    assert_eq!(found.iter().map(|list| list["name"].clone()).collect::<Value>(), json!(names));
    let found = pages(ITEMS, "/node/items", json!({ "id": last, "first": 1 })).await;
    assert_eq!(found.iter().map(|item| item["listing"]["id"].clone()).collect::<Value>(), json!(listings));
}

/// Two clients of one member at once.
#[tokio::test]
async fn two_clients_at_once_keep_within_the_limits() {
    let app = TestApp::new().await;
    let (host, guest) = (app.host().await, app.guest().await);
    for number in 0..49 {
        create(&guest, &format!("List {number}")).await;
    }
    let at_other = guest.at(&app.second_instance().await);
    let make = |client: &Actor| {
        let client = client.clone();
        async move { client.mutate(CREATE, json!({ "name": "The last" })).await }
    };
    let (one, two) = tokio::join!(make(&guest), make(&at_other));
    let refused: Vec<_> = [&one, &two].into_iter().filter(|answer| answer["code"] == "LIMIT_REACHED").collect();
    assert!(refused.len() == 1 && refused[0]["limit"] == 50, "{one} {two}");
    assert_eq!(refused[0]["message"], "You have 50 wishlists, which is the limit. Remove one first.");
    let list = lists(&guest).await[0]["id"].as_str().unwrap().to_owned();
    let listing = host.listing(|_| {}).await;
    let (one, two) = tokio::join!(add(&guest, &list, &listing), add(&at_other, &list, &listing));
    assert_eq!(one["item"], two["item"], "one listing is one item");
    let seen = guest.run(ITEMS, json!({ "id": list })).await;
    assert_eq!(seen["node"]["items"]["nodes"], json!([one["item"]]));
    let remove = |client: &Actor| {
        let (client, item) = (client.clone(), one["item"]["id"].clone());
        async move { client.mutate(REMOVE, json!({ "wishlistItemId": item })).await }
    };
    let removed = tokio::join!(remove(&guest), remove(&at_other));
    let codes = [&removed.0["code"], &removed.1["code"]];
    assert_eq!(codes.iter().filter(|code| ***code == "NOT_FOUND").count(), 1, "{removed:?}");
    let answer = add(&guest, &list, &listing).await;
    assert_eq!(answer["wishlist"]["itemCount"], 1, "the count is exact: {answer}");
}

#[tokio::test]
async fn a_wishlist_has_a_limited_number_of_listings() {
    let app = TestApp::new().await;
    let (host, guest) = (app.host().await, app.guest().await);
    let list = create(&guest, "Everything").await;
    let almost_full = format!("UPDATE wishlists SET item_count = {}", domain::wishlists::MAX_ITEMS - 1);
    app.conn().await.batch_execute(&almost_full).await.unwrap();
    let (last, one_more) = (host.listing(|_| {}).await, host.listing(|_| {}).await);
    assert_eq!(add(&guest, &list, &last).await["wishlist"]["itemCount"], 200);
    let refused = add(&guest, &list, &one_more).await;
    assert_eq!((&refused["code"], &refused["limit"]), (&json!("LIMIT_REACHED"), &json!(200)));
    assert_eq!(add(&guest, &list, &last).await["wishlist"]["itemCount"], 200, "an item that is on it needs no room");
}
