//! The last four digits of cards: who sees them, and that finance find payments by them.

use serde_json::{Value, json};

use super::desk;
use crate::access::world::{World, text};

const CARDS: &str = "query ($id: ID!) { booking(id: $id) { payments { id status card { brand lastFour } } } }";

async fn found(world: &World, search: &str) -> Vec<String> {
    let fields = format!("payments(search: \"{search}\", first: 100) {{ nodes {{ id card {{ lastFour }} }} }}");
    let page = desk(&world.finance, &fields).await["payments"].clone();
    let nodes = page["nodes"].as_array().unwrap();
    assert!(nodes.iter().all(|node| node["card"]["lastFour"] == search), "{page}");
    nodes.iter().map(|node| text(&node["id"])).collect()
}

#[tokio::test]
async fn the_payer_sees_the_end_of_the_card_and_nobody_else_of_the_booking() {
    let world = World::new().await;
    let (booking, _) = world.pending().await;
    world.guest.try_pay(&booking, "CARD_INSUFFICIENT_FUNDS", &world.app.key()).await;
    world.guest.pay(&booking).await;
    let payments = world.guest.run(CARDS, json!({ "id": booking })).await["booking"]["payments"].clone();
    let card = |brand: &str, digits: &str| json!({ "brand": brand, "lastFour": digits });
    assert_eq!(payments[0]["card"], card("MASTERCARD", "9995"), "also of a declined payment");
    assert_eq!(payments[1]["card"], card("VISA", "4242"));
    assert_eq!(world.host.run(CARDS, json!({ "id": booking })).await["booking"]["payments"], Value::Null);
}

#[tokio::test]
async fn finance_find_payments_by_the_end_of_the_card_newest_first() {
    let world = World::new().await;
    let confirmed = world.unconfirmed_payment().await;
    assert_eq!(found(&world, "3155").await, [confirmed]);
    assert_eq!(found(&world, "0002").await, Vec::<String>::new());
    let (_, first) = world.confirmed().await;
    world.app.pass(chrono::Duration::seconds(1));
    let (_, second) = world.confirmed().await;
    assert_eq!(found(&world, "4242").await[..2], [second.clone(), first.clone()]);
    let page = desk(
        &world.finance,
        "payments(search: \"4242\", first: 1) { nodes { id } pageInfo { endCursor hasNextPage } }",
    )
    .await;
    let end = text(&page["payments"]["pageInfo"]["endCursor"]);
    let next =
        desk(&world.finance, &format!("payments(search: \"4242\", first: 1, after: \"{end}\") {{ nodes {{ id }} }}"))
            .await;
    assert_eq!(next["payments"]["nodes"], json!([{ "id": first }]));
    let others = "people(search: \"4242\") { nodes { id } } bookings(search: \"4242\") { nodes { id } } payments(search: \"4242\") { nodes { id } }";
    let support = desk(&world.support, others).await;
    assert_eq!(support["payments"], Value::Null, "cards are for finance");
    assert_eq!([&support["people"]["nodes"], &support["bookings"]["nodes"]], [&json!([]), &json!([])]);
    for wrong in ["424", "42424", "42 4", "٤٢"] {
        let query = format!("{{ desk {{ payments(search: \"{wrong}\") {{ nodes {{ id }} }} }} }}");
        let refused = world.app.run(Some(&world.finance.member), &query, json!({})).await;
        assert!(refused.errors[0].message.contains("must be an id"), "{wrong}: {:?}", refused.errors);
    }
}
