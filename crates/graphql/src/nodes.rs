//! Objects by their global ids.

use std::collections::{HashMap, HashSet};

use async_graphql::{Context, ID, Object};
use futures_util::future::try_join_all;

use super::{
    Node,
    error::{Fault, Result},
    ids,
};
use types::{NodeId, error::Error};

/// Most ids of one request.
const MAX_NODES: usize = 100;

/// Declares the objects that have a global id: each with its id and the function that finds it for the viewer.
macro_rules! nodes {
    ($($(#[$doc:meta])* $node:ident($($ty:ident)::+): $id:ident => $find:path;)*) => {
        /// Any object with a global id.
        #[derive(Clone, async_graphql::Interface)]
        #[graphql(field(name = "id", ty = "async_graphql::ID", desc = "Opaque, typed and stable: `lst_…`, `bk_…`."))]
        pub enum Node {
            $($(#[$doc])* $node($($ty)::+),)*
        }

        impl Node {
            /// The object with this id, if the viewer may see it.
            ///
            /// # Errors
            /// When the batch failed.
            pub async fn find(
                ctx: &async_graphql::Context<'_>,
                id: types::NodeId,
            ) -> $crate::error::Result<Option<Self>> {
                Ok(match id {
                    $(types::NodeId::$id(id) => $find(ctx, id).await?.map(Self::$node),)*
                    // Cases are for operators, and parts of other objects have no node.
                    _ => None,
                })
            }
        }
    };
}

pub(crate) use nodes;

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
            Ok(id) => Node::find(ctx, id).await.transpose(),
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

/// The objects with these ids, in their order. Repeated ids are looked up once.
async fn find_all(ctx: &Context<'_>, ids: &[ID]) -> Result<Vec<Option<Node>>> {
    // A malformed id must not fail the others.
    let ids: Vec<Option<NodeId>> = ids.iter().map(|id| id.parse().ok()).collect();
    let different: HashSet<NodeId> = ids.iter().flatten().copied().collect();
    let found = different.into_iter().map(|id| async move { Ok::<_, Fault>((id, Node::find(ctx, id).await?)) });
    let found: HashMap<NodeId, Option<Node>> = try_join_all(found).await?.into_iter().collect();
    Ok(ids.into_iter().map(|id| found.get(&id?).cloned().flatten()).collect())
}
