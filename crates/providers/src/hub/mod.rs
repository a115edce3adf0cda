//! Fan-out of ordered topics to the streams of this process.
//!
//! The tables are the source of truth; a hub only avoids reading them once for each stream. One task for each followed topic reads new
//! entries and sends them to all followers. A follower has its own position: entries that it did not get this way, because it started
//! earlier, was too slow or the task was late, it reads from the table itself, so that nothing is lost or out of order.
//!
//! Positions of a topic are numbers without gaps. A gap means that entries were deleted after their retention period.

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
    time::Duration,
};

use futures_util::future::BoxFuture;
use tokio::{
    sync::{
        Notify,
        broadcast::{self, error::RecvError},
    },
    task::AbortHandle,
};

use types::error::{CursorExpired, Error, Result};

/// How many batches a slow follower can fall behind before it has to read from the table.
const BACKLOG: usize = 16;
/// How long the reader of a topic waits before it retries while the database is unavailable.
const PAUSE: Duration = Duration::from_millis(500);

/// The key of a topic.
pub trait Key: Clone + Eq + Hash + Send + Sync + 'static {}

impl<K: Clone + Eq + Hash + Send + Sync + 'static> Key for K {}

/// The content of an entry.
pub trait Value: Clone + Send + Sync + 'static {}

impl<T: Clone + Send + Sync + 'static> Value for T {}

/// One entry of a topic.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry<T> {
    /// Its position in the topic, from 1, without gaps.
    pub position: u64,
    /// The content.
    pub value: T,
}

/// Entries that are read at once. After a full batch there may be more.
pub const BATCH: usize = 100;

/// Reads the next [`BATCH`] entries of one topic after a position, in order.
pub type Read<T> = dyn Fn(u64) -> BoxFuture<'static, Result<Vec<Entry<T>>>> + Send + Sync;

/// Entries that were read together.
#[derive(Debug)]
struct Batch<T> {
    /// The position before the first.
    after: u64,
    entries: Vec<Entry<T>>,
}

/// A message to followers: entries, or the error that ends the topic.
type Message<T> = Result<Arc<Batch<T>>, Arc<Error>>;

/// The followed topics of this process.
pub struct Hub<K, T>(Arc<Mutex<HashMap<K, Topic<T>>>>);

struct Topic<T> {
    channel: Arc<Channel<T>>,
    followers: usize,
}

struct Channel<T> {
    read: Arc<Read<T>>,
    messages: broadcast::Sender<Message<T>>,
    /// Notifies the reader of new entries.
    wake: Notify,
    head: Mutex<Head>,
    reader: OnceLock<AbortHandle>,
}

/// How far a topic was read, and how far it should be.
struct Head {
    position: u64,
    /// Whether this server wrote an entry, at an unknown position, since the last read began.
    is_stale: bool,
    /// The last position known to be written, unless a read has begun since.
    announced: u64,
    /// The error that ended the reader.
    end: Option<Arc<Error>>,
}

impl<K, T> Clone for Hub<K, T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<K, T> Default for Hub<K, T> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<K: Key, T: Value> Hub<K, T> {
    /// Follows `topic` from the entry after `position` on. `latest`: the topic's last position, just read.
    pub fn follow(&self, topic: K, position: u64, latest: u64, read: Arc<Read<T>>) -> Follower<K, T> {
        let (channel, is_new) = self.join(&topic, latest, read);
        // No batch is published between the two lines: entries that are not received are before the head.
        let (head, end, messages) = {
            let head = locked(&channel.head);
            (head.position, head.end.clone(), channel.messages.subscribe())
        };
        if is_new {
            let reader = Reader { hub: self.clone(), topic: topic.clone(), channel: Arc::clone(&channel), end: None };
            channel.reader.get_or_init(|| tokio::spawn(reader.run()).abort_handle());
        }
        let target = latest.max(head);
        let ready = Vec::new().into_iter();
        Follower { hub: self.clone(), topic, channel, messages, position, target, ready, end }
    }

    /// The channel of `topic` with one more follower, and whether it is new.
    fn join(&self, topic: &K, latest: u64, read: Arc<Read<T>>) -> (Arc<Channel<T>>, bool) {
        let mut topics = locked(&self.0);
        if let Some(followed) = topics.get_mut(topic) {
            followed.followers += 1;
            return (Arc::clone(&followed.channel), false);
        }
        let channel = Arc::new(Channel {
            read,
            messages: broadcast::Sender::new(BACKLOG),
            wake: Notify::new(),
            head: Mutex::new(Head { position: latest, is_stale: false, announced: 0, end: None }),
            reader: OnceLock::new(),
        });
        topics.insert(topic.clone(), Topic { channel: Arc::clone(&channel), followers: 1 });
        (channel, true)
    }

    /// How many topics are followed, and by how many.
    pub fn followed(&self) -> (usize, usize) {
        let topics = locked(&self.0);
        (topics.len(), topics.values().map(|topic| topic.followers).sum())
    }

    /// Wakes the reader of `topic`, if it has followers, because an entry was written.
    pub fn wake(&self, topic: &K) {
        if let Some(followed) = locked(&self.0).get(topic) {
            locked(&followed.channel.head).is_stale = true;
            followed.channel.wake.notify_one();
        }
    }

    /// Wakes the reader of `topic`, if it has followers and has not read up to `position`. If a read in progress gets there, there is no
    /// other.
    pub fn announce(&self, topic: &K, position: u64) {
        if let Some(followed) = locked(&self.0).get(topic) {
            let head = &mut *locked(&followed.channel.head);
            if head.position < position {
                head.announced = head.announced.max(position);
                followed.channel.wake.notify_one();
            }
        }
    }

    /// The topics that are followed.
    pub fn topics(&self) -> Vec<K> {
        locked(&self.0).keys().cloned().collect()
    }

    /// Whether any topic is followed.
    pub fn is_followed(&self) -> bool {
        !locked(&self.0).is_empty()
    }

    /// Removes the topic of `channel`, unless another channel has replaced it.
    fn forget(&self, topic: &K, channel: &Arc<Channel<T>>) {
        let mut topics = locked(&self.0);
        if topics.get(topic).is_some_and(|followed| Arc::ptr_eq(&followed.channel, channel)) {
            topics.remove(topic);
        }
    }
}

/// The task that reads a topic.
struct Reader<K: Key, T: Value> {
    hub: Hub<K, T>,
    topic: K,
    channel: Arc<Channel<T>>,
    end: Option<Error>,
}

impl<K: Key, T: Value> Reader<K, T> {
    /// Reads until there are no followers. It waits for an unavailable database; any other error ends all streams of the topic, which then
    /// resume from their own positions.
    async fn run(mut self) {
        let mut is_unavailable = false;
        loop {
            let after = self.channel.begin();
            match (self.channel.read)(after).await {
                Ok(entries) => {
                    is_unavailable = false;
                    let is_all = entries.len() < BATCH;
                    self.channel.publish(after, entries);
                    if is_all {
                        self.channel.wait_for_entries().await;
                    }
                }
                Err(Error::Busy(cause) | Error::Unavailable(cause)) => {
                    if !is_unavailable {
                        tracing::warn!(error = format!("{cause:#}"), "streams wait for the database");
                    }
                    is_unavailable = true;
                    tokio::time::sleep(PAUSE).await;
                }
                Err(error) => {
                    self.end = Some(error);
                    return;
                }
            }
        }
    }
}

impl<K: Key, T: Value> Drop for Reader<K, T> {
    fn drop(&mut self) {
        self.hub.forget(&self.topic, &self.channel);
        let lost = || Error::Internal(anyhow::anyhow!("the reader of a topic was lost"));
        let end = Arc::new(self.end.take().unwrap_or_else(lost));
        let mut head = locked(&self.channel.head);
        head.end = Some(Arc::clone(&end));
        // There may be no followers any more.
        let _ = self.channel.messages.send(Err(end));
    }
}

impl<T> Channel<T> {
    /// Begins a read of the entries after the returned position.
    fn begin(&self) -> u64 {
        let mut head = locked(&self.head);
        (head.is_stale, head.announced) = (false, 0);
        head.position
    }

    /// Waits until there may be entries that the last read did not find.
    async fn wait_for_entries(&self) {
        loop {
            let is_behind = {
                let head = locked(&self.head);
                head.is_stale || head.announced > head.position
            };
            if is_behind {
                return;
            }
            self.wake.notified().await;
        }
    }

    fn publish(&self, after: u64, entries: Vec<Entry<T>>) {
        let Some(last) = entries.last().map(|entry| entry.position) else { return };
        let mut head = locked(&self.head);
        head.position = last;
        // There may be no followers any more.
        let _ = self.messages.send(Ok(Arc::new(Batch { after, entries })));
    }
}

/// One stream of a topic. It follows until it is dropped.
pub struct Follower<K: Key, T: Value> {
    hub: Hub<K, T>,
    topic: K,
    channel: Arc<Channel<T>>,
    messages: broadcast::Receiver<Message<T>>,
    /// The position of the last returned entry.
    position: u64,
    /// The table has to be read up to here; later entries are received.
    target: u64,
    ready: std::vec::IntoIter<Entry<T>>,
    /// The error that had ended the topic when this follower started.
    end: Option<Arc<Error>>,
}

impl<K: Key, T: Value> Follower<K, T> {
    /// The next entry, as soon as there is one. It is safe to cancel.
    ///
    /// # Errors
    /// [`types::error::Refusal::CursorExpired`] when the next entries were deleted; errors of reading.
    pub async fn next(&mut self) -> Result<Entry<T>, Arc<Error>> {
        if let Some(end) = &self.end {
            return Err(Arc::clone(end));
        }
        loop {
            if let Some(entry) = self.ready.next() {
                if entry.position <= self.position {
                    continue;
                }
                if entry.position != self.position + 1 {
                    return Err(Arc::new(CursorExpired.into()));
                }
                self.position = entry.position;
                return Ok(entry);
            }
            if self.position < self.target {
                self.read_missed().await?;
                continue;
            }
            match self.messages.recv().await {
                Ok(Ok(batch)) => self.receive(&batch),
                Ok(Err(error)) => return Err(error),
                // The oldest remaining batch shows how far the table has to be read.
                Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => std::future::pending().await,
            }
        }
    }

    async fn read_missed(&mut self) -> Result<(), Arc<Error>> {
        let entries = (self.channel.read)(self.position).await.map_err(Arc::new)?;
        if entries.is_empty() {
            return Err(Arc::new(CursorExpired.into()));
        }
        self.ready = entries.into_iter();
        Ok(())
    }

    fn receive(&mut self, batch: &Batch<T>) {
        if batch.after > self.position {
            // Earlier entries are missing: the table has all of them.
            self.target = batch.entries.last().map_or(self.target, |last| last.position);
        } else {
            let new = batch.entries.iter().filter(|entry| entry.position > self.position);
            self.ready = new.cloned().collect::<Vec<_>>().into_iter();
        }
    }
}

impl<K: Key, T: Value> Drop for Follower<K, T> {
    fn drop(&mut self) {
        let mut topics = locked(&self.hub.0);
        let Some(followed) = topics.get_mut(&self.topic) else { return };
        if !Arc::ptr_eq(&followed.channel, &self.channel) {
            return;
        }
        followed.followers -= 1;
        if followed.followers == 0 {
            topics.remove(&self.topic);
            drop(topics);
            if let Some(reader) = self.channel.reader.get() {
                reader.abort();
            }
        }
    }
}

#[cfg(test)]
mod tests;
