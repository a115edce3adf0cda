//! Payments, with a provider that fails, loses responses or is slow.

use chrono::Duration;
use serde_json::{Value, json};

use crate::harness::{
    actors::Actor,
    app::TestApp,
    bank::Fault::{Fails, Hangs, LosesResponse},
};

/// A host, a guest, and a booking from the first to the seventh of April: 685.20 SGD.
pub async fn booked(app: &TestApp, instant_book: bool) -> (Actor, Actor, String) {
    let (host, guest) = (app.host().await, app.guest().await);
    let listing = host.listing(|input| input["instantBook"] = json!(instant_book)).await;
    let booking = guest.book(&listing, "2026-04-01", "2026-04-07").await;
    (host, guest, booking)
}

#[tokio::test]
async fn a_declined_card_leaves_the_booking_and_another_card_pays() {
    let app = TestApp::new().await;
    let (_, guest, booking) = booked(&app, true).await;
    let key = app.key();
    let declined = guest.try_pay(&booking, "CARD_INSUFFICIENT_FUNDS", &key).await;
    assert_eq!(declined["declineReason"], "INSUFFICIENT_FUNDS");
    assert_eq!(guest.try_pay(&booking, "CARD_INSUFFICIENT_FUNDS", &key).await, declined, "the same answer again");
    guest.pay(&booking).await;
    assert_eq!(guest.try_pay(&booking, "CARD_OK", &app.key()).await["code"], "STATE_CONFLICT", "paid once");
    assert_eq!(app.bank.balance(), 68_520);
}

#[tokio::test]
async fn a_card_that_needs_confirmation_pays_when_it_is_confirmed() {
    let app = TestApp::new().await;
    let (_, guest, booking) = booked(&app, true).await;
    let failing = guest.try_pay(&booking, "CARD_CONFIRMATION_FAILS", &app.key()).await;
    let failed = guest.confirm(failing["payment"]["id"].as_str().unwrap(), &app.key()).await;
    assert_eq!(failed["declineReason"], "CONFIRMATION_FAILED");
    let waiting = guest.try_pay(&booking, "CARD_NEEDS_CONFIRMATION", &app.key()).await;
    assert_eq!(waiting["payment"]["nextAction"]["kind"], "CONFIRM");
    assert_eq!(waiting["booking"]["status"], "PENDING_PAYMENT");
    let (payment, key) = (waiting["payment"]["id"].as_str().unwrap(), app.key());
    let confirmed = guest.confirm(payment, &key).await;
    assert_eq!(
        (&confirmed["payment"]["status"], &confirmed["booking"]["status"]),
        (&json!("CAPTURED"), &json!("CONFIRMED"))
    );
    assert_eq!(guest.confirm(payment, &key).await["replayed"], true);
    assert_eq!(guest.confirm(payment, &app.key()).await["code"], "STATE_CONFLICT");
}

#[tokio::test]
async fn a_failed_call_or_lost_response_is_retried_with_the_same_key() {
    for trouble in [Fails, LosesResponse] {
        let app = TestApp::new().await;
        let (_, guest, booking) = booked(&app, true).await;
        let key = app.key();
        app.bank.expect(&[trouble]);
        let first = guest.try_pay(&booking, "CARD_OK", &key).await;
        assert_eq!((&first["code"], &first["retryable"]), (&json!("PAYMENT_UNAVAILABLE"), &json!(true)), "{trouble:?}");
        let other = guest.try_pay(&booking, "CARD_OK", &app.key()).await;
        assert_eq!((&other["code"], &other["retryable"]), (&json!("STATE_CONFLICT"), &json!(true)));
        let again = guest.try_pay(&booking, "CARD_OK", &key).await;
        assert_eq!((&again["replayed"], &again["booking"]["status"]), (&json!(true), &json!("CONFIRMED")));
        assert_eq!(app.bank.balance(), 68_520, "money moved once");
    }
}

#[tokio::test]
async fn the_worker_gets_a_response_that_no_request_waits_for() {
    let app = TestApp::new().await;
    let (_, guest, booking) = booked(&app, true).await;
    app.bank.expect(&[LosesResponse]);
    guest.try_pay(&booking, "CARD_OK", &app.key()).await;
    app.work().await;
    assert_eq!(guest.status(&booking).await, "PENDING_PAYMENT", "the provider has its time");
    app.pass(Duration::minutes(2));
    app.work().await;
    assert_eq!(guest.status(&booking).await, "CONFIRMED");
    assert_eq!(guest.history(&booking).await, ["CREATED", "PAYMENT_CAPTURED", "CONFIRMED"]);
}

#[tokio::test]
async fn the_worker_gets_the_responses_to_a_confirmation_and_an_acceptance() {
    let app = TestApp::new().await;
    let (_, guest, instant) = booked(&app, true).await;
    let waiting = guest.try_pay(&instant, "CARD_NEEDS_CONFIRMATION", &app.key()).await;
    app.bank.expect(&[LosesResponse]);
    let lost = guest.confirm(waiting["payment"]["id"].as_str().unwrap(), &app.key()).await;
    assert_eq!(lost["code"], "PAYMENT_UNAVAILABLE");
    let (host, other, request) = booked(&app, false).await;
    other.pay(&request).await;
    app.bank.expect(&[LosesResponse]);
    assert_eq!(host.accept(&request, &app.key()).await["code"], "PAYMENT_UNAVAILABLE");
    app.pass(Duration::minutes(2));
    app.work().await;
    assert_eq!(guest.status(&instant).await, "CONFIRMED");
    assert_eq!(other.status(&request).await, "CONFIRMED");
    assert_eq!(app.bank.balance(), 2 * 68_520);
}

#[tokio::test]
async fn a_hanging_provider_times_out_and_the_same_key_continues() {
    let app = TestApp::new().await;
    let (_, guest, booking) = booked(&app, true).await;
    let key = app.key();
    app.bank.expect(&[Hangs]);
    let answer = guest.try_pay(&booking, "CARD_OK", &key).await;
    assert_eq!(answer["code"], "PAYMENT_UNAVAILABLE");
    assert_eq!(guest.try_pay(&booking, "CARD_OK", &key).await["booking"]["status"], "CONFIRMED");
}

/// Starts a payment, lets time pass during the provider's call, and returns the response.
async fn pay_late(app: &TestApp, guest: &Actor, booking: &str, key: &str, time: Duration) -> Value {
    app.bank.expect(&[Hangs]);
    let paying = guest.try_pay(booking, "CARD_OK", key);
    let meanwhile = async {
        app.bank.hangs().await;
        app.pass(time);
        app.bank.release();
    };
    tokio::join!(paying, meanwhile).0
}

#[tokio::test]
async fn a_payment_after_the_hold_is_refunded() {
    let app = TestApp::new().await;
    let (_, guest, booking) = booked(&app, true).await;
    let key = app.key();
    let late = pay_late(&app, &guest, &booking, &key, Duration::minutes(15)).await;
    assert_eq!((&late["code"], &late["currentBooking"]["status"]), (&json!("STATE_CONFLICT"), &json!("EXPIRED")));
    assert_eq!(app.bank.balance(), 0);
    let seen = guest.booking(&booking).await;
    assert_eq!(seen["refunds"][0]["reason"], "HOLD_EXPIRED");
    assert_eq!(guest.history(&booking).await, ["CREATED", "EXPIRED", "PAYMENT_CAPTURED", "REFUND_CREATED"]);
    assert_eq!(guest.try_pay(&booking, "CARD_OK", &key).await["code"], "STATE_CONFLICT", "the same answer again");
}

#[tokio::test]
async fn an_authorization_after_the_deadline_is_voided() {
    let app = TestApp::new().await;
    let (_, guest, booking) = booked(&app, false).await;
    let late = pay_late(&app, &guest, &booking, &app.key(), Duration::hours(24)).await;
    assert_eq!((&late["code"], &late["currentBooking"]["status"]), (&json!("STATE_CONFLICT"), &json!("EXPIRED")));
    assert_eq!((app.bank.balance(), app.bank.authorizations()), (0, 0));
}

#[tokio::test]
async fn a_request_that_is_canceled_during_the_payment_captures_nothing() {
    let app = TestApp::new().await;
    let (_, guest, booking) = booked(&app, false).await;
    let key = app.key();
    app.bank.expect(&[Fails]);
    guest.try_pay(&booking, "CARD_OK", &key).await;
    let calls = app.bank.calls();
    guest.cancel(&booking).await;
    assert_eq!(guest.try_pay(&booking, "CARD_OK", &key).await["code"], "STATE_CONFLICT");
    assert!(app.bank.calls() > calls, "the provider may have received the first call, so it is called again");
    assert_eq!((app.bank.balance(), app.bank.authorizations()), (0, 0));
    let seen = guest.booking(&booking).await;
    assert_eq!((&seen["payments"][0]["status"], &seen["refunds"]), (&json!("VOIDED"), &json!([])), "never captured");
}

#[tokio::test]
async fn a_key_has_its_stored_response_even_after_a_refund() {
    let app = TestApp::new().await;
    let (_, guest, booking) = booked(&app, true).await;
    let key = app.key();
    guest.try_pay(&booking, "CARD_OK", &key).await;
    guest.cancel(&booking).await;
    let again = guest.try_pay(&booking, "CARD_OK", &key).await;
    assert_eq!((&again["__typename"], &again["replayed"]), (&json!("PayBookingSuccess"), &json!(true)));
    let (host, guest, request) = booked(&app, false).await;
    let key = app.key();
    guest.try_pay(&request, "CARD_OK", &key).await;
    host.decline(&request, &app.key()).await;
    let again = guest.try_pay(&request, "CARD_OK", &key).await;
    assert_eq!((&again["__typename"], &again["payment"]["status"]), (&json!("PayBookingSuccess"), &json!("VOIDED")));
}

#[tokio::test]
async fn an_acceptance_that_captured_nothing_is_not_replayed_as_a_success() {
    let app = TestApp::new().await;
    let (host, guest, booking) = booked(&app, false).await;
    guest.pay(&booking).await;
    let key = app.key();
    app.bank.expect(&[Fails]);
    assert_eq!(host.accept(&booking, &key).await["code"], "PAYMENT_UNAVAILABLE");
    app.pass(Duration::hours(24));
    assert_eq!(host.accept(&booking, &key).await["code"], "STATE_CONFLICT", "the deadline has passed");
    app.work().await;
    assert_eq!((app.bank.balance(), app.bank.authorizations()), (0, 0));
}

/// M1: two concurrent confirmations and a new card captured three times.
#[tokio::test]
async fn a_payment_in_flight_prevents_another_one() {
    let app = TestApp::new().await;
    let (_, guest, booking) = booked(&app, true).await;
    let waiting = guest.try_pay(&booking, "CARD_NEEDS_CONFIRMATION", &app.key()).await;
    let first = waiting["payment"]["id"].as_str().unwrap();
    app.bank.expect(&[Hangs]);
    let key = app.key();
    let confirming = guest.confirm(first, &key);
    let meanwhile = async {
        app.bank.hangs().await;
        let second = guest.confirm(first, &app.key()).await;
        let card = guest.try_pay(&booking, "CARD_OK", &app.key()).await;
        app.bank.release();
        (second, card)
    };
    let (answer, (second, card)) = tokio::join!(confirming, meanwhile);
    assert_eq!((&second["code"], &card["code"]), (&json!("STATE_CONFLICT"), &json!("STATE_CONFLICT")));
    assert_eq!(card["retryable"], true);
    assert_eq!((&answer["booking"]["status"], app.bank.balance()), (&json!("CONFIRMED"), 68_520));
    assert_eq!(guest.booking(&booking).await["payments"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_payment_that_waits_for_confirmation_is_voided_when_another_card_has_paid() {
    let app = TestApp::new().await;
    let (_, guest, booking) = booked(&app, true).await;
    guest.try_pay(&booking, "CARD_NEEDS_CONFIRMATION", &app.key()).await;
    guest.pay(&booking).await;
    assert_eq!(guest.booking(&booking).await["payments"][0]["status"], "VOIDED");
}

#[tokio::test]
async fn a_refund_that_did_not_reach_the_provider_is_sent_by_the_worker() {
    let app = TestApp::new().await;
    let (_, guest, booking) = booked(&app, true).await;
    guest.pay(&booking).await;
    app.bank.expect(&[Fails]);
    let cancelled = guest.cancel(&booking).await;
    assert_eq!(cancelled["refund"]["total"]["minorUnits"], 68_520);
    assert_eq!(guest.booking(&booking).await["refunds"][0]["status"], "PENDING");
    assert_eq!(app.bank.balance(), 68_520);
    app.pass(Duration::minutes(2));
    app.work().await;
    assert_eq!(guest.booking(&booking).await["refunds"][0]["status"], "SUCCEEDED");
    assert_eq!(app.bank.balance(), 0);
}
