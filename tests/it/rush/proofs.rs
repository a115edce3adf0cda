//! Invariants under load.

use std::time::Duration;

use diesel::{QueryableByName, sql_types::Text};
use diesel_async::RunQueryDsl;
use futures_util::future::join_all;
use mysql_engine::{
    Conn, Database, Options,
    embedded::{Durability, Embedded},
};
use serde_json::json;

use super::{Rush, Tolerance};
use crate::harness::{
    actors::{BOOK, QUOTE},
    database::TestDatabase,
    kill,
    server::{Server, TIMEOUT},
};

async fn two_servers(length: Duration) {
    let test = TestDatabase::new().await;
    let (one, other) = tokio::join!(Server::on(&test.url, "off"), Server::on(&test.url, "off"));
    let rush = Rush::new(&[&one, &other], Tolerance::Strict).await;
    rush.run(length, async {}).await;
    rush.report("two servers", &[&one, &other]).await;
    rush.check(&mut test.conn().await).await;
    rush.fresh_bookings(&[&one, &other]).await;
    one.stop().await;
    other.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn guests_of_two_servers_share_no_night_and_meet_no_error() {
    two_servers(Duration::from_secs(3)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "30 s; make prove"]
async fn guests_of_two_servers_share_no_night_and_meet_no_error_for_thirty_seconds() {
    two_servers(Duration::from_secs(30)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "30 s; make prove"]
async fn killing_a_server_and_then_the_database_loses_nothing_acknowledged() {
    let folder = tempfile::tempdir().unwrap();
    let embedded = Embedded::start(folder.path(), staygate::config::DATABASE_NAME, Durability::Full).await.unwrap();
    let doomed = Server::on(embedded.url(), "off").await;
    let other = Server::on(embedded.url(), "off").await;
    let rush = Rush::new(&[&doomed, &other], Tolerance::Patient).await;
    let database = embedded.pid().unwrap();
    let disaster = async {
        rush.answered(400).await;
        doomed.kill().await;
        let replacement = Server::on(embedded.url(), "off").await;
        rush.replace(0, &replacement);
        rush.answered(400).await;
        kill("KILL", database);
        rush.answered(400).await;
        replacement
    };
    let replacement = rush.run(Duration::from_secs(30), disaster).await;
    assert_ne!(embedded.pid().unwrap(), database, "the database was started again");
    rush.report("a server and the database were killed", &[&replacement, &other]).await;
    let pool = Database::connect(embedded.url(), Options::default()).await.unwrap();
    rush.check(&mut pool.conn().await.unwrap()).await;
    rush.fresh_bookings(&[&replacement, &other]).await;
    replacement.stop().await;
    other.stop().await;
    pool.close();
    embedded.stop(TIMEOUT).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twenty_repeats_of_one_key_at_two_servers_have_one_effect_and_one_answer() {
    let test = TestDatabase::new().await;
    let (one, other) = tokio::join!(Server::on(&test.url, "off"), Server::on(&test.url, "off"));
    let rush = Rush::few(&[&one, &other], Tolerance::Strict, 1).await;
    let days = json!({ "checkIn": rush.day(0), "checkOut": rush.day(3) });
    let quoted = rush.run_query(0, &rush.tokens[0], QUOTE, json!({ "listingId": rush.listing, "stay": days })).await;
    let input = json!({ "quoteId": quoted["quote"]["id"], "idempotencyKey": "one-key-for-all" });
    let mut answers = join_all((0..20).map(|turn| rush.run_query(turn, &rush.tokens[0], BOOK, input.clone()))).await;
    let fresh = answers.iter().filter(|answer| answer["replayed"] == false).count();
    assert_eq!(fresh, 1, "{answers:?}");
    answers.iter_mut().for_each(|answer| answer["replayed"] = json!(true));
    assert_eq!(answers[0]["__typename"], "CreateBookingSuccess", "{}", answers[0]);
    assert_eq!(answers, vec![answers[0].clone(); 20]);
    assert_eq!(word(&mut test.conn().await, "SELECT CAST(COUNT(*) AS CHAR) AS word FROM bookings").await, "1");
    one.stop().await;
    other.stop().await;
}

#[derive(QueryableByName)]
struct Word {
    #[diesel(sql_type = Text)]
    word: String,
}

async fn word(conn: &mut Conn, sql: &str) -> String {
    let row: Word = diesel::sql_query(sql).get_result(conn).await.unwrap();
    row.word
}
