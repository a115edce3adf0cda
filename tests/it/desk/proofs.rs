//! What staff do only after they have proved a short time ago who they are.

use chrono::Duration;
use serde_json::{Value, json};
use types::StaffRole;

use super::{PROVEN, act};
use crate::{
    access::world::{PASSWORD, World},
    harness::actors::Actor,
    operations::of_field,
    privacy::delete,
};

/// What a thief of a session of staff would do with it: whose, which mutation, and its input.
async fn orders(world: &World) -> Vec<(&Actor, &'static str, Value)> {
    let [closed, other] = [Actor::register(&world.app, "Cleo").await, Actor::register(&world.app, "Otto").await];
    let [closed_id, other_id] = [&closed, &other].map(|person| person.member.id().to_string());
    let until = "2030-01-01T00:00:00Z";
    let placed = act(&world.admin, "placeLegalHold", json!({ "personId": closed_id, "expiresAt": until })).await;
    delete(&closed).await;
    let grant = other.grant(StaffRole::Support).await;
    let target = json!({ "bookingId": world.confirmed().await.0 });
    let refund = |dry_run: bool| json!({ "target": target, "amount": 100, "currency": "SGD", "reason": "No", "dryRun": dry_run });
    vec![
        (&world.admin, "grantRole", json!({ "personId": other_id, "role": "FINANCE", "reason": "No" })),
        (&world.admin, "endRole", json!({ "grantId": grant, "reason": "No" })),
        (&world.admin, "placeLegalHold", json!({ "personId": other_id, "expiresAt": until, "reason": "No" })),
        (&world.admin, "readHeldData", json!({ "personId": closed_id, "reason": "No" })),
        (&world.admin, "endLegalHold", json!({ "holdId": placed["hold"]["id"], "reason": "No" })),
        (&world.finance, "deskRefund", refund(true)),
        (&world.finance, "deskRefund", refund(false)),
    ]
}

#[tokio::test]
async fn a_stolen_session_of_staff_alone_gives_no_roles_and_no_money_and_reads_no_held_data() {
    let world = World::new().await;
    let orders = orders(&world).await;
    for (staff, field, mut input) in orders {
        world.app.pass(Duration::minutes(10));
        if field != "readHeldData" {
            input["idempotencyKey"] = json!(world.app.key());
        }
        let run = async || staff.mutate(&of_field(field).text, input.clone()).await;
        let refused = run().await;
        assert_eq!(refused["code"], "RECENT_SIGN_IN_REQUIRED", "{field}: {refused}");
        assert_eq!(refused["methods"], json!(["PASSWORD"]), "{field}");
        staff.mutate(&of_field("confirmIdentity").text, json!({ "password": PASSWORD })).await;
        let done = run().await;
        assert!(done["__typename"].as_str().unwrap().ends_with("Success"), "{field}: {done}");
        assert!(PROVEN.contains(&field), "{field}");
    }
}

#[tokio::test]
async fn a_role_is_missing_before_a_recent_proof_is() {
    let world = World::new().await;
    let orders = orders(&world).await;
    world.app.pass(Duration::minutes(10));
    for (_, field, mut input) in orders {
        if field != "readHeldData" {
            input["idempotencyKey"] = json!(world.app.key());
        }
        let refused = world.support.mutate(&of_field(field).text, input).await;
        assert_eq!(refused["code"], "ROLE_REQUIRED", "{field}: {refused}");
    }
}
