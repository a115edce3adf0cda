//! The application: one handle to everything that is shared. Built once, cloned freely.

mod amenity_cache;
mod ended_sessions;
mod ttl_cell;

use std::{
    ops::Deref,
    sync::{Arc, Mutex},
    time::Instant,
};

use chrono::Duration;

use crate::mails::Mails;
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
use types::{Clock, Delays, Entropy, Jobs, OsEntropy, Retention, Rule, SystemClock, TimeZones, Timestamp, UserId};

pub use amenity_cache::AmenityCache;
pub use ended_sessions::EndedSessions;
pub use mysql_engine::OperationPermit;
pub use ttl_cell::TtlCell;

/// Durations of business rules and sessions.
#[derive(Debug, Clone, Copy)]
pub struct Terms {
    /// How long an access token is valid.
    pub access_token: Duration,
    /// How long a refresh token is valid.
    pub refresh_token: Duration,
    /// How long after its use a refresh token still returns the same pair to the same client, whose response may have been lost.
    pub refresh_grace: Duration,
    /// How long a device is known after its last sign-in.
    pub device: Duration,
    /// How long the price of a quote is guaranteed.
    pub quote: Duration,
    /// How long an instant booking holds its nights until payment.
    pub hold: Duration,
    /// Limits of unpaid bookings.
    pub holds: HoldLimits,
    /// How long a guest has to pay for a request.
    pub request_payment: Duration,
    /// How long a host has to answer a request whose payment is authorized.
    pub host_answer: Duration,
    /// How long after the end of a stay a review can be written.
    pub review_window: Duration,
    /// How long a code that verifies an email is valid.
    pub email_code: Duration,
    /// How long a link to reset a password is valid.
    pub reset_code: Duration,
    /// Timeout of calls to the payment provider.
    pub provider_answer: std::time::Duration,
    /// How long data is stored that is not needed forever.
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
            email_code: Duration::hours(24),
            reset_code: Duration::minutes(30),
            provider_answer: std::time::Duration::from_secs(20),
            retention: Retention::default(),
        }
    }
}

/// The most open unpaid bookings of one kind that a guest can have.
#[derive(Debug, Clone, Copy)]
pub struct Caps {
    /// Of one guest.
    pub per_guest: u32,
    /// Of one guest at one listing.
    pub per_listing: u32,
    /// How long a guest who has canceled one, or let it expire, waits before booking the same listing again.
    pub cooldown: Duration,
}

/// Limits of unpaid bookings.
#[derive(Debug, Clone, Copy)]
pub struct HoldLimits {
    /// Unpaid holds; and, counted separately, bookings that cost nothing.
    pub holds: Caps,
    /// Requests, whether or not their payment is authorized.
    pub requests: Caps,
    /// How long consecutive holds of one guest at one listing, each replacing the previous one, can last in all.
    pub in_all: Duration,
}

impl HoldLimits {
    /// The caps of bookings of this kind.
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

/// Rate limits of everything that can be guessed or hoarded. Counted in the database, so that all servers agree.
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
    /// Mails with codes to one email, whoever asks for them.
    pub mails_by_email: Rule,
    /// Codes that one member asks for to verify an email.
    pub verification_mails: Rule,
    /// Codes that one member types.
    pub codes: Rule,
    /// Requests to reset a password, and attempts to do so, from one address prefix.
    pub resets_by_address: Rule,
    /// Attempts of one member to replace the password or the email.
    pub password_changes: Rule,
    /// Drafts by one member.
    pub drafts: Rule,
    /// Payments of one member that are declined or still in flight: a defense against the testing of stolen cards.
    pub declined_payments: Rule,
    /// Bookings from one address prefix: accounts are cheap, and each can hold nights without paying.
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
            mails_by_email: Rule::refusing("mail/email", 10, Duration::hours(1)),
            verification_mails: Rule::refusing("resendVerification/member", 1, Duration::minutes(1)),
            codes: Rule::refusing("verifyEmail/member", 20, quarter),
            resets_by_address: Rule::refusing("resetPassword/address", 60, Duration::hours(1)),
            password_changes: Rule::refusing("changePassword/member", 10, quarter),
            drafts: Rule::refusing("createListing/member", 100, Duration::days(1)),
            declined_payments: Rule::refusing("payBooking/member", 20, Duration::hours(1)),
            bookings_by_address: Rule::refusing("createBooking/address", 100, Duration::hours(1)),
            quotes_by_member: Rule::refusing("quoteStay/member", 300, Duration::hours(1)),
            quotes_by_address: Rule::refusing("quoteStay/address", 1_500, Duration::hours(1)),
        }
    }
}

impl AttemptLimits {
    /// No limits.
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
            mails_by_email: off(on.mails_by_email),
            verification_mails: off(on.verification_mails),
            codes: off(on.codes),
            resets_by_address: off(on.resets_by_address),
            password_changes: off(on.password_changes),
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
    /// Sends events to followers.
    pub hub: Hub<Topic, Event>,
    /// Open streams by member.
    pub open: Quota<UserId>,
    /// When events of other servers were last checked.
    pub checked: Mutex<Option<Instant>>,
}

impl Streams {
    /// Streams, of which a member can have `per_member` open at a time.
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
    /// Captures and refunds payments.
    pub payments: Arc<dyn PaymentProvider>,
    /// Sends mails.
    pub mails: Mails,
    /// The streams of this process.
    pub streams: Streams,
    /// Sessions whose access tokens are refused.
    pub ended_sessions: Arc<EndedSessions>,
    /// The rules of time zones.
    pub tzdata: Tzdata,
    /// The time zones of published listings, and how many are in each.
    pub zones: TtlCell<Arc<[(String, i64)]>>,
    /// Cached amenities.
    pub amenities: AmenityCache,
    /// How many listings a search for a stay checks first.
    pub reach: Reach,
    /// Durations.
    pub terms: Terms,
    /// Rate limits of what can be guessed or hoarded.
    pub limits: AttemptLimits,
    /// Attempts that are being delayed.
    pub delays: Delays,
}

/// Builds an [`App`].
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

    /// Captures and refunds payments; by default the sandbox.
    #[must_use]
    pub fn payments(self, payments: Arc<dyn PaymentProvider>) -> Self {
        Self(Shared { payments, ..self.0 })
    }

    /// Sends mails; by default nowhere.
    #[must_use]
    pub fn mails(self, mails: Mails) -> Self {
        Self(Shared { mails, ..self.0 })
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

    /// How many listings a search for a stay checks first.
    #[must_use]
    pub fn reach(self, reach: Reach) -> Self {
        Self(Shared { reach, ..self.0 })
    }

    /// Durations.
    #[must_use]
    pub fn terms(self, terms: Terms) -> Self {
        Self(Shared { terms, ..self.0 })
    }

    /// Rate limits of what can be guessed or hoarded.
    #[must_use]
    pub fn limits(self, limits: AttemptLimits) -> Self {
        Self(Shared { limits, ..self.0 })
    }

    /// The app.
    pub fn build(self) -> App {
        let database = self.0.database.clone();
        App { shared: Arc::new(self.0), database, jobs: Arc::default(), cause: Cause::Job("server") }
    }
}

/// The application handle.
#[derive(Clone)]
pub struct App {
    shared: Arc<Shared>,
    /// The pool of connections, on behalf of the owner of this handle.
    pub database: Database,
    /// Health of scheduled jobs.
    pub jobs: Arc<Jobs>,
    /// The cause of events written with this handle.
    pub cause: Cause,
}

impl App {
    /// An app on `database` that signs tokens with `keys` and hashes passwords with `passwords`; everything else has defaults.
    pub fn builder(database: Database, keys: Keys, passwords: PasswordHasher) -> AppBuilder {
        AppBuilder(Shared {
            database,
            clock: Arc::new(SystemClock),
            entropy: Arc::new(OsEntropy),
            keys,
            passwords,
            payments: Arc::new(Sandbox),
            mails: Mails::off(),
            streams: Streams::default(),
            ended_sessions: Arc::default(),
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
        let (shared, jobs) = (Arc::clone(&self.shared), Arc::clone(&self.jobs));
        Self { shared, database, jobs, cause: self.cause.clone() }
    }

    /// A handle for one operation of a client, which can hold few connections at a time.
    #[must_use]
    pub fn for_operation(&self) -> Self {
        self.over(self.database.for_operation())
    }

    /// A handle for scheduled work.
    #[must_use]
    pub fn for_worker(&self) -> Self {
        self.over(self.database.for_worker()).caused_by(Cause::Job("worker"))
    }

    /// The same handle, with `cause` as the cause of its events: a request, a job or a notification of the payment provider.
    #[must_use]
    pub fn caused_by(&self, cause: Cause) -> Self {
        Self { cause, ..self.clone() }
    }

    /// A handle for work that several operations share.
    #[must_use]
    pub fn for_process(&self) -> Self {
        self.over(self.database.for_process())
    }

    /// What time it is.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// The time zone rules in force. They can change: callers that need several zones, or the version, get them once.
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
