//! Statements that stay prepared on their connection.

use diesel::{
    mysql::Mysql,
    query_builder::{AstPass, Query, QueryFragment, QueryId},
    result::QueryResult,
};

/// A statement that stays prepared. Diesel cannot know that the same code makes few different texts, so it prepares each UPDATE, each
/// `sql_query`, and each INSERT of optional values or of several rows, executes it once and closes it: two round trips instead of one,
/// and a second parse. The text is still the key under which the statement is kept, so a wrong use costs memory, not correctness.
#[derive(Debug, Clone, Copy)]
pub(super) struct Prepared<Q> {
    query: Q,
    keep: bool,
}

/// Marks statements that stay prepared.
pub(super) trait Prepare: Sized {
    /// A statement of which there are only a few texts.
    fn prepared(self) -> Prepared<Self> {
        self.prepared_if(true)
    }

    /// A statement that has as many texts as rows, and is kept only if `keep`.
    fn prepared_if(self, keep: bool) -> Prepared<Self> {
        Prepared { query: self, keep }
    }
}

impl<Q: QueryFragment<Mysql>> Prepare for Q {}

impl<Q: Query> Query for Prepared<Q> {
    type SqlType = Q::SqlType;
}

impl<Q> QueryId for Prepared<Q> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<Q: QueryFragment<Mysql>> QueryFragment<Mysql> for Prepared<Q> {
    fn walk_ast<'b>(&'b self, out: AstPass<'_, 'b, Mysql>) -> QueryResult<()> {
        self.query.walk_ast(out)
    }

    fn is_safe_to_cache_prepared(&self, backend: &Mysql) -> QueryResult<bool> {
        if self.keep { Ok(true) } else { self.query.is_safe_to_cache_prepared(backend) }
    }
}
