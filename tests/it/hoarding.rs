//! Guests with throwaway accounts at one address (S6, S7).

use chrono::Duration;
use domain::app::AttemptLimits;
use futures_util::future::join_all;
use serde_json::{Value, json};
use types::Rule;

use crate::harness::{
    actors::{Actor, BOOK, QUOTE, data},
    app::TestApp,
};

/// No limits but those that `change` sets.
async fn limited(change: impl FnOnce(&mut AttemptLimits)) -> TestApp {
    let mut limits = AttemptLimits::none();
    change(&mut limits);
    TestApp::limited(limits).await
}

fn per_hour(rule: Rule, burst: u32) -> Rule {
    Rule { burst, window: Duration::hours(1), ..rule }
}

/// The response to a mutation by `who` at an address.
async fn execute(who: &Actor, from: &str, mutation: &str, input: Value) -> Value {
    let address = Some(from.parse().unwrap());
    let answer = data(who.app.run_from(address, Some(&who.member), mutation, json!({ "input": input })).await);
    answer.as_object().unwrap().values().next().unwrap().clone()
}

async fn book(who: &Actor, from: &str, quote: &str) -> Value {
    execute(who, from, BOOK, json!({ "quoteId": quote, "idempotencyKey": who.app.key() })).await
}

async fn quote(who: &Actor, from: &str, listing: &str) -> Value {
    let stay = json!({ "checkIn": "2026-04-01", "checkOut": "2026-04-03" });
    execute(who, from, QUOTE, json!({ "listingId": listing, "stay": stay })).await
}

/// S6: limits by guest, listing and account did not stop a guest with many accounts.
#[tokio::test]
async fn throwaway_accounts_at_one_address_hold_nights_of_few_listings() {
    let app = limited(|limits| limits.bookings_by_address = per_hour(limits.bookings_by_address, 4)).await;
    let host = app.host().await;
    let mut quotes = Vec::new();
    for instant in [true, true, false, true, true, true] {
        let listing = host.listing(|input| input["instantBook"] = json!(instant)).await;
        let guest = app.guest().await;
        let quote = guest.quote(&listing, "2026-04-01", "2026-04-03").await;
        quotes.push((guest, quote, listing));
    }
    for (number, (guest, quote, _)) in quotes[..4].iter().enumerate() {
        // All of a /64 are one client.
        let answer = book(guest, &format!("2001:db8::{number}"), quote).await;
        assert_eq!(answer["__typename"], "CreateBookingSuccess", "{answer}");
    }
    let (guest, quote, listing) = &quotes[4];
    let refused = book(guest, "2001:db8::ffff", quote).await;
    assert_eq!((&refused["code"], &refused["retryable"]), (&json!("TOO_MANY_ATTEMPTS"), &json!(true)), "{refused}");
    assert_eq!(refused["retryAfterSeconds"], 15 * 60);
    let free = app.guest().await.try_quote(listing, "2026-04-01", "2026-04-03").await;
    assert_eq!(free["__typename"], "QuoteStaySuccess", "nothing was held: {free}");
    let (neighbor, elsewhere, _) = &quotes[5];
    let answer = book(neighbor, "2001:db8:0:1::1", elsewhere).await;
    assert_eq!(answer["__typename"], "CreateBookingSuccess", "another address is not concerned");
    app.pass(Duration::minutes(15));
    let quote = guest.quote(listing, "2026-04-01", "2026-04-03").await;
    assert_eq!(book(guest, "2001:db8::5", &quote).await["__typename"], "CreateBookingSuccess");
}

/// S6: refused and repeated requests are not counted.
#[tokio::test]
async fn only_bookings_that_are_made_count_for_their_address() {
    let app = limited(|limits| limits.bookings_by_address = per_hour(limits.bookings_by_address, 2)).await;
    let (host, guest, late) = (app.host().await, app.guest().await, app.guest().await);
    let (listing, other) = (host.listing(|_| {}).await, host.listing(|_| {}).await);
    let from = "192.0.2.1";
    let taken = late.quote(&listing, "2026-04-01", "2026-04-03").await;
    let input =
        json!({ "quoteId": guest.quote(&listing, "2026-04-01", "2026-04-03").await, "idempotencyKey": app.key() });
    for replayed in [false, true, true] {
        assert_eq!(execute(&guest, from, BOOK, input.clone()).await["replayed"], replayed);
    }
    for _ in 0..3 {
        assert_eq!(book(&late, from, &taken).await["code"], "NIGHTS_UNAVAILABLE");
    }
    let quote = late.quote(&other, "2026-04-01", "2026-04-03").await;
    assert_eq!(book(&late, from, &quote).await["__typename"], "CreateBookingSuccess");
    let third = app.guest().await;
    let quote = third.quote(&listing, "2026-04-10", "2026-04-12").await;
    assert_eq!(book(&third, from, &quote).await["code"], "TOO_MANY_ATTEMPTS");
    assert_eq!(execute(&guest, from, BOOK, input).await["replayed"], true, "a stored response is not refused");
}

/// S6: at two servers at once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bookings_of_one_address_are_counted_one_by_one_also_in_a_race() {
    let app = limited(|limits| limits.bookings_by_address = per_hour(limits.bookings_by_address, 5)).await;
    let other = app.second_instance().await;
    let host = app.host().await;
    let mut quotes = Vec::new();
    for _ in 0..10 {
        let (listing, guest) = (host.listing(|_| {}).await, app.guest().await);
        quotes.push((guest.quote(&listing, "2026-04-01", "2026-04-03").await, guest));
    }
    let race = quotes.iter().enumerate().map(|(number, (quote, guest))| {
        let at = guest.at(if number % 2 == 0 { &app } else { &other });
        async move { book(&at, "192.0.2.1", quote).await }
    });
    let answers = join_all(race).await;
    let booked = answers.iter().filter(|answer| answer["__typename"] == "CreateBookingSuccess").count();
    assert_eq!(booked, 5, "{answers:?}");
    assert_eq!(answers.iter().filter(|answer| answer["code"] == "TOO_MANY_ATTEMPTS").count(), 5, "{answers:?}");
}

/// A household or an office behind one address books less than this in an hour.
#[tokio::test]
async fn honest_guests_behind_one_address_stay_within_the_limits() {
    let limits = AttemptLimits::default();
    let app = TestApp::limited(AttemptLimits {
        bookings_by_address: limits.bookings_by_address,
        quotes_by_member: limits.quotes_by_member,
        quotes_by_address: limits.quotes_by_address,
        ..AttemptLimits::none()
    })
    .await;
    let (host, from) = (app.host().await, "192.0.2.1");
    for _ in 0..8 {
        let guest = app.guest().await;
        for _ in 0..2 {
            let listing = host.listing(|_| {}).await;
            let mut last = Value::Null;
            for _ in 0..5 {
                last = quote(&guest, from, &listing).await;
            }
            let answer = book(&guest, from, last["quote"]["id"].as_str().unwrap_or_else(|| panic!("{last}"))).await;
            assert_eq!(answer["__typename"], "CreateBookingSuccess", "{answer}");
        }
    }
}

/// A guest could fill the table of quotes: only the budget of costs was in the way, with 720,000 an hour.
#[tokio::test]
async fn quotes_are_limited_by_guest_and_by_address() {
    let app = limited(|limits| {
        limits.quotes_by_member = per_hour(limits.quotes_by_member, 3);
        limits.quotes_by_address = per_hour(limits.quotes_by_address, 5);
    })
    .await;
    let (host, guest, other) = (app.host().await, app.guest().await, app.guest().await);
    let (listing, from) = (host.listing(|_| {}).await, "192.0.2.1");
    for _ in 0..3 {
        assert_eq!(quote(&guest, from, &listing).await["__typename"], "QuoteStaySuccess");
    }
    for address in [from, "198.51.100.1"] {
        let refused = quote(&guest, address, &listing).await;
        assert_eq!(
            (&refused["__typename"], &refused["code"]),
            (&json!("TooManyAttemptsProblem"), &json!("TOO_MANY_ATTEMPTS"))
        );
        assert_eq!(refused["retryAfterSeconds"], 20 * 60, "{refused}");
    }
    for _ in 0..2 {
        assert_eq!(quote(&other, from, &listing).await["__typename"], "QuoteStaySuccess", "a colleague has the rest");
    }
    assert_eq!(quote(&other, from, &listing).await["retryAfterSeconds"], 12 * 60);
    assert_eq!(quote(&other, "198.51.100.1", &listing).await["__typename"], "QuoteStaySuccess");
}

/// An expired quote is renewed by `createBooking`: each time with a new row.
#[tokio::test]
async fn renewed_quotes_are_counted_too() {
    let app = limited(|limits| limits.quotes_by_member = per_hour(limits.quotes_by_member, 2)).await;
    let (host, guest) = (app.host().await, app.guest().await);
    let listing = host.listing(|_| {}).await;
    let from = "192.0.2.1";
    let old = quote(&guest, from, &listing).await["quote"]["id"].as_str().unwrap().to_owned();
    app.pass(Duration::minutes(15));
    assert_eq!(book(&guest, from, &old).await["code"], "QUOTE_EXPIRED");
    let refused = book(&guest, from, &old).await;
    assert_eq!(
        (&refused["code"], &refused["retryAfterSeconds"]),
        (&json!("TOO_MANY_ATTEMPTS"), &json!(15 * 60)),
        "{refused}"
    );
}
