//! Cases that the viewer has opened.

use std::sync::Arc;

use async_graphql::{Context, ID, InputObject, Object, OneofObject, SimpleObject};

use super::{
    bookings::{Booking, find_booking},
    checked::Checked,
    context::ContextExt,
    error::Result,
    ids,
    listings::{self, Listing},
    loaders::{PrivateLoaders, keys::keys},
    pages::{self, Cursored, connection},
    payload::payload,
    users::{User, find_user},
};
use domain::support_cases::{self, CaseSubject, NewCase};
use types::scalars::Cursor;
use types::{
    IdempotencyKey, Newest, Page, PageOf, SupportCaseId, SupportCaseKind, SupportCaseStatus, Timestamp,
    error::{self, Validation},
};

keys! {
    /// A page of the cases that the viewer has opened, newest first.
    private OwnCases(Page<Newest<SupportCaseId>>) => Arc<PageOf<Arc<support_cases::SupportCase>>>, of_parent support_cases::pages;
}

/// A case that the viewer has opened.
#[derive(Debug, Clone)]
pub struct SupportCase(Arc<support_cases::SupportCase>);

impl From<Arc<support_cases::SupportCase>> for SupportCase {
    fn from(row: Arc<support_cases::SupportCase>) -> Self {
        Self(row)
    }
}

/// A case that the viewer has opened: a report, a damage or a dispute. Only the viewer and staff see it.
#[Object]
impl SupportCase {
    /// Opaque id, `cs_…`, for `answerCase`.
    async fn id(&self) -> ID {
        self.0.id.to_string().into()
    }

    /// What it is.
    async fn kind(&self) -> SupportCaseKind {
        self.0.kind
    }

    /// The current status.
    async fn status(&self) -> SupportCaseStatus {
        self.0.status
    }

    /// The booking that it is about; null when it is about something else.
    async fn booking(&self, ctx: &Context<'_>) -> Option<Result<Booking>> {
        find_booking(ctx, self.0.booking_id?).await.transpose()
    }

    /// The listing that it is about; null when it is about something else, or is no longer published.
    async fn listing(&self, ctx: &Context<'_>) -> Option<Result<Listing>> {
        listings::find_known(ctx, self.0.listing_id?).await.transpose()
    }

    /// The person whom it is about; null when it is about something else.
    async fn person(&self, ctx: &Context<'_>) -> Option<Result<User>> {
        find_user(ctx, self.0.person_id?).await.transpose()
    }

    /// What the viewer said.
    async fn text(&self) -> &str {
        &self.0.text
    }

    /// The last question of the platform; null when there is none.
    async fn question(&self) -> Option<&str> {
        self.0.question.as_deref()
    }

    /// The viewer's last answer; null when there is none.
    async fn answer(&self) -> Option<&str> {
        self.0.answer.as_deref()
    }

    /// What the platform decided, in its words; null until then.
    async fn resolution(&self) -> Option<&str> {
        self.0.resolution.as_deref()
    }

    /// When it was opened.
    async fn opened_at(&self) -> Timestamp {
        self.0.opened_at
    }

    /// When it was decided; null until then.
    async fn closed_at(&self) -> Option<Timestamp> {
        self.0.closed_at
    }
}

connection! {
    /// A page of cases.
    SupportCaseConnection,
    /// One case of a page.
    SupportCaseEdge,
    /// The case.
    SupportCase
}

/// The cases in `Me`.
pub struct MyCases(pub Arc<PrivateLoaders>);

#[Object]
impl MyCases {
    /// The cases that the viewer has opened, newest first.
    async fn cases(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Maximum number of items, 1 to 100.", default_with = "Some(20)")] first: Option<i32>,
        #[graphql(desc = "Start after this cursor.")] after: Option<Cursor>,
    ) -> Option<Result<SupportCaseConnection>> {
        Some(cases(ctx, &self.0, first, after).await)
    }
}

async fn cases(
    ctx: &Context<'_>,
    own: &PrivateLoaders,
    first: Option<i32>,
    after: Option<Cursor>,
) -> Result<SupportCaseConnection> {
    let page = pages::newest(first, after.as_ref())?;
    let rows = own.load(ctx.app(), OwnCases(page)).await?;
    let rows = rows.map_or_else(PageOf::default, Arc::unwrap_or_clone);
    Ok(Cursored::new(rows, |row| support_cases::place(row).to_cursor()).into())
}

/// What a case is about: one of these.
#[derive(OneofObject)]
pub enum CaseSubjectInput {
    /// A booking, of a dispute or a damage.
    BookingId(ID),
    /// A listing that is reported.
    ListingId(ID),
    /// A person who is reported, `usr_…`.
    PersonId(ID),
}

impl CaseSubjectInput {
    fn read(&self) -> error::Result<CaseSubject> {
        match self {
            Self::BookingId(id) => ids::input(id, "about", "booking").map(CaseSubject::Booking),
            Self::ListingId(id) => ids::input(id, "about", "listing").map(CaseSubject::Listing),
            Self::PersonId(id) => ids::input(id, "about", "person").map(CaseSubject::Person),
        }
    }
}

/// Input of `openCase`.
#[derive(InputObject)]
pub struct OpenCaseInput {
    /// What it is.
    kind: SupportCaseKind,
    /// What it is about.
    about: CaseSubjectInput,
    /// What happened, 1 to 4,000 characters of plain text.
    text: String,
    /// Makes the request idempotent: a repeated request returns the stored response.
    idempotency_key: Checked<IdempotencyKey>,
}

impl OpenCaseInput {
    fn read(self) -> error::Result<(NewCase, IdempotencyKey)> {
        let mut validation = Validation::default();
        let about = validation.check(self.about.read());
        let text = validation.check(support_cases::text(&self.text));
        let key = validation.check(self.idempotency_key.at(&["idempotencyKey"]));
        let kind = self.kind;
        let fields = about.zip(text).zip(key);
        validation.finish_with(fields.map(|((about, text), key)| (NewCase { kind, about, text }, key)))
    }
}

/// The case was opened.
#[derive(SimpleObject)]
pub struct OpenCaseSuccess {
    /// The case.
    case: SupportCase,
    /// Whether this is the stored response of an earlier request with the same key.
    replayed: bool,
}

payload! {
    /// The result of `openCase`.
    OpenCasePayload(OpenCaseSuccess) {
        InvalidInput => InvalidInputProblem,
        EmailNotVerified => EmailNotVerifiedProblem,
        NotFound => NotFoundProblem,
        StateConflict => StateConflictProblem,
        LimitReached => LimitReachedProblem,
        TooManyAttempts => TooManyAttemptsProblem,
        IdempotencyConflict => IdempotencyConflictProblem,
        FeatureOff => FeatureOffProblem,
        Impersonated => ImpersonatedProblem,
    }
}

/// Input of `answerCase`.
#[derive(InputObject)]
pub struct AnswerCaseInput {
    /// The case.
    case_id: ID,
    /// The answer, 1 to 4,000 characters of plain text.
    text: String,
    /// Makes the request idempotent: a repeated request returns the stored response.
    idempotency_key: Checked<IdempotencyKey>,
}

impl AnswerCaseInput {
    fn read(self) -> error::Result<(SupportCaseId, String, IdempotencyKey)> {
        let mut validation = Validation::default();
        let text = validation.check(support_cases::text(&self.text));
        let keyed = validation.check(ids::keyed(&self.case_id, ("caseId", "case"), self.idempotency_key));
        validation.finish_with(text.zip(keyed).map(|(text, (case, key))| (case, text, key)))
    }
}

/// The answer was saved; staff look at the case again.
#[derive(SimpleObject)]
pub struct AnswerCaseSuccess {
    /// The case as it is now.
    case: SupportCase,
    /// Whether this is the stored response of an earlier request with the same key.
    replayed: bool,
}

payload! {
    /// The result of `answerCase`.
    AnswerCasePayload(AnswerCaseSuccess) {
        InvalidInput => InvalidInputProblem,
        NotFound => NotFoundProblem,
        StateConflict => StateConflictProblem,
        IdempotencyConflict => IdempotencyConflictProblem,
        Impersonated => ImpersonatedProblem,
    }
}

/// Mutations of cases by the people who open them.
#[derive(Default)]
pub struct CaseMutation;

#[Object]
impl CaseMutation {
    /// Opens a case for the platform to decide: anybody reports a listing or a person, a host reports damage within 14 days after a stay, a guest disputes a confirmed booking until 60 days after the stay. One case about the same at a time, at most 20 open ones.
    async fn open_case(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The case.")] input: OpenCaseInput,
    ) -> Result<OpenCasePayload> {
        let opened = async {
            let (reporter, (new, key)) = (ctx.owner()?, input.read()?);
            support_cases::open(ctx.app(), &reporter.verified()?, &new, &key).await
        };
        let done = Box::pin(opened).await;
        OpenCasePayload::of(done.map(|it| OpenCaseSuccess { case: case_of(it.answer), replayed: it.replayed }))
    }

    /// Answers the `question` of a case of the viewer that waits for it.
    async fn answer_case(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The case and the answer.")] input: AnswerCaseInput,
    ) -> Result<AnswerCasePayload> {
        let answered = async {
            let (reporter, (case, text, key)) = (ctx.owner()?, input.read()?);
            support_cases::answer(ctx.app(), &reporter, (case, text), &key).await
        };
        let done = Box::pin(answered).await;
        AnswerCasePayload::of(done.map(|it| AnswerCaseSuccess { case: case_of(it.answer), replayed: it.replayed }))
    }
}

fn case_of(row: support_cases::SupportCase) -> SupportCase {
    SupportCase(Arc::new(row))
}
