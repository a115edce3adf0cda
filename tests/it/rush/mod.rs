//! Load: sixty-four concurrent guests at servers in separate processes.

mod ledger;
mod proofs;

use std::{
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use chrono::{Days, NaiveDate};
use diesel::{
    QueryableByName,
    sql_types::{BigInt, Binary, Text},
};
use futures_util::future::join_all;
use mysql_engine::Conn;
use rand::{RngExt, SeedableRng, rngs::StdRng};
use serde_json::{Value, json};
use types::BookingId;

use crate::{
    harness::{
        actors::{BOOK, CANCEL, CREATE_LISTING, PAY, PUBLISH_LISTING, QUOTE, REGISTER, home},
        remote,
        server::{Server, TIMEOUT},
        wire::{self, Reply},
    },
    races::walk::nothing_is_broken,
};
use ledger::{Ledger, State};

/// How many guests there are.
pub const GUESTS: usize = 64;
/// All guests want stays that begin within so many nights.
const WINDOW: u64 = 12;
/// The window moves by so many nights a second, so that there are always free nights.
const PACE: f64 = 8.0;

/// How guests handle failures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tolerance {
    /// Every request must be answered, and no answer may have a top-level error.
    Strict,
    /// Requests without a response, and retryable ones, are repeated with the same key.
    Patient,
}

/// The available servers, a listing, and the guests' knowledge.
pub struct Rush {
    addresses: Mutex<Vec<String>>,
    tolerance: Tolerance,
    listing: String,
    first: NaiveDate,
    tokens: Vec<String>,
    answers: AtomicUsize,
    repeats: AtomicUsize,
    /// Who had a quote, and lost the race for the booking.
    late: AtomicUsize,
    pub ledger: Ledger,
}

impl Rush {
    /// All guests, each with an account of its own, and a published listing.
    pub async fn new(servers: &[&Server], tolerance: Tolerance) -> Self {
        Self::few(servers, tolerance, GUESTS).await
    }

    /// So many guests.
    pub async fn few(servers: &[&Server], tolerance: Tolerance, guests: usize) -> Self {
        let addresses = servers.iter().map(|server| server.address().to_owned()).collect();
        #[expect(clippy::disallowed_methods, reason = "the server uses the real clock")]
        let first = chrono::Utc::now().date_naive() + Days::new(20);
        let mut rush = Self {
            addresses: Mutex::new(addresses),
            tolerance,
            listing: String::new(),
            first,
            tokens: Vec::new(),
            answers: AtomicUsize::new(0),
            repeats: AtomicUsize::new(0),
            late: AtomicUsize::new(0),
            ledger: Ledger::default(),
        };
        let host = rush.register("host").await;
        let made = rush.run_query(0, &host, CREATE_LISTING, home()).await;
        let id = made["listing"]["id"].as_str().unwrap_or_else(|| panic!("{made}")).to_owned();
        let made = rush.run_query(0, &host, PUBLISH_LISTING, json!({ "listingId": id })).await;
        assert_eq!(made["listing"]["status"], "PUBLISHED", "{made}");
        rush.listing = id;
        // Sequentially, because few callers of one address can wait for password hashing.
        for guest in 0..guests {
            rush.tokens.push(rush.register(&format!("guest{guest}")).await);
        }
        rush
    }

    async fn register(&self, name: &str) -> String {
        let input = json!({ "email": format!("{name}@example.org"), "password": "correct horse", "displayName": name });
        let answer = self.run_query(0, "", REGISTER, input).await;
        let token = answer["tokens"]["accessToken"].as_str().unwrap_or_else(|| panic!("{answer}"));
        remote::verified(&self.address(0), token).await
    }

    /// A server that was replaced.
    pub fn replace(&self, index: usize, server: &Server) {
        self.addresses.lock().unwrap()[index] = server.address().to_owned();
    }

    fn address(&self, turn: usize) -> String {
        let addresses = self.addresses.lock().unwrap();
        addresses[turn % addresses.len()].clone()
    }

    /// The payload of a mutation, sent to one server after the other if the guests are patient.
    async fn run_query(&self, turn: usize, token: &str, query: &str, input: Value) -> Value {
        let variables = json!({ "input": input });
        let answered = async {
            for turn in turn.. {
                let reply = wire::post(&self.address(turn), token, query, &variables).await;
                match reply {
                    Ok(reply) if self.tolerance == Tolerance::Strict || reply.body.get("errors").is_none() => {
                        self.answers.fetch_add(1, Ordering::Relaxed);
                        return reply.field().clone();
                    }
                    Ok(reply) => assert!(reply.is_retryable(), "{reply:?}"),
                    Err(error) => assert_eq!(self.tolerance, Tolerance::Patient, "{error}"),
                }
                self.repeats.fetch_add(1, Ordering::Relaxed);
                // An unavailable server refuses at once: retrying without a pause is useless.
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            unreachable!("turns do not end")
        };
        tokio::time::timeout(TIMEOUT, answered).await.expect("some server answers")
    }

    fn day(&self, night: u64) -> NaiveDate {
        self.first + Days::new(night)
    }

    /// The nights that a response reports as taken; each is one that was requested.
    fn taken(&self, answer: &Value, from: u64, to: u64, sent: Instant) {
        assert_eq!(answer["__typename"], "NightsUnavailableProblem", "{answer}");
        let nights: Vec<u64> = answer["nights"].as_array().unwrap().iter().map(|night| self.number(night)).collect();
        assert!(!nights.is_empty() && nights.iter().all(|night| (from..to).contains(night)), "{from}..{to}: {answer}");
        self.ledger.reported_taken(nights.into_iter(), sent);
    }

    fn number(&self, night: &Value) -> u64 {
        let night: NaiveDate = night.as_str().unwrap().parse().unwrap();
        u64::try_from((night - self.first).num_days()).unwrap()
    }

    /// One guest until `end`: quotes, books if possible, and pays or cancels.
    async fn visit(&self, guest: usize, begun: Instant, end: Duration) {
        let mut rng = StdRng::seed_from_u64(guest as u64);
        let token = &self.tokens[guest];
        for stay in 0.. {
            let since = begun.elapsed();
            if since >= end {
                return;
            }
            let turn = guest + stay;
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a small positive number")]
            let moved = (since.as_secs_f64() * PACE) as u64;
            let from = moved + rng.random_range(0..WINDOW);
            let to = from + rng.random_range(2..=5);
            let sent = Instant::now();
            let days = json!({ "checkIn": self.day(from), "checkOut": self.day(to) });
            let answer = self.run_query(turn, token, QUOTE, json!({ "listingId": self.listing, "stay": days })).await;
            let Some(quote) = answer["quote"]["id"].as_str() else {
                self.taken(&answer, from, to, sent);
                continue;
            };
            let key = format!("booking-{guest}-{stay}");
            let sent = Instant::now();
            let answer = self.run_query(turn, token, BOOK, json!({ "quoteId": quote, "idempotencyKey": key })).await;
            let Some(booking) = answer["booking"]["id"].as_str() else {
                self.taken(&answer, from, to, sent);
                self.late.fetch_add(1, Ordering::Relaxed);
                continue;
            };
            let number = self.ledger.booked(booking, from..to, sent);
            self.decide(turn, token, number, booking, rng.random_range(0..3)).await;
        }
    }

    /// Cancels a booking, pays it, or both.
    async fn decide(&self, turn: usize, token: &str, number: usize, booking: &str, choice: u8) {
        if choice > 0 {
            let method = json!({ "sandbox": "CARD_OK" });
            let key = format!("payment-of-{number:05}");
            let input = json!({ "booking": { "id": booking }, "method": method, "idempotencyKey": key });
            let answer = self.run_query(turn, token, PAY, input).await;
            assert_eq!(answer["__typename"], "PayBookingSuccess", "{answer}");
            self.ledger.paid(number);
        }
        if choice < 2 {
            self.ledger.canceling(number);
            let input = json!({ "bookingId": booking, "idempotencyKey": format!("cancel-of-{number:05}") });
            let answer = self.run_query(turn, token, CANCEL, input).await;
            assert_eq!(answer["__typename"], "CancelBookingSuccess", "{answer}");
            self.ledger.canceled(number);
        }
    }

    /// Runs all guests for `length`, with `disaster` meanwhile.
    pub async fn run<T>(&self, length: Duration, disaster: impl Future<Output = T>) -> T {
        let begun = Instant::now();
        let visits = (0..self.tokens.len()).map(|guest| self.visit(guest, begun, length));
        let (_, outcome) = tokio::join!(join_all(visits), disaster);
        outcome
    }

    /// Waits until the guests have had so many more responses.
    pub async fn answered(&self, more: usize) {
        let from = self.answers.load(Ordering::Relaxed);
        while self.answers.load(Ordering::Relaxed) < from + more {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// A booking far from all others, by the first guest, at each of the servers.
    pub async fn fresh_bookings(&self, servers: &[&Server]) {
        for (number, server) in servers.iter().enumerate() {
            let from = 300 + 3 * number as u64;
            let execute = async |query, input: Value| -> Reply {
                wire::post(server.address(), &self.tokens[0], query, &json!({ "input": input })).await.unwrap()
            };
            let days = json!({ "checkIn": self.day(from), "checkOut": self.day(from + 2) });
            let quoted = execute(QUOTE, json!({ "listingId": self.listing, "stay": days })).await;
            let quote = &quoted.field()["quote"]["id"];
            let booked =
                execute(BOOK, json!({ "quoteId": quote, "idempotencyKey": format!("fresh-{number:05}") })).await;
            assert_eq!(booked.field()["__typename"], "CreateBookingSuccess", "{booked:?}");
        }
    }

    /// Checks that everything acknowledged is stored, that responses were correct, and that nothing is incomplete.
    pub async fn check(&self, conn: &mut Conn) {
        nothing_is_broken(conn).await;
        self.ledger.check_losses();
        let claims = self.ledger.claims();
        for claim in &claims {
            let id: BookingId = claim.booking.parse().unwrap();
            let row = diesel::sql_query(
                "SELECT status, (SELECT COUNT(*) FROM nights WHERE booking_id = b.id) AS nights FROM bookings b WHERE id = ?",
            );
            let row: Row = diesel_async::RunQueryDsl::get_result(row.bind::<Binary, _>(id), conn).await.unwrap();
            let length = i64::try_from(claim.nights.end - claim.nights.start).unwrap();
            let expected = match claim.state {
                State::Booked => ("PENDING_PAYMENT", length),
                State::Paid => ("CONFIRMED", length),
                State::Cancelled => ("CANCELLED", 0),
                State::Cancelling => panic!("{claim:?} was not answered"),
            };
            assert_eq!((row.status.as_str(), row.nights), expected, "{claim:?} was acknowledged");
        }
        let late = self.late.load(Ordering::Relaxed);
        assert!(claims.len() > 1 && late > 5, "there was a rush: {} bookings, {late} lost races", claims.len());
    }

    /// The metrics of the servers.
    pub async fn report(&self, what: &str, servers: &[&Server]) -> u64 {
        let mut retries = 0;
        for server in servers {
            let ready = wire::get(&server.metrics().await, "/readyz").await.unwrap();
            retries += ready.body["transactionRetries"].as_u64().unwrap_or_else(|| panic!("{ready:?}"));
        }
        println!(
            "{what}: {} answers, {} bookings, {} nights told to be taken, {} races for a booking lost, \
             {} requests sent again, {retries} transactions ran again",
            self.answers.load(Ordering::Relaxed),
            self.ledger.claims().len(),
            self.ledger.losses(),
            self.late.load(Ordering::Relaxed),
            self.repeats.load(Ordering::Relaxed)
        );
        retries
    }
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Text)]
    status: String,
    #[diesel(sql_type = BigInt)]
    nights: i64,
}
