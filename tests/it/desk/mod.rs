//! The desk of those who run the platform.

mod analytics;
mod audit;
mod cancellations;
mod cards;
mod cases;
mod features;
mod impersonation;
mod proofs;
mod refunds;
mod reviews;
mod roles;
mod searches;
mod suspensions;

use serde_json::{Value, json};

use crate::{harness::actors::Actor, operations::of_field};

/// The member of staff, who acts as `person`. Their session proves a moment ago who they are.
pub async fn impersonate(staff: &Actor, person: &Actor) -> Actor {
    prove(staff).await;
    let now = staff.app.app.now();
    let started = act(staff, "startImpersonation", json!({ "personId": person.member.id().to_string() })).await;
    let access = started["accessToken"].as_str().unwrap_or_else(|| panic!("{started}")).to_owned();
    let (member, _) = staff.app.app.keys.verify(&access, now).unwrap();
    Actor { app: staff.app.clone(), member, access, refresh: String::new() }
}

/// Mutations that need a recent proof of who the member of staff is, besides `startImpersonation`.
const PROVEN: [&str; 6] = ["grantRole", "endRole", "placeLegalHold", "endLegalHold", "readHeldData", "deskRefund"];

/// The session of `staff` proves a moment ago who they are, and is in use.
pub async fn prove(staff: &Actor) {
    let (conn, now) = (&mut staff.app.conn().await, staff.app.app.now());
    let (session, expires_at) = (staff.member.session(), now + staff.app.app.terms.refresh_token);
    store::sessions::record_authentication(conn, session, now).await.unwrap();
    store::sessions::record_use(conn, session, now, expires_at).await.unwrap();
}

/// What the viewer sees of the desk.
pub async fn desk(viewer: &Actor, fields: &str) -> Value {
    viewer.run(&format!("{{ desk {{ {fields} }} }}"), json!({})).await["desk"].clone()
}

/// The payload of a mutation of staff, of which only these fields of the input matter. They have just proved who they are, if it needs that.
pub async fn act(viewer: &Actor, field: &str, mut input: Value) -> Value {
    let given = input.as_object_mut().unwrap();
    given.entry("idempotencyKey").or_insert_with(|| viewer.app.key().into());
    given.entry("reason").or_insert_with(|| "for a test".into());
    if PROVEN.contains(&field) {
        Box::pin(prove(viewer)).await;
    }
    viewer.mutate(&of_field(field).text, input).await
}
