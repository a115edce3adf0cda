//! What guests know of the nights: who was told to have which, and who was told that which are taken.

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
    /// When it was asked for.
    sent: Instant,
    /// When it was known to be cancelled.
    ended: Option<Instant>,
    pub state: State,
}

/// What of it was acknowledged last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    Booked,
    Paid,
    /// Somebody has asked for it, and has no answer yet.
    Cancelling,
    Cancelled,
}

/// Somebody was told that a night is taken.
struct Loss {
    night: u64,
    sent: Instant,
    heard: Instant,
}

/// Kept by all guests together.
#[derive(Default)]
pub struct Ledger(Mutex<Book>);

#[derive(Default)]
struct Book {
    claims: Vec<Claim>,
    /// Who certainly has a night now.
    holders: BTreeMap<u64, usize>,
    losses: Vec<Loss>,
}

impl Ledger {
    fn book(&self) -> MutexGuard<'_, Book> {
        self.0.lock().unwrap()
    }

    /// A booking was acknowledged. Returns its number in the ledger.
    pub fn won(&self, booking: &str, nights: Range<u64>, sent: Instant) -> usize {
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

    /// A cancellation is about to be sent: from now on somebody else may get the nights.
    pub fn gives_up(&self, number: usize) {
        let mut book = self.book();
        book.claims[number].state = State::Cancelling;
        book.holders.retain(|_, holder| *holder != number);
    }

    /// The cancellation was acknowledged.
    pub fn gave_up(&self, number: usize) {
        let claim = &mut self.book().claims[number];
        claim.ended = Some(Instant::now());
        claim.state = State::Cancelled;
    }

    /// Somebody was told that these nights are taken.
    pub fn lost(&self, nights: impl Iterator<Item = u64>, sent: Instant) {
        let heard = Instant::now();
        self.book().losses.extend(nights.map(|night| Loss { night, sent, heard }));
    }

    /// All that was acknowledged.
    pub fn claims(&self) -> Vec<Claim> {
        self.book().claims.clone()
    }

    /// How many were told that nights are taken.
    pub fn losses(&self) -> usize {
        self.book().losses.len()
    }

    /// Whoever was told that a night is taken was told the truth: somebody may have had it just then.
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
