//! Verifies the chain of the audit log.

use super::{Content, hash, hex};
use mysql_engine::Conn;
use store::audit::{Entry, Head};
use types::error::Result;

/// How many entries one statement reads.
pub(super) const BATCH: i64 = 500;

/// A chain without a break.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// The number of entries.
    pub entries: u64,
    /// The hash of the last one, in hexadecimal; None without entries. Kept elsewhere, it proves later that nothing was removed or replaced.
    pub last: Option<String>,
}

/// The first place where the chain is broken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("entry {sequence} {fault}")]
pub struct Break {
    /// The number of the first broken entry.
    pub sequence: u64,
    /// What is wrong with it.
    pub fault: &'static str,
}

/// Checks every entry, in order, and the head. `known` is an earlier end of the chain, which must still be in it.
///
/// # Errors
/// When the database fails.
pub async fn verify(conn: &mut Conn, known: Option<(u64, String)>) -> Result<Result<Verified, Break>> {
    let mut last: Head = None;
    loop {
        let after = last.as_ref().map_or(0, |(sequence, _)| *sequence);
        let entries = store::audit::chain(conn, after, BATCH).await?;
        if entries.is_empty() {
            break;
        }
        for entry in entries {
            if let Err(broken) = check(&entry, &last, known.as_ref()) {
                return Ok(Err(broken));
            }
            last = Some((entry.sequence, entry.hash));
        }
    }
    let (head, entries) = (store::audit::head(conn).await?, last.as_ref().map_or(0, |(sequence, _)| *sequence));
    let most = head.as_ref().map_or(0, |(sequence, _)| *sequence).max(known.map_or(0, |(sequence, _)| sequence));
    if most > entries {
        return Ok(Err(Break { sequence: entries + 1, fault: "is missing" }));
    }
    if head != last {
        return Ok(Err(Break { sequence: entries, fault: "is not the one that the head names" }));
    }
    Ok(Ok(Verified { entries, last: last.map(|(_, hash)| hex(&hash)) }))
}

/// Whether `entry` follows `last` and says what was hashed.
fn check(entry: &Entry, last: &Head, known: Option<&(u64, String)>) -> Result<(), Break> {
    let expected = last.as_ref().map_or(1, |(sequence, _)| sequence + 1);
    let broken = |fault| Err(Break { sequence: expected, fault });
    if entry.sequence != expected {
        return broken("is missing");
    }
    if entry.hash != hash(&entry.content) {
        return broken("was changed: its content does not have its hash");
    }
    let Ok(content) = serde_json::from_str::<Content>(&entry.content) else {
        return broken("cannot be read");
    };
    let previous = last.as_ref().map_or_else(|| hex(&[0; 32]), |(_, hash)| hex(hash));
    if content.sequence != expected || content.previous != previous {
        return broken("does not follow the previous one");
    }
    let columns = (entry.previous_sequence, entry.previous_hash.clone());
    let is_indexed = columns == last.clone().unzip()
        && entry.happened_at == content.at
        && entry.actor_id == content.actor
        && entry.action == content.action.as_str()
        && super::object(&content.subject) == Some(entry.subject_id);
    if !is_indexed {
        return broken("was changed: its columns differ from its content");
    }
    match known {
        Some((sequence, hash)) if *sequence == expected && *hash != hex(&entry.hash) => {
            broken("is not the one that is known")
        }
        _ => Ok(()),
    }
}
