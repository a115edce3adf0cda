//! Notifications of payment providers: repeated, late, out of order, and contradictory.

use futures_util::future::join_all;
use providers::payments::{IntentStatus, Sandbox};
use serde_json::{Value, json};
use types::{DeclineReason, PaymentId};

use crate::{
    harness::{actors::Actor, app::TestApp},
    payments::booked,
    races::walk,
};

async fn payment_of(guest: &Actor, booking: &str, number: usize) -> (PaymentId, Value) {
    let payment = guest.booking(booking).await["payments"][number].clone();
    (payment["id"].as_str().unwrap().parse().unwrap(), payment)
}

async fn cases(app: &TestApp) -> Vec<String> {
    let open = domain::payments::open_cases(&mut app.conn().await, 100).await.unwrap();
    open.iter().map(|case| case.kind.to_string()).collect()
}

/// M3: the notification was dropped, and the money was not refunded.
#[tokio::test]
async fn a_capture_after_a_void_is_refunded() {
    let app = TestApp::new().await;
    let (host, guest, booking) = booked(&app, false).await;
    guest.pay(&booking).await;
    host.decline(&booking, &app.key()).await;
    let (id, payment) = payment_of(&guest, &booking, 0).await;
    assert_eq!(payment["status"], "VOIDED");
    let notice = app.bank.force_status(id, IntentStatus::Captured(68_520));
    app.receive(&notice).await;
    assert_eq!(app.bank.balance(), 0);
    let seen = guest.booking(&booking).await;
    assert_eq!((&seen["status"], &seen["payments"][0]["status"]), (&json!("DECLINED"), &json!("REFUNDED")));
    let refund = &seen["refunds"][0];
    assert_eq!((&refund["reason"], &refund["status"]), (&json!("UNEXPECTED_CAPTURE"), &json!("SUCCEEDED")));
    let history = guest.history(&booking).await;
    assert_eq!(history, ["REQUESTED", "PAYMENT_AUTHORIZED", "DECLINED", "PAYMENT_CAPTURED", "REFUND_CREATED"]);
    assert_eq!(cases(&app).await, [""; 0], "nothing is left for a person");
    walk::check(&app).await;
}

#[tokio::test]
async fn a_capture_after_a_decline_is_refunded_and_another_card_pays() {
    let app = TestApp::new().await;
    let (_, guest, booking) = booked(&app, true).await;
    guest.try_pay(&booking, "CARD_DECLINED", &app.key()).await;
    let (id, _) = payment_of(&guest, &booking, 0).await;
    app.receive(&app.bank.force_status(id, IntentStatus::Captured(68_520))).await;
    assert_eq!(app.bank.balance(), 0);
    assert_eq!(guest.status(&booking).await, "PENDING_PAYMENT", "the guest saw a declined payment");
    guest.pay(&booking).await;
    assert_eq!((guest.status(&booking).await.as_str(), app.bank.balance()), ("CONFIRMED", 68_520));
    let canceled = guest.cancel(&booking).await;
    assert_eq!(canceled["refund"]["total"]["minorUnits"], 68_520, "only the refund of the cancellation");
    walk::check(&app).await;
}

#[tokio::test]
async fn an_authorization_after_a_void_is_voided_again() {
    let app = TestApp::new().await;
    let (host, guest, booking) = booked(&app, false).await;
    guest.pay(&booking).await;
    host.decline(&booking, &app.key()).await;
    let (id, _) = payment_of(&guest, &booking, 0).await;
    let late = app.bank.notices().into_iter().find(|notice| notice.status == IntentStatus::Authorized).unwrap();
    let calls = app.bank.calls();
    app.receive(&late).await;
    assert_eq!(app.bank.calls(), calls, "an earlier notification is late");
    app.receive(&providers::payments::Notice {
        event: "another".to_owned(),
        ..app.bank.force_status(id, IntentStatus::Authorized)
    })
    .await;
    assert_eq!(
        (app.bank.authorizations(), payment_of(&guest, &booking, 0).await.1["status"].as_str()),
        (0, Some("VOIDED"))
    );
    walk::check(&app).await;
}

#[tokio::test]
async fn a_captured_payment_reported_as_missing_opens_a_case() {
    let app = TestApp::new().await;
    let (_, guest, booking) = booked(&app, true).await;
    guest.pay(&booking).await;
    let (id, _) = payment_of(&guest, &booking, 0).await;
    for status in [IntentStatus::Voided, IntentStatus::Declined(DeclineReason::CardDeclined)] {
        app.receive(&Sandbox::notice(id, status)).await;
    }
    assert_eq!(cases(&app).await, ["CONTRADICTION", "CONTRADICTION"]);
    assert_eq!(guest.status(&booking).await, "CONFIRMED");
    let open = domain::payments::open_cases(&mut app.conn().await, 1).await.unwrap().remove(0);
    assert!(domain::payments::close_case(&mut app.conn().await, open.id, app.app.now()).await.unwrap());
    assert!(
        !domain::payments::close_case(&mut app.conn().await, open.id, app.app.now()).await.unwrap(),
        "it is closed already"
    );
    assert_eq!(cases(&app).await.len(), 1);
}

#[tokio::test]
async fn a_capture_below_the_requested_amount_confirms_nothing_and_is_refunded() {
    let app = TestApp::new().await;
    let (_, guest, booking) = booked(&app, true).await;
    guest.try_pay(&booking, "CARD_NEEDS_CONFIRMATION", &app.key()).await;
    let (id, _) = payment_of(&guest, &booking, 0).await;
    app.receive(&app.bank.force_status(id, IntentStatus::Captured(68_519))).await;
    assert_eq!((guest.status(&booking).await.as_str(), app.bank.balance()), ("PENDING_PAYMENT", 0));
    assert_eq!(cases(&app).await, ["WRONG_AMOUNT"]);
    walk::check(&app).await;
}

#[tokio::test]
async fn a_notification_about_an_unknown_payment_opens_one_case() {
    let app = TestApp::new().await;
    let id = PaymentId::of_bytes([7; 16]);
    let notice = Sandbox::notice(id, IntentStatus::Captured(1));
    app.receive(&notice).await;
    app.receive(&notice).await;
    assert_eq!(cases(&app).await, ["UNKNOWN_PAYMENT"]);
}

#[tokio::test]
async fn a_payment_is_confirmed_by_a_notification_when_the_response_is_lost() {
    let app = TestApp::new().await;
    let (_, guest, booking) = booked(&app, true).await;
    let key = app.key();
    app.bank.expect(&[crate::harness::bank::Fault::LosesResponse]);
    assert_eq!(guest.try_pay(&booking, "CARD_OK", &key).await["code"], "PAYMENT_UNAVAILABLE");
    let said = app.bank.notices().pop().unwrap();
    app.receive(&said).await;
    assert_eq!(guest.status(&booking).await, "CONFIRMED");
    let calls = app.bank.calls();
    let again = guest.try_pay(&booking, "CARD_OK", &key).await;
    assert_eq!((&again["replayed"], &again["booking"]["status"]), (&json!(true), &json!("CONFIRMED")));
    app.settle().await;
    assert_eq!(app.bank.calls(), calls, "no effect is pending");
    walk::check(&app).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_notification_that_two_servers_receive_many_times_is_applied_once() {
    let app = TestApp::new().await;
    let other = app.second_instance().await;
    let (host, guest, booking) = booked(&app, false).await;
    guest.pay(&booking).await;
    host.decline(&booking, &app.key()).await;
    let (id, _) = payment_of(&guest, &booking, 0).await;
    let notice = app.bank.force_status(id, IntentStatus::Captured(68_520));
    let servers = [&app, &other];
    join_all((0..8).map(|n| servers[n % 2].receive(&notice))).await;
    tokio::join!(app.settle(), other.work());
    let seen = guest.booking(&booking).await;
    assert_eq!((seen["refunds"].as_array().unwrap().len(), app.bank.balance()), (1, 0), "{seen}");
    walk::check(&app).await;
}
