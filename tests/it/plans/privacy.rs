//! Consents, exports, keys and erasures of many people.

use diesel_async::{RunQueryDsl as _, SimpleAsyncConnection as _};
use mysql_engine::Conn;

/// Gives them to as many people as the other tables have rows.
pub async fn fill(conn: &mut Conn) {
    let people = "(SELECT id FROM users LIMIT 3000) s";
    for copy in [
        format!(
            "INSERT INTO consents (id, user_id, document, given, recorded_at) \
             SELECT id, id, 'TERMS', 1, UTC_TIMESTAMP(6) FROM {people}"
        ),
        format!(
            "INSERT INTO data_exports (id, user_id, session_id, created_at, expires_at) \
             SELECT id, id, id, UTC_TIMESTAMP(6), UTC_TIMESTAMP(6) + INTERVAL 7 DAY FROM {people}"
        ),
        format!(
            "INSERT INTO impersonations \
             (id, person_id, staff_id, staff_session_id, role, reason, started_at, expires_at, audit_due_at) \
             SELECT s.id, s.id, o.id, s.id, 'SUPPORT', 'for a test', UTC_TIMESTAMP(6), UTC_TIMESTAMP(6) + INTERVAL 1 HOUR, \
             UTC_TIMESTAMP(6) + INTERVAL 1 HOUR FROM {people} CROSS JOIN (SELECT MAX(id) AS id FROM users) o WHERE s.id <> o.id"
        ),
        format!(
            "INSERT INTO person_keys (user_id, key_id, sealed_key, created_at) \
             SELECT id, 'test', REPEAT('x', 60), UTC_TIMESTAMP(6) FROM {people}"
        ),
        format!(
            "INSERT INTO erasures (user_id, state, requested_at, due_at) \
             SELECT id, 'SCHEDULED', UTC_TIMESTAMP(6), UTC_TIMESTAMP(6) + INTERVAL 7 DAY FROM {people}"
        ),
    ] {
        assert!(diesel::sql_query(&copy).execute(conn).await.unwrap() > 1_000, "{copy}");
    }
    conn.batch_execute("ANALYZE TABLE consents, data_exports, impersonations, person_keys, erasures").await.unwrap();
}
