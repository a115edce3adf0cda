//! The sessions that have ended while their access tokens may still be valid.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock},
    time::{Duration, Instant},
};

use tokio::sync::watch;

use types::SessionId;

/// The most sessions that are remembered, about 10 MB. Beyond that, the earliest to be forgotten
/// are.
const MOST: usize = 200_000;

/// The sessions that have ended, each until its last access token has expired. In memory, because
/// every request asks.
#[derive(Default)]
pub struct EndedSessions {
    /// When each can be forgotten.
    ended: RwLock<HashMap<SessionId, Instant>>,
    /// Sessions whose streams wait for their end.
    followed: Mutex<HashMap<SessionId, watch::Sender<bool>>>,
    /// When those that ended at any server were last read.
    read_at: Mutex<Option<Instant>>,
}

impl EndedSessions {
    /// Whether a session is known to have ended.
    pub fn contains(&self, id: SessionId) -> bool {
        self.ended.read().unwrap_or_else(PoisonError::into_inner).contains_key(&id)
    }

    /// How many are remembered.
    pub fn number(&self) -> usize {
        self.ended.read().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// Completes when the session has ended.
    pub async fn wait_for(self: Arc<Self>, id: SessionId) {
        // Followed first, so that no end is missed between the two.
        let mut following = self.follow(id);
        if !self.contains(id) {
            // The sender is dropped only after it has announced the end.
            if let Some(is_ended) = &mut following.is_ended {
                let _ = is_ended.wait_for(|is_ended| *is_ended).await;
            }
        }
    }

    /// Remembers sessions, each for a time, and ends their streams.
    pub(crate) fn remember(&self, sessions: impl IntoIterator<Item = (SessionId, Duration)>) {
        let now = Instant::now();
        let sessions: Vec<_> = sessions.into_iter().collect();
        {
            let mut ended = self.ended.write().unwrap_or_else(PoisonError::into_inner);
            for (id, time) in &sessions {
                let forget_at = now + *time;
                ended.entry(*id).and_modify(|known| *known = forget_at.max(*known)).or_insert(forget_at);
            }
            forget(&mut ended, now, MOST);
        }
        let mut followed = self.followed();
        for (id, _) in &sessions {
            if let Some(sender) = followed.remove(id) {
                sender.send_replace(true);
            }
        }
    }

    /// How long ago the last successful read began.
    pub(crate) fn age_of_read(&self) -> Option<Duration> {
        self.read_at.lock().unwrap_or_else(PoisonError::into_inner).map(|at| at.elapsed())
    }

    /// A read that began at `begun` was successful.
    pub(crate) fn record_read(&self, begun: Instant) {
        *self.read_at.lock().unwrap_or_else(PoisonError::into_inner) = Some(begun);
    }

    fn followed(&self) -> MutexGuard<'_, HashMap<SessionId, watch::Sender<bool>>> {
        self.followed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn follow(&self, id: SessionId) -> Following<'_> {
        let is_ended = self.followed().entry(id).or_insert_with(|| watch::Sender::new(false)).subscribe();
        Following { ended: self, id, is_ended: Some(is_ended) }
    }
}

/// Forgets what can be forgotten, and the earliest of more than `most`.
fn forget(ended: &mut HashMap<SessionId, Instant>, now: Instant, most: usize) {
    ended.retain(|_, forget_at| *forget_at > now);
    let Some(surplus) = ended.len().checked_sub(most).filter(|surplus| *surplus > 0) else { return };
    let mut times: Vec<_> = ended.iter().map(|(id, forget_at)| (*forget_at, *id)).collect();
    let (earliest, last, _) = times.select_nth_unstable(surplus - 1);
    for (_, id) in earliest.iter().chain([&*last]) {
        ended.remove(id);
    }
    tracing::warn!(surplus, "too many sessions have ended: the access tokens of the earliest work until they expire");
}

/// A stream that waits for the end of its session.
struct Following<'a> {
    ended: &'a EndedSessions,
    id: SessionId,
    /// Dropped with the lock held, so that the last stream knows that it is the last.
    is_ended: Option<watch::Receiver<bool>>,
}

impl Drop for Following<'_> {
    fn drop(&mut self) {
        let mut followed = self.ended.followed();
        drop(self.is_ended.take());
        if followed.get(&self.id).is_some_and(|sender| sender.receiver_count() == 0) {
            followed.remove(&self.id);
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;
    use types::{SeededEntropy, Timestamp};

    const LONG: Duration = Duration::from_secs(1_000);

    fn ids(number: u64) -> Vec<SessionId> {
        let at = Timestamp::from(chrono::DateTime::UNIX_EPOCH);
        (0..number).map(|seed| SessionId::new(at, &SeededEntropy::new(seed))).collect()
    }

    #[tokio::test]
    async fn the_streams_of_a_session_end_with_it_and_leave_nothing_behind() {
        let (sessions, ids) = (Arc::new(EndedSessions::default()), ids(2));
        let mut streams: Vec<_> = [0, 0, 1].map(|number| Box::pin(Arc::clone(&sessions).wait_for(ids[number]))).into();
        assert!(streams.iter_mut().all(|stream| stream.now_or_never().is_none()));
        assert_eq!(sessions.followed().len(), 2);
        sessions.remember([(ids[0], LONG)]);
        assert_eq!([0, 0, 0].map(|_| streams.remove(0).now_or_never().is_some()), [true, true, false]);
        assert!(sessions.followed().is_empty(), "the last one was dropped");
        assert!(sessions.contains(ids[0]) && !sessions.contains(ids[1]));
        Arc::clone(&sessions).wait_for(ids[0]).await;
        assert!(sessions.followed().is_empty());
    }

    #[test]
    fn a_session_is_forgotten_after_its_time() {
        let (sessions, ids) = (EndedSessions::default(), ids(3));
        sessions.remember([(ids[0], Duration::ZERO), (ids[1], LONG)]);
        sessions.remember([(ids[1], Duration::ZERO), (ids[2], LONG)]);
        assert_eq!(sessions.number(), 2);
        assert!(sessions.contains(ids[1]), "a later notice does not shorten it");
    }

    #[test]
    fn of_too_many_the_earliest_are_forgotten() {
        let (now, ids) = (Instant::now(), ids(5));
        let mut ended: HashMap<_, _> =
            ids.iter().zip([5, 1, 4, 2, 3]).map(|(id, time)| (*id, now + Duration::from_secs(time))).collect();
        forget(&mut ended, now, 3);
        assert!([0, 2, 4].iter().all(|number| ended.contains_key(&ids[*number])) && ended.len() == 3);
    }
}
