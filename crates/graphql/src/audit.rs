//! The audit log, for admins.

use async_graphql::{Context, ID, InputObject, Object};

use super::{
    context::ContextExt,
    error::Result,
    ids,
    pages::{Cursored, connection},
    users::{User, find_user},
};
use auth::Staff;
use domain::audit::{self, LogEntry, Position};
use types::scalars::Cursor;
use types::{
    AuditAction, Page, Timestamp,
    error::{self, BadId},
};

/// An entry of the audit log.
#[derive(Debug, Clone)]
pub struct AuditEntry(LogEntry);

impl From<LogEntry> for AuditEntry {
    fn from(entry: LogEntry) -> Self {
        Self(entry)
    }
}

/// An entry of the audit log. It has ids, states and reasons, and no emails, names or secrets.
#[Object]
impl AuditEntry {
    /// The number of the entry, from 1 without gaps.
    async fn number(&self) -> i32 {
        types::int(self.0.content.sequence)
    }

    /// When it happened.
    async fn at(&self) -> Timestamp {
        self.0.content.at
    }

    /// Who did it; null when it was the operator of the program, on the command line, or the program itself, such as when an impersonation expires.
    async fn actor(&self, ctx: &Context<'_>) -> Option<Result<User>> {
        find_user(ctx, self.0.content.actor?).await.transpose()
    }

    /// The person for whom it was done; null when for nobody.
    async fn on_behalf_of(&self, ctx: &Context<'_>) -> Option<Result<User>> {
        find_user(ctx, self.0.content.on_behalf_of?).await.transpose()
    }

    /// What was done.
    async fn action(&self) -> AuditAction {
        self.0.content.action
    }

    /// The id of what it was done to: `usr_…`, `lst_…`, `bk_…`, `rev_…`, `cs_…`.
    async fn subject(&self) -> &str {
        &self.0.content.subject
    }

    /// Why, as the actor said; empty when no reason is asked for, and when it was erased.
    async fn reason(&self) -> &str {
        &self.0.content.reason
    }

    /// Whether the reason was erased, with the data of the person whom it concerned.
    async fn reason_erased(&self) -> bool {
        self.0.is_reason_erased
    }

    /// What was there before, as JSON; null when nothing was.
    async fn before(&self) -> Option<String> {
        self.0.before()
    }

    /// What is there since, as JSON; null when nothing is.
    async fn after(&self) -> Option<String> {
        self.0.after()
    }

    /// The id of the request that did it, as in the log of the server; or the name of the command.
    async fn request(&self) -> &str {
        &self.0.content.request
    }

    /// SHA-256 of the entry, which includes that of the previous one, in hexadecimal.
    async fn hash(&self) -> &str {
        &self.0.hash
    }
}

connection! {
    /// A page of the audit log.
    AuditEntryConnection,
    /// One entry of a page.
    AuditEntryEdge,
    /// The entry.
    AuditEntry
}

/// Which entries to find. All given conditions must match.
#[derive(InputObject)]
pub struct AuditFilter {
    /// Only what this person did.
    actor_id: Option<ID>,
    /// Only this action.
    action: Option<AuditAction>,
    /// Only what was done to this person, listing, booking, review or case.
    subject_id: Option<ID>,
    /// Only what this request did: `request` of an entry, and of the log of the server.
    request_id: Option<ID>,
    /// Only what happened at this time or later.
    from: Option<Timestamp>,
    /// Only what happened before this time.
    to: Option<Timestamp>,
}

impl AuditFilter {
    fn read(self) -> error::Result<audit::Filter> {
        let bad_id = |id: &ID| BadId { id: id.chars().take(64).collect() };
        let object = |id: &ID| audit::object(id).ok_or_else(|| bad_id(id));
        Ok(audit::Filter {
            actor: self.actor_id.as_ref().map(ids::argument).transpose()?,
            action: self.action,
            subject: self.subject_id.as_ref().map(object).transpose()?,
            request: self.request_id.map(|id| id.0),
            from: self.from,
            to: self.to,
        })
    }
}

/// A page of the log, for an admin.
pub(super) async fn page(
    ctx: &Context<'_>,
    staff: &Staff,
    filter: Option<AuditFilter>,
    first: Option<i32>,
    after: Option<Cursor>,
) -> Result<Option<AuditEntryConnection>> {
    let Ok(admin) = staff.admin() else { return Ok(None) };
    let filter = filter.map(AuditFilter::read).transpose()?.unwrap_or_default();
    let after = after.map(|cursor| Position::from_cursor(&cursor.0)).transpose().map_err(error::Error::from)?;
    let page = Page::new(first, after).map_err(error::Error::from)?;
    let rows = audit::page(ctx.app(), &admin, &filter, &page).await?;
    Ok(Some(Cursored::new(rows, |entry| Position(entry.content.sequence).to_cursor()).into()))
}
