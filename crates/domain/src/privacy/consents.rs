//! Decisions about the terms, the privacy policy and marketing. The current versions are settings; without a version nothing is required.

use std::{collections::HashMap, sync::Arc};

use crate::{accounts::verification::locked_open, app::App, limits};
use auth::{AccountOwner, Member};
use mysql_engine::Conn;
pub use store::consents::Consent;
use types::{
    ConsentDocument, ConsentId, Newest, Page, PageOf, Timestamp, UserId,
    error::{Error, Result, TermsNotAccepted},
};

/// The current versions of the documents that people agree to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LegalVersions {
    /// Of the terms; None: nobody has to accept any.
    pub terms: Option<String>,
    /// Of the privacy policy; None: nobody has to accept one.
    pub privacy: Option<String>,
    /// Of the text with which people agree to offers.
    pub marketing: Option<String>,
}

impl LegalVersions {
    /// The current version of a document.
    pub fn of(&self, document: ConsentDocument) -> Option<&str> {
        match document {
            ConsentDocument::Terms => self.terms.as_deref(),
            ConsentDocument::Privacy => self.privacy.as_deref(),
            ConsentDocument::Marketing => self.marketing.as_deref(),
        }
    }

    /// All documents that have a version, in order.
    pub fn current(&self) -> impl Iterator<Item = (ConsentDocument, &str)> {
        ConsentDocument::ALL.iter().filter_map(|document| Some((*document, self.of(*document)?)))
    }

    /// The documents that must be accepted.
    fn required(&self) -> impl Iterator<Item = (ConsentDocument, &str)> {
        self.current().filter(|(document, _)| is_required(*document))
    }
}

/// Whether a document must be accepted once it has a version.
pub fn is_required(document: ConsentDocument) -> bool {
    document != ConsentDocument::Marketing
}

/// A version of a document that somebody agrees to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Acceptance {
    /// The document.
    pub document: ConsentDocument,
    /// The version that they were shown.
    pub version: String,
}

/// Checks that people agree to what is current, not to what they were shown some time ago. `field` is the field of the input.
///
/// # Errors
/// [`types::error::Refusal::InvalidInput`].
pub fn check(app: &App, field: &str, accepted: &[Acceptance]) -> Result<()> {
    for Acceptance { document, version } in accepted {
        if app.legal.of(*document) != Some(version.as_str()) {
            return Err(Error::invalid(&[field], format!("This is not the current version of {document}.")));
        }
    }
    Ok(())
}

/// Writes that `user` agrees to `accepted`, which was checked.
pub(crate) async fn record(
    app: &App,
    tx: &mut Conn,
    user: UserId,
    accepted: &[Acceptance],
    now: Timestamp,
) -> Result<Vec<Consent>> {
    let consents: Vec<_> = accepted
        .iter()
        .map(|accepted| row(app, user, (accepted.document, Some(accepted.version.clone()), true), now))
        .collect();
    store::consents::insert(tx, &consents).await?;
    Ok(consents)
}

fn row(
    app: &App,
    user: UserId,
    (document, version, given): (ConsentDocument, Option<String>, bool),
    now: Timestamp,
) -> Consent {
    Consent { id: ConsentId::new(now, &*app.entropy), user_id: user, document, version, given, recorded_at: now }
}

/// The member agrees to the current versions of documents. What they have agreed to already is not written again.
///
/// # Errors
/// Problems of the contract's `acceptTerms`.
pub async fn accept(app: &App, member: &AccountOwner, accepted: &[Acceptance]) -> Result<()> {
    let (user, now) = (member.id(), app.now());
    if accepted.is_empty() {
        return Err(Error::invalid(&["documents"], "`documents` must have at least one document."));
    }
    check(app, "documents", accepted)?;
    limits::attempt(app, &app.limits.consents, &[user.as_bytes()]).await?;
    app.database
        .transaction(async |tx| {
            locked_open(tx, user).await?;
            let mut new = Vec::new();
            for accepted in accepted {
                let last = store::consents::last(tx, user, accepted.document).await?;
                let is_known =
                    last.is_some_and(|last| last.given && last.version.as_deref() == Some(&accepted.version));
                if !is_known && !new.contains(accepted) {
                    new.push(accepted.clone());
                }
            }
            record(app, tx, user, &new, now).await?;
            Ok::<_, Error>(())
        })
        .await
}

/// The member agrees to something that is not required, or withdraws. The last decision stays if it is the same.
///
/// # Errors
/// Problems of the contract's `setConsent`.
pub async fn set(app: &App, member: &AccountOwner, document: ConsentDocument, given: bool) -> Result<Consent> {
    let (user, now) = (member.id(), app.now());
    if is_required(document) {
        return Err(Error::invalid(&["document"], format!("{document} is accepted with `acceptTerms`.")));
    }
    limits::attempt(app, &app.limits.consents, &[user.as_bytes()]).await?;
    let consent = row(app, user, (document, app.legal.of(document).map(str::to_owned), given), now);
    app.database
        .transaction(async |tx| {
            locked_open(tx, user).await?;
            let last = store::consents::last(tx, user, document).await?;
            match last.filter(|last| last.given == given && last.version == consent.version) {
                Some(last) => Ok(last),
                None => {
                    store::consents::insert(tx, std::slice::from_ref(&consent)).await?;
                    Ok::<_, Error>(consent.clone())
                }
            }
        })
        .await
}

/// The required documents whose current version `user` has not accepted.
async fn missing(app: &App, conn: &mut Conn, user: UserId) -> Result<Vec<ConsentDocument>> {
    let mut required = app.legal.required().peekable();
    if required.peek().is_none() {
        return Ok(Vec::new());
    }
    let accepted = store::consents::accepted(conn, user).await?;
    let is_missing = |document: ConsentDocument, version: &str| {
        !accepted.iter().any(|(of, known)| *of == document && known.as_deref() == Some(version))
    };
    Ok(required.filter(|(document, version)| is_missing(*document, version)).map(|(document, _)| document).collect())
}

/// Refuses what only those may do who have accepted the current terms. Reads nothing when none are configured.
///
/// # Errors
/// [`types::error::Refusal::TermsNotAccepted`].
pub(crate) async fn require(app: &App, conn: &mut Conn, user: UserId) -> Result<()> {
    let documents = missing(app, conn, user).await?;
    if documents.is_empty() { Ok(()) } else { Err(TermsNotAccepted { documents }.into()) }
}

/// As `missing`, for a loader.
///
/// # Errors
/// When the database fails.
pub async fn to_accept(app: &App, viewer: &Member, keys: &[()]) -> Result<HashMap<(), Vec<ConsentDocument>>> {
    let documents = missing(app, &mut app.conn().await?, viewer.id()).await?;
    Ok(keys.iter().map(|key| (*key, documents.clone())).collect())
}

/// Pages of `viewer`'s decisions, newest first.
///
/// # Errors
/// When the database fails.
pub async fn pages(
    app: &App,
    viewer: &Member,
    pages: &[Page<Newest<ConsentId>>],
) -> Result<HashMap<Page<Newest<ConsentId>>, PageOf<Arc<Consent>>>> {
    let rows = store::consents::of_user(&mut app.conn().await?, viewer.id(), pages).await?;
    let rows: Vec<_> = rows.into_iter().map(Arc::new).collect();
    Ok(pages.iter().map(|page| (page.clone(), page.cut_out(&rows, |row| place(row)))).collect())
}

/// The position of a decision in a list, newest first.
pub fn place(consent: &Consent) -> Newest<ConsentId> {
    Newest { at: consent.recorded_at, id: consent.id }
}
