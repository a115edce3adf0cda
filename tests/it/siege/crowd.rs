//! S9: sockets of one member that all follow one booking, and cards for it that are declined.

use std::sync::Arc;

use serde_json::json;
use tokio::{sync::watch, task::JoinSet};

use super::stranger::ask;
use crate::harness::{actors::PAY, remote, server::PATIENCE, socket::Socket};

const FOLLOW: &str = "subscription ($id: ID!) { event: bookingEvents(bookingId: $id) { id kind booking { status
    payments { status } host { displayName } listing { title } } } }";

/// How many subscriptions one member may have open at a time, unless it is set.
const OPEN: usize = 100;

/// The most payments of a booking.
const PAYMENTS: usize = 10;

/// How large a crowd is.
#[derive(Clone, Copy)]
pub struct Crowd {
    pub sockets: usize,
    /// The subscriptions of each socket.
    pub each: usize,
    /// The cards that are tried.
    pub cards: usize,
}

/// What the sockets were told.
#[derive(Default)]
struct Told {
    events: usize,
    refused: usize,
}

impl Crowd {
    /// Follows, and pays with cards that are declined.
    pub async fn follow(self, to: &str) {
        let (host, guest) = (remote::register(to, 1).await, remote::register(to, 2).await);
        let booking = remote::book(to, &host, &guest).await;
        let (told, mut hears) = watch::channel(Told::default());
        let told = Arc::new(told);
        let mut listening = JoinSet::new();
        for _ in 0..self.sockets {
            let mut socket = Socket::open(to, &host).await;
            for id in 0..self.each {
                socket.subscribe(id, FOLLOW, &json!({ "id": booking })).await;
            }
            listening.spawn(listen(socket, Arc::clone(&told)));
        }
        let refused = self.sockets * self.each - OPEN;
        // The others follow: a subscription that is taken up is not answered before there is an event.
        wait(&mut hears, |told| told.refused == refused).await;
        self.decline(to, &guest, &booking).await;
        wait(&mut hears, |told| told.events >= OPEN).await;
        assert_eq!(hears.borrow().refused, refused);
        println!("{OPEN} subscriptions of {} were told {} events", refused + OPEN, hears.borrow().events);
    }

    /// A booking has one payment in flight at a time, so the cards come one after the other. Some are declined, and then the guest or the
    /// booking had as many as they may have.
    async fn decline(self, to: &str, guest: &str, booking: &str) {
        let mut declined = 0;
        for number in 0..self.cards {
            let input = remote::card(booking, "CARD_DECLINED", &format!("card-{number:08}"));
            let from = remote::local_address(60_000);
            let paid = ask(from, guest, to, PAY, &json!({ "input": input })).await.unwrap();
            match paid["data"]["payBooking"]["__typename"].as_str() {
                Some("PaymentDeclinedProblem") => declined += 1,
                Some("TooManyAttemptsProblem") => {}
                Some("StateConflictProblem") if declined == PAYMENTS => {}
                _ => panic!("{paid}"),
            }
        }
        println!("{declined} of {} cards were declined", self.cards);
    }
}

async fn listen(mut socket: Socket, told: Arc<watch::Sender<Told>>) {
    loop {
        let message = socket.next().await;
        told.send_modify(|told| match message["type"].as_str() {
            Some("next") => told.events += 1,
            Some("error") => told.refused += 1,
            _ => panic!("{message}"),
        });
    }
}

async fn wait(hears: &mut watch::Receiver<Told>, until: impl FnMut(&Told) -> bool) {
    let waited = tokio::time::timeout(PATIENCE, hears.wait_for(until)).await;
    assert!(waited.is_ok_and(|told| told.is_ok()), "the crowd is told in time");
}
