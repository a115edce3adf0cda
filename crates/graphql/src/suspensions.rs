//! Suspensions of people and listings by staff.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};

use super::{
    checked::Checked,
    context::ContextExt,
    desk::{self, DeskBooking, DeskListing},
    error::Result,
    payload::payload,
};
use auth::Staff;
use domain::{
    idempotency::Idempotent,
    suspensions::{self, Effect, Effects, Order, Target},
};
use types::{DeskEffectKind, IdempotencyKey, StaffRole, error};

/// One kind of effect.
#[derive(Debug, Clone)]
pub struct DeskEffect {
    effect: Effect,
    staff: Staff,
}

impl DeskEffect {
    /// The effect, as `staff` see it.
    pub(super) fn new(effect: Effect, staff: Staff) -> Self {
        Self { effect, staff }
    }
}

/// One kind of effect of a suspension, a restoration or another decision of staff.
#[Object]
impl DeskEffect {
    /// What happens.
    async fn kind(&self) -> DeskEffectKind {
        self.effect.kind
    }

    /// To how many: people, sessions, listings, bookings or reviews.
    async fn count(&self) -> i32 {
        types::int(self.effect.count)
    }

    /// The first 100 of the listings, in order of their ids.
    async fn listings(&self, ctx: &Context<'_>) -> Option<Result<Vec<DeskListing>>> {
        Some(desk::listings_of(ctx, self.staff, &self.effect.listings).await)
    }

    /// The first 100 of the bookings: those as a guest, then those as a host, each in order of their check-in.
    async fn bookings(&self, ctx: &Context<'_>) -> Option<Result<Vec<DeskBooking>>> {
        Some(desk::bookings_of(ctx, self.staff, &self.effect.bookings).await)
    }
}

/// The outcome of a suspension or restoration.
struct Done {
    effects: Vec<DeskEffect>,
    dry_run: bool,
    replayed: bool,
}

/// Input of `suspendPerson`.
#[derive(InputObject)]
pub struct SuspendPersonInput {
    /// The person.
    person_id: ID,
    /// Why, 1 to 500 characters of plain text, without personal data: it stays in the audit log.
    reason: String,
    /// Whether to return the effects without changing anything.
    #[graphql(default_with = "Some(false)")]
    dry_run: Option<bool>,
    /// The idempotency key.
    idempotency_key: Checked<IdempotencyKey>,
}

/// The person is suspended, or would be.
#[derive(SimpleObject)]
pub struct SuspendPersonSuccess {
    /// What happened, or would happen: the same list for a dry run and a real run.
    effects: Vec<DeskEffect>,
    /// Whether nothing was changed.
    dry_run: bool,
    /// Whether this is the stored response to an earlier request with the same key.
    replayed: bool,
}

impl From<Done> for SuspendPersonSuccess {
    fn from(Done { effects, dry_run, replayed }: Done) -> Self {
        Self { effects, dry_run, replayed }
    }
}

payload! {
    /// The result of `suspendPerson`.
    SuspendPersonPayload(SuspendPersonSuccess) {
        InvalidInput => InvalidInputProblem,
        RoleRequired => RoleRequiredProblem,
        NotFound => NotFoundProblem,
        StateConflict => StateConflictProblem,
        IdempotencyConflict => IdempotencyConflictProblem,
    }
}

/// Input of `restorePerson`.
#[derive(InputObject)]
pub struct RestorePersonInput {
    /// The person.
    person_id: ID,
    /// Why, 1 to 500 characters of plain text, without personal data: it stays in the audit log.
    reason: String,
    /// Whether to return the effects without changing anything.
    #[graphql(default_with = "Some(false)")]
    dry_run: Option<bool>,
    /// The idempotency key.
    idempotency_key: Checked<IdempotencyKey>,
}

/// The person is restored, or would be.
#[derive(SimpleObject)]
pub struct RestorePersonSuccess {
    /// What happened, or would happen: the same list for a dry run and a real run.
    effects: Vec<DeskEffect>,
    /// Whether nothing was changed.
    dry_run: bool,
    /// Whether this is the stored response to an earlier request with the same key.
    replayed: bool,
}

impl From<Done> for RestorePersonSuccess {
    fn from(Done { effects, dry_run, replayed }: Done) -> Self {
        Self { effects, dry_run, replayed }
    }
}

payload! {
    /// The result of `restorePerson`.
    RestorePersonPayload(RestorePersonSuccess) {
        InvalidInput => InvalidInputProblem,
        RoleRequired => RoleRequiredProblem,
        NotFound => NotFoundProblem,
        StateConflict => StateConflictProblem,
        IdempotencyConflict => IdempotencyConflictProblem,
    }
}

/// Input of `suspendListing`.
#[derive(InputObject)]
pub struct SuspendListingInput {
    /// The listing.
    listing_id: ID,
    /// Why, 1 to 500 characters of plain text, without personal data: it stays in the audit log.
    reason: String,
    /// Whether to return the effects without changing anything.
    #[graphql(default_with = "Some(false)")]
    dry_run: Option<bool>,
    /// The idempotency key.
    idempotency_key: Checked<IdempotencyKey>,
}

/// The listing is suspended, or would be.
#[derive(SimpleObject)]
pub struct SuspendListingSuccess {
    /// What happened, or would happen: the same list for a dry run and a real run.
    effects: Vec<DeskEffect>,
    /// Whether nothing was changed.
    dry_run: bool,
    /// Whether this is the stored response to an earlier request with the same key.
    replayed: bool,
}

impl From<Done> for SuspendListingSuccess {
    fn from(Done { effects, dry_run, replayed }: Done) -> Self {
        Self { effects, dry_run, replayed }
    }
}

payload! {
    /// The result of `suspendListing`.
    SuspendListingPayload(SuspendListingSuccess) {
        InvalidInput => InvalidInputProblem,
        RoleRequired => RoleRequiredProblem,
        NotFound => NotFoundProblem,
        StateConflict => StateConflictProblem,
        IdempotencyConflict => IdempotencyConflictProblem,
    }
}

/// Input of `restoreListing`.
#[derive(InputObject)]
pub struct RestoreListingInput {
    /// The listing.
    listing_id: ID,
    /// Why, 1 to 500 characters of plain text, without personal data: it stays in the audit log.
    reason: String,
    /// Whether to return the effects without changing anything.
    #[graphql(default_with = "Some(false)")]
    dry_run: Option<bool>,
    /// The idempotency key.
    idempotency_key: Checked<IdempotencyKey>,
}

/// The listing is restored, or would be.
#[derive(SimpleObject)]
pub struct RestoreListingSuccess {
    /// What happened, or would happen: the same list for a dry run and a real run.
    effects: Vec<DeskEffect>,
    /// Whether nothing was changed.
    dry_run: bool,
    /// Whether this is the stored response to an earlier request with the same key.
    replayed: bool,
}

impl From<Done> for RestoreListingSuccess {
    fn from(Done { effects, dry_run, replayed }: Done) -> Self {
        Self { effects, dry_run, replayed }
    }
}

payload! {
    /// The result of `restoreListing`.
    RestoreListingPayload(RestoreListingSuccess) {
        InvalidInput => InvalidInputProblem,
        RoleRequired => RoleRequiredProblem,
        NotFound => NotFoundProblem,
        StateConflict => StateConflictProblem,
        IdempotencyConflict => IdempotencyConflictProblem,
    }
}

/// Mutations of suspensions.
#[derive(Default)]
pub struct SuspensionMutation;

#[Object]
impl SuspensionMutation {
    /// Suspends a person: they can no longer sign in, their sessions end at once, and their listings can no longer be found or booked. Bookings stay. For `SUPPORT`; only `ADMIN` suspends staff. It is recorded in the audit log.
    async fn suspend_person(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The person.")] input: SuspendPersonInput,
    ) -> Result<SuspendPersonPayload> {
        let given = (&input.person_id, &*input.reason, input.dry_run, input.idempotency_key);
        let done = Box::pin(decide(ctx, given, ("personId", "person"), person, false)).await;
        SuspendPersonPayload::of(done.map(Into::into))
    }

    /// Restores a suspended person, and the listings that were suspended with them. For `SUPPORT`. It is recorded in the audit log.
    async fn restore_person(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The person.")] input: RestorePersonInput,
    ) -> Result<RestorePersonPayload> {
        let given = (&input.person_id, &*input.reason, input.dry_run, input.idempotency_key);
        let done = Box::pin(decide(ctx, given, ("personId", "person"), person, true)).await;
        RestorePersonPayload::of(done.map(Into::into))
    }

    /// Suspends a listing: it can no longer be found, quoted or booked. Bookings stay. For `SUPPORT`. It is recorded in the audit log.
    async fn suspend_listing(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The listing.")] input: SuspendListingInput,
    ) -> Result<SuspendListingPayload> {
        let given = (&input.listing_id, &*input.reason, input.dry_run, input.idempotency_key);
        let done = Box::pin(decide(ctx, given, ("listingId", "listing"), listing, false)).await;
        SuspendListingPayload::of(done.map(Into::into))
    }

    /// Restores a suspended listing to its state before; while its host is suspended, it stays suspended. For `SUPPORT`. It is recorded in the audit log.
    async fn restore_listing(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The listing.")] input: RestoreListingInput,
    ) -> Result<RestoreListingPayload> {
        let given = (&input.listing_id, &*input.reason, input.dry_run, input.idempotency_key);
        let done = Box::pin(decide(ctx, given, ("listingId", "listing"), listing, true)).await;
        RestoreListingPayload::of(done.map(Into::into))
    }
}

/// What an input has: the id, the reason, whether it is a dry run, and the key.
type Given<'a> = (&'a ID, &'a str, Option<bool>, Checked<IdempotencyKey>);

fn person(id: &str) -> Option<Target> {
    id.parse().ok().map(Target::Person)
}

fn listing(id: &str) -> Option<Target> {
    id.parse().ok().map(Target::Listing)
}

async fn decide(
    ctx: &Context<'_>,
    (id, reason, dry_run, key): Given<'_>,
    named: (&str, &'static str),
    target: fn(&str) -> Option<Target>,
    restores: bool,
) -> error::Result<Done> {
    let support = desk::require_staff(ctx, StaffRole::Support).await?.support()?;
    let (reason, key) = desk::explained(reason, key)?;
    let target = target(id).ok_or_else(|| error::Error::not_found(named.0, named.1))?;
    let order = Order { target, restores, reason };
    let dry_run = dry_run.unwrap_or(false);
    let Idempotent { answer: Effects { effects }, replayed } = if dry_run {
        Idempotent::new(suspensions::dry_run(ctx.app(), &support, &order).await?)
    } else {
        suspensions::run(ctx.app(), &support, &order, &key).await?
    };
    let effects = effects.into_iter().map(|effect| DeskEffect::new(effect, *support)).collect();
    Ok(Done { effects, dry_run, replayed })
}
