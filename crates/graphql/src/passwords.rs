//! Passwords: forgotten ones are replaced through a link in a mail, others with the current one.

use async_graphql::{Context, InputObject, Object, SimpleObject};

use super::{
    accounts::{Me, SessionTokens, client},
    checked::Checked,
    context::ContextExt,
    cookies::Delivery,
    error::Result,
    payload::payload,
};
use domain::accounts;
use types::{
    Email, Timestamp,
    error::{self, Validation},
};

/// Input of `requestPasswordReset`.
#[derive(InputObject)]
pub struct RequestPasswordResetInput {
    /// The email of the account.
    email: Checked<Email>,
    /// The language of a mail to somebody without an account, as a BCP 47 tag. At most 35 characters.
    locale: Option<String>,
}

impl RequestPasswordResetInput {
    fn read(self) -> error::Result<(Email, Option<String>)> {
        let mut validation = Validation::default();
        let email = validation.check(self.email.at(&["email"]));
        let locale = validation.check(accounts::checked_locale(self.locale));
        validation.finish_with(email.zip(locale))
    }
}

/// A mail will be sent.
#[derive(SimpleObject)]
pub struct RequestPasswordResetSuccess {
    /// Until when the link in the mail is valid.
    link_expires_at: Timestamp,
}

payload! {
    /// The result of `requestPasswordReset`.
    RequestPasswordResetPayload(RequestPasswordResetSuccess) {
        InvalidInput => InvalidInputProblem,
        TooManyAttempts => TooManyAttemptsProblem,
    }
}

/// Input of `resetPassword`.
#[derive(InputObject)]
pub struct ResetPasswordInput {
    /// The `code` of the link in the mail. It is valid for 30 minutes, and once.
    #[graphql(secret)]
    code: String,
    /// 8 to 256 characters. One that is common, easy to guess, or similar to the email or the name is an `InvalidInputProblem`.
    #[graphql(secret)]
    new_password: String,
}

/// The password is replaced. This is the only session of the account.
#[derive(SimpleObject)]
pub struct ResetPasswordSuccess {
    /// The viewer, signed in.
    me: Me,
    /// The tokens.
    tokens: SessionTokens,
    /// Identifies a device that has signed in before. Keep it, also after signing out, and send it with `signIn`. Null when it is in a cookie.
    device_token: Option<String>,
}

payload! {
    /// The result of `resetPassword`.
    ResetPasswordPayload(ResetPasswordSuccess) {
        InvalidInput => InvalidInputProblem,
        InvalidCode => InvalidCodeProblem,
        SecondFactorRequired => SecondFactorRequiredProblem,
        AccountSuspended => AccountSuspendedProblem,
        TooManyAttempts => TooManyAttemptsProblem,
    }
}

/// Input of `changePassword`.
#[derive(InputObject)]
pub struct ChangePasswordInput {
    /// The password until now.
    #[graphql(secret)]
    current_password: String,
    /// 8 to 256 characters. One that is common, easy to guess, or similar to the email or the name is an `InvalidInputProblem`.
    #[graphql(secret)]
    new_password: String,
}

/// The password is replaced.
#[derive(SimpleObject)]
pub struct ChangePasswordSuccess {
    /// The viewer.
    me: Me,
}

payload! {
    /// The result of `changePassword`.
    ChangePasswordPayload(ChangePasswordSuccess) {
        InvalidInput => InvalidInputProblem,
        InvalidCredentials => InvalidCredentialsProblem,
        TooManyAttempts => TooManyAttemptsProblem,
        Impersonated => ImpersonatedProblem,
    }
}

/// Mutations of passwords.
#[derive(Default)]
pub struct PasswordMutation;

#[Object]
impl PasswordMutation {
    /// Mails a link with which a new password can be chosen. The response is the same when no account has the email; then the mail says so.
    async fn request_password_reset(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The email.")] input: RequestPasswordResetInput,
    ) -> Result<RequestPasswordResetPayload> {
        let outcome = match input.read() {
            Ok((email, locale)) => accounts::request_password_reset(ctx.app(), email, locale, &client(ctx, None)).await,
            Err(error) => Err(error),
        };
        let success = |link_expires_at| RequestPasswordResetSuccess { link_expires_at };
        RequestPasswordResetPayload::of(outcome.map(success))
    }

    /// Replaces a forgotten password with the code of a link that was mailed, ends all sessions of the account, and signs in. A `SecondFactorRequiredProblem` means that the password is replaced, and that `completeSignIn` makes the session.
    async fn reset_password(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The code, and the new password.")] input: ResetPasswordInput,
    ) -> Result<ResetPasswordPayload> {
        let delivery = Delivery::requested(ctx)?;
        let ResetPasswordInput { code, new_password } = input;
        let outcome = Box::pin(accounts::reset_password(ctx.app(), &code, new_password, &client(ctx, None))).await;
        ResetPasswordPayload::of(outcome.map(|signed_in| {
            let (tokens, device_token) = delivery.session(ctx, &signed_in);
            ResetPasswordSuccess { me: Me::signed_in(signed_in.tokens.member), tokens, device_token }
        }))
    }

    /// Replaces the viewer's password, and ends all their other sessions, also when the new password is the same.
    async fn change_password(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Both passwords.")] input: ChangePasswordInput,
    ) -> Result<ChangePasswordPayload> {
        ChangePasswordPayload::of(change(ctx, input).await)
    }
}

async fn change(ctx: &Context<'_>, input: ChangePasswordInput) -> error::Result<ChangePasswordSuccess> {
    let (owner, passwords) = (ctx.owner()?, (input.current_password, input.new_password));
    Box::pin(accounts::change_password(ctx.app(), &owner, passwords, &client(ctx, None))).await?;
    Ok(ChangePasswordSuccess { me: Me::signed_in(*owner) })
}
