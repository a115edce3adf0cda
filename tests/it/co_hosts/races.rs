//! Several servers at once.

use std::time::Duration;

use diesel_async::SimpleAsyncConnection as _;
use futures_util::future::{join, join_all};
use serde_json::{Value, json};

use super::{accept, act, can_edit, email, help, helps_with, invite};
use crate::harness::app::TestApp;

/// For how long an operation must have waited for another one.
const WAIT: Duration = Duration::from_millis(300);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_edit_that_begins_during_a_removal_waits_for_it_and_is_refused() {
    let app = TestApp::new().await;
    let (host, helper) = (app.host().await, app.guest().await);
    let listing = host.listing(|input| input["instantBook"] = false.into()).await;
    let asked = app.guest().await.book_and_pay(&listing, "2026-04-20", "2026-04-22").await;
    let range = json!({ "listingId": listing, "from": "2026-04-01", "to": "2026-04-03" });
    for (field, change) in [
        ("updateListing", json!({ "listingId": listing })),
        ("setNightPrices", range.clone()),
        ("blockNights", range),
        ("acceptBooking", json!({ "bookingId": asked })),
        ("cancelBooking", json!({ "bookingId": asked })),
    ] {
        help(&host, &listing, &helper, "FULL").await;
        let mut removal = app.conn().await;
        removal.batch_execute("BEGIN; UPDATE co_hosts SET ended_at = accepted_at WHERE in_force = 1").await.unwrap();
        let mut input = change;
        if field != "updateListing" && field != "setNightPrices" {
            input["idempotencyKey"] = app.key().into();
        }
        let mut edit = Box::pin(act(&helper, field, input));
        let early = tokio::time::timeout(WAIT, edit.as_mut()).await;
        assert!(early.is_err(), "{field} does not wait for the removal: {early:?}");
        removal.batch_execute("COMMIT").await.unwrap();
        let edited = edit.await;
        assert_eq!(edited["code"], "NOT_FOUND", "{field}: {edited}");
    }
    assert_eq!(host.status(&asked).await, "REQUESTED");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn removals_and_edits_at_once_do_not_fail() {
    let app = TestApp::new().await;
    let other = app.second_instance().await;
    let (host, helper) = (app.host().await, app.guest().await);
    let listing = host.listing(|_| {}).await;
    let elsewhere = helper.at(&other);
    for round in 0..8 {
        let co_host = help(&host, &listing, &helper, "FULL").await;
        let range =
            json!({ "listingId": listing, "from": "2026-04-01", "to": "2026-04-03", "idempotencyKey": app.key() });
        let edits = join(can_edit(&elsewhere, &listing), act(&elsewhere, "blockNights", range));
        let remove = act(&host, "removeCoHost", json!({ "coHostId": co_host }));
        let (_, removed) = if round % 2 == 0 {
            join(edits, remove).await
        } else {
            let (removed, edits) = join(remove, edits).await;
            (edits, removed)
        };
        assert_eq!(removed["__typename"], "RemoveCoHostSuccess", "{removed}");
        assert!(!can_edit(&elsewhere, &listing).await, "after the removal");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_invitation_is_accepted_once_and_a_person_helps_once() {
    let app = TestApp::new().await;
    let other = app.second_instance().await;
    let (host, helper) = (app.host().await, app.guest().await);
    let elsewhere = helper.at(&other);
    for _ in 0..6 {
        let listing = host.listing(|_| {}).await;
        let id = invite(&host, &listing, &email(&helper).await, "FULL").await["invitation"]["id"].clone();
        let id = id.as_str().unwrap();
        let (one, two) = join(accept(&helper, id), accept(&elsewhere, id)).await;
        let done = |answer: &Value| usize::from(answer["__typename"] == "AcceptCoHostInvitationSuccess");
        assert_eq!(done(&one) + done(&two), 1, "{one} {two}");
        let own = "query ($id: ID!) { listing(id: $id) { coHosts { id } } }";
        let own = host.run(own, json!({ "id": listing })).await["listing"]["coHosts"].clone();
        assert_eq!(own, json!([{ "id": id }]));
    }
    assert_eq!(helps_with(&helper).await.as_array().map(Vec::len), Some(6));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_invitations_are_the_limit_however_many_are_sent_at_once() {
    let app = TestApp::new().await;
    let other = app.second_instance().await;
    let host = app.host().await;
    let servers = [host.clone(), host.at(&other)];
    let listing = host.listing(|_| {}).await;
    let emails: Vec<_> = (0..14).map(|number| format!("helper{number}@example.org")).collect();
    let race = emails.iter().enumerate().map(|(n, email)| invite(&servers[n % 2], &listing, email, "CALENDAR"));
    let answers = join_all(race).await;
    let sent = answers.iter().filter(|answer| answer["__typename"] == "InviteCoHostSuccess").count();
    let refused = answers.iter().filter(|answer| answer["code"] == "LIMIT_REACHED").count();
    assert_eq!((sent, refused), (10, 4), "{answers:?}");
}
