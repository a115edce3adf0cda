//! The audit log: a chain that shows every change.

use diesel_async::RunQueryDsl as _;
use domain::audit::{Break, Verified, verify};
use serde_json::json;
use types::StaffRole;

use super::{act, desk};
use crate::harness::{actors::Actor, app::TestApp};

/// An admin, and four entries about two people.
async fn log() -> (TestApp, Actor) {
    let app = TestApp::new().await;
    let admin = Actor::staff(&app, StaffRole::Admin).await;
    for _ in 0..2 {
        let person = app.guest().await.member.id().to_string();
        for role in ["SUPPORT", "FINANCE"] {
            let done = act(&admin, "grantRole", json!({ "personId": person, "role": role })).await;
            assert_eq!(done["__typename"], "GrantRoleSuccess", "{done}");
        }
    }
    (app, admin)
}

async fn check(app: &TestApp, known: Option<(u64, String)>) -> Result<Verified, Break> {
    verify(&mut app.conn().await, known).await.unwrap()
}

async fn sql(app: &TestApp, statement: &str) -> bool {
    diesel::sql_query(statement).execute(&mut app.conn().await).await.is_ok()
}

/// Writes without the rules of the database, as whoever owns the server can.
async fn forge(app: &TestApp, statements: &[&str]) {
    const MARIADB: &[&str] = &["SET SESSION check_constraint_checks = 0"];
    const MYSQL: &[&str] = &[
        "ALTER TABLE audit_entries ALTER CHECK audit_entries_content NOT ENFORCED",
        "ALTER TABLE audit_entries ALTER CHECK audit_entries_chain NOT ENFORCED",
    ];
    let mut conn = app.conn().await;
    let is_mariadb = diesel::sql_query(MARIADB[0]).execute(&mut conn).await.is_ok();
    let without_checks = if is_mariadb { MARIADB } else { MYSQL };
    for statement in [&["SET SESSION foreign_key_checks = 0"], without_checks, statements].concat() {
        diesel::sql_query(statement).execute(&mut conn).await.unwrap();
    }
}

#[tokio::test]
async fn entries_say_who_did_what_and_are_found_by_it() {
    let (_app, admin) = log().await;
    let page = desk(
        &admin,
        "auditLog(first: 1) { nodes { number action subject reason before after request actor { id } onBehalfOf { id } }
        pageInfo { hasNextPage endCursor } }",
    )
    .await["auditLog"]
        .clone();
    let entry = &page["nodes"][0];
    assert_eq!(entry["number"], 4);
    assert_eq!([&entry["action"], &entry["reason"]], ["ROLE_GRANTED", "for a test"]);
    assert_eq!(entry["actor"]["id"], admin.member.id().to_string());
    assert!(entry["after"].as_str().unwrap().contains("FINANCE") && entry["before"].is_null(), "{entry}");
    let after = page["pageInfo"]["endCursor"].as_str().unwrap();
    let rest = desk(&admin, &format!("auditLog(after: \"{after}\") {{ nodes {{ number }} }}")).await;
    assert_eq!(rest["auditLog"]["nodes"], json!([{ "number": 3 }, { "number": 2 }, { "number": 1 }]));
    let subject = entry["subject"].as_str().unwrap();
    let about = format!(
        "a: auditLog(where: {{ subjectId: \"{subject}\", action: ROLE_GRANTED }}) {{ nodes {{ number }} }}
        b: auditLog(where: {{ actorId: \"{subject}\" }}) {{ nodes {{ number }} }}"
    );
    let found = desk(&admin, &about).await;
    assert_eq!(found["a"]["nodes"], json!([{ "number": 4 }, { "number": 3 }]));
    assert_eq!(found["b"]["nodes"], json!([]));
}

#[tokio::test]
async fn the_database_refuses_to_change_and_delete_entries() {
    let (app, _) = log().await;
    for statement in [
        "DELETE FROM audit_entries WHERE sequence = 2",
        "DELETE FROM audit_entries WHERE sequence = 4",
        "UPDATE audit_entries SET content = REPLACE(content, 'ROLE_GRANTED', 'ROLE_ENDED') WHERE sequence = 2",
        "UPDATE audit_entries SET content = REPLACE(content, 'ROLE_GRANTED', 'ROLE_ENDED'), hash = UNHEX(SHA2(content, 256)) WHERE sequence = 2",
        "UPDATE audit_entries SET sequence = 7 WHERE sequence = 4",
        "DELETE FROM audit_entries",
    ] {
        assert!(!sql(&app, statement).await, "{statement}");
    }
    assert_eq!(check(&app, None).await.unwrap().entries, 4);
}

#[tokio::test]
async fn the_first_broken_entry_is_named() {
    for (number, forgery, fault) in [
        (
            2,
            "UPDATE audit_entries SET content = REPLACE(content, 'ROLE_GRANTED', 'ROLE_ENDED') WHERE sequence = 2",
            "content",
        ),
        (3, "DELETE FROM audit_entries WHERE sequence = 3", "missing"),
        (4, "DELETE FROM audit_entries WHERE sequence = 4", "missing"),
        (1, "DELETE FROM audit_entries WHERE sequence = 1", "missing"),
        (2, "UPDATE audit_entries SET action = 'ROLE_ENDED' WHERE sequence = 2", "columns"),
    ] {
        let (app, _) = log().await;
        forge(&app, &[forgery]).await;
        let broken = check(&app, None).await.unwrap_err();
        assert!(broken.sequence == number && broken.fault.contains(fault), "{forgery}: {broken}");
    }
}

/// Whoever owns the database can replace the end of the chain with another. Who kept the end elsewhere notices.
#[tokio::test]
async fn a_known_end_shows_that_the_log_was_cut_or_replaced() {
    let (app, admin) = log().await;
    let whole = check(&app, None).await.unwrap();
    let known = Some((whole.entries, whole.last.unwrap()));
    let person = app.guest().await.member.id().to_string();
    act(&admin, "grantRole", json!({ "personId": person, "role": "SUPPORT" })).await;
    assert!(check(&app, known.clone()).await.is_ok(), "a longer log has the known entry");
    forge(
        &app,
        &[
            "DELETE FROM audit_entries WHERE sequence > 3",
            "UPDATE audit_head SET sequence = 3, hash = (SELECT hash FROM audit_entries WHERE sequence = 3)",
        ],
    )
    .await;
    assert!(check(&app, None).await.is_ok(), "the rest alone is a chain");
    assert_eq!(check(&app, known.clone()).await.unwrap_err().sequence, 4);
    for role in ["FINANCE", "ADMIN"] {
        act(&admin, "grantRole", json!({ "personId": person, "role": role })).await;
    }
    let replaced = check(&app, known).await.unwrap_err();
    assert!(replaced.sequence == 4 && replaced.fault.contains("known"), "{replaced}");
}

#[tokio::test]
async fn entries_that_are_written_at_once_form_one_chain() {
    let app = TestApp::new().await;
    let admin = Actor::staff(&app, StaffRole::Admin).await;
    let people = app.guests(6).await;
    let grants = people.iter().map(|person| {
        act(&admin, "grantRole", json!({ "personId": person.member.id().to_string(), "role": "SUPPORT" }))
    });
    for done in futures_util::future::join_all(grants).await {
        assert_eq!(done["__typename"], "GrantRoleSuccess", "{done}");
    }
    assert_eq!(check(&app, None).await.unwrap().entries, 6);
}
