//! Hosts invite people to help with a listing.

use super::{CoHost, MAX_CO_HOSTS, Titled, lock_account};
use crate::{
    app::App,
    limits,
    listings::access,
    mails::{self, Order},
};
use auth::RecentMember;
use mysql_engine::Conn;
use telemetry::logs;
use types::{
    CoHostAccess, CoHostId, Email, ListingId, Permission, Timestamp,
    error::{Error, LimitReached, Result},
};

/// An invitation to send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invite {
    /// To help with this listing.
    pub listing: ListingId,
    /// Where it is sent.
    pub email: Email,
    /// What the person may do.
    pub access: CoHostAccess,
}

/// Invites somebody to help with a listing of `host`: mails it to an email, whether or not that has an account. If an invitation to it waits
/// already, it gets the new access and is sent again. If the person helps already, accepting it changes their access.
///
/// # Errors
/// Problems of the contract's `inviteCoHost`.
pub async fn invite(app: &App, host: &RecentMember, invite: &Invite) -> Result<Titled> {
    host.verified()?;
    let (now, id) = (app.now(), CoHostId::new(app.now(), &*app.entropy));
    let sent = app
        .database
        .transaction(async |tx| {
            // The account first, as when it is deleted or suspended.
            let account = lock_account(tx, host).await?;
            let listing = access::lock(tx, host, invite.listing, Permission::Own).await?.into_listing();
            if account.email.as_deref() == Some(invite.email.as_str()) {
                return Err(Error::invalid(&["email"], "This is the email of your account. You host this listing."));
            }
            let row = CoHost {
                id,
                listing_id: listing.id,
                access: invite.access,
                email: Some(invite.email.as_str().to_owned()),
                user_id: None,
                invited_by: host.id(),
                invited_at: now,
                expires_at: Some(now + app.terms.co_host_invitation),
                accepted_at: None,
                ended_at: None,
                ended_by: None,
            };
            let row = write(tx, row, now).await?;
            // Last, because others who invite this email wait from here on.
            limits::take(tx, &app.limits.co_host_invitations, &[host.id().as_bytes()], now).await?;
            limits::take(tx, &app.limits.mails_by_email, &[invite.email.as_str().as_bytes()], now).await?;
            mails::order_for_anyone(app, tx, &Order::CoHostInvitation { invitation: row.id }, now).await?;
            Ok((row, listing.words.title))
        })
        .await?;
    app.mails.ordered.notify_one();
    tracing::info!(target: logs::SECURITY, event = "co_host_invited", host = %host.id(), listing = %invite.listing, access = %invite.access, "a host has invited somebody to help");
    Ok(sent)
}

/// Writes an invitation to a listing, which is locked: a new one, or one that waits already.
async fn write(tx: &mut Conn, row: CoHost, now: Timestamp) -> Result<CoHost> {
    let open = store::co_hosts::of_listing(tx, row.listing_id, now).await?;
    if let Some(earlier) = open.iter().find(|other| other.email == row.email && other.waits(now))
        && store::co_hosts::lock(tx, earlier.id).await?.is_some_and(|earlier| earlier.waits(now))
    {
        let row = CoHost { id: earlier.id, ..row };
        store::co_hosts::renew(tx, &row).await?;
        return Ok(row);
    }
    if open.len() >= MAX_CO_HOSTS {
        let limit = types::int(MAX_CO_HOSTS);
        return Err(LimitReached { what: "co-hosts and invitations for this listing", limit }.into());
    }
    store::co_hosts::insert(tx, &row).await?;
    Ok(row)
}
