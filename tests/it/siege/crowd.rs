//! S9: sockets of one member that all follow one booking, and cards for it that are declined.

use std::sync::Arc;

use serde_json::json;
use tokio::{sync::watch, task::JoinSet};

use super::stranger::execute;
use crate::harness::{actors::PAY, remote, server::TIMEOUT, socket::Socket};

const FOLLOW: &str = "subscription ($id: ID!) { event: bookingEvents(bookingId: $id) { id kind booking { status
    payments { status } host { displayName } listing { title } } } }";

/// The default limit of open subscriptions of one member.
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

/// The messages that the sockets received.
#[derive(Default)]
struct Received {
    events: usize,
    refused: usize,
}

impl Crowd {
    /// Follows, and pays with cards that are declined.
    pub async fn follow(self, to: &str) {
        let host = remote::verified(to, &remote::register(to, 1).await).await;
        let guest = remote::verified(to, &remote::register(to, 2).await).await;
        let booking = remote::book(to, &host, &guest).await;
        let (received, mut updates) = watch::channel(Received::default());
        let received = Arc::new(received);
        let mut listening = JoinSet::new();
        for _ in 0..self.sockets {
            let mut socket = Socket::open(to, &host).await;
            for id in 0..self.each {
                socket.subscribe(id, FOLLOW, &json!({ "id": booking })).await;
            }
            listening.spawn(listen(socket, Arc::clone(&received)));
        }
        let refused = self.sockets * self.each - OPEN;
        // The others follow: a subscription has no response before there is an event.
        wait(&mut updates, |received| received.refused == refused).await;
        self.decline(to, &guest, &booking).await;
        wait(&mut updates, |received| received.events >= OPEN).await;
        assert_eq!(updates.borrow().refused, refused);
        println!("{OPEN} subscriptions of {} received {} events", refused + OPEN, updates.borrow().events);
    }

    /// A booking has one payment in flight at a time, so the cards are tested sequentially. Some are declined, until the guest or the
    /// booking reaches its limit.
    async fn decline(self, to: &str, guest: &str, booking: &str) {
        let mut declined = 0;
        for number in 0..self.cards {
            let input = remote::card(booking, "CARD_DECLINED", &format!("card-{number:08}"));
            let from = remote::local_address(60_000);
            let paid = execute(from, guest, to, PAY, &json!({ "input": input })).await.unwrap();
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

async fn listen(mut socket: Socket, received: Arc<watch::Sender<Received>>) {
    loop {
        let message = socket.next().await;
        received.send_modify(|received| match message["type"].as_str() {
            Some("next") => received.events += 1,
            Some("error") => received.refused += 1,
            _ => panic!("{message}"),
        });
    }
}

async fn wait(updates: &mut watch::Receiver<Received>, until: impl FnMut(&Received) -> bool) {
    let waited = tokio::time::timeout(TIMEOUT, updates.wait_for(until)).await;
    assert!(waited.is_ok_and(|received| received.is_ok()), "the crowd receives its events in time");
}
