//! Wishlists: at most [`MAX_WISHLISTS`] of a member, with at most [`MAX_ITEMS`] listings each.

use diesel::{
    mysql::Mysql,
    prelude::*,
    result::{DatabaseErrorKind, Error::DatabaseError},
};
use diesel_async::RunQueryDsl;

use super::{
    query_parts::{UnionAll, among, newest_first},
    schema::{wishlist_items, wishlists},
};
use crate::prepared::Prepare as _;
use mysql_engine::Conn;
use types::{ListingId, Newest, Page, Timestamp, UserId, WishlistId, WishlistItemId};

/// The most wishlists of a member: the number of slots.
pub const MAX_WISHLISTS: u8 = 50;
/// The most items of a wishlist.
pub const MAX_ITEMS: u16 = 200;

/// A member's list of listings, visible to this member only.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = wishlists, check_for_backend(Mysql))]
pub struct Wishlist {
    /// The wishlist.
    pub id: WishlistId,
    /// Whose it is.
    pub user_id: UserId,
    /// 1 to [`MAX_WISHLISTS`], each once for a member: the key enforces the limit.
    pub slot: u8,
    /// The name.
    pub name: String,
    /// How many items it has.
    pub item_count: u16,
    /// When it was created.
    pub created_at: Timestamp,
}

/// A listing on a wishlist.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = wishlist_items, check_for_backend(Mysql))]
pub struct WishlistItem {
    /// The item.
    pub id: WishlistItemId,
    /// The wishlist.
    pub wishlist_id: WishlistId,
    /// The listing, which need not be published any more.
    pub listing_id: ListingId,
    /// When it was added.
    pub added_at: Timestamp,
}

/// Which items of one wishlist to read.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct OfWishlist {
    /// The wishlist.
    pub wishlist: WishlistId,
    /// The page, the latest added first.
    pub page: Page<Newest<WishlistItemId>>,
}

/// Those of `ids` that are `viewer`'s, in no order.
pub async fn visible(conn: &mut Conn, viewer: UserId, ids: &[WishlistId]) -> QueryResult<Vec<Wishlist>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let own = wishlists::table.filter(among(wishlists::id, ids.iter().copied())).filter(wishlists::user_id.eq(viewer));
    own.select(Wishlist::as_select()).load(conn).await
}

/// All wishlists of `viewer`, in no order.
pub async fn of_user(conn: &mut Conn, viewer: UserId) -> QueryResult<Vec<Wishlist>> {
    let own = wishlists::table.filter(wishlists::user_id.eq(viewer));
    own.select(Wishlist::as_select()).load(conn).await
}

/// The items of `viewer`'s wishlists that each part asks for, and one more of each, in no order and in one statement. Each part reads its
/// own range of the key `wishlist_items_added`.
pub async fn items(conn: &mut Conn, viewer: UserId, parts: &[OfWishlist]) -> QueryResult<Vec<WishlistItem>> {
    if parts.is_empty() {
        return Ok(Vec::new());
    }
    let part = |part: &OfWishlist| {
        let items = wishlist_items::table
            .inner_join(wishlists::table)
            .select(WishlistItem::as_select())
            .filter(wishlist_items::wishlist_id.eq(part.wishlist))
            .filter(wishlists::user_id.eq(viewer));
        newest_first!(items, part.page, wishlist_items::added_at, wishlist_items::id)
    };
    let are_alike = parts.iter().all(|part| part.page.after.is_none());
    UnionAll::of(parts.iter().map(part).collect(), are_alike).load(conn).await
}

/// `owner`'s wishlist, locked until the transaction ends.
pub async fn lock(tx: &mut Conn, owner: UserId, id: WishlistId) -> QueryResult<Option<Wishlist>> {
    let own = wishlists::table.find(id).filter(wishlists::user_id.eq(owner));
    own.select(Wishlist::as_select()).for_update().first(tx).await.optional()
}

/// Writes a new wishlist; whether its slot was free.
pub async fn insert(tx: &mut Conn, wishlist: &Wishlist) -> QueryResult<bool> {
    match diesel::insert_into(wishlists::table).values(wishlist).prepared().execute(tx).await {
        Ok(_) => Ok(true),
        Err(DatabaseError(DatabaseErrorKind::UniqueViolation, _)) => Ok(false),
        Err(error) => Err(error),
    }
}

/// Renames a wishlist.
pub async fn rename(tx: &mut Conn, id: WishlistId, name: &str) -> QueryResult<()> {
    diesel::update(wishlists::table.find(id)).set(wishlists::name.eq(name)).prepared().execute(tx).await?;
    Ok(())
}

/// Deletes a wishlist with its items.
pub async fn delete(tx: &mut Conn, id: WishlistId) -> QueryResult<()> {
    diesel::delete(wishlist_items::table.filter(wishlist_items::wishlist_id.eq(id))).execute(tx).await?;
    diesel::delete(wishlists::table.find(id)).execute(tx).await?;
    Ok(())
}

/// Deletes all wishlists of a user.
pub async fn delete_all(tx: &mut Conn, owner: UserId) -> QueryResult<()> {
    for wishlist in of_user(tx, owner).await? {
        delete(tx, wishlist.id).await?;
    }
    Ok(())
}

/// The item of a wishlist that is this listing.
pub async fn item(tx: &mut Conn, wishlist: WishlistId, listing: ListingId) -> QueryResult<Option<WishlistItem>> {
    let found = wishlist_items::table.filter(wishlist_items::wishlist_id.eq(wishlist));
    let found = found.filter(wishlist_items::listing_id.eq(listing)).select(WishlistItem::as_select());
    found.first(tx).await.optional()
}

/// The wishlist that an item is on.
pub async fn wishlist_of(tx: &mut Conn, item: WishlistItemId) -> QueryResult<Option<WishlistId>> {
    wishlist_items::table.find(item).select(wishlist_items::wishlist_id).first(tx).await.optional()
}

/// Adds an item to a wishlist, which is locked.
pub async fn insert_item(tx: &mut Conn, item: &WishlistItem) -> QueryResult<()> {
    diesel::insert_into(wishlist_items::table).values(item).prepared().execute(tx).await?;
    let wishlist = wishlists::table.find(item.wishlist_id);
    diesel::update(wishlist).set(wishlists::item_count.eq(wishlists::item_count + 1)).prepared().execute(tx).await?;
    Ok(())
}

/// Removes an item from its wishlist, which is locked; whether it was there.
pub async fn delete_item(tx: &mut Conn, wishlist: WishlistId, item: WishlistItemId) -> QueryResult<bool> {
    if diesel::delete(wishlist_items::table.find(item)).execute(tx).await? == 0 {
        return Ok(false);
    }
    let wishlist = wishlists::table.find(wishlist);
    diesel::update(wishlist).set(wishlists::item_count.eq(wishlists::item_count - 1)).prepared().execute(tx).await?;
    Ok(true)
}
