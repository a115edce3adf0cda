//! Feeds: numbered lists of events, each with an owner and a topic.

use types::{FeedTopic, ObjectId, UserId};

/// A feed. Transactions lock feeds in this order: those of users first, because those of the catalog are shared by all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Feed {
    pub(super) topic: FeedTopic,
    pub(super) owner: ObjectId,
}

impl Feed {
    pub(super) fn of_guest(user: UserId) -> Self {
        Self { topic: FeedTopic::Guest, owner: user.into() }
    }

    pub(super) fn of_host(user: UserId) -> Self {
        Self { topic: FeedTopic::Host, owner: user.into() }
    }

    /// One part of the catalog.
    pub(super) fn of_shard(shard: u8) -> Self {
        Self { topic: FeedTopic::Catalog, owner: ObjectId::of_bytes(u128::from(shard).to_be_bytes()) }
    }
}
