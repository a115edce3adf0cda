//! Signing in with a passkey, and proving who one is with it.

use async_graphql::{Context, InputObject, Object, SimpleObject};

use super::PasskeyOptions;
use crate::{
    accounts::{Me, SessionTokens, client},
    context::ContextExt,
    cookies::Delivery,
    error::Result,
    payload::payload,
};
use domain::accounts;
use types::{Timestamp, error};

/// A sign-in can be completed.
#[derive(SimpleObject)]
pub struct BeginPasskeySignInSuccess {
    /// The options, as JSON for `PublicKeyCredential.parseRequestOptionsFromJSON`. Pass its result to `navigator.credentials.get`, then the response to `completePasskeySignIn`.
    options: String,
    /// Until when the response can be passed to `completePasskeySignIn`: 5 minutes.
    expires_at: Timestamp,
}

payload! {
    /// The result of `beginPasskeySignIn`.
    BeginPasskeySignInPayload(BeginPasskeySignInSuccess) {
        PasskeysUnavailable => PasskeysUnavailableProblem,
        TooManyAttempts => TooManyAttemptsProblem,
    }
}

/// Input of `completePasskeySignIn`.
#[derive(InputObject)]
pub struct CompletePasskeySignInInput {
    /// The response of the authenticator: `JSON.stringify(credential)`. A response works once.
    #[graphql(secret)]
    response: String,
    /// The `deviceToken` of an earlier sign-in on this device: without it the owner is told by mail of a sign-in on a new device.
    #[graphql(secret)]
    device_token: Option<String>,
}

/// A new session.
#[derive(SimpleObject)]
pub struct CompletePasskeySignInSuccess {
    /// The viewer, signed in.
    me: Me,
    /// The tokens.
    tokens: SessionTokens,
    /// Identifies a device that has signed in before: the token that was sent, if it is still valid, or a new one. Keep it, also after signing out, and send it with the next sign-in. Null when it is in a cookie.
    device_token: Option<String>,
}

payload! {
    /// The result of `completePasskeySignIn`.
    CompletePasskeySignInPayload(CompletePasskeySignInSuccess) {
        InvalidPasskey => InvalidPasskeyProblem,
        PasskeysUnavailable => PasskeysUnavailableProblem,
        AccountSuspended => AccountSuspendedProblem,
        TooManyAttempts => TooManyAttemptsProblem,
    }
}

/// A proof can be given.
#[derive(SimpleObject)]
pub struct BeginPasskeyConfirmationSuccess {
    /// The options, as JSON for `PublicKeyCredential.parseRequestOptionsFromJSON`; they name the viewer's passkeys. Pass its result to `navigator.credentials.get`, then the response to `confirmIdentity`.
    options: String,
    /// Until when the response can be passed to `confirmIdentity`: 5 minutes.
    expires_at: Timestamp,
}

payload! {
    /// The result of `beginPasskeyConfirmation`.
    BeginPasskeyConfirmationPayload(BeginPasskeyConfirmationSuccess) {
        PasskeysUnavailable => PasskeysUnavailableProblem,
        StateConflict => StateConflictProblem,
        TooManyAttempts => TooManyAttemptsProblem,
        Impersonated => ImpersonatedProblem,
    }
}

/// Mutations of signing in with passkeys.
#[derive(Default)]
pub struct PasskeySignInMutation;

#[Object]
impl PasskeySignInMutation {
    /// Begins a sign-in with a passkey: options for the browser. They name no account, and ask for any passkey of this site that verifies its user.
    async fn begin_passkey_sign_in(&self, ctx: &Context<'_>) -> Result<BeginPasskeySignInPayload> {
        BeginPasskeySignInPayload::of(begin(ctx).await)
    }

    /// Signs in with a passkey, without a password and without a code. Everything that is wrong with a response is an `InvalidPasskeyProblem`.
    async fn complete_passkey_sign_in(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The response.")] input: CompletePasskeySignInInput,
    ) -> Result<CompletePasskeySignInPayload> {
        let delivery = Delivery::requested(ctx)?;
        let client = client(ctx, delivery.device(ctx, input.device_token));
        let outcome = Box::pin(accounts::complete_passkey_sign_in(ctx.app(), &input.response, &client)).await;
        CompletePasskeySignInPayload::of(outcome.map(|signed_in| {
            let (tokens, device_token) = delivery.session(ctx, &signed_in);
            CompletePasskeySignInSuccess { me: Me::signed_in(signed_in.tokens.member), tokens, device_token }
        }))
    }

    /// Begins a proof of who the viewer is with a passkey: options for the browser, whose response goes to `confirmIdentity`. A second call replaces the challenge of the first.
    async fn begin_passkey_confirmation(&self, ctx: &Context<'_>) -> Result<BeginPasskeyConfirmationPayload> {
        BeginPasskeyConfirmationPayload::of(confirm(ctx).await)
    }
}

async fn begin(ctx: &Context<'_>) -> error::Result<BeginPasskeySignInSuccess> {
    let PasskeyOptions { json, expires_at } =
        Box::pin(accounts::begin_passkey_sign_in(ctx.app(), &client(ctx, None))).await?;
    Ok(BeginPasskeySignInSuccess { options: json, expires_at })
}

async fn confirm(ctx: &Context<'_>) -> error::Result<BeginPasskeyConfirmationSuccess> {
    let PasskeyOptions { json, expires_at } =
        Box::pin(accounts::begin_passkey_confirmation(ctx.app(), &ctx.owner()?)).await?;
    Ok(BeginPasskeyConfirmationSuccess { options: json, expires_at })
}
