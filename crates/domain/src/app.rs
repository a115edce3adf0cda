//! The one handle to everything that is shared. Built once, cloned freely.

mod amenity_cache;
mod ttl_cell;

use std::{
    ops::Deref,
    sync::{Arc, Mutex},
    time::Instant,
};

use chrono::Duration;

use auth::{Keys, PasswordHasher};
use client_limits::Quota;
use mysql_engine::{Conn, Database};
use providers::{
    hub::Hub,
    payments::{PaymentProvider, Sandbox},
    tzdata::Tzdata,
};
use store::{
    events::{Cause, Event, Topic},
    holds::HoldKind,
    search::Reach,
};
use types::{Chores, Clock, Delays, Entropy, OsEntropy, Retention, Rule, SystemClock, TimeZones, Timestamp, UserId};

pub use amenity_cache::AmenityCache;
pub use mysql_engine::OperationPermit;
pub use ttl_cell::TtlCell;

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

/// The state that all handles share. A new field is set in [`App::builder`], and has a function of [`AppBuilder`] if it can be chosen.
pub struct Shared {
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
    pub zones: TtlCell<Arc<[(String, i64)]>>,
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

/// An app that is being put together.
pub struct AppBuilder(Shared);

impl AppBuilder {
    /// What time it is; by default the system's clock.
    #[must_use]
    pub fn clock(self, clock: Arc<dyn Clock>) -> Self {
        Self(Shared { clock, ..self.0 })
    }

    /// Where random bytes come from; by default the operating system.
    #[must_use]
    pub fn entropy(self, entropy: Arc<dyn Entropy>) -> Self {
        Self(Shared { entropy, ..self.0 })
    }

    /// Takes money and gives it back; by default the sandbox.
    #[must_use]
    pub fn payments(self, payments: Arc<dyn PaymentProvider>) -> Self {
        Self(Shared { payments, ..self.0 })
    }

    /// How many streams a member can have open at a time.
    #[must_use]
    pub fn streams_per_member(self, most: usize) -> Self {
        Self(Shared { streams: Streams::new(most), ..self.0 })
    }

    /// The rules of time zones; by default those built into the program.
    #[must_use]
    pub fn tzdata(self, tzdata: Tzdata) -> Self {
        Self(Shared { tzdata, ..self.0 })
    }

    /// How many listings a search for a stay looks at first.
    #[must_use]
    pub fn reach(self, reach: Reach) -> Self {
        Self(Shared { reach, ..self.0 })
    }

    /// Durations.
    #[must_use]
    pub fn terms(self, terms: Terms) -> Self {
        Self(Shared { terms, ..self.0 })
    }

    /// Rules about what can be guessed or hoarded.
    #[must_use]
    pub fn limits(self, limits: AttemptLimits) -> Self {
        Self(Shared { limits, ..self.0 })
    }

    /// The app.
    pub fn build(self) -> App {
        let database = self.0.database.clone();
        App { shared: Arc::new(self.0), database, chores: Arc::default(), cause: Cause::Job("server") }
    }
}

/// The one handle to everything that is shared.
#[derive(Clone)]
pub struct App {
    shared: Arc<Shared>,
    /// The pool of connections, on behalf of whoever has this handle.
    pub database: Database,
    /// How timed work goes.
    pub chores: Arc<Chores>,
    /// Whose handle it is: events name it as their cause.
    pub cause: Cause,
}

impl App {
    /// An app on `database`, which signs tokens with `keys` and hashes passwords with `passwords`; all else has defaults.
    pub fn builder(database: Database, keys: Keys, passwords: PasswordHasher) -> AppBuilder {
        AppBuilder(Shared {
            database,
            clock: Arc::new(SystemClock),
            entropy: Arc::new(OsEntropy),
            keys,
            passwords,
            payments: Arc::new(Sandbox),
            streams: Streams::default(),
            tzdata: Tzdata::fixed(Arc::clone(TimeZones::built_in())),
            zones: TtlCell::default(),
            amenities: AmenityCache::default(),
            reach: Reach::default(),
            terms: Terms::default(),
            limits: AttemptLimits::default(),
            delays: Delays::default(),
        })
    }

    fn over(&self, database: Database) -> Self {
        let (shared, chores) = (Arc::clone(&self.shared), Arc::clone(&self.chores));
        Self { shared, database, chores, cause: self.cause.clone() }
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
    type Target = Shared;
    fn deref(&self) -> &Shared {
        &self.shared
    }
}
