//! The audit log: entries in a chain of hashes, and its head.

use diesel::{mysql::Mysql, prelude::*};
use diesel_async::RunQueryDsl;

use super::schema::{audit_entries, audit_head};
use crate::prepared::Prepare as _;
use mysql_engine::Conn;
use types::{AuditAction, ObjectId, Timestamp, UserId};

/// An entry. The content is what was hashed; the other fields repeat parts of it, to search by.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = audit_entries, check_for_backend(Mysql))]
pub struct Entry {
    /// From 1 without gaps.
    pub sequence: u64,
    /// SHA-256 of `content`.
    pub hash: Vec<u8>,
    /// The previous entry; None for the first.
    pub previous_sequence: Option<u64>,
    /// Its hash.
    pub previous_hash: Option<Vec<u8>>,
    /// When it happened.
    pub happened_at: Timestamp,
    /// Who did it; None: the command line.
    pub actor_id: Option<UserId>,
    /// An [`AuditAction`], as text, so that a damaged one can be read.
    pub action: String,
    /// What it was done to.
    pub subject_id: ObjectId,
    /// JSON.
    pub content: String,
}

/// The last entry of the chain.
pub type Head = Option<(u64, Vec<u8>)>;

/// Which entries to find. All given conditions must match.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Filter {
    /// Only by this person.
    pub actor: Option<UserId>,
    /// Only this action.
    pub action: Option<AuditAction>,
    /// Only about this.
    pub subject: Option<ObjectId>,
}

/// The last entry, as the head names it.
pub async fn head(conn: &mut Conn) -> QueryResult<Head> {
    let head: (Option<u64>, Option<Vec<u8>>) =
        audit_head::table.find(1).select((audit_head::sequence, audit_head::hash)).first(conn).await?;
    Ok(head.0.zip(head.1))
}

/// The last entry, locked until the transaction ends. Nobody else can append meanwhile, so this is one of its last steps.
pub async fn lock_head(tx: &mut Conn) -> QueryResult<Head> {
    let head = audit_head::table.find(1).select((audit_head::sequence, audit_head::hash));
    let head: (Option<u64>, Option<Vec<u8>>) = head.for_update().first(tx).await?;
    Ok(head.0.zip(head.1))
}

/// Appends `entries`, of which there is at least one, in order; the head is locked.
pub async fn append(tx: &mut Conn, entries: &[Entry]) -> QueryResult<()> {
    let Some(last) = entries.last() else { return Ok(()) };
    diesel::insert_into(audit_entries::table).values(entries).execute(tx).await?;
    diesel::update(audit_head::table.find(1))
        .set((audit_head::sequence.eq(last.sequence), audit_head::hash.eq(&last.hash)))
        .prepared()
        .execute(tx)
        .await?;
    Ok(())
}

/// At most `limit` entries before `before` (None: all) that match, newest first.
pub async fn find(conn: &mut Conn, filter: &Filter, before: Option<u64>, limit: i64) -> QueryResult<Vec<Entry>> {
    let mut query = audit_entries::table
        .select(Entry::as_select())
        .order(audit_entries::sequence.desc())
        .limit(limit)
        .into_boxed::<Mysql>();
    if let Some(actor) = filter.actor {
        query = query.filter(audit_entries::actor_id.eq(actor));
    }
    if let Some(action) = filter.action {
        query = query.filter(audit_entries::action.eq(action.as_str()));
    }
    if let Some(subject) = filter.subject {
        query = query.filter(audit_entries::subject_id.eq(subject));
    }
    if let Some(before) = before {
        query = query.filter(audit_entries::sequence.lt(before));
    }
    query.load(conn).await
}

/// At most `limit` entries after `after`, in order, to verify the chain.
pub async fn chain(conn: &mut Conn, after: u64, limit: i64) -> QueryResult<Vec<Entry>> {
    audit_entries::table
        .filter(audit_entries::sequence.gt(after))
        .order(audit_entries::sequence)
        .limit(limit)
        .select(Entry::as_select())
        .load(conn)
        .await
}
