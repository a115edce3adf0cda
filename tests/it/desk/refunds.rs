//! Refunds by staff, apart from a cancellation.

use futures_util::future::join;
use serde_json::{Value, json};

use super::{act, desk};
use crate::{
    access::world::World,
    harness::{actors::Actor, bank::Fault},
};

/// What the guest of [`World::confirmed`] has paid: three nights for 100.00 each, and the service fee.
const TOTAL: i64 = 34_260;

async fn refund(finance: &Actor, target: Value, amount: i64, more: Value) -> Value {
    let mut input = json!({ "target": target, "amount": amount, "currency": "SGD" });
    input.as_object_mut().unwrap().extend(more.as_object().cloned().unwrap_or_default());
    act(finance, "deskRefund", input).await
}

async fn of_booking(world: &World, booking: &str, amount: i64) -> Value {
    refund(&world.finance, json!({ "bookingId": booking }), amount, json!({})).await
}

/// What was refunded, and the reasons of the refunds that were sent.
async fn refunds(world: &World, booking: &str) -> (i64, Vec<String>) {
    let seen = world.guest.booking(booking).await;
    let refunds = seen["refunds"].as_array().unwrap();
    assert!(refunds.iter().all(|refund| refund["status"] == "SUCCEEDED"), "{seen}");
    let reasons = refunds.iter().map(|refund| refund["reason"].as_str().unwrap().to_owned()).collect();
    (refunds.iter().map(|refund| refund["amount"]["minorUnits"].as_i64().unwrap()).sum(), reasons)
}

#[tokio::test]
async fn finance_refunds_a_part_and_the_guest_sees_that_staff_did() {
    let world = World::new().await;
    let (booking, payment) = world.confirmed().await;
    let target = || json!({ "bookingId": booking });
    let planned = refund(&world.finance, target(), 5_000, json!({ "dryRun": true })).await;
    assert_eq!([&planned["dryRun"], &planned["refundable"]["minorUnits"]], [&json!(true), &json!(29_260)], "{planned}");
    assert_eq!(refunds(&world, &booking).await, (0, vec![]), "a dry run changes nothing");
    let key = json!({ "idempotencyKey": "the-same-key" });
    let done = refund(&world.finance, target(), 5_000, key.clone()).await;
    assert_eq!(done["__typename"], "DeskRefundSuccess", "{done}");
    let amounts = |run: &Value| [run["parts"][0]["amount"].clone(), run["refundable"].clone()];
    assert_eq!(amounts(&planned), amounts(&done));
    assert_eq!(done["parts"][0]["payment"]["id"], payment);
    let again = refund(&world.finance, target(), 5_000, key.clone()).await;
    assert_eq!(again["replayed"], true);
    assert_eq!(refund(&world.finance, target(), 5_001, key).await["code"], "IDEMPOTENCY_CONFLICT");
    assert_eq!(refunds(&world, &booking).await, (5_000, vec!["STAFF_DECISION".to_owned()]));
    assert_eq!(world.guest.status(&booking).await, "CONFIRMED");
    let timeline =
        "query ($id: ID!) { booking(id: $id) { timeline(first: 50) { nodes { kind actor refund { id } } } } }";
    let events = world.guest.run(timeline, json!({ "id": booking })).await["booking"]["timeline"]["nodes"].clone();
    let last = events.as_array().unwrap().last().unwrap();
    assert_eq!([&last["kind"], &last["actor"]], ["REFUND_CREATED", "STAFF"], "{events}");
    let log =
        desk(&world.admin, "auditLog(first: 1) { nodes { action subject reason before after onBehalfOf { id } } }");
    let entry = log.await["auditLog"]["nodes"][0].clone();
    assert_eq!([&entry["action"], &entry["subject"]], ["REFUND_DECIDED", &*booking]);
    assert_eq!(entry["onBehalfOf"]["id"], world.guest.member.id().to_string());
    assert!(entry["after"].as_str().unwrap().contains("50.00 SGD"), "{entry}");
}

#[tokio::test]
async fn never_more_is_refunded_than_was_captured() {
    let world = World::new().await;
    let (booking, payment) = world.confirmed().await;
    let (other, _) = world.pending().await;
    assert_eq!(of_booking(&world, &other, 1).await["code"], "STATE_CONFLICT", "nothing was captured");
    for (amount, more, path) in [
        (0, json!({}), json!(["input", "amount"])),
        (-5, json!({}), json!(["input", "amount"])),
        (5, json!({ "currency": "EUR" }), json!(["input", "currency"])),
        (5, json!({ "reason": " " }), json!(["input", "reason"])),
    ] {
        let refused = refund(&world.finance, json!({ "bookingId": booking }), amount, more).await;
        assert_eq!(refused["path"], path, "{refused}");
    }
    assert_eq!(of_booking(&world, &booking, 34_261).await["code"], "STATE_CONFLICT");
    let part = refund(&world.finance, json!({ "paymentId": payment }), 34_259, json!({})).await;
    assert_eq!(part["refundable"]["minorUnits"], 1, "{part}");
    assert_eq!(of_booking(&world, &booking, 2).await["code"], "STATE_CONFLICT");
    assert_eq!(of_booking(&world, &booking, 1).await["__typename"], "DeskRefundSuccess");
    assert_eq!(of_booking(&world, &booking, 1).await["code"], "STATE_CONFLICT");
    assert_eq!(refunds(&world, &booking).await.0, TOTAL);
    let missing = json!({ "paymentId": "pay_00000000000000000000000007" });
    assert_eq!(refund(&world.finance, missing, 1, json!({})).await["code"], "NOT_FOUND");
}

#[tokio::test]
async fn a_cancellation_after_a_refund_by_staff_refunds_the_rest_as_its_preview_says() {
    let world = World::new().await;
    let (booking, _) = world.confirmed().await;
    let preview = async || world.guest.booking(&booking).await["cancellationPreview"].clone();
    let payout = "query ($id: ID!) { booking(id: $id) { hostPayout { minorUnits } } }";
    let earned = world.host.run(payout, json!({ "id": booking })).await;
    assert_eq!(preview().await["refund"]["total"]["minorUnits"], TOTAL);
    assert_eq!(of_booking(&world, &booking, 12_345).await["__typename"], "DeskRefundSuccess");
    let left = preview().await;
    assert_eq!([&left["refund"]["total"]["minorUnits"], &left["kept"]["minorUnits"]], [21_915, 0], "{left}");
    let lines: i64 =
        left["refund"]["lines"].as_array().unwrap().iter().map(|l| l["amount"]["minorUnits"].as_i64().unwrap()).sum();
    assert_eq!(lines, 21_915);
    let actions = world.guest.booking(&booking).await["availableActions"].clone();
    assert!(actions.to_string().contains("-21915"), "{actions}");
    assert_eq!(world.host.run(payout, json!({ "id": booking })).await, earned, "the host's payout stays");
    let canceled = world.guest.cancel(&booking).await;
    assert_eq!(canceled["refund"]["total"]["minorUnits"], 21_915, "{canceled}");
    assert_eq!(refunds(&world, &booking).await.0, TOTAL);
    assert_eq!(of_booking(&world, &booking, 1).await["code"], "STATE_CONFLICT");
    // The other side: a host who cancels.
    let (booking, _) = world.confirmed().await;
    of_booking(&world, &booking, 10_000).await;
    assert_eq!(world.host.cancel(&booking).await["__typename"], "CancelBookingSuccess");
    assert_eq!(refunds(&world, &booking).await.0, TOTAL);
}

#[tokio::test]
async fn of_two_refunds_at_once_the_second_sees_the_first() {
    let world = World::new().await;
    let second = world.app.second_instance().await;
    for _ in 0..3 {
        let (booking, payment) = world.confirmed().await;
        let other = world.finance.at(&second);
        let (one, two) = join(
            of_booking(&world, &booking, 20_000),
            refund(&other, json!({ "paymentId": payment }), 20_000, json!({})),
        )
        .await;
        let names = [&one["__typename"], &two["__typename"]];
        assert!(
            names.contains(&&json!("DeskRefundSuccess")) && names.contains(&&json!("StateConflictProblem")),
            "{one} {two}"
        );
        world.app.work().await;
        assert_eq!(refunds(&world, &booking).await.0, 20_000);
    }
}

/// Whichever commits first, the guest gets all their money back, and no more.
#[tokio::test]
async fn a_refund_beside_a_cancellation_refunds_all_once() {
    let world = World::new().await;
    let second = world.app.second_instance().await;
    for _ in 0..4 {
        let (booking, _) = world.confirmed().await;
        let guest = world.guest.at(&second);
        let (refunded, canceled) = join(of_booking(&world, &booking, 10_000), guest.cancel(&booking)).await;
        assert_eq!(canceled["__typename"], "CancelBookingSuccess", "{canceled}");
        let first = refunded["__typename"] == "DeskRefundSuccess";
        assert_eq!(canceled["refund"]["total"]["minorUnits"], if first { 24_260 } else { TOTAL }, "{refunded}");
        world.app.work().await;
        assert_eq!(refunds(&world, &booking).await.0, TOTAL);
    }
}

#[tokio::test]
async fn only_finance_refunds_and_nobody_themselves() {
    let world = World::new().await;
    let (booking, _) = world.confirmed().await;
    for viewer in [&world.support, &world.guest, &world.host] {
        let refused = refund(viewer, json!({ "bookingId": booking }), 1, json!({ "dryRun": true })).await;
        assert_eq!([&refused["code"], &refused["role"]], ["ROLE_REQUIRED", "FINANCE"], "{refused}");
    }
    world.guest.grant(types::StaffRole::Finance).await;
    assert_eq!(refund(&world.guest, json!({ "bookingId": booking }), 1, json!({})).await["code"], "STATE_CONFLICT");
    assert_eq!(
        refund(&world.admin, json!({ "bookingId": booking }), 1, json!({})).await["__typename"],
        "DeskRefundSuccess"
    );
}

/// The provider does not respond, so the refund is sent later.
#[tokio::test]
async fn a_refund_in_flight_counts_as_refunded() {
    let world = World::new().await;
    let (booking, _) = world.confirmed().await;
    world.app.bank.expect(&[Fault::Fails]);
    assert_eq!(of_booking(&world, &booking, 20_000).await["__typename"], "DeskRefundSuccess");
    assert_eq!(world.guest.booking(&booking).await["refunds"][0]["status"], "PENDING");
    assert_eq!(of_booking(&world, &booking, 20_000).await["code"], "STATE_CONFLICT");
    world.app.settle().await;
    assert_eq!(refunds(&world, &booking).await.0, 20_000);
}
