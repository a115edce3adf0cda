//! Second factors of many accounts.

use diesel_async::{RunQueryDsl as _, SimpleAsyncConnection as _};
use mysql_engine::Conn;

/// Gives them to as many accounts as the other tables have rows.
pub async fn fill(conn: &mut Conn) {
    let people = "(SELECT id, ROW_NUMBER() OVER (ORDER BY id) AS n FROM users LIMIT 3000) s";
    for copy in [
        format!(
            "INSERT INTO second_factors (user_id, key_id, sealed_secret, created_at, enabled_at) \
             SELECT id, 'test', REPEAT('x', 48), UTC_TIMESTAMP(6), UTC_TIMESTAMP(6) FROM {people}"
        ),
        format!(
            "INSERT INTO recovery_codes (user_id, code_hash) SELECT id, UNHEX(LPAD(HEX(n), 64, '0')) FROM {people}"
        ),
        format!(
            "INSERT INTO sign_in_challenges (token_hash, user_id, password_epoch, expires_at) \
             SELECT UNHEX(LPAD(HEX(n), 64, '0')), id, UNHEX(REPEAT('00', 32)), UTC_TIMESTAMP(6) + INTERVAL 1 DAY \
             FROM {people}"
        ),
    ] {
        assert!(diesel::sql_query(&copy).execute(conn).await.unwrap() > 1_000, "{copy}");
    }
    conn.batch_execute("ANALYZE TABLE second_factors, recovery_codes, sign_in_challenges").await.unwrap();
}
