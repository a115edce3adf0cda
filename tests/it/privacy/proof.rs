//! After an erasure nothing of the person is left: in no byte of the database, in no log, and in nothing that others see.

use std::fmt::Write as _;

use chrono::Duration;
use diesel::{QueryableByName, sql_types::Text};
use diesel_async::{RunQueryDsl as _, SimpleAsyncConnection as _};
use domain::audit;
use mail::SendError;
use serde_json::{Value, json};
use types::CoHostAccess;

use super::{admin, delete, link, sweep, with_provider};
use crate::{
    desk::{act, impersonate, prove},
    harness::{
        actors::{Actor, DECLINE, REGISTER, home},
        app::TestApp,
        authenticator::Authenticator,
        database::TestDatabase,
        identity_server::IdentityServer,
        passkeys::Passkey,
        remote,
        server::Server,
        wire,
    },
    operations::of_field,
};

const NAME: &str = "Xanthippe Quillfeather";
const PHONE: &str = "+65 9123 4567";
const EMAIL: &str = "xq.quillfeather@example.org";
/// Parts of texts, in lower case, that only she has.
const HERS: [&str; 6] = ["quillfeather", "xanthippe", "9123 4567", "zephyrine lane", "1.31357", "103.79531"];

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    line: String,
}

/// Every column of every table, as a dump has them: bytes, in lower case where they are letters.
async fn dump(app: &TestApp) -> Vec<(String, String)> {
    let conn = &mut app.conn().await;
    conn.batch_execute("SET SESSION group_concat_max_len = 1048576").await.unwrap();
    let queries = "SELECT CONCAT(TABLE_NAME, ' SELECT CONCAT_WS(\\'7C\\', ', GROUP_CONCAT(IF(DATA_TYPE IN \
                   ('binary', 'varbinary', 'blob', 'mediumblob'), CONCAT('HEX(`', COLUMN_NAME, '`)'), CONCAT('HEX(CAST(`', \
                   COLUMN_NAME, '` AS CHAR))'))), ') AS line FROM `', TABLE_NAME, '`') AS line FROM \
                   information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE() GROUP BY TABLE_NAME";
    let queries: Vec<Line> = diesel::sql_query(queries).load(conn).await.unwrap();
    assert!(queries.len() > 40, "{} tables", queries.len());
    let mut rows = Vec::new();
    for Line { line } in queries {
        let (table, query) = line.split_once(' ').unwrap();
        for Line { line } in diesel::sql_query(query).load::<Line>(conn).await.unwrap() {
            let pairs = line.as_bytes().chunks_exact(2).map(|pair| std::str::from_utf8(pair).unwrap());
            let bytes: Vec<u8> = pairs.map(|pair| u8::from_str_radix(pair, 16).unwrap()).collect();
            rows.push((table.to_owned(), String::from_utf8_lossy(&bytes).to_lowercase()));
        }
    }
    rows
}

/// The rows that have something of hers.
async fn found(app: &TestApp) -> Vec<String> {
    let mut found = Vec::new();
    for (table, row) in dump(app).await {
        found.extend(HERS.iter().filter(|part| row.contains(**part)).map(|part| format!("{table} has {part}: {row}")));
    }
    found
}

/// A person who leaves traces wherever she can.
async fn live(app: &TestApp, admin: &Actor, guest: &Actor, host: &Actor) -> Actor {
    let input = json!({ "email": EMAIL, "password": "correct horse", "displayName": NAME });
    let registered = app.run(None, REGISTER, json!({ "input": input })).await;
    let registered = serde_json::to_value(registered.data).unwrap();
    let she = Actor::of(app, &registered["registerUser"]).verified().await;
    let about = format!("Call me, {NAME}, at {PHONE}.");
    let profile =
        json!({ "about": about, "location": "Zephyrine Lane", "avatarUrl": "https://quillfeather.example.org/x.jpg" });
    she.mutate(&of_field("updateProfile").text, profile).await;
    let place = |input: &mut Value| {
        input["title"] = json!(format!("{NAME}'s flat"));
        input["description"] = json!(about);
        input["neighborhoodOverview"] = json!(format!("Near {NAME}."));
        input["amenities"] = json!(["Quillfeather kettle"]);
        input["photos"] = json!([{ "url": "https://quillfeather.example.org/1.jpg", "caption": NAME }]);
        input["place"]["address"] = json!("7 Zephyrine Lane");
        input["place"]["latitude"] = json!(1.31357);
        input["place"]["longitude"] = json!(103.79531);
    };
    let listing = she.listing(place).await;
    let mut draft = home();
    place(&mut draft);
    she.mutate(&of_field("createListing").text, draft).await;
    let on_request = |input: &mut Value| {
        place(input);
        input["instantBook"] = false.into();
    };
    let asked = she.listing(on_request).await;
    guest.book_and_pay(&listing, "2026-04-01", "2026-04-03").await;
    let request = guest.book_and_pay(&asked, "2026-04-05", "2026-04-07").await;
    let decline =
        json!({ "bookingId": request, "message": format!("Call {PHONE}. {NAME}"), "idempotencyKey": "quillfeather-1" });
    assert_eq!(she.mutate(DECLINE, decline).await["__typename"], "DeclineBookingSuccess");
    let others = host.listing(|_| {}).await;
    let trip = she.book_and_pay(&others, "2026-04-01", "2026-04-03").await;
    let list = json!({ "name": format!("{NAME}'s trips") });
    she.mutate(&of_field("createWishlist").text, list).await;
    for email in [EMAIL, "quillfeather.new@example.org"] {
        app.run(None, &of_field("requestPasswordReset").text, json!({ "input": { "email": email } })).await;
    }
    let change = json!({ "newEmail": "quillfeather.new@example.org" });
    she.mutate(&of_field("requestEmailChange").text, change).await;
    let reason = format!("{NAME} called from {PHONE}");
    act(admin, "suspendListing", json!({ "listingId": asked, "reason": reason })).await;
    app.settle().await;
    app.pass(Duration::days(34));
    app.work().await;
    let she = Actor::sign_in(app, EMAIL, "correct horse").await;
    let mut review = of_field("writeReview").variables["input"].clone();
    review["bookingId"] = json!(trip);
    review["text"] = json!(about);
    let written = she.mutate(&of_field("writeReview").text, review).await;
    assert_eq!(written["__typename"], "WriteReviewSuccess", "{written}");
    app.pass(Duration::days(20));
    app.work().await;
    let she = Actor::sign_in(app, EMAIL, "correct horse").await;
    Authenticator::enable(&she).await;
    she.run(&of_field("requestDataExport").text, json!({})).await;
    she.mutate(&of_field("setConsent").text, json!({ "document": "MARKETING", "given": true })).await;
    she
}

/// Cases about her that the guest has opened, one of which is decided and one is not; staff who act as her; listings of the host with
/// which she helps, and with which she is asked to help; other ways to sign in.
async fn meet_others(admin: &Actor, (guest, host): (&Actor, &Actor), she: &Actor, server: &IdentityServer) {
    let (id, words) = (she.member.id().to_string(), format!("{NAME} called from {PHONE}"));
    for status in ["RESOLVED", "WAITING_FOR_PERSON"] {
        let key = guest.app.key();
        let report = json!({ "kind": "REPORT", "about": { "personId": id }, "text": words, "idempotencyKey": key });
        let opened = guest.mutate(&of_field("openCase").text, report).await;
        let case = opened["case"]["id"].as_str().unwrap_or_else(|| panic!("{opened}"));
        act(admin, "addCaseNote", json!({ "caseId": case, "text": words, "reason": words })).await;
        for next in ["WAITING_FOR_PERSON", status] {
            let change = json!({ "caseId": case, "status": next, "message": words, "reason": words });
            act(admin, "updateCase", change).await;
            let answer = json!({ "caseId": case, "text": words, "idempotencyKey": guest.app.key() });
            guest.mutate(&of_field("answerCase").text, answer).await;
        }
        guest.app.pass(Duration::seconds(1));
    }
    let about = "{ me { cases(first: 5) { nodes { status question answer resolution } } } }";
    let cases = guest.run(about, json!({})).await["me"]["cases"]["nodes"].clone();
    assert_eq!([&cases[0]["answer"], &cases[1]["resolution"]], [&*words; 2], "{cases}");
    for access in [CoHostAccess::Full, CoHostAccess::Calendar] {
        let listing = host.listing(|_| {}).await;
        match access {
            CoHostAccess::Full => host.helped_by(&listing, she, access).await,
            _ => host.invitation(&listing, EMAIL, access).await,
        };
    }
    prove(she).await;
    Passkey::add(she, &format!("{NAME}'s phone")).await;
    link(she, server, &json!({ "sub": "quillfeather", "email": EMAIL, "email_verified": true, "name": NAME })).await;
    prove(admin).await;
    act(admin, "startImpersonation", json!({ "personId": id, "reason": words })).await;
    let acting = impersonate(admin, she).await;
    let list = json!({ "name": format!("{NAME}'s list, by staff") });
    assert_eq!(acting.mutate(&of_field("createWishlist").text, list).await["__typename"], "CreateWishlistSuccess");
    // The faults of the mailbox below are of mails to her.
    guest.app.work().await;
}

/// What somebody else sees of what she left behind.
async fn seen(viewer: &Actor, she: &Actor) -> String {
    let person = json!({ "id": she.member.id().to_string() });
    let profile = "query ($id: ID!) { node(id: $id) { ... on User { displayName about location avatarUrl listings { nodes { title } } } } }";
    let trips = "{ me { trips(first: 20) { nodes { status declineMessage details { address point { latitude longitude } }
        listing { title description photos(first: 3) { url } place { city } } host { displayName } timeline { nodes { kind } } } } } }";
    let hosting =
        "{ me { hosting { bookings(first: 20) { nodes { status guest { displayName } review { text rating } } } } } }";
    let search = "{ searchListings(first: 10) { nodes { listing { title reviews(first: 20) { nodes { text author { displayName } } } } } } }";
    let mut all = viewer.run(profile, person).await.to_string();
    for query in [trips, hosting, search] {
        write!(all, "{}", viewer.run(query, json!({})).await).unwrap();
    }
    all
}

#[tokio::test]
async fn after_an_erasure_no_byte_of_the_person_is_in_the_database_or_in_what_others_see() {
    let (app, server) = with_provider().await;
    let (admin, guest, host) = (admin(&app).await, app.guest().await, app.host().await);
    let she = live(&app, &admin, &guest, &host).await;
    Box::pin(meet_others(&admin, (&guest, &host), &she, &server)).await;
    let before = found(&app).await;
    for table in [
        "users",
        "listings",
        "photos",
        "listing_words",
        "amenities",
        "bookings",
        "reviews",
        "wishlists",
        "idempotency_keys",
        "one_time_codes",
        "support_cases",
        "support_case_notes",
        "co_hosts",
        "impersonations",
        "passkeys",
    ] {
        assert!(
            before.iter().any(|row| row.starts_with(&format!("{table} "))),
            "she left no trace in {table}: the test proves less than it says"
        );
    }
    // A mail that cannot be sent stays with its address, until the erasure.
    app.mailbox.expect((0..30).map(|_| SendError::Rejected(format!("550 {EMAIL} is unknown"))));
    app.run(None, &of_field("requestPasswordReset").text, json!({ "input": { "email": EMAIL } })).await;
    app.work().await;
    app.mailbox.recover();
    assert!(found(&app).await.iter().any(|row| row.starts_with("outbox ")));
    let seen_before = seen(&guest, &she).await + &seen(&host, &she).await;
    assert!(seen_before.contains(NAME) && seen_before.contains("Zephyrine Lane"), "{seen_before}");
    assert_eq!(delete(&she).await["__typename"], "DeleteAccountSuccess");
    app.work().await;
    for _ in 0..3 {
        sweep(&app).await;
    }
    let left = found(&app).await;
    assert!(left.is_empty(), "{left:#?}");
    for viewer in [&guest, &host, &admin] {
        let seen = seen(viewer, &she).await.to_lowercase();
        let part = HERS.iter().find(|part| seen.contains(**part));
        assert_eq!(part, None, "{seen}");
    }
    let own = "{ me { cases(first: 5) { nodes { status question answer resolution } } } }";
    let cases = guest.run(own, json!({})).await["me"]["cases"]["nodes"].clone();
    let emptied = |status| json!({ "status": status, "question": null, "answer": null, "resolution": null });
    assert_eq!(cases, json!([emptied("REJECTED"), emptied("RESOLVED")]), "nobody can write about her there any more");
    let seen = seen(&host, &she).await;
    assert!(seen.contains("\"rating\":5") && seen.contains("Former member"), "the rating stays: {seen}");
    let verified = audit::verify(&mut app.conn().await, None).await.unwrap();
    assert!(verified.is_ok(), "{verified:?}");
}

#[tokio::test]
async fn the_log_of_a_server_has_nothing_of_a_person() {
    let test = TestDatabase::new().await;
    let server = Server::with_flags(&test.url, "off", &["--log-level", "debug"]).await;
    let to = server.address();
    let send = async |token: &str, mutation: &str, input: Value| remote::mutate(to, token, mutation, input).await;
    let input = json!({ "email": EMAIL, "password": "correct horse", "displayName": NAME });
    let registered = send("", REGISTER, input.clone()).await;
    let token = remote::verified(to, registered["tokens"]["accessToken"].as_str().unwrap()).await;
    let about = format!("Call me, {NAME}, at {PHONE}.");
    send(&token, &of_field("updateProfile").text, json!({ "about": about, "location": "Zephyrine Lane" })).await;
    let mut listing = home();
    listing["title"] = json!(NAME);
    listing["place"]["address"] = json!("7 Zephyrine Lane");
    let created = send(&token, &of_field("createListing").text, listing).await;
    assert_eq!(created["__typename"], "CreateListingSuccess", "{created}");
    send("", &of_field("requestPasswordReset").text, json!({ "email": EMAIL })).await;
    send("", &of_field("signIn").text, json!({ "email": EMAIL, "password": "a wrong guess" })).await;
    wire::post(to, &token, &of_field("requestDataExport").text, &json!({})).await.unwrap();
    let deleted = send(&token, &of_field("deleteAccount").text, json!({ "email": EMAIL })).await;
    assert_eq!(deleted["__typename"], "DeleteAccountSuccess", "{deleted}");
    server.log_line(|line| line.contains("account_deleted")).await;
    let log = server.log().join("\n").to_lowercase();
    for part in HERS {
        assert!(!log.contains(part), "the log has {part}");
    }
    server.stop().await;
}
