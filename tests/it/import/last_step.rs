//! The last step of an import, which recomputes what depends on many rows.

use std::process::{Child, Command, Stdio};

use diesel_async::SimpleAsyncConnection;
use import::{Part, Source};
use mysql_engine::Conn;

use super::{City, number};
use crate::harness::database::{TestDatabase, processes};

const UNMEASURED: &str = "SELECT COUNT(*) FROM listings WHERE shortest_stay = 0";

/// `staygate import`, which is killed with the test.
struct Import(Child);

impl Import {
    fn start(city: &City, url: &str) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_staygate"));
        command.args(["import", "inside-airbnb", "--city", "Test", "--currency", "SGD"]);
        for part in [Part::Listings, Part::Reviews, Part::Calendar] {
            command.arg(format!("--{part}")).arg(city.path(part));
        }
        command.env("DATABASE_URL", url).stdout(Stdio::null()).stderr(Stdio::null());
        Self(command.spawn().unwrap())
    }
}

impl Drop for Import {
    fn drop(&mut self) {
        // SIGKILL.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The import's connection when it waits for the lock, else 0.
async fn waiting(conn: &mut Conn) -> i64 {
    let processes = processes(conn).await;
    let sql = format!("SELECT COALESCE(MAX(ID), 0) FROM {processes} WHERE STATE = 'User lock' AND DB = DATABASE()");
    number(conn, &sql).await
}

/// Kills the import while it waits for the lock in the last step. The database aborts its statement too.
async fn kill_in_the_last_step(conn: &mut Conn, mut import: Import) {
    let mut connection = 0;
    while connection == 0 {
        assert!(import.0.try_wait().unwrap().is_none(), "the import ended before its last step");
        connection = waiting(conn).await;
    }
    drop(import);
    conn.batch_execute(&format!("KILL {connection}")).await.unwrap();
    while waiting(conn).await != 0 {
        tokio::task::yield_now().await;
    }
}

/// I5: killed in the last step, the next run said "already imported" and never did it.
#[tokio::test]
async fn an_import_that_is_killed_in_its_last_step_is_finished_by_the_next_run() {
    let test = TestDatabase::new().await;
    let conn = &mut test.conn().await;
    let mut city = City::new();
    // The second listing is measured only when the lock can be had.
    let lock = "SELECT GET_LOCK(CONCAT(DATABASE(), '.measure'), 0)";
    let trigger = "CREATE TRIGGER measure BEFORE UPDATE ON listings FOR EACH ROW IF NEW.shortest_stay > 0 AND OLD.shortest_stay = 0 THEN \
                   DO GET_LOCK(CONCAT(DATABASE(), '.measure'), 3600); END IF";
    conn.batch_execute(trigger).await.unwrap();
    assert_eq!(number(conn, lock).await, 1);
    let import = Import::start(&city, &test.url);
    kill_in_the_last_step(conn, import).await;
    conn.batch_execute("DO RELEASE_LOCK(CONCAT(DATABASE(), '.measure')); DROP TRIGGER measure").await.unwrap();
    assert_eq!(number(conn, UNMEASURED).await, 2);
    city.options.city = Some("Test".to_owned());
    city.options.dataset = "inside-airbnb/Test".to_owned();
    let summary = city.import(conn).await;
    assert!(summary.parts.iter().all(|part| part.already_done), "{summary}");
    assert_eq!(number(conn, UNMEASURED).await, 0);
}

/// I5: the same when the database fails in the last step.
#[tokio::test]
async fn a_last_step_that_fails_is_repeated_by_the_next_run() {
    let test = TestDatabase::new().await;
    let conn = &mut test.conn().await;
    let city = City::new();
    let trigger = "CREATE TRIGGER measure BEFORE UPDATE ON listings FOR EACH ROW IF NEW.shortest_stay > 0 AND OLD.shortest_stay = 0 THEN \
                   SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'not now'; END IF";
    conn.batch_execute(trigger).await.unwrap();
    let error = city.import_with(conn, &mut import::Silent).await.unwrap_err();
    assert!(error.to_string().contains("not now"), "{error}");
    conn.batch_execute("DROP TRIGGER measure").await.unwrap();
    assert_eq!(number(conn, UNMEASURED).await, 2);
    city.import(conn).await;
    assert_eq!(number(conn, UNMEASURED).await, 0);
}

/// I5: each file makes it due again, whatever was imported before.
#[tokio::test]
async fn another_file_makes_the_last_step_due_again() {
    let test = TestDatabase::new().await;
    let conn = &mut test.conn().await;
    let mut city = City::new();
    let calendar = city.options.calendar.take();
    city.import(conn).await;
    assert_eq!(number(conn, "SELECT SUM(shortest_stay) FROM listings").await, 3);
    city.append(Part::Calendar, b"71609,2023-09-26,t,$100.00,,1,30\n");
    city.options.calendar = calendar.map(|_| Source::File(city.path(Part::Calendar)));
    city.import(conn).await;
    assert_eq!(number(conn, "SELECT SUM(shortest_stay) FROM listings").await, 2, "a night allows a shorter stay");
}
