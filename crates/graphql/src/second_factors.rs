//! The second factor of the viewer, and sign-in with it.

use std::sync::Arc;

use async_graphql::{Context, InputObject, Object, SimpleObject};

use super::{
    accounts::{Me, SessionTokens, client},
    context::ContextExt,
    cookies::Delivery,
    error::Result,
    loaders::{Batch, Private, PrivateLoaders},
    payload::payload,
};
use auth::{Member, RecoveryCode};
use domain::{
    accounts::{self, OwnSecondFactor},
    app::App,
};
use types::{Timestamp, error};

/// The viewer's second factor, if it is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct OwnFactor;

impl Private for OwnFactor {
    type Row = OwnSecondFactor;

    async fn load(app: &App, viewer: &Member, _: Vec<Self>) -> Batch<Self, Self::Row> {
        let factor = accounts::own_second_factor(app, viewer.id()).await?;
        Ok(factor.into_iter().map(|factor| (Self, factor)).collect())
    }
}

/// The second factor of the viewer.
pub struct SecondFactor(OwnSecondFactor);

/// A second factor: signing in takes a code of an authenticator app after the password. No one else can see it.
#[Object]
impl SecondFactor {
    /// When it was turned on.
    async fn enabled_at(&self) -> Timestamp {
        self.0.enabled_at
    }

    /// How many of the 10 recovery codes were not used yet. Make new ones with `replaceRecoveryCodes` before there are none.
    async fn recovery_codes_left(&self) -> i32 {
        i32::try_from(self.0.recovery_codes_left).unwrap_or_default()
    }
}

/// The second factor in `Me`.
pub struct MySecondFactor(pub Arc<PrivateLoaders>);

#[Object]
impl MySecondFactor {
    /// The viewer's second factor; null when it is off.
    async fn second_factor(&self, ctx: &Context<'_>) -> Option<Result<SecondFactor>> {
        let factor = self.0.load(ctx.app(), OwnFactor).await.transpose()?;
        Some(factor.map(SecondFactor).map_err(Into::into))
    }
}

/// A secret for an authenticator app.
#[derive(SimpleObject)]
pub struct BeginSecondFactorSuccess {
    /// The viewer.
    me: Me,
    /// The secret as an `otpauth://` URI. Show it as a QR code, for the app to scan; make the QR code in the client, so that no other site learns the secret.
    uri: String,
    /// The same secret in base 32, to type into an app that cannot scan.
    secret: String,
    /// Until when the app's first code must be passed to `confirmSecondFactor`: 15 minutes.
    expires_at: Timestamp,
}

payload! {
    /// The result of `beginSecondFactor`.
    BeginSecondFactorPayload(BeginSecondFactorSuccess) {
        EmailNotVerified => EmailNotVerifiedProblem,
        RecentSignInRequired => RecentSignInRequiredProblem,
        StateConflict => StateConflictProblem,
        Impersonated => ImpersonatedProblem,
    }
}

/// Input of `confirmSecondFactor`.
#[derive(InputObject)]
pub struct ConfirmSecondFactorInput {
    /// The six digits that the app shows. Spaces do not matter.
    #[graphql(secret)]
    code: String,
}

/// The second factor is on.
#[derive(SimpleObject)]
pub struct ConfirmSecondFactorSuccess {
    /// The viewer.
    me: Me,
    /// Ten codes, such as `K7QM-2XWD-0G4T-9ZRB`, each of which replaces a code of the app once. They are not shown again: ask the viewer to keep them.
    recovery_codes: Vec<String>,
}

payload! {
    /// The result of `confirmSecondFactor`.
    ConfirmSecondFactorPayload(ConfirmSecondFactorSuccess) {
        EmailNotVerified => EmailNotVerifiedProblem,
        RecentSignInRequired => RecentSignInRequiredProblem,
        InvalidSecondFactor => InvalidSecondFactorProblem,
        StateConflict => StateConflictProblem,
        TooManyAttempts => TooManyAttemptsProblem,
        Impersonated => ImpersonatedProblem,
    }
}

/// The second factor is off.
#[derive(SimpleObject)]
pub struct DisableSecondFactorSuccess {
    /// The viewer.
    me: Me,
}

payload! {
    /// The result of `disableSecondFactor`.
    DisableSecondFactorPayload(DisableSecondFactorSuccess) {
        EmailNotVerified => EmailNotVerifiedProblem,
        RecentSignInRequired => RecentSignInRequiredProblem,
        StateConflict => StateConflictProblem,
        Impersonated => ImpersonatedProblem,
    }
}

/// There are new recovery codes.
#[derive(SimpleObject)]
pub struct ReplaceRecoveryCodesSuccess {
    /// The viewer.
    me: Me,
    /// Ten codes, as those of `confirmSecondFactor`. They are not shown again.
    recovery_codes: Vec<String>,
}

payload! {
    /// The result of `replaceRecoveryCodes`.
    ReplaceRecoveryCodesPayload(ReplaceRecoveryCodesSuccess) {
        EmailNotVerified => EmailNotVerifiedProblem,
        RecentSignInRequired => RecentSignInRequiredProblem,
        StateConflict => StateConflictProblem,
        Impersonated => ImpersonatedProblem,
    }
}

/// Input of `completeSignIn`.
#[derive(InputObject)]
pub struct CompleteSignInInput {
    /// The `challenge` of a `SecondFactorRequiredProblem`. It is valid for 5 minutes, for one sign-in, and until the password is replaced.
    #[graphql(secret)]
    challenge: String,
    /// The six digits that the authenticator app shows, or a recovery code. Spaces, hyphens and letter case do not matter.
    #[graphql(secret)]
    code: String,
    /// The `deviceToken` that was sent with `signIn`. With it, guesses by others do not lock the viewer out.
    #[graphql(secret)]
    device_token: Option<String>,
}

/// A new session.
#[derive(SimpleObject)]
pub struct CompleteSignInSuccess {
    /// The viewer, signed in.
    me: Me,
    /// The tokens.
    tokens: SessionTokens,
    /// Identifies a device that has signed in before: the token that was sent, if it is still valid, or a new one. Keep it, also after signing out, and send it with the next `signIn`. Null when it is in a cookie.
    device_token: Option<String>,
}

payload! {
    /// The result of `completeSignIn`.
    CompleteSignInPayload(CompleteSignInSuccess) {
        InvalidSecondFactor => InvalidSecondFactorProblem,
        AccountSuspended => AccountSuspendedProblem,
        TooManyAttempts => TooManyAttemptsProblem,
    }
}

/// Mutations of second factors.
#[derive(Default)]
pub struct SecondFactorMutation;

#[Object]
impl SecondFactorMutation {
    /// Signs in with the challenge that the right password gave, and a code of the authenticator app or a recovery code. A code works once. Every wrong challenge and every wrong code has the same response.
    async fn complete_sign_in(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The challenge and the code.")] input: CompleteSignInInput,
    ) -> Result<CompleteSignInPayload> {
        let delivery = Delivery::requested(ctx)?;
        let CompleteSignInInput { challenge, code, device_token } = input;
        let client = client(ctx, delivery.device(ctx, device_token));
        let outcome = Box::pin(accounts::complete_sign_in(ctx.app(), challenge, &code, &client)).await;
        CompleteSignInPayload::of(outcome.map(|signed_in| {
            let (tokens, device_token) = delivery.session(ctx, &signed_in);
            CompleteSignInSuccess { me: Me::signed_in(signed_in.tokens.member), tokens, device_token }
        }))
    }

    /// Makes a secret for an authenticator app. It changes nothing until its first code is passed to `confirmSecondFactor`. A second call makes another secret.
    async fn begin_second_factor(&self, ctx: &Context<'_>) -> Result<BeginSecondFactorPayload> {
        BeginSecondFactorPayload::of(begin(ctx).await)
    }

    /// Turns the second factor on: from now on signing in takes a code of the app after the password, and so does `confirmIdentity`. No session ends; the owner is told by mail.
    async fn confirm_second_factor(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The first code.")] input: ConfirmSecondFactorInput,
    ) -> Result<ConfirmSecondFactorPayload> {
        ConfirmSecondFactorPayload::of(confirm(ctx, input).await)
    }

    /// Turns the second factor off. The proof of who the viewer is must have been a second factor or a passkey, at sign-in or with `confirmIdentity`, at most 10 minutes ago. The owner is told by mail.
    async fn disable_second_factor(&self, ctx: &Context<'_>) -> Result<DisableSecondFactorPayload> {
        DisableSecondFactorPayload::of(disable(ctx).await)
    }

    /// Makes ten new recovery codes. Earlier ones become invalid. Needs the same proof as `disableSecondFactor`, and the owner is told by mail.
    async fn replace_recovery_codes(&self, ctx: &Context<'_>) -> Result<ReplaceRecoveryCodesPayload> {
        ReplaceRecoveryCodesPayload::of(replace_codes(ctx).await)
    }
}

async fn begin(ctx: &Context<'_>) -> error::Result<BeginSecondFactorSuccess> {
    let recent = accounts::recent(ctx.app(), &ctx.owner()?).await?;
    let setup = Box::pin(accounts::begin_second_factor(ctx.app(), &recent)).await?;
    let (uri, secret) = (setup.uri()?, setup.secret.text()?);
    Ok(BeginSecondFactorSuccess { me: Me::signed_in(**recent), uri, secret, expires_at: setup.expires_at })
}

async fn confirm(ctx: &Context<'_>, input: ConfirmSecondFactorInput) -> error::Result<ConfirmSecondFactorSuccess> {
    let recent = accounts::recent(ctx.app(), &ctx.owner()?).await?;
    let codes = Box::pin(accounts::confirm_second_factor(ctx.app(), &recent, &input.code)).await?;
    Ok(ConfirmSecondFactorSuccess { me: Me::signed_in(**recent), recovery_codes: texts(&codes) })
}

async fn disable(ctx: &Context<'_>) -> error::Result<DisableSecondFactorSuccess> {
    let recent = accounts::recent(ctx.app(), &ctx.owner()?).await?;
    Box::pin(accounts::disable_second_factor(ctx.app(), &recent)).await?;
    Ok(DisableSecondFactorSuccess { me: Me::signed_in(**recent) })
}

async fn replace_codes(ctx: &Context<'_>) -> error::Result<ReplaceRecoveryCodesSuccess> {
    let recent = accounts::recent(ctx.app(), &ctx.owner()?).await?;
    let codes = Box::pin(accounts::replace_recovery_codes(ctx.app(), &recent)).await?;
    Ok(ReplaceRecoveryCodesSuccess { me: Me::signed_in(**recent), recovery_codes: texts(&codes) })
}

fn texts(codes: &[RecoveryCode]) -> Vec<String> {
    codes.iter().map(RecoveryCode::text).collect()
}
