//! The email of an account: verified with a code from a mail.

use async_graphql::{Context, InputObject, Object, SimpleObject};

use super::{accounts::Me, checked::Checked, context::ContextExt, cookies::Delivery, error::Result, payload::payload};
use domain::accounts::{self, Verified};
use types::{Email, Timestamp, error};

/// Input of `verifyEmail`.
#[derive(InputObject)]
pub struct VerifyEmailInput {
    /// The code from the mail, such as `K7QM-2XWD`. Letter case, spaces and hyphens do not matter.
    #[graphql(secret)]
    code: String,
}

/// The email is verified.
#[derive(SimpleObject)]
pub struct VerifyEmailSuccess {
    /// The viewer.
    me: Me,
    /// A new access token for the same session. Use it instead of the earlier one, which still says that the email is not verified. Null when it is in a cookie, like the earlier one.
    access_token: Option<String>,
    /// When the access token expires.
    access_token_expires_at: Timestamp,
}

payload! {
    /// The result of `verifyEmail`.
    VerifyEmailPayload(VerifyEmailSuccess) {
        EmailTaken => EmailTakenProblem,
        InvalidCode => InvalidCodeProblem,
        TooManyAttempts => TooManyAttemptsProblem,
        Impersonated => ImpersonatedProblem,
    }
}

/// Input of `resendVerification`.
#[derive(InputObject)]
pub struct ResendVerificationInput {
    /// The email to verify instead of the one that was typed when the account was created; null: that one.
    email: Option<Checked<Email>>,
}

/// A code will be mailed.
#[derive(SimpleObject)]
pub struct ResendVerificationSuccess {
    /// The viewer.
    me: Me,
}

payload! {
    /// The result of `resendVerification`.
    ResendVerificationPayload(ResendVerificationSuccess) {
        InvalidInput => InvalidInputProblem,
        StateConflict => StateConflictProblem,
        TooManyAttempts => TooManyAttemptsProblem,
        Impersonated => ImpersonatedProblem,
    }
}

/// Mutations of the email of an account.
#[derive(Default)]
pub struct EmailMutation;

#[Object]
impl EmailMutation {
    /// Shows that the viewer receives mail at the email of their account. The code is valid for 24 hours and ten attempts, and only in a session of the account. For an account whose email is verified already it succeeds and changes nothing, whatever the code: a repeated request is harmless.
    async fn verify_email(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The code.")] input: VerifyEmailInput,
    ) -> Result<VerifyEmailPayload> {
        let delivery = Delivery::of_viewer(ctx)?;
        let outcome = async { accounts::verify_email(ctx.app(), &ctx.owner()?, &input.code).await };
        let outcome = outcome.await;
        VerifyEmailPayload::of(outcome.map(|Verified { access, member }| {
            let (access_token, access_token_expires_at) = delivery.access(ctx, access);
            VerifyEmailSuccess { me: Me::signed_in(member), access_token, access_token_expires_at }
        }))
    }

    /// Mails another code for `verifyEmail`, once a minute at most. Earlier codes become invalid.
    async fn resend_verification(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Where to.")] input: ResendVerificationInput,
    ) -> Result<ResendVerificationPayload> {
        ResendVerificationPayload::of(resend(ctx, input).await)
    }
}

async fn resend(ctx: &Context<'_>, input: ResendVerificationInput) -> error::Result<ResendVerificationSuccess> {
    let owner = ctx.owner()?;
    let email = input.email.map(|email| email.at(&["email"])).transpose()?;
    accounts::resend_verification(ctx.app(), &owner, email).await?;
    Ok(ResendVerificationSuccess { me: Me::signed_in(*owner) })
}
