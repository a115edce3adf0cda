//! The outbox: effects are leased, retried and given up, and do not block each other.

use chrono::Duration;
use serde_json::json;
use types::{PaymentId, RefundId};

use crate::{
    harness::{
        actors::Actor,
        app::TestApp,
        bank::Fault::{Fails, Hangs, LosesResponse},
    },
    races::walk,
};

/// Bookings of one listing, a night each, confirmed or requested, with their payments.
async fn paid(app: &TestApp, instant_book: bool, number: u32) -> (Actor, Actor, Vec<(String, PaymentId)>) {
    let (host, guest) = (app.host().await, app.guest().await);
    let listing = host.listing(|input| input["instantBook"] = json!(instant_book)).await;
    let mut bookings = Vec::new();
    for n in 0..number {
        let first = app.clock_day() + chrono::Days::new(30 + u64::from(n));
        let last = first + chrono::Days::new(1);
        let booking = guest.book(&listing, &first.to_string(), &last.to_string()).await;
        let payment = guest.pay(&booking).await.parse().unwrap();
        bookings.push((booking, payment));
    }
    (host, guest, bookings)
}

async fn refund(guest: &Actor, booking: &str) -> (RefundId, String) {
    let refund = guest.booking(booking).await["refunds"][0].clone();
    (refund["id"].as_str().unwrap().parse().unwrap(), refund["status"].as_str().unwrap().to_owned())
}

/// M2: an acceptance that raced a cancellation captured a payment and refunded it.
#[tokio::test]
async fn during_a_capture_a_booking_cannot_be_declined_or_canceled() {
    let app = TestApp::new().await;
    let (host, guest, bookings) = paid(&app, false, 1).await;
    let (booking, _) = &bookings[0];
    app.bank.expect(&[Hangs]);
    let key = app.key();
    let accepting = host.accept(booking, &key);
    let meanwhile = async {
        app.bank.hangs().await;
        let seen = guest.booking(booking).await;
        let answers = [
            guest.cancel(booking).await,
            host.decline(booking, &app.key()).await,
            host.accept(booking, &app.key()).await,
        ];
        app.bank.release();
        (seen, answers)
    };
    let (accepted, (seen, answers)) = tokio::join!(accepting, meanwhile);
    assert_eq!((&seen["status"], &seen["payments"][0]["status"]), (&json!("REQUESTED"), &json!("CAPTURING")));
    for answer in answers {
        assert_eq!((&answer["code"], &answer["retryable"]), (&json!("STATE_CONFLICT"), &json!(true)), "{answer}");
    }
    assert_eq!(accepted["booking"]["status"], "CONFIRMED");
    assert_eq!(
        guest.cancel(booking).await["__typename"],
        "CancelBookingSuccess",
        "a confirmed booking can be canceled"
    );
    walk::check(&app).await;
}

/// M4: failing refunds blocked all others forever.
#[tokio::test]
async fn failing_refunds_do_not_block_others() {
    let app = TestApp::without_hold_limits(mysql_engine::Options::default()).await;
    let (_, guest, bookings) = paid(&app, true, 31).await;
    let (last, broken) = bookings.split_last().unwrap();
    broken.iter().for_each(|(_, payment)| app.bank.close_account(*payment, false));
    for (booking, _) in broken {
        guest.cancel(booking).await;
    }
    app.bank.expect(&[Fails]);
    guest.cancel(&last.0).await;
    assert_eq!(refund(&guest, &last.0).await.1, "PENDING");
    app.pass(Duration::minutes(2));
    app.work().await;
    assert_eq!(refund(&guest, &last.0).await.1, "SUCCEEDED", "thirty that fail are before it");
    assert_eq!(refund(&guest, &broken[0].0).await.1, "PENDING");
}

#[tokio::test]
async fn a_refund_fails_after_twenty_attempts_and_can_be_sent_again() {
    let app = TestApp::new().await;
    let (_, guest, bookings) = paid(&app, true, 1).await;
    let (booking, payment) = &bookings[0];
    app.bank.close_account(*payment, false);
    let calls = app.bank.calls();
    guest.cancel(booking).await;
    for _ in 1..20 {
        assert_eq!(refund(&guest, booking).await.1, "PENDING");
        app.pass(Duration::minutes(90));
        app.work().await;
    }
    assert_eq!(app.bank.calls(), calls + 20);
    let (id, status) = refund(&guest, booking).await;
    assert_eq!(status, "FAILED");
    assert_eq!(guest.history(booking).await.last().unwrap(), "REFUND_FAILED");
    app.pass(Duration::days(1));
    app.work().await;
    assert_eq!(app.bank.calls(), calls + 20, "it is given up");
    let dead = domain::outbox::failed(&mut app.conn().await, 10).await.unwrap();
    assert_eq!((dead.len(), dead[0].attempts), (1, 20));
    assert_eq!(domain::payments::open_cases(&mut app.conn().await, 10).await.unwrap().len(), 1);
    app.bank.recover();
    assert!(domain::payments::send_again(&app.app.database, id, app.app.now()).await.unwrap());
    assert!(!domain::payments::send_again(&app.app.database, id, app.app.now()).await.unwrap(), "it is on its way");
    app.work().await;
    assert_eq!((refund(&guest, booking).await.1.as_str(), app.bank.balance()), ("SUCCEEDED", 0));
    walk::check(&app).await;
}

#[tokio::test]
async fn a_refused_refund_fails_at_once() {
    let app = TestApp::new().await;
    let (_, guest, bookings) = paid(&app, true, 1).await;
    let (booking, payment) = &bookings[0];
    app.bank.close_account(*payment, true);
    let canceled = guest.cancel(booking).await;
    assert_eq!(canceled["__typename"], "CancelBookingSuccess", "the booking is canceled in any case");
    assert_eq!(refund(&guest, booking).await.1, "FAILED");
    assert_eq!(domain::payments::open_cases(&mut app.conn().await, 10).await.unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_effect_is_done_by_one_of_the_servers_that_find_it() {
    let app = TestApp::without_hold_limits(mysql_engine::Options::default()).await;
    let other = app.second_instance().await;
    let (_, guest, bookings) = paid(&app, true, 6).await;
    bookings.iter().for_each(|(_, payment)| app.bank.close_account(*payment, false));
    for (booking, _) in &bookings {
        guest.cancel(booking).await;
    }
    app.bank.recover();
    let calls = app.bank.calls();
    app.pass(Duration::minutes(2));
    tokio::join!(app.work(), other.work(), app.work(), other.work());
    assert_eq!(app.bank.calls(), calls + 6, "each refund is sent once");
    assert_eq!(app.bank.balance(), 0);
    walk::check(&app).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_expired_lease_is_taken_over_and_its_former_holder_changes_nothing() {
    let app = TestApp::new().await;
    let other = app.second_instance().await;
    let (_, guest, bookings) = paid(&app, true, 1).await;
    let (booking, _) = &bookings[0];
    app.bank.expect(&[Hangs]);
    let canceling = guest.cancel(booking);
    let meanwhile = async {
        app.bank.hangs().await;
        other.work().await;
        assert_eq!(refund(&guest, booking).await.1, "PENDING", "the lease holds");
        app.pass(Duration::minutes(2));
        other.work().await;
        assert_eq!(refund(&guest, booking).await.1, "SUCCEEDED");
        app.bank.release();
    };
    tokio::join!(canceling, meanwhile);
    assert_eq!((refund(&guest, booking).await.1.as_str(), app.bank.balance()), ("SUCCEEDED", 0));
    walk::check(&app).await;
}

/// An older server left unfinished payments; their effects are performed.
#[tokio::test]
async fn unfinished_payments_of_an_older_server_continue() {
    let app = TestApp::without_hold_limits(mysql_engine::Options::default()).await;
    let (host, guest, requests) = paid(&app, false, 2).await;
    let (_, buyer, instant) = paid(&app, true, 1).await;
    let listing = host.listing(|_| {}).await;
    let (authorizing, confirming) = (
        guest.book(&listing, "2026-05-01", "2026-05-02").await,
        guest.book(&listing, "2026-05-03", "2026-05-04").await,
    );
    app.bank.expect(&[LosesResponse]);
    guest.try_pay(&authorizing, "CARD_OK", &app.key()).await;
    let waiting = guest.try_pay(&confirming, "CARD_NEEDS_CONFIRMATION", &app.key()).await;
    app.bank.expect(&[LosesResponse, LosesResponse, Fails, Fails]);
    guest.confirm(waiting["payment"]["id"].as_str().unwrap(), &app.key()).await;
    host.accept(&requests[0].0, &app.key()).await;
    host.decline(&requests[1].0, &app.key()).await;
    buyer.cancel(&instant[0].0).await;
    let names = store::migrate::status(app.url()).await.unwrap().applied;
    let newer = names.iter().filter(|name| name.as_str() >= "2026-11-27-000020").count();
    store::migrate::down(app.url(), newer).await.unwrap();
    store::migrate::up(app.url()).await.unwrap();
    walk::check(&app).await;
    app.settle().await;
    for (actor, booking) in [(&guest, &authorizing), (&guest, &confirming), (&guest, &requests[0].0)] {
        assert_eq!(actor.status(booking).await, "CONFIRMED");
    }
    assert_eq!(guest.booking(&requests[1].0).await["payments"][0]["status"], "VOIDED");
    assert_eq!(refund(&buyer, &instant[0].0).await.1, "SUCCEEDED");
    assert_eq!(app.bank.authorizations(), 0);
    walk::check(&app).await;
}
