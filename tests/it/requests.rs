//! Limits of open requests and of bookings that cost nothing.

use chrono::Duration;
use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::{
    harness::{actors::Actor, app::TestApp},
    races::walk,
};

fn without_instant_book(input: &mut Value) {
    input["instantBook"] = json!(false);
}

/// Seven nights at one cent, less 99 percent.
fn free(input: &mut Value) {
    input["pricing"] = json!({ "currency": "SGD", "basePrice": 1, "weeklyDiscountPercent": 99 });
}

async fn execute(guest: &Actor, listing: &str, days: [&str; 2]) -> Value {
    let quote = guest.quote(listing, days[0], days[1]).await;
    guest.try_book(&quote, &guest.app.key()).await
}

/// Requests had no limit: one guest could request hundreds of stays, and hold all their nights by authorizing the payments.
#[tokio::test]
async fn a_guest_has_five_open_requests_and_two_of_a_listing() {
    let app = TestApp::new().await;
    let (host, guest) = (app.host().await, app.guest().await);
    let mut listings = Vec::new();
    for _ in 0..5 {
        listings.push(host.listing(without_instant_book).await);
    }
    let first = guest.book_and_pay(&listings[0], "2026-04-01", "2026-04-03").await;
    guest.book(&listings[0], "2026-04-10", "2026-04-12").await;
    let third = execute(&guest, &listings[0], ["2026-04-20", "2026-04-22"]).await;
    assert_eq!(third["code"], "TOO_MANY_ATTEMPTS", "one is authorized, one is not paid for: {third}");
    for listing in &listings[1..4] {
        guest.book_and_pay(listing, "2026-04-01", "2026-04-03").await;
    }
    let sixth = execute(&guest, &listings[4], ["2026-04-01", "2026-04-03"]).await;
    assert_eq!(sixth["code"], "TOO_MANY_ATTEMPTS", "{sixth}");
    assert_eq!(sixth["retryAfterSeconds"], 30 * 60, "until the one that is not paid for ends");
    host.accept(&first, &app.key()).await;
    let sixth = execute(&guest, &listings[4], ["2026-04-01", "2026-04-03"]).await;
    assert_eq!(sixth["__typename"], "CreateBookingSuccess", "an accepted request is not open: {sixth}");
    app.guest().await.book(&listings[4], "2026-04-10", "2026-04-12").await;
    walk::check(&app).await;
}

/// Two servers count as one.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_limits_of_requests_hold_in_a_race() {
    let app = TestApp::new().await;
    let other = app.second_instance().await;
    let (host, guest) = (app.host().await, app.guest().await);
    let mut quotes = Vec::new();
    for _ in 0..8 {
        let listing = host.listing(without_instant_book).await;
        quotes.push((guest.quote(&listing, "2026-04-01", "2026-04-03").await, app.key()));
    }
    let race = quotes.iter().enumerate().map(|(n, (quote, key))| {
        let at = guest.at(if n % 2 == 0 { &app } else { &other });
        async move { at.try_book(quote, key).await }
    });
    let answers = join_all(race).await;
    let booked = answers.iter().filter(|answer| answer["__typename"] == "CreateBookingSuccess").count();
    assert_eq!(booked, 5, "{answers:?}");
    walk::check(&app).await;
}

/// The authorization was voided at no cost, and the same nights could be requested again at once, without limit.
#[tokio::test]
async fn after_abandoning_a_request_a_guest_waits_before_requesting_that_listing_again() {
    let app = TestApp::new().await;
    let (host, guest) = (app.host().await, app.guest().await);
    let (listing, other) = (host.listing(without_instant_book).await, host.listing(without_instant_book).await);
    for end in ["canceled", "canceled unpaid", "expired unpaid"] {
        let asked = guest.book(&listing, "2026-04-01", "2026-04-03").await;
        if end == "canceled" {
            guest.pay(&asked).await;
        }
        if end == "expired unpaid" {
            app.pass(Duration::minutes(30));
            app.work().await;
        } else {
            assert_eq!(guest.cancel(&asked).await["__typename"], "CancelBookingSuccess");
        }
        let early = execute(&guest, &listing, ["2026-04-01", "2026-04-03"]).await;
        assert_eq!(early["retryAfterSeconds"], 15 * 60, "{end}: {early}");
        let elsewhere = guest.book_and_pay(&other, "2026-04-01", "2026-04-03").await;
        host.decline(&elsewhere, &app.key()).await;
        app.pass(Duration::minutes(15));
    }
    // Requests that a host declines or does not answer do not count.
    let declined = guest.book_and_pay(&listing, "2026-04-01", "2026-04-03").await;
    host.decline(&declined, &app.key()).await;
    guest.book_and_pay(&listing, "2026-04-01", "2026-04-03").await;
    app.pass(Duration::hours(24));
    guest.book_and_pay(&listing, "2026-04-01", "2026-04-03").await;
    app.pass(Duration::hours(24));
    app.work().await;
    guest.book_and_pay(&listing, "2026-04-01", "2026-04-03").await;
    walk::check(&app).await;
}

/// As with unpaid holds: a guest who corrects a request need not wait until the first one expires.
#[tokio::test]
async fn an_unpaid_request_is_replaced_by_another_for_the_same_nights() {
    let app = TestApp::new().await;
    let (host, guest) = (app.host().await, app.guest().await);
    let listing = host.listing(without_instant_book).await;
    let first = guest.book(&listing, "2026-04-01", "2026-04-03").await;
    let second = guest.book(&listing, "2026-04-02", "2026-04-05").await;
    let third = guest.book(&listing, "2026-04-04", "2026-04-07").await;
    let states = [guest.status(&first).await, guest.status(&second).await, guest.status(&third).await];
    assert_eq!(states, ["CANCELLED", "CANCELLED", "REQUESTED"]);
    guest.pay(&third).await;
    assert_eq!(guest.try_quote(&listing, "2026-04-04", "2026-04-07").await["code"], "NIGHTS_UNAVAILABLE");
    walk::check(&app).await;
}

/// A total of 0 bypassed all limits: such a request holds its nights at once, and with instant book the stay is confirmed at once.
#[tokio::test]
async fn bookings_that_cost_nothing_have_limits_too() {
    let app = TestApp::new().await;
    let (host, guest) = (app.host().await, app.guest().await);
    let mut listings = Vec::new();
    for _ in 0..4 {
        listings.push(host.listing(free).await);
    }
    let first = guest.book(&listings[0], "2026-04-01", "2026-04-08").await;
    let second = execute(&guest, &listings[0], ["2026-04-10", "2026-04-17"]).await;
    assert_eq!(second["code"], "TOO_MANY_ATTEMPTS", "one of a listing: {second}");
    guest.book(&listings[1], "2026-05-01", "2026-05-08").await;
    guest.book(&listings[2], "2026-05-01", "2026-05-08").await;
    let fourth = execute(&guest, &listings[3], ["2026-05-10", "2026-05-17"]).await;
    assert_eq!(fourth["code"], "TOO_MANY_ATTEMPTS", "three in all: {fourth}");
    let paid = host.listing(|_| {}).await;
    guest.book_and_pay(&paid, "2026-05-01", "2026-05-03").await;
    guest.cancel(&first).await;
    let again = execute(&guest, &listings[0], ["2026-04-01", "2026-04-08"]).await;
    assert_eq!(again["retryAfterSeconds"], 15 * 60, "{again}");
    guest.book(&listings[3], "2026-05-10", "2026-05-17").await;
    let asking = host
        .listing(|input| {
            free(input);
            without_instant_book(input);
        })
        .await;
    for (days, code) in [
        (["2026-06-01", "2026-06-08"], Value::Null),
        (["2026-06-10", "2026-06-17"], Value::Null),
        (["2026-06-20", "2026-06-27"], json!("TOO_MANY_ATTEMPTS")),
    ] {
        assert_eq!(execute(&guest, &asking, days).await["code"], code, "{days:?}");
    }
    walk::check(&app).await;
}
