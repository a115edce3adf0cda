//! Pieces of SQL that diesel's DSL lacks or writes badly. Every value stays a bound parameter.

use diesel::{
    dsl::sql,
    expression::{AppearsOnTable, Expression, SelectableExpression, SqlLiteral, ValidGrouping, is_aggregate},
    mysql::Mysql,
    query_builder::{AstPass, Query, QueryFragment, QueryId},
    result::QueryResult,
    serialize::ToSql,
    sql_types::{BigInt, Bool, HasSqlType, SingleValue},
};

/// A query that, if `locks`, locks its rows in share mode until the transaction ends: others can read and share them, but not change them.
/// Diesel's own `FOR SHARE` does not exist in MariaDB.
#[derive(Debug, Clone)]
pub(super) struct Shared<Q> {
    pub(super) query: Q,
    pub(super) locks: bool,
}

impl<Q: Query> Query for Shared<Q> {
    type SqlType = Q::SqlType;
}

impl<Q> QueryId for Shared<Q> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<Q: QueryFragment<Mysql>> QueryFragment<Mysql> for Shared<Q> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Mysql>) -> QueryResult<()> {
        self.query.walk_ast(out.reborrow())?;
        if self.locks {
            out.push_sql(" LOCK IN SHARE MODE");
        }
        Ok(())
    }
}

/// Longest list that has a statement text of its own.
pub(super) const EXACT: usize = 32;

/// The same limited query for each of many parents, in one statement: `(…) UNION ALL (…)`. Each part walks its index and stops after its
/// own limit, so a parent with thousands of children costs as much as one with few; a window function would read them all.
///
/// Most statements have parts with equal texts; these stay prepared. Clients can also combine parts with different texts in countless ways:
/// a server that kept all of these prepared would run out of memory for statements.
#[derive(Debug, Clone)]
pub(super) struct UnionAll<Q> {
    parts: Vec<Q>,
    stays_prepared: bool,
}

impl<Q> UnionAll<Q> {
    /// The union of `parts`. `are_alike`: whether their texts are the same.
    pub(super) fn of(parts: Vec<Q>, are_alike: bool) -> Self {
        let stays_prepared = are_alike && parts.len() <= EXACT;
        Self { parts, stays_prepared }
    }
}

impl<Q: Query> Query for UnionAll<Q> {
    type SqlType = Q::SqlType;
}

impl<Q> QueryId for UnionAll<Q> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<Q: QueryFragment<Mysql>> QueryFragment<Mysql> for UnionAll<Q> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Mysql>) -> QueryResult<()> {
        if !self.stays_prepared {
            out.unsafe_to_cache_prepared();
        }
        for (index, part) in self.parts.iter().enumerate() {
            out.push_sql(if index == 0 { "(" } else { " UNION ALL (" });
            part.walk_ast(out.reborrow())?;
            out.push_sql(")");
        }
        Ok(())
    }
}

/// A column that marks the rows of part `number` of a [`UnionAll`].
pub(super) fn numbered(number: usize) -> SqlLiteral<BigInt> {
    sql(&number.to_string())
}

/// Numbered rows by their part, in the order in which they came.
pub(super) fn by_part<T>(parts: usize, rows: impl IntoIterator<Item = (i64, T)>) -> Vec<Vec<T>> {
    let mut cut: Vec<Vec<T>> = (0..parts).map(|_| Vec::new()).collect();
    for (number, row) in rows {
        if let Some(part) = usize::try_from(number).ok().and_then(|number| cut.get_mut(number)) {
            part.push(row);
        }
    }
    cut
}

/// `column IN (…)`, with a statement that stays prepared: diesel's `eq_any` is prepared anew each time. Longer lists are padded with their
/// last value, so that a connection has few statement texts. An empty list matches nothing.
#[derive(Debug, Clone)]
pub(super) struct Among<C, T> {
    column: C,
    values: Vec<T>,
}

/// Whether `column` is one of `values`.
pub(super) fn among<C, T: Copy>(column: C, values: impl IntoIterator<Item = T>) -> Among<C, T> {
    let mut values: Vec<T> = values.into_iter().collect();
    if values.len() > EXACT
        && let Some(&last) = values.last()
    {
        values.resize(values.len().next_power_of_two(), last);
    }
    Among { column, values }
}

impl<C, T> Expression for Among<C, T>
where
    C: Expression,
{
    type SqlType = Bool;
}

impl<C: Expression, T, QS: ?Sized> AppearsOnTable<QS> for Among<C, T> where C: AppearsOnTable<QS> {}
impl<C: Expression, T, QS: ?Sized> SelectableExpression<QS> for Among<C, T> where C: SelectableExpression<QS> {}

impl<C, T> ValidGrouping<()> for Among<C, T> {
    type IsAggregate = is_aggregate::No;
}

impl<C, T> QueryId for Among<C, T> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<C, T> QueryFragment<Mysql> for Among<C, T>
where
    C: Expression + QueryFragment<Mysql>,
    C::SqlType: SingleValue,
    Mysql: HasSqlType<C::SqlType>,
    T: ToSql<C::SqlType, Mysql>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Mysql>) -> QueryResult<()> {
        if self.values.is_empty() {
            out.push_sql("0 = 1");
            return Ok(());
        }
        self.column.walk_ast(out.reborrow())?;
        out.push_sql(" IN (");
        for (index, value) in self.values.iter().enumerate() {
            if index > 0 {
                out.push_sql(", ");
            }
            out.push_bind_param::<C::SqlType, T>(value)?;
        }
        out.push_sql(")");
        Ok(())
    }
}

/// A page of `$query`, boxed: newest first by the columns `$at` and `$id`, after the end of the previous page.
macro_rules! newest_first {
    ($query:expr, $page:expr, $at:expr, $id:expr) => {{
        let mut query =
            $query.order(($at.desc(), $id.desc())).limit($page.limit()).into_boxed::<diesel::mysql::Mysql>();
        if let Some(after) = $page.after {
            query = query.filter($at.lt(after.at).or($at.eq(after.at).and($id.lt(after.id))));
        }
        query
    }};
}
pub(super) use newest_first;

#[cfg(test)]
mod tests {
    use diesel::{debug_query, prelude::*};

    use super::*;
    use crate::schema::users;
    use types::{SeededEntropy, Timestamp, UserId};

    fn ids(count: usize) -> Vec<UserId> {
        let at = Timestamp::from(chrono::DateTime::UNIX_EPOCH);
        (0..count).map(|_| UserId::new(at, &SeededEntropy::new(1))).collect()
    }

    #[test]
    fn only_long_lists_are_padded() {
        let count = |length| {
            let query = users::table.select(users::id).filter(among(users::id, ids(length)));
            debug_query::<Mysql, _>(&query).to_string().split(" -- ").next().map(|sql| sql.matches('?').count())
        };
        assert_eq!([count(1), count(32), count(33), count(64), count(65)], [1, 32, 64, 64, 128].map(Some));
    }

    #[test]
    fn no_values_match_nothing() {
        let query = users::table.select(users::id).filter(among(users::id, ids(0)));
        let sql = debug_query::<Mysql, _>(&query).to_string();
        assert!(sql.contains(" WHERE 0 = 1 -- "), "{sql}");
    }

    #[test]
    fn each_part_has_its_own_limit() {
        let part = |limit| users::table.select(users::id).order(users::id.desc()).limit(limit);
        let sql = debug_query::<Mysql, _>(&UnionAll::of(vec![part(1), part(2)], true)).to_string();
        let expected = "(SELECT `users`.`id` FROM `users` ORDER BY `users`.`id` DESC LIMIT ?) UNION ALL (SELECT ";
        assert!(sql.starts_with(expected), "{sql}");
    }
}
