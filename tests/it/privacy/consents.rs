//! Versions of terms, and what people agree to.

use domain::privacy::consents::LegalVersions;
use serde_json::{Value, json};

use crate::{
    harness::{
        actors::{Actor, CREATE_LISTING, PUBLISH_LISTING, REGISTER, data, home},
        app::TestApp,
    },
    operations::of_field,
};

const BOOK: &str = "mutation ($input: CreateBookingInput!) { createBooking(input: $input) { __typename
    ... on CreateBookingSuccess { booking { id } replayed } ... on UserError { code }
    ... on TermsNotAcceptedProblem { documents } } }";
const MINE: &str = "{ me { termsToAccept consents { nodes { document version given } } } }";

async fn requiring(app: &TestApp, terms: &str, privacy: Option<&str>) -> TestApp {
    let legal = LegalVersions { terms: Some(terms.into()), privacy: privacy.map(Into::into), marketing: None };
    app.with_settings(|builder| builder.legal(legal)).await
}

async fn accept(actor: &Actor, document: &str, version: &str) -> Value {
    let documents = json!([{ "document": document, "version": version }]);
    actor.mutate(&of_field("acceptTerms").text, json!({ "documents": documents })).await
}

#[tokio::test]
async fn nobody_has_to_accept_terms_without_a_version() {
    let app = TestApp::new().await;
    let (host, guest) = (app.host().await, app.guest().await);
    let listing = host.listing(|_| {}).await;
    guest.book(&listing, "2026-04-01", "2026-04-03").await;
    let seen = guest.run("{ terms { document } me { termsToAccept } }", json!({})).await;
    assert_eq!(seen, json!({ "terms": [], "me": { "termsToAccept": [] } }));
}

#[tokio::test]
async fn a_new_version_is_accepted_before_nights_are_held_and_listings_published() {
    let app = TestApp::new().await;
    let (host, guest) = (app.host().await, app.guest().await);
    let listing = host.listing(|_| {}).await;
    let quote = guest.quote(&listing, "2026-04-01", "2026-04-03").await;
    let first = requiring(&app, "2026-1", Some("p1")).await;
    let (host, guest) = (host.at(&first), guest.at(&first));
    let terms = data(first.run(None, "{ terms { document version required } }", json!({})).await);
    assert_eq!(terms["terms"][0], json!({ "document": "TERMS", "version": "2026-1", "required": true }));
    let book =
        async |actor: &Actor, key: &str| actor.mutate(BOOK, json!({ "quoteId": quote, "idempotencyKey": key })).await;
    let refused = book(&guest, "a-first-attempt").await;
    assert_eq!(refused["code"], "TERMS_NOT_ACCEPTED", "{refused}");
    assert_eq!(refused["documents"], json!(["TERMS", "PRIVACY"]));
    let stale = accept(&guest, "TERMS", "2025-9").await;
    assert_eq!(stale["path"], json!(["input", "documents"]), "{stale}");
    accept(&guest, "TERMS", "2026-1").await;
    assert_eq!(book(&guest, "a-second-attempt").await["documents"], json!(["PRIVACY"]));
    accept(&guest, "PRIVACY", "p1").await;
    assert_eq!(book(&guest, "a-third-attempt").await["__typename"], "CreateBookingSuccess");
    let draft = host.mutate(CREATE_LISTING, home()).await["listing"]["id"].clone();
    let publish =
        async |host: &Actor| host.mutate(PUBLISH_LISTING, json!({ "listingId": draft })).await["__typename"].clone();
    assert_eq!(publish(&host).await, "TermsNotAcceptedProblem");
    accept(&host, "TERMS", "2026-1").await;
    accept(&host, "PRIVACY", "p1").await;
    assert_eq!(publish(&host).await, "PublishListingSuccess");
    let second = requiring(&app, "2026-2", None).await;
    let guest = guest.at(&second);
    assert_eq!(guest.run(MINE, json!({})).await["me"]["termsToAccept"], json!(["TERMS"]));
    assert_eq!(book(&guest, "a-third-attempt").await["replayed"], true, "what was booked stays booked");
    let quote = guest.quote(&listing, "2026-05-01", "2026-05-03").await;
    let refused = guest.mutate(BOOK, json!({ "quoteId": quote, "idempotencyKey": "with-a-new-version" })).await;
    assert_eq!(refused["documents"], json!(["TERMS"]));
}

#[tokio::test]
async fn a_registration_records_what_was_accepted() {
    let app = requiring(&TestApp::new().await, "7", None).await;
    let register = async |version: &str| {
        let input = json!({ "email": format!("new{}@example.org", app.number()), "password": "correct horse",
            "displayName": "Ada", "acceptedDocuments": [{ "document": "TERMS", "version": version }] });
        data(app.run(None, REGISTER, json!({ "input": input })).await)["registerUser"].clone()
    };
    assert_eq!(register("6").await["path"], json!(["input", "acceptedDocuments"]));
    let ada = Actor::of(&app, &register("7").await);
    let mine = ada.run(MINE, json!({})).await["me"].clone();
    assert_eq!(mine["termsToAccept"], json!([]));
    assert_eq!(mine["consents"]["nodes"], json!([{ "document": "TERMS", "version": "7", "given": true }]));
}

#[tokio::test]
async fn consent_to_marketing_is_given_and_withdrawn_and_every_decision_stays() {
    let app = TestApp::new().await;
    let guest = app.guest().await;
    let set = async |document: &str, given: bool| {
        let set = guest.mutate(&of_field("setConsent").text, json!({ "document": document, "given": given })).await;
        app.pass(chrono::Duration::seconds(1));
        set
    };
    for given in [true, true, false, false, true] {
        assert_eq!(set("MARKETING", given).await["consent"]["given"], given);
    }
    assert_eq!(set("TERMS", false).await["path"], json!(["input", "document"]), "terms are not withdrawn");
    let mine = guest.run(MINE, json!({})).await["me"]["consents"]["nodes"].clone();
    let given: Vec<_> = mine.as_array().unwrap().iter().map(|consent| consent["given"].as_bool().unwrap()).collect();
    assert_eq!(given, [true, false, true], "newest first, without repetitions");
}
