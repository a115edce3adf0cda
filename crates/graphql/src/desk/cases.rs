//! Cases, as staff see them, and what staff do with them.

use std::sync::Arc;

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};

use super::{
    DeskBooking, DeskListing, explained, keyed,
    objects::{BookingForStaff, ListingForStaff},
    require_staff,
};
use crate::{
    checked::Checked,
    context::ContextExt,
    error::Result,
    ids,
    loaders::keys::keys,
    pages::{Cursored, connection},
    payload::payload,
    users::{User, find_user},
};
use auth::{Staff, Support};
use domain::{
    idempotency::Idempotent,
    support_cases::{self, ByDue, CaseFilter, CaseNote, CasePatch, NewNote, SupportCase},
};
use types::scalars::Cursor;
use types::{
    IdempotencyKey, Page, PageError, StaffRole, SupportCaseId, SupportCaseKind, SupportCaseStatus, Timestamp, cursor,
    error::{self, Error, Validation},
};

keys! {
    /// The notes of a case, for staff.
    private NotesOf((Support, SupportCaseId)) => Vec<Arc<CaseNote>>, of_parent support_cases::notes_of;
}

/// A case.
#[derive(Debug, Clone)]
pub struct DeskCase {
    row: SupportCase,
    support: Support,
}

/// A case that a person has opened, as staff see it.
#[Object]
impl DeskCase {
    /// The id of the case, `cs_…`.
    async fn id(&self) -> ID {
        self.row.id.to_string().into()
    }

    /// What it is.
    async fn kind(&self) -> SupportCaseKind {
        self.row.kind
    }

    /// The current status.
    async fn status(&self) -> SupportCaseStatus {
        self.row.status
    }

    /// The person who opened it.
    async fn opened_by(&self, ctx: &Context<'_>) -> Option<Result<User>> {
        find_user(ctx, self.row.opened_by).await.transpose()
    }

    /// The booking that it is about; null when it is about something else.
    async fn booking(&self, ctx: &Context<'_>) -> Option<Result<DeskBooking>> {
        let found = ctx.load_own(BookingForStaff((*self.support, self.row.booking_id?))).await;
        found.map(|row| row.map(|row| DeskBooking { row, staff: *self.support })).transpose()
    }

    /// The listing that it is about; null when it is about something else.
    async fn listing(&self, ctx: &Context<'_>) -> Option<Result<DeskListing>> {
        let found = ctx.load_own(ListingForStaff((*self.support, self.row.listing_id?))).await;
        found.map(|row| row.map(DeskListing)).transpose()
    }

    /// The person whom it is about; null when it is about something else.
    async fn person(&self, ctx: &Context<'_>) -> Option<Result<User>> {
        find_user(ctx, self.row.person_id?).await.transpose()
    }

    /// What the person said who opened it; empty once their account was deleted.
    async fn text(&self) -> &str {
        &self.row.text
    }

    /// The last question of staff to that person; null when there is none.
    async fn question(&self) -> Option<&str> {
        self.row.question.as_deref()
    }

    /// Their last answer; null when there is none.
    async fn answer(&self) -> Option<&str> {
        self.row.answer.as_deref()
    }

    /// What was decided, for that person; null until then.
    async fn resolution(&self) -> Option<&str> {
        self.row.resolution.as_deref()
    }

    /// Who of staff takes care of it; null when nobody does.
    async fn assignee(&self, ctx: &Context<'_>) -> Option<Result<User>> {
        find_user(ctx, self.row.assignee_id?).await.transpose()
    }

    /// Until when staff should have looked at it.
    async fn due_at(&self) -> Timestamp {
        self.row.due_at
    }

    /// Whether it is undecided after that time.
    async fn is_overdue(&self, ctx: &Context<'_>) -> bool {
        self.row.closed_at.is_none() && self.row.due_at < ctx.app().now()
    }

    /// When it was opened.
    async fn opened_at(&self) -> Timestamp {
        self.row.opened_at
    }

    /// When it was decided; null until then.
    async fn closed_at(&self) -> Option<Timestamp> {
        self.row.closed_at
    }

    /// The last notes of staff, oldest first; there are at most 50. The person who opened the case does not see them.
    async fn notes(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Maximum number of items, 1 to 100.", default_with = "Some(50)")] first: Option<i32>,
    ) -> Option<Result<Vec<DeskCaseNote>>> {
        Some(notes(ctx, (self.support, self.row.id), first).await)
    }
}

async fn notes(ctx: &Context<'_>, case: (Support, SupportCaseId), first: Option<i32>) -> Result<Vec<DeskCaseNote>> {
    let first = Page::<()>::new(first, None).map_err(error::Error::from)?.first;
    let notes = ctx.load_own(NotesOf(case)).await?.unwrap_or_default();
    let earlier = notes.len().saturating_sub(first);
    Ok(notes.into_iter().skip(earlier).map(DeskCaseNote).collect())
}

/// A note of staff.
#[derive(Debug, Clone)]
pub struct DeskCaseNote(Arc<CaseNote>);

/// A note of staff about a case. It is never changed.
#[Object]
impl DeskCaseNote {
    /// Its number among the notes of the case, from 1.
    async fn number(&self) -> u16 {
        self.0.number
    }

    /// Who wrote it.
    async fn author(&self, ctx: &Context<'_>) -> Option<Result<User>> {
        find_user(ctx, self.0.author_id).await.transpose()
    }

    /// The text, plain text with newlines.
    async fn text(&self) -> &str {
        &self.0.text
    }

    /// When it was written.
    async fn created_at(&self) -> Timestamp {
        self.0.created_at
    }
}

connection! {
    /// A page of cases, as staff see them.
    DeskCaseConnection,
    /// One case of a page.
    DeskCaseEdge,
    /// The case.
    DeskCase
}

/// Which cases to find. All given conditions must match.
#[derive(InputObject)]
pub struct DeskCaseFilter {
    /// Only in one of these states; when omitted, those that are undecided.
    status: Option<Vec<SupportCaseStatus>>,
    /// Only of this kind.
    kind: Option<SupportCaseKind>,
    /// Only those that this member of staff takes care of.
    assignee_id: Option<ID>,
    /// Only those that are undecided after their due time.
    overdue: Option<bool>,
}

fn read(filter: Option<DeskCaseFilter>, now: Timestamp) -> error::Result<CaseFilter> {
    let undecided = SupportCaseStatus::UNDECIDED;
    let all = CaseFilter { statuses: undecided.to_vec(), kind: None, assignee: None, due_before: None };
    let Some(filter) = filter else { return Ok(all) };
    let overdue = filter.overdue == Some(true);
    let mut statuses = filter.status.unwrap_or(all.statuses);
    statuses.sort_unstable();
    statuses.dedup();
    statuses.retain(|status| !overdue || undecided.contains(status));
    Ok(CaseFilter {
        statuses,
        kind: filter.kind,
        assignee: filter.assignee_id.as_ref().map(ids::argument).transpose()?,
        due_before: overdue.then_some(now),
    })
}

fn by_due(text: &Cursor) -> std::result::Result<ByDue, PageError> {
    cursor::from_cursor(&text.0).map(|(at, id)| ByDue { at, id })
}

pub(super) async fn page(
    ctx: &Context<'_>,
    staff: &Staff,
    filter: Option<DeskCaseFilter>,
    first: Option<i32>,
    after: Option<Cursor>,
) -> Result<Option<DeskCaseConnection>> {
    let Ok(support) = staff.support() else { return Ok(None) };
    let after = after.as_ref().map(by_due).transpose().map_err(Error::from)?;
    let page = Page::new(first, after).map_err(Error::from)?;
    let rows = support_cases::page(ctx.app(), &support, &read(filter, ctx.app().now())?, &page).await?;
    let rows = rows.map(|row| DeskCase { row, support });
    Ok(Some(Cursored::new(rows, |case| cursor::to_cursor(&case.row.due_at, &case.row.id)).into()))
}

/// Input of `updateCase`. Fields that are omitted stay as they are.
#[derive(InputObject)]
pub struct UpdateCaseInput {
    /// The case.
    case_id: ID,
    /// The new state.
    status: Option<SupportCaseStatus>,
    /// Who of staff takes care of it; not whom it concerns.
    assignee_id: Option<ID>,
    /// Until when; in 3 days when omitted and the state changes.
    due_at: Option<Checked<Timestamp>>,
    /// A text for the person who opened the case, 1 to 2,000 characters of plain text: the question, with the state `WAITING_FOR_PERSON`; the resolution, with `RESOLVED` and `REJECTED`.
    message: Option<String>,
    /// Why, 1 to 500 characters of plain text, without personal data: it stays in the audit log.
    reason: String,
    /// The idempotency key.
    idempotency_key: Checked<IdempotencyKey>,
}

impl UpdateCaseInput {
    fn read(self) -> error::Result<(CasePatch, IdempotencyKey)> {
        let mut validation = Validation::default();
        let case = validation.check(ids::input(&self.case_id, "caseId", "case"));
        let assignee = self.assignee_id.as_ref().map(|id| ids::input(id, "assigneeId", "person")).transpose();
        let assignee = validation.check(assignee);
        let due_at = validation.check(self.due_at.map(|due| due.at(&["dueAt"])).transpose());
        let message = validation.check(self.message.as_deref().map(CasePatch::message).transpose());
        let explained = validation.check(explained(&self.reason, self.idempotency_key));
        let status = self.status;
        let fields = case.zip(assignee).zip(due_at.zip(message)).zip(explained);
        validation.finish_with(fields.map(|(((case, assignee), (due_at, message)), (reason, key))| {
            (CasePatch { case, status, assignee, due_at, message, reason }, key)
        }))
    }
}

/// The case was changed.
#[derive(SimpleObject)]
pub struct UpdateCaseSuccess {
    /// The case as it is now.
    case: DeskCase,
    /// Whether this is the stored response to an earlier request with the same key.
    replayed: bool,
}

payload! {
    /// The result of `updateCase`.
    UpdateCasePayload(UpdateCaseSuccess) {
        InvalidInput => InvalidInputProblem,
        RoleRequired => RoleRequiredProblem,
        NotFound => NotFoundProblem,
        StateConflict => StateConflictProblem,
        IdempotencyConflict => IdempotencyConflictProblem,
    }
}

/// Input of `addCaseNote`.
#[derive(InputObject)]
pub struct AddCaseNoteInput {
    /// The case.
    case_id: ID,
    /// The note, 1 to 2,000 characters of plain text.
    text: String,
    /// Why, 1 to 500 characters of plain text, without personal data: it stays in the audit log.
    reason: String,
    /// The idempotency key.
    idempotency_key: Checked<IdempotencyKey>,
}

impl AddCaseNoteInput {
    fn read(self) -> error::Result<(NewNote, IdempotencyKey)> {
        let mut validation = Validation::default();
        let keyed = keyed(&self.case_id, ("caseId", "case"), &self.reason, self.idempotency_key);
        let (keyed, text) = (validation.check(keyed), validation.check(NewNote::text(&self.text)));
        validation.finish_with(keyed.zip(text).map(|((case, reason, key), text)| (NewNote { case, text, reason }, key)))
    }
}

/// The note was added.
#[derive(SimpleObject)]
pub struct AddCaseNoteSuccess {
    /// The case as it is now.
    case: DeskCase,
    /// Whether this is the stored response to an earlier request with the same key.
    replayed: bool,
}

payload! {
    /// The result of `addCaseNote`.
    AddCaseNotePayload(AddCaseNoteSuccess) {
        InvalidInput => InvalidInputProblem,
        RoleRequired => RoleRequiredProblem,
        NotFound => NotFoundProblem,
        StateConflict => StateConflictProblem,
        LimitReached => LimitReachedProblem,
        IdempotencyConflict => IdempotencyConflictProblem,
    }
}

/// Mutations of cases by staff.
#[derive(Default)]
pub struct DeskCaseMutation;

#[Object]
impl DeskCaseMutation {
    /// Changes a case: its state, who takes care of it, until when. For `SUPPORT`. It is recorded in the audit log.
    async fn update_case(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The case and the changes.")] input: UpdateCaseInput,
    ) -> Result<UpdateCasePayload> {
        let done = Box::pin(update(ctx, input)).await;
        UpdateCasePayload::of(done.map(|(case, replayed)| UpdateCaseSuccess { case, replayed }))
    }

    /// Adds a note to a case, which staff alone see, and which nobody can change. A case has at most 50. For `SUPPORT`. It is recorded in the audit log.
    async fn add_case_note(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The case and the note.")] input: AddCaseNoteInput,
    ) -> Result<AddCaseNotePayload> {
        let done = Box::pin(add_note(ctx, input)).await;
        AddCaseNotePayload::of(done.map(|(case, replayed)| AddCaseNoteSuccess { case, replayed }))
    }
}

async fn update(ctx: &Context<'_>, input: UpdateCaseInput) -> error::Result<(DeskCase, bool)> {
    let support = require_staff(ctx, StaffRole::Support).await?.support()?;
    let (patch, key) = input.read()?;
    let Idempotent { answer, replayed } = support_cases::update(ctx.app(), &support, &patch, &key).await?;
    Ok((DeskCase { row: answer, support }, replayed))
}

async fn add_note(ctx: &Context<'_>, input: AddCaseNoteInput) -> error::Result<(DeskCase, bool)> {
    let support = require_staff(ctx, StaffRole::Support).await?.support()?;
    let (new, key) = input.read()?;
    let Idempotent { answer, replayed } = support_cases::add_note(ctx.app(), &support, &new, &key).await?;
    Ok((DeskCase { row: answer, support }, replayed))
}
