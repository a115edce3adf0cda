//! Rows that make tables large.

use diesel_async::{RunQueryDsl as _, SimpleAsyncConnection as _};
use mysql_engine::Conn;

#[derive(diesel::QueryableByName)]
struct Column {
    #[diesel(sql_type = diesel::sql_types::Text)]
    name: String,
}

/// Enough bookings, with quotes and payments, to make an index worthwhile: copies of the first, for other users.
pub async fn fill(conn: &mut Conn) {
    for (table, own, owner) in [
        ("quotes", "id", "guest_id"),
        ("bookings", "id, quote_id", "guest_id"),
        ("payments", "id, booking_id", ""),
        ("wishlists", "id", "user_id"),
        ("wishlist_items", "id, wishlist_id", ""),
        ("sessions", "id", "user_id"),
        ("refresh_tokens", "token_hash, session_id", ""),
    ] {
        let columns: Vec<Column> = diesel::sql_query(format!(
            "SELECT column_name AS name FROM information_schema.columns WHERE table_schema = DATABASE() \
             AND table_name = '{table}' AND generation_expression IS NULL"
        ))
        .load(conn)
        .await
        .unwrap();
        let names: Vec<_> = columns.iter().map(|column| column.name.as_str()).collect();
        let values = names.iter().map(|name| match *name {
            name if own.split(", ").any(|own| own == name) => "UNHEX(LPAD(HEX(s.n), 32, '0'))".to_owned(),
            name if name == owner => "s.id".to_owned(),
            name => format!("t.{name}"),
        });
        let (into, from) = (names.join(", "), values.collect::<Vec<_>>().join(", "));
        let people = "(SELECT id, ROW_NUMBER() OVER (ORDER BY id) AS n FROM users LIMIT 3000)";
        let copy = format!(
            "INSERT INTO {table} ({into}) SELECT {from} FROM (SELECT * FROM {table} LIMIT 1) t CROSS JOIN {people} s"
        );
        let copies = diesel::sql_query(copy).execute(conn).await.unwrap();
        assert!(copies > 1_000, "{copies} {table}");
    }
    let limits = "INSERT INTO limits (bucket, used_until) SELECT UNHEX(LPAD(HEX(n), 64, '0')), 9000000000000000 FROM \
                  (SELECT ROW_NUMBER() OVER (ORDER BY id) AS n FROM users LIMIT 3000) s";
    conn.batch_execute(limits).await.unwrap();
    fill_events(conn).await;
    conn.batch_execute(
        "ANALYZE TABLE quotes, bookings, payments, limits, events, feeds, feed_entries, outbox, wishlists, \
         wishlist_items, sessions, refresh_tokens",
    )
    .await
    .unwrap();
}

/// As many events, feeds and effects.
async fn fill_events(conn: &mut Conn) {
    let people = "(SELECT id, ROW_NUMBER() OVER (ORDER BY id) AS n FROM users LIMIT 3000) s";
    for copy in [
        format!("INSERT IGNORE INTO feeds (owner_id, topic, last_position) SELECT id, 'HOST', 1 FROM {people}"),
        format!(
            "INSERT IGNORE INTO events (subject_id, sequence, subject, kind, payload, happened_at) \
             SELECT id, 1000, 'PERSON', 'JOINED', '{{\"format\":\"subject/1\"}}', UTC_TIMESTAMP(6) FROM {people}"
        ),
        format!(
            "INSERT IGNORE INTO outbox (object_id, kind, generation, group_id, payload, state, attempts, due_at, created_at, \
             updated_at) SELECT id, 'SEND_MAIL', 1, id, '{{}}', 'DONE', 1, UTC_TIMESTAMP(6), UTC_TIMESTAMP(6), \
             UTC_TIMESTAMP(6) FROM {people}"
        ),
        format!(
            "INSERT IGNORE INTO feed_entries (owner_id, topic, position, subject_id, event_sequence, appended_at) \
             SELECT id, 'HOST', 1, id, 1000, UTC_TIMESTAMP(6) - INTERVAL 3 DAY FROM {people}"
        ),
        format!(
            "INSERT IGNORE INTO feed_entries (owner_id, topic, position, subject_id, event_sequence, appended_at) \
             SELECT UNHEX(LPAD(HEX(n % 64), 32, '0')), 'CATALOG', 100000 + n, id, 1000, \
             UTC_TIMESTAMP(6) - INTERVAL 3 DAY FROM {people}"
        ),
    ] {
        assert!(diesel::sql_query(&copy).execute(conn).await.unwrap() > 1_000, "{copy}");
    }
}
