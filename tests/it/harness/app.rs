//! The complete application with its own database, and its users.

use std::{
    net::{IpAddr, SocketAddr},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use async_graphql::{Response, Variables};
use auth::{HashCost, Keys, Member, PasswordHasher, RelyingParty, SigningKey, Viewer};
use chrono::{DateTime, Duration, Utc};
use domain::{
    app::{App, AppBuilder, AttemptLimits, Caps, HoldLimits, Terms},
    mails::Mails,
};
use futures_util::{Stream, StreamExt};
use graphql::{
    MeteredSchema, Schema,
    context::Scope,
    documents_within,
    loaders::{PublicLoaders, StreamLoaders},
    schema,
};
use graphql_contract::documents::{self, Documents};
use mail::Brand;
use mysql_engine::{Database, Options};
use providers::{identity::IdentityProviders, payments::Notice, tzdata::Tzdata};
use serde_json::Value;
use staygate::gateway;
use tokio::net::TcpListener;
use types::{EffectState, Entropy, ManualClock, SeededEntropy, TimeZones, Timestamp};

use super::{actors::Actor, bank::Bank, database::TestDatabase, mailbox::Mailbox, passkeys, sizes};

/// When the tests begin: a Monday, noon in Singapore.
pub const NOW: &str = "2026-03-02T04:00:00Z";

/// The timeout of the provider: long enough for the rest of the test.
const PROVIDER_TIMEOUT: std::time::Duration = std::time::Duration::from_secs(3);

/// An instance of the application. Instances of one test share database, clock and provider.
#[derive(Clone)]
pub struct TestApp {
    pub app: App,
    pub clock: Arc<ManualClock>,
    pub bank: Arc<Bank>,
    pub mailbox: Arc<Mailbox>,
    test: Arc<TestDatabase>,
    documents: Arc<Documents>,
    pub schema: Schema,
    pub public: Arc<PublicLoaders>,
    streams: Arc<StreamLoaders>,
    numbers: Arc<AtomicU64>,
}

fn brand() -> Brand {
    Brand { name: "Staygate".to_owned(), app_url: "https://stays.example.org".to_owned() }
}

/// How many bytes of public rows stay in memory: `STAYGATE_TEST_ROW_CACHE` in MiB, else none, so that all statements are counted.
fn row_cache() -> u64 {
    std::env::var("STAYGATE_TEST_ROW_CACHE").map_or(0, |mib| mib.parse::<u64>().unwrap() << 20)
}

/// What the instances of a test share.
type Shared = (Arc<TestDatabase>, Arc<ManualClock>, Outside, Arc<AtomicU64>);

/// What is outside of the instances of a test.
type Outside = (Arc<Bank>, Arc<Mailbox>, IdentityProviders);

impl TestApp {
    /// One without limits.
    pub async fn new() -> Self {
        Self::pooled(Options::default()).await
    }

    /// One with limits.
    pub async fn limited(limits: AttemptLimits) -> Self {
        Self::made(limits, HoldLimits::default(), Options::default()).await
    }

    /// One without limits, with a pool with these `options`.
    pub async fn pooled(options: Options) -> Self {
        Self::made(AttemptLimits::none(), HoldLimits::default(), options).await
    }

    /// One with these limits, with which one can sign in with these providers.
    pub async fn with_providers(limits: AttemptLimits, providers: IdentityProviders) -> Self {
        Box::pin(Self::made_with(limits, HoldLimits::default(), Options::default(), providers)).await
    }

    /// One as [`Self::without_hold_limits`], with which one can sign in with these providers.
    pub async fn without_hold_limits_with(options: Options, providers: IdentityProviders) -> Self {
        Box::pin(Self::made_with(AttemptLimits::none(), no_hold_limits(), options, providers)).await
    }

    /// One without limits of unpaid holds, with a pool with these `options`.
    pub async fn without_hold_limits(options: Options) -> Self {
        Self::made(AttemptLimits::none(), no_hold_limits(), options).await
    }

    /// One with all limits except those of holds.
    pub async fn limited_without_hold_limits(limits: AttemptLimits) -> Self {
        Self::made(limits, no_hold_limits(), Options::default()).await
    }

    async fn made(limits: AttemptLimits, holds: HoldLimits, options: Options) -> Self {
        Box::pin(Self::made_with(limits, holds, options, IdentityProviders::default())).await
    }

    async fn made_with(
        limits: AttemptLimits,
        holds: HoldLimits,
        options: Options,
        providers: IdentityProviders,
    ) -> Self {
        let test = Arc::new(TestDatabase::with(options).await);
        let clock = Arc::new(ManualClock::at(instant(NOW)));
        let (outside, numbers) = ((Arc::default(), Arc::default(), providers), Arc::new(AtomicU64::new(0)));
        Self::over((test.database.clone(), built_in(), keys()), 1, (limits, holds), (test, clock, outside, numbers))
    }

    /// Another server on the same database, with connections and wake-up calls of its own.
    pub async fn second_instance(&self) -> Self {
        self.with_rules(built_in()).await
    }

    /// Another server as [`Self::second_instance`], with other time zone rules.
    pub async fn with_rules(&self, tzdata: Tzdata) -> Self {
        self.instance_at(self.clock.clone(), tzdata).await
    }

    /// Another server on the same database, whose clock differs by `skew`.
    pub async fn skewed_instance(&self, skew: Duration) -> Self {
        self.instance_at(Arc::new(ManualClock::at(self.app.now() + skew)), built_in()).await
    }

    /// Another server on the same database, with other signing keys.
    pub async fn with_keys(&self, keys: Keys) -> Self {
        self.instance_with(self.clock.clone(), built_in(), keys).await
    }

    /// Another server on the same database, with other settings.
    pub async fn with_settings(&self, change: impl FnOnce(AppBuilder) -> AppBuilder) -> Self {
        let other = self.second_instance().await;
        let outside = (self.bank.clone(), self.mailbox.clone());
        let number = 100 + self.number();
        let builder = builder((other.app.database.clone(), built_in(), keys()), number, &self.clock, outside);
        let terms = self.app.terms;
        let app = change(builder.terms(terms).limits(self.app.limits)).build();
        Self { app, ..other }
    }

    async fn instance_at(&self, clock: Arc<ManualClock>, tzdata: Tzdata) -> Self {
        self.instance_with(clock, tzdata, keys()).await
    }

    async fn instance_with(&self, clock: Arc<ManualClock>, tzdata: Tzdata, keys: Keys) -> Self {
        let database = Database::connect(&self.test.url, Options { seed: 2, ..Options::default() }).await.unwrap();
        let outside = (self.bank.clone(), self.mailbox.clone(), self.app.identity_providers.clone());
        let shared = (self.test.clone(), clock, outside, self.numbers.clone());
        Self::over((database, tzdata, keys), 2 + self.number(), (self.app.limits, self.app.terms.holds), shared)
    }

    fn over(
        (database, tzdata, keys): (Database, Tzdata, Keys),
        seed: u64,
        (limits, holds): (AttemptLimits, HoldLimits),
        (test, clock, (bank, mailbox, providers), numbers): Shared,
    ) -> Self {
        let app = builder((database, tzdata, keys), seed, &clock, (bank.clone(), mailbox.clone()))
            .identity_providers(providers)
            .terms(Terms { provider_answer: PROVIDER_TIMEOUT, holds, ..Terms::default() })
            .limits(limits)
            .build();
        let documents = Arc::new(documents_within(documents::Limits::default()).unwrap());
        Self {
            app,
            clock,
            bank,
            mailbox,
            test,
            documents,
            schema: schema(),
            public: Arc::default(),
            streams: Arc::default(),
            numbers,
        }
    }

    /// A unique number.
    pub fn number(&self) -> u64 {
        self.numbers.fetch_add(1, Ordering::Relaxed)
    }

    /// A unique idempotency key.
    pub fn key(&self) -> String {
        format!("key-{:08}", self.number())
    }

    /// Lets time pass.
    pub fn pass(&self, time: Duration) {
        self.clock.advance(time);
    }

    /// The current day, in UTC.
    pub fn clock_day(&self) -> chrono::NaiveDate {
        self.app.now().utc().date_naive()
    }

    /// Runs all due jobs, like the worker.
    pub async fn work(&self) {
        staygate::worker::work_once(&self.app.for_worker()).await.unwrap();
    }

    /// Receives a notification of the provider.
    pub async fn receive(&self, notice: &Notice) {
        domain::payments::receive(&self.app, notice).await.unwrap();
    }

    /// The provider recovers, and all pending effects are performed. The clock advances an hour for each attempt.
    pub async fn settle(&self) {
        self.bank.recover();
        self.work().await;
        while store::outbox::count(&mut self.conn().await, EffectState::Pending).await.unwrap() > 0 {
            self.pass(Duration::hours(1));
            self.work().await;
        }
    }

    /// The URL of the database.
    pub fn url(&self) -> &str {
        &self.test.url
    }

    /// A connection to the database, to inspect it directly.
    pub async fn conn(&self) -> mysql_engine::Conn {
        self.test.conn().await
    }

    /// A guest.
    pub async fn guest(&self) -> Actor {
        Actor::register(self, "Gina Guest").await
    }

    /// Several guests. They register sequentially, because few callers of one address can wait for password hashing.
    pub async fn guests(&self, number: usize) -> Vec<Actor> {
        let mut guests = Vec::new();
        for _ in 0..number {
            guests.push(self.guest().await);
        }
        guests
    }

    /// A host.
    pub async fn host(&self) -> Actor {
        Actor::register(self, "Hugo Host").await
    }

    /// Runs a query or mutation like the transport: prepared first, with its own scope.
    pub async fn run(&self, viewer: Option<&Member>, query: &str, variables: Value) -> Response {
        self.run_from(None, viewer, query, variables).await
    }

    /// The same, from an address.
    pub async fn run_from(
        &self,
        address: Option<IpAddr>,
        viewer: Option<&Member>,
        query: &str,
        variables: Value,
    ) -> Response {
        let scope = Scope::new(self.app.clone(), self.public.clone(), viewer_of(viewer), address);
        let response = self.schema.execute(self.prepare(query, variables.clone()).data(scope)).await;
        sizes::check(query, &variables, &serde_json::to_value(&response.data).unwrap());
        response
    }

    /// Starts a subscription.
    pub fn stream(
        &self,
        viewer: Option<&Member>,
        query: &str,
        variables: Value,
    ) -> impl Stream<Item = Value> + Send + use<> {
        let (viewer, position) = (viewer_of(viewer), Arc::default());
        let scope = Scope::of_stream(self.app.clone(), &self.streams, viewer, None, position);
        let sent = variables.clone();
        let request = self.prepare(query, variables).data(scope);
        let query = query.to_owned();
        self.schema.execute_stream(request).map(move |response| {
            let response = serde_json::to_value(response).unwrap();
            sizes::check(&query, &sent, &response["data"]);
            response
        })
    }

    /// Whether the operation is within the limits.
    pub fn fits(&self, query: &str) -> bool {
        self.documents.prepare(query, None, &Variables::default()).is_ok()
    }

    pub fn prepare(&self, query: &str, variables: Value) -> async_graphql::Request {
        let prepared = self.documents.prepare(query, None, &Variables::from_json(variables));
        prepared.unwrap_or_else(|errors| panic!("{query}: {errors:?}")).into_request()
    }

    /// Listens on a port until the result is dropped.
    pub async fn serve(&self) -> Served {
        let none = client_limits::Budget::NONE;
        self.serve_within(graphql_transport::BudgetSettings { address: none, viewer: none, introspection: none }).await
    }

    /// As [`Self::serve`], with budgets.
    pub async fn serve_within(&self, budgets: graphql_transport::BudgetSettings) -> Served {
        self.serve_with(|settings| settings.budgets = budgets).await
    }

    /// As [`Self::serve`], with other settings.
    pub async fn serve_with(&self, change: impl FnOnce(&mut graphql_transport::Settings)) -> Served {
        self.serve_gateway(|gateway| change(&mut gateway.settings)).await
    }

    /// As [`Self::serve`], for pages of these origins that use cookies.
    pub async fn serve_with_cookies(&self, origins: &[&str]) -> Served {
        let origins = origins.iter().map(ToString::to_string).collect();
        self.serve_gateway(|gateway| gateway.cookies.origins = origins).await
    }

    /// As [`Self::serve`], with a listener for operators, whose address comes with it.
    pub async fn serve_with_metrics(&self) -> (Served, String) {
        let metrics = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = metrics.local_addr().unwrap().to_string();
        (self.serve_gateway(|gateway| gateway.metrics = Some(metrics)).await, address)
    }

    pub async fn serve_gateway(&self, change: impl FnOnce(&mut graphql_transport::Gateway<MeteredSchema>)) -> Served {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let mut gateway = gateway::of(&self.app).unwrap();
        change(&mut gateway);
        let serving = tokio::spawn(graphql_transport::serve(listener, gateway, std::future::pending()));
        Served { address, serving }
    }
}

fn builder(
    (database, tzdata, keys): (Database, Tzdata, Keys),
    seed: u64,
    clock: &Arc<ManualClock>,
    (bank, mailbox): (Arc<Bank>, Arc<Mailbox>),
) -> AppBuilder {
    let entropy: Arc<dyn Entropy> = Arc::new(SeededEntropy::new(seed));
    // A hash takes no time. See `accounts::with_real_hashes`.
    App::builder(database, keys, PasswordHasher::with_cost(2, HashCost { memory: 8, passes: 1 }, &*entropy).unwrap())
        .clock(clock.clone())
        .entropy(entropy)
        .passkeys(Some(RelyingParty::new(passkeys::DOMAIN, "Staygate", &[passkeys::ORIGIN.to_owned()]).unwrap()))
        .payments(bank)
        .mails(Mails::new(mailbox, brand()))
        .tzdata(tzdata)
        .row_cache(row_cache())
}

fn keys() -> Keys {
    Keys::new(SigningKey { id: "test".into(), secret: vec![7; 32] }, &[])
}

fn no_hold_limits() -> HoldLimits {
    let none = Caps { per_guest: u32::MAX, per_listing: u32::MAX, cooldown: Duration::zero() };
    HoldLimits { holds: none, requests: none, ..HoldLimits::default() }
}

/// The built-in time zone rules, independent of the machine.
fn built_in() -> Tzdata {
    Tzdata::fixed(Arc::clone(TimeZones::built_in()))
}

fn viewer_of(member: Option<&Member>) -> Viewer {
    member.map_or(Viewer::Anonymous, |member| Viewer::Member(*member))
}

/// A server that listens.
pub struct Served {
    pub address: SocketAddr,
    serving: tokio::task::JoinHandle<anyhow::Result<()>>,
}

impl Drop for Served {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

/// The instant that `text` names.
pub fn instant(text: &str) -> Timestamp {
    text.parse::<DateTime<Utc>>().unwrap().into()
}
