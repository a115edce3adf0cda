//! The migrations: many at once, down and up again.

use crate::harness::{
    app::TestApp,
    database::{CreateTable, Name, discard, unused_url},
};
use chrono::Duration;
use diesel_async::{RunQueryDsl, SimpleAsyncConnection};
use futures_util::StreamExt as _;
use mysql_engine::{Conn, Database, Options};
use serde_json::json;
use store::migrate;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn eight_instances_that_start_together_migrate_once() {
    let url = unused_url();
    let starts = (0..8).map(|_| {
        let url = url.clone();
        tokio::spawn(async move { migrate::up(&url).await })
    });
    let mut applied = Vec::new();
    for start in futures_util::future::join_all(starts).await {
        applied.extend(start.unwrap().unwrap());
    }
    let status = migrate::status(&url).await.unwrap();
    assert_eq!(applied, status.applied, "each once, in order");
    assert!(status.pending.is_empty() && status.unknown.is_empty(), "{status:?}");
    discard(&url);
}

#[tokio::test]
async fn all_migrations_go_down_and_up_again() {
    let url = unused_url();
    let up = migrate::up(&url).await.unwrap();
    let mut down = migrate::down(&url, usize::MAX).await.unwrap();
    down.reverse();
    assert_eq!(up, down);
    assert_eq!(migrate::status(&url).await.unwrap().pending, up);
    assert_eq!(migrate::up(&url).await.unwrap(), up);
    assert!(migrate::up(&url).await.unwrap().is_empty());
    discard(&url);
}

#[tokio::test]
async fn a_url_without_a_name_is_refused_before_anything_is_done() {
    let url = unused_url();
    let (path, query) = url.split_once('?').unwrap_or((&url, ""));
    let nameless = format!("{}/?{query}", path.rsplit_once('/').unwrap().0);
    let error = migrate::up(&nameless).await.unwrap_err();
    assert!(matches!(error, migrate::MigrateError::NoName), "{error:?}");
}

/// A line of `SHOW CREATE TABLE` without the comma and without what MySQL adds to it: it writes the character set of every
/// text in a `CHECK`, at first that of the connection, and after some changes of the table that of the column.
fn plain_definition(line: &str) -> String {
    ["_ascii'", "_utf8mb4'"].iter().fold(line.trim_end_matches(',').to_owned(), |line, set| line.replace(set, "'"))
}

/// The definition of every table, and the rows of those that migrations fill.
async fn definitions(conn: &mut Conn) -> Vec<String> {
    let tables = "SELECT TABLE_NAME AS name FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() ORDER BY 1";
    let mut found = Vec::new();
    for Name { name } in diesel::sql_query(tables).load::<Name>(conn).await.unwrap() {
        let show = format!("SHOW CREATE TABLE `{name}`");
        let CreateTable { text } = diesel::sql_query(show).get_result(conn).await.unwrap();
        // MySQL names the character set of a literal in a check: another one if the check came with its table than if it came later.
        let text = text.replace("_utf8mb4'", "'").replace("_ascii'", "'");
        let count = format!("SELECT CAST(COUNT(*) AS CHAR) AS name FROM `{name}`");
        let rows: Name = diesel::sql_query(count).get_result(conn).await.unwrap();
        let (mut columns, mut rest): (Vec<_>, Vec<_>) =
            text.lines().map(plain_definition).partition(|line| line.starts_with("  `"));
        // The order of keys and constraints means nothing.
        rest.sort_unstable();
        columns.append(&mut rest);
        found.extend(columns.into_iter().map(|line| format!("{name}: {}", line.trim())));
        found.push(format!("{name}: {} rows", rows.name));
    }
    found
}

/// Fails with what only one of the two has.
#[track_caller]
fn assert_same(found: &[String], expected: &[String], what: &str) {
    let beyond =
        |a: &[String], b: &[String]| -> Vec<String> { a.iter().filter(|line| !b.contains(line)).cloned().collect() };
    assert!(
        found == expected,
        "{what}: too much {:#?}, missing {:#?}",
        beyond(found, expected),
        beyond(expected, found)
    );
}

/// M13: a migration that was interrupted after its ALTER said `Duplicate column` at every start.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_migration_that_was_interrupted_after_any_statement_runs_to_its_end() {
    let url = unused_url();
    migrate::ensure_database(&url).await.unwrap();
    migrate::status(&url).await.unwrap();
    let database = Database::connect(&url, Options { pool_size: 1, ..Options::default() }).await.unwrap();
    let now = async || definitions(&mut database.conn().await.unwrap()).await;
    for script in migrate::scripts().unwrap() {
        let name = &script.name;
        let before = now().await;
        assert_eq!(migrate::up_by(&url, 1).await.unwrap(), [name.as_str()]);
        let after = now().await;
        migrate::down(&url, 1).await.unwrap();
        assert_same(&now().await, &before, &format!("{name} goes down as it came up"));
        for done in 1..=script.up.len().max(script.down.len()) {
            run(&database, script.up.iter().take(done)).await;
            migrate::up_by(&url, 1).await.unwrap_or_else(|error| panic!("up after {done} statements: {error}"));
            assert_same(&now().await, &after, &format!("{name} up after {done} statements"));
            run(&database, script.down.iter().take(done)).await;
            migrate::down(&url, 1).await.unwrap_or_else(|error| panic!("down after {done} statements: {error}"));
            assert_same(&now().await, &before, &format!("{name} down after {done} statements"));
        }
        migrate::up_by(&url, 1).await.unwrap();
    }
    drop(database);
    discard(&url);
}

/// Runs the statements of a program that was killed then.
async fn run(database: &Database, statements: impl Iterator<Item = &String>) {
    let mut conn = database.conn().await.unwrap();
    for statement in statements {
        conn.batch_execute(statement).await.unwrap_or_else(|error| panic!("{statement}: {error}"));
    }
}

/// Skipping a definition because its name exists hides mistakes, unless an interrupted migration made it.
#[tokio::test]
async fn no_definition_is_made_twice() {
    let url = unused_url();
    migrate::ensure_database(&url).await.unwrap();
    let database = Database::connect(&url, Options { pool_size: 1, ..Options::default() }).await.unwrap();
    let scripts = migrate::scripts().unwrap();
    for script in &scripts {
        run(&database, script.up.iter()).await;
    }
    for script in scripts.iter().rev() {
        run(&database, script.down.iter()).await;
    }
    assert!(definitions(&mut database.conn().await.unwrap()).await.is_empty());
    drop(database);
    discard(&url);
}

/// Rows of older tables are migrated, and positions of clients stay valid.
#[tokio::test]
async fn older_events_and_feeds_stay_and_cursors_stay_valid() {
    const HISTORY: &str =
        "query ($id: ID!) { booking(id: $id) { timeline { nodes { cursor kind actor payment { id } } } } }";
    const TRIPS: &str = "subscription ($after: Cursor) { event: myTripEvents(after: $after) { cursor kind actor } }";
    const HOSTING: &str =
        "subscription ($after: Cursor) { event: myHostingEvents(after: $after) { cursor kind actor } }";
    let app = TestApp::new().await;
    let (host, guest) = (app.host().await, app.guest().await);
    let listing = host.listing(|input| input["instantBook"] = json!(false)).await;
    let booking = guest.book(&listing, "2026-04-01", "2026-04-07").await;
    guest.pay(&booking).await;
    host.accept(&booking, &app.key()).await;
    guest.cancel(&booking).await;
    let before = guest.run(HISTORY, json!({ "id": booking })).await;
    let newer = migrate::scripts().unwrap().iter().filter(|script| script.name.as_str() >= "2026-11-27-000010").count();
    migrate::down(app.url(), newer).await.unwrap();
    let old = "SELECT CAST(COUNT(*) AS CHAR) AS name FROM booking_events e JOIN feed_entries f \
               ON f.booking_id = e.booking_id AND f.booking_sequence = e.sequence WHERE f.role IN ('GUEST', 'HOST')";
    let old: Name = diesel::sql_query(old).get_result(&mut app.conn().await).await.unwrap();
    assert_eq!(old.name, "12", "six events for each side");
    migrate::up(app.url()).await.unwrap();
    let upgraded = app.second_instance().await;
    let (guest, host) = (guest.at(&upgraded), host.at(&upgraded));
    let mut expected = before["booking"]["timeline"]["nodes"].clone();
    for event in expected.as_array_mut().unwrap() {
        // Old events have no details.
        event["payment"] = json!(null);
    }
    let after = guest.run(HISTORY, json!({ "id": booking })).await;
    assert_eq!(after["booking"]["timeline"]["nodes"], expected);
    for (actor, query, side) in [(&guest, TRIPS, "guest"), (&host, HOSTING, "host")] {
        let variables = json!({ "after": format!("{side}.4") });
        let mut stream = Box::pin(upgraded.stream(Some(&actor.member), query, variables));
        let event = stream.next().await.unwrap()["data"]["event"].clone();
        assert_eq!(event, json!({ "cursor": format!("{side}.5"), "kind": "CANCELLED_BY_GUEST", "actor": "GUEST" }));
    }
}

/// Older servers wrote neither the last use of a session nor, when they refreshed it, its expiry.
#[tokio::test]
async fn older_sessions_have_their_last_use_their_expiry_and_their_end() {
    const REFRESH: &str = "mutation ($input: RefreshSessionInput!) { refreshSession(input: $input) { __typename } }";
    const SIGN_OUT: &str = "mutation ($input: SignOutInput!) { signOut(input: $input) { __typename } }";
    const LIST: &str = "{ me { sessions { nodes { lastUsedAt device network } } } }";
    let app = TestApp::new().await;
    let (guest, gone) = (app.guest().await, app.guest().await);
    app.pass(Duration::days(10));
    app.run(None, REFRESH, json!({ "input": { "refreshToken": guest.refresh } })).await;
    app.run(None, SIGN_OUT, json!({ "input": { "refreshToken": gone.refresh } })).await;
    let newer = migrate::scripts().unwrap().iter().filter(|script| script.name.as_str() >= "2026-11-27-000040").count();
    migrate::down(app.url(), newer).await.unwrap();
    let old = "UPDATE sessions SET expires_at = created_at + INTERVAL 30 DAY";
    app.conn().await.batch_execute(old).await.unwrap();
    migrate::up(app.url()).await.unwrap();
    let upgraded = app.second_instance().await;
    let sessions = guest.at(&upgraded).run(LIST, json!({})).await["me"]["sessions"]["nodes"].clone();
    let expected = json!([{ "lastUsedAt": "2026-03-12T04:00:00Z", "device": "Unknown device", "network": null }]);
    assert_eq!(sessions, expected);
    upgraded.pass(Duration::days(29));
    assert_eq!(guest.at(&upgraded).run(LIST, json!({})).await["me"]["sessions"]["nodes"], sessions, "not expired");
    let ended = "SELECT CAST(COUNT(*) AS CHAR) AS name FROM sessions WHERE end_recorded_at = revoked_at";
    let ended: Name = diesel::sql_query(ended).get_result(&mut app.conn().await).await.unwrap();
    assert_eq!(ended.name, "1");
}
