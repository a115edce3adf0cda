//! Private data below the root: each type, by every path.

use chrono::Duration;
use serde_json::{Value, json};

use super::world::{DRAFT, EXACT, HIDDEN, World};
use crate::{harness::actors::Actor, operations::of_field};

const SIDES: &str = "query ($id: ID!) { booking(id: $id) { status guest { id } host { id }
    quote { id } payments { id } refunds { id } hostPayout { minorUnits } details { address point { latitude longitude } }
    review { id } } }";
const NODES: &str = "query ($ids: [ID!]!) { nodes(ids: $ids) { id } }";
const NODE: &str = "query ($id: ID!) { node(id: $id) { id } }";

async fn booking(viewer: &Actor, id: &str) -> Value {
    viewer.run(SIDES, json!({ "id": id })).await["booking"].clone()
}

/// Those of `fields` that are not empty.
fn non_empty<'a>(booking: &Value, fields: &[&'a str]) -> Vec<&'a str> {
    let is_told = |field: &&&str| !booking[**field].is_null() && booking[**field] != json!([]);
    fields.iter().filter(is_told).copied().collect()
}

#[tokio::test]
async fn amounts_of_a_booking_are_visible_to_their_own_side() {
    let world = World::new().await;
    let (id, _) = world.refunded().await;
    let money = ["quote", "payments", "refunds", "hostPayout"];
    assert_eq!(non_empty(&booking(&world.guest, &id).await, &money), ["quote", "payments", "refunds"]);
    let hosts = booking(&world.host, &id).await;
    assert_eq!(non_empty(&hosts, &money), ["hostPayout"]);
    for field in ["quote", "payments", "refunds"] {
        assert_eq!(hosts[field], Value::Null, "{field} is hidden, not empty");
    }
}

#[tokio::test]
async fn no_path_leads_a_stranger_to_a_booking_or_its_payments() {
    let world = World::new().await;
    let (id, refund) = world.refunded().await;
    let seen = booking(&world.guest, &id).await;
    let ids = [&id, seen["quote"]["id"].as_str().unwrap(), seen["payments"][0]["id"].as_str().unwrap(), &refund];
    for stranger in world.strangers() {
        let nodes = world.app.run(stranger, NODES, json!({ "ids": ids })).await;
        assert!(nodes.errors.is_empty(), "{:?}", nodes.errors);
        assert_eq!(serde_json::to_value(nodes.data).unwrap(), json!({ "nodes": [null, null, null, null] }));
        let found = world.app.run(stranger, SIDES, json!({ "id": id })).await;
        assert_eq!(serde_json::to_value(found.data).unwrap(), json!({ "booking": null }));
    }
    let nodes = world.host.run(NODES, json!({ "ids": ids })).await["nodes"].clone();
    assert_eq!(nodes, json!([{ "id": id }, null, null, null]), "the host sees the booking, not how it was paid");
    let nodes = world.guest.run(NODES, json!({ "ids": ids })).await["nodes"].clone();
    assert_eq!(nodes.as_array().unwrap().iter().filter(|node| node.is_null()).count(), 0, "{nodes}");
}

#[tokio::test]
async fn the_exact_place_is_visible_while_a_booking_is_confirmed() {
    let world = World::new().await;
    let (id, _) = world.pending().await;
    for side in [&world.guest, &world.host] {
        assert_eq!(booking(side, &id).await["details"], Value::Null, "before the payment");
    }
    world.guest.pay(&id).await;
    for side in [&world.guest, &world.host] {
        let details = json!({ "address": EXACT[0], "point": { "latitude": 1.30123, "longitude": 103.83456 } });
        assert_eq!(booking(side, &id).await["details"], details);
    }
    world.guest.cancel(&id).await;
    for side in [&world.guest, &world.host] {
        assert_eq!(booking(side, &id).await["details"], Value::Null, "after the cancellation");
    }
    let request = world.requested().await;
    for side in [&world.guest, &world.host] {
        assert_eq!(booking(side, &request).await["details"], Value::Null, "before the host's answer");
    }
}

#[tokio::test]
async fn a_review_is_private_to_its_author_until_it_is_revealed() {
    const REVIEWS: &str =
        "query ($id: ID!) { listing(id: $id) { rating { count } reviews(first: 10) { nodes { text } } } }";
    let world = World::new().await;
    let (review, stay) = world.hidden_review().await;
    let listing = "query ($id: ID!) { booking(id: $id) { listing { id } } }";
    let listing = world.guest.run(listing, json!({ "id": stay })).await["booking"]["listing"]["id"].clone();
    let everybody: Vec<_> =
        world.viewers().into_iter().map(|(name, viewer)| (name, viewer.map(|viewer| &viewer.member))).collect();
    for is_revealed in [false, true] {
        for (name, viewer) in &everybody {
            let found = world.app.run(*viewer, NODE, json!({ "id": review })).await;
            let is_found = !serde_json::to_value(found.data).unwrap()["node"].is_null();
            assert_eq!(is_found, is_revealed || *name == "guest", "{name}, revealed: {is_revealed}");
            let page = world.app.run(*viewer, REVIEWS, json!({ "id": listing })).await;
            let page = serde_json::to_value(page.data).unwrap()["listing"].clone();
            let texts = if is_revealed { json!([{ "text": HIDDEN }]) } else { json!([]) };
            assert_eq!(page["reviews"]["nodes"], texts, "{name}");
            assert_eq!(page["rating"]["count"], i32::from(is_revealed), "{name}");
        }
        assert_ne!(booking(&world.guest, &stay).await["review"], Value::Null);
        let hosts = booking(&world.host, &stay).await["review"].clone();
        assert_eq!(!hosts.is_null(), is_revealed, "the host reads it when it is public");
        world.app.pass(Duration::days(14));
        world.app.work().await;
    }
}

#[tokio::test]
async fn a_draft_is_private_to_its_host() {
    const OTHERS: &str = "query ($host: ID!) {
        node(id: $host) { ... on User { listings(first: 100) { nodes { id title } } } }
        searchListings(first: 100) { totalCount nodes { listing { id title } } } }";
    let world = World::new().await;
    let (draft, listing) = (world.draft(DRAFT).await, world.listing().await);
    let host = world.host.member.id().to_string();
    for (name, viewer) in world.viewers() {
        let viewer = viewer.map(|viewer| &viewer.member);
        let lists = world.app.run(viewer, OTHERS, json!({ "host": host })).await;
        let lists = serde_json::to_value(lists.data).unwrap().to_string();
        assert!(lists.contains(&listing) && !lists.contains(&draft) && !lists.contains(DRAFT), "{name}: {lists}");
        let found = world.app.run(viewer, &of_field("listing").text, json!({ "id": draft })).await;
        let is_found = !serde_json::to_value(found.data).unwrap()["listing"].is_null();
        assert_eq!(is_found, name == "host" || name.starts_with("co-host"), "{name}");
    }
    let own = "{ me { hosting { listings(status: [DRAFT]) { nodes { id } } } } }";
    let drafts = |answer: Value| answer["me"]["hosting"]["listings"]["nodes"].clone();
    assert_eq!(drafts(world.host.run(own, json!({})).await), json!([{ "id": draft }]));
    assert_eq!(drafts(world.other_host.run(own, json!({})).await), json!([]));
}

#[tokio::test]
async fn a_calendar_with_bookings_is_private_to_its_host() {
    const CALENDAR: &str = "query ($id: ID!, $from: Date!, $to: Date!) { me { hosting {
        calendar(listingId: $id, from: $from, to: $to) { hold booking { id } } } } }";
    const LISTING: &str = "query ($id: ID!) { booking(id: $id) { listing { id } } }";
    let world = World::new().await;
    let (id, _) = world.confirmed().await;
    let listing = world.guest.run(LISTING, json!({ "id": id })).await["booking"]["listing"]["id"].clone();
    let variables = json!({ "id": listing, "from": world.day(30), "to": world.day(31) });
    for (name, viewer) in world.viewers() {
        let Some(viewer) = viewer else { continue };
        let calendar = viewer.run(CALENDAR, variables.clone()).await["me"]["hosting"]["calendar"].clone();
        let expected = match name {
            "host" | "co-host full" | "co-host messages" => json!([{ "hold": "BOOKING", "booking": { "id": id } }]),
            "co-host calendar" => json!([{ "hold": "BOOKING", "booking": null }]),
            _ => Value::Null,
        };
        assert_eq!(calendar, expected, "{name}");
    }
}
