//! Cases that people open, and notes of staff about them.

use diesel::{
    dsl::not,
    mysql::Mysql,
    prelude::*,
    result::{DatabaseErrorKind, Error::DatabaseError},
};
use diesel_async::RunQueryDsl;

use super::{
    co_hosts::helped_by,
    query_parts::{UnionAll, among, newest_first},
    schema::{bookings, listings, support_case_notes, support_cases},
};
use crate::prepared::Prepare as _;
use mysql_engine::Conn;
use types::{
    BookingId, ListingId, Newest, ObjectId, Page, Permission, SupportCaseId, SupportCaseKind, SupportCaseStatus,
    Timestamp, UserId,
};

/// The most notes of a case.
pub const MAX_NOTES: u16 = 50;

/// A case.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = support_cases, check_for_backend(Mysql))]
pub struct SupportCase {
    /// The case.
    pub id: SupportCaseId,
    /// What it is about.
    pub kind: SupportCaseKind,
    /// Its state.
    pub status: SupportCaseStatus,
    /// Who opened it.
    pub opened_by: UserId,
    /// The booking; exactly one of this, the listing and the person is there.
    pub booking_id: Option<BookingId>,
    /// The listing.
    pub listing_id: Option<ListingId>,
    /// The person.
    pub person_id: Option<UserId>,
    /// The same while the case is open, so that there is one open case at a time.
    pub open_about: Option<ObjectId>,
    /// What the reporter said.
    pub text: String,
    /// The last question of staff to the reporter.
    pub question: Option<String>,
    /// The last answer of the reporter.
    pub answer: Option<String>,
    /// What staff decided, for the reporter.
    pub resolution: Option<String>,
    /// Who of staff takes care of it.
    pub assignee_id: Option<UserId>,
    /// Until when staff should have looked at it.
    pub due_at: Timestamp,
    /// When it was opened.
    pub opened_at: Timestamp,
    /// When it was decided.
    pub closed_at: Option<Timestamp>,
    /// The last change.
    pub updated_at: Timestamp,
}

/// What a change of a case writes.
#[derive(Debug, Clone, PartialEq, Eq, AsChangeset)]
#[diesel(table_name = support_cases, treat_none_as_null = true)]
#[expect(missing_docs, reason = "as in the case")]
pub struct CaseChange {
    pub status: SupportCaseStatus,
    pub open_about: Option<ObjectId>,
    pub question: Option<String>,
    pub answer: Option<String>,
    pub resolution: Option<String>,
    pub assignee_id: Option<UserId>,
    pub due_at: Timestamp,
    pub closed_at: Option<Timestamp>,
    pub updated_at: Timestamp,
}

impl CaseChange {
    /// A change of nothing.
    pub fn of(case: &SupportCase, now: Timestamp) -> Self {
        Self {
            status: case.status,
            open_about: case.open_about,
            question: case.question.clone(),
            answer: case.answer.clone(),
            resolution: case.resolution.clone(),
            assignee_id: case.assignee_id,
            due_at: case.due_at,
            closed_at: case.closed_at,
            updated_at: now,
        }
    }
}

/// A note of staff.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = support_case_notes, check_for_backend(Mysql))]
pub struct CaseNote {
    /// The case.
    pub case_id: SupportCaseId,
    /// From 1.
    pub number: u16,
    /// Who wrote it.
    pub author_id: UserId,
    /// The text.
    pub text: String,
    /// When.
    pub created_at: Timestamp,
}

/// Which cases to find, the first due first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaseFilter {
    /// In these states.
    pub statuses: Vec<SupportCaseStatus>,
    /// Only of this kind.
    pub kind: Option<SupportCaseKind>,
    /// Only those of this member of staff.
    pub assignee: Option<UserId>,
    /// Only those that were due before this time.
    pub due_before: Option<Timestamp>,
}

/// A position in the list of cases, the first due first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ByDue {
    /// When it is due.
    pub at: Timestamp,
    /// The case.
    pub id: SupportCaseId,
}

/// Writes a case. False when the reporter has an open case of this kind about the same.
pub async fn insert(tx: &mut Conn, case: &SupportCase) -> QueryResult<bool> {
    match diesel::insert_into(support_cases::table).values(case).prepared().execute(tx).await {
        Ok(_) => Ok(true),
        Err(DatabaseError(DatabaseErrorKind::UniqueViolation, _)) => Ok(false),
        Err(error) => Err(error),
    }
}

/// The case, locked until the transaction ends.
pub async fn lock(tx: &mut Conn, id: SupportCaseId) -> QueryResult<Option<SupportCase>> {
    support_cases::table.find(id).select(SupportCase::as_select()).for_update().first(tx).await.optional()
}

/// Cases that do not concern `$person`: they have not opened it, and it is not about them, nor about a listing or a booking of theirs, or of a
/// host whom they help. Joined by keys, because MariaDB would read all bookings for a subquery. A macro because the type cannot be written
/// down.
macro_rules! unconcerned {
    ($person:expr) => {{
        let person = $person;
        let booking = bookings::table.on(bookings::id.nullable().eq(support_cases::booking_id));
        let listing = listings::table.on(listings::id.nullable().eq(support_cases::listing_id));
        let is_party = bookings::guest_id.eq(person).or(bookings::host_id.eq(person));
        support_cases::table
            .left_join(booking)
            .left_join(listing)
            .filter(support_cases::opened_by.ne(person))
            .filter(support_cases::person_id.is_null().or(support_cases::person_id.assume_not_null().ne(person)))
            .filter(support_cases::booking_id.is_null().or(not(is_party)))
            .filter(support_cases::listing_id.is_null().or(listings::host_id.ne(person)))
            .filter(not(helped_by!(bookings::listing_id, person, Permission::SeeListing)))
            .filter(not(helped_by!(listings::id, person, Permission::SeeListing)))
    }};
}

/// Whether the case, which exists, concerns `person`.
pub async fn concerns(conn: &mut Conn, id: SupportCaseId, person: UserId) -> QueryResult<bool> {
    let other = unconcerned!(person).filter(support_cases::id.eq(id)).select(support_cases::id);
    Ok(other.first::<SupportCaseId>(conn).await.optional()?.is_none())
}

/// The case.
pub async fn find(conn: &mut Conn, id: SupportCaseId) -> QueryResult<Option<SupportCase>> {
    support_cases::table.find(id).select(SupportCase::as_select()).first(conn).await.optional()
}

/// Writes a change of a case that the transaction has locked.
pub async fn update(tx: &mut Conn, id: SupportCaseId, change: &CaseChange) -> QueryResult<usize> {
    diesel::update(support_cases::table.find(id)).set(change).prepared().execute(tx).await
}

/// How many open cases a person has.
pub async fn count_open(conn: &mut Conn, reporter: UserId) -> QueryResult<i64> {
    support_cases::table
        .filter(support_cases::opened_by.eq(reporter))
        .filter(support_cases::open_about.is_not_null())
        .count()
        .get_result(conn)
        .await
}

/// The cases that each page of `reporter` asks for, and one more of each, newest first, in no order between pages.
pub async fn of_reporter(
    conn: &mut Conn,
    reporter: UserId,
    pages: &[Page<Newest<SupportCaseId>>],
) -> QueryResult<Vec<SupportCase>> {
    if pages.is_empty() {
        return Ok(Vec::new());
    }
    let part = |page: &Page<Newest<SupportCaseId>>| {
        let own = support_cases::table.filter(support_cases::opened_by.eq(reporter)).select(SupportCase::as_select());
        newest_first!(own, page, support_cases::opened_at, support_cases::id)
    };
    let are_alike = pages.iter().all(|page| page.after.is_none());
    UnionAll::of(pages.iter().map(part).collect(), are_alike).load(conn).await
}

/// A page of the cases that match and do not concern `viewer`, and one more, the first due first. Each state reads its own range of an index.
pub async fn page(
    conn: &mut Conn,
    viewer: UserId,
    filter: &CaseFilter,
    page: &Page<ByDue>,
) -> QueryResult<Vec<SupportCase>> {
    let part = |status: SupportCaseStatus| {
        let mut query = unconcerned!(viewer)
            .filter(support_cases::status.eq(status))
            .select(SupportCase::as_select())
            .order((support_cases::due_at, support_cases::id))
            .limit(page.limit())
            .into_boxed::<Mysql>();
        if let Some(kind) = filter.kind {
            query = query.filter(support_cases::kind.eq(kind));
        }
        if let Some(assignee) = filter.assignee {
            query = query.filter(support_cases::assignee_id.eq(assignee));
        }
        if let Some(before) = filter.due_before {
            query = query.filter(support_cases::due_at.lt(before));
        }
        if let Some(ByDue { at, id }) = page.after {
            let later = support_cases::due_at.gt(at).or(support_cases::due_at.eq(at).and(support_cases::id.gt(id)));
            query = query.filter(later).filter(support_cases::due_at.ge(at));
        }
        query
    };
    if filter.statuses.is_empty() {
        return Ok(Vec::new());
    }
    let parts = filter.statuses.iter().copied().map(part).collect();
    let mut rows: Vec<SupportCase> = UnionAll::of(parts, false).load(conn).await?;
    rows.sort_by_key(|row| (row.due_at, row.id));
    rows.truncate(page.first + 1);
    Ok(rows)
}

/// Notes of these cases, in order.
pub async fn notes(conn: &mut Conn, cases: &[SupportCaseId]) -> QueryResult<Vec<CaseNote>> {
    support_case_notes::table
        .filter(among(support_case_notes::case_id, cases.iter().copied()))
        .order((support_case_notes::case_id, support_case_notes::number))
        .select(CaseNote::as_select())
        .load(conn)
        .await
}

/// How many notes a case has, which the transaction has locked.
pub async fn count_notes(tx: &mut Conn, case: SupportCaseId) -> QueryResult<u16> {
    let last: Option<u16> = support_case_notes::table
        .filter(support_case_notes::case_id.eq(case))
        .select(diesel::dsl::max(support_case_notes::number))
        .first(tx)
        .await?;
    Ok(last.unwrap_or(0))
}

/// Writes a note.
pub async fn insert_note(tx: &mut Conn, note: &CaseNote) -> QueryResult<usize> {
    diesel::insert_into(support_case_notes::table).values(note).prepared().execute(tx).await
}

/// Closes the open cases that a person has opened, or that are about them, and removes every text of these cases, and the notes about them.
pub async fn erase(tx: &mut Conn, person: UserId, now: Timestamp) -> QueryResult<()> {
    let about: Vec<SupportCaseId> = support_cases::table
        .filter(support_cases::opened_by.eq(person).or(support_cases::person_id.eq(person)))
        .select(support_cases::id)
        .load(tx)
        .await?;
    if about.is_empty() {
        return Ok(());
    }
    let cases = || among(support_cases::id, about.iter().copied());
    diesel::update(support_case_notes::table.filter(among(support_case_notes::case_id, about.iter().copied())))
        .set(support_case_notes::text.eq(""))
        .execute(tx)
        .await?;
    let nothing = None::<String>;
    diesel::update(support_cases::table.filter(cases()))
        .set((
            support_cases::text.eq(""),
            support_cases::question.eq(&nothing),
            support_cases::answer.eq(&nothing),
            support_cases::resolution.eq(&nothing),
            support_cases::updated_at.eq(now),
        ))
        .execute(tx)
        .await?;
    // An open case would get new texts about the person.
    diesel::update(support_cases::table.filter(cases()).filter(support_cases::open_about.is_not_null()))
        .set((
            support_cases::status.eq(SupportCaseStatus::Rejected),
            support_cases::open_about.eq(None::<ObjectId>),
            support_cases::closed_at.eq(now),
        ))
        .execute(tx)
        .await?;
    Ok(())
}
