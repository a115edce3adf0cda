//! Invited people accept or decline, and stop helping.

use super::{CoHost, lock_account, unknown_co_host, unknown_invitation};
use crate::app::App;
use auth::{AccountOwner, VerifiedOwner};
use mysql_engine::Conn;
use store::accounts::Account;
use telemetry::logs;
use types::{
    CoHostId, Timestamp,
    error::{Error, Result},
};

/// Accepts an invitation to the verified email of `member`. If they help with the listing already, the new access replaces the old one.
///
/// # Errors
/// Problems of the contract's `acceptCoHostInvitation`.
pub async fn accept(app: &App, member: &VerifiedOwner, id: CoHostId) -> Result<CoHost> {
    let now = app.now();
    let accepted = app
        .database
        .transaction(async |tx| {
            let account = lock_account(tx, member).await?;
            let found = store::co_hosts::find(tx, id).await?.ok_or_else(unknown_invitation)?;
            if store::suspensions::share_of_person(tx, found.invited_by).await?.is_some() {
                return Err(unknown_invitation());
            }
            // Invitations to one listing are answered one after the other.
            let listing = store::listings::lock(tx, found.listing_id).await?;
            if listing.is_none_or(|listing| listing.host_id == account.id) {
                return Err(unknown_invitation());
            }
            let row = lock_waiting(tx, &account, id, now).await?;
            if let Some(earlier) = store::co_hosts::lock_of_person(tx, row.listing_id, account.id).await? {
                store::co_hosts::end(tx, earlier.id, account.id, now).await?;
            }
            store::co_hosts::accept(tx, id, account.id, now).await?;
            Ok(CoHost { user_id: Some(account.id), accepted_at: Some(now), email: None, expires_at: None, ..row })
        })
        .await?;
    tracing::info!(target: logs::SECURITY, event = "co_host_joined", user = %member.id(), listing = %accepted.listing_id, access = %accepted.access, "somebody helps a host from now on");
    Ok(accepted)
}

/// Declines an invitation to the verified email of `member`.
///
/// # Errors
/// Problems of the contract's `declineCoHostInvitation`.
pub async fn decline(app: &App, member: &VerifiedOwner, id: CoHostId) -> Result<()> {
    let now = app.now();
    app.database
        .transaction(async |tx| {
            let account = lock_account(tx, member).await?;
            let row = lock_waiting(tx, &account, id, now).await?;
            store::co_hosts::end(tx, row.id, account.id, now).await?;
            Ok(())
        })
        .await
}

/// The invitation, locked, if it waits for the owner of `account`, which is locked.
async fn lock_waiting(tx: &mut Conn, account: &Account, id: CoHostId, now: Timestamp) -> Result<CoHost> {
    let row = store::co_hosts::lock(tx, id).await?;
    row.filter(|row| row.waits(now) && row.email == account.email).ok_or_else(unknown_invitation)
}

/// Stops helping with a listing.
///
/// # Errors
/// Problems of the contract's `leaveCoHosting`.
pub async fn leave(app: &App, member: &AccountOwner, id: CoHostId) -> Result<()> {
    let now = app.now();
    app.database
        .transaction(async |tx| {
            let row = store::co_hosts::lock(tx, id).await?.filter(|row| row.helper() == Some(member.id()));
            let row = row.ok_or_else(unknown_co_host)?;
            store::co_hosts::end(tx, row.id, member.id(), now).await?;
            Ok::<_, Error>(())
        })
        .await?;
    tracing::info!(target: logs::SECURITY, event = "co_host_left", user = %member.id(), co_host = %id, "somebody has stopped helping a host");
    Ok(())
}
