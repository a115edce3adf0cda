//! What people have agreed to. Rows are only added; the last one for a document says what is in force.

use diesel::{mysql::Mysql, prelude::*};
use diesel_async::RunQueryDsl;

use super::{
    query_parts::{UnionAll, newest_first},
    schema::consents,
};
use crate::prepared::Prepare as _;
use mysql_engine::Conn;
use types::{ConsentDocument, ConsentId, Newest, Page, Timestamp, UserId};

/// A decision of a person about a document.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = consents, check_for_backend(Mysql))]
pub struct Consent {
    /// The decision.
    pub id: ConsentId,
    /// Whose.
    pub user_id: UserId,
    /// About what.
    pub document: ConsentDocument,
    /// Its version; None: none was configured.
    pub version: Option<String>,
    /// Whether they agreed; false: they withdrew.
    pub given: bool,
    /// When.
    pub recorded_at: Timestamp,
}

/// Writes decisions.
pub async fn insert(tx: &mut Conn, consents: &[Consent]) -> QueryResult<()> {
    for consent in consents {
        diesel::insert_into(consents::table).values(consent).prepared().execute(tx).await?;
    }
    Ok(())
}

/// The documents that `user` has agreed to, in every version, except for the last decision about marketing.
pub async fn accepted(conn: &mut Conn, user: UserId) -> QueryResult<Vec<(ConsentDocument, Option<String>)>> {
    consents::table
        .filter(consents::user_id.eq(user))
        .filter(consents::document.ne(ConsentDocument::Marketing))
        .filter(consents::given.eq(true))
        .select((consents::document, consents::version))
        .load(conn)
        .await
}

/// The last decision of `user` about a document.
pub async fn last(conn: &mut Conn, user: UserId, document: ConsentDocument) -> QueryResult<Option<Consent>> {
    consents::table
        .filter(consents::user_id.eq(user))
        .filter(consents::document.eq(document))
        .order((consents::recorded_at.desc(), consents::id.desc()))
        .select(Consent::as_select())
        .first(conn)
        .await
        .optional()
}

/// The decisions of `user` for each page, and one more of each, in no order and in one statement.
pub async fn of_user(conn: &mut Conn, user: UserId, pages: &[Page<Newest<ConsentId>>]) -> QueryResult<Vec<Consent>> {
    if pages.is_empty() {
        return Ok(Vec::new());
    }
    let part = |page: &Page<Newest<ConsentId>>| {
        let own = consents::table.filter(consents::user_id.eq(user)).select(Consent::as_select());
        newest_first!(own, page, consents::recorded_at, consents::id)
    };
    let are_alike = pages.iter().all(|page| page.after.is_none());
    UnionAll::of(pages.iter().map(part).collect(), are_alike).load(conn).await
}

/// Deletes all decisions of a person.
pub async fn delete_all(tx: &mut Conn, user: UserId) -> QueryResult<usize> {
    diesel::delete(consents::table.filter(consents::user_id.eq(user))).execute(tx).await
}
