//! Passkeys of many accounts.

use diesel_async::{RunQueryDsl as _, SimpleAsyncConnection as _};
use mysql_engine::Conn;

/// Gives them to as many accounts as the other tables have rows.
pub async fn fill(conn: &mut Conn) {
    let people = "(SELECT id, ROW_NUMBER() OVER (ORDER BY id) AS n FROM users LIMIT 3000) s";
    for copy in [
        format!(
            "INSERT INTO passkeys (id, user_id, credential_hash, credential_id, public_key, sign_count, is_backup_eligible, \
             transports, name, created_at) SELECT id, id, UNHEX(LPAD(HEX(n), 64, '0')), UNHEX(LPAD(HEX(n), 64, '0')), \
             REPEAT('x', 77), 0, FALSE, 'internal', 'Phone', UTC_TIMESTAMP(6) FROM {people}"
        ),
        format!(
            "INSERT INTO passkey_challenges (challenge_hash, purpose, user_id, expires_at) \
             SELECT UNHEX(LPAD(HEX(n), 64, '0')), 'REGISTER', id, UTC_TIMESTAMP(6) + INTERVAL 1 DAY FROM {people}"
        ),
    ] {
        assert!(diesel::sql_query(&copy).execute(conn).await.unwrap() > 1_000, "{copy}");
    }
    conn.batch_execute("ANALYZE TABLE passkeys, passkey_challenges").await.unwrap();
}
