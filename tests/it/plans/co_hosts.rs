//! Co-hosts of many listings, and everything that reads them.

use diesel_async::{RunQueryDsl as _, SimpleAsyncConnection as _};
use mysql_engine::Conn;
use serde_json::json;

use super::World;
use crate::operations::of_field;

/// As many as the other tables have rows: people who help, and invitations.
pub async fn fill(conn: &mut Conn) {
    let people = "(SELECT id, ROW_NUMBER() OVER (ORDER BY id) AS n FROM users LIMIT 3000) s";
    let listings = "(SELECT id, ROW_NUMBER() OVER (ORDER BY id) AS n FROM listings LIMIT 500) l ON l.n = 1 + s.n % 500";
    for copy in [
        format!(
            "INSERT INTO co_hosts (id, listing_id, access, user_id, invited_by, invited_at, accepted_at) \
             SELECT UNHEX(LPAD(HEX(s.n), 32, '0')), l.id, 'FULL', s.id, s.id, UTC_TIMESTAMP(6), UTC_TIMESTAMP(6) \
             FROM {people} JOIN {listings}"
        ),
        format!(
            "INSERT INTO co_hosts (id, listing_id, access, email, invited_by, invited_at, expires_at) \
             SELECT UNHEX(LPAD(HEX(10000 + s.n), 32, '0')), l.id, 'FULL', CONCAT(s.n, '@example.org'), s.id, \
             UTC_TIMESTAMP(6), UTC_TIMESTAMP(6) + INTERVAL 1 DAY FROM {people} JOIN {listings}"
        ),
    ] {
        assert!(diesel::sql_query(&copy).execute(conn).await.unwrap() > 1_000, "{copy}");
    }
    conn.batch_execute("ANALYZE TABLE co_hosts").await.unwrap();
}

/// Everything about co-hosts that a member can ask for, without any right to it.
pub async fn run_query(world: &World, token: &str, listing: &str) {
    let own = "{ me { coHosting { nodes { id bookings { nodes { id } } } } coHostInvitations { nodes { id } } } }";
    world.run(token, own, json!({})).await;
    let helpers = "query($id: ID!) { listing(id: $id) { coHosts { id } coHostInvitations { id } } }";
    world.run(token, helpers, json!({ "id": listing })).await;
    for field in [
        "inviteCoHost",
        "acceptCoHostInvitation",
        "changeCoHostAccess",
        "removeCoHost",
        "leaveCoHosting",
        "updateListing",
    ] {
        let example = of_field(field);
        let mut variables = example.variables;
        if variables["input"]["listingId"].is_string() {
            variables["input"]["listingId"] = listing.into();
        }
        let answer = world.run(token, &example.text, variables).await;
        assert_eq!(answer[field]["code"], "NOT_FOUND", "{field}: {answer}");
    }
}
