//! Makes diesel queries of SQL texts, so that rows are read by type.

use diesel::{
    dsl::AsSelect,
    mysql::Mysql,
    prelude::*,
    query_builder::{AstPass, Query, QueryFragment, QueryId},
    sql_types::{BigInt, Nullable, Text as TextType},
};

use super::{shapes, sql_text::SqlText};
use crate::listings::ListingWithCover;

/// Whole listings for the hits of an inner statement.
pub(super) struct Hits {
    listing: AsSelect<ListingWithCover, Mysql>,
    own_prices: Option<SqlText>,
    inner: SqlText,
    order: SqlText,
    is_common: bool,
}

impl Hits {
    /// `own_prices` is an expression of `listings`; `inner` selects `id`, `amount`, `distance` and `rating`; `order` is an `ORDER BY` of
    /// what `inner` selects, as `c`.
    pub(super) fn new(own_prices: Option<SqlText>, inner: SqlText, order: SqlText) -> Self {
        let is_common = shapes::is_common(own_prices.iter().chain([&inner, &order]));
        Self { listing: ListingWithCover::as_select(), own_prices, inner, order, is_common }
    }
}

impl Query for Hits {
    type SqlType = (
        <AsSelect<ListingWithCover, Mysql> as Expression>::SqlType,
        BigInt,
        Nullable<BigInt>,
        BigInt,
        Nullable<TextType>,
    );
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
        out.push_sql("SELECT ");
        self.listing.walk_ast(out.reborrow())?;
        out.push_sql(", CAST(c.amount AS SIGNED), c.distance, CAST(c.rating AS SIGNED), ");
        match &self.own_prices {
            Some(own_prices) => own_prices.walk_ast(out.reborrow())?,
            None => out.push_sql("NULL"),
        }
        out.push_sql(" FROM (");
        self.inner.walk_ast(out.reborrow())?;
        out.push_sql(") c JOIN listings ON listings.id = c.id");
        out.push_sql(" LEFT JOIN photos ON photos.listing_id = c.id AND photos.position = 0");
        self.order.walk_ast(out.reborrow())
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
