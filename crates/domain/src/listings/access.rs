//! Who may do what with a listing: its host everything, and the people who help what their access includes ([`types::Permission`]).
//!
//! Every change by a host goes through one of these functions. What somebody has no access to is not found.

use auth::Member;
use mysql_engine::Conn;
use store::{bookings::Booking, listings::Listing};
use types::{
    ListingId, Permission, UserId,
    error::{Error, Result},
};

/// Proof that a member may do something with a listing, as its host or on the host's behalf, until the transaction ends.
#[derive(Debug, Clone)]
pub struct HostOf {
    listing: Listing,
    by: UserId,
}

impl HostOf {
    /// The listing.
    pub fn listing(&self) -> &Listing {
        &self.listing
    }

    /// The listing, when the proof is no longer needed.
    pub fn into_listing(self) -> Listing {
        self.listing
    }

    /// Who acts.
    pub fn by(&self) -> UserId {
        self.by
    }

    /// Whether the host acts, not somebody else on their behalf.
    pub fn is_owner(&self) -> bool {
        self.listing.host_id == self.by
    }
}

/// The listing `id`, locked until the transaction ends, if `member` has this permission.
///
/// # Errors
/// [`types::error::Refusal::NotFound`] when it does not exist or `member` lacks the permission.
pub async fn lock(tx: &mut Conn, member: &Member, id: ListingId, permission: Permission) -> Result<HostOf> {
    let listing = store::listings::lock(tx, id).await?.ok_or_else(unknown)?;
    require(tx, listing, member, permission).await
}

/// The listing `id`, not locked, if `member` has this permission.
///
/// # Errors
/// As [`lock`].
pub async fn find(tx: &mut Conn, member: &Member, id: ListingId, permission: Permission) -> Result<HostOf> {
    let listing = store::listings::find(tx, id).await?.ok_or_else(unknown)?;
    require(tx, listing, member, permission).await
}

/// The proof for `listing`. The permission of somebody who helps cannot end until the transaction ends.
async fn require(tx: &mut Conn, listing: Listing, member: &Member, permission: Permission) -> Result<HostOf> {
    let by = member.id();
    if listing.host_id == by || is_granted(tx, listing.id, by, permission).await? {
        return Ok(HostOf { listing, by });
    }
    Err(unknown())
}

async fn is_granted(tx: &mut Conn, listing: ListingId, person: UserId, permission: Permission) -> Result<bool> {
    if permission.co_hosts().is_empty() {
        return Ok(false);
    }
    let access = store::co_hosts::share_access(tx, listing, person).await?;
    Ok(access.is_some_and(|access| access.includes(permission)))
}

/// Whether `person` is the `host` of a listing or helps with it, until the transaction ends: staff who do decide nothing about it.
///
/// # Errors
/// When the database fails.
pub async fn concerns(tx: &mut Conn, person: UserId, listing: ListingId, host: UserId) -> Result<bool> {
    Ok(person == host || store::co_hosts::share_access(tx, listing, person).await?.is_some())
}

/// Those of `listings` for which `member` has this permission now. One statement if some are not `member`'s own.
///
/// # Errors
/// When the database fails.
pub async fn permitted(
    conn: &mut Conn,
    listings: Vec<Listing>,
    member: &Member,
    permission: Permission,
) -> Result<Vec<Listing>> {
    let (mut own, others): (Vec<_>, Vec<_>) = listings.into_iter().partition(|it| it.host_id == member.id());
    if others.is_empty() {
        return Ok(own);
    }
    let ids: Vec<_> = others.iter().map(|listing| listing.id).collect();
    let accesses = store::co_hosts::accesses(conn, member.id(), &ids).await?;
    let is_granted =
        |listing: &Listing| accesses.iter().any(|(id, access)| *id == listing.id && access.includes(permission));
    own.extend(others.into_iter().filter(is_granted));
    Ok(own)
}

/// Whether `member`, who is neither guest nor host of `booking`, may answer it on the host's behalf, until the transaction ends.
///
/// # Errors
/// When the database fails.
pub async fn may_answer(tx: &mut Conn, member: &Member, booking: &Booking) -> Result<bool> {
    Ok(!booking.hidden_from_host && is_granted(tx, booking.listing_id, member.id(), Permission::AnswerBookings).await?)
}

fn unknown() -> Error {
    Error::not_found("listingId", "listing")
}
