//! Concurrent operations.

pub mod walk;

use std::{collections::BTreeMap, net::SocketAddr, time::Duration};

use futures_util::future::join_all;
use mysql_engine::Options;
use serde_json::{Value, json};

use crate::harness::{
    actors::{Actor, BOOK},
    app::TestApp,
    wire,
};

/// Posts an operation over HTTP and returns the data of a response without errors.
async fn post(to: SocketAddr, actor: &Actor, query: &str, variables: Value) -> Value {
    let body = json!({ "query": query, "variables": variables }).to_string();
    let (to, authorization) = (to.to_string(), format!("Bearer {}", actor.access));
    let accept = ("accept", "application/graphql-response+json");
    let headers = [wire::JSON, accept, ("authorization", &authorization)];
    let exchange = wire::exchange(&to, wire::POST, &headers, &body);
    let exchanged = tokio::time::timeout(Duration::from_secs(60), exchange).await.expect("a response");
    let (head, body) = exchanged.unwrap();
    assert!(head.starts_with("HTTP/1.1 200"), "{head} {body}");
    let answer: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(answer.get("errors"), None, "{answer}");
    answer["data"].clone()
}

fn day(number: usize) -> String {
    format!("2026-04-{:02}", number + 1)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sixty_four_guests_who_want_overlapping_stays_share_no_night() {
    let app = TestApp::new().await;
    let other = app.second_instance().await;
    let servers = [app.serve().await, other.serve().await];
    let host = app.host().await;
    let listing = host.listing(|_| {}).await;
    let guests = app.guests(64).await;
    // Sixty-four stays of two to five nights, which begin on the first twelve days.
    let mut wishes = Vec::new();
    for (n, guest) in guests.iter().enumerate() {
        let (from, length) = (n * 7 % 12, 2 + n * 5 % 4);
        let quote = guest.quote(&listing, &day(from), &day(from + length)).await;
        wishes.push((guest, from, length, json!({ "input": { "quoteId": quote, "idempotencyKey": app.key() } })));
    }
    let race = wishes.iter().enumerate().map(|(n, (guest, _, _, input))| {
        let to = servers[n % 2].address;
        async move { post(to, guest, BOOK, input.clone()).await["createBooking"].clone() }
    });
    let answers = join_all(race).await;
    let mut sold = BTreeMap::new();
    for (answer, (_, from, length, _)) in answers.iter().zip(&wishes) {
        if answer["__typename"] == "CreateBookingSuccess" {
            for night in *from..from + length {
                assert_eq!(sold.insert(day(night), answer), None, "{} was sold twice", day(night));
            }
        }
    }
    assert!(!sold.is_empty(), "some guest got a booking");
    for (answer, (_, from, length, _)) in answers.iter().zip(&wishes) {
        if answer["__typename"] != "CreateBookingSuccess" {
            assert_eq!(answer["__typename"], "NightsUnavailableProblem", "{answer}");
            let wanted: Vec<_> = (*from..from + length).map(day).collect();
            let nights = answer["nights"].as_array().unwrap();
            assert!(!nights.is_empty(), "{answer}");
            for night in nights {
                let night = night.as_str().unwrap().to_owned();
                assert!(wanted.contains(&night) && sold.contains_key(&night), "{night} is free: {answer}");
            }
        }
    }
    let retries = app.app.database.retry_count() + other.app.database.retry_count();
    println!("{} nights sold, {retries} transactions ran again", sold.len());
    walk::check(&app).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn guests_with_expired_holds_and_guests_who_want_their_nights_do_not_deadlock() {
    let app = TestApp::without_hold_limits(Options::default()).await;
    let other = app.second_instance().await;
    let host = app.host().await;
    let listing = host.listing(|_| {}).await;
    let guests = app.guests(8).await;
    for round in 0..3 {
        let mut wishes = Vec::new();
        for (n, guest) in guests.iter().enumerate() {
            let from = (n + round) % 6;
            wishes.push((guest, guest.quote(&listing, &day(from * 2), &day(from * 2 + 4)).await, app.key()));
        }
        let race = wishes.iter().enumerate().map(|(n, (guest, quote, key))| {
            let at = guest.at(if n % 2 == 0 { &app } else { &other });
            async move { at.try_book(quote, key).await }
        });
        let race = async { tokio::join!(join_all(race), app.work(), other.work()).0 };
        let answers = Box::pin(race).await;
        let booked = answers.iter().filter(|answer| answer["__typename"] == "CreateBookingSuccess").count();
        assert!(booked >= 2, "{answers:?}");
        app.pass(chrono::Duration::minutes(15));
    }
    walk::check(&app).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_payment_a_cancellation_and_two_workers_at_once_agree() {
    let app = TestApp::without_hold_limits(Options::default()).await;
    let other = app.second_instance().await;
    let (host, guest) = (app.host().await, app.guest().await);
    let listing = host.listing(|input| input["instantBook"] = json!(false)).await;
    for n in 0..6 {
        let booking = guest.book(&listing, &day(n), &day(n + 1)).await;
        guest.pay(&booking).await;
        let key = app.key();
        let elsewhere = guest.at(&other);
        tokio::join!(host.accept(&booking, &key), elsewhere.cancel(&booking), app.work(), other.work());
        let seen = guest.booking(&booking).await;
        assert!(seen["status"] == "CANCELLED" || seen["status"] == "CONFIRMED", "{seen}");
    }
    app.pass(chrono::Duration::minutes(2));
    app.work().await;
    walk::check(&app).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_workers_never_do_one_thing_twice() {
    let app = TestApp::without_hold_limits(Options::default()).await;
    let other = app.second_instance().await;
    let (host, guest) = (app.host().await, app.guest().await);
    let listing = host.listing(|_| {}).await;
    let (mut unpaid, mut paid) = (Vec::new(), Vec::new());
    for n in 0..8 {
        unpaid.push(guest.book(&listing, &day(3 * n), &day(3 * n + 1)).await);
        paid.push(guest.book_and_pay(&listing, &day(3 * n + 1), &day(3 * n + 3)).await);
    }
    // Holds end, then stays begin and end.
    for days in [1, 60] {
        app.pass(chrono::Duration::days(days));
        tokio::join!(app.work(), other.work(), app.work(), other.work());
    }
    for booking in unpaid {
        assert_eq!(guest.history(&booking).await, ["CREATED", "EXPIRED"]);
    }
    for booking in paid {
        let whole = ["CREATED", "PAYMENT_CAPTURED", "CONFIRMED", "CHECKED_IN", "COMPLETED"];
        assert_eq!(guest.history(&booking).await, whole);
    }
    walk::check(&app).await;
}

/// One of eight got INTERNAL: its insert met the key of another.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_quote_that_is_booked_eight_times_at_once_is_booked_once_and_never_an_error() {
    let app = TestApp::new().await;
    let host = app.host().await;
    for round in 0..5 {
        let (guest, listing) = (app.guest().await, host.listing(|_| {}).await);
        let quote = guest.quote(&listing, "2026-04-01", "2026-04-03").await;
        let keys: Vec<_> = (0..8).map(|n| format!("round-{round}-key-{n}")).collect();
        let answers = join_all(keys.iter().map(|key| guest.try_book(&quote, key))).await;
        let booked = answers.iter().filter(|answer| answer["__typename"] == "CreateBookingSuccess").count();
        let refused = answers.iter().filter(|answer| answer["code"] == "STATE_CONFLICT").count();
        assert_eq!((booked, refused), (1, 7), "{answers:?}");
    }
}
