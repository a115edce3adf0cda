//! Cancellations on behalf of a guest or a host.

use serde_json::{Value, json};
use types::StaffRole;

use super::{act, desk, impersonate};
use crate::{access::world::World, operations::of_field};

async fn cancel(world: &World, booking: &str, side: &str, more: Value) -> Value {
    let mut input = json!({ "bookingId": booking, "onBehalfOf": side });
    input.as_object_mut().unwrap().extend(more.as_object().cloned().unwrap_or_default());
    act(&world.support, "deskCancelBooking", input).await
}

#[tokio::test]
async fn staff_cancel_by_the_rules_of_the_side_and_both_see_it() {
    let world = World::new().await;
    for (side, kind, party) in
        [("GUEST", "CANCELLED_BY_GUEST", &world.guest), ("HOST", "CANCELLED_BY_HOST", &world.host)]
    {
        let (booking, _) = world.confirmed().await;
        let preview = "query ($id: ID!) { booking(id: $id) { cancellationPreview { refund { total { minorUnits } } } price { total { minorUnits } } } }";
        let before = world.guest.run(preview, json!({ "id": booking })).await["booking"].clone();
        let expected = match side {
            "GUEST" => before["cancellationPreview"]["refund"]["total"]["minorUnits"].clone(),
            _ => before["price"]["total"]["minorUnits"].clone(),
        };
        let wrong = cancel(&world, &booking, side, json!({ "expectedRefund": 1 })).await;
        assert_eq!(wrong["code"], "STATE_CONFLICT", "{wrong}");
        let done = cancel(
            &world,
            &booking,
            side,
            json!({ "expectedRefund": expected, "idempotencyKey": format!("cancel-{side}") }),
        )
        .await;
        assert_eq!(done["__typename"], "DeskCancelBookingSuccess", "{done}");
        assert_eq!([&done["booking"]["status"], &done["refund"]["minorUnits"]], [&json!("CANCELLED"), &expected]);
        let again = cancel(
            &world,
            &booking,
            side,
            json!({ "expectedRefund": expected, "idempotencyKey": format!("cancel-{side}") }),
        )
        .await;
        assert_eq!(again["replayed"], true);
        let timeline = "query ($id: ID!) { booking(id: $id) { timeline(first: 50) { nodes { kind actor } } } }";
        let events = world.guest.run(timeline, json!({ "id": booking })).await["booking"]["timeline"]["nodes"].clone();
        assert!(events.as_array().unwrap().contains(&json!({ "kind": kind, "actor": "STAFF" })), "{events}");
        let log = desk(&world.admin, "auditLog(first: 1) { nodes { action subject onBehalfOf { id } } }").await;
        let entry = json!({ "action": "BOOKING_CANCELLED", "subject": booking, "onBehalfOf": { "id": party.member.id().to_string() } });
        assert_eq!(log["auditLog"]["nodes"], json!([entry]));
        assert_eq!(cancel(&world, &booking, side, json!({})).await["code"], "STATE_CONFLICT", "it has ended");
    }
    let (booking, _) = world.confirmed().await;
    let input = json!({ "bookingId": booking, "onBehalfOf": "GUEST" });
    assert_eq!(act(&world.host, "deskCancelBooking", input.clone()).await["code"], "ROLE_REQUIRED");
    assert_eq!(act(&world.finance, "deskCancelBooking", input).await["__typename"], "DeskCancelBookingSuccess");
}

/// What staff decide about a booking of their own moves money to them, or away from the other side.
#[tokio::test]
async fn staff_decide_nothing_about_bookings_that_concern_them() {
    let world = World::new().await;
    let (booking, _) = world.confirmed().await;
    for party in [&world.guest, &world.host, &world.co_hosts[0].1] {
        party.grant(StaffRole::Support).await;
        party.grant(StaffRole::Finance).await;
        for side in ["GUEST", "HOST"] {
            let refused = act(party, "deskCancelBooking", json!({ "bookingId": booking, "onBehalfOf": side })).await;
            assert_eq!(refused["message"], "This booking concerns you. Ask a colleague.", "{refused}");
        }
        let input = json!({ "target": { "bookingId": booking }, "amount": 1, "currency": "SGD", "dryRun": true });
        let refused = act(party, "deskRefund", input).await;
        assert_eq!(refused["message"], "This booking concerns you. Ask a colleague.", "{refused}");
    }
    assert_eq!(cancel(&world, &booking, "GUEST", json!({})).await["__typename"], "DeskCancelBookingSuccess");
}

#[tokio::test]
async fn staff_who_act_as_the_guest_do_not_cancel_a_stay_at_their_own_listing() {
    let world = World::new().await;
    let (booking, _) = world.confirmed().await;
    world.host.grant(StaffRole::Support).await;
    let cancel = async |acting| {
        let input = json!({ "bookingId": booking, "idempotencyKey": world.app.key() });
        impersonate(acting, &world.guest).await.mutate(&of_field("cancelBooking").text, input).await
    };
    assert_eq!(cancel(&world.host).await["message"], "This booking concerns you. Ask a colleague.");
    assert_eq!(cancel(&world.support).await["__typename"], "CancelBookingSuccess");
}
