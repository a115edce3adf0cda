//! Help ends: it is removed, changed, left, or its people are gone.

use std::time::Duration as Time;

use chrono::Duration;
use domain::retention::Sweeper;
use futures_util::StreamExt as _;
use serde_json::{Value, json};

use super::{accept, act, can_edit, email, help, helps_with, invitations, invite};
use crate::{
    harness::{actors::Actor, app::TestApp, database::strings},
    operations::of_field,
};

/// The timeout of a stream that must have an event, or an end.
const TIMEOUT: Time = Time::from_secs(30);

const DELETE: &str = "mutation ($input: DeleteAccountInput!) { deleteAccount(input: $input) { __typename } }";

async fn delete_account(actor: &Actor) {
    let deleted = actor.mutate(DELETE, json!({ "email": email(actor).await })).await;
    assert_eq!(deleted["__typename"], "DeleteAccountSuccess", "{deleted}");
}

#[tokio::test]
async fn a_removed_co_host_has_no_access_at_once_also_at_another_server() {
    let app = TestApp::new().await;
    let (host, helper, guest) = (app.host().await, app.guest().await, app.guest().await);
    let listing = host.listing(|_| {}).await;
    let booking = guest.book_and_pay(&listing, "2026-04-01", "2026-04-03").await;
    let co_host = help(&host, &listing, &helper, "FULL").await;
    let elsewhere = helper.at(&app.second_instance().await);
    for server in [&helper, &elsewhere] {
        assert!(can_edit(server, &listing).await);
        assert_eq!(server.status(&booking).await, "CONFIRMED");
    }
    act(&host, "unlistListing", json!({ "listingId": listing })).await;
    let removed = act(&host, "removeCoHost", json!({ "coHostId": co_host })).await;
    assert_eq!(removed["id"], co_host, "{removed}");
    for server in [&helper, &elsewhere] {
        assert!(!can_edit(server, &listing).await);
        assert_eq!(server.booking(&booking).await, Value::Null);
        assert_eq!(server.cancel(&booking).await["code"], "NOT_FOUND");
        let found = server.run("query ($id: ID!) { listing(id: $id) { id } }", json!({ "id": listing })).await;
        assert_eq!(found["listing"], Value::Null);
        assert_eq!(helps_with(server).await, json!([]));
    }
    assert_eq!(act(&host, "removeCoHost", json!({ "coHostId": co_host })).await["code"], "NOT_FOUND", "it is over");
    let raised = act(&host, "changeCoHostAccess", json!({ "coHostId": co_host, "access": "FULL" })).await;
    assert_eq!(raised["code"], "NOT_FOUND", "it does not begin again: {raised}");
}

#[tokio::test]
async fn the_stream_of_a_removed_co_host_ends_with_the_next_event() {
    let app = TestApp::new().await;
    let (host, helper, guest) = (app.host().await, app.guest().await, app.guest().await);
    let listing = host.listing(|_| {}).await;
    let booking = guest.book_and_pay(&listing, "2026-04-01", "2026-04-03").await;
    let co_host = help(&host, &listing, &helper, "CALENDAR_AND_MESSAGES").await;
    let after = domain::events::EventPosition::Booking(booking.parse().unwrap(), 0).to_cursor();
    let variables = json!({ "bookingId": booking, "after": after });
    let mut stream = Box::pin(app.stream(Some(&helper.member), &of_field("bookingEvents").text, variables));
    let first = tokio::time::timeout(TIMEOUT, stream.next()).await.unwrap().unwrap();
    assert_eq!(first["data"]["bookingEvents"]["booking"]["id"], booking, "{first}");
    act(&host, "removeCoHost", json!({ "coHostId": co_host })).await;
    guest.cancel(&booking).await;
    let mut kinds = Vec::new();
    let end = loop {
        let next = tokio::time::timeout(TIMEOUT, stream.next()).await.unwrap();
        match next {
            Some(event) if event["errors"].is_null() || event["errors"] == json!([]) => {
                kinds.push(event["data"]["bookingEvents"]["kind"].clone());
            }
            other => break other.unwrap_or(Value::Null),
        }
    };
    assert!(!kinds.contains(&json!("CANCELLED_BY_GUEST")), "{kinds:?}");
    assert_eq!(end["errors"][0]["extensions"]["code"], "NOT_FOUND", "{end}");
}

#[tokio::test]
async fn changed_access_takes_effect_and_a_new_invitation_replaces_the_old_access() {
    let app = TestApp::new().await;
    let (host, helper) = (app.host().await, app.guest().await);
    let listing = host.listing(|_| {}).await;
    let co_host = help(&host, &listing, &helper, "FULL").await;
    let changed = act(&host, "changeCoHostAccess", json!({ "coHostId": co_host, "access": "CALENDAR" })).await;
    assert_eq!(changed["coHost"]["access"], "CALENDAR", "{changed}");
    assert!(!can_edit(&helper, &listing).await);
    let again = help(&host, &listing, &helper, "FULL").await;
    assert!(again != co_host && can_edit(&helper, &listing).await);
    let own = host.run("query ($id: ID!) { listing(id: $id) { coHosts { id } } }", json!({ "id": listing })).await;
    assert_eq!(own["listing"]["coHosts"], json!([{ "id": again }]), "they help once");
    let left = act(&helper, "leaveCoHosting", json!({ "coHostId": again })).await;
    assert_eq!(left["id"], again, "{left}");
    assert!(!can_edit(&helper, &listing).await);
    assert_eq!(act(&helper, "leaveCoHosting", json!({ "coHostId": again })).await["code"], "NOT_FOUND");
}

#[tokio::test]
async fn an_invitation_is_declined_or_withdrawn() {
    let app = TestApp::new().await;
    let (host, helper) = (app.host().await, app.guest().await);
    let listing = host.listing(|_| {}).await;
    for (who, field, name) in
        [(&helper, "declineCoHostInvitation", "invitationId"), (&host, "removeCoHost", "coHostId")]
    {
        let sent = invite(&host, &listing, &email(&helper).await, "FULL").await;
        let id = sent["invitation"]["id"].as_str().unwrap().to_owned();
        let ended = act(who, field, json!({ name: id })).await;
        assert_eq!(ended["id"], id, "{ended}");
        assert_eq!(invitations(&helper).await, json!([]));
        assert_eq!(accept(&helper, &id).await["code"], "NOT_FOUND");
    }
    assert!(!can_edit(&helper, &listing).await);
}

#[tokio::test]
async fn a_deleted_account_helps_nobody_and_nobody_helps_it() {
    let app = TestApp::new().await;
    let (host, helper, other) = (app.host().await, app.guest().await, app.guest().await);
    let listing = host.listing(|_| {}).await;
    help(&host, &listing, &helper, "FULL").await;
    help(&host, &listing, &other, "FULL").await;
    let second = app.host().await;
    let elsewhere = second.listing(|_| {}).await;
    let to = email(&helper).await;
    invite(&second, &elsewhere, &to, "FULL").await;
    invite(&host, &listing, "waits@example.org", "FULL").await;
    delete_account(&helper).await;
    app.work().await;
    assert!(!strings(&app).await.iter().any(|text| text.contains(&to)), "not even the invitation");
    let own = host.run("query ($id: ID!) { listing(id: $id) { coHosts { access } } }", json!({ "id": listing })).await;
    assert_eq!(own["listing"]["coHosts"], json!([{ "access": "FULL" }]), "the other one");
    assert!(can_edit(&other, &listing).await);
    delete_account(&host).await;
    app.work().await;
    assert!(!can_edit(&other, &listing).await, "nobody publishes for a host who is gone");
    assert_eq!(helps_with(&other).await, json!([]));
    assert!(!strings(&app).await.iter().any(|text| text.contains("waits@example.org")));
}

#[tokio::test]
async fn what_has_ended_is_deleted_after_its_time() {
    let app = TestApp::new().await;
    let (host, helper, kept) = (app.host().await, app.guest().await, app.guest().await);
    let listing = host.listing(|_| {}).await;
    let ended = help(&host, &listing, &helper, "FULL").await;
    help(&host, &listing, &kept, "CALENDAR").await;
    act(&host, "removeCoHost", json!({ "coHostId": ended })).await;
    let sweeper = Sweeper::default();
    for (days, left) in [(399, 2), (2, 1)] {
        app.pass(Duration::days(days));
        sweeper.sweep(&app.app).await.unwrap();
        let rows = strings(&app).await.iter().filter(|text| ["FULL", "CALENDAR"].contains(&text.as_str())).count();
        assert_eq!(rows, left, "after {days} more days");
    }
    assert_eq!(helps_with(&kept).await, json!([listing]));
}
