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
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Only by this person.
    pub actor: Option<UserId>,
    /// Only this action.
    pub action: Option<AuditAction>,
    /// Only about this.
    pub subject: Option<ObjectId>,
    /// Only by this request or command.
    pub request: Option<String>,
    /// Only at this time and later.
    pub from: Option<Timestamp>,
    /// Only before this time.
    pub to: Option<Timestamp>,
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

/// When an entry happened.
pub async fn happened_at(conn: &mut Conn, sequence: u64) -> QueryResult<Option<Timestamp>> {
    audit_entries::table.find(sequence).select(audit_entries::happened_at).first(conn).await.optional()
}

/// At most `limit` entries before `before` (None: all) that match, newest first. Numbers need not be in the order of time, because a time is
/// taken before the number is.
pub async fn find(
    conn: &mut Conn,
    filter: &Filter,
    before: Option<(Timestamp, u64)>,
    limit: i64,
) -> QueryResult<Vec<Entry>> {
    // A request is ASCII; for another text the database could not use the index.
    if filter.request.as_ref().is_some_and(|request| !request.is_ascii()) {
        return Ok(Vec::new());
    }
    let mut query = audit_entries::table
        .select(Entry::as_select())
        .order((audit_entries::happened_at.desc(), audit_entries::sequence.desc()))
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
    if let Some(request) = &filter.request {
        query = query.filter(audit_entries::request_id.eq(request));
    }
    if let Some(from) = filter.from {
        query = query.filter(audit_entries::happened_at.ge(from));
    }
    if let Some(to) = filter.to {
        query = query.filter(audit_entries::happened_at.lt(to));
    }
    if let Some((at, sequence)) = before {
        let same_time = audit_entries::happened_at.eq(at).and(audit_entries::sequence.lt(sequence));
        query = query.filter(audit_entries::happened_at.lt(at).or(same_time)).filter(audit_entries::happened_at.le(at));
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
