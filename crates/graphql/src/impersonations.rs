//! Impersonations: staff act as a person, who sees it.

use std::sync::Arc;

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};

use super::{
    checked::Checked,
    context::ContextExt,
    desk,
    error::Result,
    loaders::{PrivateLoaders, keys::keys},
    pages::{self, Cursored, connection},
    payload::payload,
};
use domain::{accounts, impersonations};
use types::scalars::Cursor;
use types::{IdempotencyKey, ImpersonationId, Newest, Page, PageOf, StaffRole, Timestamp, error};

keys! {
    /// A page of the impersonations of the viewer, newest first.
    private OwnImpersonations(Page<Newest<ImpersonationId>>) => Arc<PageOf<Arc<impersonations::Impersonation>>>, of_parent impersonations::pages;
    /// The impersonation with which the viewer acts.
    private CurrentImpersonation(()) => Arc<impersonations::Impersonation>, of_parent impersonations::current;
}

/// When staff acted as the viewer.
#[derive(Debug, Clone)]
pub struct Impersonation(Arc<impersonations::Impersonation>);

impl From<Arc<impersonations::Impersonation>> for Impersonation {
    fn from(row: Arc<impersonations::Impersonation>) -> Self {
        Self(row)
    }
}

/// A time in which a member of staff acted as a person: saw what they see, and could do what they do for their stays and listings. It is in force until it expires or ends.
#[Object]
impl Impersonation {
    /// Opaque id, `imp_…`, for `endImpersonation`.
    async fn id(&self) -> ID {
        self.0.id.to_string().into()
    }

    /// The role of the member of staff, `SUPPORT` or `ADMIN`. The audit log has their name.
    async fn role(&self) -> StaffRole {
        self.0.role
    }

    /// Why, in the words of staff.
    async fn reason(&self) -> &str {
        &self.0.reason
    }

    /// When it began.
    async fn started_at(&self) -> Timestamp {
        self.0.started_at
    }

    /// When it expires, or has expired.
    async fn expires_at(&self) -> Timestamp {
        self.0.expires_at
    }

    /// When it ended before it expired; null when it did not.
    async fn ended_at(&self) -> Option<Timestamp> {
        self.0.ended_at
    }
}

connection! {
    /// A page of impersonations.
    ImpersonationConnection,
    /// One impersonation of a page.
    ImpersonationEdge,
    /// The impersonation.
    Impersonation
}

/// The impersonations in `Me`.
pub struct MyImpersonations(pub Arc<PrivateLoaders>);

#[Object]
impl MyImpersonations {
    /// When staff acted as the viewer, newest first. Each is also mailed to the viewer when it begins.
    async fn impersonations(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Maximum number of items, 1 to 100.", default_with = "Some(20)")] first: Option<i32>,
        #[graphql(desc = "Start after this cursor.")] after: Option<Cursor>,
    ) -> Option<Result<ImpersonationConnection>> {
        Some(page(ctx, &self.0, first, after).await)
    }

    /// The impersonation in which staff send this request as the viewer, so that an app can say so; null for the viewer themselves.
    async fn current_impersonation(&self, ctx: &Context<'_>) -> Option<Result<Impersonation>> {
        // The person need not read anything.
        self.0.member()?.impersonation()?;
        let row = self.0.load(ctx.app(), CurrentImpersonation(())).await;
        row.map(|row| row.map(Into::into)).map_err(Into::into).transpose()
    }
}

async fn page(
    ctx: &Context<'_>,
    own: &PrivateLoaders,
    first: Option<i32>,
    after: Option<Cursor>,
) -> Result<ImpersonationConnection> {
    let rows = own.load(ctx.app(), OwnImpersonations(pages::newest(first, after.as_ref())?)).await?;
    let rows = rows.map_or_else(PageOf::default, Arc::unwrap_or_clone);
    Ok(Cursored::new(rows, |row| impersonations::place(row).to_cursor()).into())
}

/// Input of `startImpersonation`.
#[derive(InputObject)]
pub struct StartImpersonationInput {
    /// As whom to act: a person who is neither staff nor suspended, and not the viewer.
    person_id: ID,
    /// Why, 1 to 500 characters of plain text. The person sees it, and it stays in the audit log.
    reason: String,
    /// The idempotency key.
    idempotency_key: Checked<IdempotencyKey>,
}

/// The member of staff can act as the person.
#[derive(SimpleObject)]
pub struct StartImpersonationSuccess {
    /// The access token with which to send requests as the person. It cannot be refreshed. Keep it in memory, and send the tokens of the viewer with everything else.
    access_token: String,
    /// When the access token expires: after 15 minutes, or earlier with the session or the role of the viewer.
    access_token_expires_at: Timestamp,
    /// The impersonation.
    impersonation: Impersonation,
    /// Whether this is the stored response to an earlier request with the same key.
    replayed: bool,
}

payload! {
    /// The result of `startImpersonation`.
    StartImpersonationPayload(StartImpersonationSuccess) {
        InvalidInput => InvalidInputProblem,
        RoleRequired => RoleRequiredProblem,
        RecentSignInRequired => RecentSignInRequiredProblem,
        NotFound => NotFoundProblem,
        StateConflict => StateConflictProblem,
        TooManyAttempts => TooManyAttemptsProblem,
        IdempotencyConflict => IdempotencyConflictProblem,
    }
}

/// Input of `endImpersonation`.
#[derive(InputObject)]
pub struct EndImpersonationInput {
    /// The impersonation.
    impersonation_id: ID,
    /// Why, 1 to 500 characters of plain text, without personal data: it stays in the audit log.
    reason: String,
    /// The idempotency key.
    idempotency_key: Checked<IdempotencyKey>,
}

/// Nobody acts as the person with this impersonation any more.
#[derive(SimpleObject)]
pub struct EndImpersonationSuccess {
    /// The impersonation as it is now.
    impersonation: Impersonation,
    /// Whether this is the stored response to an earlier request with the same key.
    replayed: bool,
}

payload! {
    /// The result of `endImpersonation`.
    EndImpersonationPayload(EndImpersonationSuccess) {
        InvalidInput => InvalidInputProblem,
        RoleRequired => RoleRequiredProblem,
        NotFound => NotFoundProblem,
        StateConflict => StateConflictProblem,
        IdempotencyConflict => IdempotencyConflictProblem,
    }
}

/// Mutations of impersonations.
#[derive(Default)]
pub struct ImpersonationMutation;

#[Object]
impl ImpersonationMutation {
    /// Starts to act as a person: for at most 15 minutes, the viewer sees what the person sees and can do what they do for their stays and listings. It ends with the session and the role of the viewer. The person sees it and gets a mail; each change is recorded in the audit log. For `SUPPORT`, with a recent proof of who the viewer is.
    async fn start_impersonation(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The person.")] input: StartImpersonationInput,
    ) -> Result<StartImpersonationPayload> {
        StartImpersonationPayload::of(Box::pin(start(ctx, input)).await)
    }

    /// Ends an impersonation of the viewer; an `ADMIN` ends any. Within 5 seconds no server accepts its token, and its websockets and event streams are closed. For `SUPPORT`. It is recorded in the audit log.
    async fn end_impersonation(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The impersonation.")] input: EndImpersonationInput,
    ) -> Result<EndImpersonationPayload> {
        EndImpersonationPayload::of(Box::pin(end(ctx, input)).await)
    }
}

async fn start(ctx: &Context<'_>, input: StartImpersonationInput) -> error::Result<StartImpersonationSuccess> {
    let support = desk::require_staff(ctx, StaffRole::Support).await?.support()?;
    let support = accounts::recent_staff(ctx.app(), support).await?;
    let named = ("personId", "person");
    let (person, reason, key) = desk::keyed(&input.person_id, named, &input.reason, input.idempotency_key)?;
    let new = impersonations::NewImpersonation { person, reason };
    let done = impersonations::start(ctx.app(), &support, &new, &key).await?;
    let impersonations::Started { impersonation, access } = done.answer;
    Ok(StartImpersonationSuccess {
        access_token: access.text,
        access_token_expires_at: access.expires_at,
        impersonation: Impersonation(impersonation),
        replayed: done.replayed,
    })
}

async fn end(ctx: &Context<'_>, input: EndImpersonationInput) -> error::Result<EndImpersonationSuccess> {
    let support = desk::require_staff(ctx, StaffRole::Support).await?.support()?;
    let named = ("impersonationId", "impersonation");
    let (id, reason, key) = desk::keyed(&input.impersonation_id, named, &input.reason, input.idempotency_key)?;
    let done = impersonations::end(ctx.app(), &support, (id, reason), &key).await?;
    Ok(EndImpersonationSuccess { impersonation: Impersonation(Arc::new(done.answer)), replayed: done.replayed })
}
