//! A server and the tour as two processes.

use std::process::Output;

use diesel::sql_types::BigInt;
use diesel_async::RunQueryDsl;
use tokio::process::Command;

use crate::harness::{
    database::TestDatabase,
    server::{Server, TIMEOUT},
};

async fn tour(url: &str) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_staygate"));
    let run = command.args(["tour", "--url", url]).kill_on_drop(true).output();
    tokio::time::timeout(TIMEOUT, run).await.expect("the tour ends").unwrap()
}

/// The output of a successful tour.
async fn goes_well(url: &str) -> String {
    let output = tour(url).await;
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{out}\n{err}");
    assert!(out.contains("steps succeeded"), "{out}");
    assert!(!out.contains('\u{1b}'), "no colors where no terminal reads them");
    out.into_owned()
}

#[derive(diesel::QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    n: i64,
}

async fn count(test: &TestDatabase, of: &str) -> i64 {
    let sql = format!("SELECT COUNT(*) AS n FROM {of}");
    let count: Count = diesel::sql_query(sql).get_result(&mut test.conn().await).await.unwrap();
    count.n
}

#[tokio::test(flavor = "multi_thread")]
async fn the_tour_plays_the_journey_on_the_demo_listings() {
    let test = TestDatabase::new().await;
    let server = Server::on(&test.url, "on").await;
    let out = goes_well(&server.url).await;
    for step in
        ["Singapore", "PAYMENT_CAPTURED", "REFUND_CREATED", "NightsUnavailableProblem", "PaymentDeclinedProblem"]
    {
        assert!(out.contains(step), "{step} is not in\n{out}");
    }
    assert!(!out.contains("its own listing"), "{out}");
    // Each chapter is there with its last step.
    for part in [
        "Account: verify",
        "nobody can sign in to it any more",
        "Desk: find",
        "the person sees the decision",
        "the person got a mail, and sees when and why",
        "each is chained to the one before",
    ] {
        assert!(out.contains(part), "{part} is not in\n{out}");
    }
    assert!(!out.contains("Skipped"), "{out}");
    server.stop().await;
    assert_eq!(count(&test, "listings WHERE title = 'Studio of the tour' AND status = 'PUBLISHED'").await, 0);
    assert_eq!(count(&test, "listings WHERE title = 'Studio of the tour' AND status = 'UNLISTED'").await, 1);
    assert_eq!(count(&test, "bookings WHERE status = 'CANCELLED'").await, 2);
    assert_eq!(count(&test, "bookings").await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_demo_data_the_tour_uses_a_listing_of_its_own() {
    let test = TestDatabase::new().await;
    let server = Server::on(&test.url, "off").await;
    let out = goes_well(&server.url).await;
    assert!(out.contains("demo data is off") && out.contains("its own listing"), "{out}");
    assert!(out.contains("PAYMENT_CAPTURED") && out.contains("NightsUnavailableProblem"), "{out}");
    assert!(out.contains("Account: verify") && out.contains("nobody can sign in to it any more"), "{out}");
    assert_eq!(out.matches("Skipped").count(), 1, "only the desk, which needs the demo admin: {out}");
    server.stop().await;
    assert_eq!(count(&test, "listings").await, 1);
    assert_eq!(count(&test, "listings WHERE status = 'PUBLISHED'").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_demo_hosts_listing_is_made_once_and_finished_after_a_crash() {
    const STUDIO: &str = "listings WHERE title = 'Demo studio by the river'";
    let test = TestDatabase::new().await;
    Server::on(&test.url, "on").await.stop().await;
    assert_eq!(count(&test, &format!("{STUDIO} AND status = 'PUBLISHED' AND NOT instant_book")).await, 1);
    let all = count(&test, "listings").await;
    // As after a crash between the two steps.
    let half = "UPDATE listings SET status = 'DRAFT', published_at = NULL WHERE title = 'Demo studio by the river'";
    diesel::sql_query(half).execute(&mut test.conn().await).await.unwrap();
    Server::on(&test.url, "on").await.stop().await;
    assert_eq!(count(&test, &format!("{STUDIO} AND status = 'PUBLISHED'")).await, 1);
    // An unlisted listing stays unlisted.
    let off = "UPDATE listings SET status = 'UNLISTED' WHERE title = 'Demo studio by the river'";
    diesel::sql_query(off).execute(&mut test.conn().await).await.unwrap();
    Server::on(&test.url, "on").await.stop().await;
    assert_eq!(count(&test, &format!("{STUDIO} AND status = 'UNLISTED'")).await, 1);
    assert_eq!(count(&test, "listings").await, all);
}

#[tokio::test]
async fn a_failed_tour_reports_the_step_and_the_reason() {
    // A port that was free a moment ago.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let output = tour(&format!("http://127.0.0.1:{port}")).await;
    let err = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1));
    assert!(err.contains("step 1 (Is the server ready?)") && err.contains("no server on"), "{err}");
    let output = tour("https://127.0.0.1").await;
    let err = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.code() == Some(1) && err.contains("does not support TLS"), "{err}");
}
