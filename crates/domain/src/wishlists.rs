//! Wishlists of members.

use std::{collections::HashMap, sync::Arc};

use crate::{
    app::App,
    listings::{by_owner, checks},
};
use auth::Member;
use mysql_engine::Conn;
pub use store::wishlists::{MAX_ITEMS, MAX_WISHLISTS, OfWishlist, Wishlist, WishlistItem};
use types::{
    ListingId, ListingStatus, Newest, Page, PageOf, WishlistId, WishlistItemId,
    error::{Error, LimitReached, Result},
};

/// Most characters of a name.
const MAX_NAME: usize = 60;

/// The name of a wishlist, cleaned.
///
/// # Errors
/// [`types::error::Refusal::InvalidInput`] when it is blank, too long or not plain text.
pub fn name(raw: &str) -> Result<String> {
    checks::line(&["name"], raw, 1..=MAX_NAME)
}

/// Those of `ids` that are `viewer`'s, in no order.
///
/// # Errors
/// When the database fails.
pub async fn visible(app: &App, viewer: &Member, ids: &[WishlistId]) -> Result<Vec<Wishlist>> {
    Ok(store::wishlists::visible(&mut app.conn().await?, viewer.id(), ids).await?)
}

/// Pages of `viewer`'s wishlists, newest first.
///
/// # Errors
/// When the database fails.
pub async fn pages(
    app: &App,
    viewer: &Member,
    pages: &[Page<Newest<WishlistId>>],
) -> Result<HashMap<Page<Newest<WishlistId>>, PageOf<Arc<Wishlist>>>> {
    // A member has few, so one statement reads all of them.
    let rows = store::wishlists::of_user(&mut app.conn().await?, viewer.id()).await?;
    let rows: Vec<_> = rows.into_iter().map(Arc::new).collect();
    Ok(pages.iter().map(|page| (page.clone(), page.cut_out(&rows, |row| place(row)))).collect())
}

/// A page of each part's items, those added last first; nothing of wishlists that are not `viewer`'s.
///
/// # Errors
/// When the database fails.
pub async fn items(
    app: &App,
    viewer: &Member,
    parts: &[OfWishlist],
) -> Result<HashMap<OfWishlist, PageOf<WishlistItem>>> {
    let rows = store::wishlists::items(&mut app.conn().await?, viewer.id(), parts).await?;
    let rows = by_owner(rows.into_iter().map(|row| (row.wishlist_id, row)));
    let cut = |part: &OfWishlist| {
        let rows = rows.get(&part.wishlist).map_or(&[][..], Vec::as_slice);
        (part.clone(), part.page.cut_out(rows, item_place))
    };
    Ok(parts.iter().map(cut).collect())
}

/// The position of a wishlist in a list, newest first.
pub fn place(wishlist: &Wishlist) -> Newest<WishlistId> {
    Newest { at: wishlist.created_at, id: wishlist.id }
}

/// The position of an item in a list, newest first.
pub fn item_place(item: &WishlistItem) -> Newest<WishlistItemId> {
    Newest { at: item.added_at, id: item.id }
}

/// Creates an empty wishlist of `owner`.
///
/// # Errors
/// [`types::error::Refusal::LimitReached`] when `owner` has [`MAX_WISHLISTS`].
pub async fn create(app: &App, owner: &Member, name: String) -> Result<Wishlist> {
    let now = app.now();
    let id = WishlistId::new(now, &*app.entropy);
    let new = Wishlist { id, user_id: owner.id(), slot: 0, name, item_count: 0, created_at: now };
    app.database.transaction(async |tx| insert(tx, new.clone()).await).await
}

/// Writes `wishlist` with the first free slot, unless another client takes that meanwhile.
async fn insert(tx: &mut Conn, mut wishlist: Wishlist) -> Result<Wishlist> {
    loop {
        let taken = store::wishlists::of_user(tx, wishlist.user_id).await?;
        let is_free = |slot: &u8| taken.iter().all(|other| other.slot != *slot);
        let limit = i32::from(MAX_WISHLISTS);
        wishlist.slot = (1..=MAX_WISHLISTS).find(is_free).ok_or(LimitReached { what: "wishlists", limit })?;
        if store::wishlists::insert(tx, &wishlist).await? {
            return Ok(wishlist);
        }
    }
}

/// Gives a wishlist of `owner` another name.
///
/// # Errors
/// [`types::error::Refusal::NotFound`] when it is not `owner`'s.
pub async fn rename(app: &App, owner: &Member, id: WishlistId, name: &str) -> Result<Wishlist> {
    app.database
        .transaction(async |tx| {
            let wishlist = lock(tx, owner, id).await?;
            store::wishlists::rename(tx, id, name).await?;
            Ok(Wishlist { name: name.to_owned(), ..wishlist })
        })
        .await
}

/// Deletes a wishlist of `owner`.
///
/// # Errors
/// [`types::error::Refusal::NotFound`] when it is not `owner`'s.
pub async fn delete(app: &App, owner: &Member, id: WishlistId) -> Result<()> {
    app.database
        .transaction(async |tx| {
            lock(tx, owner, id).await?;
            Ok(store::wishlists::delete(tx, id).await?)
        })
        .await
}

/// Adds a published listing to a wishlist of `owner`, unless it is on it already. Returns the wishlist and the item.
///
/// # Errors
/// [`types::error::Refusal::NotFound`] when the wishlist is not `owner`'s or the listing is not published,
/// [`types::error::Refusal::LimitReached`] when the wishlist has [`MAX_ITEMS`].
pub async fn add(app: &App, owner: &Member, id: WishlistId, listing: ListingId) -> Result<(Wishlist, WishlistItem)> {
    let now = app.now();
    let item = WishlistItemId::new(now, &*app.entropy);
    let item = WishlistItem { id: item, wishlist_id: id, listing_id: listing, added_at: now };
    app.database
        .transaction(async |tx| {
            let wishlist = lock(tx, owner, id).await?;
            if let Some(known) = store::wishlists::item(tx, id, listing).await? {
                return Ok((wishlist, known));
            }
            let found = store::listings::find(tx, listing).await?;
            if found.is_none_or(|listing| listing.status != ListingStatus::Published) {
                return Err(Error::not_found("listingId", "listing"));
            }
            if wishlist.item_count >= MAX_ITEMS {
                return Err(LimitReached { what: "listings on this wishlist", limit: MAX_ITEMS.into() }.into());
            }
            store::wishlists::insert_item(tx, &item).await?;
            Ok((Wishlist { item_count: wishlist.item_count + 1, ..wishlist }, item))
        })
        .await
}

/// Removes an item from a wishlist of `owner`, which is returned.
///
/// # Errors
/// [`types::error::Refusal::NotFound`] when the item does not exist or is not `owner`'s.
pub async fn remove(app: &App, owner: &Member, item: WishlistItemId) -> Result<Wishlist> {
    let unknown = || Error::not_found("wishlistItemId", "item");
    app.database
        .transaction(async |tx| {
            let id = store::wishlists::wishlist_of(tx, item).await?.ok_or_else(unknown)?;
            let wishlist = store::wishlists::lock(tx, owner.id(), id).await?.ok_or_else(unknown)?;
            // Another client may have removed it meanwhile.
            if !store::wishlists::delete_item(tx, id, item).await? {
                return Err(unknown());
            }
            Ok(Wishlist { item_count: wishlist.item_count - 1, ..wishlist })
        })
        .await
}

async fn lock(tx: &mut Conn, owner: &Member, id: WishlistId) -> Result<Wishlist> {
    let wishlist = store::wishlists::lock(tx, owner.id(), id).await?;
    wishlist.ok_or_else(|| Error::not_found("wishlistId", "wishlist"))
}
