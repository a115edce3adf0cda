//! The email of an account: verified with a code from a mail.

use async_graphql::{Context, InputObject, Object, SimpleObject};

use super::{accounts::Me, checked::Checked, context::ContextExt, cookies::Delivery, error::Result, payload::payload};
use domain::accounts::{self, Verified};
use types::{Email, Timestamp};

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
    }
}

/// Mutations of the email of an account.
#[derive(Default)]
pub struct EmailMutation;

#[Object]
impl EmailMutation {
    /// Shows that the viewer receives mail at the email of their account. The code is valid for 24 hours and ten attempts, and only in a session of the account.
    async fn verify_email(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The code.")] input: VerifyEmailInput,
    ) -> Result<VerifyEmailPayload> {
        let member = ctx.member()?;
        let delivery = Delivery::of_viewer(ctx)?;
        let outcome = accounts::verify_email(ctx.app(), member, &input.code).await;
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
        let member = *ctx.member()?;
        let outcome = match input.email.map(|email| email.at(&["email"])).transpose() {
            Ok(email) => accounts::resend_verification(ctx.app(), &member, email).await,
            Err(error) => Err(error),
        };
        ResendVerificationPayload::of(outcome.map(|_| ResendVerificationSuccess { me: Me::signed_in(member) }))
    }
}
