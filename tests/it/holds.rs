//! Unpaid holds: their number and duration.

use chrono::Duration;
use diesel::{QueryableByName, sql_types::BigInt};
use diesel_async::{RunQueryDsl, SimpleAsyncConnection};
use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::{
    harness::{
        actors::Actor,
        app::TestApp,
        bank::Fault::{Hangs, LosesResponse},
    },
    races::walk,
};

const HOSTING: &str = "query ($listing: ID!) { me { hosting { bookings { nodes { id status } }
    calendar(listingId: $listing, from: \"2026-04-01\", to: \"2026-04-07\") { hold booking { id } } } } }";
const ONE: &str = "query ($id: ID!) { booking(id: $id) { id } node(id: $id) { id } }";

fn without_instant_book(input: &mut Value) {
    input["instantBook"] = json!(false);
}

/// The host's bookings, and the nights from the first to the seventh of April.
async fn hosting(host: &Actor, listing: &str) -> (usize, usize) {
    let seen = host.run(HOSTING, json!({ "listing": listing })).await["me"]["hosting"].clone();
    let held = seen["calendar"].as_array().unwrap().iter().filter(|night| night["hold"] != Value::Null).count();
    (seen["bookings"]["nodes"].as_array().unwrap().len(), held)
}

async fn host_feed(app: &TestApp) -> i64 {
    #[derive(QueryableByName)]
    struct Count {
        #[diesel(sql_type = BigInt)]
        entries: i64,
    }
    let count = "SELECT COUNT(*) AS entries FROM feed_entries WHERE topic = 'HOST'";
    let count: Count = diesel::sql_query(count).get_result(&mut app.conn().await).await.unwrap();
    count.entries
}

/// S6: an unpaid request held its nights for up to 24 hours.
#[tokio::test]
async fn a_request_holds_nothing_and_is_hidden_from_its_host_until_authorization() {
    let app = TestApp::new().await;
    let (host, guest, other) = (app.host().await, app.guest().await, app.guest().await);
    let listing = host.listing(without_instant_book).await;
    let unpaid = guest.book(&listing, "2026-04-01", "2026-04-07").await;
    assert_eq!(guest.status(&unpaid).await, "REQUESTED");
    assert_eq!((hosting(&host, &listing).await, host_feed(&app).await), ((0, 0), 0));
    assert_eq!(host.run(ONE, json!({ "id": unpaid })).await, json!({ "booking": null, "node": null }));
    for key in [app.key(), app.key()] {
        assert_eq!(host.accept(&unpaid, &key).await["code"], "NOT_FOUND");
        assert_eq!(host.decline(&unpaid, &key).await["code"], "NOT_FOUND");
    }
    let paid = other.book(&listing, "2026-04-02", "2026-04-05").await;
    other.pay(&paid).await;
    assert_eq!((hosting(&host, &listing).await, host_feed(&app).await), ((1, 3), 2));
    assert_eq!(host.history(&paid).await, ["REQUESTED", "PAYMENT_AUTHORIZED"]);
    assert_eq!(host.accept(&paid, &app.key()).await["booking"]["status"], "CONFIRMED");
    walk::check(&app).await;
}

/// S6.
#[tokio::test]
async fn paying_for_a_request_whose_nights_are_gone_reports_them_and_charges_nothing() {
    let app = TestApp::new().await;
    let (host, slow, quick) = (app.host().await, app.guest().await, app.guest().await);
    let listing = host.listing(without_instant_book).await;
    let late = slow.book(&listing, "2026-04-01", "2026-04-05").await;
    let confirmed = slow.try_pay(&late, "CARD_NEEDS_CONFIRMATION", &app.key()).await;
    let first = quick.book(&listing, "2026-04-03", "2026-04-07").await;
    quick.pay(&first).await;
    let key = app.key();
    let refused = slow.confirm(confirmed["payment"]["id"].as_str().unwrap(), &key).await;
    assert_eq!(refused["__typename"], "NightsUnavailableProblem", "{refused}");
    let again = slow.confirm(confirmed["payment"]["id"].as_str().unwrap(), &key).await;
    assert_eq!(again, refused, "the same answer again");
    assert_eq!((app.bank.balance(), app.bank.authorizations()), (0, 1), "only the one who was faster");
    let seen = slow.booking(&late).await;
    assert_eq!((&seen["status"], &seen["payments"][0]["status"]), (&json!("EXPIRED"), &json!("VOIDED")));
    assert_eq!(slow.history(&late).await, ["REQUESTED", "PAYMENT_CONFIRMATION_REQUIRED", "EXPIRED"]);
    assert_eq!(hosting(&host, &listing).await, (1, 4), "the host never saw it");
    walk::check(&app).await;
}

/// S6: the guest has 30 minutes to pay, the host 24 hours from then on.
#[tokio::test]
async fn a_request_has_thirty_minutes_for_payment_and_then_a_day_for_the_answer() {
    let app = TestApp::new().await;
    let (host, guest) = (app.host().await, app.guest().await);
    let listing = host.listing(without_instant_book).await;
    let unpaid = guest.book(&listing, "2026-04-01", "2026-04-03").await;
    app.pass(Duration::minutes(30));
    assert_eq!(guest.status(&unpaid).await, "EXPIRED");
    assert_eq!(guest.try_pay(&unpaid, "CARD_OK", &app.key()).await["code"], "STATE_CONFLICT");
    app.pass(Duration::minutes(15));
    let paid = guest.book(&listing, "2026-04-01", "2026-04-03").await;
    app.pass(Duration::minutes(29));
    guest.pay(&paid).await;
    app.pass(Duration::hours(24) - Duration::seconds(1));
    assert_eq!(host.status(&paid).await, "REQUESTED");
    app.pass(Duration::seconds(1));
    assert_eq!(host.status(&paid).await, "EXPIRED");
    app.work().await;
    assert_eq!(host_feed(&app).await, 3, "an unpaid request has no events");
    walk::check(&app).await;
}

/// S6.
#[tokio::test]
async fn a_guest_has_three_unpaid_holds_and_one_of_a_listing() {
    let app = TestApp::new().await;
    let (host, guest) = (app.host().await, app.guest().await);
    let mut listings = Vec::new();
    for _ in 0..5 {
        listings.push(host.listing(|_| {}).await);
    }
    let first = guest.book(&listings[0], "2026-04-01", "2026-04-03").await;
    let quote = guest.quote(&listings[0], "2026-04-10", "2026-04-12").await;
    let second = guest.try_book(&quote, &app.key()).await;
    assert_eq!(
        (&second["__typename"], &second["code"]),
        (&json!("TooManyAttemptsProblem"), &json!("TOO_MANY_ATTEMPTS"))
    );
    assert_eq!(second["retryAfterSeconds"], 30 * 60, "the time of the hold, and a while after it");
    app.pass(Duration::minutes(5));
    for listing in &listings[1..3] {
        guest.book(listing, "2026-04-01", "2026-04-03").await;
    }
    let quote = guest.quote(&listings[3], "2026-04-01", "2026-04-03").await;
    let fourth = guest.try_book(&quote, &app.key()).await;
    assert_eq!(fourth["retryAfterSeconds"], 10 * 60, "until the first one ends: {fourth}");
    guest.pay(&first).await;
    assert_eq!(guest.try_book(&quote, &app.key()).await["__typename"], "CreateBookingSuccess", "a paid one is no hold");
    // Another guest is not concerned.
    app.guest().await.book(&listings[4], "2026-04-01", "2026-04-03").await;
}

/// S6.
#[tokio::test]
async fn after_an_unpaid_hold_a_guest_waits_before_holding_nights_of_that_listing_again() {
    let app = TestApp::new().await;
    let (host, guest) = (app.host().await, app.guest().await);
    let (listing, other) = (host.listing(|_| {}).await, host.listing(|_| {}).await);
    for end in ["expired", "cancelled"] {
        let held = guest.book(&listing, "2026-04-01", "2026-04-03").await;
        if end == "expired" {
            app.pass(Duration::minutes(15));
        } else {
            app.pass(Duration::minutes(1));
            guest.cancel(&held).await;
        }
        let quote = guest.quote(&listing, "2026-04-01", "2026-04-03").await;
        let early = guest.try_book(&quote, &app.key()).await;
        assert_eq!(early["retryAfterSeconds"], 15 * 60, "{end}: {early}");
        let elsewhere = guest.book_and_pay(&other, "2026-04-01", "2026-04-03").await;
        guest.cancel(&elsewhere).await;
        app.pass(Duration::minutes(15) - Duration::seconds(1));
        let quote = guest.quote(&listing, "2026-04-01", "2026-04-03").await;
        assert_eq!(guest.try_book(&quote, &app.key()).await["retryAfterSeconds"], 1, "{end}");
        app.pass(Duration::seconds(1));
    }
    guest.book(&listing, "2026-04-01", "2026-04-03").await;
}

/// S6: at two servers at once, and by aliases of one document.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_limits_of_holds_hold_in_a_race() {
    let app = TestApp::new().await;
    let other = app.second_instance().await;
    let (host, guest) = (app.host().await, app.guest().await);
    let mut quotes = Vec::new();
    for _ in 0..8 {
        let listing = host.listing(|_| {}).await;
        quotes.push((guest.quote(&listing, "2026-04-01", "2026-04-03").await, app.key()));
        quotes.push((guest.quote(&listing, "2026-04-10", "2026-04-12").await, app.key()));
    }
    let race = quotes.iter().enumerate().map(|(n, (quote, key))| {
        let at = guest.at(if n % 2 == 0 { &app } else { &other });
        async move { at.try_book(quote, key).await }
    });
    let answers = join_all(race).await;
    let booked = answers.iter().filter(|answer| answer["__typename"] == "CreateBookingSuccess").count();
    assert_eq!(booked, 3, "{answers:?}");
    assert!(answers.iter().all(|answer| answer["code"] == "TOO_MANY_ATTEMPTS" || answer["booking"] != Value::Null));
    let hoarder = app.guest().await;
    let mut document = String::from("mutation {");
    for n in 0..6 {
        let listing = host.listing(|_| {}).await;
        let quote = hoarder.quote(&listing, "2026-04-01", "2026-04-03").await;
        let input = format!("{{ quoteId: \"{quote}\", idempotencyKey: \"{}\" }}", app.key());
        document += &format!(" a{n}: createBooking(input: {input}) {{ __typename }}");
    }
    let answer = hoarder.run(&(document + " }"), json!({})).await;
    let booked = answer.as_object().unwrap().values().filter(|it| it["__typename"] == "CreateBookingSuccess").count();
    assert_eq!(booked, 3, "{answer}");
    walk::check(&app).await;
}

/// C20: the guest's own hold made a quote for one person more impossible.
#[tokio::test]
async fn a_guests_own_hold_does_not_conflict_and_a_new_booking_replaces_it() {
    let app = TestApp::new().await;
    let (host, guest, other) = (app.host().await, app.guest().await, app.guest().await);
    let listing = host.listing(|input| input["rules"] = json!({ "preparationNights": 1 })).await;
    let held = guest.book(&listing, "2026-04-01", "2026-04-05").await;
    assert_eq!(other.try_quote(&listing, "2026-04-02", "2026-04-04").await["__typename"], "NightsUnavailableProblem");
    app.pass(Duration::minutes(10));
    let longer = guest.book(&listing, "2026-04-03", "2026-04-08").await;
    assert_eq!(
        (guest.status(&held).await, guest.status(&longer).await),
        ("CANCELLED".into(), "PENDING_PAYMENT".into())
    );
    assert_eq!(guest.history(&held).await, ["CREATED", "CANCELLED_BY_GUEST"]);
    other.quote(&listing, "2026-03-28", "2026-04-02").await;
    guest.pay(&longer).await;
    let next = guest.book(&listing, "2026-04-20", "2026-04-22").await;
    assert_eq!(guest.status(&next).await, "PENDING_PAYMENT", "a replaced hold did not expire");
    walk::check(&app).await;
}

/// C20 must not undo S6: repeated bookings of the same nights would hold them forever.
#[tokio::test]
async fn holds_that_replace_one_another_end_after_thirty_minutes_in_all() {
    let app = TestApp::new().await;
    let (host, guest, other) = (app.host().await, app.guest().await, app.guest().await);
    let listing = host.listing(|_| {}).await;
    let mut held = guest.book(&listing, "2026-04-01", "2026-04-05").await;
    for _ in 0..2 {
        app.pass(Duration::minutes(12));
        held = guest.book(&listing, "2026-04-01", "2026-04-05").await;
    }
    app.pass(Duration::minutes(6));
    assert_eq!(guest.status(&held).await, "EXPIRED");
    let quote = guest.quote(&listing, "2026-04-01", "2026-04-05").await;
    assert_eq!(guest.try_book(&quote, &app.key()).await["retryAfterSeconds"], 15 * 60);
    other.book(&listing, "2026-04-01", "2026-04-05").await;
}

/// C20: a payment in flight is not interrupted.
#[tokio::test]
async fn a_hold_whose_payment_is_in_flight_is_not_replaced() {
    let app = TestApp::new().await;
    let (host, guest) = (app.host().await, app.guest().await);
    let listing = host.listing(|_| {}).await;
    let held = guest.book(&listing, "2026-04-01", "2026-04-05").await;
    app.bank.expect(&[LosesResponse]);
    guest.try_pay(&held, "CARD_OK", &app.key()).await;
    let quote = guest.quote(&listing, "2026-04-01", "2026-04-06").await;
    let refused = guest.try_book(&quote, &app.key()).await;
    assert_eq!((&refused["code"], &refused["retryable"]), (&json!("STATE_CONFLICT"), &json!(true)));
    assert_eq!(refused["currentBooking"]["id"], held);
    app.pass(Duration::minutes(2));
    app.work().await;
    assert_eq!(guest.status(&held).await, "CONFIRMED");
    walk::check(&app).await;
}

/// M11: a booking without nights could be confirmed.
#[tokio::test]
async fn a_booking_whose_nights_are_gone_is_not_confirmed_and_is_refunded() {
    let app = TestApp::new().await;
    let (host, guest) = (app.host().await, app.guest().await);
    let listing = host.listing(|_| {}).await;
    let booking = guest.book(&listing, "2026-04-01", "2026-04-05").await;
    app.conn().await.batch_execute("DELETE FROM nights WHERE night = '2026-04-02'").await.unwrap();
    let answer = guest.try_pay(&booking, "CARD_OK", &app.key()).await;
    assert_eq!((&answer["code"], &answer["currentBooking"]["status"]), (&json!("STATE_CONFLICT"), &json!("EXPIRED")));
    assert_eq!(app.bank.balance(), 0);
    walk::check(&app).await;
}

/// M11: servers whose clocks differ.
#[tokio::test]
async fn a_server_whose_clock_is_ahead_expires_a_hold_and_the_other_refunds_the_payment() {
    let app = TestApp::new().await;
    let ahead = app.skewed_instance(Duration::minutes(16)).await;
    let (host, slow, quick) = (app.host().await, app.guest().await, app.guest().await);
    let listing = host.listing(|_| {}).await;
    let held = slow.book(&listing, "2026-04-01", "2026-04-05").await;
    app.bank.expect(&[Hangs]);
    let key = app.key();
    let paying = slow.try_pay(&held, "CARD_OK", &key);
    let meanwhile = async {
        app.bank.hangs().await;
        let there = quick.at(&ahead);
        let booking = there.book(&listing, "2026-04-02", "2026-04-04").await;
        app.bank.release();
        booking
    };
    let (answer, taken) = tokio::join!(paying, meanwhile);
    assert_eq!((&answer["code"], &answer["currentBooking"]["status"]), (&json!("STATE_CONFLICT"), &json!("EXPIRED")));
    assert_eq!(app.bank.balance(), 0);
    quick.at(&ahead).pay(&taken).await;
    assert_eq!(quick.at(&ahead).status(&taken).await, "CONFIRMED");
    walk::check(&app).await;
}
