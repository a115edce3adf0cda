//! Roles of staff: granted and ended by admins.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};

use super::{
    checked::Checked,
    context::ContextExt,
    desk,
    error::Result,
    ids,
    pages::{self, Cursored, connection},
    payload::payload,
    users::{User, find_user},
};
use auth::Staff;
use domain::{audit, idempotency::Idempotent, role_grants};
use types::scalars::Cursor;
use types::{
    IdempotencyKey, StaffRole, Timestamp,
    error::{self, Validation},
};

/// A grant of a role.
#[derive(Debug, Clone)]
pub struct RoleGrant(role_grants::RoleGrant);

impl From<role_grants::RoleGrant> for RoleGrant {
    fn from(row: role_grants::RoleGrant) -> Self {
        Self(row)
    }
}

/// A grant of a role: in force until it expires or is ended. It stays as a record.
#[Object]
impl RoleGrant {
    /// Opaque id, `grt_…`, for `endRole`.
    pub async fn id(&self) -> ID {
        self.0.id.to_string().into()
    }

    /// Who has the role.
    async fn person(&self, ctx: &Context<'_>) -> Option<Result<User>> {
        find_user(ctx, self.0.user_id).await.transpose()
    }

    /// The role.
    async fn role(&self) -> StaffRole {
        self.0.role
    }

    /// Why it was granted.
    async fn reason(&self) -> &str {
        &self.0.reason
    }

    /// Who granted it; null when it was the operator of the program, with `staygate admin create`.
    async fn granted_by(&self, ctx: &Context<'_>) -> Option<Result<User>> {
        find_user(ctx, self.0.granted_by?).await.transpose()
    }

    /// When it was granted.
    async fn granted_at(&self) -> Timestamp {
        self.0.granted_at
    }

    /// When it expires; null when it does not.
    async fn expires_at(&self) -> Option<Timestamp> {
        self.0.expires_at
    }

    /// When it was ended before it expired; null when it was not.
    async fn ended_at(&self) -> Option<Timestamp> {
        self.0.ended_at
    }

    /// Who ended it; null when nobody did.
    async fn ended_by(&self, ctx: &Context<'_>) -> Option<Result<User>> {
        find_user(ctx, self.0.ended_by?).await.transpose()
    }
}

connection! {
    /// A page of grants of roles.
    RoleGrantConnection,
    /// One grant of a page.
    RoleGrantEdge,
    /// The grant.
    RoleGrant
}

/// A page of all grants, for an admin.
pub(super) async fn page(
    ctx: &Context<'_>,
    staff: &Staff,
    first: Option<i32>,
    after: Option<Cursor>,
) -> Result<Option<RoleGrantConnection>> {
    let Ok(admin) = staff.admin() else { return Ok(None) };
    let rows = role_grants::page(ctx.app(), &admin, &pages::newest(first, after.as_ref())?).await?;
    Ok(Some(Cursored::new(rows, |row| role_grants::place(row).to_cursor()).into()))
}

/// Input of `grantRole`.
#[derive(InputObject)]
pub struct GrantRoleInput {
    /// Who gets the role: a person with a verified email, not the viewer.
    person_id: ID,
    /// The role.
    role: StaffRole,
    /// Why, 1 to 500 characters of plain text, without personal data: it stays in the audit log.
    reason: String,
    /// When the grant expires; never when omitted.
    expires_at: Option<Checked<Timestamp>>,
    /// The idempotency key.
    idempotency_key: Checked<IdempotencyKey>,
}

impl GrantRoleInput {
    fn read(self) -> error::Result<(role_grants::NewGrant, IdempotencyKey)> {
        let mut validation = Validation::default();
        let person = validation.check(ids::input(&self.person_id, "personId", "person"));
        let reason = validation.check(audit::reason(&self.reason));
        let expires_at = validation.check(self.expires_at.map(|at| at.at(&["expiresAt"])).transpose());
        let key = validation.check(self.idempotency_key.at(&["idempotencyKey"]));
        let fields = person.zip(reason).zip(expires_at).zip(key);
        validation.finish_with(fields.map(|(((person, reason), expires_at), key)| {
            (role_grants::NewGrant { person, role: self.role, reason, expires_at }, key)
        }))
    }
}

/// The role was granted.
#[derive(SimpleObject)]
pub struct GrantRoleSuccess {
    /// The grant.
    grant: RoleGrant,
    /// Whether this is the stored response to an earlier request with the same key.
    replayed: bool,
}

payload! {
    /// The result of `grantRole`.
    GrantRolePayload(GrantRoleSuccess) {
        InvalidInput => InvalidInputProblem,
        RoleRequired => RoleRequiredProblem,
        RecentSignInRequired => RecentSignInRequiredProblem,
        NotFound => NotFoundProblem,
        StateConflict => StateConflictProblem,
        IdempotencyConflict => IdempotencyConflictProblem,
    }
}

/// Input of `endRole`.
#[derive(InputObject)]
pub struct EndRoleInput {
    /// The grant.
    grant_id: ID,
    /// Why, 1 to 500 characters of plain text, without personal data: it stays in the audit log.
    reason: String,
    /// The idempotency key.
    idempotency_key: Checked<IdempotencyKey>,
}

/// The grant has ended.
#[derive(SimpleObject)]
pub struct EndRoleSuccess {
    /// The grant as it is now.
    grant: RoleGrant,
    /// Whether this is the stored response to an earlier request with the same key.
    replayed: bool,
}

payload! {
    /// The result of `endRole`.
    EndRolePayload(EndRoleSuccess) {
        InvalidInput => InvalidInputProblem,
        RoleRequired => RoleRequiredProblem,
        RecentSignInRequired => RecentSignInRequiredProblem,
        NotFound => NotFoundProblem,
        StateConflict => StateConflictProblem,
        IdempotencyConflict => IdempotencyConflictProblem,
    }
}

/// Mutations of roles.
#[derive(Default)]
pub struct RoleMutation;

#[Object]
impl RoleMutation {
    /// Grants a role to a person. It takes effect at their next request. For `ADMIN` only, with a recent proof of who the viewer is. It is recorded in the audit log.
    async fn grant_role(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The person and the role.")] input: GrantRoleInput,
    ) -> Result<GrantRolePayload> {
        let granted = Box::pin(grant(ctx, input)).await;
        GrantRolePayload::of(
            granted.map(|done| GrantRoleSuccess { grant: done.answer.into(), replayed: done.replayed }),
        )
    }

    /// Ends a grant of a role. It takes effect at the person's next request. At least one admin always remains. For `ADMIN` only, with a recent proof of who the viewer is. It is recorded in the audit log.
    async fn end_role(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The grant.")] input: EndRoleInput,
    ) -> Result<EndRolePayload> {
        let ended = Box::pin(end(ctx, input)).await;
        EndRolePayload::of(ended.map(|done| EndRoleSuccess { grant: done.answer.into(), replayed: done.replayed }))
    }
}

async fn grant(ctx: &Context<'_>, input: GrantRoleInput) -> error::Result<Idempotent<role_grants::RoleGrant>> {
    let admin = desk::require_recent_admin(ctx).await?;
    let (new, key) = input.read()?;
    role_grants::grant(ctx.app(), &admin, new, &key).await
}

async fn end(ctx: &Context<'_>, input: EndRoleInput) -> error::Result<Idempotent<role_grants::RoleGrant>> {
    let admin = desk::require_recent_admin(ctx).await?;
    let (id, reason, key) = desk::keyed(&input.grant_id, ("grantId", "grant"), &input.reason, input.idempotency_key)?;
    role_grants::end(ctx.app(), &admin, id, reason, &key).await
}
