//! The audit log: a chain that shows every change.

use std::collections::BTreeSet;

use chrono::Duration;
use diesel_async::RunQueryDsl as _;
use domain::audit::{Break, Verified, verify};
use serde_json::{Value, json};
use types::{AuditAction, StaffRole};

use super::{act, desk};
use crate::{
    access::{
        stage::{ROWS, stage},
        world::{CASE, PASSWORD, World},
    },
    harness::{
        actors::Actor,
        app::TestApp,
        wire::{JSON, POST, exchange},
    },
    operations::of_field,
};

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

/// The numbers of the entries that match, as an admin finds them.
async fn numbers(admin: &Actor, filter: &str) -> Vec<u64> {
    let log = desk(admin, &format!("auditLog(where: {{ {filter} }}) {{ nodes {{ number }} }}")).await;
    log["auditLog"]["nodes"].as_array().unwrap().iter().map(|entry| entry["number"].as_u64().unwrap()).collect()
}

/// A server whose clock is behind writes an entry with a later number and an earlier time.
#[tokio::test]
async fn entries_are_found_by_their_time_also_when_clocks_differ() {
    let (app, admin) = log().await;
    let first = app.app.now();
    app.pass(Duration::hours(1));
    let later = app.app.now();
    let behind = app.skewed_instance(Duration::minutes(-30)).await;
    for (at, role) in [(&app, "SUPPORT"), (&behind, "FINANCE")] {
        let person = app.guest().await.member.id().to_string();
        let granted = act(&admin.at(at), "grantRole", json!({ "personId": person, "role": role })).await;
        assert_eq!(granted["__typename"], "GrantRoleSuccess", "{granted}");
    }
    let at = |time: types::Timestamp| serde_json::to_string(&time).unwrap();
    let (first, later) = (at(first), at(later));
    assert_eq!(numbers(&admin, "").await, [5, 6, 4, 3, 2, 1], "newest first, by time");
    assert_eq!(numbers(&admin, &format!("from: {later}")).await, [5], "from this time on");
    assert_eq!(numbers(&admin, &format!("to: {later}")).await, [6, 4, 3, 2, 1], "before this time");
    assert_eq!(numbers(&admin, &format!("from: {first}, to: {later}, action: ROLE_GRANTED")).await, [6, 4, 3, 2, 1]);
    assert_eq!(numbers(&admin, &format!("to: {first}")).await, [0; 0]);
    assert_eq!(numbers(&admin, &format!("from: {later}, to: {first}")).await, [0; 0]);
    let (mut walked, mut after) = (Vec::new(), Value::Null);
    let page = "query ($after: Cursor) { desk { auditLog(first: 1, after: $after) { nodes { number } pageInfo { hasNextPage endCursor } } } }";
    loop {
        let found = admin.run(page, json!({ "after": after })).await["desk"]["auditLog"].clone();
        walked.push(found["nodes"][0]["number"].as_u64().unwrap());
        if found["pageInfo"]["hasNextPage"] == false {
            break;
        }
        after = found["pageInfo"]["endCursor"].clone();
    }
    assert_eq!(walked, [5, 6, 4, 3, 2, 1], "each once, page by page");
    let forged = app.run(Some(&admin.member), page, json!({ "after": "audit.77" })).await;
    let errors = serde_json::to_value(&forged.errors).unwrap();
    assert_eq!(errors[0]["extensions"]["code"], "BAD_CURSOR", "{errors}");
}

#[tokio::test]
async fn a_change_by_request_has_its_id_and_for_whom_it_was_made() {
    let world = World::impersonated().await;
    let served = world.app.serve().await;
    let query = json!({ "query": "mutation { createWishlist(input: { name: \"Rivers\" }) { __typename } }" });
    let bearer = format!("Bearer {}", world.as_guest().access);
    let headers = [JSON, ("authorization", &*bearer)];
    let to = served.address.to_string();
    let (head, body) = exchange(&to, POST, &headers, &query.to_string()).await.unwrap();
    assert!(body.contains("CreateWishlistSuccess"), "{body}");
    let id = head.lines().find_map(|line| line.strip_prefix("x-request-id: ")).unwrap_or_else(|| panic!("{head}"));
    let fields = "nodes { action request actor { id } onBehalfOf { id } }";
    let found = desk(&world.admin, &format!("auditLog(where: {{ requestId: \"{id}\" }}) {{ {fields} }}")).await;
    let by = |actor: &Actor| json!({ "id": actor.member.id().to_string() });
    let entry = json!({ "action": "ACTED_AS_PERSON", "request": id, "actor": by(&world.support), "onBehalfOf": by(&world.guest) });
    assert_eq!(found["auditLog"]["nodes"], json!([entry]));
    for unknown in ["req_0000000000000000", "", "Ünbekannt"] {
        assert_eq!(numbers(&world.admin, &format!("requestId: \"{unknown}\"")).await, [0; 0], "{unknown}");
    }
}

#[derive(diesel::QueryableByName)]
struct Stored {
    #[diesel(sql_type = diesel::sql_types::Text)]
    content: String,
}

/// Every mutation that asks staff for a reason, and a look at an email.
#[tokio::test]
async fn no_entry_has_an_email_a_name_or_a_secret_whatever_staff_do() {
    let world = Box::pin(World::impersonated()).await;
    for row in ROWS.iter().filter(|row| of_field(row.field).variables["input"]["reason"].is_string()) {
        let mut variables = Box::pin(stage(&world, row)).await;
        // A feature concerns nobody, with whose key its reason could be encrypted.
        if row.field != "setFeature" {
            variables["input"]["reason"] = json!("Gina Guest wrote from gina@example.org");
        }
        let done = Box::pin(world.admin.run(&of_field(row.field).text, variables)).await[row.field].clone();
        assert!(done["__typename"].as_str().unwrap().ends_with("Success"), "{row}: {done}");
    }
    let id = world.guest.member.id();
    desk(&world.admin, &format!("people(search: \"{id}\") {{ nodes {{ email }} }}")).await;
    world.as_guest().mutate(&of_field("createWishlist").text, json!({ "name": "Gina's rivers" })).await;
    let stored: Vec<Stored> =
        diesel::sql_query("SELECT content FROM audit_entries").load(&mut world.app.conn().await).await.unwrap();
    let names = ["gina", "guest ", "hugo", "olga", "ivan", "nora", "hanna", "stella", "nils", "rivers"];
    let secrets = ["@", "eyj", PASSWORD, CASE];
    let (mut seen, mut sealed) = (BTreeSet::new(), 0);
    for Stored { content } in stored {
        let entry: Value = serde_json::from_str(&content).unwrap();
        seen.insert(entry["action"].as_str().unwrap().to_owned());
        sealed += u64::from(entry["sealedReason"].is_object());
        // Base 64 has any letters.
        let mut rest = entry.clone();
        rest["sealedReason"] = Value::Null;
        let text = rest.to_string().to_lowercase();
        let part = names.iter().chain(&secrets).find(|part| text.contains(&part.to_lowercase()));
        assert_eq!(part, None, "{text}");
        assert_eq!(rest["reason"] == "", rest["action"] != "FEATURE_SWITCHED", "{text}");
    }
    let all: BTreeSet<_> = AuditAction::ALL.iter().map(|action| action.as_str().to_owned()).collect();
    assert_eq!(all.difference(&seen).collect::<Vec<_>>(), Vec::<&String>::new(), "each action was recorded");
    assert!(sealed >= 18, "{sealed} reasons are encrypted");
}
