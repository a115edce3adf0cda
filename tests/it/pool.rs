//! The pool returns working connections, whatever happened in their last use.

use crate::harness::database::TestDatabase;
use crate::harness::{Frozen, kill};
use diesel::sql_types::{BigInt, Text};
use diesel_async::{RunQueryDsl, SimpleAsyncConnection};
use futures_util::{StreamExt, poll};
use mysql_engine::embedded::{Durability, Embedded};
use mysql_engine::{Conn, Database, DatabaseError, Options};
use std::pin::pin;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use store::migrate;
use tokio::sync::Barrier;

/// Never pings idle connections, so that only the previous use matters.
fn unpinged(pool_size: usize) -> Options {
    Options { pool_size, idle_before_ping: Duration::from_secs(3600), ..Options::default() }
}

#[derive(diesel::QueryableByName)]
struct Number {
    #[diesel(sql_type = BigInt)]
    n: i64,
}

#[derive(diesel::QueryableByName)]
struct Word {
    #[diesel(sql_type = Text)]
    word: String,
}

async fn number(conn: &mut Conn, sql: &str) -> Result<i64, DatabaseError> {
    let row: Number = diesel::sql_query(sql).get_result(conn).await?;
    Ok(row.n)
}

async fn echo(database: &Database, n: i64) -> Result<i64, DatabaseError> {
    let mut conn = database.conn().await?;
    let row: Number = diesel::sql_query("SELECT ? AS n").bind::<BigInt, _>(n).get_result(&mut conn).await?;
    Ok(row.n)
}

async fn all_answer(database: &Database) {
    for n in 0..200 {
        assert_eq!(echo(database, n).await.unwrap(), n);
    }
}

#[tokio::test]
async fn after_a_kill_one_statement_fails_and_the_rest_succeed() {
    let test = TestDatabase::with(unpinged(1)).await;
    let id = number(&mut test.conn().await, "SELECT CAST(CONNECTION_ID() AS SIGNED) AS n").await.unwrap();
    let other = Database::connect(&test.url, unpinged(1)).await.unwrap();
    other.conn().await.unwrap().batch_execute(&format!("KILL {id}")).await.unwrap();
    echo(&test.database, 1).await.expect_err("the killed connection is handed out once");
    all_answer(&test.database).await;
}

#[tokio::test]
async fn an_idle_connection_is_pinged_and_replaced_unnoticed() {
    let test = TestDatabase::with(Options { idle_before_ping: Duration::ZERO, ..unpinged(1) }).await;
    let id = number(&mut test.conn().await, "SELECT CAST(CONNECTION_ID() AS SIGNED) AS n").await.unwrap();
    let other = Database::connect(&test.url, unpinged(1)).await.unwrap();
    other.conn().await.unwrap().batch_execute(&format!("KILL {id}")).await.unwrap();
    all_answer(&test.database).await;
}

#[derive(diesel::QueryableByName)]
struct Status {
    #[diesel(sql_type = Text, column_name = "Value")]
    value: String,
}

/// How many pings the database has counted on the only connection: `DO` is ours, the other the driver's.
async fn pings(database: &Database) -> i64 {
    let mut conn = database.conn().await.unwrap();
    let mut pings = 0;
    for name in ["Com_do", "Com_admin_commands"] {
        let status = diesel::sql_query(format!("SHOW SESSION STATUS LIKE '{name}'"));
        let status: Status = status.get_result(&mut conn).await.unwrap();
        pings += status.value.parse::<i64>().unwrap();
    }
    pings
}

#[tokio::test]
async fn a_busy_pool_pings_no_connection_and_an_idle_one_all() {
    for (idle_before_ping, expected) in [(Duration::from_secs(10), 0), (Duration::ZERO, 201)] {
        let test = TestDatabase::with(Options { idle_before_ping, ..unpinged(1) }).await;
        let before = pings(&test.database).await;
        all_answer(&test.database).await;
        assert_eq!(pings(&test.database).await - before, expected);
    }
}

#[tokio::test]
async fn a_slow_statement_and_callers_waiting_for_its_connection_are_not_interrupted() {
    let impatient = Options { probe_after: Duration::from_millis(20), ..unpinged(1) };
    let test = TestDatabase::with(impatient).await;
    let slow = async { number(&mut test.conn().await, "SELECT 7 + SLEEP(1) AS n").await.unwrap() };
    let (seven, three) = tokio::join!(slow, echo(&test.database, 3));
    assert_eq!((seven, three.unwrap()), (7, 3));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_transaction_in_a_hanging_database_fails_as_retryable() {
    let dir = tempfile::tempdir().unwrap();
    let server = Embedded::start(dir.path(), staygate::config::DATABASE_NAME, Durability::Full).await.unwrap();
    migrate::ensure_database(server.url()).await.unwrap();
    let database = Database::connect(server.url(), unpinged(2)).await.unwrap();
    let make = "CREATE TABLE account (id INT PRIMARY KEY, cents INT NOT NULL); INSERT INTO account VALUES (1, 0)";
    database.conn().await.unwrap().batch_execute(make).await.unwrap();
    let mut idle = database.conn().await.unwrap();
    let frozen = std::sync::OnceLock::new();
    let transfer = database.transaction(async |tx: &mut Conn| {
        add(tx, 1).await?;
        frozen.get_or_init(|| Frozen::new(server.pid().unwrap()));
        add(tx, 1).await?;
        Ok::<_, DatabaseError>(())
    });
    let failed = transfer.await.unwrap_err();
    assert!(failed.is_retryable(), "{failed:?}");
    assert!(matches!(database.conn().await, Err(DatabaseError::Unreachable(_))), "no request waits");
    let failed = number(&mut idle, "SELECT 1 AS n").await.unwrap_err();
    assert!(failed.is_retryable(), "{failed:?}");
    drop(idle);
    drop(frozen);
    let cents = "SELECT CAST(cents AS SIGNED) AS n FROM account FOR UPDATE";
    let kept = loop {
        match database.conn().await {
            Ok(mut conn) => break number(&mut conn, cents).await.unwrap(),
            Err(error) => assert!(error.is_retryable(), "{error:?}"),
        }
        tokio::task::yield_now().await;
    };
    assert_eq!(kept, 0, "uncommitted changes are rolled back, and their locks released");
    drop(database);
    server.stop(Duration::ZERO).await.unwrap();
}

#[tokio::test]
async fn two_hundred_dropped_queries_are_followed_by_two_hundred_good_ones() {
    let test = TestDatabase::with(unpinged(4)).await;
    for n in 0..200 {
        let mut conn = test.conn().await;
        let query = diesel::sql_query("SELECT ? + 0 * SLEEP(0.002) AS n").bind::<BigInt, _>(-n);
        let mut query = pin!(query.get_result::<Number>(&mut conn));
        // Dropped at every stage: before a byte is sent, while it is prepared, while the database executes it.
        for _ in 0..n % 8 {
            if poll!(query.as_mut()).is_ready() {
                break;
            }
            tokio::task::yield_now().await;
        }
    }
    all_answer(&test.database).await;
}

#[tokio::test]
async fn rows_left_unread_do_not_reach_the_next_query() {
    let test = TestDatabase::with(unpinged(1)).await;
    let many = "WITH RECURSIVE s (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < 900) SELECT -n AS n FROM s";
    for n in 0..200 {
        let mut conn = test.conn().await;
        let rows = diesel::sql_query(many).load_stream::<Number>(&mut conn).await.unwrap();
        assert_eq!(rows.take(n).count().await, n);
        drop(conn);
        assert_eq!(echo(&test.database, 7).await.unwrap(), 7);
    }
}

#[tokio::test]
async fn a_dropped_transaction_releases_its_locks_at_once() {
    let test = TestDatabase::with(unpinged(4)).await;
    let make = "CREATE TABLE seat (id INT PRIMARY KEY, taken INT NOT NULL); INSERT INTO seat VALUES (1, 0)";
    test.conn().await.batch_execute(make).await.unwrap();
    let reached = tokio::sync::Notify::new();
    let stuck = test.database.transaction(async |tx: &mut Conn| {
        diesel::sql_query("UPDATE seat SET taken = 1").execute(tx).await?;
        reached.notify_one();
        std::future::pending::<()>().await;
        Ok::<_, DatabaseError>(())
    });
    tokio::select! {
        _ = stuck => unreachable!("it waits for ever"),
        () = reached.notified() => {}
    }
    let mut conn = test.conn().await;
    conn.batch_execute("SET innodb_lock_wait_timeout = 2").await.unwrap();
    assert_eq!(diesel::sql_query("UPDATE seat SET taken = 2").execute(&mut conn).await.unwrap(), 1);
    assert_eq!(number(&mut conn, "SELECT CAST(taken AS SIGNED) AS n FROM seat").await.unwrap(), 2);
    all_answer(&test.database).await;
}

#[tokio::test]
async fn a_full_pool_reports_busy() {
    let test = TestDatabase::with(Options { acquire_timeout: Duration::from_millis(50), ..unpinged(1) }).await;
    let _taken = test.conn().await;
    assert!(matches!(test.database.conn().await, Err(DatabaseError::Busy)));
}

#[tokio::test]
async fn a_missing_server_is_unreachable() {
    let gone = Database::connect("mysql://root@127.0.0.1:1/x", Options::default()).await;
    assert!(matches!(gone, Err(DatabaseError::Unreachable(_))), "{gone:?}");
}

#[tokio::test]
async fn sessions_are_strict_utc_and_read_committed() {
    let test = TestDatabase::new().await;
    let mut conn = test.conn().await;
    let variable = async |conn: &mut Conn, name: &str| {
        let sql = format!("SELECT CAST({name} AS CHAR) AS word");
        diesel::sql_query(sql).get_result::<Word>(conn).await.map(|row| row.word)
    };
    assert_eq!(variable(&mut conn, "@@time_zone").await.unwrap(), "+00:00");
    assert_eq!(variable(&mut conn, "@@collation_connection").await.unwrap(), "utf8mb4_unicode_520_ci");
    assert_eq!(variable(&mut conn, "@@innodb_lock_wait_timeout").await.unwrap(), "1");
    let isolation = match variable(&mut conn, "@@transaction_isolation").await {
        Ok(isolation) => isolation,
        Err(_) => variable(&mut conn, "@@tx_isolation").await.unwrap(),
    };
    assert_eq!(isolation, "READ-COMMITTED");
    conn.batch_execute("CREATE TABLE strict (word VARCHAR(3) NOT NULL PRIMARY KEY)").await.unwrap();
    diesel::sql_query("INSERT INTO strict VALUES ('long')").execute(&mut conn).await.expect_err("too long a word");
}

#[tokio::test]
async fn the_database_ends_a_statement_that_takes_too_long() {
    let test = TestDatabase::with(Options { statement_timeout: Duration::from_millis(300), ..unpinged(1) }).await;
    let mut conn = test.conn().await;
    // Two thousand rows, multiplied thrice: hours.
    let rows = "(SELECT 1 AS n FROM information_schema.collations)";
    let hours = format!("SELECT COUNT(*) AS n FROM {rows} a, {rows} b, {rows} c, {rows} d, {rows} e");
    let ended = number(&mut conn, &hours).await.expect_err("it is ended");
    assert!(format!("{ended:?}").contains("interrupted"), "{ended:?}");
    assert_eq!(number(&mut conn, "SELECT 3 AS n").await.unwrap(), 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn deadlocked_transactions_are_retried_until_both_commit() {
    let test = TestDatabase::new().await;
    let make =
        "CREATE TABLE account (id INT PRIMARY KEY, cents INT NOT NULL); INSERT INTO account VALUES (1, 0), (2, 0)";
    test.conn().await.batch_execute(make).await.unwrap();
    let both_hold_one = Barrier::new(2);
    let runs = AtomicU32::new(0);
    let transfer = async |first: i32, second: i32| {
        test.database
            .transaction(async |tx: &mut Conn| {
                let run = runs.fetch_add(1, Ordering::Relaxed);
                add(tx, first).await?;
                if run < 2 {
                    both_hold_one.wait().await;
                }
                add(tx, second).await?;
                Ok::<_, DatabaseError>(())
            })
            .await
    };
    let (one, other) = tokio::join!(transfer(1, 2), transfer(2, 1));
    one.unwrap();
    other.unwrap();
    assert!(test.database.retry_count() >= 1);
    let cents = "SELECT CAST(SUM(cents) AS SIGNED) AS n FROM account";
    assert_eq!(number(&mut test.conn().await, cents).await.unwrap(), 4);
}

async fn add(tx: &mut Conn, id: i32) -> diesel::QueryResult<usize> {
    let update = diesel::sql_query("UPDATE account SET cents = cents + 1 WHERE id = ?");
    update.bind::<diesel::sql_types::Integer, _>(id).execute(tx).await
}

#[tokio::test]
async fn a_transaction_whose_connection_dies_is_retried_and_counts_once() {
    let test = TestDatabase::with(unpinged(2)).await;
    let make = "CREATE TABLE account (id INT PRIMARY KEY, cents INT NOT NULL); INSERT INTO account VALUES (1, 0)";
    test.conn().await.batch_execute(make).await.unwrap();
    let runs = AtomicU32::new(0);
    let work = async |tx: &mut Conn| {
        add(tx, 1).await?;
        if runs.fetch_add(1, Ordering::Relaxed) == 0 {
            let id = number(tx, "SELECT CAST(CONNECTION_ID() AS SIGNED) AS n").await?;
            test.conn().await.batch_execute(&format!("KILL {id}")).await?;
        }
        number(tx, "SELECT CAST(cents AS SIGNED) AS n FROM account").await
    };
    assert_eq!(test.database.transaction(work).await.unwrap(), 1);
    assert_eq!(runs.into_inner(), 2);
}

#[tokio::test]
async fn a_refusal_rolls_back_and_is_not_retried() {
    let test = TestDatabase::new().await;
    let make = "CREATE TABLE account (id INT PRIMARY KEY, cents INT NOT NULL); INSERT INTO account VALUES (1, 0)";
    test.conn().await.batch_execute(make).await.unwrap();
    let work = async |tx: &mut Conn| {
        add(tx, 1).await?;
        Err::<(), _>(DatabaseError::Failed(diesel::result::Error::NotFound))
    };
    test.database.transaction(work).await.expect_err("the closure's own error");
    assert_eq!(test.database.retry_count(), 0);
    assert_eq!(number(&mut test.conn().await, "SELECT CAST(cents AS SIGNED) AS n FROM account").await.unwrap(), 0);
}

#[tokio::test]
async fn statements_are_counted_and_recorded_without_their_values() {
    let test = TestDatabase::with(Options { idle_before_ping: Duration::ZERO, ..unpinged(1) }).await;
    let before = test.database.statements().sent();
    let recording = test.database.statements().record();
    echo(&test.database, 41).await.unwrap();
    echo(&test.database, 42).await.unwrap();
    assert_eq!(recording.texts(), ["SELECT ? AS n", "SELECT ? AS n"]);
    assert_eq!(test.database.statements().sent() - before, 2, "pings do not count");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_pool_heals_after_the_database_was_killed() {
    let dir = tempfile::tempdir().unwrap();
    let server = Embedded::start(dir.path(), staygate::config::DATABASE_NAME, Durability::Full).await.unwrap();
    migrate::ensure_database(server.url()).await.unwrap();
    let database = Database::connect(server.url(), unpinged(9)).await.unwrap();
    let six = futures_util::future::join_all((0..6).map(|_| database.conn())).await;
    assert_eq!(database.connections(), (6, 0));
    drop(six);
    kill("KILL", server.pid().unwrap());
    let mut lost = 0;
    loop {
        match echo(&database, 3).await {
            Ok(n) => break assert_eq!(n, 3),
            Err(DatabaseError::Failed(_)) => lost += 1,
            Err(DatabaseError::Unreachable(_)) => tokio::task::yield_now().await,
            Err(error) => panic!("{error:?}"),
        }
    }
    assert!(lost <= 1, "one failure warns the others: {lost}");
    all_answer(&database).await;
    let six = futures_util::future::join_all((0..6).map(|_| database.conn())).await;
    for conn in six {
        assert_eq!(number(&mut conn.unwrap(), "SELECT 5 AS n").await.unwrap(), 5);
    }
    drop(database);
    server.stop(Duration::ZERO).await.unwrap();
}
