//! The email of an account is replaced with codes from both emails.

use std::sync::Arc;

use async_graphql::{Context, InputObject, Object, SimpleObject};

use super::{
    accounts::Me,
    checked::Checked,
    context::ContextExt,
    error::{Fault, Result},
    loaders::{PendingEmailChange, PrivateLoaders},
    payload::payload,
};
use domain::accounts;
use types::{Email, Timestamp, error};

/// A change of the viewer's email that waits for codes.
#[derive(SimpleObject)]
pub struct EmailChange {
    /// The email that is to replace the current one.
    new_email: Email,
    /// Whether the code that was mailed to the new email was entered.
    new_email_confirmed: bool,
    /// Whether the code that was mailed to the current email was entered.
    current_email_confirmed: bool,
    /// When the codes expire. The email then stays as it is.
    expires_at: Timestamp,
}

impl From<accounts::EmailChange> for EmailChange {
    fn from(change: accounts::EmailChange) -> Self {
        Self {
            new_email: change.new_email,
            new_email_confirmed: change.is_new_confirmed,
            current_email_confirmed: change.is_current_confirmed,
            expires_at: change.expires_at,
        }
    }
}

/// The change of the email in `Me`.
pub struct MyEmailChange(pub Arc<PrivateLoaders>);

#[Object]
impl MyEmailChange {
    /// The change of `email` that waits for codes; null when there is none.
    async fn email_change(&self, ctx: &Context<'_>) -> Option<Result<EmailChange>> {
        let change = self.0.load(ctx.app(), PendingEmailChange).await;
        change.map(|change| change.map(EmailChange::from)).map_err(Fault::from).transpose()
    }
}

/// Input of `requestEmailChange`.
#[derive(InputObject)]
pub struct RequestEmailChangeInput {
    /// The email that is to replace the current one.
    new_email: Checked<Email>,
}

/// Codes will be mailed to the current and the new email.
#[derive(SimpleObject)]
pub struct RequestEmailChangeSuccess {
    /// The viewer.
    me: Me,
}

payload! {
    /// The result of `requestEmailChange`.
    RequestEmailChangePayload(RequestEmailChangeSuccess) {
        InvalidInput => InvalidInputProblem,
        EmailNotVerified => EmailNotVerifiedProblem,
        RecentSignInRequired => RecentSignInRequiredProblem,
        TooManyAttempts => TooManyAttemptsProblem,
        Impersonated => ImpersonatedProblem,
    }
}

/// Input of `confirmEmailChange`.
#[derive(InputObject)]
pub struct ConfirmEmailChangeInput {
    /// A code from either mail, such as `K7QM-2XWD`. Letter case, spaces and hyphens do not matter.
    #[graphql(secret)]
    code: String,
}

/// The code is right.
#[derive(SimpleObject)]
pub struct ConfirmEmailChangeSuccess {
    /// The viewer.
    me: Me,
    /// Whether both codes were entered, so that `me.email` is now the new email.
    changed: bool,
}

payload! {
    /// The result of `confirmEmailChange`.
    ConfirmEmailChangePayload(ConfirmEmailChangeSuccess) {
        EmailTaken => EmailTakenProblem,
        InvalidCode => InvalidCodeProblem,
        TooManyAttempts => TooManyAttemptsProblem,
        Impersonated => ImpersonatedProblem,
    }
}

/// Input of `cancelEmailChange`.
#[derive(InputObject)]
pub struct CancelEmailChangeInput {
    /// The `newEmail` of the change.
    new_email: Checked<Email>,
}

/// No change to this email waits for codes any more.
#[derive(SimpleObject)]
pub struct CancelEmailChangeSuccess {
    /// The viewer.
    me: Me,
    /// Whether there was such a change.
    canceled: bool,
}

payload! {
    /// The result of `cancelEmailChange`.
    CancelEmailChangePayload(CancelEmailChangeSuccess) {
        InvalidInput => InvalidInputProblem,
        Impersonated => ImpersonatedProblem,
    }
}

/// Mutations that replace the email of an account.
#[derive(Default)]
pub struct EmailChangeMutation;

#[Object]
impl EmailChangeMutation {
    /// Begins to replace the viewer's email: mails a code to the current and another to the new email. They are valid for 24 hours and ten attempts. Replaces an earlier change that was not completed. The response is the same when another account has the new email; then the mail tells its owner.
    async fn request_email_change(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The new email.")] input: RequestEmailChangeInput,
    ) -> Result<RequestEmailChangePayload> {
        RequestEmailChangePayload::of(request(ctx, input).await)
    }

    /// Enters one of the two codes, in any order. With the second, the email is replaced.
    async fn confirm_email_change(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "A code.")] input: ConfirmEmailChangeInput,
    ) -> Result<ConfirmEmailChangePayload> {
        ConfirmEmailChangePayload::of(confirm(ctx, input).await)
    }

    /// Cancels a change of the email that waits for codes. The codes become invalid.
    async fn cancel_email_change(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The change.")] input: CancelEmailChangeInput,
    ) -> Result<CancelEmailChangePayload> {
        CancelEmailChangePayload::of(cancel(ctx, input).await)
    }
}

async fn request(ctx: &Context<'_>, input: RequestEmailChangeInput) -> error::Result<RequestEmailChangeSuccess> {
    let (owner, email) = (ctx.owner()?, input.new_email.at(&["newEmail"])?);
    let recent = accounts::recent(ctx.app(), &owner).await?;
    accounts::request_email_change(ctx.app(), &recent, email).await?;
    Ok(RequestEmailChangeSuccess { me: Me::signed_in(*owner) })
}

async fn confirm(ctx: &Context<'_>, input: ConfirmEmailChangeInput) -> error::Result<ConfirmEmailChangeSuccess> {
    let owner = ctx.owner()?;
    let changed = accounts::confirm_email_change(ctx.app(), &owner, &input.code).await?;
    Ok(ConfirmEmailChangeSuccess { me: Me::signed_in(*owner), changed })
}

async fn cancel(ctx: &Context<'_>, input: CancelEmailChangeInput) -> error::Result<CancelEmailChangeSuccess> {
    let (owner, email) = (ctx.owner()?, input.new_email.at(&["newEmail"])?);
    let canceled = accounts::cancel_email_change(ctx.app(), &owner, &email).await?;
    Ok(CancelEmailChangeSuccess { me: Me::signed_in(*owner), canceled })
}
