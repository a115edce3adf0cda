//! People who help hosts with listings, and invitations to do so.
//!
//! Locks are taken in the order users, bookings, listings, co-hosts. Whatever somebody does on behalf of a host shares the row that lets them
//! until it is committed, so that it is either done before the row ends, or refused.

use std::cmp::Reverse;

use diesel::{mysql::Mysql, prelude::*, sql_types};
use diesel_async::RunQueryDsl;

use super::{
    query_parts::{Shared, UnionAll, among, by_part, newest_first, numbered},
    schema::{co_hosts, listings, users},
};
use crate::prepared::Prepare as _;
use mysql_engine::Conn;
use types::{CoHostAccess, CoHostId, ListingId, Newest, Page, Timestamp, UserId};

/// The most co-hosts of a listing, with invitations that wait.
pub const MAX_CO_HOSTS: usize = 10;

/// An invitation to help with a listing, and who has accepted it.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = co_hosts, check_for_backend(Mysql))]
pub struct CoHost {
    /// The row.
    pub id: CoHostId,
    /// The listing.
    pub listing_id: ListingId,
    /// What the person may do.
    pub access: CoHostAccess,
    /// Where the invitation was sent, in lower case; None once it was answered or withdrawn.
    pub email: Option<String>,
    /// Who has accepted.
    pub user_id: Option<UserId>,
    /// Who has sent the invitation: the host.
    pub invited_by: UserId,
    /// When it was sent.
    pub invited_at: Timestamp,
    /// When it expires; None once it was answered or withdrawn.
    pub expires_at: Option<Timestamp>,
    /// When it was accepted.
    pub accepted_at: Option<Timestamp>,
    /// When the person stopped helping, or the invitation was declined or withdrawn.
    pub ended_at: Option<Timestamp>,
    /// Who ended it.
    pub ended_by: Option<UserId>,
}

impl CoHost {
    /// Whether the invitation waits for an answer at `now`.
    pub fn waits(&self, now: Timestamp) -> bool {
        self.expires_at.is_some_and(|end| end > now)
    }

    /// Who helps, while they do.
    pub fn helper(&self) -> Option<UserId> {
        self.user_id.filter(|_| self.ended_at.is_none())
    }
}

/// Whether `$viewer` helps with the listing in the column `$listing`, with access that includes `$permission`. A macro because the type of the
/// condition cannot be written down.
macro_rules! helped_by {
    ($listing:expr, $viewer:expr, $permission:expr) => {{
        use $crate::schema::co_hosts as of;
        diesel::dsl::exists(
            of::table
                .filter(of::user_id.eq($viewer))
                .filter(of::listing_id.eq($listing))
                .filter(of::in_force.eq(1_u8))
                .filter($crate::query_parts::among(of::access, $permission.co_hosts().iter().copied()))
                .select(of::id),
        )
    }};
}
pub(super) use helped_by;

/// The access of `person` to a listing, if they help with it. It is shared until the transaction ends, so that it cannot change or end
/// meanwhile.
pub async fn share_access(tx: &mut Conn, listing: ListingId, person: UserId) -> QueryResult<Option<CoHostAccess>> {
    let query = co_hosts::table
        .filter(co_hosts::user_id.eq(person))
        .filter(co_hosts::listing_id.eq(listing))
        .filter(co_hosts::in_force.eq(1_u8))
        .select(co_hosts::access);
    Shared { query, locks: true }.get_result(tx).await.optional()
}

/// The access of `person` to those of `listings` with which they help.
pub async fn accesses(
    conn: &mut Conn,
    person: UserId,
    listings: &[ListingId],
) -> QueryResult<Vec<(ListingId, CoHostAccess)>> {
    co_hosts::table
        .filter(co_hosts::user_id.eq(person))
        .filter(co_hosts::in_force.eq(1_u8))
        .filter(among(co_hosts::listing_id, listings.iter().copied()))
        .select((co_hosts::listing_id, co_hosts::access))
        .load(conn)
        .await
}

/// A row, with the title of its listing.
pub type Titled = (CoHost, String);

/// The co-hosts of those of `listings` that `host` hosts, and invitations that wait at `now`, in no order.
pub async fn of_listings(
    conn: &mut Conn,
    host: UserId,
    listings: &[ListingId],
    now: Timestamp,
) -> QueryResult<Vec<Titled>> {
    co_hosts::table
        .inner_join(listings::table)
        .filter(among(co_hosts::listing_id, listings.iter().copied()))
        .filter(listings::host_id.eq(host))
        .filter(co_hosts::ended_at.is_null())
        .filter(co_hosts::expires_at.is_null().or(co_hosts::expires_at.gt(now)))
        .select((CoHost::as_select(), listings::title))
        .load(conn)
        .await
}

/// The co-hosts of a listing, and invitations that wait at `now`, in no order.
pub async fn of_listing(conn: &mut Conn, listing: ListingId, now: Timestamp) -> QueryResult<Vec<CoHost>> {
    co_hosts::table
        .filter(co_hosts::listing_id.eq(listing))
        .filter(co_hosts::ended_at.is_null())
        .filter(co_hosts::expires_at.is_null().or(co_hosts::expires_at.gt(now)))
        .select(CoHost::as_select())
        .load(conn)
        .await
}

/// Where `person` helps, for each page, and one more each, last accepted first, in one statement.
pub async fn of_person(
    conn: &mut Conn,
    person: UserId,
    pages: &[Page<Newest<CoHostId>>],
) -> QueryResult<Vec<Vec<CoHost>>> {
    if pages.is_empty() {
        return Ok(Vec::new());
    }
    let part = |(number, page): (usize, &Page<Newest<CoHostId>>)| {
        let own = co_hosts::table
            .filter(co_hosts::user_id.eq(person))
            .filter(co_hosts::in_force.eq(1_u8))
            .select((numbered(number), CoHost::as_select()));
        newest_first!(own, page, co_hosts::accepted_at, co_hosts::id)
    };
    let mut rows: Vec<(i64, CoHost)> =
        UnionAll::of(pages.iter().enumerate().map(part).collect(), pages.len() == 1).load(conn).await?;
    rows.sort_by_key(|(_, row)| Reverse((row.accepted_at, row.id)));
    Ok(by_part(pages.len(), rows))
}

/// The invitations to the verified email of `person` that wait at `now`, for each page, and one more each, newest first, in one statement.
/// Those of hosts who are suspended, and to the person's own listings, are left out.
pub async fn invitations_of_person(
    conn: &mut Conn,
    person: UserId,
    pages: &[Page<Newest<CoHostId>>],
    now: Timestamp,
) -> QueryResult<Vec<Vec<Titled>>> {
    if pages.is_empty() {
        return Ok(Vec::new());
    }
    let inviters = diesel::alias!(users as inviters);
    let part = |(number, page): (usize, &Page<Newest<CoHostId>>)| {
        let sent = co_hosts::table
            .inner_join(users::table.on(users::email.eq(co_hosts::email)))
            .inner_join(inviters.on(inviters.field(users::id).eq(co_hosts::invited_by)))
            .inner_join(listings::table.on(listings::id.eq(co_hosts::listing_id)))
            .filter(users::id.eq(person))
            .filter(co_hosts::expires_at.gt(now))
            .filter(inviters.field(users::suspended_at).is_null())
            .filter(listings::host_id.ne(person))
            .select((numbered(number), CoHost::as_select(), listings::title));
        newest_first!(sent, page, co_hosts::invited_at, co_hosts::id)
    };
    let mut rows: Vec<(i64, CoHost, String)> =
        UnionAll::of(pages.iter().enumerate().map(part).collect(), pages.len() == 1).load(conn).await?;
    rows.sort_by_key(|(_, row, _)| Reverse((row.invited_at, row.id)));
    Ok(by_part(pages.len(), rows.into_iter().map(|(number, row, title)| (number, (row, title)))))
}

/// The row with this id.
pub async fn find(conn: &mut Conn, id: CoHostId) -> QueryResult<Option<CoHost>> {
    co_hosts::table.find(id).select(CoHost::as_select()).first(conn).await.optional()
}

/// The row with this id and the title of its listing.
pub async fn find_titled(conn: &mut Conn, id: CoHostId) -> QueryResult<Option<Titled>> {
    let found = co_hosts::table.inner_join(listings::table).filter(co_hosts::id.eq(id));
    found.select((CoHost::as_select(), listings::title)).first(conn).await.optional()
}

/// The row with this id, locked until the transaction ends.
pub async fn lock(tx: &mut Conn, id: CoHostId) -> QueryResult<Option<CoHost>> {
    co_hosts::table.find(id).select(CoHost::as_select()).for_update().first(tx).await.optional()
}

/// The row that lets `person` help with a listing, locked until the transaction ends.
pub async fn lock_of_person(tx: &mut Conn, listing: ListingId, person: UserId) -> QueryResult<Option<CoHost>> {
    co_hosts::table
        .filter(co_hosts::user_id.eq(person))
        .filter(co_hosts::listing_id.eq(listing))
        .filter(co_hosts::in_force.eq(1_u8))
        .select(CoHost::as_select())
        .for_update()
        .first(tx)
        .await
        .optional()
}

/// Writes a new row.
pub async fn insert(tx: &mut Conn, row: &CoHost) -> QueryResult<usize> {
    diesel::insert_into(co_hosts::table).values(row).prepared().execute(tx).await
}

/// Sends an invitation, which is locked and waits, again: with the access and the times of `row`.
pub async fn renew(tx: &mut Conn, row: &CoHost) -> QueryResult<usize> {
    diesel::update(co_hosts::table.find(row.id))
        .set((
            co_hosts::access.eq(row.access),
            co_hosts::invited_by.eq(row.invited_by),
            co_hosts::invited_at.eq(row.invited_at),
            co_hosts::expires_at.eq(row.expires_at),
        ))
        .prepared()
        .execute(tx)
        .await
}

/// Accepts an invitation, which is locked and waits.
pub async fn accept(tx: &mut Conn, id: CoHostId, person: UserId, now: Timestamp) -> QueryResult<usize> {
    diesel::update(co_hosts::table.find(id))
        .set((
            co_hosts::user_id.eq(person),
            co_hosts::accepted_at.eq(now),
            co_hosts::email.eq(None::<String>),
            co_hosts::expires_at.eq(None::<Timestamp>),
        ))
        .prepared()
        .execute(tx)
        .await
}

/// Changes the access of a row, which is locked.
pub async fn set_access(tx: &mut Conn, id: CoHostId, access: CoHostAccess) -> QueryResult<usize> {
    diesel::update(co_hosts::table.find(id)).set(co_hosts::access.eq(access)).prepared().execute(tx).await
}

/// Ends a row, which is locked.
pub async fn end(tx: &mut Conn, id: CoHostId, by: UserId, now: Timestamp) -> QueryResult<usize> {
    diesel::update(co_hosts::table.find(id))
        .set((
            co_hosts::ended_at.eq(now),
            co_hosts::ended_by.eq(by),
            co_hosts::email.eq(None::<String>),
            co_hosts::expires_at.eq(None::<Timestamp>),
        ))
        .prepared()
        .execute(tx)
        .await
}

/// Deletes all rows of a listing.
pub async fn delete_of_listing(tx: &mut Conn, listing: ListingId) -> QueryResult<usize> {
    diesel::delete(co_hosts::table.filter(co_hosts::listing_id.eq(listing))).execute(tx).await
}

/// Deletes everything of a person: where they help or helped, who helps with their listings, and invitations to `email`, which they have
/// verified.
pub async fn delete_of_person(tx: &mut Conn, person: UserId, email: Option<&str>) -> QueryResult<()> {
    diesel::delete(co_hosts::table.filter(co_hosts::user_id.eq(person))).execute(tx).await?;
    diesel::delete(co_hosts::table.filter(co_hosts::invited_by.eq(person))).execute(tx).await?;
    if let Some(email) = email {
        diesel::delete(co_hosts::table.filter(co_hosts::email.eq(email))).execute(tx).await?;
    }
    Ok(())
}

/// Deletes up to `limit` rows each that ended before `ended_before`, and invitations that have expired at `now`.
pub async fn delete_expired(
    conn: &mut Conn,
    ended_before: Timestamp,
    now: Timestamp,
    limit: u32,
) -> QueryResult<usize> {
    let mut most = 0;
    for (text, before) in [
        ("DELETE FROM co_hosts WHERE ended_at < ? ORDER BY ended_at LIMIT ?", ended_before),
        ("DELETE FROM co_hosts WHERE expires_at <= ? ORDER BY expires_at LIMIT ?", now),
    ] {
        let delete = diesel::sql_query(text)
            .bind::<sql_types::Datetime, _>(before)
            .bind::<sql_types::Unsigned<sql_types::Integer>, _>(limit);
        most = most.max(delete.prepared().execute(conn).await?);
    }
    Ok(most)
}
