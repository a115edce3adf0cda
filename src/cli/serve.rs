use super::landing::landing;
use super::storage::{OpenStorage, pool_options};
use crate::config::{Config, PublicUrl, SigningKeys};
use crate::gateway;
use crate::worker;
use anyhow::{Context, bail};
use auth::{PasswordHasher, RelyingParty};
use domain::app::{App, AttemptLimits, Caps, HoldLimits, Terms};
use domain::{catalog_follower, mails::Mails, sessions};
use graphql::cookies::SessionCookies;
use graphql_contract::documents::Limits;
use graphql_transport;
use import::demo::{self, Account};
use mail::{Brand, MailFolder, MailSettings};
use mysql_engine::{Database, NamedLock, version};
use providers::identity::{IdentityProviders, OidcProvider, Timeouts};
use providers::tzdata::Tzdata;
use std::future::Future;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::process::ExitCode;
use std::time::Duration;
use store::migrate;
use store::refresh;
use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};
use types::{Clock as _, OsEntropy, SystemClock};

/// How long a stopping server waits for other commands that use its private database.
const STOP_TIMEOUT: Duration = Duration::from_secs(10);

/// Open files besides websockets and event streams: requests, the database, the program itself.
const FILES: u64 = 2_500;

/// The name of the platform in mails.
const BRAND: &str = "Staygate";

/// The page of the single-page app to which identity providers send people back.
const PROVIDER_PAGE: &str = "/sign-in/provider";

/// How long one server waits for another that loads demo data. Seconds.
const DEMO_TIMEOUT: u32 = 600;

/// Everything that is needed to serve requests: the database is migrated, the port is bound.
struct Ready {
    config: Config,
    keys: SigningKeys,
    database: Database,
    tzdata: Tzdata,
    listener: TcpListener,
    metrics: Option<TcpListener>,
}

pub(super) async fn run(config: Config) -> anyhow::Result<ExitCode> {
    let missing = config.missing_for_production()?;
    if !missing.is_empty() {
        bail!("not safe for production:\n- {}", missing.join("\n- "));
    }
    config.sign_in.identity_providers()?;
    allow_files(&config);
    let mut signals = Signals::listen()?;
    // Cheap checks come first. The socket accepts no connection before it is served.
    let listener = listen(config.network.listen, "--listen").await?;
    let metrics = match config.observing.metrics_listen {
        Some(address) => Some(listen(address, "--metrics-listen").await?),
        None => None,
    };
    let tzdata = time_zones(&config)?;
    let storage = tokio::select! {
        opened = OpenStorage::for_server(&config.storage) => opened?,
        () = signals.next() => return Ok(ExitCode::SUCCESS),
    };
    tokio::select! {
        reached = storage.wait_until_reachable(&config.storage) => reached?,
        () = signals.next() => return Ok(ExitCode::SUCCESS),
    }
    let served = tokio::select! {
        served = prepare_and_serve(config, &storage, (listener, metrics, tzdata), signals.next()) => served,
        // While requests are drained, a second signal stops at once. The database is safe either
        // way.
        () = async { second_signal().await } => bail!("stopped at once"),
    };
    let closed = storage.close(STOP_TIMEOUT).await;
    served?;
    closed?;
    tracing::info!("stopped");
    Ok(ExitCode::SUCCESS)
}

/// Raises the limit of open files: each connection is one.
fn allow_files(config: &Config) {
    let needed = u64::from(config.streams.max_sockets) + FILES;
    match rlimit::increase_nofile_limit(u64::MAX) {
        Ok(allowed) if allowed >= needed => {}
        Ok(allowed) => tracing::warn!(
            allowed,
            needed,
            "the limit of open files is too low: raise it (ulimit -n), or lower --max-sockets"
        ),
        Err(error) => tracing::warn!(%error, "the limit of open files cannot be raised"),
    }
}

async fn listen(address: SocketAddr, flag: &str) -> anyhow::Result<TcpListener> {
    let bound = TcpListener::bind(address).await;
    bound.with_context(|| {
        format!("cannot listen on {address}: stop the process that uses it, or choose another address with {flag}")
    })
}

async fn prepare_and_serve(
    config: Config,
    storage: &OpenStorage,
    (listener, metrics, tzdata): (TcpListener, Option<TcpListener>, Tzdata),
    stop: impl Future<Output = ()>,
) -> anyhow::Result<()> {
    let keys = config.sign_in.signing_keys(&config.storage, &OsEntropy)?;
    let applied = migrate::up(storage.url()).await?;
    if let Some(newest) = applied.last() {
        tracing::info!(count = applied.len(), %newest, "applied migrations");
    }
    let database = Database::connect(storage.url(), pool_options(&config.storage, &OsEntropy)).await?;
    refresh::missing(&database).await?;
    let found = version::check(&mut database.conn().await?).await?;
    tracing::info!(database = %found, private = storage.embedded().is_some(), "the database is ready");
    let ready = Ready { config, keys, database: database.clone(), tzdata, listener, metrics };
    let served = answer_requests(ready, storage.url(), stop).await;
    let (statements, retries) = (database.statements().sent(), database.retry_count());
    tracing::info!(statements, retries, "statements sent, and transaction retries");
    database.close();
    served
}

/// Serves requests until `stop`, and then for the drain timeout; the worker runs as long.
async fn answer_requests(ready: Ready, database_url: &str, stop: impl Future<Output = ()>) -> anyhow::Result<()> {
    let Ready { config, keys, database, tzdata, listener, metrics } = ready;
    let url = address(&config, listener.local_addr()?);
    let app = app_of(&config, &keys, database, tzdata, &url)?;
    let has_demo = if config.wants_demo()? {
        load_demo(&app, database_url).await?
    } else {
        demo::lock_accounts(&app).await?;
        false
    };
    sessions::notice_ends(&app).await?;
    let cookies = SessionCookies::new(!config.network.is_local());
    let mut gateway = gateway::with_limits(&app, limits_of(&config), cookies)?;
    gateway.settings = settings_of(&config);
    gateway.cookies.origins = config.network.cookie_origins();
    let has_pages = config.profile.wants_pages();
    if has_pages {
        gateway = pages::serve(gateway, &landing(&url, has_demo));
        if let Some(folder) = mailbox_of(&config)? {
            tracing::info!("mails go to {}; read them at {url}/dev/mail", folder.path().display());
            gateway = pages::serve_mailbox(gateway, folder);
        }
    }
    if let Some(metrics) = &metrics {
        tracing::info!("metrics: http://{}/metrics", metrics.local_addr()?);
    }
    gateway.metrics = metrics;
    let follower = app.for_process();
    let following = tokio::spawn(async move { catalog_follower::run(&follower).await });
    let worker = tokio::spawn(worker::run(app));
    say_ready(&url, has_pages, has_demo);
    let served = graphql_transport::serve(listener, gateway, stop).await;
    worker.abort();
    following.abort();
    served
}

/// Says where the server is, and with which account one can try it.
fn say_ready(url: &str, has_pages: bool, has_demo: bool) {
    match demo::ACCOUNTS.first().filter(|_| has_demo) {
        _ if !has_pages => tracing::info!("ready: {url}/graphql"),
        Some(Account { email, password, .. }) => tracing::info!(
            "ready: open {url} in a browser; GraphiQL is at {url}/graphql; sign in as {email} with {password}"
        ),
        None => tracing::info!("ready: open {url} in a browser; GraphiQL is at {url}/graphql"),
    }
}

/// Loads demo data into an empty database. If several servers start at the same time, one loads it
/// and the others wait.
async fn load_demo(app: &App, database_url: &str) -> anyhow::Result<bool> {
    let lock = NamedLock::acquire(database_url, "staygate-demo", DEMO_TIMEOUT).await?;
    let lock = lock.with_context(|| format!("another server has been loading demo data for {DEMO_TIMEOUT} s"))?;
    let is_there = demo::load(app).await?;
    if let Err(error) = lock.release().await {
        tracing::debug!(%error, "the lock was released with its connection");
    }
    Ok(is_there)
}

/// Builds the app according to the settings.
fn app_of(config: &Config, keys: &SigningKeys, database: Database, tzdata: Tzdata, url: &str) -> anyhow::Result<App> {
    let passwords = PasswordHasher::new(config.sign_in.password_hashers(), &OsEntropy)?;
    Ok(App::builder(database, keys.verifier(), passwords)
        .passkeys(passkeys_of(config, url)?)
        .streams_per_member(config.streams.max_subscriptions as usize)
        .tzdata(tzdata)
        .row_cache(u64::from(config.storage.row_cache) << 20)
        .search_index(config.storage.search_index.is_on())
        .identity_providers(identity_providers_of(config, url)?)
        .mails(mails_of(config, url)?)
        .terms(terms_of(config))
        .legal(config.privacy.legal())
        .limits(attempts_of(config))
        .build())
}

/// The providers with which one can sign in. They send people back to a page of the single-page app, or to another one that the settings list.
fn identity_providers_of(config: &Config, url: &str) -> anyhow::Result<IdentityProviders> {
    let settings = config.sign_in.identity_providers()?;
    let page = format!("{}{PROVIDER_PAGE}", app_url_of(config, url).trim_end_matches('/'));
    let pages = [page].into_iter().chain(settings.redirect_uris).collect();
    Ok(IdentityProviders::new(OidcProvider::all(settings.providers, Timeouts::default())?, pages))
}

/// The address of the single-page app, by default that of this server.
fn app_url_of(config: &Config, url: &str) -> String {
    config.mailing.app_url.as_ref().map_or_else(|| url.to_owned(), PublicUrl::to_string)
}

/// How mails are sent. Their links open the single-page app, by default at the address of this server.
fn mails_of(config: &Config, url: &str) -> anyhow::Result<Mails> {
    let destination = config.mailing.destination(&config.storage)?;
    if destination == MailSettings::Off {
        tracing::warn!("mail is off: nobody can verify an email or reset a password. Set STAYGATE_MAIL");
    }
    let transport = destination.transport(config.mailing.mail_from.clone()).context("STAYGATE_MAIL")?;
    let app_url = app_url_of(config, url);
    Ok(Mails::new(transport, Brand { name: BRAND.to_owned(), app_url }))
}

/// The domain of passkeys.
fn passkeys_of(config: &Config, url: &str) -> anyhow::Result<Option<RelyingParty>> {
    let party = config.passkeys.relying_party(&app_url_of(config, url), BRAND)?;
    match &party {
        Some(party) => tracing::info!(domain = party.domain(), origins = ?party.origins(), "passkeys"),
        None => tracing::warn!("there are no passkeys: they need a domain with https. Set --app-url"),
    }
    Ok(party)
}

/// The folder of mails, if people who can open this server's pages may read all of them: on a machine of their own, without --production.
fn mailbox_of(config: &Config) -> anyhow::Result<Option<MailFolder>> {
    let is_private = !config.profile.production && config.network.is_local();
    Ok(match config.mailing.destination(&config.storage)? {
        MailSettings::File(folder) if is_private => Some(MailFolder::new(folder, config.mailing.mail_from.clone())),
        _ => None,
    })
}

fn attempts_of(config: &Config) -> AttemptLimits {
    let (limits, booking) = (AttemptLimits::default(), &config.booking);
    AttemptLimits {
        bookings_by_address: limits.bookings_by_address.with_burst(booking.bookings_per_address),
        quotes_by_member: limits.quotes_by_member.with_burst(booking.quotes_per_guest),
        quotes_by_address: limits.quotes_by_address.with_burst(booking.quotes_per_address),
        ..limits
    }
}

fn terms_of(config: &Config) -> Terms {
    let (sign_in, booking) = (&config.sign_in, &config.booking);
    Terms {
        access_token: sign_in.access_lifetime(),
        refresh_token: sign_in.refresh_lifetime(),
        session: sign_in.session_lifetime(),
        refresh_grace: sign_in.refresh_grace(),
        quote: booking.quote_lifetime(),
        hold: booking.hold_lifetime(),
        holds: HoldLimits {
            holds: Caps {
                per_guest: booking.holds_per_guest,
                per_listing: booking.holds_per_listing,
                cooldown: booking.hold_cooldown(),
            },
            requests: Caps {
                per_guest: booking.requests_per_guest,
                per_listing: booking.requests_per_listing,
                cooldown: booking.request_cooldown(),
            },
            in_all: booking.hold_total(),
        },
        request_payment: booking.request_payment_time(),
        host_answer: booking.host_answer_lifetime(),
        data_export: config.privacy.export_lifetime(),
        erasure_grace: config.privacy.erasure_grace(),
        device: config.retention.device_lifetime(),
        retention: config.retention.durations(),
        ..Terms::default()
    }
}

fn limits_of(config: &Config) -> Limits {
    Limits {
        introspection: config.profile.wants_introspection(),
        max_cost: config.limits.operation.max_cost.into(),
        ..Limits::default()
    }
}

/// The time zone rules according to the settings.
fn time_zones(config: &Config) -> anyhow::Result<Tzdata> {
    let tzdata = Tzdata::open(config.booking.tzdata_dir.as_deref()).context("--tzdata-dir cannot be used")?;
    let (zones, now) = (tzdata.current(), SystemClock.now());
    let (version, source, days) = (zones.version(), zones.source(), zones.age_in_days(now));
    tracing::info!(%version, %source, days, "time zone rules");
    if zones.is_stale(now) {
        tracing::warn!(%version, days, "the time zone rules are old: update the package tzdata, or this program");
    }
    Ok(tzdata)
}

fn settings_of(config: &Config) -> graphql_transport::Settings {
    graphql_transport::Settings {
        name: "staygate",
        max_body_bytes: config.network.max_body.bytes(),
        allowed_headers: config.network.allowed_headers.iter().map(|name| name.as_str().to_owned()).collect(),
        allowed_hosts: config.allowed_hosts(),
        https: config.network.public_url.as_ref().is_some_and(PublicUrl::is_https),
        publishes_contract: config.profile.wants_introspection(),
        security_contact: config.network.security_contact.as_ref().map(|contact| contact.as_str().to_owned()),
        allowed_origins: config.network.allowed_origins.iter().map(|origin| origin.as_str().to_owned()).collect(),
        trusted_proxies: config.network.trusted_proxies as usize,
        drain_timeout: Duration::from_secs(config.network.drain_seconds.into()),
        access_log: config.observing.access_log,
        max_sockets: config.streams.max_sockets as usize,
        max_sockets_per_address: config.streams.max_sockets_per_address as usize,
        budgets: graphql_transport::BudgetSettings {
            address: config.limits.address_budget,
            viewer: config.limits.viewer_budget,
            introspection: config.limits.introspection_budget,
        },
        ..graphql_transport::Settings::default()
    }
}

/// The URL of the server for clients: as configured, else the listen address, with localhost for a
/// server on all addresses.
fn address(config: &Config, mut listening: SocketAddr) -> String {
    if config.network.public_url.is_some() {
        return config.network.public_url();
    }
    if listening.ip().is_unspecified() {
        listening.set_ip(if listening.is_ipv4() { Ipv4Addr::LOCALHOST.into() } else { Ipv6Addr::LOCALHOST.into() });
    }
    format!("http://{listening}")
}

/// The signals that stop the server.
struct Signals {
    interrupt: Signal,
    terminate: Signal,
    hang_up: Signal,
}

impl Signals {
    fn listen() -> std::io::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hang_up: signal(SignalKind::hangup())?,
        })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
            _ = self.hang_up.recv() => {}
        }
    }
}

/// Completes at the second signal.
async fn second_signal() {
    match Signals::listen() {
        Ok(mut signals) => {
            signals.next().await;
            signals.next().await;
        }
        Err(_) => std::future::pending().await,
    }
}
