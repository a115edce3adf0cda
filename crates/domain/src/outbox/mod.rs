//! Effects on the outside world. The transaction that decides one writes it to the outbox; it is performed after the commit, by the
//! operation that waits for it or by any server's worker. An effect is leased while it is performed. One that fails is retried after a
//! growing pause, under the same idempotency key; one that is refused, or has failed too often, is a dead letter, and a case is opened for
//! an operator.

mod pause;

use std::time::{Duration as RealTime, Instant};

use chrono::Duration;
use futures_util::future::join_all;

use crate::{
    app::App,
    events::Cause,
    mails,
    payments::{self, Applied},
};
use mysql_engine::Conn;
use providers::payments::{EffectKey, ProviderError};
use store::outbox::{Ending, Selection};
use types::{
    EffectKind, EffectState, ObjectId, Timestamp,
    error::{Error, PaymentUnavailable, Refusal, Result},
};

pub use store::outbox::{Effect, Failed};

pub(crate) use pause::doubled;
pub(crate) use store::outbox::NewEffect;

/// How much longer a lease lasts than the timeout of an attempt.
const LEASE_MARGIN: Duration = Duration::seconds(40);
/// Attempts before an effect is a dead letter. With the pauses between them they take about half a day.
const MAX_ATTEMPTS: u32 = 20;
/// Effects of one kind that one server performs at a time.
const AT_ONCE: i64 = 20;
/// Consecutive leases of one kind, so that a long queue does not wait for the next tick.
const ROUNDS: usize = 10;
/// How often an operation checks whether another server has performed its effect.
const POLL_INTERVAL: RealTime = RealTime::from_millis(50);
/// How long an operation waits for another server, which may be dead, before it performs the effect itself. That is safe: the provider
/// knows the key.
const WAIT_FOR_OTHERS: RealTime = RealTime::from_secs(1);

/// Why an attempt failed.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The provider failed.
    Provider(ProviderError),
    /// Our own error.
    Ours(Error),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Ours(error)
    }
}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        Self::Ours(error.into())
    }
}

impl From<diesel::result::Error> for Failure {
    fn from(error: diesel::result::Error) -> Self {
        Self::Ours(error.into())
    }
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Provider(_) => Refusal::PaymentUnavailable(PaymentUnavailable).into(),
            Failure::Ours(error) => error,
        }
    }
}

/// The idempotency key of `effect`, the same for each attempt.
pub(crate) fn key_of(effect: &Effect, object: &impl std::fmt::Display) -> EffectKey {
    EffectKey(format!("{}:{object}:{}", effect.kind.as_str().to_lowercase(), effect.generation))
}

/// Writes an effect that any server performs after the commit.
pub(crate) async fn order(tx: &mut Conn, new: &NewEffect<'_>, now: Timestamp) -> Result<()> {
    store::outbox::order(tx, new, None, now).await?;
    Ok(())
}

/// Writes an effect that the caller performs after the commit, with [`attempt`].
pub(crate) async fn order_leased(app: &App, tx: &mut Conn, new: &NewEffect<'_>, now: Timestamp) -> Result<Effect> {
    store::outbox::order(tx, new, Some(now + lease_of(app, new.kind)), now).await?;
    let ordered = store::outbox::find(tx, new.object_id, new.kind).await?;
    let (effect, _) = ordered.ok_or_else(|| anyhow::anyhow!("an effect that was just written is not there"))?;
    Ok(effect)
}

/// How long an effect is leased: longer than an attempt can take.
fn lease_of(app: &App, kind: EffectKind) -> Duration {
    let longest = match kind {
        EffectKind::SendMail => mails::LONGEST,
        _ => app.terms.provider_answer,
    };
    Duration::from_std(longest).unwrap_or(LEASE_MARGIN) + LEASE_MARGIN
}

async fn lease(app: &App, wanted: Selection) -> Result<Vec<Effect>> {
    let now = app.now();
    let kind = match wanted {
        Selection::Due(kind) | Selection::One(_, kind) | Selection::Taken(_, kind) => kind,
        // Those of a booking.
        Selection::Group(_) => EffectKind::CapturePayment,
    };
    let until = now + lease_of(app, kind);
    app.database
        .transaction(async |tx| Ok::<_, Error>(store::outbox::lease(tx, wanted, AT_ONCE, until, now).await?))
        .await
}

/// Performs a leased effect, and schedules the next attempt if it fails.
///
/// # Errors
/// Why it failed.
pub(crate) async fn attempt(app: &App, effect: &Effect) -> Result<Option<Applied>> {
    let done = match effect.kind {
        EffectKind::SendMail => mails::send(app, effect).await.map(|()| None),
        _ => payments::perform(app, effect).await,
    };
    if let Err(failure) = &done {
        fail(app, effect, failure).await?;
    }
    Ok(done?)
}

async fn fail(app: &App, effect: &Effect, failure: &Failure) -> Result<()> {
    let (is_refused, text) = match failure {
        Failure::Provider(error) => (matches!(error, ProviderError::Rejected(_)), error.to_string()),
        Failure::Ours(error) => (false, format!("{error:#}")),
    };
    let (kind, error) = (effect.kind, text.chars().take(500).collect::<String>());
    let now = app.now();
    if is_refused || effect.attempts >= MAX_ATTEMPTS {
        tracing::error!(%kind, attempts = effect.attempts, error, "an effect has failed for good");
        let ending = if is_refused { Ending::Refused(&error) } else { Ending::Dead(&error) };
        return match kind {
            EffectKind::SendMail => mails::give_up(app, effect, ending).await,
            _ => payments::give_up(app, effect, ending, &error, now).await,
        };
    }
    tracing::warn!(%kind, attempts = effect.attempts, error, "an effect has failed and is tried again");
    let again = now + pause::before(effect.attempts + 1, &*app.entropy);
    app.database
        .write(async |conn| {
            store::outbox::end(conn, effect, Ending::Again(again, &error), now).await?;
            Ok::<_, Error>(())
        })
        .await
}

/// Performs the due effects of one kind. A failing effect does not block others, and kinds do not wait for each other.
///
/// # Errors
/// When the database fails.
pub async fn run_due(app: &App, kind: EffectKind) -> Result<()> {
    let app = &app.caused_by(Cause::Job(kind.as_str()));
    for _ in 0..ROUNDS {
        let is_due = store::outbox::is_due(&mut app.conn().await?, kind, app.now()).await?;
        if !is_due {
            return Ok(());
        }
        let leased = lease(app, Selection::Due(kind)).await?;
        join_all(leased.iter().map(|effect| attempt(app, effect))).await;
        if leased.len() < AT_ONCE as usize {
            return Ok(());
        }
    }
    Ok(())
}

/// Performs the effects of a change now. The worker retries those that fail.
pub(crate) async fn run_group(app: &App, group: impl Into<ObjectId>) {
    match lease(app, Selection::Group(group.into())).await {
        Ok(leased) => {
            join_all(leased.iter().map(|effect| attempt(app, effect))).await;
        }
        Err(error) => tracing::warn!(error = format!("{error:#}"), "effects are left to the worker"),
    }
}

/// Performs an effect that an earlier request has written. Waits a moment if another server is performing it.
///
/// # Errors
/// Why it failed; [`Refusal::PaymentUnavailable`] when another server does not finish it within the timeout of the provider.
pub(crate) async fn run_one(app: &App, object: impl Into<ObjectId>, kind: EffectKind) -> Result<Option<Applied>> {
    let object = object.into();
    let done = async {
        let begun = Instant::now();
        loop {
            let is_late = begun.elapsed() >= WAIT_FOR_OTHERS;
            let wanted = if is_late { Selection::Taken(object, kind) } else { Selection::One(object, kind) };
            if let Some(effect) = lease(app, wanted).await?.pop() {
                return attempt(app, &effect).await;
            }
            let found = store::outbox::find(&mut app.conn().await?, object, kind).await?;
            match found {
                Some((_, EffectState::Pending)) => tokio::time::sleep(POLL_INTERVAL).await,
                Some((_, EffectState::Refused | EffectState::Dead)) => {
                    return Err(Refusal::PaymentUnavailable(PaymentUnavailable).into());
                }
                Some((_, EffectState::Done)) | None => return Ok(None),
            }
        }
    };
    let timeout = |_| Err(Refusal::PaymentUnavailable(PaymentUnavailable).into());
    tokio::time::timeout(app.terms.provider_answer, done).await.unwrap_or_else(timeout)
}

/// Effects that failed for good, the latest first.
///
/// # Errors
/// When the database fails.
pub async fn failed(conn: &mut Conn, limit: i64) -> Result<Vec<Failed>> {
    Ok(store::outbox::failed(conn, limit).await?)
}

/// Updates the metrics of pending and failed effects and of open cases.
///
/// # Errors
/// When the database fails.
pub async fn measure(app: &App) -> Result<()> {
    let conn = &mut app.conn().await?;
    let note = |name, number: i64| app.jobs.set_gauge(name, usize::try_from(number).unwrap_or_default());
    note("effects_pending", store::outbox::count(conn, EffectState::Pending).await?);
    note("provider_events_pending", store::inbox::waiting(conn).await?);
    note("payment_cases_open", store::payment_cases::count_open(conn).await?);
    Ok(())
}
