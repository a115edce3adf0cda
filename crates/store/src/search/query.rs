//! Makes diesel queries of SQL texts, so that rows are read by type.

use diesel::{
    mysql::Mysql,
    prelude::*,
    query_builder::{AstPass, Query, QueryFragment, QueryId},
    sql_types::{BigInt, Binary, Datetime, Nullable, Text as TextType},
};

use super::{shapes, sql_text::SqlText};

/// A statement that finds hits.
pub(super) struct Hits {
    text: SqlText,
    is_common: bool,
}

impl Hits {
    /// `text` selects the columns of [`super::Hit`].
    pub(super) fn new(text: SqlText) -> Self {
        let is_common = shapes::is_common([&text]);
        Self { text, is_common }
    }
}

impl Query for Hits {
    type SqlType = (Binary, BigInt, Nullable<BigInt>, BigInt, BigInt, TextType, Nullable<Datetime>, Nullable<TextType>);
}

impl QueryId for Hits {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl QueryFragment<Mysql> for Hits {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Mysql>) -> QueryResult<()> {
        if !self.is_common {
            out.unsafe_to_cache_prepared();
        }
        self.text.walk_ast(out)
    }
}

/// A statement that returns one number.
pub(super) struct Count {
    text: SqlText,
    is_common: bool,
}

impl Count {
    /// `text` selects the number.
    pub(super) fn new(text: SqlText) -> Self {
        let is_common = shapes::is_common([&text]);
        Self { text, is_common }
    }
}

impl Query for Count {
    type SqlType = BigInt;
}

impl QueryId for Count {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl QueryFragment<Mysql> for Count {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Mysql>) -> QueryResult<()> {
        if !self.is_common {
            out.unsafe_to_cache_prepared();
        }
        self.text.walk_ast(out)
    }
}
