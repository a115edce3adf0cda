//! Wishlists of the viewer.

use std::sync::Arc;

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};

use super::{
    context::ContextExt,
    error::Result,
    ids,
    listings::{Listing, find_listing},
    loaders::{PrivateLoaders, keys::keys},
    pages::{self, Cursored, connection},
    payload::payload,
};
use domain::wishlists::{self, OfWishlist};
use types::scalars::Cursor;
use types::{
    Newest, Page, PageOf, Timestamp, WishlistId,
    error::{self, Validation},
};

keys! {
    /// The wishlist with this id, if it is the viewer's.
    private WishlistById(WishlistId) => Arc<wishlists::Wishlist>, by_id wishlists::visible;
    /// A page of the viewer's wishlists, newest first.
    private OwnWishlists(Page<Newest<WishlistId>>) => Arc<PageOf<Arc<wishlists::Wishlist>>>, of_parent wishlists::pages;
    /// A page of the items of one of the viewer's wishlists.
    private ItemsOf(OfWishlist) => Arc<PageOf<wishlists::WishlistItem>>, of_parent wishlists::items;
}

/// A wishlist of the viewer.
#[derive(Debug, Clone)]
pub struct Wishlist(Arc<wishlists::Wishlist>);

impl From<Arc<wishlists::Wishlist>> for Wishlist {
    fn from(row: Arc<wishlists::Wishlist>) -> Self {
        Self(row)
    }
}

impl From<wishlists::Wishlist> for Wishlist {
    fn from(row: wishlists::Wishlist) -> Self {
        Self(Arc::new(row))
    }
}

/// A list of listings that the viewer keeps. No one else can see it.
#[Object]
impl Wishlist {
    /// Opaque id, `wl_…`.
    pub async fn id(&self) -> ID {
        self.0.id.to_string().into()
    }

    /// The name, plain text.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// When it was created.
    async fn created_at(&self) -> Timestamp {
        self.0.created_at
    }

    /// Number of items, at most 200.
    async fn item_count(&self) -> u16 {
        self.0.item_count
    }

    /// The listings on it, last added first.
    async fn items(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Maximum number of items, 1 to 100.", default_with = "Some(20)")] first: Option<i32>,
        #[graphql(desc = "Start after this cursor.")] after: Option<Cursor>,
    ) -> Option<Result<WishlistItemConnection>> {
        Some(items(ctx, self.0.id, first, after).await)
    }
}

/// An item of a wishlist of the viewer.
#[derive(Debug, Clone)]
pub struct WishlistItem(wishlists::WishlistItem);

impl From<wishlists::WishlistItem> for WishlistItem {
    fn from(row: wishlists::WishlistItem) -> Self {
        Self(row)
    }
}

/// A listing on a wishlist.
#[Object]
impl WishlistItem {
    /// Opaque id, `wli_…`, for `removeFromWishlist`.
    async fn id(&self) -> ID {
        self.0.id.to_string().into()
    }

    /// The listing; null while it is not published.
    async fn listing(&self, ctx: &Context<'_>) -> Option<Result<Listing>> {
        find_listing(ctx, self.0.listing_id).await.transpose()
    }

    /// When it was added.
    async fn added_at(&self) -> Timestamp {
        self.0.added_at
    }
}

connection! {
    /// A page of wishlists.
    WishlistConnection,
    /// One wishlist of a page.
    WishlistEdge,
    /// The wishlist.
    Wishlist
}

connection! {
    /// A page of the items of a wishlist.
    WishlistItemConnection,
    /// One item of a page.
    WishlistItemEdge,
    /// The item.
    WishlistItem
}

async fn items(
    ctx: &Context<'_>,
    wishlist: WishlistId,
    first: Option<i32>,
    after: Option<Cursor>,
) -> Result<WishlistItemConnection> {
    let page = pages::newest(first, after.as_ref())?;
    let rows = ctx.load_own(ItemsOf(OfWishlist { wishlist, page })).await?;
    let rows = rows.map_or_else(PageOf::default, Arc::unwrap_or_clone);
    Ok(Cursored::new(rows, |row| wishlists::item_place(row).to_cursor()).into())
}

/// The wishlist with this id, if it is the viewer's.
///
/// # Errors
/// When the batch failed.
pub async fn find_wishlist(ctx: &Context<'_>, id: WishlistId) -> Result<Option<Wishlist>> {
    Ok(ctx.load_own(WishlistById(id)).await?.map(Wishlist))
}

/// The wishlists in `Me`.
pub struct MyWishlists(pub Arc<PrivateLoaders>);

#[Object]
impl MyWishlists {
    /// The viewer's wishlists, newest first; at most 50.
    async fn wishlists(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Maximum number of items, 1 to 100.", default_with = "Some(20)")] first: Option<i32>,
        #[graphql(desc = "Start after this cursor.")] after: Option<Cursor>,
    ) -> Option<Result<WishlistConnection>> {
        Some(wishlists(ctx, &self.0, first, after).await)
    }
}

async fn wishlists(
    ctx: &Context<'_>,
    own: &PrivateLoaders,
    first: Option<i32>,
    after: Option<Cursor>,
) -> Result<WishlistConnection> {
    let page = pages::newest(first, after.as_ref())?;
    let rows = own.load(ctx.app(), OwnWishlists(page)).await?;
    let rows = rows.map_or_else(PageOf::default, Arc::unwrap_or_clone);
    Ok(Cursored::new(rows, |row| wishlists::place(row).to_cursor()).into())
}

/// Input of `createWishlist`.
#[derive(InputObject)]
pub struct CreateWishlistInput {
    /// The name, 1 to 60 characters of plain text.
    name: String,
}

/// The wishlist was created.
#[derive(SimpleObject)]
pub struct CreateWishlistSuccess {
    /// The wishlist, empty.
    wishlist: Wishlist,
}

payload! {
    /// The result of `createWishlist`.
    CreateWishlistPayload(CreateWishlistSuccess) {
        InvalidInput => InvalidInputProblem,
        LimitReached => LimitReachedProblem,
    }
}

/// Input of `renameWishlist`.
#[derive(InputObject)]
pub struct RenameWishlistInput {
    /// The wishlist.
    wishlist_id: ID,
    /// The new name, 1 to 60 characters of plain text.
    name: String,
}

/// The wishlist was renamed.
#[derive(SimpleObject)]
pub struct RenameWishlistSuccess {
    /// The wishlist as it is now.
    wishlist: Wishlist,
}

payload! {
    /// The result of `renameWishlist`.
    RenameWishlistPayload(RenameWishlistSuccess) {
        InvalidInput => InvalidInputProblem,
        NotFound => NotFoundProblem,
    }
}

/// Input of `deleteWishlist`.
#[derive(InputObject)]
pub struct DeleteWishlistInput {
    /// The wishlist.
    wishlist_id: ID,
}

/// The wishlist was deleted.
#[derive(SimpleObject)]
pub struct DeleteWishlistSuccess {
    /// The id of the deleted wishlist.
    id: ID,
}

payload! {
    /// The result of `deleteWishlist`.
    DeleteWishlistPayload(DeleteWishlistSuccess) {
        NotFound => NotFoundProblem,
    }
}

/// Input of `addToWishlist`.
#[derive(InputObject)]
pub struct AddToWishlistInput {
    /// The wishlist.
    wishlist_id: ID,
    /// A published listing.
    listing_id: ID,
}

/// The listing is on the wishlist.
#[derive(SimpleObject)]
pub struct AddToWishlistSuccess {
    /// The wishlist as it is now.
    wishlist: Wishlist,
    /// The item; the earlier one when the listing was already on the wishlist.
    item: WishlistItem,
}

payload! {
    /// The result of `addToWishlist`.
    AddToWishlistPayload(AddToWishlistSuccess) {
        NotFound => NotFoundProblem,
        LimitReached => LimitReachedProblem,
    }
}

/// Input of `removeFromWishlist`.
#[derive(InputObject)]
pub struct RemoveFromWishlistInput {
    /// The item.
    wishlist_item_id: ID,
}

/// The item was removed.
#[derive(SimpleObject)]
pub struct RemoveFromWishlistSuccess {
    /// The id of the removed item.
    id: ID,
    /// The wishlist as it is now.
    wishlist: Wishlist,
}

payload! {
    /// The result of `removeFromWishlist`.
    RemoveFromWishlistPayload(RemoveFromWishlistSuccess) {
        NotFound => NotFoundProblem,
    }
}

fn wishlist_id(id: &ID) -> error::Result<WishlistId> {
    ids::input(id, "wishlistId", "wishlist")
}

/// Mutations of wishlists.
#[derive(Default)]
pub struct WishlistMutation;

#[Object]
impl WishlistMutation {
    /// Creates an empty wishlist. A member has at most 50.
    async fn create_wishlist(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The wishlist.")] input: CreateWishlistInput,
    ) -> Result<CreateWishlistPayload> {
        CreateWishlistPayload::of(create(ctx, input).await)
    }

    /// Gives a wishlist another name.
    async fn rename_wishlist(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The wishlist and its name.")] input: RenameWishlistInput,
    ) -> Result<RenameWishlistPayload> {
        RenameWishlistPayload::of(rename(ctx, input).await)
    }

    /// Adds a published listing to a wishlist, which has at most 200. A listing that is on it already stays where it is.
    async fn add_to_wishlist(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The wishlist and the listing.")] input: AddToWishlistInput,
    ) -> Result<AddToWishlistPayload> {
        AddToWishlistPayload::of(add(ctx, input).await)
    }

    /// Removes an item from its wishlist.
    async fn remove_from_wishlist(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The item.")] input: RemoveFromWishlistInput,
    ) -> Result<RemoveFromWishlistPayload> {
        RemoveFromWishlistPayload::of(remove(ctx, input).await)
    }

    /// Deletes a wishlist with its items.
    async fn delete_wishlist(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The wishlist.")] input: DeleteWishlistInput,
    ) -> Result<DeleteWishlistPayload> {
        DeleteWishlistPayload::of(delete(ctx, input).await)
    }
}

async fn create(ctx: &Context<'_>, input: CreateWishlistInput) -> error::Result<CreateWishlistSuccess> {
    let owner = ctx.member()?;
    let wishlist = wishlists::create(ctx.app(), owner, wishlists::name(&input.name)?).await?;
    Ok(CreateWishlistSuccess { wishlist: wishlist.into() })
}

async fn rename(ctx: &Context<'_>, input: RenameWishlistInput) -> error::Result<RenameWishlistSuccess> {
    let (owner, mut validation) = (ctx.member()?, Validation::default());
    let id = validation.check(wishlist_id(&input.wishlist_id));
    let name = validation.check(wishlists::name(&input.name));
    let (id, name) = validation.finish_with(id.zip(name))?;
    let wishlist = wishlists::rename(ctx.app(), owner, id, &name).await?;
    Ok(RenameWishlistSuccess { wishlist: wishlist.into() })
}

async fn add(ctx: &Context<'_>, input: AddToWishlistInput) -> error::Result<AddToWishlistSuccess> {
    let (owner, id) = (ctx.member()?, wishlist_id(&input.wishlist_id)?);
    let listing = ids::input(&input.listing_id, "listingId", "listing")?;
    let (wishlist, item) = wishlists::add(ctx.app(), owner, id, listing).await?;
    Ok(AddToWishlistSuccess { wishlist: wishlist.into(), item: item.into() })
}

async fn remove(ctx: &Context<'_>, input: RemoveFromWishlistInput) -> error::Result<RemoveFromWishlistSuccess> {
    let (owner, id) = (ctx.member()?, ids::input(&input.wishlist_item_id, "wishlistItemId", "item")?);
    let wishlist = wishlists::remove(ctx.app(), owner, id).await?;
    Ok(RemoveFromWishlistSuccess { id: input.wishlist_item_id, wishlist: wishlist.into() })
}

async fn delete(ctx: &Context<'_>, input: DeleteWishlistInput) -> error::Result<DeleteWishlistSuccess> {
    let owner = ctx.member()?;
    wishlists::delete(ctx.app(), owner, wishlist_id(&input.wishlist_id)?).await?;
    Ok(DeleteWishlistSuccess { id: input.wishlist_id })
}
