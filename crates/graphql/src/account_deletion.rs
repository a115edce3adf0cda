//! Accounts are deleted by their owners.

use async_graphql::{Context, InputObject, Object};

use super::{
    checked::Checked,
    context::ContextExt,
    cookies::Delivery,
    error::Result,
    payload::payload,
    users::{User, find_user},
};
use domain::accounts;
use types::{
    Email, Timestamp, UserId,
    error::{self, Error},
};

/// Input of `deleteAccount`.
#[derive(InputObject)]
pub struct DeleteAccountInput {
    /// The email of the account, typed by the viewer as a confirmation.
    email: Checked<Email>,
}

/// The person who has deleted their account, and when that takes effect, if it has not.
pub struct DeleteAccountSuccess(UserId, Option<Timestamp>);

/// The account is deleted, and the session has ended; or it will be, at `dueAt`.
#[Object]
impl DeleteAccountSuccess {
    /// The person, whose profile is now that of a former member.
    async fn user(&self, ctx: &Context<'_>) -> Result<User> {
        let user = find_user(ctx, self.0).await?;
        Ok(user.ok_or(Error::Unauthenticated)?)
    }

    /// When the account is deleted, if the platform waits for some time: until then the viewer stays signed in, and can keep the account with `cancelAccountDeletion`. Null when it is deleted now.
    async fn due_at(&self) -> Option<Timestamp> {
        self.1
    }
}

payload! {
    /// The result of `deleteAccount`.
    DeleteAccountPayload(DeleteAccountSuccess) {
        InvalidInput => InvalidInputProblem,
        RecentSignInRequired => RecentSignInRequiredProblem,
        AccountInUse => AccountInUseProblem,
        StateConflict => StateConflictProblem,
        Impersonated => ImpersonatedProblem,
    }
}

/// The mutation that deletes an account.
#[derive(Default)]
pub struct DeletionMutation;

#[Object]
impl DeletionMutation {
    /// Deletes the viewer's account, for ever: drafts, wishlists and quotes are deleted, listings are unlisted, all sessions end, and nobody can sign in to it again. Past bookings, and the ratings of reviews, stay without the viewer's name and texts.
    async fn delete_account(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "A confirmation.")] input: DeleteAccountInput,
    ) -> Result<DeleteAccountPayload> {
        DeleteAccountPayload::of(Box::pin(delete(ctx, input)).await)
    }
}

async fn delete(ctx: &Context<'_>, input: DeleteAccountInput) -> error::Result<DeleteAccountSuccess> {
    let (owner, email) = (ctx.owner()?, input.email.at(&["email"])?);
    let recent = accounts::recent(ctx.app(), &owner).await?;
    let due_at = accounts::delete_account(ctx.app(), &recent, &email).await?;
    if due_at.is_none() {
        Delivery::clear_of_viewer(ctx);
    }
    Ok(DeleteAccountSuccess(owner.id(), due_at))
}
