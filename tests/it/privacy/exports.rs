//! Exports.

use std::collections::BTreeMap;

use chrono::Duration;
use domain::app::AttemptLimits;
use futures_util::future::join;
use serde_json::{Value, json};
use types::{CoHostAccess, DataExportKind, Page, StaffRole};

use super::{admin, delete, is_stored, link, with_provider};
use crate::{
    desk::act,
    harness::{actors::Actor, app::TestApp, passkeys::Passkey},
    operations::of_field,
};

const PARTS: &str = "query ($kind: DataExportKind!, $first: Int, $after: Cursor) { me { dataExports(first: 1) { nodes { state
    parts(kind: $kind, first: $first, after: $after) { nodes { kind json } pageInfo { hasNextPage endCursor } } } } } }";

async fn request(actor: &Actor) -> Value {
    let answer = actor.run(&of_field("requestDataExport").text, json!({})).await;
    answer["requestDataExport"].clone()
}

/// All parts, read in pages of `first`, by their kind.
async fn read(actor: &Actor, first: usize) -> BTreeMap<String, Vec<Value>> {
    let mut parts: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for kind in DataExportKind::ALL {
        let mut after = Value::Null;
        loop {
            let page = json!({ "kind": kind.as_str(), "first": first, "after": after });
            let found = actor.run(PARTS, page).await["me"]["dataExports"]["nodes"][0]["parts"].clone();
            for part in found["nodes"].as_array().unwrap() {
                assert_eq!(part["kind"], kind.as_str());
                let data = serde_json::from_str(part["json"].as_str().unwrap()).unwrap();
                parts.entry(kind.as_str().to_owned()).or_default().push(data);
            }
            if found["pageInfo"]["hasNextPage"] == false {
                break;
            }
            after = found["pageInfo"]["endCursor"].clone();
        }
    }
    parts
}

#[tokio::test]
async fn an_export_has_everything_of_a_person_and_nothing_private_of_others() {
    let app = TestApp::new().await;
    let (host, guest) = (app.host().await, app.guest().await);
    let listing = host.listing(|_| {}).await;
    let mut trips = Vec::new();
    for (check_in, check_out) in
        [("2026-04-01", "2026-04-03"), ("2026-04-05", "2026-04-07"), ("2026-04-09", "2026-04-11")]
    {
        trips.push(guest.book_and_pay(&listing, check_in, check_out).await);
    }
    guest.cancel(&trips[2]).await;
    app.settle().await;
    guest.quote(&listing, "2026-05-01", "2026-05-03").await;
    let wishlist =
        guest.mutate(&of_field("createWishlist").text, json!({ "name": "Rivers" })).await["wishlist"]["id"].clone();
    guest.mutate(&of_field("addToWishlist").text, json!({ "wishlistId": wishlist, "listingId": listing })).await;
    guest.mutate(&of_field("setConsent").text, json!({ "document": "MARKETING", "given": true })).await;
    app.pass(Duration::days(45));
    let email = guest.run("{ me { email } }", json!({})).await["me"]["email"].clone();
    let guest = Actor::sign_in(&app, email.as_str().unwrap(), "correct horse").await;
    assert_eq!(request(&guest).await["__typename"], "RequestDataExportSuccess");
    let all = read(&guest, 100).await;
    let numbers: BTreeMap<_, _> = all.iter().map(|(kind, parts)| (kind.as_str(), parts.len())).collect();
    for (kind, number) in [
        ("PROFILE", 1),
        ("CONSENTS", 1),
        ("WISHLISTS", 1),
        ("QUOTES", 4),
        ("TRIPS", 3),
        ("PAYMENTS", 3),
        ("REFUNDS", 1),
    ] {
        assert_eq!(numbers.get(kind), Some(&number), "{kind} of {numbers:?}");
    }
    assert_eq!(numbers.get("SESSIONS"), Some(&2), "{numbers:?}");
    assert!(numbers["GUEST_EVENTS"] >= 6 && !numbers.contains_key("HOST_EVENTS"), "{numbers:?}");
    assert_eq!(all["PROFILE"][0]["email"], email);
    assert_eq!(all["WISHLISTS"][0]["items"][0]["listing"], json!(listing));
    assert_eq!(read(&guest, 1).await, all, "in pages of one");
    let text = serde_json::to_string(&all).unwrap();
    for private in ["Hugo", "River Road", "1.28967", "Quiet flat", "argon2", "hostPayout"] {
        assert!(!text.contains(private), "the guest's export has {private}: {text}");
    }
    let email = host.run("{ me { email } }", json!({})).await["me"]["email"].clone();
    let host = Actor::sign_in(&app, email.as_str().unwrap(), "correct horse").await;
    request(&host).await;
    let all = read(&host, 100).await;
    assert_eq!((all["LISTINGS"].len(), all["HOSTED_BOOKINGS"].len()), (1, 3));
    assert_eq!(all["LISTINGS"][0]["place"]["address"], "1 River Road");
    assert_eq!(all["LISTINGS"][0]["photos"].as_array().unwrap().len(), 3);
    let text = serde_json::to_string(&all).unwrap();
    for private in ["Gina", "Rivers", "PAYMENTS"] {
        assert!(!text.contains(private), "the host's export has {private}: {text}");
    }
}

/// Somebody who signs in in each way, helps a host, is a host and a guest, has reported a listing, and is staff.
#[tokio::test]
async fn an_export_has_the_ways_to_sign_in_help_cases_reviews_roles_and_events() {
    let (app, server) = with_provider().await;
    let (admin, host, guest) = (admin(&app).await, app.host().await, app.guest().await);
    let paula = Actor::register(&app, "Paula Person").await;
    let [stayed, helped] = [host.listing(|_| {}).await, host.listing(|_| {}).await];
    let trip = paula.book_and_pay(&stayed, "2026-04-01", "2026-04-03").await;
    let own = paula.listing(|_| {}).await;
    let hosted = guest.book_and_pay(&own, "2026-04-05", "2026-04-07").await;
    app.settle().await;
    app.pass(Duration::days(33));
    app.work().await;
    let email = paula.run("{ me { email } }", json!({})).await["me"]["email"].clone();
    let paula = Actor::sign_in(&app, email.as_str().unwrap(), "correct horse").await;
    let mut review = of_field("writeReview").variables["input"].clone();
    (review["bookingId"], review["text"]) = (json!(trip), json!("A very quiet flat."));
    paula.mutate(&of_field("writeReview").text, review).await;
    host.helped_by(&helped, &paula, CoHostAccess::Calendar).await;
    let about = json!({ "listingId": stayed });
    let report = json!({ "kind": "REPORT", "about": about, "text": "It is loud.", "idempotencyKey": app.key() });
    let case = paula.mutate(&of_field("openCase").text, report).await["case"]["id"].clone();
    let ask = json!({ "caseId": case, "status": "WAITING_FOR_PERSON", "message": "When?" });
    act(&admin, "updateCase", ask).await;
    let grant = paula.grant(StaffRole::Finance).await;
    Passkey::add(&paula, "Phone").await;
    link(&paula, &server, &json!({ "sub": "paula" })).await;
    let now = json!(app.app.now());
    assert_eq!(request(&paula).await["__typename"], "RequestDataExportSuccess");
    let all = read(&paula, 100).await;
    let only = |kind: &str| {
        assert_eq!(all[kind].len(), 1, "{kind}: {all:?}");
        all[kind][0].clone()
    };
    let passkey = only("PASSKEYS");
    assert_eq!(passkey, json!({ "id": passkey["id"], "name": "Phone", "createdAt": now, "lastUsedAt": null }));
    assert_eq!(only("LINKED_PROVIDERS"), json!({ "provider": "example", "linkedAt": now }));
    let role = json!({ "id": grant, "role": "FINANCE", "reason": "for a test", "grantedAt": now, "expiresAt": null, "endedAt": null });
    assert_eq!(only("ROLES"), role);
    let help = only("CO_HOSTING");
    let expected =
        json!({ "id": help["id"], "listing": helped, "access": "CALENDAR", "invitedAt": now, "acceptedAt": now });
    assert_eq!(help, expected);
    let reported = json!({ "id": case, "kind": "REPORT", "status": "WAITING_FOR_PERSON", "booking": null, "listing": stayed,
        "person": null, "text": "It is loud.", "question": "When?", "answer": null, "resolution": null, "openedAt": now, "closedAt": null });
    assert_eq!(only("CASES"), reported);
    let review = only("REVIEWS");
    assert_eq!([&review["listing"], &review["booking"], &review["text"]], [&*stayed, &*trip, "A very quiet flat."]);
    assert_eq!((&review["rating"], &review["published"]), (&json!(5), &json!(false)), "{review}");
    let events = &all["HOST_EVENTS"];
    assert!(events.iter().all(|event| event["booking"] == json!(hosted)), "{events:?}");
    assert!(events.iter().any(|event| event["kind"] == "CONFIRMED"), "{events:?}");
    let devices = &all["DEVICES"];
    assert_eq!(devices[0]["firstUsedAt"], "2026-03-02T04:00:00Z", "{devices:?}");
    assert!(devices.iter().all(|it| it["lastUsedAt"].is_string() && it["expiresAt"].is_string()), "{devices:?}");
    assert_eq!(read(&paula, 1).await, all, "in pages of one");
    let text = serde_json::to_string(&all).unwrap();
    for private in ["Hugo", "Gina", "Ann Admin"] {
        assert!(!text.contains(private), "the export has {private}: {text}");
    }
}

#[tokio::test]
async fn an_export_is_read_in_the_session_that_requested_it_until_it_expires() {
    let app = TestApp::new().await;
    let guest = app.guest().await;
    let email = guest.run("{ me { email } }", json!({})).await["me"]["email"].clone();
    let other = Actor::sign_in(&app, email.as_str().unwrap(), "correct horse").await;
    request(&guest).await;
    let profile = async |actor: &Actor| {
        let page = json!({ "kind": "PROFILE", "first": 1 });
        let export = actor.run(PARTS, page).await["me"]["dataExports"]["nodes"][0].clone();
        (export["state"].clone(), export["parts"]["nodes"].as_array().unwrap().len())
    };
    assert_eq!(profile(&guest).await, (json!("READY"), 1));
    assert_eq!(profile(&other).await, (json!("OTHER_SESSION"), 0));
    app.pass(Duration::days(7));
    assert_eq!(profile(&guest).await, (json!("EXPIRED"), 0));
    let wrong = json!({ "kind": "TRIPS", "first": 1, "after": "part.n7" });
    let answer = app.run(Some(&guest.member), PARTS, wrong).await;
    assert!(answer.errors.is_empty() || format!("{:?}", answer.errors).contains("cursor"), "{answer:?}");
    for days in [29, 2] {
        app.pass(Duration::days(days));
        super::sweep(&app).await;
    }
    let page = Page::new(None, None).unwrap();
    let left = store::data_exports::of_user(&mut app.conn().await, guest.member.id(), &[page]).await.unwrap();
    assert!(left.is_empty());
}

#[tokio::test]
async fn an_export_needs_a_recent_proof_is_mailed_and_is_limited() {
    let app = TestApp::limited(AttemptLimits::default()).await;
    let guest = app.guest().await;
    for _ in 0..5 {
        assert_eq!(request(&guest).await["__typename"], "RequestDataExportSuccess");
    }
    assert_eq!(request(&guest).await["code"], "TOO_MANY_ATTEMPTS");
    app.work().await;
    let email = guest.run("{ me { email } }", json!({})).await["me"]["email"].clone();
    let mail = app.mailbox.last_to(email.as_str().unwrap());
    assert!(mail.subject.contains("data"), "{}", mail.subject);
    app.pass(Duration::minutes(11));
    assert_eq!(request(&guest).await["code"], "RECENT_SIGN_IN_REQUIRED");
    let unverified = Actor::register_unverified(&app, "Una").await;
    assert_eq!(request(&unverified).await["code"], "EMAIL_NOT_VERIFIED");
}

#[tokio::test]
async fn of_an_export_and_the_deletion_of_the_account_nothing_is_left() {
    for round in 0..4 {
        let app = TestApp::new().await;
        let guest = Actor::register(&app, "Quentin Quick").await;
        let other = guest.at(&app.second_instance().await);
        let export = async { other.app.run(Some(&other.member), &of_field("requestDataExport").text, json!({})).await };
        let deleted = match round % 2 {
            0 => join(delete(&guest), export).await.0,
            _ => join(export, delete(&guest)).await.1,
        };
        assert_eq!(deleted["__typename"], "DeleteAccountSuccess");
        app.work().await;
        assert!(!is_stored(&app, "Quentin").await);
        let page = Page::new(None, None).unwrap();
        let left = store::data_exports::of_user(&mut app.conn().await, guest.member.id(), &[page]).await.unwrap();
        assert!(left.is_empty(), "{left:?}");
        let read = app.run(Some(&guest.member), PARTS, json!({ "kind": "PROFILE", "first": 1 })).await;
        let read = serde_json::to_string(&read.data).unwrap();
        assert!(!read.contains("Quentin"), "{read}");
    }
}
