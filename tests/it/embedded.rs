//! The private database: one owner, nothing lost, nothing left behind.

use crate::harness::kill;
use diesel::sql_types::BigInt;
use diesel_async::{RunQueryDsl, SimpleAsyncConnection};
use mysql_engine::embedded::{Durability, Embedded, EmbeddedError};
use mysql_engine::{Database, DatabaseError, Options};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};
use std::time::Duration;
use store::migrate;

#[derive(diesel::QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    n: i64,
}

async fn rows(database: &Database) -> Result<i64, DatabaseError> {
    let mut conn = database.conn().await?;
    let row: Count = diesel::sql_query("SELECT COUNT(*) AS n FROM kept").get_result(&mut conn).await?;
    Ok(row.n)
}

#[tokio::test]
async fn committed_data_survives_a_kill_of_the_database() {
    let dir = tempfile::tempdir().unwrap();
    let server = Embedded::start(dir.path(), staygate::config::DATABASE_NAME, Durability::Full).await.unwrap();
    migrate::ensure_database(server.url()).await.unwrap();
    let database = Database::connect(server.url(), Options::default()).await.unwrap();
    let make = "CREATE TABLE kept (id INT PRIMARY KEY)";
    database.conn().await.unwrap().batch_execute(make).await.unwrap();
    for round in 0..3 {
        for id in 0..10 {
            let insert = format!("INSERT INTO kept VALUES ({})", round * 10 + id);
            diesel::sql_query(insert).execute(&mut database.conn().await.unwrap()).await.unwrap();
        }
        kill("KILL", server.pid().unwrap());
        // The supervisor notices and starts it again.
        let found = loop {
            match rows(&database).await {
                Ok(found) => break found,
                Err(error) => assert!(error.is_retryable(), "{error:?}"),
            }
            tokio::task::yield_now().await;
        };
        assert_eq!(found, (round + 1) * 10);
    }
    drop(database);
    server.stop(Duration::ZERO).await.unwrap();
}

#[tokio::test]
async fn two_owners_of_one_folder_are_one_too_many() {
    let dir = tempfile::tempdir().unwrap();
    let first = Embedded::start(dir.path(), staygate::config::DATABASE_NAME, Durability::Full).await.unwrap();
    let second = Embedded::start(dir.path(), staygate::config::DATABASE_NAME, Durability::Full).await;
    assert!(matches!(second, Err(EmbeddedError::InUse { .. })), "{second:?}");
    first.stop(Duration::ZERO).await.unwrap();
    Embedded::start(dir.path(), staygate::config::DATABASE_NAME, Durability::Full)
        .await
        .unwrap()
        .stop(Duration::ZERO)
        .await
        .unwrap();
}

#[tokio::test]
async fn a_command_uses_the_running_database_and_the_owner_waits_for_it() {
    let dir = tempfile::tempdir().unwrap();
    let owner = Embedded::start(dir.path(), staygate::config::DATABASE_NAME, Durability::Full).await.unwrap();
    let guest = Embedded::attach_or_start(dir.path(), staygate::config::DATABASE_NAME, Durability::Full).await.unwrap();
    assert!(owner.is_owner() && !guest.is_owner());
    assert_eq!(owner.url(), guest.url());
    let stopping = tokio::spawn(owner.stop(Duration::from_secs(60)));
    migrate::ensure_database(guest.url()).await.expect("it is still up");
    guest.stop(Duration::ZERO).await.unwrap();
    stopping.await.unwrap().unwrap();
    let alone = Embedded::attach_or_start(dir.path(), staygate::config::DATABASE_NAME, Durability::Full).await.unwrap();
    assert!(alone.is_owner());
    alone.stop(Duration::ZERO).await.unwrap();
}

#[tokio::test]
async fn an_interrupted_setup_is_repeated() {
    let dir = tempfile::tempdir().unwrap();
    let partial = dir.path().join("database.partial");
    std::fs::create_dir_all(partial.join("mysql")).unwrap();
    std::fs::write(partial.join("ibdata1"), b"half").unwrap();
    let server = Embedded::start(dir.path(), staygate::config::DATABASE_NAME, Durability::Full).await.unwrap();
    assert!(!partial.exists());
    server.stop(Duration::ZERO).await.unwrap();
}

#[tokio::test]
async fn a_throwaway_database_removes_its_folder() {
    let dir = tempfile::tempdir().unwrap().keep();
    let server = Embedded::start(&dir, staygate::config::DATABASE_NAME, Durability::Throwaway).await.unwrap();
    server.stop(Duration::ZERO).await.unwrap();
    assert!(!dir.exists());
}

/// `staygate serve` on `data_dir`, once its database is ready.
struct Serve(std::process::Child);

impl Serve {
    fn start(data_dir: &Path) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_staygate"));
        command.args(["serve", "--listen", "127.0.0.1:0", "--log-level", "info", "--data-dir"]).arg(data_dir);
        command.env_remove("DATABASE_URL").env_remove("DATABASE_URL_FILE").stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut log = BufReader::new(child.stderr.take().unwrap()).lines();
        let ready = log.by_ref().any(|line| line.unwrap().contains("the database is ready"));
        assert!(ready, "the server ended: {:?}", child.wait());
        // Whatever else it says must not fill the pipe.
        std::thread::spawn(move || log.for_each(drop));
        Self(child)
    }

    fn signal(mut self, name: &str) -> ExitStatus {
        kill(name, self.0.id());
        self.0.wait().unwrap()
    }
}

/// A test that fails leaves no server behind.
impl Drop for Serve {
    fn drop(&mut self) {
        // It has ended by itself where the test went well.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[tokio::test]
async fn a_killed_server_leaves_no_database_behind_and_loses_nothing() {
    let dir = tempfile::tempdir().unwrap();
    for round in 0..3 {
        let server = Serve::start(dir.path());
        let guest =
            Embedded::attach_or_start(dir.path(), staygate::config::DATABASE_NAME, Durability::Full).await.unwrap();
        assert!(!guest.is_owner());
        let database = Database::connect(guest.url(), Options::default()).await.unwrap();
        let mut conn = database.conn().await.unwrap();
        conn.batch_execute("CREATE TABLE IF NOT EXISTS kept (id INT PRIMARY KEY)").await.unwrap();
        assert_eq!(rows(&database).await.unwrap(), round);
        conn.batch_execute(&format!("INSERT INTO kept VALUES ({round})")).await.unwrap();
        // The next round starts while this database may still be on its way down.
        assert!(!server.signal("KILL").success());
    }
    assert!(Serve::start(dir.path()).signal("TERM").success(), "a clean stop is no failure");
    let alone = Embedded::attach_or_start(dir.path(), staygate::config::DATABASE_NAME, Durability::Full).await.unwrap();
    assert!(alone.is_owner());
    alone.stop(Duration::ZERO).await.unwrap();
}
