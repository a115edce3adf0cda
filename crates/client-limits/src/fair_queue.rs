//! A fair queue for a few slots: many requests of one client do not delay the requests of others.
//!
//! Each client waits in a separate lane, and lanes take turns: a client with a hundred requests
//! waits for a hundred turns, and a client with one waits for one. The length of a lane is bounded.
//! When the queue is full, the longest lane makes room for a shorter one. Devices that have signed
//! in before have separate lanes and get every second turn, however many unknown clients wait.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, PoisonError},
};

use tokio::sync::oneshot;

use crate::AddressPrefix;

/// The lane of a caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Lane {
    /// A device that has signed in before, by the hash of its token.
    Device([u8; 32]),
    /// All other clients with one address prefix.
    Address(AddressPrefix),
}

/// The limits of a queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// Number of slots.
    pub slots: usize,
    /// Maximum number of waiting callers in one lane.
    pub per_lane: usize,
    /// Maximum number of waiting callers in total: this many unknown clients, and this many known
    /// devices.
    pub waiting: usize,
}

/// A fair queue; clones share it.
#[derive(Clone)]
pub struct FairQueue(Arc<Shared>);

struct Shared {
    bounds: Bounds,
    state: Mutex<State>,
}

struct State {
    free: usize,
    addresses: Lanes,
    devices: Lanes,
    /// Whether the next turn is that of a known device.
    is_device_next: bool,
}

type Waiter = oneshot::Sender<Slot>;

/// Lanes that take turns, and the number of their waiting callers.
#[derive(Default)]
struct Lanes {
    lanes: HashMap<Lane, VecDeque<Waiter>>,
    turns: VecDeque<Lane>,
    waiting_count: usize,
}

/// A slot. Dropping it admits the next caller.
pub struct Slot(Option<Arc<Shared>>);

impl Lanes {
    /// Adds a caller to a lane; false when too many wait.
    fn push(&mut self, lane: Lane, waiter: Waiter, bounds: Bounds) -> bool {
        self.remove_disconnected(lane);
        let lane_length = self.lanes.get(&lane).map_or(0, VecDeque::len);
        if lane_length >= bounds.per_lane
            || (self.waiting_count >= bounds.waiting && !self.shorten_longest(lane_length))
        {
            return false;
        }
        if lane_length == 0 {
            self.turns.push_back(lane);
        }
        self.lanes.entry(lane).or_default().push_back(waiter);
        self.waiting_count += 1;
        true
    }

    fn remove_disconnected(&mut self, lane: Lane) {
        let Some(waiters) = self.lanes.get_mut(&lane) else { return };
        let before = waiters.len();
        waiters.retain(|waiter| !waiter.is_closed());
        self.waiting_count -= before - waiters.len();
        if waiters.is_empty() {
            self.lanes.remove(&lane);
            self.turns.retain(|turn| *turn != lane);
        }
    }

    /// Rejects the last caller of the longest lane, if that lane then still has more callers than
    /// `lane_length`. Returns whether one was rejected.
    fn shorten_longest(&mut self, lane_length: usize) -> bool {
        let longest = self.lanes.values_mut().max_by_key(|waiters| waiters.len());
        let Some(waiters) = longest.filter(|waiters| waiters.len() > lane_length + 1) else { return false };
        waiters.pop_back();
        self.waiting_count -= 1;
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
        self.waiting_count -= usize::from(waiter.is_some());
        waiter
    }
}

impl State {
    fn lanes_for(&mut self, lane: Lane) -> &mut Lanes {
        match lane {
            Lane::Device(_) => &mut self.devices,
            Lane::Address(_) => &mut self.addresses,
        }
    }

    /// The next caller.
    fn next(&mut self) -> Option<Waiter> {
        let is_device_turn = self.is_device_next;
        self.is_device_next = !is_device_turn;
        let (first, second) = if is_device_turn {
            (&mut self.devices, &mut self.addresses)
        } else {
            (&mut self.addresses, &mut self.devices)
        };
        first.pop().or_else(|| second.pop())
    }
}

impl FairQueue {
    /// An empty queue.
    pub fn new(bounds: Bounds) -> Self {
        let (addresses, devices) = (Lanes::default(), Lanes::default());
        let state = State { free: bounds.slots.max(1), addresses, devices, is_device_next: true };
        Self(Arc::new(Shared { bounds, state: Mutex::new(state) }))
    }

    /// Waits for a slot; none when too many callers wait.
    pub async fn enter(&self, lane: Lane) -> Option<Slot> {
        let turn = {
            let mut state = self.0.lock();
            if state.free > 0 {
                state.free -= 1;
                return Some(Slot(Some(self.0.clone())));
            }
            let (waiter, turn) = oneshot::channel();
            state.lanes_for(lane).push(lane, waiter, self.0.bounds).then_some(turn)?
        };
        turn.await.ok()
    }

    /// The number of waiting callers.
    pub fn waiting(&self) -> usize {
        let state = self.0.lock();
        state.addresses.waiting_count + state.devices.waiting_count
    }
}

impl Shared {
    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Gives a free slot to the next caller.
    fn admit_next(self: Arc<Self>) {
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
                // The caller has disconnected meanwhile.
                Err(unused) => slot = unused,
            }
        }
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        if let Some(shared) = self.0.take() {
            shared.admit_next();
        }
    }
}

#[cfg(test)]
mod tests;
