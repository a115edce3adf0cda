//! The one handle to everything that is shared. Built once, cloned freely.

use std::{
    collections::HashMap,
    ops::Deref,
    sync::{Arc, Mutex, PoisonError},
    time::Instant,
};

use chrono::Duration;

use auth::{Keys, PasswordHasher};
use client_limits::Quota;
use mysql_engine::{Conn, Database};
use providers::{hub::Hub, payments::PaymentProvider, tzdata::Tzdata};
use store::{
    amenities::Usage,
    events::{Cause, Event, Topic},
    holds::HoldKind,
    search::Reach,
};
use types::{Chores, Clock, Delays, Entropy, Retention, Rule, TimeZones, Timestamp, UserId};

pub use mysql_engine::Turn;

/// The durations of the business, and of sessions.
#[derive(Debug, Clone, Copy)]
pub struct Terms {
    /// How long an access token is good.
    pub access_token: Duration,
    /// How long a refresh token is good.
    pub refresh_token: Duration,
    /// How long after its use a refresh token still gives the same client the same pair, whose answer may have been lost.
    pub refresh_grace: Duration,
    /// How long after its last sign-in a device is known.
    pub device: Duration,
    /// How long a quote is locked.
    pub quote: Duration,
    /// How long an instant booking holds its nights for the payment.
    pub hold: Duration,
    /// Limits of bookings that nobody has paid for.
    pub holds: HoldLimits,
    /// How long a guest may take to pay for a request.
    pub request_payment: Duration,
    /// How long a host may take to answer a request that money is authorized for.
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
            refresh_grace: Duration::seconds(30),
            device: Duration::days(180),
            quote: Duration::minutes(15),
            hold: Duration::minutes(15),
            holds: HoldLimits::default(),
            request_payment: Duration::minutes(30),
            host_answer: Duration::hours(24),
            review_window: Duration::days(14),
            provider_answer: std::time::Duration::from_secs(20),
            retention: Retention::default(),
        }
    }
}

/// How many bookings of one kind a guest has open at a time.
#[derive(Debug, Clone, Copy)]
pub struct Caps {
    /// Of one guest.
    pub per_guest: u32,
    /// Of one guest at one listing.
    pub per_listing: u32,
    /// How long a guest who has ended one, or let it end, waits before booking the same listing again.
    pub cooldown: Duration,
}

/// How much a guest can book without paying.
#[derive(Debug, Clone, Copy)]
pub struct HoldLimits {
    /// Unpaid holds; and, counted apart, bookings that cost nothing.
    pub holds: Caps,
    /// Requests, whether or not their money is reserved.
    pub requests: Caps,
    /// How long holds of one guest at one listing that replace one another last in all.
    pub in_all: Duration,
}

impl HoldLimits {
    /// Those of bookings of this kind.
    pub fn of(&self, kind: HoldKind) -> Caps {
        match kind {
            HoldKind::Unpaid | HoldKind::Free => self.holds,
            HoldKind::Request => self.requests,
        }
    }
}

impl Default for HoldLimits {
    fn default() -> Self {
        let cooldown = Duration::minutes(15);
        Self {
            holds: Caps { per_guest: 3, per_listing: 1, cooldown },
            requests: Caps { per_guest: 5, per_listing: 2, cooldown },
            in_all: Duration::minutes(30),
        }
    }
}

/// The rules about everything that can be guessed or hoarded. They are counted in the database, so that all servers agree.
#[derive(Debug, Clone, Copy)]
pub struct AttemptLimits {
    /// Attempts to sign in from one address prefix.
    pub sign_in_by_address: Rule,
    /// Attempts to sign in to one account from one address prefix.
    pub sign_in_by_account: Rule,
    /// Attempts to sign in to one account from anywhere.
    pub sign_in_anywhere: Rule,
    /// Attempts to sign in from one known device.
    pub sign_in_by_device: Rule,
    /// Registrations from one address prefix.
    pub registration: Rule,
    /// New pairs of tokens for one session.
    pub refresh: Rule,
    /// Listings that one member makes.
    pub drafts: Rule,
    /// Payments of one member that are declined, or not yet answered: somebody may be trying stolen cards.
    pub declined_payments: Rule,
    /// Bookings from one address prefix: accounts are cheap, and each may hold nights without paying.
    pub bookings_by_address: Rule,
    /// Quotes of one member.
    pub quotes_by_member: Rule,
    /// Quotes from one address prefix.
    pub quotes_by_address: Rule,
}

impl Default for AttemptLimits {
    fn default() -> Self {
        let quarter = Duration::minutes(15);
        Self {
            sign_in_by_address: Rule::refusing("signIn/address", 200, quarter),
            sign_in_by_account: Rule::refusing("signIn/account/address", 10, quarter),
            sign_in_anywhere: Rule::delaying("signIn/account", 50, Duration::hours(1), Duration::seconds(10)),
            sign_in_by_device: Rule::refusing("signIn/device", 10, quarter),
            registration: Rule::refusing("registerUser/address", 100, Duration::hours(1)),
            refresh: Rule::refusing("refreshSession/session", 60, quarter),
            drafts: Rule::refusing("createListing/member", 100, Duration::days(1)),
            declined_payments: Rule::refusing("payBooking/member", 20, Duration::hours(1)),
            bookings_by_address: Rule::refusing("createBooking/address", 100, Duration::hours(1)),
            quotes_by_member: Rule::refusing("quoteStay/member", 300, Duration::hours(1)),
            quotes_by_address: Rule::refusing("quoteStay/address", 1_500, Duration::hours(1)),
        }
    }
}

impl AttemptLimits {
    /// Rules that stop nobody.
    pub fn none() -> Self {
        let off = |rule: Rule| rule.with_burst(u32::MAX);
        let on = Self::default();
        Self {
            sign_in_by_address: off(on.sign_in_by_address),
            sign_in_by_account: off(on.sign_in_by_account),
            sign_in_anywhere: off(on.sign_in_anywhere),
            sign_in_by_device: off(on.sign_in_by_device),
            registration: off(on.registration),
            refresh: off(on.refresh),
            drafts: off(on.drafts),
            declined_payments: off(on.declined_payments),
            bookings_by_address: off(on.bookings_by_address),
            quotes_by_member: off(on.quotes_by_member),
            quotes_by_address: off(on.quotes_by_address),
        }
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
    /// Sends events to those who follow them.
    pub hub: Hub<Topic, Event>,
    /// How many streams each member has open.
    pub open: Quota<UserId>,
    /// When events of other servers were last looked for.
    pub checked: Mutex<Option<Instant>>,
}

impl Streams {
    /// Streams of which a member can have so many open at a time.
    pub fn new(per_member: usize) -> Self {
        Self { hub: Hub::default(), open: Quota::new(per_member), checked: Mutex::new(None) }
    }
}

impl Default for Streams {
    fn default() -> Self {
        Self::new(100)
    }
}

/// What is remembered of the catalog of amenities.
#[derive(Debug, Default)]
pub struct AmenityCache {
    /// How many published listings offer which.
    pub usage: Recent<Arc<[Usage]>>,
    slugs: Mutex<HashMap<String, (Instant, String)>>,
}

impl AmenityCache {
    /// The most names that are remembered.
    const MOST: usize = 4_096;

    /// The slug of an amenity that was found by this name no longer than `age` ago: then some listing had it.
    pub fn slug(&self, name: &str, age: std::time::Duration) -> Option<String> {
        let slugs = self.slugs.lock().unwrap_or_else(PoisonError::into_inner);
        slugs.get(name).filter(|(at, _)| at.elapsed() <= age).map(|(_, slug)| slug.clone())
    }

    /// Remembers what was found by a search that began at `begun`.
    pub fn remember(&self, begun: Instant, found: HashMap<String, String>) {
        let mut slugs = self.slugs.lock().unwrap_or_else(PoisonError::into_inner);
        if slugs.len() + found.len() > Self::MOST {
            slugs.clear();
        }
        slugs.extend(found.into_iter().map(|(name, slug)| (name, (begun, slug))));
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
    /// What is remembered of amenities.
    pub amenities: AmenityCache,
    /// How many listings a search for a stay looks at first.
    pub reach: Reach,
    /// Durations.
    pub terms: Terms,
    /// Rules about what can be guessed or hoarded.
    pub limits: AttemptLimits,
    /// Attempts that are being delayed.
    pub delays: Delays,
}

/// The one handle to everything that is shared.
#[derive(Clone)]
pub struct App {
    parts: Arc<Parts>,
    /// The pool of connections, on behalf of whoever has this handle.
    pub database: Database,
    /// How timed work goes.
    pub chores: Arc<Chores>,
    /// Whose handle it is: events name it as their cause.
    pub cause: Cause,
}

impl App {
    /// The handle to `parts`.
    pub fn new(parts: Parts) -> Self {
        let database = parts.database.clone();
        Self { parts: Arc::new(parts), database, chores: Arc::default(), cause: Cause::Job("server") }
    }

    fn over(&self, database: Database) -> Self {
        let (parts, chores) = (Arc::clone(&self.parts), Arc::clone(&self.chores));
        Self { parts, database, chores, cause: self.cause.clone() }
    }

    /// A handle for one operation of a client, which may hold few connections at a time.
    #[must_use]
    pub fn for_operation(&self) -> Self {
        self.over(self.database.for_operation())
    }

    /// A handle for scheduled work.
    #[must_use]
    pub fn for_worker(&self) -> Self {
        self.over(self.database.for_worker()).caused_by(Cause::Job("worker"))
    }

    /// The same handle, whose events name `cause`: a request, a job or a message of the payment provider.
    #[must_use]
    pub fn caused_by(&self, cause: Cause) -> Self {
        Self { cause, ..self.clone() }
    }

    /// A handle for what is done for several operations together.
    #[must_use]
    pub fn for_process(&self) -> Self {
        self.over(self.database.for_process())
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
    /// [`types::error::Error::Busy`] and [`types::error::Error::Unavailable`], when the database is too busy or away.
    pub async fn conn(&self) -> types::error::Result<Conn> {
        Ok(self.database.conn().await?)
    }
}

impl Deref for App {
    type Target = Parts;
    fn deref(&self) -> &Parts {
        &self.parts
    }
}
