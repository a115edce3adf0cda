//! Cases: people report a listing or a person, hosts report damage, guests dispute a stay; staff decide. A case is visible to the person who
//! opened it, and to staff. The cases that the program itself opens about payments are those of [`crate::payments`].

mod staff;

pub use staff::{CasePatch, NewNote, add_note, notes_of, page, update};

use std::{collections::HashMap, sync::Arc};

use chrono::Duration;
use serde::{Deserialize, Serialize};

use crate::{
    app::App,
    features,
    idempotency::{self, Idempotent},
    limits,
    listings::checks,
    support_case_rules::{self, CaseTrigger},
};
use auth::{AccountOwner, Member, VerifiedOwner};
use mysql_engine::Conn;
use store::support_cases::CaseChange;
pub use store::support_cases::{ByDue, CaseFilter, CaseNote, MAX_NOTES, SupportCase};
use types::{
    BookingId, Feature, IdempotencyKey, ListingId, ListingStatus, Newest, ObjectId, Page, PageOf, SupportCaseId,
    SupportCaseKind, SupportCaseStatus, Timestamp, UserId,
    error::{Error, LimitReached, Result},
};

/// Most characters of what a reporter says.
const MAX_TEXT: usize = 4_000;
/// The most open cases of one person.
const MAX_OPEN: i32 = 20;
/// How long after the end of a stay its host can report damage.
const DAMAGE_WINDOW: Duration = Duration::days(14);
/// How long after the end of a stay its guest can dispute it.
const DISPUTE_WINDOW: Duration = Duration::days(60);
/// Until when staff should look at a new case, or at a new answer.
const DUE_AFTER: Duration = Duration::days(3);

/// What a case is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum CaseSubject {
    /// A booking.
    Booking(BookingId),
    /// A listing.
    Listing(ListingId),
    /// A person.
    Person(UserId),
}

impl CaseSubject {
    fn object(self) -> ObjectId {
        match self {
            Self::Booking(id) => id.into(),
            Self::Listing(id) => id.into(),
            Self::Person(id) => id.into(),
        }
    }
}

/// A case to open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NewCase {
    /// What it is.
    pub kind: SupportCaseKind,
    /// What it is about.
    pub about: CaseSubject,
    /// What the reporter says, cleaned by [`text`].
    pub text: String,
}

/// The stored response: a case.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct StoredCase {
    case: SupportCaseId,
}

/// What a reporter says: trimmed, with at least one letter.
///
/// # Errors
/// [`types::error::Refusal::InvalidInput`] when it is empty, too long or not plain text.
pub fn text(raw: &str) -> Result<String> {
    paragraphs(&["text"], raw, MAX_TEXT)
}

fn paragraphs(path: &[&str], raw: &str, most: usize) -> Result<String> {
    let text = checks::paragraphs(path, raw, most)?;
    if text.is_empty() {
        let name = path.last().copied().unwrap_or_default();
        return Err(Error::invalid(path, format!("`{name}` must have 1 to {most} characters of plain text.")));
    }
    Ok(text)
}

/// Opens a case.
///
/// # Errors
/// Problems of the contract's `openCase`.
pub async fn open(
    app: &App,
    reporter: &VerifiedOwner,
    new: &NewCase,
    key: &IdempotencyKey,
) -> Result<Idempotent<SupportCase>> {
    features::require(app, Feature::Cases).await?;
    let request = idempotency::request(reporter, "openCase", key, new)?;
    let now = app.now();
    let case = draft(app, reporter.id(), new, now);
    app.database
        .transaction(async |tx| {
            let stored = StoredCase { case: case.id };
            if let Some(stored) = idempotency::claim_with(tx, &request, &stored, now).await? {
                return replay(tx, stored).await;
            }
            limits::take(tx, &app.limits.cases, &[reporter.id().as_bytes()], now).await?;
            refuse_unless_concerned(tx, reporter, new, now).await?;
            // The account's lock makes the count exact.
            store::accounts::lock(tx, reporter.id()).await?;
            if store::support_cases::count_open(tx, reporter.id()).await? >= i64::from(MAX_OPEN) {
                return Err(LimitReached { what: "open cases", limit: MAX_OPEN }.into());
            }
            if !store::support_cases::insert(tx, &case).await? {
                return Err(Error::state(None, "You have an open case about this already."));
            }
            Ok::<_, Error>(Idempotent::new(case.clone()))
        })
        .await
}

fn draft(app: &App, reporter: UserId, new: &NewCase, now: Timestamp) -> SupportCase {
    let (mut booking_id, mut listing_id, mut person_id) = (None, None, None);
    match new.about {
        CaseSubject::Booking(id) => booking_id = Some(id),
        CaseSubject::Listing(id) => listing_id = Some(id),
        CaseSubject::Person(id) => person_id = Some(id),
    }
    SupportCase {
        id: SupportCaseId::new(now, &*app.entropy),
        kind: new.kind,
        status: SupportCaseStatus::Open,
        opened_by: reporter,
        booking_id,
        listing_id,
        person_id,
        open_about: Some(new.about.object()),
        text: new.text.clone(),
        question: None,
        answer: None,
        resolution: None,
        assignee_id: None,
        due_at: now + DUE_AFTER,
        opened_at: now,
        closed_at: None,
        updated_at: now,
    }
}

/// Refuses a case about something that the reporter cannot see, or that is none of their business.
async fn refuse_unless_concerned(tx: &mut Conn, reporter: &Member, new: &NewCase, now: Timestamp) -> Result<()> {
    match (new.kind, new.about) {
        (SupportCaseKind::Report, CaseSubject::Listing(id)) => {
            let found = store::listings::known(tx, reporter.id(), &[id]).await?.pop();
            let listing = found.ok_or_else(|| Error::not_found("about", "listing"))?.listing;
            if listing.host_id == reporter.id() || listing.status == ListingStatus::Draft {
                return Err(Error::invalid(&["about"], "You cannot report your own listing."));
            }
            Ok(())
        }
        (SupportCaseKind::Report, CaseSubject::Person(id)) => {
            if id == reporter.id() {
                return Err(Error::invalid(&["about"], "You cannot report yourself."));
            }
            let found = store::users::by_ids(tx, &[id]).await?;
            if found.is_empty() { Err(Error::not_found("about", "person")) } else { Ok(()) }
        }
        (SupportCaseKind::Dispute | SupportCaseKind::Damage, CaseSubject::Booking(id)) => {
            refuse_unless_in_time(tx, reporter, (new.kind, id), now).await
        }
        (SupportCaseKind::Report, CaseSubject::Booking(_)) => Err(Error::invalid(
            &["about"],
            "Report a listing or a person. About a booking, open a dispute or report damage.",
        )),
        (SupportCaseKind::Dispute | SupportCaseKind::Damage, _) => {
            Err(Error::invalid(&["about"], "A dispute and a damage are about a booking."))
        }
    }
}

/// Refuses a dispute by another than the guest, damage by another than the host, and both out of their time.
async fn refuse_unless_in_time(
    tx: &mut Conn,
    reporter: &Member,
    (kind, id): (SupportCaseKind, BookingId),
    now: Timestamp,
) -> Result<()> {
    let found = store::bookings::visible(tx, reporter.id(), &[id]).await?.pop();
    let booking = found.ok_or_else(|| Error::not_found("about", "booking"))?;
    if booking.confirmed_at.is_none() {
        return Err(Error::state(Some(id), "The booking was never confirmed."));
    }
    let is_damage = kind == SupportCaseKind::Damage;
    if reporter.id() != if is_damage { booking.host_id } else { booking.guest_id } {
        let message = if is_damage { "Only the host reports damage." } else { "Only the guest opens a dispute." };
        return Err(Error::invalid(&["kind"], message));
    }
    if is_damage && (now < booking.check_out_at || booking.cancelled_at.is_some_and(|at| at <= booking.check_in_at)) {
        return Err(Error::state(Some(id), "You can report damage after the stay."));
    }
    let window = if is_damage { DAMAGE_WINDOW } else { DISPUTE_WINDOW };
    if now > booking.check_out_at + window {
        return Err(Error::state(Some(id), format!("The {} days after the stay have passed.", window.num_days())));
    }
    Ok(())
}

/// The case of a stored response, as it is now.
async fn replay(tx: &mut Conn, stored: Idempotent<StoredCase>) -> Result<Idempotent<SupportCase>> {
    let case = store::support_cases::find(tx, stored.answer.case).await?;
    let answer = case.ok_or_else(|| Error::not_found("caseId", "case"))?;
    Ok(Idempotent { answer, replayed: stored.replayed })
}

/// Answers the question of staff, as the person who opened the case.
///
/// # Errors
/// Problems of the contract's `answerCase`.
pub async fn answer(
    app: &App,
    reporter: &AccountOwner,
    (id, text): (SupportCaseId, String),
    key: &IdempotencyKey,
) -> Result<Idempotent<SupportCase>> {
    let request = idempotency::request(reporter, "answerCase", key, &(id, &text))?;
    let now = app.now();
    app.database
        .transaction(async |tx| {
            if let Some(stored) = idempotency::claim_with(tx, &request, &StoredCase { case: id }, now).await? {
                return replay(tx, stored).await;
            }
            let case = store::support_cases::lock(tx, id).await?.filter(|case| case.opened_by == reporter.id());
            let case = case.ok_or_else(|| Error::not_found("caseId", "case"))?;
            if !support_case_rules::is_allowed(case.status, SupportCaseStatus::InReview, CaseTrigger::Person) {
                let label = support_case_rules::label(case.status);
                return Err(Error::state(None, format!("The case is {label}. It does not wait for an answer.")));
            }
            let change = CaseChange {
                status: SupportCaseStatus::InReview,
                answer: Some(text.clone()),
                due_at: now + DUE_AFTER,
                ..CaseChange::of(&case, now)
            };
            store::support_cases::update(tx, id, &change).await?;
            let answer = SupportCase { status: change.status, answer: change.answer, due_at: change.due_at, ..case };
            Ok::<_, Error>(Idempotent::new(answer))
        })
        .await
}

/// Pages of the cases that `viewer` has opened, newest first.
///
/// # Errors
/// When the database fails.
pub async fn pages(
    app: &App,
    viewer: &Member,
    pages: &[Page<Newest<SupportCaseId>>],
) -> Result<HashMap<Page<Newest<SupportCaseId>>, PageOf<Arc<SupportCase>>>> {
    let mut rows = store::support_cases::of_reporter(&mut app.conn().await?, viewer.id(), pages).await?;
    rows.sort_by_key(|row| std::cmp::Reverse((row.opened_at, row.id)));
    rows.dedup_by_key(|row| row.id);
    let rows: Vec<_> = rows.into_iter().map(Arc::new).collect();
    Ok(pages.iter().map(|page| (page.clone(), page.cut_out(&rows, |row| place(row)))).collect())
}

/// The position of a case in the list of its reporter, newest first.
pub fn place(case: &SupportCase) -> Newest<SupportCaseId> {
    Newest { at: case.opened_at, id: case.id }
}
