//! People who help hosts with listings, and invitations to do so.

mod mutations;

use std::sync::Arc;

use async_graphql::{Context, ID, Object};
pub use mutations::CoHostMutation;

use super::{
    bookings::BookingConnection,
    context::ContextExt,
    error::Result,
    listings::{Listing, find_listing},
    loaders::{PrivateLoaders, keys::keys},
    pages::{self, Cursored, connection},
    users::{User, find_user},
};
use domain::{
    co_hosts::{self, Helpers, Titled},
    listings::Listing as Row,
};
use types::scalars::Cursor;
use types::{BookingStatus, CoHostAccess, CoHostId, Email, ListingId, Newest, Page, PageOf, Timestamp};

keys! {
    /// The viewer's access to a listing that they help with.
    private AccessTo(ListingId) => CoHostAccess, of_parent co_hosts::accesses;
    /// The people who help with one of the viewer's listings, and the invitations that wait; None when there are none.
    private HelpersOf(ListingId) => Arc<Helpers>, of_parent co_hosts::of_listings;
    /// A page of where the viewer helps, last accepted first.
    private OwnCoHosting(Page<Newest<CoHostId>>) => Arc<PageOf<Arc<co_hosts::CoHost>>>, of_parent co_hosts::of_member;
    /// A page of the invitations to the viewer's verified email, newest first.
    private OwnInvitations(Page<Newest<CoHostId>>) => Arc<PageOf<Arc<Titled>>>, of_parent co_hosts::invitations;
}

/// Somebody who helps a host.
#[derive(Debug, Clone)]
pub struct CoHost(Arc<co_hosts::CoHost>);

impl From<Arc<co_hosts::CoHost>> for CoHost {
    fn from(row: Arc<co_hosts::CoHost>) -> Self {
        Self(row)
    }
}

/// Somebody who helps a host with a listing. The host and this person see it.
#[Object]
impl CoHost {
    /// Opaque id, `coh_…`, for `changeCoHostAccess`, `removeCoHost` and `leaveCoHosting`.
    pub async fn id(&self) -> ID {
        self.0.id.to_string().into()
    }

    /// The listing.
    async fn listing(&self, ctx: &Context<'_>) -> Option<Result<Listing>> {
        find_listing(ctx, self.0.listing_id).await.transpose()
    }

    /// Who helps.
    async fn person(&self, ctx: &Context<'_>) -> Option<Result<User>> {
        find_user(ctx, self.0.user_id?).await.transpose()
    }

    /// What the person may do.
    async fn access(&self) -> CoHostAccess {
        self.0.access
    }

    /// When the invitation was accepted.
    async fn accepted_at(&self) -> Timestamp {
        self.0.accepted_at.unwrap_or(self.0.invited_at)
    }

    /// Bookings of the listing, latest check-in first; empty when the access does not include them.
    async fn bookings(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "Only bookings in one of these states; use `[REQUESTED]` for requests that wait for a response."
        )]
        status: Option<Vec<BookingStatus>>,
        #[graphql(desc = "Maximum number of items, 1 to 100.", default_with = "Some(20)")] first: Option<i32>,
        #[graphql(desc = "Start after this cursor.")] after: Option<Cursor>,
    ) -> Option<Result<BookingConnection>> {
        Some(Box::pin(BookingConnection::of_listing(ctx, self.0.listing_id, status, first, after)).await)
    }
}

/// An invitation, with the title of its listing.
#[derive(Debug, Clone)]
pub struct CoHostInvitation(Arc<Titled>);

impl From<Arc<Titled>> for CoHostInvitation {
    fn from(row: Arc<Titled>) -> Self {
        Self(row)
    }
}

impl CoHostInvitation {
    fn row(&self) -> &co_hosts::CoHost {
        &self.0.0
    }
}

/// An invitation to help a host with a listing. It waits 14 days for an answer. The host and the owner of the email see it.
#[Object]
impl CoHostInvitation {
    /// Opaque id, `coh_…`, for `acceptCoHostInvitation`, `declineCoHostInvitation` and `removeCoHost`. It becomes the id of the co-host.
    pub async fn id(&self) -> ID {
        self.row().id.to_string().into()
    }

    /// The listing; null while it is not published, except for its host.
    async fn listing(&self, ctx: &Context<'_>) -> Option<Result<Listing>> {
        find_listing(ctx, self.row().listing_id).await.transpose()
    }

    /// The title of the listing, in every state.
    async fn listing_title(&self) -> &str {
        &self.0.1
    }

    /// The host who has sent it.
    async fn host(&self, ctx: &Context<'_>) -> Option<Result<User>> {
        find_user(ctx, self.row().invited_by).await.transpose()
    }

    /// Where it was sent.
    async fn email(&self) -> Email {
        Email::stored(self.row().email.clone().unwrap_or_default())
    }

    /// What the person will be able to do.
    async fn access(&self) -> CoHostAccess {
        self.row().access
    }

    /// When it was sent last.
    async fn invited_at(&self) -> Timestamp {
        self.row().invited_at
    }

    /// When it expires.
    async fn expires_at(&self) -> Timestamp {
        self.row().expires_at.unwrap_or(self.row().invited_at)
    }
}

connection! {
    /// A page of people who help with listings.
    CoHostConnection,
    /// One of a page.
    CoHostEdge,
    /// The co-host.
    CoHost
}

connection! {
    /// A page of invitations to help with listings.
    CoHostInvitationConnection,
    /// One invitation of a page.
    CoHostInvitationEdge,
    /// The invitation.
    CoHostInvitation
}

/// Where the viewer helps, in `Me`.
pub struct MyCoHosting(pub Arc<PrivateLoaders>);

#[Object]
impl MyCoHosting {
    /// Listings of other hosts that the viewer helps with, last accepted first.
    async fn co_hosting(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Maximum number of items, 1 to 100.", default_with = "Some(20)")] first: Option<i32>,
        #[graphql(desc = "Start after this cursor.")] after: Option<Cursor>,
    ) -> Option<Result<CoHostConnection>> {
        Some(Box::pin(co_hosting(ctx, &self.0, first, after)).await)
    }

    /// Invitations to help with listings that wait for an answer, newest first: those to the viewer's verified email.
    async fn co_host_invitations(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Maximum number of items, 1 to 100.", default_with = "Some(20)")] first: Option<i32>,
        #[graphql(desc = "Start after this cursor.")] after: Option<Cursor>,
    ) -> Option<Result<CoHostInvitationConnection>> {
        Some(Box::pin(invitations(ctx, &self.0, first, after)).await)
    }
}

async fn co_hosting(
    ctx: &Context<'_>,
    own: &PrivateLoaders,
    first: Option<i32>,
    after: Option<Cursor>,
) -> Result<CoHostConnection> {
    let rows = own.load(ctx.app(), OwnCoHosting(pages::newest(first, after.as_ref())?)).await?;
    let rows = rows.map_or_else(PageOf::default, Arc::unwrap_or_clone);
    Ok(Cursored::new(rows, |row| co_hosts::place(row).to_cursor()).into())
}

async fn invitations(
    ctx: &Context<'_>,
    own: &PrivateLoaders,
    first: Option<i32>,
    after: Option<Cursor>,
) -> Result<CoHostInvitationConnection> {
    let rows = own.load(ctx.app(), OwnInvitations(pages::newest(first, after.as_ref())?)).await?;
    let rows = rows.map_or_else(PageOf::default, Arc::unwrap_or_clone);
    Ok(Cursored::new(rows, |row: &Arc<Titled>| co_hosts::invitation_place(&row.0).to_cursor()).into())
}

/// The helpers of a listing, if the viewer is its host. No statement for others.
async fn helpers(ctx: &Context<'_>, listing: &Row) -> Result<Option<Helpers>> {
    if ctx.viewer().id() != Some(listing.host_id) {
        return Ok(None);
    }
    let helpers = ctx.load_own(HelpersOf(listing.id)).await?;
    Ok(Some(helpers.map_or_else(Helpers::default, Arc::unwrap_or_clone)))
}

/// The people who help with a listing; None when the viewer is not its host.
///
/// # Errors
/// When the batch failed.
pub(super) async fn of_listing(ctx: &Context<'_>, listing: &Row) -> Result<Option<Vec<CoHost>>> {
    let helpers = helpers(ctx, listing).await?;
    Ok(helpers.map(|helpers| helpers.co_hosts.into_iter().map(Into::into).collect()))
}

/// The invitations to help with a listing that wait; None when the viewer is not its host.
///
/// # Errors
/// When the batch failed.
pub(super) async fn invitations_of_listing(ctx: &Context<'_>, listing: &Row) -> Result<Option<Vec<CoHostInvitation>>> {
    let helpers = helpers(ctx, listing).await?;
    Ok(helpers.map(|helpers| helpers.invitations.into_iter().map(Into::into).collect()))
}
