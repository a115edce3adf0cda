//! Anything by its id.

use std::collections::{HashMap, HashSet};

use async_graphql::{Context, ID, Interface, Object};
use futures_util::future::try_join_all;

use super::{
    accounts::Me,
    bookings::{Booking, find_booking},
    context::ContextExt,
    error::{Fault, Result},
    ids,
    listings::{Listing, find_listing},
    loaders::QuoteById,
    payments::{Payment, Refund, find_payment, find_refund},
    quotes::Quote,
    reviews::{Review, find_review},
    users::{User, find_user},
};
use types::{NodeId, error::Error};

/// Most ids of one request.
const MAX_NODES: usize = 100;

/// Any object with a global id.
#[derive(Clone, Interface)]
#[graphql(field(name = "id", ty = "ID", desc = "Opaque, typed and stable: `lst_…`, `bk_…`."))]
pub enum Node {
    /// The viewer's own account.
    Me(Me),
    /// A person, as anyone sees them.
    User(User),
    /// A place to stay.
    Listing(Listing),
    /// A stay at a locked price.
    Quote(Quote),
    /// A booking.
    Booking(Booking),
    /// An attempt to pay for a booking.
    Payment(Payment),
    /// A refund.
    Refund(Refund),
    /// A review of a stay.
    Review(Review),
}

async fn find(ctx: &Context<'_>, id: NodeId) -> Result<Option<Node>> {
    Ok(match id {
        NodeId::MeId(id) => ctx
            .member()
            .ok()
            .copied()
            .map(|member| Me::viewer(ctx, member))
            .filter(|me| me.node_id() == id)
            .map(Node::Me),
        NodeId::UserId(id) => find_user(ctx, id).await?.map(Node::User),
        NodeId::ListingId(id) => find_listing(ctx, id).await?.map(Node::Listing),
        NodeId::QuoteId(id) => ctx.load_own(QuoteById(id)).await?.map(Quote).map(Node::Quote),
        NodeId::BookingId(id) => find_booking(ctx, id).await?.map(Node::Booking),
        NodeId::PaymentId(id) => find_payment(ctx, id).await?.map(Node::Payment),
        NodeId::RefundId(id) => find_refund(ctx, id).await?.map(Node::Refund),
        NodeId::ReviewId(id) => find_review(ctx, id).await?.map(Node::Review),
        // Nobody sees sessions, and only operators see cases.
        NodeId::SessionId(_) | NodeId::CaseId(_) => None,
    })
}

/// Queries for anything by its id.
#[derive(Default)]
pub struct NodeQuery;

#[Object]
impl NodeQuery {
    /// Any object by its id; null when it does not exist or the viewer may not see it.
    async fn node(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Opaque id of any type.")] id: ID,
    ) -> Option<Result<Node>> {
        match ids::argument(&id) {
            Ok(id) => find(ctx, id).await.transpose(),
            Err(error) => Some(Err(error.into())),
        }
    }

    /// Several objects by id, in the requested order; null for each id that is malformed, does not exist, or that the viewer may not see.
    async fn nodes(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Opaque ids, at most 100.")] ids: Vec<ID>,
    ) -> Option<Result<Vec<Option<Node>>>> {
        if ids.len() > MAX_NODES {
            return Some(Err(Error::bad_user_input(format!("`ids` must have at most {MAX_NODES} ids.")).into()));
        }
        Some(find_all(ctx, &ids).await)
    }
}

/// What each id names, in their order. What is asked for repeatedly is looked for once.
async fn find_all(ctx: &Context<'_>, ids: &[ID]) -> Result<Vec<Option<Node>>> {
    // An id that is malformed names nothing, and must not take away the others.
    let ids: Vec<Option<NodeId>> = ids.iter().map(|id| id.parse().ok()).collect();
    let different: HashSet<NodeId> = ids.iter().flatten().copied().collect();
    let found = different.into_iter().map(|id| async move { Ok::<_, Fault>((id, find(ctx, id).await?)) });
    let found: HashMap<NodeId, Option<Node>> = try_join_all(found).await?.into_iter().collect();
    Ok(ids.into_iter().map(|id| found.get(&id?).cloned().flatten()).collect())
}
