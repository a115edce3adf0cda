//! A recent proof of who the viewer is.

use async_graphql::{Context, Object, OneofObject, SimpleObject};

use super::{
    accounts::{Me, client},
    context::ContextExt,
    error::Result,
    payload::payload,
};
use domain::accounts::{self, IdentityProof};
use types::{Timestamp, error};

/// Input of `confirmIdentity`: one of these.
#[derive(OneofObject)]
pub enum ConfirmIdentityInput {
    /// The password of the account; not for an account with a second factor.
    #[graphql(secret)]
    Password(String),
    /// For an account with a second factor: a code of the authenticator app, or a recovery code.
    #[graphql(secret)]
    Code(String),
    /// The response of an authenticator to the options of `beginPasskeyConfirmation`: `JSON.stringify(credential)`. It counts for every account that has a passkey.
    #[graphql(secret)]
    Passkey(String),
}

impl From<ConfirmIdentityInput> for IdentityProof {
    fn from(input: ConfirmIdentityInput) -> Self {
        match input {
            ConfirmIdentityInput::Password(password) => Self::Password(password),
            ConfirmIdentityInput::Code(code) => Self::Code(code),
            ConfirmIdentityInput::Passkey(response) => Self::Passkey(response),
        }
    }
}

/// The viewer has proved who they are.
#[derive(SimpleObject)]
pub struct ConfirmIdentitySuccess {
    /// The viewer.
    me: Me,
    /// Until when this counts as recent, in this session.
    confirmed_until: Timestamp,
}

payload! {
    /// The result of `confirmIdentity`.
    ConfirmIdentityPayload(ConfirmIdentitySuccess) {
        InvalidCredentials => InvalidCredentialsProblem,
        InvalidSecondFactor => InvalidSecondFactorProblem,
        InvalidPasskey => InvalidPasskeyProblem,
        PasskeysUnavailable => PasskeysUnavailableProblem,
        RecentSignInRequired => RecentSignInRequiredProblem,
        TooManyAttempts => TooManyAttemptsProblem,
        Impersonated => ImpersonatedProblem,
    }
}

/// Mutations of proofs.
#[derive(Default)]
pub struct IdentityMutation;

#[Object]
impl IdentityMutation {
    /// Proves again, in the current session, who the viewer is: after a `RecentSignInRequiredProblem`, before the request is repeated. It counts for 10 minutes, as a sign-in does; refreshing tokens does not.
    async fn confirm_identity(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The proof.")] input: ConfirmIdentityInput,
    ) -> Result<ConfirmIdentityPayload> {
        ConfirmIdentityPayload::of(confirm(ctx, input).await)
    }
}

async fn confirm(ctx: &Context<'_>, input: ConfirmIdentityInput) -> error::Result<ConfirmIdentitySuccess> {
    let owner = ctx.owner()?;
    let confirmed_until =
        Box::pin(accounts::confirm_identity(ctx.app(), &owner, input.into(), &client(ctx, None))).await?;
    Ok(ConfirmIdentitySuccess { me: Me::signed_in(*owner), confirmed_until })
}
