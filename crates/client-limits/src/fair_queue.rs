//! A queue for a few slots in which nobody waits for those who ask more often.
//!
//! Everybody waits in a lane of their own, and lanes take turns: whoever brings a hundred requests waits a hundred turns, and whoever
//! brings one waits one. Lanes are short. When the queue is full, the longest lane makes room for a shorter one. Devices that have signed
//! in before wait apart from everybody else and get every second turn, however many strangers there are.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, PoisonError},
};

use tokio::sync::oneshot;

use crate::AddressPrefix;

/// Who waits together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Lane {
    /// A device that has signed in before, by the hash of its token.
    Device([u8; 32]),
    /// Everybody else with addresses of one prefix.
    Address(AddressPrefix),
}

/// How many may be in the queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// Slots that are used at the same time.
    pub slots: usize,
    /// Callers that wait in one lane.
    pub per_lane: usize,
    /// Callers that wait: so many strangers, and so many known devices.
    pub waiting: usize,
}

/// The queue.
#[derive(Clone)]
pub struct FairQueue(Arc<Shared>);

struct Shared {
    bounds: Bounds,
    state: Mutex<State>,
}

struct State {
    free: usize,
    strangers: Waiting,
    devices: Waiting,
    /// Whether the next turn is a device's.
    device_is_next: bool,
}

type Waiter = oneshot::Sender<Slot>;

/// Lanes that take turns.
#[derive(Default)]
struct Waiting {
    lanes: HashMap<Lane, VecDeque<Waiter>>,
    turns: VecDeque<Lane>,
    number: usize,
}

/// The right to work. Dropping it lets the next caller in.
pub struct Slot(Option<Arc<Shared>>);

impl Waiting {
    /// Adds a caller to a lane; false when there is no room.
    fn push(&mut self, lane: Lane, waiter: Waiter, bounds: Bounds) -> bool {
        self.forget_who_left(lane);
        let own = self.lanes.get(&lane).map_or(0, VecDeque::len);
        if own >= bounds.per_lane || (self.number >= bounds.waiting && !self.shorten_longest(own)) {
            return false;
        }
        if own == 0 {
            self.turns.push_back(lane);
        }
        self.lanes.entry(lane).or_default().push_back(waiter);
        self.number += 1;
        true
    }

    fn forget_who_left(&mut self, lane: Lane) {
        let Some(waiters) = self.lanes.get_mut(&lane) else { return };
        let before = waiters.len();
        waiters.retain(|waiter| !waiter.is_closed());
        self.number -= before - waiters.len();
        if waiters.is_empty() {
            self.lanes.remove(&lane);
            self.turns.retain(|turn| *turn != lane);
        }
    }

    /// Turns the last caller of the longest lane away, if that lane stays at least as long as one of `own` callers becomes.
    fn shorten_longest(&mut self, own: usize) -> bool {
        let longest = self.lanes.values_mut().max_by_key(|waiters| waiters.len());
        let Some(waiters) = longest.filter(|waiters| waiters.len() > own + 1) else { return false };
        waiters.pop_back();
        self.number -= 1;
        true
    }

    fn pop(&mut self) -> Option<Waiter> {
        let lane = self.turns.pop_front()?;
        let waiters = self.lanes.get_mut(&lane)?;
        let waiter = waiters.pop_front();
        if waiters.is_empty() {
            self.lanes.remove(&lane);
        } else {
            self.turns.push_back(lane);
        }
        self.number -= usize::from(waiter.is_some());
        waiter
    }
}

impl State {
    fn waiting(&mut self, lane: Lane) -> &mut Waiting {
        match lane {
            Lane::Device(_) => &mut self.devices,
            Lane::Address(_) => &mut self.strangers,
        }
    }

    /// Whose turn it is.
    fn next(&mut self) -> Option<Waiter> {
        let device_is_first = self.device_is_next;
        self.device_is_next = !device_is_first;
        let (first, second) = if device_is_first {
            (&mut self.devices, &mut self.strangers)
        } else {
            (&mut self.strangers, &mut self.devices)
        };
        first.pop().or_else(|| second.pop())
    }
}

impl FairQueue {
    /// An empty queue.
    pub fn new(bounds: Bounds) -> Self {
        let (strangers, devices) = (Waiting::default(), Waiting::default());
        let state = State { free: bounds.slots.max(1), strangers, devices, device_is_next: true };
        Self(Arc::new(Shared { bounds, state: Mutex::new(state) }))
    }

    /// A slot, when it is this caller's turn; none when too many wait.
    pub async fn enter(&self, lane: Lane) -> Option<Slot> {
        let turn = {
            let mut state = self.0.lock();
            if state.free > 0 {
                state.free -= 1;
                return Some(Slot(Some(self.0.clone())));
            }
            let (waiter, turn) = oneshot::channel();
            state.waiting(lane).push(lane, waiter, self.0.bounds).then_some(turn)?
        };
        turn.await.ok()
    }

    /// How many wait.
    pub fn waiting(&self) -> usize {
        let state = self.0.lock();
        state.strangers.number + state.devices.number
    }
}

impl Shared {
    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Hands a free slot to whoever is next.
    fn hand_on(self: Arc<Self>) {
        let mut slot = Slot(Some(self.clone()));
        loop {
            let next = {
                let mut state = self.lock();
                let next = state.next();
                state.free += usize::from(next.is_none());
                next
            };
            let Some(waiter) = next else {
                slot.0 = None;
                return;
            };
            match waiter.send(slot) {
                Ok(()) => return,
                // The caller has gone meanwhile.
                Err(unused) => slot = unused,
            }
        }
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        if let Some(shared) = self.0.take() {
            shared.hand_on();
        }
    }
}

#[cfg(test)]
mod tests;
