//! What a suspension or a restoration does, computed under the locks of what it changes.

use serde::{Deserialize, Serialize};

use super::{Order, Target};
use crate::{
    impersonations::{self, Which},
    listings::access,
    role_grants,
};
use auth::Support;
use mysql_engine::Conn;
use store::suspensions::LockedListing;
use types::{
    BookingId, ChangeKind, DeskEffectKind, ListingId, ListingStatus, SessionId, Side, StaffRole, Timestamp, UserId,
    error::{Error, Result, RoleRequired},
};

/// The most listings and bookings that an effect names.
const MOST_NAMED: usize = 100;

/// One kind of effect.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Effect {
    /// What happens.
    pub kind: DeskEffectKind,
    /// To how many: people, sessions, listings or bookings.
    pub count: u32,
    /// The first 100 listings, in order of their ids.
    pub listings: Vec<ListingId>,
    /// The first 100 bookings, in order of their check-in.
    pub bookings: Vec<BookingId>,
}

impl Effect {
    /// An effect on one thing, with the listings that it concerns.
    pub(crate) fn of_one(kind: DeskEffectKind, listings: Vec<ListingId>) -> Self {
        Self { kind, count: 1, listings, bookings: Vec::new() }
    }
}

/// What an order does.
#[derive(Debug, Clone, Default)]
pub(super) struct Plan {
    /// As staff see it.
    pub effects: Vec<Effect>,
    /// Since when the target is suspended.
    pub suspended_at: Option<Timestamp>,
    /// Listings that change their state, as they are before.
    pub listings: Vec<LockedListing>,
    /// Sessions that end.
    pub sessions: Vec<SessionId>,
}

impl Plan {
    /// An effect on `count` things, if there are any.
    fn add(&mut self, kind: DeskEffectKind, count: usize) {
        if count > 0 {
            let count = u32::try_from(count).unwrap_or(u32::MAX);
            self.effects.push(Effect { kind, count, listings: Vec::new(), bookings: Vec::new() });
        }
    }

    fn add_listings(&mut self, kind: DeskEffectKind, listings: &[LockedListing]) {
        self.add(kind, listings.len());
        if let Some(effect) = self.effects.last_mut().filter(|effect| effect.kind == kind) {
            effect.listings = listings.iter().map(|listing| listing.id).take(MOST_NAMED).collect();
        }
    }

    fn add_bookings(&mut self, bookings: &[BookingId]) {
        let kind = DeskEffectKind::BookingsStay;
        self.add(kind, bookings.len());
        if let Some(effect) = self.effects.last_mut().filter(|effect| effect.kind == kind) {
            effect.bookings = bookings.iter().copied().take(MOST_NAMED).collect();
        }
    }
}

/// The kind of event of a published listing that is hidden, or is back.
pub(super) fn public_change(restores: bool) -> ChangeKind {
    // Others need not know why.
    if restores { ChangeKind::ListingPublished } else { ChangeKind::ListingUnlisted }
}

/// Whether a listing of a plan is published before it is hidden, or after it is shown.
pub(super) fn is_published(listing: &LockedListing, restores: bool) -> bool {
    let status = if restores { listing.status_before } else { Some(listing.status) };
    status == Some(ListingStatus::Published)
}

/// What `order` does now. The transaction holds the locks of all that it changes.
pub(super) async fn of(tx: &mut Conn, support: &Support, order: &Order, now: Timestamp) -> Result<Plan> {
    match (order.target, order.restores) {
        (Target::Person(id), false) => suspend_person(tx, support, id, now).await,
        (Target::Person(id), true) => restore_person(tx, support, id, now).await,
        (Target::Listing(id), false) => suspend_listing(tx, support, id, now).await,
        (Target::Listing(id), true) => restore_listing(tx, support, id).await,
    }
}

async fn suspend_person(tx: &mut Conn, support: &Support, id: UserId, now: Timestamp) -> Result<Plan> {
    if id == support.member().id() {
        return Err(Error::state(None, "You cannot suspend yourself."));
    }
    role_grants::keep_an_admin(tx, id, now).await?;
    let suspended_at = lock_person(tx, id).await?;
    if suspended_at.is_some() {
        return Err(Error::state(None, "This person is suspended already."));
    }
    refuse_for_staff(tx, support, id, now).await?;
    let sessions = store::sessions::lock_all(tx, id).await?;
    let listings = store::suspensions::lock_of_host(tx, id, ListingStatus::Published).await?;
    let mut bookings = store::suspensions::open_of_person(tx, id, Side::Guest, now).await?;
    bookings.extend(store::suspensions::open_of_person(tx, id, Side::Host, now).await?);
    let mut plan = Plan { sessions: sessions.into_iter().map(|session| session.id).collect(), ..Plan::default() };
    let acting = impersonations::live(tx, Which::OfSessions(&plan.sessions), now).await?;
    let acted_as = impersonations::live(tx, Which::Of(id), now).await?;
    plan.add(DeskEffectKind::PersonSuspended, 1);
    plan.add(DeskEffectKind::SessionsEnded, plan.sessions.len());
    plan.add(DeskEffectKind::ImpersonationsEnded, acting.len() + acted_as.len());
    plan.add_listings(DeskEffectKind::ListingsHidden, &listings);
    plan.add_bookings(&bookings);
    Ok(Plan { listings, ..plan })
}

/// Only admins decide about staff.
async fn refuse_for_staff(tx: &mut Conn, support: &Support, id: UserId, now: Timestamp) -> Result<()> {
    if !support.has(StaffRole::Admin) && !store::role_grants::lock_in_force(tx, id, now).await?.is_empty() {
        return Err(RoleRequired { role: StaffRole::Admin }.into());
    }
    Ok(())
}

async fn restore_person(tx: &mut Conn, support: &Support, id: UserId, now: Timestamp) -> Result<Plan> {
    let suspended_at = lock_person(tx, id).await?;
    if suspended_at.is_none() {
        return Err(Error::state(None, "This person is not suspended."));
    }
    refuse_for_staff(tx, support, id, now).await?;
    let listings = store::suspensions::lock_of_host(tx, id, ListingStatus::Suspended).await?;
    let (stay, listings): (Vec<_>, Vec<_>) = listings.into_iter().partition(|listing| listing.suspended_at.is_some());
    let mut plan = Plan { suspended_at, ..Plan::default() };
    plan.add(DeskEffectKind::PersonRestored, 1);
    plan.add_listings(DeskEffectKind::ListingsShown, &listings);
    plan.add_listings(DeskEffectKind::ListingsStaySuspended, &stay);
    Ok(Plan { listings, ..plan })
}

/// Nobody decides about a listing of their own, or one that they help with.
async fn refuse_own(tx: &mut Conn, support: &Support, listing: &LockedListing) -> Result<()> {
    if access::concerns(tx, support.member().id(), listing.id, listing.host_id).await? {
        return Err(Error::state(None, "This listing concerns you. Ask a colleague."));
    }
    Ok(())
}

async fn suspend_listing(tx: &mut Conn, support: &Support, id: ListingId, now: Timestamp) -> Result<Plan> {
    let listing = lock_listing(tx, id).await?;
    refuse_own(tx, support, &listing).await?;
    if listing.suspended_at.is_some() {
        return Err(Error::state(None, "This listing is suspended already."));
    }
    // Hidden already if its host is suspended.
    let listings: Vec<_> =
        Some(listing).filter(|listing| listing.status != ListingStatus::Suspended).into_iter().collect();
    let bookings = store::suspensions::open_of_listing(tx, id, now).await?;
    let mut plan = Plan::default();
    let kind = if listings.is_empty() { DeskEffectKind::ListingsStaySuspended } else { DeskEffectKind::ListingsHidden };
    plan.add_listings(kind, &[listing]);
    plan.add_bookings(&bookings);
    Ok(Plan { listings, ..plan })
}

async fn restore_listing(tx: &mut Conn, support: &Support, id: ListingId) -> Result<Plan> {
    let host = store::desk::host_of_listing(tx, id).await?.ok_or_else(|| Error::not_found("listingId", "listing"))?;
    // The host first, as when the host is suspended or restored.
    let host_suspended_at = store::suspensions::share_of_person(tx, host).await?;
    let listing = lock_listing(tx, id).await?;
    refuse_own(tx, support, &listing).await?;
    let suspended_at = listing.suspended_at;
    if suspended_at.is_none() {
        return Err(Error::state(None, "This listing is not suspended itself."));
    }
    let mut plan = Plan { suspended_at, ..Plan::default() };
    if host_suspended_at.is_some() {
        plan.add_listings(DeskEffectKind::ListingsStaySuspended, &[listing]);
        return Ok(plan);
    }
    plan.add_listings(DeskEffectKind::ListingsShown, &[listing]);
    Ok(Plan { listings: vec![listing], ..plan })
}

/// Since when a person is suspended; their account is locked.
async fn lock_person(tx: &mut Conn, id: UserId) -> Result<Option<Timestamp>> {
    let account = store::accounts::lock(tx, id).await?.ok_or_else(|| Error::not_found("personId", "person"))?;
    Ok(account.suspended_at)
}

async fn lock_listing(tx: &mut Conn, id: ListingId) -> Result<LockedListing> {
    store::suspensions::lock_listing(tx, id).await?.ok_or_else(|| Error::not_found("listingId", "listing"))
}
