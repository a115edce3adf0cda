//! What the rows about accounts need.

use domain::accounts::{self, Client};
use serde_json::{Value, json};
use store::one_time_codes;
use types::CodePurpose;

use super::{
    stage::Row,
    world::{PASSWORD, World},
};
use crate::{
    harness::{
        actors::Actor,
        authenticator::{Authenticator, challenge},
        mailbox::code_in,
    },
    operations::of_field,
};

pub(super) async fn account(world: &World, row: Row) -> Value {
    let known = world.email(&world.guest).await;
    let input = match (row.field, row.about) {
        ("registerUser", "new address") => json!({ "email": format!("new{}@example.org", world.app.number()) }),
        ("registerUser", _) => json!({ "email": known }),
        ("signIn", "right password") => json!({ "email": known, "password": PASSWORD }),
        ("signIn", _) => json!({ "email": known, "password": "not the password" }),
        _ => json!({ "refreshToken": world.refresh_token().await }),
    };
    json!({ "input": input })
}

pub(super) async fn email(world: &World, row: Row) -> Value {
    if row.field == "resendVerification" {
        return json!({ "input": { "email": format!("new{}@example.org", world.app.number()) } });
    }
    // Of somebody else who is about to verify their email.
    let other = Actor::register_unverified(&world.app, "Nils Newer").await;
    let code = one_time_codes::lock(&mut world.app.conn().await, other.member.id(), CodePurpose::VerifyEmail).await;
    json!({ "input": { "code": world.app.app.keys.code(code.unwrap().unwrap().id).unwrap() } })
}

pub(super) async fn email_change(world: &World, field: &str) -> Value {
    let new = format!("new{}@example.org", world.app.number());
    if field == "requestEmailChange" {
        prove_all(world).await;
        return json!({ "input": { "newEmail": new } });
    }
    // Of somebody else.
    let other = Actor::register(&world.app, "Nils Newer").await;
    let request = of_field("requestEmailChange").text;
    other.run(&request, json!({ "input": { "newEmail": new } })).await;
    let code = one_time_codes::lock(&mut world.app.conn().await, other.member.id(), CodePurpose::NewEmail).await;
    match field {
        "confirmEmailChange" => {
            json!({ "input": { "code": world.app.app.keys.code(code.unwrap().unwrap().id).unwrap() } })
        }
        _ => json!({ "input": { "newEmail": new } }),
    }
}

pub(super) async fn password(world: &World, row: Row) -> Value {
    let known = world.email(&world.guest).await;
    let input = match (row.field, row.about) {
        ("requestPasswordReset", "new address") => json!({ "email": format!("new{}@example.org", world.app.number()) }),
        ("requestPasswordReset", _) => json!({ "email": known }),
        ("confirmIdentity", _) => json!({ "password": PASSWORD }),
        ("changePassword", _) => json!({ "currentPassword": PASSWORD, "newPassword": PASSWORD }),
        _ => {
            // Of somebody who is not seen again, because it ends their sessions.
            let email = world.email(&Actor::register(&world.app, "Nils Newer").await).await;
            accounts::request_password_reset(&world.app.app, email.parse().unwrap(), None, &Client::unknown())
                .await
                .unwrap();
            world.app.work().await;
            json!({ "code": code_in(&world.app.mailbox.last_to(&email)), "newPassword": PASSWORD })
        }
    };
    json!({ "input": input })
}

/// All viewers have proved a moment ago who they are, in sessions that are in use.
pub(super) async fn prove_all(world: &World) {
    for (_, actor) in world.viewers() {
        if let Some(actor) = actor {
            let (conn, now) = (&mut world.app.conn().await, world.app.app.now());
            store::sessions::record_authentication(conn, actor.member.session(), now).await.unwrap();
            let expires_at = now + world.app.app.terms.refresh_token;
            store::sessions::record_use(conn, actor.member.session(), now, expires_at).await.unwrap();
        }
    }
}

pub(super) async fn data_export(world: &World) -> Value {
    prove_all(world).await;
    json!({})
}

/// With an email that is not the viewer's: each would be gone after their own turn.
pub(super) async fn deletion(world: &World) -> Value {
    prove_all(world).await;
    json!({ "input": { "email": "nobody@example.org" } })
}

pub(super) async fn second_factor(world: &World, row: Row) -> Value {
    prove_all(world).await;
    match row.field {
        "confirmSecondFactor" => json!({ "input": { "code": "no code" } }),
        _ => json!({}),
    }
}

/// A sign-in of somebody who has a second factor.
pub(super) async fn complete(world: &World, row: Row) -> Value {
    let somebody = Actor::register(&world.app, "Nils Newer").await;
    let email = world.email(&somebody).await;
    let (app, _) = Authenticator::enable(&somebody).await;
    let challenge = challenge(&world.app, &email, PASSWORD).await;
    world.app.pass(chrono::Duration::seconds(30));
    let code = if row.about == "right code" { app.code(&world.app) } else { "no code".to_owned() };
    json!({ "input": { "challenge": challenge, "code": code } })
}
