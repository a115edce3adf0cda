//! The objects of mutations of the desk.

use serde_json::{Value, json};
use types::StaffRole;

use super::{
    stage::{Row, thing},
    world::World,
};
use crate::{desk::act, harness::actors::Actor};

/// Decisions of staff about money and reviews.
pub async fn decision(world: &World, field: &str) -> Value {
    let key = world.app.key();
    if field == "deskRefund" {
        super::accounts::prove_all(world).await;
        let target = json!({ "bookingId": world.confirmed().await.0 });
        return json!({ "input": { "target": target, "idempotencyKey": key } });
    }
    let review = world.published_review().await;
    if field == "restoreReview" {
        act(&world.admin, "hideReview", json!({ "reviewId": review })).await;
    }
    json!({ "input": { "reviewId": review, "idempotencyKey": key } })
}

/// Cases of the guest.
pub async fn case(world: &World, row: Row) -> Value {
    let key = world.app.key();
    if row.field == "openCase" {
        let about = json!({ "listingId": thing(world, row.about).await });
        return json!({ "input": { "about": about, "idempotencyKey": key } });
    }
    let case = world.case().await;
    if row.field == "answerCase" {
        let ask = json!({ "caseId": case, "status": "WAITING_FOR_PERSON", "message": "Which one?" });
        act(&world.admin, "updateCase", ask).await;
    }
    json!({ "input": { "caseId": case, "idempotencyKey": key } })
}

/// A switch that is off.
pub async fn feature(world: &World) -> Value {
    act(&world.admin, "setFeature", json!({ "feature": "CASES", "isOn": false })).await;
    json!({ "input": { "idempotencyKey": world.app.key(), "feature": "CASES", "isOn": true } })
}

/// Of somebody new each time.
pub async fn impersonation(world: &World, field: &str) -> Value {
    super::accounts::prove_all(world).await;
    let person = Actor::register(&world.app, "Nils Newer").await.member.id().to_string();
    if field == "startImpersonation" {
        return json!({ "input": { "personId": person, "idempotencyKey": world.app.key() } });
    }
    let started = act(&world.support, "startImpersonation", json!({ "personId": person })).await;
    json!({ "input": { "impersonationId": started["impersonation"]["id"], "idempotencyKey": world.app.key() } })
}

pub async fn hold(world: &World, field: &str) -> Value {
    super::accounts::prove_all(world).await;
    // Of somebody new each time.
    let person = Actor::register(&world.app, "Nils Newer").await;
    let id = person.member.id().to_string();
    if field == "placeLegalHold" {
        return json!({ "input": { "personId": id, "idempotencyKey": world.app.key() } });
    }
    let input = json!({ "personId": id, "expiresAt": "2030-01-01T00:00:00Z" });
    let placed = act(&world.admin, "placeLegalHold", input).await;
    if field == "endLegalHold" {
        return json!({ "input": { "holdId": placed["hold"]["id"], "idempotencyKey": world.app.key() } });
    }
    crate::privacy::delete(&person).await;
    json!({ "input": { "personId": id } })
}

pub async fn suspension(world: &World, field: &str) -> Value {
    let key = world.app.key();
    let mut input = json!({ "idempotencyKey": key, "dryRun": false });
    match field {
        "deskCancelBooking" => {
            let booking = world.confirmed().await.0;
            return json!({ "input": { "bookingId": booking, "idempotencyKey": key } });
        }
        // Of somebody new each time.
        "suspendPerson" | "restorePerson" => {
            let person = Actor::register(&world.app, "Nils Newer").await;
            if field == "restorePerson" {
                act(&world.admin, "suspendPerson", json!({ "personId": person.member.id().to_string() })).await;
            }
            input["personId"] = person.member.id().to_string().into();
        }
        _ => {
            let listing = world.listing().await;
            if field == "restoreListing" {
                act(&world.admin, "suspendListing", json!({ "listingId": listing })).await;
            }
            input["listingId"] = listing.into();
        }
    }
    json!({ "input": input })
}

pub async fn roles(world: &World, field: &str) -> Value {
    super::accounts::prove_all(world).await;
    // Of somebody new each time.
    let person = Actor::register(&world.app, "Nils Newer").await;
    let key = world.app.key();
    if field == "grantRole" {
        return json!({ "input": { "personId": person.member.id().to_string(), "idempotencyKey": key } });
    }
    let grant = person.grant(StaffRole::Support).await;
    json!({ "input": { "grantId": grant, "idempotencyKey": key } })
}
