//! Hosts change what people who help them may do, and remove them.

use super::{CoHost, unknown_co_host};
use crate::app::App;
use auth::{AccountOwner, Member, RecentMember};
use mysql_engine::Conn;
use telemetry::logs;
use types::{
    CoHostAccess, CoHostId,
    error::{Error, Result},
};

/// Changes what a co-host of one of `host`'s listings may do. It takes effect with the next operation; one that is under way comes first.
///
/// # Errors
/// Problems of the contract's `changeCoHostAccess`.
pub async fn set_access(app: &App, host: &RecentMember, id: CoHostId, access: CoHostAccess) -> Result<CoHost> {
    let changed = app
        .database
        .transaction(async |tx| {
            let row = lock_of_host(tx, host, id).await?;
            if row.helper().is_none() {
                return Err(unknown_co_host());
            }
            store::co_hosts::set_access(tx, id, access).await?;
            Ok(CoHost { access, ..row })
        })
        .await?;
    tracing::info!(target: logs::SECURITY, event = "co_host_access_changed", host = %host.id(), co_host = %id, access = %access, "a host has changed what a co-host may do");
    Ok(changed)
}

/// Removes a co-host of one of `host`'s listings, or withdraws an invitation. It takes effect as [`set_access`].
///
/// # Errors
/// Problems of the contract's `removeCoHost`.
pub async fn remove(app: &App, host: &AccountOwner, id: CoHostId) -> Result<()> {
    let now = app.now();
    app.database
        .transaction(async |tx| {
            let row = lock_of_host(tx, host, id).await?;
            if row.helper().is_none() && !row.waits(now) {
                return Err(unknown_co_host());
            }
            store::co_hosts::end(tx, id, host.id(), now).await?;
            Ok(())
        })
        .await?;
    tracing::info!(target: logs::SECURITY, event = "co_host_removed", host = %host.id(), co_host = %id, "a host has removed a co-host");
    Ok(())
}

/// The row, locked, if it is of a listing that `host` hosts. Who hosts a listing never changes, so the listing need not be locked.
async fn lock_of_host(tx: &mut Conn, host: &Member, id: CoHostId) -> Result<CoHost> {
    let row = store::co_hosts::lock(tx, id).await?.ok_or_else(unknown_co_host)?;
    let listing = store::listings::find(tx, row.listing_id).await?;
    if listing.is_none_or(|listing| listing.host_id != host.id()) {
        return Err(unknown_co_host());
    }
    Ok::<_, Error>(row)
}
