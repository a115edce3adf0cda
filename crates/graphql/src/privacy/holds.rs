//! Legal holds, and the erasures that they delay, for admins.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};

use super::exports::DataExportPart;
use crate::{
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
use domain::{
    audit,
    idempotency::Idempotent,
    privacy::holds::{self, HeldPart, PARTS},
};
use types::scalars::Cursor;
use types::{
    ErasureState, IdempotencyKey, Timestamp, UserId,
    error::{self, Error, Validation},
};

/// A legal hold.
#[derive(Debug, Clone)]
pub struct LegalHold(holds::LegalHold);

impl From<holds::LegalHold> for LegalHold {
    fn from(row: holds::LegalHold) -> Self {
        Self(row)
    }
}

/// A reason in law to keep the data of a person: in force until it expires or is ended. It is deleted with the data.
#[Object]
impl LegalHold {
    /// Opaque id, `lh_…`, for `endLegalHold`.
    pub async fn id(&self) -> ID {
        self.0.id.to_string().into()
    }

    /// Whose data are kept.
    async fn person(&self, ctx: &Context<'_>) -> Option<Result<User>> {
        find_user(ctx, self.0.user_id).await.transpose()
    }

    /// Why.
    async fn reason(&self) -> &str {
        &self.0.reason
    }

    /// Who placed it.
    async fn placed_by(&self, ctx: &Context<'_>) -> Option<Result<User>> {
        find_user(ctx, self.0.placed_by).await.transpose()
    }

    /// When it was placed.
    async fn placed_at(&self) -> Timestamp {
        self.0.placed_at
    }

    /// When it expires.
    async fn expires_at(&self) -> Timestamp {
        self.0.expires_at
    }

    /// When it was ended before it expired; null when it was not.
    async fn ended_at(&self) -> Option<Timestamp> {
        self.0.ended_at
    }
}

connection! {
    /// A page of legal holds.
    LegalHoldConnection,
    /// One legal hold of a page.
    LegalHoldEdge,
    /// The legal hold.
    LegalHold
}

/// An account that is to be erased.
#[derive(Debug, Clone, Copy)]
pub struct PendingErasure(holds::Erasure);

impl From<holds::Erasure> for PendingErasure {
    fn from(row: holds::Erasure) -> Self {
        Self(row)
    }
}

/// An account that is to be erased.
#[Object]
impl PendingErasure {
    /// Whose account.
    async fn person(&self, ctx: &Context<'_>) -> Option<Result<User>> {
        find_user(ctx, self.0.user_id).await.transpose()
    }

    /// Why it is not erased yet.
    async fn state(&self) -> ErasureState {
        self.0.state
    }

    /// When its owner requested it.
    async fn requested_at(&self) -> Timestamp {
        self.0.requested_at
    }

    /// When it is erased, unless bookings have not ended or a legal hold is in force then.
    async fn due_at(&self) -> Timestamp {
        self.0.due_at
    }
}

connection! {
    /// A page of accounts that are to be erased.
    PendingErasureConnection,
    /// One account of a page.
    PendingErasureEdge,
    /// The account.
    PendingErasure
}

/// A page of all holds, for an admin.
pub(crate) async fn page(
    ctx: &Context<'_>,
    staff: &Staff,
    first: Option<i32>,
    after: Option<Cursor>,
) -> Result<Option<LegalHoldConnection>> {
    let Ok(admin) = staff.admin() else { return Ok(None) };
    let rows = holds::page(ctx.app(), &admin, &pages::newest(first, after.as_ref())?).await?;
    Ok(Some(Cursored::new(rows, |row| holds::place(row).to_cursor()).into()))
}

/// A page of all accounts that are to be erased, for an admin.
pub(crate) async fn erasures(
    ctx: &Context<'_>,
    staff: &Staff,
    first: Option<i32>,
    after: Option<Cursor>,
) -> Result<Option<PendingErasureConnection>> {
    let Ok(admin) = staff.admin() else { return Ok(None) };
    let rows = holds::erasures(ctx.app(), &admin, &pages::newest(first, after.as_ref())?).await?;
    Ok(Some(Cursored::new(rows, |row| holds::erasure_place(row).to_cursor()).into()))
}

/// Input of `placeLegalHold`.
#[derive(InputObject)]
pub struct PlaceLegalHoldInput {
    /// Whose data are kept.
    person_id: ID,
    /// Why, 1 to 500 characters of plain text.
    reason: String,
    /// When the hold expires.
    expires_at: Checked<Timestamp>,
    /// The idempotency key.
    idempotency_key: Checked<IdempotencyKey>,
}

impl PlaceLegalHoldInput {
    fn read(self) -> error::Result<(holds::NewHold, IdempotencyKey)> {
        let mut validation = Validation::default();
        let person = validation.check(ids::input(&self.person_id, "personId", "person"));
        let expires_at = validation.check(self.expires_at.at(&["expiresAt"]));
        let explained = validation.check(desk::explained(&self.reason, self.idempotency_key));
        let fields = person.zip(expires_at).zip(explained);
        validation.finish_with(
            fields.map(|((person, expires_at), (reason, key))| (holds::NewHold { person, reason, expires_at }, key)),
        )
    }
}

/// The hold is placed.
#[derive(SimpleObject)]
pub struct PlaceLegalHoldSuccess {
    /// The hold.
    hold: LegalHold,
    /// Whether this is the stored response to an earlier request with the same key.
    replayed: bool,
}

payload! {
    /// The result of `placeLegalHold`.
    PlaceLegalHoldPayload(PlaceLegalHoldSuccess) {
        InvalidInput => InvalidInputProblem,
        RoleRequired => RoleRequiredProblem,
        RecentSignInRequired => RecentSignInRequiredProblem,
        NotFound => NotFoundProblem,
        StateConflict => StateConflictProblem,
        IdempotencyConflict => IdempotencyConflictProblem,
    }
}

/// Input of `endLegalHold`.
#[derive(InputObject)]
pub struct EndLegalHoldInput {
    /// The hold.
    hold_id: ID,
    /// Why, 1 to 500 characters of plain text.
    reason: String,
    /// The idempotency key.
    idempotency_key: Checked<IdempotencyKey>,
}

/// The hold has ended.
#[derive(SimpleObject)]
pub struct EndLegalHoldSuccess {
    /// The hold as it is now.
    hold: LegalHold,
    /// Whether this is the stored response to an earlier request with the same key.
    replayed: bool,
}

payload! {
    /// The result of `endLegalHold`.
    EndLegalHoldPayload(EndLegalHoldSuccess) {
        InvalidInput => InvalidInputProblem,
        RoleRequired => RoleRequiredProblem,
        RecentSignInRequired => RecentSignInRequiredProblem,
        NotFound => NotFoundProblem,
        StateConflict => StateConflictProblem,
        IdempotencyConflict => IdempotencyConflictProblem,
    }
}

/// Input of `readHeldData`.
#[derive(InputObject)]
pub struct ReadHeldDataInput {
    /// The person, whose account is closed.
    person_id: ID,
    /// Why, 1 to 500 characters of plain text.
    reason: String,
    /// `lastPart` of the previous response; from the first part when omitted.
    after_part: Option<i32>,
}

/// Data that a legal hold keeps.
#[derive(SimpleObject)]
pub struct ReadHeldDataSuccess {
    /// At most 50 parts.
    parts: Vec<DataExportPart>,
    /// The number of the last of these parts; null when it is the last of all.
    last_part: Option<i32>,
}

payload! {
    /// The result of `readHeldData`.
    ReadHeldDataPayload(ReadHeldDataSuccess) {
        InvalidInput => InvalidInputProblem,
        RoleRequired => RoleRequiredProblem,
        RecentSignInRequired => RecentSignInRequiredProblem,
        NotFound => NotFoundProblem,
    }
}

/// Mutations of legal holds.
#[derive(Default)]
pub struct HoldMutation;

#[Object]
impl HoldMutation {
    /// Keeps the data of a person until a time. If they delete their account meanwhile, it is closed at once and erased when no hold is in force any more. For `ADMIN` only, with a recent proof of who the viewer is. It is recorded in the audit log.
    async fn place_legal_hold(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The person, the reason and the end.")] input: PlaceLegalHoldInput,
    ) -> Result<PlaceLegalHoldPayload> {
        let placed = Box::pin(put(ctx, input)).await;
        PlaceLegalHoldPayload::of(
            placed.map(|done| PlaceLegalHoldSuccess { hold: done.answer.into(), replayed: done.replayed }),
        )
    }

    /// Ends a legal hold. If it was the last one on a closed account, its data are erased now. For `ADMIN` only, with a recent proof of who the viewer is. It is recorded in the audit log.
    async fn end_legal_hold(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The hold.")] input: EndLegalHoldInput,
    ) -> Result<EndLegalHoldPayload> {
        let ended = Box::pin(end(ctx, input)).await;
        EndLegalHoldPayload::of(
            ended.map(|done| EndLegalHoldSuccess { hold: done.answer.into(), replayed: done.replayed }),
        )
    }

    /// Reads what a legal hold keeps of a closed account. For `ADMIN` only, with a recent proof of who the viewer is. Each page is recorded in the audit log.
    async fn read_held_data(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The person.")] input: ReadHeldDataInput,
    ) -> Result<ReadHeldDataPayload> {
        ReadHeldDataPayload::of(Box::pin(read(ctx, input)).await)
    }
}

async fn put(ctx: &Context<'_>, input: PlaceLegalHoldInput) -> error::Result<Idempotent<holds::LegalHold>> {
    let admin = desk::require_recent_admin(ctx).await?;
    let (new, key) = input.read()?;
    holds::put(ctx.app(), &admin, new, &key).await
}

async fn end(ctx: &Context<'_>, input: EndLegalHoldInput) -> error::Result<Idempotent<holds::LegalHold>> {
    let admin = desk::require_recent_admin(ctx).await?;
    let (id, reason, key) =
        desk::keyed(&input.hold_id, ("holdId", "legal hold"), &input.reason, input.idempotency_key)?;
    holds::end(ctx.app(), &admin, id, reason, &key).await
}

async fn read(ctx: &Context<'_>, input: ReadHeldDataInput) -> error::Result<ReadHeldDataSuccess> {
    let admin = desk::require_recent_admin(ctx).await?;
    let person: UserId = ids::input(&input.person_id, "personId", "person")?;
    let reason = audit::reason(&input.reason)?;
    let after = u32::try_from(input.after_part.unwrap_or(0));
    let after = after.map_err(|_| Error::invalid(&["afterPart"], "`afterPart` must not be negative."))?;
    let parts = holds::read(ctx.app(), &admin, person, &reason, after).await?;
    let is_full = i64::try_from(parts.len()).unwrap_or_default() >= PARTS;
    let last_part = parts.last().filter(|_| is_full).and_then(|part| i32::try_from(part.number).ok());
    let part = |HeldPart { kind, data, .. }: HeldPart| DataExportPart { kind, json: data.to_string() };
    Ok(ReadHeldDataSuccess { parts: parts.into_iter().map(part).collect(), last_part })
}
