//! Cancellations and their refunds.

use chrono::Duration;
use serde_json::{Value, json};
use types::Timestamp;

use crate::harness::{
    actors::{Actor, CANCEL},
    app::{TestApp, instant},
};

const PREVIEW: &str = "query ($id: ID!, $at: DateTime) { booking(id: $id) { cancellationPreview(at: $at) {
    refund { total { minorUnits } lines { amount { minorUnits } } } kept { minorUnits } } } }";

/// The preview of a cancellation at `at`.
async fn preview(guest: &Actor, booking: &str, at: Timestamp) -> Value {
    let at = at.utc().to_rfc3339_opts(chrono::SecondsFormat::Micros, true);
    guest.run(PREVIEW, json!({ "id": booking, "at": at })).await["booking"]["cancellationPreview"].clone()
}

#[tokio::test]
async fn the_preview_for_an_instant_equals_the_cancellation_then() {
    let policies = ["FLEXIBLE", "MODERATE", "FIRM", "STRICT", "LIMITED"];
    let instants = [
        "2026-03-02T05:00:00Z",
        "2026-03-20T07:00:00Z",
        "2026-03-28T07:00:00Z",
        "2026-03-31T06:59:59Z",
        "2026-03-31T07:00:00Z",
        "2026-03-31T07:00:01Z",
        "2026-04-01T06:59:59Z",
        "2026-04-03T02:00:00Z",
    ];
    let app = TestApp::new().await;
    let (host, guest) = (app.host().await, app.guest().await);
    for policy in policies {
        for at in instants {
            app.clock.set(instant(crate::harness::app::NOW));
            let listing = host.listing(|input| input["cancellationPolicy"] = json!(policy)).await;
            let booking = guest.book_and_pay(&listing, "2026-04-01", "2026-04-07").await;
            let before = app.bank.balance();
            let said = preview(&guest, &booking, instant(at)).await;
            app.clock.set(instant(at));
            let done = guest.cancel(&booking).await;
            assert_eq!(done["booking"]["status"], "CANCELLED", "{policy} at {at}: {done}");
            assert_eq!(done["refund"]["total"], said["refund"]["total"], "{policy} at {at}");
            let refund = done["refund"]["total"]["minorUnits"].as_i64().unwrap();
            assert_eq!(before - app.bank.balance(), refund, "{policy} at {at}");
            assert_eq!(refund + said["kept"]["minorUnits"].as_i64().unwrap(), 68_520);
            let parts = said["refund"]["lines"].as_array().unwrap();
            assert_eq!(parts.iter().map(|line| line["amount"]["minorUnits"].as_i64().unwrap()).sum::<i64>(), refund);
        }
    }
}

#[tokio::test]
async fn a_canceled_stay_frees_its_nights_and_an_interrupted_one_the_remaining_nights() {
    let app = TestApp::new().await;
    let (host, guest, other) = (app.host().await, app.guest().await, app.guest().await);
    let listing = host.listing(|_| {}).await;
    let booking = guest.book_and_pay(&listing, "2026-04-01", "2026-04-07").await;
    guest.cancel(&booking).await;
    let second = other.book_and_pay(&listing, "2026-04-01", "2026-04-07").await;
    // Two days after check-in, by the hour.
    app.clock.set(instant("2026-04-03T07:00:00Z"));
    let ended = other.cancel(&second).await;
    assert_eq!(ended["refund"]["total"]["minorUnits"], 30_000);
    let told = ["CREATED", "PAYMENT_CAPTURED", "CONFIRMED", "CHECKED_IN", "CANCELLED_BY_GUEST", "REFUND_CREATED"];
    assert_eq!(other.history(&second).await, told);
    guest.book(&listing, "2026-04-04", "2026-04-07").await;
    let slept = guest.try_quote(&listing, "2026-04-02", "2026-04-07").await;
    assert_ne!(slept["__typename"], "QuoteStaySuccess", "a night that was slept stays for the record");
}

#[tokio::test]
async fn a_cancellation_by_the_host_is_refunded_in_full() {
    let app = TestApp::new().await;
    let (host, guest) = (app.host().await, app.guest().await);
    let listing = host.listing(|input| input["cancellationPolicy"] = json!("STRICT")).await;
    let booking = guest.book_and_pay(&listing, "2026-04-01", "2026-04-07").await;
    app.clock.set(instant("2026-03-31T07:00:00Z"));
    assert_eq!(preview(&guest, &booking, app.app.now()).await["refund"]["total"]["minorUnits"], 0);
    let done = host.cancel(&booking).await;
    assert_eq!(done["refund"]["total"]["minorUnits"], 68_520);
    assert_eq!(app.bank.balance(), 0);
    assert_eq!(guest.booking(&booking).await["refunds"][0]["reason"], "HOST_CANCELLED");
}

#[tokio::test]
async fn nothing_is_canceled_when_the_refund_differs_from_the_expected_one() {
    let app = TestApp::new().await;
    let (host, guest) = (app.host().await, app.guest().await);
    let listing = host.listing(|_| {}).await;
    let booking = guest.book_and_pay(&listing, "2026-04-01", "2026-04-07").await;
    app.clock.set(instant("2026-03-31T12:00:00Z"));
    let cancel = |refund: i64, key: String| {
        let input = json!({ "bookingId": booking, "expectedRefund": refund, "idempotencyKey": key });
        let guest = &guest;
        async move { guest.mutate(CANCEL, input).await }
    };
    assert_eq!(cancel(68_520, app.key()).await["code"], "STATE_CONFLICT");
    assert_eq!(guest.status(&booking).await, "CONFIRMED");
    let key = app.key();
    let done = cancel(50_000, key.clone()).await;
    assert_eq!(done["booking"]["status"], "CANCELLED");
    app.pass(Duration::days(1));
    let again = cancel(50_000, key.clone()).await;
    assert_eq!((&again["replayed"], &again["refund"]), (&json!(true), &done["refund"]));
    assert_eq!(cancel(1, key).await["code"], "IDEMPOTENCY_CONFLICT");
}

#[tokio::test]
async fn unpaid_bookings_are_canceled_for_free_and_past_ones_not_at_all() {
    let app = TestApp::new().await;
    let (host, guest) = (app.host().await, app.guest().await);
    let listing = host.listing(|_| {}).await;
    let held = guest.book(&listing, "2026-04-01", "2026-04-07").await;
    assert_eq!(host.cancel(&held).await["code"], "STATE_CONFLICT", "a host waits for the payment");
    assert_eq!(guest.cancel(&held).await["refund"]["total"]["minorUnits"], 0);
    app.pass(Duration::minutes(15));
    let stay = guest.book_and_pay(&listing, "2026-04-01", "2026-04-07").await;
    app.clock.set(instant("2026-04-07T03:00:00Z"));
    assert_eq!(guest.cancel(&stay).await["code"], "STATE_CONFLICT");
    assert_eq!(preview(&guest, &stay, app.app.now()).await, Value::Null);
    let stranger = app.guest().await;
    assert_eq!(stranger.cancel(&stay).await["code"], "NOT_FOUND");
}

/// M6: the host's amount stayed what it was, and the payment CAPTURED.
#[tokio::test]
async fn a_cancellation_shows_in_the_hosts_amount_and_in_the_payment() {
    let app = TestApp::new().await;
    let (host, guest) = (app.host().await, app.guest().await);
    let read = "query ($id: ID!) { booking(id: $id) { hostPayout { minorUnits } payments { status refunded { minorUnits } } } }";
    let seen = async |side: &Actor, booking: &str| side.run(read, json!({ "id": booking })).await["booking"].clone();
    // Six nights of 100.00: after the fee of 3 % the host earns 582.00. After a late cancellation 500.00 of 600.00 are refunded.
    for (at, by_host, payout, status, refunded) in [
        ("2026-03-02T05:00:00Z", false, 0, "REFUNDED", 68_520),
        ("2026-03-31T12:00:00Z", false, 9_700, "PARTIALLY_REFUNDED", 50_000),
        ("2026-04-07T02:59:59Z", false, 58_200, "CAPTURED", 0),
        ("2026-03-31T12:00:00Z", true, 0, "REFUNDED", 68_520),
    ] {
        app.clock.set(instant(crate::harness::app::NOW));
        let listing = host.listing(|_| {}).await;
        let booking = guest.book_and_pay(&listing, "2026-04-01", "2026-04-07").await;
        assert_eq!(seen(&host, &booking).await["hostPayout"]["minorUnits"], 58_200);
        app.clock.set(instant(at));
        let side = if by_host { &host } else { &guest };
        assert_eq!(side.cancel(&booking).await["booking"]["status"], "CANCELLED", "{at}");
        assert_eq!(seen(&host, &booking).await["hostPayout"]["minorUnits"], payout, "{at}");
        let payment = &seen(&guest, &booking).await["payments"][0];
        assert_eq!(
            (&payment["status"], &payment["refunded"]["minorUnits"]),
            (&json!(status), &json!(refunded)),
            "{at}"
        );
    }
}

/// M12.
#[tokio::test]
async fn an_expected_refund_below_nothing_is_refused_and_one_that_no_integer_holds_before_that() {
    let app = TestApp::new().await;
    let (host, guest) = (app.host().await, app.guest().await);
    let listing = host.listing(|_| {}).await;
    let booking = guest.book_and_pay(&listing, "2026-04-01", "2026-04-07").await;
    let input = json!({ "bookingId": booking, "expectedRefund": -1, "idempotencyKey": app.key() });
    let refused = guest.mutate(CANCEL, input).await;
    assert_eq!((&refused["code"], &refused["path"]), (&json!("INVALID_INPUT"), &json!(["input", "expectedRefund"])));
    assert_eq!(guest.status(&booking).await, "CONFIRMED");
}
