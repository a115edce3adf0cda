//! The one handle to everything that is shared. Built once, cloned freely.

use std::{
    ops::Deref,
    sync::{Arc, Mutex, PoisonError},
    time::Instant,
};

use chrono::Duration;

use crate::{
    auth::{Keys, PasswordHasher},
    outbound::{hub::Hub, payments::PaymentProvider, tzdata::Tzdata},
    store::{
        Conn, Database,
        events::{Event, Topic},
        search::Reach,
    },
    types::{Clock, Entropy, Quota, Retention, TimeZones, Timestamp, UserId},
};

pub use crate::store::Turn;

/// The durations of the business, and of sessions.
#[derive(Debug, Clone, Copy)]
pub struct Terms {
    /// How long an access token is good.
    pub access_token: Duration,
    /// How long a refresh token is good.
    pub refresh_token: Duration,
    /// How long a quote is locked.
    pub quote: Duration,
    /// How long an instant booking holds its nights for the payment.
    pub hold: Duration,
    /// How long a host may take to answer a request.
    pub host_answer: Duration,
    /// How long after the end of a stay a review can be written.
    pub review_window: Duration,
    /// How long a payment provider may take to answer.
    pub provider_answer: std::time::Duration,
    /// How long data is kept that nobody needs for ever.
    pub retention: Retention,
}

impl Default for Terms {
    fn default() -> Self {
        Self {
            access_token: Duration::minutes(15),
            refresh_token: Duration::days(30),
            quote: Duration::minutes(15),
            hold: Duration::minutes(15),
            host_answer: Duration::hours(24),
            review_window: Duration::days(14),
            provider_answer: std::time::Duration::from_secs(20),
            retention: Retention::default(),
        }
    }
}

/// How often somebody may try what can be guessed, within [`Throttle::window`].
#[derive(Debug, Clone, Copy)]
pub struct Throttle {
    /// How long tries are remembered.
    pub window: Duration,
    /// Sign-ins to one account.
    pub per_account: u32,
    /// Sign-ins and registrations from one address.
    pub per_address: u32,
}

impl Default for Throttle {
    fn default() -> Self {
        Self { window: Duration::minutes(15), per_account: 10, per_address: 200 }
    }
}

/// Something that was read a moment ago, and that may be a moment old.
#[derive(Debug)]
pub struct Recent<T>(Mutex<Kept<T>>);

#[derive(Debug)]
struct Kept<T> {
    value: Option<(Instant, T)>,
    forgotten: Option<Instant>,
}

impl<T> Default for Recent<T> {
    fn default() -> Self {
        Self(Mutex::new(Kept { value: None, forgotten: None }))
    }
}

impl<T: Clone> Recent<T> {
    /// It, if it is no older than `age`.
    pub fn get(&self, age: std::time::Duration) -> Option<T> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.value.as_ref().filter(|(at, _)| at.elapsed() <= age).map(|(_, value)| value.clone())
    }

    /// Keeps what was read after `begun`, unless it has changed since.
    pub fn put(&self, begun: Instant, value: T) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.forgotten.is_none_or(|forgotten| forgotten < begun) {
            kept.value = Some((begun, value));
        }
    }

    /// Lets it go: it has changed.
    pub fn forget(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Kept { value: None, forgotten: Some(Instant::now()) };
    }
}

/// The live streams of this process.
pub struct Streams {
    /// Hands events to those who follow them.
    pub hub: Hub<Topic, Event>,
    /// How many streams each member has open.
    pub open: Quota<UserId>,
    /// When changes of other servers were last looked for.
    pub looked: Mutex<Option<Instant>>,
}

impl Streams {
    /// Streams of which a member can have so many open at a time.
    pub fn new(per_member: usize) -> Self {
        Self { hub: Hub::default(), open: Quota::new(per_member), looked: Mutex::new(None) }
    }
}

impl Default for Streams {
    fn default() -> Self {
        Self::new(100)
    }
}

/// What [`App`] is made of.
pub struct Parts {
    /// The pool of connections.
    pub database: Database,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// Where random bytes come from.
    pub entropy: Arc<dyn Entropy>,
    /// Signs and verifies access tokens.
    pub keys: Keys,
    /// Hashes passwords.
    pub passwords: PasswordHasher,
    /// Takes money and gives it back.
    pub payments: Arc<dyn PaymentProvider>,
    /// The streams of this process.
    pub streams: Streams,
    /// The rules of time zones.
    pub tzdata: Tzdata,
    /// The time zones of published listings, and how many are in each.
    pub zones: Recent<Arc<[(String, i64)]>>,
    /// How many listings a search for a stay looks at first.
    pub reach: Reach,
    /// Durations.
    pub terms: Terms,
    /// Limits of what can be guessed.
    pub throttle: Throttle,
}

/// The one handle to everything that is shared.
#[derive(Clone)]
pub struct App {
    parts: Arc<Parts>,
    /// The pool of connections, on behalf of whoever has this handle.
    pub database: Database,
}

impl App {
    /// The handle to `parts`.
    pub fn new(parts: Parts) -> Self {
        let database = parts.database.clone();
        Self { parts: Arc::new(parts), database }
    }

    /// A handle for one operation of a client, which may hold few connections at a time.
    #[must_use]
    pub fn for_operation(&self) -> Self {
        Self { parts: Arc::clone(&self.parts), database: self.database.for_operation() }
    }

    /// A handle for timed work.
    #[must_use]
    pub fn for_worker(&self) -> Self {
        Self { parts: Arc::clone(&self.parts), database: self.database.for_worker() }
    }

    /// A handle for what is done for several operations together.
    #[must_use]
    pub fn for_process(&self) -> Self {
        Self { parts: Arc::clone(&self.parts), database: self.database.for_process() }
    }

    /// What time it is.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// The rules of time zones that are in force. Whoever needs several zones, or their version, asks once: they may change.
    pub fn time_zones(&self) -> Arc<TimeZones> {
        self.tzdata.current()
    }

    /// A connection to read with, from the pool.
    ///
    /// # Errors
    /// [`crate::error::Error::Busy`] and [`crate::error::Error::Unavailable`], when the database is too busy or away.
    pub async fn conn(&self) -> crate::error::Result<Conn> {
        Ok(self.database.conn().await?)
    }
}

impl Deref for App {
    type Target = Parts;
    fn deref(&self) -> &Parts {
        &self.parts
    }
}
