//! The end of the viewer's account, if it is planned.

use std::sync::Arc;

use async_graphql::{Context, Object, SimpleObject};

use crate::{
    accounts::Me,
    context::ContextExt,
    error::Result,
    loaders::{PrivateLoaders, keys::keys},
    payload::payload,
};
use domain::accounts;
use types::{Timestamp, error};

keys! {
    /// When the viewer's account is to be erased.
    private DueAt(()) => Timestamp, of_parent accounts::deletion_due_at;
}

/// The planned end in `Me`.
pub struct MyErasure(pub Arc<PrivateLoaders>);

#[Object]
impl MyErasure {
    /// When the viewer's account is deleted, after `deleteAccount`; until then `cancelAccountDeletion` keeps it. Null when it is not to be deleted.
    async fn deletion_due_at(&self, ctx: &Context<'_>) -> Option<Result<Timestamp>> {
        self.0.load(ctx.app(), DueAt(())).await.map_err(Into::into).transpose()
    }
}

/// The account stays.
#[derive(SimpleObject)]
pub struct CancelAccountDeletionSuccess {
    /// The viewer.
    me: Me,
}

payload! {
    /// The result of `cancelAccountDeletion`.
    CancelAccountDeletionPayload(CancelAccountDeletionSuccess) {
        StateConflict => StateConflictProblem,
        Impersonated => ImpersonatedProblem,
    }
}

/// The mutation that keeps an account.
#[derive(Default)]
pub struct ErasureMutation;

#[Object]
impl ErasureMutation {
    /// Keeps the viewer's account, which was to be deleted after some time.
    async fn cancel_account_deletion(&self, ctx: &Context<'_>) -> Result<CancelAccountDeletionPayload> {
        CancelAccountDeletionPayload::of(cancel(ctx).await)
    }
}

async fn cancel(ctx: &Context<'_>) -> error::Result<CancelAccountDeletionSuccess> {
    let owner = ctx.owner()?;
    Box::pin(accounts::cancel_account_deletion(ctx.app(), &owner)).await?;
    Ok(CancelAccountDeletionSuccess { me: Me::signed_in(*owner) })
}
