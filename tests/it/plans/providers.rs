//! Links of many accounts with identity providers.

use diesel_async::{RunQueryDsl as _, SimpleAsyncConnection as _};
use mysql_engine::Conn;

/// Gives them to as many accounts as the other tables have rows.
pub async fn fill(conn: &mut Conn) {
    let people = "(SELECT id, ROW_NUMBER() OVER (ORDER BY id) AS n FROM users LIMIT 3000) s";
    for copy in [
        format!(
            "INSERT INTO provider_links (identity, user_id, provider, linked_at) \
             SELECT UNHEX(LPAD(HEX(n), 64, '0')), id, 'example', UTC_TIMESTAMP(6) FROM {people}"
        ),
        format!(
            "INSERT INTO provider_attempts (handle_hash, provider, redirect_uri, user_id, created_at, expires_at) \
             SELECT UNHEX(LPAD(HEX(n), 64, '0')), 'example', 'https://example.org/', id, UTC_TIMESTAMP(6), \
             UTC_TIMESTAMP(6) + INTERVAL 1 DAY FROM {people}"
        ),
    ] {
        assert!(diesel::sql_query(&copy).execute(conn).await.unwrap() > 1_000, "{copy}");
    }
    conn.batch_execute("ANALYZE TABLE provider_links, provider_attempts").await.unwrap();
}
