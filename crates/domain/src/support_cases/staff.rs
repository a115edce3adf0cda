//! What staff do with cases: find, assign, ask, decide, and take notes.

use std::{collections::HashMap, sync::Arc};

use serde::Serialize;
use serde_json::{Value, json};

use super::{ByDue, CaseFilter, CaseNote, DUE_AFTER, MAX_NOTES, StoredCase, SupportCase, paragraphs, replay};
use crate::{
    app::App,
    audit::{self, NewEntry, Subject},
    idempotency::{self, Idempotent},
    mails::{self, Order},
    support_case_rules::{self, CaseTrigger},
};
use auth::{Member, Support};
use mysql_engine::Conn;
use store::support_cases::CaseChange;
use types::{
    AuditAction, IdempotencyKey, Page, PageOf, StaffRole, SupportCaseId, SupportCaseStatus, Timestamp, UserId,
    error::{Error, LimitReached, Result},
};

/// Most characters of a text of staff.
const MAX_MESSAGE: usize = 2_000;

/// A change of a case. What is None stays.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CasePatch {
    /// The case.
    pub case: SupportCaseId,
    /// The new state.
    pub status: Option<SupportCaseStatus>,
    /// Who takes care of it.
    pub assignee: Option<UserId>,
    /// Until when.
    pub due_at: Option<Timestamp>,
    /// A text for the person who opened it: the question, or the resolution.
    pub message: Option<String>,
    /// Why.
    pub reason: String,
}

impl CasePatch {
    /// The text for the person, cleaned.
    ///
    /// # Errors
    /// [`types::error::Refusal::InvalidInput`] when it is empty, too long or not plain text.
    pub fn message(raw: &str) -> Result<String> {
        paragraphs(&["message"], raw, MAX_MESSAGE)
    }
}

/// A note to add to a case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NewNote {
    /// The case.
    pub case: SupportCaseId,
    /// The note.
    pub text: String,
    /// Why.
    pub reason: String,
}

impl NewNote {
    /// The note, cleaned.
    ///
    /// # Errors
    /// [`types::error::Refusal::InvalidInput`] when it is empty, too long or not plain text.
    pub fn text(raw: &str) -> Result<String> {
        paragraphs(&["text"], raw, MAX_MESSAGE)
    }
}

/// A page of the cases that match and do not concern `support`, the first due first.
///
/// # Errors
/// When the database fails.
pub async fn page(
    app: &App,
    support: &Support,
    filter: &CaseFilter,
    page: &Page<ByDue>,
) -> Result<PageOf<SupportCase>> {
    Ok(page.cut(store::support_cases::page(&mut app.conn().await?, support.member().id(), filter, page).await?))
}

/// The notes of these cases, in order.
///
/// # Errors
/// When the database fails.
pub async fn notes_of(
    app: &App,
    _viewer: &Member,
    keys: &[(Support, SupportCaseId)],
) -> Result<HashMap<(Support, SupportCaseId), Vec<Arc<CaseNote>>>> {
    let ids: Vec<_> = keys.iter().map(|(_, id)| *id).collect();
    let mut notes: HashMap<_, Vec<_>> = HashMap::new();
    for note in store::support_cases::notes(&mut app.conn().await?, &ids).await? {
        notes.entry(note.case_id).or_default().push(Arc::new(note));
    }
    Ok(keys.iter().filter_map(|key| Some((*key, notes.get(&key.1)?.clone()))).collect())
}

/// Changes a case: its state, who takes care of it, until when.
///
/// # Errors
/// Problems of the contract's `updateCase`.
pub async fn update(
    app: &App,
    support: &Support,
    patch: &CasePatch,
    key: &IdempotencyKey,
) -> Result<Idempotent<SupportCase>> {
    let request = idempotency::request(support.member(), "updateCase", key, patch)?;
    let now = app.now();
    if patch.due_at.is_some_and(|due| due <= now) {
        return Err(Error::invalid(&["dueAt"], "`dueAt` must be in the future."));
    }
    let updated = app
        .database
        .transaction(async |tx| {
            let stored = StoredCase { case: patch.case };
            if let Some(stored) = idempotency::claim_with(tx, &request, &stored, now).await? {
                return replay(tx, stored).await;
            }
            let case = lock(tx, support, patch.case).await?;
            refuse_assignee(tx, patch, now).await?;
            let change = change(&case, patch, now)?;
            store::support_cases::update(tx, case.id, &change).await?;
            for user in who_is_told(tx, &case, change.status).await? {
                mails::order(app, tx, user, &Order::CaseDecided { user, case: case.id }, now).await?;
            }
            let entry = entry(support.member().id(), &case, &change, patch);
            audit::append(app, tx, vec![entry], now).await?;
            replay(tx, Idempotent::new(stored)).await
        })
        .await?;
    app.mails.ordered.notify_one();
    Ok(updated)
}

/// Who gets a mail when a case becomes `status`: who has opened it, once it is decided; and the other party of its booking, unless nothing is
/// done. Nobody is told of reports about them.
async fn who_is_told(tx: &mut Conn, case: &SupportCase, status: SupportCaseStatus) -> Result<Vec<UserId>> {
    if !support_case_rules::is_final(status) {
        return Ok(Vec::new());
    }
    let mut told = vec![case.opened_by];
    if let Some(booking) = case.booking_id.filter(|_| status == SupportCaseStatus::Resolved)
        && let Some((guest, host)) = store::desk::people_of_booking(tx, booking).await?
    {
        told.extend([guest, host].into_iter().filter(|person| *person != case.opened_by));
    }
    Ok(told)
}

/// The case, locked. What concerns the member of staff does not exist for them: nobody learns of reports about themselves.
async fn lock(tx: &mut Conn, support: &Support, id: SupportCaseId) -> Result<SupportCase> {
    let case = store::support_cases::lock(tx, id).await?;
    let concerns_them = store::support_cases::concerns(tx, id, support.member().id()).await?;
    case.filter(|_| !concerns_them).ok_or_else(|| Error::not_found("caseId", "case"))
}

async fn refuse_assignee(tx: &mut Conn, patch: &CasePatch, now: Timestamp) -> Result<()> {
    let Some(assignee) = patch.assignee else { return Ok(()) };
    let roles = store::role_grants::roles(tx, assignee, now).await?;
    if !roles.iter().any(|role| matches!(role, StaffRole::Support | StaffRole::Admin)) {
        return Err(Error::invalid(&["assigneeId"], "This person has no role that includes cases."));
    }
    if store::support_cases::concerns(tx, patch.case, assignee).await? {
        return Err(Error::invalid(&["assigneeId"], "The case concerns this person. Assign it to somebody else."));
    }
    Ok(())
}

/// What `patch` changes in a locked case.
fn change(case: &SupportCase, patch: &CasePatch, now: Timestamp) -> Result<CaseChange> {
    if support_case_rules::is_final(case.status) {
        let label = support_case_rules::label(case.status);
        return Err(Error::state(None, format!("The case is {label}. Nothing can be changed.")));
    }
    let mut change = CaseChange { assignee_id: patch.assignee.or(case.assignee_id), ..CaseChange::of(case, now) };
    if let Some(to) = patch.status {
        if !support_case_rules::is_allowed(case.status, to, CaseTrigger::Staff) {
            let (from, to) = (support_case_rules::label(case.status), support_case_rules::label(to));
            return Err(Error::state(None, format!("The case is {from}. It cannot become {to}.")));
        }
        change.status = to;
        change.due_at = now + DUE_AFTER;
        if support_case_rules::is_final(to) {
            (change.closed_at, change.open_about) = (Some(now), None);
            change.resolution.clone_from(&patch.message);
        } else if to == SupportCaseStatus::WaitingForPerson {
            change.question.clone_from(&patch.message);
        }
    }
    let needs_message = patch.status.is_some_and(support_case_rules::needs_message);
    if needs_message != patch.message.is_some() {
        let message = "`message` is needed to ask the person, to resolve and to reject, and for nothing else.";
        return Err(Error::invalid(&["message"], message));
    }
    change.due_at = patch.due_at.unwrap_or(change.due_at);
    Ok(change)
}

fn entry(by: UserId, case: &SupportCase, change: &CaseChange, patch: &CasePatch) -> NewEntry {
    let state = |status: SupportCaseStatus, assignee: Option<UserId>, due: Timestamp| -> Value {
        json!({ "status": status, "assignee": assignee, "dueAt": due })
    };
    NewEntry {
        actor: Some(by),
        on_behalf_of: None,
        action: AuditAction::CaseUpdated,
        subject: Subject::Case(case.id),
        reason: patch.reason.clone(),
        before: state(case.status, case.assignee_id, case.due_at),
        after: state(change.status, change.assignee_id, change.due_at),
    }
}

/// Adds a note to a case, which staff alone see. Notes are never changed.
///
/// # Errors
/// Problems of the contract's `addCaseNote`.
pub async fn add_note(
    app: &App,
    support: &Support,
    new: &NewNote,
    key: &IdempotencyKey,
) -> Result<Idempotent<SupportCase>> {
    let request = idempotency::request(support.member(), "addCaseNote", key, new)?;
    let (now, by, id) = (app.now(), support.member().id(), new.case);
    app.database
        .transaction(async |tx| {
            let stored = StoredCase { case: id };
            if let Some(stored) = idempotency::claim_with(tx, &request, &stored, now).await? {
                return replay(tx, stored).await;
            }
            let case = lock(tx, support, id).await?;
            let number = store::support_cases::count_notes(tx, id).await? + 1;
            if number > MAX_NOTES {
                return Err(LimitReached { what: "notes of this case", limit: i32::from(MAX_NOTES) }.into());
            }
            let note = CaseNote { case_id: id, number, author_id: by, text: new.text.clone(), created_at: now };
            store::support_cases::insert_note(tx, &note).await?;
            audit::append(app, tx, vec![note_entry(&note, &new.reason)], now).await?;
            Ok(Idempotent::new(case))
        })
        .await
}

/// Without the text, which ends with the data of the person who opened the case.
fn note_entry(note: &CaseNote, reason: &str) -> NewEntry {
    NewEntry {
        actor: Some(note.author_id),
        on_behalf_of: None,
        action: AuditAction::CaseNoteAdded,
        subject: Subject::Case(note.case_id),
        reason: reason.to_owned(),
        before: Value::Null,
        after: json!({ "note": note.number }),
    }
}
