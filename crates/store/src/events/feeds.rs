//! Feeds: numbered lists of events, each with an owner and a topic.

use diesel::{
    deserialize::{self, FromSql, FromSqlRow},
    expression::AsExpression,
    mysql::{Mysql, MysqlValue},
    serialize::{self, Output, ToSql},
    sql_types::Binary,
};
use types::{FeedTopic, UserId};

/// The bytes of an id of any kind: no two ids are the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, AsExpression, FromSqlRow)]
#[diesel(sql_type = Binary)]
pub struct AnyId(pub [u8; 16]);

impl FromSql<Binary, Mysql> for AnyId {
    fn from_sql(value: MysqlValue<'_>) -> deserialize::Result<Self> {
        Ok(Self(value.as_bytes().try_into()?))
    }
}

impl ToSql<Binary, Mysql> for AnyId {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Mysql>) -> serialize::Result {
        <[u8] as ToSql<Binary, Mysql>>::to_sql(self.0.as_slice(), out)
    }
}

/// A feed. Transactions lock feeds in this order: those of people first, because those of the catalog are shared by all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Feed {
    pub(super) topic: FeedTopic,
    pub(super) owner: AnyId,
}

impl Feed {
    pub(super) fn of_guest(user: UserId) -> Self {
        Self { topic: FeedTopic::Guest, owner: AnyId(*user.as_bytes()) }
    }

    pub(super) fn of_host(user: UserId) -> Self {
        Self { topic: FeedTopic::Host, owner: AnyId(*user.as_bytes()) }
    }

    /// One part of the catalog.
    pub(super) fn of_shard(shard: u8) -> Self {
        Self { topic: FeedTopic::Catalog, owner: AnyId(u128::from(shard).to_be_bytes()) }
    }
}
