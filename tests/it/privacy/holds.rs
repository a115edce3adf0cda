//! Legal holds.

use auth::{Keys, SigningKey};
use chrono::Duration;
use domain::audit;
use serde_json::{Value, json};
use types::UserId;

use super::{admin, delete, hold, is_stored, sweep};
use crate::{
    desk::{act, desk, prove},
    harness::{
        actors::{Actor, REGISTER, data},
        app::TestApp,
    },
    operations::of_field,
};

const REASONS: &str = "auditLog { nodes { action reason reasonErased } }";

async fn named(app: &TestApp, name: &str) -> (Actor, String) {
    let person = Actor::register(app, name).await;
    let email = person.run("{ me { email } }", json!({})).await["me"]["email"].as_str().unwrap().to_owned();
    (person, email)
}

async fn key_of(app: &TestApp, person: UserId) -> Option<String> {
    store::person_keys::of(&mut app.conn().await, &[person]).await.unwrap().pop().map(|key| key.key_id)
}

async fn read(admin: &Actor, person: &Actor) -> Value {
    let input = json!({ "personId": person.member.id().to_string(), "reason": "Request of the court" });
    prove(admin).await;
    admin.mutate(&of_field("readHeldData").text, input).await
}

#[tokio::test]
async fn a_held_account_is_closed_at_once_and_erased_when_the_hold_ends() {
    let app = TestApp::new().await;
    let (admin, (person, email)) = (admin(&app).await, named(&app, "Hildegard Holdsworth").await);
    let placed = hold(&admin, &person).await;
    assert_eq!(placed["hold"]["person"]["displayName"], "Hildegard Holdsworth", "{placed}");
    assert_eq!(delete(&person).await["__typename"], "DeleteAccountSuccess");
    app.work().await;
    sweep(&app).await;
    assert!(!is_stored(&app, "Holdsworth").await && !is_stored(&app, &email).await, "closed at once");
    let input = json!({ "email": email, "password": "correct horse", "displayName": "Hilde" });
    let again = data(app.run(None, REGISTER, json!({ "input": input })).await);
    assert_eq!(again["registerUser"]["__typename"], "RegisterUserSuccess", "the email is free");
    let pending = desk(&admin, "erasures { nodes { state dueAt person { id displayName } } }").await;
    assert_eq!(pending["erasures"]["nodes"][0]["state"], "HELD", "{pending}");
    assert_eq!(pending["erasures"]["nodes"][0]["dueAt"], placed["hold"]["expiresAt"]);
    let kept = read(&admin, &person).await;
    assert!(kept["parts"][0]["json"].as_str().unwrap().contains("Hildegard Holdsworth"), "{kept}");
    let ended = act(&admin, "endLegalHold", json!({ "holdId": placed["hold"]["id"], "reason": "Closed" })).await;
    assert_eq!(ended["__typename"], "EndLegalHoldSuccess", "{ended}");
    assert_eq!(read(&admin, &person).await["code"], "NOT_FOUND", "also before the worker has erased it");
    sweep(&app).await;
    assert_eq!(read(&admin, &person).await["code"], "NOT_FOUND");
    assert_eq!(key_of(&app, person.member.id()).await, None);
    assert_eq!(
        desk(&admin, "erasures { nodes { state } } legalHolds { nodes { id } }").await,
        json!({ "erasures": { "nodes": [] }, "legalHolds": { "nodes": [] } })
    );
    let refused = hold(&admin, &person).await;
    assert_eq!(refused["code"], "STATE_CONFLICT", "there is nothing left to keep: {refused}");
}

#[tokio::test]
async fn a_hold_expires_and_another_one_extends_it() {
    let app = TestApp::new().await;
    let (admin, (person, _)) = (admin(&app).await, named(&app, "Nora").await);
    let input =
        |days| json!({ "personId": person.member.id().to_string(), "expiresAt": app.app.now() + Duration::days(days) });
    act(&admin, "placeLegalHold", input(10)).await;
    delete(&person).await;
    act(&admin, "placeLegalHold", input(20)).await;
    for (days, is_kept) in [(11, true), (10, false)] {
        app.pass(Duration::days(days));
        sweep(&app).await;
        assert_eq!(key_of(&app, person.member.id()).await.is_some(), is_kept, "after {days} more days");
    }
}

#[tokio::test]
async fn reasons_of_staff_end_with_the_data_of_the_person_and_the_chain_stays_whole() {
    let app = TestApp::new().await;
    let (admin, (person, _)) = (admin(&app).await, named(&app, "Rosalind").await);
    let id = person.member.id().to_string();
    for field in ["suspendPerson", "restorePerson"] {
        act(&admin, field, json!({ "personId": id, "reason": "Rosalind Reasoner called +65 6123 9876" })).await;
    }
    assert!(!is_stored(&app, "Reasoner").await, "it is encrypted");
    let log = desk(&admin, REASONS).await["auditLog"]["nodes"].clone();
    assert_eq!(log[0]["reason"], "Rosalind Reasoner called +65 6123 9876", "{log}");
    let back = Actor::sign_in(&app, &email_of(&app, &person).await, "correct horse").await;
    assert_eq!(delete(&back).await["__typename"], "DeleteAccountSuccess");
    let log = desk(&admin, REASONS).await["auditLog"]["nodes"].clone();
    assert_eq!(log[0], json!({ "action": "PERSON_RESTORED", "reason": "", "reasonErased": true }));
    let verified = audit::verify(&mut app.conn().await, None).await.unwrap().unwrap();
    assert!(verified.entries >= 2);
}

async fn email_of(app: &TestApp, person: &Actor) -> String {
    let account = store::accounts::find(&mut app.conn().await, person.member.id()).await.unwrap().unwrap();
    account.email.unwrap()
}

#[tokio::test]
async fn only_admins_place_and_end_holds_and_read_what_they_keep() {
    let app = TestApp::new().await;
    let (admin, (person, _)) = (admin(&app).await, named(&app, "Olga").await);
    let support = app.guest().await;
    support.grant(types::StaffRole::Support).await;
    let placed = hold(&admin, &person).await;
    for staff in [&support, &app.guest().await] {
        assert_eq!(hold(staff, &person).await["code"], "ROLE_REQUIRED");
        let end = act(staff, "endLegalHold", json!({ "holdId": placed["hold"]["id"] })).await;
        assert_eq!(
            (&end["code"], &read(staff, &person).await["code"]),
            (&json!("ROLE_REQUIRED"), &json!("ROLE_REQUIRED"))
        );
    }
    assert_eq!(
        desk(&support, "legalHolds { nodes { id } } erasures { nodes { state } }").await,
        json!({ "legalHolds": null, "erasures": null })
    );
    assert_eq!(read(&admin, &person).await["code"], "NOT_FOUND", "the account is open");
}

#[tokio::test]
async fn the_key_of_a_person_survives_the_rotation_of_the_signing_key() {
    let app = TestApp::new().await;
    let (admin, (person, _)) = (admin(&app).await, named(&app, "Rita Rotated").await);
    hold(&admin, &person).await;
    delete(&person).await;
    let key = |id: &str, byte| SigningKey { id: id.into(), secret: vec![byte; 32] };
    let both = app.with_keys(Keys::new(key("new", 8), &[key("test", 7)])).await;
    assert_eq!(key_of(&app, person.member.id()).await.as_deref(), Some("test"));
    sweep(&both).await;
    assert_eq!(key_of(&app, person.member.id()).await.as_deref(), Some("new"));
    let new = app.with_keys(Keys::new(key("new", 8), &[])).await;
    let kept = read(&admin.at(&new), &person).await;
    assert!(kept["parts"][0]["json"].as_str().unwrap().contains("Rita Rotated"), "{kept}");
}
