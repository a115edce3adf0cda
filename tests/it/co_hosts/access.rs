//! What each access lets a co-host do. The table of all operations is the access matrix.

use serde_json::{Value, json};

use super::{act, can_edit, help};
use crate::{
    access::world::EXACT,
    harness::{actors::Actor, app::TestApp},
};

const BOOKING: &str = "query ($id: ID!) { booking(id: $id) { status guest { displayName } host { id }
    quote { id } payments { id } refunds { id } hostPayout { minorUnits } details { address }
    availableActions { action allowed moneyEffect { minorUnits } } timeline(first: 100) { nodes { kind actor payment { id } } } } }";
const HELPED: &str = "{ me { coHosting { nodes { access bookings { nodes { id status } } } } } }";
const CALENDAR: &str = "query ($id: ID!) { me { hosting {
    calendar(listingId: $id, from: \"2026-04-01\", to: \"2026-04-03\") { hold price { minorUnits } booking { id } } } } }";

async fn booking(viewer: &Actor, id: &str) -> Value {
    viewer.run(BOOKING, json!({ "id": id })).await["booking"].clone()
}

async fn calendar(viewer: &Actor, listing: &str) -> Value {
    viewer.run(CALENDAR, json!({ "id": listing })).await["me"]["hosting"]["calendar"].clone()
}

async fn helped(viewer: &Actor) -> Value {
    viewer.run(HELPED, json!({})).await["me"]["coHosting"]["nodes"].clone()
}

/// A listing with requests, which the helper helps with.
async fn listing_with(app: &TestApp, access: &str) -> (Actor, Actor, String) {
    let (host, helper) = (app.host().await, Actor::register(app, "Hanna Helper").await);
    let listing = host.listing(|input| {
        input["instantBook"] = false.into();
        input["place"]["address"] = EXACT[0].into();
    });
    let listing = listing.await;
    help(&host, &listing, &helper, access).await;
    (host, helper, listing)
}

/// The bytes of the id of the person behind the last event of a kind, in hexadecimal.
async fn actor_of(app: &TestApp, kind: &str) -> String {
    #[derive(diesel::QueryableByName)]
    struct Person {
        #[diesel(sql_type = diesel::sql_types::Text)]
        id: String,
    }
    let query = format!(
        "SELECT HEX(actor_id) AS id FROM events WHERE kind = '{kind}' ORDER BY happened_at DESC, sequence DESC LIMIT 1"
    );
    let conn = &mut app.conn().await;
    diesel_async::RunQueryDsl::get_result::<Person>(diesel::sql_query(query), conn).await.unwrap().id
}

fn bytes(actor: &Actor) -> String {
    actor.member.id().as_bytes().iter().map(|byte| format!("{byte:02X}")).collect()
}

#[tokio::test]
async fn full_access_answers_for_the_host_and_the_event_says_who_did() {
    let app = TestApp::new().await;
    let (host, helper, listing) = listing_with(&app, "FULL").await;
    let guest = app.guest().await;
    let asked = guest.book_and_pay(&listing, "2026-04-01", "2026-04-03").await;
    let request = booking(&helper, &asked).await;
    let accept = request["availableActions"].as_array().unwrap().iter().find(|it| it["action"] == "ACCEPT").unwrap();
    assert_eq!(accept, &json!({ "action": "ACCEPT", "allowed": true, "moneyEffect": null }), "earnings are the host's");
    assert_eq!(helper.accept(&asked, &app.key()).await["booking"]["status"], "CONFIRMED");
    let helpers = bytes(&helper);
    assert_eq!(actor_of(&app, "CONFIRMED").await, helpers);
    assert_eq!(helper.cancel(&asked).await["booking"]["status"], "CANCELLED");
    assert_eq!(actor_of(&app, "CANCELLED_BY_HOST").await, helpers);
    let asked = guest.book_and_pay(&listing, "2026-04-05", "2026-04-07").await;
    assert_eq!(helper.decline(&asked, &app.key()).await["booking"]["status"], "DECLINED");
    assert_eq!(actor_of(&app, "DECLINED").await, helpers);
    let events = booking(&guest, &asked).await["timeline"]["nodes"].clone();
    let declined = events.as_array().unwrap().iter().find(|event| event["kind"] == "DECLINED").unwrap();
    assert_eq!(declined["actor"], "HOST");
    // The host still does the same.
    app.pass(chrono::Duration::minutes(1));
    let asked = guest.book_and_pay(&listing, "2026-04-09", "2026-04-11").await;
    assert_eq!(host.accept(&asked, &app.key()).await["booking"]["status"], "CONFIRMED");
    assert_eq!(actor_of(&app, "CONFIRMED").await, bytes(&host));
}

#[tokio::test]
async fn full_access_moves_a_listing_with_bookings() {
    let app = TestApp::new().await;
    let (_, helper, listing) = listing_with(&app, "FULL").await;
    let guest = app.guest().await;
    let asked = guest.book_and_pay(&listing, "2026-04-01", "2026-04-03").await;
    let update = "mutation ($input: UpdateListingInput!) { updateListing(input: $input) {
        ... on UpdateListingSuccess { affectedBookings { id } } ... on UserError { code } } }";
    let input = json!({ "listingId": listing, "place": { "latitude": 1.3, "longitude": 103.8 } });
    let moved = helper.mutate(update, input).await;
    assert_eq!(moved["affectedBookings"], json!([{ "id": asked }]), "{moved}");
    assert_eq!(actor_of(&app, "LISTING_MOVED").await, bytes(&helper));
}

#[tokio::test]
async fn access_to_bookings_shows_guests_and_no_money() {
    let app = TestApp::new().await;
    let (host, helper, listing) = listing_with(&app, "CALENDAR_AND_MESSAGES").await;
    let guest = app.guest().await;
    let unpaid = guest.book(&listing, "2026-04-20", "2026-04-22").await;
    assert_eq!(booking(&helper, &unpaid).await, Value::Null, "the host does not see it either");
    assert_eq!(booking(&host, &unpaid).await, Value::Null);
    let asked = guest.book_and_pay(&listing, "2026-04-01", "2026-04-03").await;
    assert_eq!(helper.accept(&asked, &app.key()).await["code"], "NOT_FOUND");
    assert_eq!(helper.decline(&asked, &app.key()).await["code"], "NOT_FOUND");
    host.accept(&asked, &app.key()).await;
    assert_eq!(helper.cancel(&asked).await["code"], "NOT_FOUND");
    let seen = booking(&helper, &asked).await;
    assert_eq!(seen["guest"]["displayName"], "Gina Guest");
    assert_eq!(seen["details"]["address"], EXACT[0]);
    for field in ["quote", "payments", "refunds", "hostPayout"] {
        assert_eq!(seen[field], Value::Null, "{field}");
    }
    assert_eq!(seen["availableActions"], json!([]));
    let events = seen["timeline"]["nodes"].as_array().unwrap();
    assert!(events.len() > 2 && events.iter().all(|event| event["payment"].is_null()), "{seen}");
    let page = json!([{ "access": "CALENDAR_AND_MESSAGES", "bookings": { "nodes": [{ "id": asked, "status": "CONFIRMED" }] } }]);
    assert_eq!(helped(&helper).await, page);
    assert!(!can_edit(&helper, &listing).await);
}

#[tokio::test]
async fn access_to_the_calendar_shows_that_nights_are_booked_and_not_by_whom() {
    let app = TestApp::new().await;
    let (host, helper, listing) = listing_with(&app, "CALENDAR").await;
    let asked = app.guest().await.book_and_pay(&listing, "2026-04-01", "2026-04-02").await;
    assert_eq!(calendar(&host, &listing).await[0]["booking"]["id"], asked);
    let nights = calendar(&helper, &listing).await;
    assert_eq!((&nights[0]["hold"], &nights[0]["booking"]), (&json!("REQUEST"), &Value::Null), "{nights}");
    assert_eq!(booking(&helper, &asked).await, Value::Null);
    assert_eq!(helped(&helper).await, json!([{ "access": "CALENDAR", "bookings": { "nodes": [] } }]));
    let range =
        |from: &str, to: &str| json!({ "listingId": listing, "from": from, "to": to, "idempotencyKey": app.key() });
    let blocked = act(&helper, "blockNights", range("2026-04-02", "2026-04-03")).await;
    assert_eq!(blocked["__typename"], "BlockNightsSuccess", "{blocked}");
    assert_eq!(calendar(&host, &listing).await[1]["hold"], "BLOCK");
    assert_eq!(act(&helper, "openNights", range("2026-04-02", "2026-04-03")).await["__typename"], "OpenNightsSuccess");
    let set = json!({ "listingId": listing, "from": "2026-04-02", "to": "2026-04-03", "price": 12_345 });
    assert_eq!(act(&helper, "setNightPrices", set).await["__typename"], "SetNightPricesSuccess");
    assert_eq!(calendar(&host, &listing).await[1]["price"]["minorUnits"], 12_345);
}

#[tokio::test]
async fn no_access_deletes_a_listing_or_decides_who_helps() {
    let app = TestApp::new().await;
    let (host, helper, listing) = listing_with(&app, "FULL").await;
    let other = app.guest().await;
    let co_host = help(&host, &listing, &other, "CALENDAR").await;
    let input = json!({ "coHostId": co_host, "listingId": listing });
    for (field, changed) in [
        ("deleteListing", "listingId"),
        ("inviteCoHost", "listingId"),
        ("changeCoHostAccess", "coHostId"),
        ("removeCoHost", "coHostId"),
        ("leaveCoHosting", "coHostId"),
    ] {
        let refused = act(&helper, field, json!({ changed: input[changed] })).await;
        assert_eq!(refused["code"], "NOT_FOUND", "{field}: {refused}");
    }
    let draft = host.mutate(crate::harness::actors::CREATE_LISTING, crate::harness::actors::home()).await;
    let draft = draft["listing"]["id"].as_str().unwrap().to_owned();
    help(&host, &draft, &helper, "FULL").await;
    assert_eq!(act(&helper, "deleteListing", json!({ "listingId": draft })).await["code"], "NOT_FOUND");
    let deleted = act(&host, "deleteListing", json!({ "listingId": draft })).await;
    assert_eq!(deleted["__typename"], "DeleteListingSuccess", "with everybody who helped: {deleted}");
}

#[tokio::test]
async fn nobody_books_a_listing_that_they_help_with() {
    let app = TestApp::new().await;
    let (host, helper) = (app.host().await, app.guest().await);
    let listing = host.listing(|_| {}).await;
    help(&host, &listing, &helper, "CALENDAR").await;
    let refused = helper.try_quote(&listing, "2026-04-01", "2026-04-03").await;
    assert_eq!(refused["violations"], json!([{ "reason": "OWN_LISTING", "night": null }]), "{refused}");
}

#[tokio::test]
async fn a_guest_who_helps_later_is_only_the_guest_of_their_own_booking() {
    let app = TestApp::new().await;
    let (host, guest) = (app.host().await, app.guest().await);
    let listing = host.listing(|input| input["instantBook"] = false.into()).await;
    let asked = guest.book_and_pay(&listing, "2026-04-01", "2026-04-03").await;
    help(&host, &listing, &guest, "FULL").await;
    assert_eq!(guest.accept(&asked, &app.key()).await["code"], "NOT_FOUND", "nobody accepts their own request");
    let seen = booking(&guest, &asked).await;
    assert_eq!(seen["payments"].as_array().map(Vec::len), Some(1), "{seen}");
    assert_eq!(seen["hostPayout"], Value::Null);
}
