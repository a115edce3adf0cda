//! Retention of data.

use chrono::Duration;
use diesel::{QueryableByName, sql_types::BigInt};
use diesel_async::RunQueryDsl as _;
use domain::retention::Sweeper;
use futures_util::StreamExt as _;
use serde_json::{Value, json};

use crate::harness::{actors::Actor, app::TestApp};

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

async fn count(app: &TestApp, table: &str) -> i64 {
    let query = format!("SELECT COUNT(*) AS count FROM {table}");
    diesel::sql_query(query).get_result::<Count>(&mut app.conn().await).await.unwrap().count
}

async fn counts<const N: usize>(app: &TestApp, tables: [&str; N]) -> [i64; N] {
    let mut counts = [0; N];
    for (place, table) in counts.iter_mut().zip(tables) {
        *place = count(app, table).await;
    }
    counts
}

async fn sweep(app: &TestApp) {
    Sweeper::default().sweep(&app.app).await.unwrap();
}

const REFRESH: &str = "mutation ($input: RefreshSessionInput!) { refreshSession(input: $input) { __typename
    ... on RefreshSessionSuccess { tokens { refreshToken } } } }";

async fn refresh(actor: &Actor, token: &str) -> Value {
    let variables = json!({ "input": { "refreshToken": token } });
    crate::harness::actors::data(actor.app.run(None, REFRESH, variables).await)["refreshSession"].clone()
}

/// O9.
#[tokio::test]
async fn stored_responses_are_deleted_after_their_time_and_not_before() {
    let app = TestApp::new().await;
    let (host, guest) = (app.host().await, app.guest().await);
    let listing = host.listing(|_| {}).await;
    let quote = guest.quote(&listing, "2026-05-01", "2026-05-04").await;
    let booked = guest.try_book(&quote, "the-same-key").await;
    app.pass(Duration::days(29));
    sweep(&app).await;
    let again = guest.try_book(&quote, "the-same-key").await;
    assert_eq!((&again["replayed"], &again["booking"]["id"]), (&json!(true), &booked["booking"]["id"]));
    app.pass(Duration::days(2));
    sweep(&app).await;
    assert_eq!(count(&app, "idempotency_keys").await, 0);
}

/// O9.
#[tokio::test]
async fn sessions_are_deleted_when_they_can_no_longer_be_refreshed() {
    let app = TestApp::new().await;
    let (gone, kept) = (app.guest().await, app.guest().await);
    app.pass(Duration::days(20));
    let refreshed = refresh(&kept, &kept.refresh).await;
    let token = refreshed["tokens"]["refreshToken"].as_str().unwrap().to_owned();
    app.pass(Duration::days(16));
    sweep(&app).await;
    assert_eq!(counts(&app, ["sessions", "refresh_tokens"]).await, [2, 3], "expired a moment ago");
    app.pass(Duration::days(2));
    sweep(&app).await;
    assert_eq!(counts(&app, ["sessions", "refresh_tokens"]).await, [1, 1]);
    assert_eq!(refresh(&kept, &token).await["__typename"], "RefreshSessionSuccess");
    assert_eq!(refresh(&gone, &gone.refresh).await["__typename"], "InvalidSessionProblem");
}

/// O9.
#[tokio::test]
async fn quotes_that_were_not_booked_are_deleted_and_the_others_stay() {
    let app = TestApp::new().await;
    let (host, guest) = (app.host().await, app.guest().await);
    let listing = host.listing(|_| {}).await;
    let booking = guest.book_and_pay(&listing, "2026-05-01", "2026-05-04").await;
    // More than one batch, and the booked one among them.
    for _ in 0..205 {
        guest.quote(&listing, "2026-05-06", "2026-05-08").await;
    }
    let sweeper = Sweeper::default();
    sweeper.sweep(&app.app).await.unwrap();
    assert_eq!(count(&app, "quotes").await, 206);
    app.pass(Duration::days(8));
    guest.quote(&listing, "2026-05-06", "2026-05-08").await;
    sweeper.sweep(&app.app).await.unwrap();
    assert_eq!(count(&app, "quotes").await, 2, "the booked one and the new one");
    let recording = app.app.database.statements().record();
    sweeper.sweep(&app.app).await.unwrap();
    assert_eq!(recording.texts().len(), 29, "nothing to do: a look for each kind\n{}", recording.texts().join("\n"));
    app.pass(Duration::days(8));
    sweeper.sweep(&app.app).await.unwrap();
    assert_eq!(count(&app, "quotes").await, 1);
    assert_eq!(guest.status(&booking).await, "CONFIRMED");
}

/// O9: after the retention time a stream gets an error for the gap.
#[tokio::test]
async fn old_events_of_ended_bookings_are_deleted_and_an_old_cursor_has_expired() {
    let app = TestApp::new().await;
    let (host, guest) = (app.host().await, app.guest().await);
    let listing = host.listing(|_| {}).await;
    let ended = guest.book_and_pay(&listing, "2026-05-01", "2026-05-04").await;
    guest.cancel(&ended).await;
    // Entries have the time of the database, not that of the test.
    let ages = "UPDATE feed_entries SET appended_at = ? ";
    let old = app.app.now();
    diesel::sql_query(ages).bind::<diesel::sql_types::Datetime, _>(old).execute(&mut app.conn().await).await.unwrap();
    app.pass(Duration::days(200));
    let open = guest.book_and_pay(&listing, "2027-01-01", "2027-01-04").await;
    app.pass(Duration::days(199));
    sweep(&app).await;
    let before = counts(&app, ["events WHERE subject = 'BOOKING'", "feed_entries WHERE topic <> 'CATALOG'"]).await;
    app.pass(Duration::days(2));
    sweep(&app).await;
    let after = counts(&app, ["events WHERE subject = 'BOOKING'", "feed_entries WHERE topic <> 'CATALOG'"]).await;
    assert!(before[0] - after[0] >= 5 && before[1] - after[1] == 2 * (before[0] - after[0]), "{before:?} {after:?}");
    assert_eq!((guest.history(&ended).await.len(), guest.history(&open).await.len()), (0, 3));
    let stream = |query: &'static str, variables: Value| Box::pin(app.stream(Some(&guest.member), query, variables));
    let of_booking =
        "subscription ($id: ID!, $after: Cursor) { event: bookingEvents(bookingId: $id, after: $after) { id } }";
    let feed = "subscription ($after: Cursor) { event: myTripEvents(after: $after) { kind } }";
    for (query, variables) in [
        (of_booking, json!({ "id": ended, "after": format!("{ended}.0") })),
        (of_booking, json!({ "id": ended, "after": format!("{ended}.2") })),
        (feed, json!({ "after": "guest.0" })),
        (feed, json!({ "after": "guest.3" })),
    ] {
        let answer = stream(query, variables.clone()).next().await.unwrap();
        assert_eq!(answer["errors"][0]["extensions"]["code"], "CURSOR_EXPIRED", "{variables}");
    }
    let last = format!("guest.{}", before[0] - 3);
    let first = stream(feed, json!({ "after": last })).next().await.unwrap();
    assert_eq!(first["data"]["event"]["kind"], "CREATED", "from the last deleted one on, all is there");
}

/// O9: rows about payments were never deleted.
#[tokio::test]
async fn effects_and_notifications_are_deleted_after_their_time_and_open_ones_stay() {
    let app = TestApp::new().await;
    let (host, guest) = (app.host().await, app.guest().await);
    // Each got a mail.
    app.work().await;
    let listing = host.listing(|_| {}).await;
    guest.book_and_pay(&listing, "2026-04-01", "2026-04-03").await;
    let refused = guest.book_and_pay(&listing, "2026-04-05", "2026-04-07").await;
    let payment = guest.booking(&refused).await["payments"][0]["id"].as_str().unwrap().parse().unwrap();
    app.bank.close_account(payment, true);
    guest.cancel(&refused).await;
    let tables = ["outbox", "inbox", "payment_cases"];
    assert_eq!(counts(&app, tables).await, [5, 2, 1]);
    app.pass(Duration::days(29));
    sweep(&app).await;
    assert_eq!(counts(&app, tables).await, [5, 2, 1]);
    app.pass(Duration::days(2));
    sweep(&app).await;
    assert_eq!(counts(&app, tables).await, [1, 2, 1], "the refund that was refused is for a person");
    app.pass(Duration::days(370));
    sweep(&app).await;
    assert_eq!(counts(&app, tables).await, [1, 0, 1]);
    let open = domain::payments::open_cases(&mut app.conn().await, 1).await.unwrap().remove(0);
    domain::payments::close_case(&mut app.conn().await, open.id, app.app.now()).await.unwrap();
    app.pass(Duration::days(401));
    sweep(&app).await;
    assert_eq!(count(&app, "payment_cases").await, 0);
}
