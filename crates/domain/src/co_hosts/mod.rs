//! People who help hosts with listings: invited by email, with an access that says what they may do ([`types::Permission`]).
//!
//! What they do is checked in [`crate::listings::access`]. This module decides who they are: only the host of a listing invites and removes,
//! and only the person with the invited email, verified, accepts.

mod answers;
mod changes;
mod invitations;

use std::{collections::HashMap, sync::Arc};

pub use answers::{accept, decline, leave};
pub use changes::{remove, set_access};
pub use invitations::{Invite, invite};

use super::listings::by_owner;
use crate::app::App;
use auth::Member;
use mysql_engine::Conn;
use store::accounts::Account;
pub use store::co_hosts::{CoHost, MAX_CO_HOSTS, Titled};
use types::{
    CoHostAccess, CoHostId, ListingId, Newest, Page, PageOf,
    error::{Error, Result},
};

/// The people who help with a listing, first accepted first, and the invitations that wait, oldest first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Helpers {
    /// Who has accepted.
    pub co_hosts: Vec<Arc<CoHost>>,
    /// Who has not answered.
    pub invitations: Vec<Arc<Titled>>,
}

/// The helpers of those of `ids` that `host` hosts.
///
/// # Errors
/// When the database fails.
pub async fn of_listings(app: &App, host: &Member, ids: &[ListingId]) -> Result<HashMap<ListingId, Arc<Helpers>>> {
    let rows = store::co_hosts::of_listings(&mut app.conn().await?, host.id(), ids, app.now()).await?;
    let rows = by_owner(rows.into_iter().map(|row| (row.0.listing_id, row)));
    let helpers = |(listing, mut rows): (ListingId, Vec<Titled>)| {
        rows.sort_by_key(|(row, _)| (row.accepted_at, row.invited_at, row.id));
        let (waiting, accepted): (Vec<_>, Vec<_>) = rows.into_iter().partition(|(row, _)| row.accepted_at.is_none());
        let co_hosts = accepted.into_iter().map(|(row, _)| Arc::new(row)).collect();
        (listing, Arc::new(Helpers { co_hosts, invitations: waiting.into_iter().map(Arc::new).collect() }))
    };
    Ok(rows.into_iter().map(helpers).collect())
}

/// Pages of where `member` helps, last accepted first.
///
/// # Errors
/// When the database fails.
pub async fn of_member(
    app: &App,
    member: &Member,
    pages: &[Page<Newest<CoHostId>>],
) -> Result<HashMap<Page<Newest<CoHostId>>, PageOf<Arc<CoHost>>>> {
    let rows = store::co_hosts::of_person(&mut app.conn().await?, member.id(), pages).await?;
    let cut =
        |(page, rows): (&Page<_>, Vec<CoHost>)| (page.clone(), page.cut(rows.into_iter().map(Arc::new).collect()));
    Ok(pages.iter().zip(rows).map(cut).collect())
}

/// Pages of the invitations to the verified email of `member` that wait for an answer, newest first.
///
/// # Errors
/// When the database fails.
pub async fn invitations(
    app: &App,
    member: &Member,
    pages: &[Page<Newest<CoHostId>>],
) -> Result<HashMap<Page<Newest<CoHostId>>, PageOf<Arc<Titled>>>> {
    let rows = store::co_hosts::invitations_of_person(&mut app.conn().await?, member.id(), pages, app.now()).await?;
    let cut =
        |(page, rows): (&Page<_>, Vec<Titled>)| (page.clone(), page.cut(rows.into_iter().map(Arc::new).collect()));
    Ok(pages.iter().zip(rows).map(cut).collect())
}

/// The access of `member` to those of `ids` with which they help.
///
/// # Errors
/// When the database fails.
pub async fn accesses(app: &App, member: &Member, ids: &[ListingId]) -> Result<HashMap<ListingId, CoHostAccess>> {
    let rows = store::co_hosts::accesses(&mut app.conn().await?, member.id(), ids).await?;
    Ok(rows.into_iter().collect())
}

/// The position of a co-host in a list, last accepted first.
pub fn place(row: &CoHost) -> Newest<CoHostId> {
    Newest { at: row.accepted_at.unwrap_or(row.invited_at), id: row.id }
}

/// The position of an invitation in a list, newest first.
pub fn invitation_place(row: &CoHost) -> Newest<CoHostId> {
    Newest { at: row.invited_at, id: row.id }
}

/// The account of `member`, locked until the transaction ends. Their sessions have ended when they are suspended or gone, but another server
/// may not know it yet.
async fn lock_account(tx: &mut Conn, member: &Member) -> Result<Account> {
    let account = store::accounts::lock(tx, member.id()).await?;
    account.filter(|account| account.suspended_at.is_none() && account.email.is_some()).ok_or(Error::Unauthenticated)
}

fn unknown_co_host() -> Error {
    Error::not_found("coHostId", "co-host")
}

fn unknown_invitation() -> Error {
    Error::not_found("invitationId", "invitation")
}

/// Deletes invitations that have expired, and what has ended before its time of retention.
///
/// # Errors
/// When the database fails.
pub(crate) async fn sweep(app: &App, limit: u32) -> Result<usize> {
    let now = app.now();
    let ended_before = now - app.terms.retention.events;
    Ok(store::co_hosts::delete_expired(&mut app.conn().await?, ended_before, now, limit).await?)
}
