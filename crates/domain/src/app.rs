//! The application: one handle to everything that is shared. Built once, cloned freely.

mod amenity_cache;
mod attempt_limits;
mod builder;
mod ended_sessions;
mod ttl_cell;

use std::{
    ops::Deref,
    sync::{Arc, Mutex},
    time::Instant,
};

use chrono::Duration;

use crate::{
    catalog_follower::CatalogFollower, impersonations::acting::Acting, mails::Mails, privacy::consents::LegalVersions,
    row_cache::RowCache, search_index::SearchIndex,
};
use auth::{Keys, Member, PasswordHasher, RelyingParty};
use client_limits::Quota;
use mysql_engine::{Conn, Database};
use providers::{
    hub::Hub,
    identity::IdentityProviders,
    payments::{PaymentProvider, Sandbox},
    tzdata::Tzdata,
};
use store::{
    events::{Cause, Event, Topic},
    search::Reach,
};
use types::{Clock, Delays, Entropy, Feature, Jobs, OsEntropy, Retention, SystemClock, TimeZones, Timestamp, UserId};

pub use amenity_cache::AmenityCache;
pub use attempt_limits::{AttemptLimits, Caps, HoldLimits};
pub use builder::AppBuilder;
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
    /// How long after the sign-in a session ends, however it is used.
    pub session: Duration,
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
    /// How long after a member has proved who they are they can change how their account is signed in to.
    pub recent_sign_in: Duration,
    /// How long a member has to type the first code of a new authenticator app.
    pub second_factor_setup: Duration,
    /// How long after a sign-in with an identity provider was begun it can be completed.
    pub provider_attempt: Duration,
    /// How long after the right password a second factor can be given.
    pub sign_in_challenge: Duration,
    /// How long an invitation to help a host waits for an answer.
    pub co_host_invitation: Duration,
    /// How long a passkey can answer a challenge.
    pub passkey_challenge: Duration,
    /// How long a code that verifies an email is valid.
    pub email_code: Duration,
    /// How long a link to reset a password is valid.
    pub reset_code: Duration,
    /// How long staff can act as a person, at most as long as an access token is valid.
    pub impersonation: Duration,
    /// How long an export of a person's data can be read.
    pub data_export: Duration,
    /// How long after its deletion was requested an account is erased; zero: at once.
    pub erasure_grace: Duration,
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
            session: Duration::days(180),
            refresh_grace: Duration::seconds(30),
            device: Duration::days(180),
            quote: Duration::minutes(15),
            hold: Duration::minutes(15),
            holds: HoldLimits::default(),
            request_payment: Duration::minutes(30),
            host_answer: Duration::hours(24),
            review_window: Duration::days(14),
            recent_sign_in: Duration::minutes(10),
            second_factor_setup: Duration::minutes(15),
            provider_attempt: Duration::minutes(10),
            sign_in_challenge: Duration::minutes(5),
            co_host_invitation: Duration::days(14),
            passkey_challenge: Duration::minutes(5),
            email_code: Duration::hours(24),
            reset_code: Duration::minutes(30),
            impersonation: Duration::minutes(15),
            data_export: Duration::days(7),
            erasure_grace: Duration::zero(),
            provider_answer: std::time::Duration::from_secs(20),
            retention: Retention::default(),
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
    /// The domain of passkeys; None: there are none.
    pub passkeys: Option<RelyingParty>,
    /// Captures and refunds payments.
    pub payments: Arc<dyn PaymentProvider>,
    /// Say who somebody is.
    pub identity_providers: IdentityProviders,
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
    /// The features that are off.
    pub features_off: TtlCell<Arc<[Feature]>>,
    /// Cached amenities.
    pub amenities: AmenityCache,
    /// Public rows in memory.
    pub rows: RowCache,
    /// What a search needs of all listings, in memory.
    pub search_index: SearchIndex,
    /// Keeps the two up to date.
    pub follower: CatalogFollower,
    /// How many listings a search for a stay checks first.
    pub reach: Reach,
    /// Durations.
    pub terms: Terms,
    /// The current versions of the documents that people agree to.
    pub legal: LegalVersions,
    /// Rate limits of what can be guessed or hoarded.
    pub limits: AttemptLimits,
    /// Attempts that are being delayed.
    pub delays: Delays,
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
    /// What staff do with this handle as a person.
    pub(crate) acting: Option<Arc<Acting>>,
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
            passkeys: None,
            payments: Arc::new(Sandbox),
            identity_providers: IdentityProviders::default(),
            mails: Mails::off(),
            streams: Streams::default(),
            ended_sessions: Arc::default(),
            tzdata: Tzdata::fixed(Arc::clone(TimeZones::built_in())),
            zones: TtlCell::default(),
            features_off: TtlCell::default(),
            amenities: AmenityCache::default(),
            rows: RowCache::new(0),
            search_index: SearchIndex::new(false),
            follower: CatalogFollower::default(),
            reach: Reach::default(),
            terms: Terms::default(),
            legal: LegalVersions::default(),
            limits: AttemptLimits::default(),
            delays: Delays::default(),
        })
    }

    fn over(&self, database: Database) -> Self {
        let (shared, jobs) = (Arc::clone(&self.shared), Arc::clone(&self.jobs));
        Self { shared, database, jobs, cause: self.cause.clone(), acting: None }
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

    /// The same handle for what `member` does: if staff act as the member, all that it changes is recorded.
    #[must_use]
    pub fn acting_as(self, member: &Member) -> Self {
        let Some(acting) = Acting::of(&self, member) else { return self };
        let database = self.database.clone().with_last_step(Arc::clone(&acting) as Arc<dyn mysql_engine::LastStep>);
        Self { database, acting: Some(acting), ..self }
    }

    /// What staff do with this handle as a person; None when nobody acts as somebody else.
    pub fn acting(&self) -> Option<&Acting> {
        self.acting.as_deref()
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
