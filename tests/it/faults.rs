//! Servers and databases that are killed under load.

use std::{
    path::Path,
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use diesel::{QueryableByName, sql_types::Text};
use mysql_engine::{Conn, Database, Options};
use serde_json::{Value, json};

use crate::{
    harness::{
        actors::{BOOK, CREATE_LISTING, PAY, PUBLISH_LISTING, QUOTE, REGISTER, home},
        database::TestDatabase,
        kill, remote,
        server::{Server, TIMEOUT},
        wire,
    },
    races::walk::nothing_is_broken,
};

const GUESTS: usize = 8;
/// Stays that each guest tries to book and pay for.
const STAYS: usize = 6;
/// After so many responses a process is killed.
const CALM: usize = 30;

/// The available servers, and the number of responses.
struct Rush {
    addresses: Mutex<Vec<String>>,
    answers: AtomicUsize,
    /// Bookings whose payment was acknowledged.
    paid: Mutex<Vec<String>>,
}

impl Rush {
    fn of(servers: &[&Server]) -> Self {
        let addresses = servers.iter().map(|server| server.address().to_owned()).collect();
        Self { addresses: Mutex::new(addresses), answers: AtomicUsize::new(0), paid: Mutex::default() }
    }

    /// Sends the request to one server after the other until one responds, always with the same key. Returns the mutation's payload.
    async fn run_query(&self, turn: usize, token: &str, query: &str, input: Value) -> Value {
        let body = json!({ "query": query, "variables": { "input": input } }).to_string();
        let answered = async {
            for turn in turn.. {
                let address = {
                    let addresses = self.addresses.lock().unwrap();
                    addresses[turn % addresses.len()].clone()
                };
                if let Some(payload) = post(&address, token, &body).await {
                    self.answers.fetch_add(1, Ordering::Relaxed);
                    return payload;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            unreachable!("turns do not end")
        };
        tokio::time::timeout(TIMEOUT, answered).await.expect("some server answers")
    }

    /// Registers an account. Returns the access token.
    async fn register(&self, name: &str) -> String {
        let input = json!({ "email": format!("{name}@example.org"), "password": "correct horse", "displayName": name });
        let answer = self.run_query(0, "", REGISTER, input).await;
        let token = answer["tokens"]["accessToken"].as_str().unwrap_or_else(|| panic!("{answer}"));
        let address = self.addresses.lock().unwrap()[0].clone();
        remote::verified(&address, token).await
    }

    async fn listing(&self) -> String {
        let host = self.register("host").await;
        let answer = self.run_query(0, &host, CREATE_LISTING, home()).await;
        let id = answer["listing"]["id"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned();
        let answer = self.run_query(0, &host, PUBLISH_LISTING, json!({ "listingId": id })).await;
        assert_eq!(answer["listing"]["status"], "PUBLISHED", "{answer}");
        id
    }

    /// Books and pays for contested stays.
    async fn book(&self, guest: usize, token: &str, listing: &str, first: chrono::NaiveDate) {
        for stay in 0..STAYS {
            let turn = guest + stay;
            let from = first + chrono::Days::new((guest * 3 + stay * 5) as u64 % 40);
            let days = json!({ "checkIn": from, "checkOut": from + chrono::Days::new(2 + turn as u64 % 3) });
            let answer = self.run_query(turn, token, QUOTE, json!({ "listingId": listing, "stay": days })).await;
            let Some(quote) = answer["quote"]["id"].as_str() else { continue };
            let input = json!({ "quoteId": quote, "idempotencyKey": format!("booking-{guest}-{stay}") });
            let answer = self.run_query(turn, token, BOOK, input).await;
            let Some(booking) = answer["booking"]["id"].as_str() else {
                assert_eq!(answer["__typename"], "NightsUnavailableProblem", "{answer}");
                continue;
            };
            let key = format!("payment-{guest}-{stay}");
            let method = json!({ "sandbox": "CARD_OK" });
            let input = json!({ "booking": { "id": booking }, "method": method, "idempotencyKey": key });
            let answer = self.run_query(turn, token, PAY, input).await;
            assert_eq!(answer["__typename"], "PayBookingSuccess", "{answer}");
            self.paid.lock().unwrap().push(booking.to_owned());
        }
    }

    /// Runs all guests at once, and `disaster` after some responses.
    async fn run<T>(&self, disaster: impl Future<Output = T>) -> T {
        let listing = self.listing().await;
        let mut tokens = Vec::new();
        for guest in 0..GUESTS {
            tokens.push(self.register(&format!("guest{guest}")).await);
        }
        #[expect(clippy::disallowed_methods, reason = "the server uses the real clock")]
        let first = chrono::Utc::now().date_naive() + chrono::Days::new(30);
        let begun = self.answers.load(Ordering::Relaxed);
        let guests = tokens.iter().enumerate().map(|(guest, token)| self.book(guest, token, &listing, first));
        let rush = futures_util::future::join_all(guests);
        let strike = async {
            while self.answers.load(Ordering::Relaxed) < begun + CALM {
                tokio::task::yield_now().await;
            }
            disaster.await
        };
        tokio::join!(rush, strike).1
    }

    /// Checks that everything acknowledged is stored, and nothing is incomplete.
    async fn check(&self, conn: &mut Conn) {
        use diesel_async::RunQueryDsl;
        nothing_is_broken(conn).await;
        let paid = self.paid.lock().unwrap().clone();
        assert!(paid.len() >= 5, "some guests were served: {}", paid.len());
        for booking in paid {
            let id: types::BookingId = booking.parse().unwrap();
            let row = diesel::sql_query("SELECT status AS text FROM bookings WHERE id = ?");
            let row: Word = row.bind::<diesel::sql_types::Binary, _>(id).get_result(conn).await.unwrap();
            assert_eq!(row.text, "CONFIRMED", "{booking} was acknowledged");
        }
    }
}

#[derive(QueryableByName)]
struct Word {
    #[diesel(sql_type = Text)]
    text: String,
}

/// The payload of the one mutation in `body`; None when the server or its database is unavailable.
async fn post(address: &str, token: &str, body: &str) -> Option<Value> {
    let bearer = if token.is_empty() { String::new() } else { format!("Bearer {token}") };
    let headers = [wire::JSON, ("accept", "application/json"), ("authorization", &bearer)];
    let (_, answer) = wire::exchange(address, wire::POST, &headers, body).await.ok()?;
    let answer: Value = serde_json::from_str(&answer).ok()?;
    if let Some(error) = answer["errors"].get(0) {
        assert_eq!(error["extensions"]["retryable"], true, "{answer}");
        return None;
    }
    answer["data"].as_object()?.values().next().cloned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_killed_under_load_loses_nothing_acknowledged() {
    let test = TestDatabase::new().await;
    let (doomed, other) = tokio::join!(Server::on(&test.url, "off"), Server::on(&test.url, "off"));
    let rush = Rush::of(&[&doomed, &other]);
    let disaster = async {
        doomed.kill().await;
        let replacement = Server::on(&test.url, "off").await;
        rush.addresses.lock().unwrap()[0] = replacement.address().to_owned();
        replacement
    };
    let replacement = rush.run(disaster).await;
    rush.check(&mut test.conn().await).await;
    replacement.stop().await;
    other.stop().await;
}

/// The process of the private database in `data_dir`.
async fn database_process(conn: &mut Conn) -> u32 {
    use diesel_async::RunQueryDsl;
    let row: Word = diesel::sql_query("SELECT @@pid_file AS text").get_result(conn).await.unwrap();
    std::fs::read_to_string(Path::new(&row.text)).unwrap().trim().parse().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_is_killed_under_load_keeps_everything_acknowledged() {
    use diesel_async::RunQueryDsl;
    let folder = tempfile::tempdir().unwrap();
    let server = Server::private(folder.path()).await;
    let attached = mysql_engine::embedded::Embedded::attach_or_start(
        folder.path(),
        staygate::config::DATABASE_NAME,
        mysql_engine::embedded::Durability::Full,
    )
    .await
    .unwrap();
    let database = Database::connect(attached.url(), Options::default()).await.unwrap();
    let process = database_process(&mut database.conn().await.unwrap()).await;
    let rush = Rush::of(&[&server]);
    rush.run(async { kill("KILL", process) }).await;
    let mut conn = loop {
        // The first use of an old connection detects that it is dead.
        if let Ok(mut conn) = database.conn().await
            && diesel::sql_query("SELECT 1").execute(&mut conn).await.is_ok()
        {
            break conn;
        }
    };
    rush.check(&mut conn).await;
    assert_ne!(database_process(&mut conn).await, process, "it was started again");
    drop(conn);
    database.close();
    attached.stop(TIMEOUT).await.unwrap();
    server.stop().await;
}
