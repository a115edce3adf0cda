//! The guests' knowledge: acknowledged bookings, and nights that were reported as taken.

use std::{
    collections::BTreeMap,
    ops::Range,
    sync::{Mutex, MutexGuard},
    time::Instant,
};

/// A booking that was acknowledged.
#[derive(Debug, Clone)]
pub struct Claim {
    pub booking: String,
    pub nights: Range<u64>,
    /// When it was requested.
    sent: Instant,
    /// When its cancellation was acknowledged.
    ended: Option<Instant>,
    pub state: State,
}

/// The latest acknowledged state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    Booked,
    Paid,
    /// Requested, without a response yet.
    Cancelling,
    Cancelled,
}

/// A night was reported as taken.
struct Loss {
    night: u64,
    sent: Instant,
    heard: Instant,
}

/// Shared by all guests.
#[derive(Default)]
pub struct Ledger(Mutex<Book>);

#[derive(Default)]
struct Book {
    claims: Vec<Claim>,
    /// The bookings that have a night now.
    holders: BTreeMap<u64, usize>,
    losses: Vec<Loss>,
}

impl Ledger {
    fn book(&self) -> MutexGuard<'_, Book> {
        self.0.lock().unwrap()
    }

    /// A booking was acknowledged. Returns its number in the ledger.
    pub fn booked(&self, booking: &str, nights: Range<u64>, sent: Instant) -> usize {
        let mut book = self.book();
        let number = book.claims.len();
        for night in nights.clone() {
            let other = book.holders.insert(night, number);
            assert_eq!(
                other.map(|other| &book.claims[other]),
                None::<&Claim>,
                "night {night} was sold to {booking} too"
            );
        }
        let booking = booking.to_owned();
        book.claims.push(Claim { booking, nights, sent, ended: None, state: State::Booked });
        number
    }

    /// A payment was acknowledged.
    pub fn paid(&self, number: usize) {
        self.book().claims[number].state = State::Paid;
    }

    /// A cancellation is about to be sent: from now on another guest can get the nights.
    pub fn canceling(&self, number: usize) {
        let mut book = self.book();
        book.claims[number].state = State::Cancelling;
        book.holders.retain(|_, holder| *holder != number);
    }

    /// The cancellation was acknowledged.
    pub fn canceled(&self, number: usize) {
        let claim = &mut self.book().claims[number];
        claim.ended = Some(Instant::now());
        claim.state = State::Cancelled;
    }

    /// These nights were reported as taken.
    pub fn reported_taken(&self, nights: impl Iterator<Item = u64>, sent: Instant) {
        let heard = Instant::now();
        self.book().losses.extend(nights.map(|night| Loss { night, sent, heard }));
    }

    /// All that was acknowledged.
    pub fn claims(&self) -> Vec<Claim> {
        self.book().claims.clone()
    }

    /// How many reports of taken nights there were.
    pub fn losses(&self) -> usize {
        self.book().losses.len()
    }

    /// Checks that each night that was reported as taken could have been taken at that moment.
    pub fn check_losses(&self) {
        let book = self.book();
        let held = |loss: &Loss, claim: &Claim| {
            claim.nights.contains(&loss.night)
                && claim.sent <= loss.heard
                && claim.ended.is_none_or(|ended| ended >= loss.sent)
        };
        for loss in &book.losses {
            assert!(book.claims.iter().any(|claim| held(loss, claim)), "night {} was free", loss.night);
        }
    }
}

impl PartialEq for Claim {
    fn eq(&self, other: &Self) -> bool {
        self.booking == other.booking
    }
}
