//! What staff read at the desk.

use diesel_async::{RunQueryDsl as _, SimpleAsyncConnection as _};
use mysql_engine::{Conn, Database, Options};
use serde_json::json;

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
    world.run(token, "{ me { cases(first: 5) { nodes { id } } } }", json!({})).await;
    pool.close();
}
