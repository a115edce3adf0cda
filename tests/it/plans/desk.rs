//! What staff read at the desk.

use chrono::Duration;
use diesel_async::{RunQueryDsl as _, SimpleAsyncConnection as _};
use mysql_engine::{Conn, Database, Options};
use serde_json::json;
use types::{Clock as _, SystemClock};

use super::World;

/// Cases, and cards of payments: as many as the other tables have rows.
pub async fn fill(conn: &mut Conn) {
    let people = "(SELECT id, ROW_NUMBER() OVER (ORDER BY id) AS n FROM users LIMIT 3000) s";
    for copy in [
        format!(
            "INSERT INTO support_cases (id, kind, status, opened_by, listing_id, open_about, text, due_at, opened_at, updated_at) \
             SELECT UNHEX(LPAD(HEX(s.n), 32, '0')), 'REPORT', 'OPEN', s.id, l.id, l.id, 'It is so.', \
             UTC_TIMESTAMP(6) + INTERVAL s.n MINUTE, UTC_TIMESTAMP(6), UTC_TIMESTAMP(6) \
             FROM {people} CROSS JOIN (SELECT id FROM listings LIMIT 1) l"
        ),
        "INSERT IGNORE INTO payment_cards (payment_id, brand, last_four) SELECT id, 'VISA', \
         LPAD(ROW_NUMBER() OVER (ORDER BY id) % 10000, 4, '0') FROM payments"
            .to_owned(),
    ] {
        assert!(diesel::sql_query(&copy).execute(conn).await.unwrap() > 1_000, "{copy}");
    }
    conn.batch_execute("ANALYZE TABLE support_cases, payment_cards, reviews").await.unwrap();
}

/// Entries of the audit log, one a minute, of 60 requests, without the rules of their chain.
pub async fn fill_the_log(conn: &mut Conn) {
    let content = "JSON_OBJECT('sequence', n.n, 'at', DATE_FORMAT(UTC_TIMESTAMP() - INTERVAL n.n MINUTE, '%Y-%m-%dT%H:%i:%sZ'), \
        'actor', NULL, 'onBehalfOf', NULL, 'action', 'PERSON_VIEWED', 'subject', 'usr_00000000000000000000000007', \
        'reason', '', 'before', NULL, 'after', NULL, 'request', CONCAT('req_', n.n % 60), 'previous', REPEAT('0', 64))";
    let fill = format!(
        "INSERT INTO audit_entries (sequence, hash, previous_sequence, previous_hash, happened_at, actor_id, action, subject_id, content) \
         SELECT n, UNHEX(SHA2(content, 256)), IF(n = 1, NULL, n - 1), IF(n = 1, NULL, UNHEX(REPEAT('0', 64))), \
         UTC_TIMESTAMP() - INTERVAL n MINUTE, UNHEX(LPAD(HEX(n % 50), 32, '0')), 'PERSON_VIEWED', UNHEX(LPAD(HEX(n % 50), 32, '0')), content \
         FROM (SELECT n.n, {content} AS content FROM (SELECT ROW_NUMBER() OVER (ORDER BY id) AS n FROM reviews LIMIT 3000) n) entries"
    );
    conn.batch_execute("SET SESSION foreign_key_checks = 0").await.unwrap();
    assert!(diesel::sql_query(&fill).execute(conn).await.unwrap() > 1_000);
    conn.batch_execute("SET SESSION foreign_key_checks = 1; ANALYZE TABLE audit_entries").await.unwrap();
}

/// Makes the guest an admin, who reads everything that staff can.
pub async fn run_desk(world: &World, token: &str, listing: &str) {
    let pool = Database::connect(world.database.url(), Options::default()).await.unwrap();
    let conn = &mut pool.conn().await.unwrap();
    let grant = "INSERT INTO role_grants (id, user_id, role, reason, granted_at) SELECT UNHEX(LPAD('7', 32, '0')), id, 'ADMIN', \
                 'for a test', UTC_TIMESTAMP(6) FROM users WHERE email = 'guest@example.org'";
    assert_eq!(diesel::sql_query(grant).execute(conn).await.unwrap(), 1);
    let (from, to) = (world.today - chrono::Days::new(60), world.today - chrono::Days::new(30));
    let figures = ["DAY", "CITY", "HOST"].map(|by| {
        format!("{by}: analytics(by: {by}, currency: \"SGD\", from: \"{from}\", to: \"{to}\") {{ bookings nightsSold quotes }}")
    });
    let desk = "query($id: String!) { desk { features { isOn } cases(first: 5) { nodes { id notes { text } } }
        damages: cases(where: { kind: DAMAGE, overdue: true, status: [IN_REVIEW] }, first: 5) { nodes { id } }
        reviews(search: $id, first: 5) { nodes { id author { id } } }
        payments(search: \"0042\", first: 5) { nodes { id card { lastFour } } } } }";
    let found = world.run(token, desk, json!({ "id": listing })).await;
    assert!(!found["desk"]["cases"]["nodes"].as_array().unwrap().is_empty(), "{found}");
    assert!(!found["desk"]["payments"]["nodes"].as_array().unwrap().is_empty(), "{found}");
    for figures in figures {
        world.run(token, &format!("{{ desk {{ {figures} }} }}"), json!({})).await;
    }
    let log = "query($from: DateTime!, $to: DateTime!) { desk {
        a: auditLog(where: { from: $from, to: $to }, first: 5) { nodes { number } }
        b: auditLog(where: { requestId: \"req_7\" }, first: 5) { nodes { number } pageInfo { endCursor } }
        c: auditLog(where: { action: PERSON_VIEWED, from: $from, to: $to }, first: 5) { nodes { number } } } }";
    let now = SystemClock.now();
    let times = json!({ "from": now - Duration::hours(10), "to": now - Duration::hours(9) });
    let found = world.run(token, log, times).await;
    let sizes = ["a", "b", "c"].map(|part| found["desk"][part]["nodes"].as_array().unwrap().len());
    assert_eq!(sizes, [5; 3], "{found}");
    let next = "query($id: ID!, $after: Cursor) { desk { auditLog(where: { actorId: $id }, first: 5, after: $after) { nodes { number } } } }";
    let after = &found["desk"]["b"]["pageInfo"]["endCursor"];
    world.run(token, next, json!({ "id": "usr_00000000000000000000000007", "after": after })).await;
    world.run(token, "{ me { cases(first: 5) { nodes { id } } } }", json!({})).await;
    pool.close();
}
