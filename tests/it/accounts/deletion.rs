//! Accounts are deleted by their owners, and by the platform if they never verify an email.

use chrono::Duration;
use domain::retention::Sweeper;
use futures_util::future::join;
use serde_json::{Value, json};

use super::{EMAIL, PASSWORD, REFRESH, execute, register, register_ada, sign_in};
use crate::{
    harness::{
        actors::{Actor, CREATE_LISTING, home},
        app::TestApp,
        database::strings,
        passkeys::Passkey,
    },
    operations::of_field,
};

const DELETE: &str = "mutation ($input: DeleteAccountInput!) { deleteAccount(input: $input) { __typename
    ... on DeleteAccountSuccess { user { id } } ... on UserError { code path } ... on AccountInUseProblem { bookings { id } } } }";
const PERSON: &str =
    "query ($id: ID!) { node(id: $id) { ... on User { displayName about location avatarUrl languages } } }";
const UPDATE: &str = "mutation ($input: UpdateProfileInput!) { updateProfile(input: $input) { __typename } }";

async fn delete(actor: &Actor) -> Value {
    let email = actor.run("{ me { email } }", json!({})).await["me"]["email"].clone();
    actor.mutate(DELETE, json!({ "email": email })).await
}

#[tokio::test]
async fn nothing_of_the_person_is_left() {
    let app = TestApp::new().await;
    let ada = register_ada(&app).await;
    let about = json!({ "displayName": "Ada Lovelace", "about": "Lovelace likes trains.", "location": "Lovelaceville",
        "avatarUrl": "https://lovelace.example.org/ada.jpg", "languages": ["en"] });
    ada.mutate(UPDATE, about).await;
    ada.mutate(
        "mutation ($input: RequestEmailChangeInput!) { requestEmailChange(input: $input) { __typename } }",
        json!({ "newEmail": "lovelace@example.org" }),
    )
    .await;
    ada.mutate(
        "mutation ($input: CreateWishlistInput!) { createWishlist(input: $input) { __typename } }",
        json!({ "name": "Lovelace's trips" }),
    )
    .await;
    let listing = app.host().await.listing(|_| {}).await;
    let case = json!({ "kind": "REPORT", "about": { "listingId": listing }, "text": "Lovelace was not let in.",
        "idempotencyKey": app.key() });
    let opened = ada.mutate(&of_field("openCase").text, case).await;
    assert_eq!(opened["__typename"], "OpenCaseSuccess", "{opened}");
    Passkey::add(&ada, "Lovelace's phone").await;
    let deleted = delete(&ada).await;
    assert_eq!(deleted["user"]["id"], ada.member.id().to_string(), "{deleted}");
    assert_eq!(sign_in(&app, EMAIL, PASSWORD).await["code"], "INVALID_CREDENTIALS");
    assert_eq!(execute(&app, REFRESH, json!({ "refreshToken": ada.refresh })).await["code"], "INVALID_SESSION");
    let person = app.guest().await.run(PERSON, json!({ "id": ada.member.id().to_string() })).await;
    let nobody =
        json!({ "displayName": "Former member", "about": null, "location": null, "avatarUrl": null, "languages": [] });
    assert_eq!(person["node"], nobody);
    app.work().await;
    let mail = app.mailbox.last_to(EMAIL);
    assert!(mail.subject.contains("deleted"), "{}", mail.subject);
    for text in strings(&app).await {
        assert!(!text.contains("ovelace") && !text.contains(EMAIL), "{text}");
    }
    assert_eq!(register(&app, EMAIL, PASSWORD).await["__typename"], "RegisterUserSuccess", "she can come back");
}

#[tokio::test]
async fn only_its_owner_who_types_its_email_deletes_an_account() {
    let app = TestApp::new().await;
    let ada = register_ada(&app).await;
    let refused = ada.mutate(DELETE, json!({ "email": "eve@example.org" })).await;
    assert_eq!(refused["path"], json!(["input", "email"]), "{refused}");
    assert_eq!(sign_in(&app, EMAIL, PASSWORD).await["__typename"], "SignInSuccess");
}

#[tokio::test]
async fn open_bookings_keep_both_accounts_and_ended_ones_do_not() {
    let app = TestApp::new().await;
    let (host, guest) = (app.host().await, app.guest().await);
    let listing = host.listing(|_| {}).await;
    let booking = guest.book_and_pay(&listing, "2026-04-01", "2026-04-03").await;
    for side in [&host, &guest] {
        let refused = delete(side).await;
        assert_eq!((&refused["code"], &refused["bookings"]), (&json!("ACCOUNT_IN_USE"), &json!([{ "id": booking }])));
    }
    guest.cancel(&booking).await;
    app.settle().await;
    assert_eq!(delete(&guest).await["__typename"], "DeleteAccountSuccess");
    assert_eq!(host.status(&booking).await, "CANCELLED");
    let draft = host.mutate(CREATE_LISTING, home()).await["listing"]["id"].clone();
    assert_eq!(delete(&host).await["__typename"], "DeleteAccountSuccess");
    let other = app.guest().await;
    for id in [json!(listing), draft] {
        let found = other.run("query ($id: ID!) { listing(id: $id) { id } }", json!({ "id": id })).await;
        assert_eq!(found["listing"], json!(null), "its listings are gone");
    }
}

#[tokio::test]
async fn of_a_booking_and_the_deletion_of_its_guest_or_host_one_wins() {
    for round in 0..6 {
        let app = TestApp::new().await;
        let (host, guest) = (app.host().await, app.guest().await);
        let listing = host.listing(|_| {}).await;
        let quote = guest.quote(&listing, "2026-04-01", "2026-04-03").await;
        let leaver = if round % 2 == 0 { &guest } else { &host };
        let (booked, deleted) = join(guest.try_book(&quote, "a-booking-in-a-race"), delete(leaver)).await;
        let is_booked = booked["__typename"] == "CreateBookingSuccess";
        let is_deleted = deleted["__typename"] == "DeleteAccountSuccess";
        assert!(is_booked != is_deleted, "{booked} {deleted}");
    }
}

#[tokio::test]
async fn an_account_that_never_verifies_its_email_is_deleted_after_thirty_days() {
    let app = TestApp::new().await;
    register(&app, EMAIL, PASSWORD).await;
    let verified = app.guest().await;
    let sweeper = Sweeper::default();
    for (days, is_there) in [(29, true), (2, false)] {
        app.pass(Duration::days(days));
        sweeper.sweep(&app.app).await.unwrap();
        let found = strings(&app).await.iter().any(|text| text.contains(EMAIL));
        assert_eq!(found, is_there, "after {days} more days");
    }
    drop(verified);
}
