//! What was begun at a provider: completed once, in time, by whoever began it.

use super::{MAX_TEXT, ProviderOutcome, ProviderResponse, provider, refusal};
use crate::app::App;
use auth::ProviderHandle;
use providers::identity::{Grant, Identity};
use store::provider_attempts::{self, ProviderAttempt};
use telemetry::logs;
use types::{
    Timestamp, UserId,
    error::{Error, InvalidProviderSignIn, ProviderDenied, ProviderUnavailable, Refusal, Result},
};

/// Who somebody is at a provider.
pub(super) struct Identified {
    /// The key of the provider.
    pub(super) provider: String,
    /// The person.
    pub(super) identity: Identity,
}

/// Writes an attempt. Returns until when it can be completed.
pub(super) async fn begin(
    app: &App,
    handle: &ProviderHandle,
    (provider, redirect_uri): (&str, &str),
    user_id: Option<UserId>,
    now: Timestamp,
) -> Result<Timestamp> {
    let attempt = ProviderAttempt {
        handle_hash: handle.hash().to_vec(),
        provider: provider.to_owned(),
        redirect_uri: redirect_uri.to_owned(),
        user_id,
        created_at: now,
        expires_at: now + app.terms.provider_attempt,
        claimed_at: None,
    };
    app.database
        .write(async |conn| {
            provider_attempts::insert(conn, &attempt).await?;
            Ok::<_, Error>(())
        })
        .await?;
    Ok(attempt.expires_at)
}

/// Who `response` speaks of, if it answers what this page, or `member`, has begun. A handle works once: [`end`] follows in any case.
///
/// # Errors
/// [`Refusal::InvalidProviderSignIn`] when it does not, and those of the provider; the outer ones when there is nothing to end.
pub(super) async fn answer(
    app: &App,
    response: &ProviderResponse,
    member: Option<UserId>,
) -> Result<Result<Identified>> {
    let attempt = claim(app, response, member).await?;
    Ok(identify(app, response, &attempt).await)
}

/// Ends an attempt with what came of it. After a failure of the provider its handle works again.
pub(super) async fn end<T>(app: &App, response: &ProviderResponse, outcome: &Result<T>) {
    let hash = response.handle.hash();
    let is_repeatable = matches!(outcome, Err(Error::Refused(Refusal::ProviderUnavailable(_))));
    let ended = app
        .database
        .write(async |conn| {
            match is_repeatable {
                true => provider_attempts::release(conn, &hash).await?,
                false => provider_attempts::delete(conn, &hash).await?,
            };
            Ok::<_, Error>(())
        })
        .await;
    if let Err(error) = ended {
        // It stays claimed, so it does not work again, until it expires.
        tracing::warn!(%error, "a completed sign-in with a provider is not deleted yet");
    }
}

/// Claims the attempt with this handle.
async fn claim(app: &App, response: &ProviderResponse, member: Option<UserId>) -> Result<ProviderAttempt> {
    let (hash, now) = (response.handle.hash(), app.now());
    let found = provider_attempts::find(&mut app.conn().await?, &hash).await?;
    let is_own = |attempt: &ProviderAttempt| {
        attempt.user_id == member && now < attempt.expires_at && response.handle.is_state(&response.state)
    };
    let Some(attempt) = found.filter(is_own) else { return Err(not_begun()) };
    let is_claimed =
        app.database.write(async |conn| Ok::<_, Error>(provider_attempts::claim(conn, &hash, now).await?)).await?;
    if is_claimed { Ok(attempt) } else { Err(not_begun()) }
}

fn not_begun() -> Error {
    tracing::warn!(target: logs::SECURITY, event = "provider_sign_in_failed", reason = "nothing that was begun", "a response of a provider has nothing to answer");
    InvalidProviderSignIn.into()
}

/// Who the response speaks of.
async fn identify(app: &App, response: &ProviderResponse, attempt: &ProviderAttempt) -> Result<Identified> {
    let id = attempt.provider.as_str();
    // It may have been removed from the settings meanwhile.
    let provider = provider(app, id).map_err(|_| InvalidProviderSignIn)?;
    let code = match &response.outcome {
        ProviderOutcome::Code(code) if code.len() <= MAX_TEXT => code,
        ProviderOutcome::Code(_) => return Err(InvalidProviderSignIn.into()),
        ProviderOutcome::Error(error) => return Err(failed(id, error)),
    };
    let (verifier, nonce) = (response.handle.verifier(), response.handle.nonce());
    let grant = Grant {
        code,
        issuer: response.issuer.as_deref(),
        redirect_uri: &attempt.redirect_uri,
        verifier: &verifier,
        nonce: &nonce,
        begun_at: attempt.created_at,
    };
    let identity = provider.identify(grant, app.now()).await.map_err(|error| refusal(id, &error))?;
    Ok(Identified { provider: id.to_owned(), identity })
}

/// What an error of the provider's page means (RFC 6749, section 4.1.2.1; OpenID Connect Core 1.0, section 3.1.2.6).
fn failed(provider: &str, error: &str) -> Error {
    let event = "provider_sign_in_failed";
    match error {
        "access_denied"
        | "login_required"
        | "interaction_required"
        | "consent_required"
        | "account_selection_required" => ProviderDenied.into(),
        "temporarily_unavailable" | "server_error" => ProviderUnavailable.into(),
        _ => {
            // The text is the page's, so it is not logged.
            tracing::warn!(target: logs::SECURITY, event, provider, reason = "an error", "the page of an identity provider has failed");
            InvalidProviderSignIn.into()
        }
    }
}
