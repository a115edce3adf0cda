//! Connects the transport with the domain: sessions, readiness, the schema.

use std::sync::Arc;

use async_graphql::Data;
use chrono::{DateTime, Utc};
use futures_util::{FutureExt, future::BoxFuture};
use serde_json::json;

use auth::{TokenError, Viewer};
use client_limits::AddressPrefix;
use domain::{app::App, events::Cause};
use graphql::{
    MeteredSchema,
    context::Scope,
    cookies::{OperationCookies, SessionCookies},
    loaders::{PublicLoaders, StreamLoaders},
};
use graphql_contract::documents::Limits;
use graphql_transport::{Credentials, Gateway, OperationContext, Readiness, Session, SessionError, Sessions};
use telemetry::{Metric, logs};
use types::{RulesSource, UserId};

/// The gateway of `app` with the default limits of documents.
///
/// # Errors
/// When the contract cannot be read.
pub fn of(app: &App) -> anyhow::Result<Gateway<MeteredSchema>> {
    with_limits(app, Limits::default(), SessionCookies::default())
}

/// The gateway of `app` with the given limits of documents. Pages of its own origin can use cookies.
///
/// # Errors
/// When the contract cannot be read.
pub fn with_limits(app: &App, limits: Limits, cookies: SessionCookies) -> anyhow::Result<Gateway<MeteredSchema>> {
    let documents = Arc::new(graphql::documents_within(limits)?);
    let cookies = Arc::new(cookies);
    let (app_of_sessions, names) = (app.clone(), Arc::clone(&cookies));
    let sessions =
        Arc::new(Viewers { app: app_of_sessions, cookies: names, public: Arc::default(), streams: Arc::default() });
    let readiness = Arc::new(Database(app.for_worker()));
    let mut gateway = Gateway::new(graphql::metered_schema(), documents, graphql::CONTRACT, sessions, readiness);
    gateway.cookies = cookies.settings();
    Ok(gateway)
}

/// Root fields that do not need an access token. They run anonymously and ignore it, so that a
/// client whose token has expired can refresh it while it still sends it with every request.
const ANONYMOUS: [&str; 11] = [
    "registerUser",
    "signIn",
    "completeSignIn",
    "beginPasskeySignIn",
    "completePasskeySignIn",
    "beginProviderSignIn",
    "completeProviderSignIn",
    "refreshSession",
    "signOut",
    "requestPasswordReset",
    "resetPassword",
];

/// Opens sessions for tokens.
struct Viewers {
    app: App,
    cookies: Arc<SessionCookies>,
    public: Arc<PublicLoaders>,
    streams: Arc<StreamLoaders>,
}

impl Viewers {
    /// The viewer of a token, and when it expires.
    fn viewer(&self, credentials: &Credentials) -> Result<(Viewer, Option<DateTime<Utc>>), SessionError> {
        let cookies = &credentials.cookies;
        let Some(token) = credentials.bearer.as_deref().or_else(|| self.cookies.access(cookies)) else {
            return match self.cookies.has_refresh(cookies) {
                // A visitor has neither; this is the signal to refresh.
                true => Err(SessionError::Token("the access token is missing".to_owned())),
                false => Ok((Viewer::Anonymous, None)),
            };
        };
        let (member, expires_at) = self.app.keys.verify(token, self.app.now()).map_err(|error| {
            log_refusal(error, credentials);
            SessionError::Token(error.to_string())
        })?;
        if self.app.ended_sessions.contains(member.session()) {
            return Err(SessionError::Token("the session has ended".to_owned()));
        }
        Ok((Viewer::Member(member), Some(expires_at.utc())))
    }

    fn session(&self, credentials: &Credentials) -> Result<Session, SessionError> {
        let (viewer, expires_at) = self.viewer(credentials)?;
        let (app, public, streams) = (self.app.clone(), Arc::clone(&self.public), Arc::clone(&self.streams));
        let (names, by_cookie) = (Arc::clone(&self.cookies), credentials.bearer.is_none() && viewer.member().is_ok());
        let data = move |context: &OperationContext| {
            let app = app.caused_by(Cause::Request(context.request_id.as_str().into()));
            let mut data = Data::default();
            let scope = match &context.stream {
                None => Scope::new(app, Arc::clone(&public), viewer, context.address),
                Some(stream) => Scope::of_stream(app, &streams, viewer, context.address, Arc::clone(stream)),
            };
            let (names, sent) = (Arc::clone(&names), context.cookies.clone());
            let cookies = OperationCookies { names, sent, authenticate: by_cookie };
            data.insert(scope.with_user_agent(context.user_agent.clone()).with_cookies(cookies));
            data
        };
        let session = Session::new(data).expiring(expires_at);
        let Viewer::Member(member) = viewer else { return Ok(session) };
        // It may end between the check of its token and the first wait, which checks again.
        let ended = Arc::clone(&self.app.ended_sessions).wait_for(member.session());
        // Staff who act as a member use their own budget.
        let payer = member.impersonation().map_or(member.id(), |(staff, _)| staff);
        Ok(session.with_owner(Some(u128::from_be_bytes(*payer.as_bytes()))).until(ended))
    }
}

impl Sessions for Viewers {
    fn open(&self, credentials: Credentials) -> BoxFuture<'_, Result<Session, SessionError>> {
        std::future::ready(self.session(&credentials)).boxed()
    }

    fn is_anonymous(&self, root_fields: &[&str]) -> bool {
        !root_fields.is_empty() && root_fields.iter().all(|field| ANONYMOUS.contains(field))
    }

    fn now(&self) -> DateTime<Utc> {
        self.app.now().utc()
    }

    fn viewer_id(&self, owner: u128) -> String {
        UserId::of_bytes(owner.to_be_bytes()).to_string()
    }

    fn request_id(&self) -> String {
        let random = u64::from_be_bytes(self.app.entropy.bytes());
        format!("req_{random:016x}")
    }
}

/// Logs a rejected token. Expired ones are normal; a token that was not issued here may be an
/// attack.
fn log_refusal(error: TokenError, credentials: &Credentials) {
    if error == TokenError::Invalid {
        let address = AddressPrefix::of(credentials.address);
        tracing::warn!(target: logs::SECURITY, event = "token_refused", %address, "an access token was not issued here");
    }
}

/// The server is ready when its database responds. The check uses a connection of the worker's
/// share: a server whose clients use all other connections is busy, not broken.
struct Database(App);

impl Readiness for Database {
    fn check(&self) -> BoxFuture<'_, Result<(), String>> {
        async {
            let mut conn = self.0.conn().await.map_err(|error| format!("{error:#}"))?;
            mysql_engine::version::check(&mut conn).await.map(|_| ()).map_err(|error| format!("{error:#}"))
        }
        .boxed()
    }

    fn counts(&self) -> Vec<(&'static str, u64)> {
        let database = &self.0.database;
        vec![("statements", database.statements().sent()), ("transactionRetries", database.retry_count())]
    }

    fn metrics(&self) -> Vec<Metric> {
        let (app, days) = (&self.0, self.0.time_zones().age_in_days(self.0.now()));
        let days = usize::try_from(days).unwrap_or_default();
        let (topics, followers) = app.streams.hub.followed();
        let mut metrics = app.database.metrics();
        metrics.extend(app.jobs.metrics());
        metrics.extend(app.rows.metrics());
        metrics.extend(app.search_index.metrics());
        let level = |name, help| app.jobs.gauge(name).map(|level| Metric::count_gauge(name, help, level));
        metrics.extend(level("effects_pending", "Effects on payment providers that are to be done"));
        metrics.extend(level("provider_events_pending", "Statements of payment providers that are to be applied"));
        metrics.extend(level("payment_cases_open", "Payments that a person must look at"));
        metrics.extend([
            Metric::count_gauge(
                "passwords_waiting",
                "Sign-ins that wait until their password is checked",
                app.passwords.waiting(),
            ),
            Metric::count_gauge("feeds_followed", "Bookings and accounts whose events are followed", topics),
            Metric::count_gauge("feed_followers", "Subscriptions that follow events", followers),
            Metric::count_gauge("attempts_delayed", "Attempts to sign in that are being delayed", app.delays.number()),
            Metric::count_gauge(
                "ended_sessions",
                "Ended sessions whose access tokens are refused",
                app.ended_sessions.number(),
            ),
            Metric::count_gauge("time_zone_rules_age_days", "Age of the time zone rules in use", days),
        ]);
        metrics
    }

    fn facts(&self) -> Vec<(&'static str, serde_json::Value)> {
        let zones = self.0.time_zones();
        let source = match zones.source() {
            RulesSource::BuiltIn => "builtIn",
            RulesSource::Folder(_) => "system",
        };
        let days = zones.age_in_days(self.0.now());
        vec![("timeZones", json!({ "version": zones.version().as_str(), "source": source, "ageInDays": days }))]
    }
}
