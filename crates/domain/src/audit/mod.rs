//! The audit log: what staff did and looked at. An entry is written in the transaction of the change. Its content has the hash of the
//! previous entry, so that nobody can change, insert or remove one without breaking the chain, which [`fn@verify`] checks.
//!
//! Entries outlive accounts. They have ids and states, but no names, emails or secrets. The reasons of staff can say something about a
//! person: they are encrypted with the key of that person, so that they can be erased without breaking the chain.

mod reasons;
mod verify;

pub use reasons::SealedReason;
pub use verify::{Break, Verified, verify};

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::{app::App, listings::checks};
use auth::Admin;
use mysql_engine::Conn;
pub use store::audit::Filter;
use store::audit::{Entry, Head};
use types::{
    AuditAction, BookingId, Feature, ListingId, NodeId, ObjectId, Page, PageError, PageOf, ReviewId, SupportCaseId,
    Timestamp, UserId,
    error::{Error, Result},
};

/// Most characters of a reason.
const MAX_REASON: usize = 500;

/// What an entry is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject {
    /// A person.
    Person(UserId),
    /// A listing.
    Listing(ListingId),
    /// A booking.
    Booking(BookingId),
    /// A review.
    Review(ReviewId),
    /// A case.
    Case(SupportCaseId),
    /// A switch of a feature.
    Feature(Feature),
}

/// How the subject of an entry about a feature begins.
const FEATURE: &str = "feature:";

/// An entry to append.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct NewEntry {
    /// Who did it; None: the command line, or the program itself.
    pub actor: Option<UserId>,
    /// The person for whom they did it.
    pub on_behalf_of: Option<UserId>,
    /// What was done.
    pub action: AuditAction,
    /// To what.
    pub subject: Subject,
    /// Why, as staff said.
    pub reason: String,
    /// What was there before; no names, emails or secrets.
    pub before: Value,
    /// What is there now, as `before`.
    pub after: Value,
}

/// What an entry says: the JSON text that is hashed, with its fields in this order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Content {
    /// The number of the entry, from 1.
    pub sequence: u64,
    /// When it happened.
    pub at: Timestamp,
    /// Who did it: `usr_…`; None: the command line, or the program itself.
    pub actor: Option<UserId>,
    /// For whom: `usr_…`.
    pub on_behalf_of: Option<UserId>,
    /// What was done.
    pub action: AuditAction,
    /// To what: `usr_…`, `lst_…`, `bk_…`, `rev_…`.
    pub subject: String,
    /// Why; empty when it is encrypted.
    pub reason: String,
    /// Why, encrypted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sealed_reason: Option<SealedReason>,
    /// What was there before.
    pub before: Value,
    /// What is there since.
    pub after: Value,
    /// The id of the request, or the name of the command.
    pub request: String,
    /// The hash of the previous entry, in hexadecimal; zeros in the first entry.
    pub previous: String,
}

/// An entry of the log.
#[derive(Debug, Clone, PartialEq)]
pub struct LogEntry {
    /// What it says, with its reason decrypted.
    pub content: Content,
    /// Whether its reason was erased with the data of the person whom it concerned.
    pub is_reason_erased: bool,
    /// Its hash, in hexadecimal.
    pub hash: String,
}

impl LogEntry {
    /// What was there before, as JSON.
    pub fn before(&self) -> Option<String> {
        text(&self.content.before)
    }

    /// What is there since, as JSON.
    pub fn after(&self) -> Option<String> {
        text(&self.content.after)
    }
}

fn text(value: &Value) -> Option<String> {
    (!value.is_null()).then(|| value.to_string())
}

/// A position in the log, newest first: after the entry with this number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Position(pub u64);

impl Position {
    /// The cursor: an opaque text for clients.
    pub fn to_cursor(self) -> String {
        format!("audit.{}", self.0)
    }

    /// From a cursor of [`Self::to_cursor`].
    ///
    /// # Errors
    /// [`PageError::Cursor`] when the text is something else.
    pub fn from_cursor(text: &str) -> Result<Self, PageError> {
        let number = text.strip_prefix("audit.").and_then(|number| number.parse().ok()).map(Self);
        // One position has one text.
        number.filter(|position| position.to_cursor() == text).ok_or(PageError::Cursor)
    }
}

impl Subject {
    fn object(self) -> ObjectId {
        match self {
            Self::Person(id) => id.into(),
            Self::Listing(id) => id.into(),
            Self::Booking(id) => id.into(),
            Self::Review(id) => id.into(),
            Self::Case(id) => id.into(),
            Self::Feature(feature) => named(feature),
        }
    }

    fn text(self) -> String {
        match self {
            Self::Person(id) => id.to_string(),
            Self::Listing(id) => id.to_string(),
            Self::Booking(id) => id.to_string(),
            Self::Review(id) => id.to_string(),
            Self::Case(id) => id.to_string(),
            Self::Feature(feature) => format!("{FEATURE}{feature}"),
        }
    }
}

/// The reason of staff for what they do, cleaned.
///
/// # Errors
/// [`types::error::Refusal::InvalidInput`] when it is blank, too long or not plain text.
pub fn reason(raw: &str) -> Result<String> {
    checks::line(&["reason"], raw, 1..=MAX_REASON)
}

/// Appends `entries`. Must be the last step of the transaction, because nobody else can append until it ends.
pub(crate) async fn append(app: &App, tx: &mut Conn, entries: Vec<NewEntry>, now: Timestamp) -> Result<()> {
    let mut sealed = Vec::with_capacity(entries.len());
    for new in entries {
        sealed.push(reasons::seal(app, tx, new, now).await?);
    }
    let mut head = store::audit::lock_head(tx).await?;
    let mut chained = Vec::with_capacity(sealed.len());
    for new in sealed {
        let entry = chain(new, &head, app.cause.id(), now)?;
        head = Some((entry.sequence, entry.hash.clone()));
        chained.push(entry);
    }
    Ok(store::audit::append(tx, &chained).await?)
}

/// The entry after `head`.
fn chain(
    (new, sealed_reason): (NewEntry, Option<SealedReason>),
    head: &Head,
    request: &str,
    now: Timestamp,
) -> Result<Entry> {
    let content = Content {
        sequence: head.as_ref().map_or(1, |(sequence, _)| sequence + 1),
        at: now,
        actor: new.actor,
        on_behalf_of: new.on_behalf_of,
        action: new.action,
        subject: new.subject.text(),
        reason: new.reason,
        sealed_reason,
        before: new.before,
        after: new.after,
        request: request.to_owned(),
        previous: hex(head.as_ref().map_or(&[0; 32], |(_, hash)| hash.as_slice())),
    };
    let text = serde_json::to_string(&content).map_err(anyhow::Error::from)?;
    let (previous_sequence, previous_hash) = head.clone().unzip();
    Ok(Entry {
        sequence: content.sequence,
        hash: hash(&text).to_vec(),
        previous_sequence,
        previous_hash,
        happened_at: now,
        actor_id: new.actor,
        action: new.action.as_str().to_owned(),
        subject_id: new.subject.object(),
        content: text,
    })
}

/// The id in the subject of an entry.
pub fn object(subject: &str) -> Option<ObjectId> {
    if let Some(feature) = subject.strip_prefix(FEATURE) {
        return feature.parse().ok().map(named);
    }
    match subject.parse().ok()? {
        NodeId::UserId(id) => Some(id.into()),
        NodeId::ListingId(id) => Some(id.into()),
        NodeId::BookingId(id) => Some(id.into()),
        NodeId::ReviewId(id) => Some(id.into()),
        NodeId::SupportCaseId(id) => Some(id.into()),
        _ => None,
    }
}

/// A stable id for a feature, which has no id of its own.
fn named(feature: Feature) -> ObjectId {
    let digest = Sha256::digest(format!("{FEATURE}{feature}"));
    let mut id = [0; 16];
    id.copy_from_slice(&digest[..16]);
    ObjectId::of_bytes(id)
}

fn hash(content: &str) -> [u8; 32] {
    Sha256::digest(content).into()
}

/// The bytes in hexadecimal.
fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A page of the entries that match, newest first.
///
/// # Errors
/// When the database fails, or an entry is damaged.
pub async fn page(app: &App, _admin: &Admin, filter: &Filter, page: &Page<Position>) -> Result<PageOf<LogEntry>> {
    let conn = &mut app.conn().await?;
    let before = match page.after {
        Some(Position(number)) => {
            Some((store::audit::happened_at(conn, number).await?.ok_or(PageError::Cursor)?, number))
        }
        None => None,
    };
    let rows = store::audit::find(conn, filter, before, page.limit()).await?;
    Ok(page.cut(read(app, conn, rows).await?))
}

/// The entries after the one with the number `after`, oldest first, at most 500 of them; none at the end. For the operator of the program.
///
/// # Errors
/// When the database fails, or an entry is damaged.
pub async fn after(app: &App, after: u64) -> Result<Vec<LogEntry>> {
    let conn = &mut app.conn().await?;
    let rows = store::audit::chain(conn, after, verify::BATCH).await?;
    read(app, conn, rows).await
}

/// What stored entries say, with their reasons decrypted.
async fn read(app: &App, conn: &mut Conn, rows: Vec<Entry>) -> Result<Vec<LogEntry>> {
    let entry = |row: Entry| {
        let content = serde_json::from_str(&row.content).map_err(|error| Error::Internal(error.into()))?;
        Ok(LogEntry { content, is_reason_erased: false, hash: hex(&row.hash) })
    };
    let mut entries = rows.into_iter().map(entry).collect::<Result<Vec<_>>>()?;
    reasons::open(app, conn, &mut entries).await?;
    Ok(entries)
}
