use std::net::{IpAddr, Ipv4Addr};

use futures_util::{FutureExt, future::BoxFuture};
use proptest::prelude::*;

use super::*;

const BOUNDS: Bounds = Bounds { slots: 1, per_lane: 8, waiting: 64 };

fn address(number: u32) -> Lane {
    Lane::Address(AddressPrefix::of(Some(IpAddr::V4(Ipv4Addr::from_bits(number)))))
}

/// A queue and its callers in order of arrival.
struct TestQueue {
    queue: FairQueue,
    callers: Vec<(u32, BoxFuture<'static, Option<Slot>>)>,
}

impl TestQueue {
    fn new(bounds: Bounds) -> Self {
        Self { queue: FairQueue::new(bounds), callers: Vec::new() }
    }

    /// Adds a caller; false when it is rejected at once.
    fn arrive(&mut self, number: u32, lane: Lane) -> bool {
        let queue = self.queue.clone();
        let mut caller = async move { queue.enter(lane).await }.boxed();
        match (&mut caller).now_or_never() {
            Some(None) => false,
            Some(Some(slot)) => {
                self.callers.push((number, std::future::ready(Some(slot)).boxed()));
                true
            }
            None => {
                self.callers.push((number, caller));
                true
            }
        }
    }

    /// Serves all callers one after another, and returns their numbers.
    fn serve_all(&mut self) -> Vec<u32> {
        let mut served = Vec::new();
        loop {
            let mut slots = Vec::new();
            self.callers.retain_mut(|(number, caller)| match caller.now_or_never() {
                Some(slot) => {
                    slots.extend(slot.map(|slot| (*number, slot)));
                    false
                }
                None => true,
            });
            if slots.is_empty() {
                return served;
            }
            served.extend(slots.iter().map(|(number, _)| *number));
        }
    }
}

#[test]
fn lanes_take_turns() {
    let mut queue = TestQueue::new(BOUNDS);
    assert!(queue.arrive(0, address(0)));
    for (number, lane) in [(1, 1), (2, 1), (3, 1), (4, 2), (5, 3), (6, 3)] {
        assert!(queue.arrive(number, address(lane)));
    }
    assert_eq!(queue.serve_all(), [0, 1, 4, 5, 2, 6, 3]);
}

/// S8: 90 callers from ten addresses, and one from another.
#[test]
fn a_single_request_waits_one_turn_of_each_address() {
    let mut queue = TestQueue::new(BOUNDS);
    for number in 0..90 {
        queue.arrive(number, address(number % 10));
    }
    assert!(queue.arrive(1_000, address(1_000)), "the queue is full, but not for a new address");
    let position = queue.serve_all().iter().position(|number| *number == 1_000).unwrap();
    assert!(position <= 11, "served as number {position}");
}

#[test]
fn a_lane_is_bounded() {
    let mut queue = TestQueue::new(BOUNDS);
    let admitted = (0..20).filter(|number| queue.arrive(*number, address(1))).count();
    assert_eq!(admitted, 1 + BOUNDS.per_lane);
}

#[test]
fn a_full_queue_of_equal_lanes_rejects_new_callers() {
    let mut queue = TestQueue::new(BOUNDS);
    let admitted = (0..200).filter(|number| queue.arrive(*number, address(*number))).count();
    assert_eq!(admitted, 1 + BOUNDS.waiting);
    assert_eq!(queue.queue.waiting(), BOUNDS.waiting);
}

#[test]
fn a_known_device_is_served_however_many_unknown_clients_wait() {
    let mut queue = TestQueue::new(BOUNDS);
    (0..200).for_each(|number| _ = queue.arrive(number, address(number)));
    assert!(queue.arrive(1_000, Lane::Device([1; 32])));
    let position = queue.serve_all().iter().position(|number| *number == 1_000).unwrap();
    assert!(position <= 2, "served as number {position}");
}

#[test]
fn disconnected_callers_are_skipped() {
    let mut queue = TestQueue::new(BOUNDS);
    (0..9).for_each(|number| _ = queue.arrive(number, address(number % 3)));
    queue.callers.retain(|(number, _)| matches!(number, 0 | 4 | 8));
    assert_eq!(queue.serve_all(), [0, 4, 8]);
    assert!(queue.arrive(9, address(9)));
    assert_eq!(queue.serve_all(), [9], "the slot was released");
}

proptest! {
    /// Whatever callers arrive, disconnect or are rejected: slots are neither lost nor added,
    /// limits hold, and every waiting caller is served.
    #[test]
    fn slots_are_neither_lost_nor_added(
        slots in 1_usize..4, waiting in 1_usize..20, per_lane in 1_usize..6,
        steps in proptest::collection::vec((0_u32..8, 0_u8..4), 0..200),
    ) {
        let queue = FairQueue::new(Bounds { slots, per_lane, waiting });
        let mut held = Vec::new();
        let mut callers: Vec<BoxFuture<'static, Option<Slot>>> = Vec::new();
        for (lane, step) in steps {
            match step {
                0 => _ = held.pop(),
                1 if !callers.is_empty() => _ = callers.remove(lane as usize % callers.len()),
                _ => {
                    let (queue, lane) = (queue.clone(), if lane < 6 { address(lane) } else { Lane::Device([lane as u8; 32]) });
                    callers.push(async move { queue.enter(lane).await }.boxed());
                }
            }
            let mut waiting_callers = Vec::new();
            for mut caller in callers {
                match (&mut caller).now_or_never() {
                    Some(slot) => held.extend(slot),
                    None => waiting_callers.push(caller),
                }
            }
            callers = waiting_callers;
            prop_assert!(held.len() <= slots);
            prop_assert!(callers.is_empty() || held.len() == slots, "a caller waits although a slot is free");
            prop_assert!(queue.waiting() <= 2 * waiting);
        }
        // All waiting callers are served.
        while !callers.is_empty() {
            prop_assert!(held.pop().is_some());
            callers.retain_mut(|caller| match caller.now_or_never() {
                Some(slot) => { held.extend(slot); false }
                None => true,
            });
        }
        held.clear();
        prop_assert_eq!(queue.0.lock().free, slots);
    }
}
