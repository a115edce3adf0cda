//! The reasons of entries: encrypted with the key of the person whom an entry concerns, so that they end with the data of the person.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::{Deserialize, Serialize};

use super::{LogEntry, NewEntry, Subject};
use crate::{
    app::App,
    privacy::person_keys::{key_for, keys_of},
};
use mysql_engine::Conn;
use types::{Timestamp, UserId, error::Result};

/// A reason, encrypted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SealedReason {
    /// With whose key: `usr_…`.
    pub person: UserId,
    /// Base 64.
    pub text: String,
}

/// What a reason is bound to.
fn place(subject: &str, at: Timestamp) -> String {
    format!("audit reason {subject} {}", at.unix_micros())
}

/// The person whom an entry concerns.
async fn person_of(tx: &mut Conn, entry: &NewEntry) -> Result<Option<UserId>> {
    if entry.on_behalf_of.is_some() {
        return Ok(entry.on_behalf_of);
    }
    Ok(match entry.subject {
        Subject::Person(id) => Some(id),
        Subject::Listing(id) => store::desk::host_of_listing(tx, id).await?,
        Subject::Booking(id) => store::desk::people_of_booking(tx, id).await?.map(|(guest, _)| guest),
        Subject::Review(id) => store::reviews::find(tx, id).await?.map(|review| review.author_id),
        Subject::Case(id) => store::support_cases::find(tx, id).await?.map(|case| case.opened_by),
        Subject::Feature(_) => None,
    })
}

/// The entry with its reason encrypted. Those of the command line are the program's own texts, and stay.
pub(super) async fn seal(
    app: &App,
    tx: &mut Conn,
    mut entry: NewEntry,
    now: Timestamp,
) -> Result<(NewEntry, Option<SealedReason>)> {
    if entry.actor.is_none() || entry.reason.is_empty() {
        return Ok((entry, None));
    }
    let Some(person) = person_of(tx, &entry).await? else { return Ok((entry, None)) };
    // A person without a key was erased, or never had an account.
    let Some(key) = key_for(app, tx, person).await? else { return Ok((entry, None)) };
    let reason = std::mem::take(&mut entry.reason);
    let bytes = key.encrypt(&place(&entry.subject.text(), now), &reason, &*app.entropy)?;
    Ok((entry, Some(SealedReason { person, text: STANDARD.encode(bytes) })))
}

/// Decrypts the reasons of entries whose person still has a key.
pub(super) async fn open(app: &App, conn: &mut Conn, entries: &mut [LogEntry]) -> Result<()> {
    let sealed = entries.iter().filter_map(|entry| entry.content.sealed_reason.as_ref());
    let mut people: Vec<UserId> = sealed.map(|sealed| sealed.person).collect();
    people.sort_unstable();
    people.dedup();
    let keys = keys_of(app, conn, &people).await?;
    for entry in entries {
        let Some(sealed) = &entry.content.sealed_reason else { continue };
        let Some(key) = keys.get(&sealed.person) else {
            entry.is_reason_erased = true;
            continue;
        };
        let bytes = STANDARD.decode(&sealed.text).map_err(anyhow::Error::from)?;
        entry.content.reason = key.decrypt(&place(&entry.content.subject, entry.content.at), &bytes)?;
    }
    Ok(())
}
