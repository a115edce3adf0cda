//! Sessions of the viewer.

use std::sync::Arc;

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};

use super::{
    context::ContextExt,
    cookies::Delivery,
    error::Result,
    ids,
    loaders::{PrivateLoaders, keys::keys},
    pages::{self, Cursored, connection},
    payload::payload,
};
use auth::Member;
use domain::sessions;
use types::scalars::Cursor;
use types::{Newest, Page, PageOf, SessionId, Timestamp, error};

/// The device of clients that say nothing of themselves.
const UNKNOWN_DEVICE: &str = "Unknown device";

keys! {
    /// The session with this id, if it is the viewer's and has neither ended nor expired.
    private SessionById(SessionId) => Arc<sessions::Session>, by_id sessions::visible;
    /// A page of the viewer's sessions, last used first.
    private OwnSessions(Page<Newest<SessionId>>) => Arc<PageOf<Arc<sessions::Session>>>, of_parent sessions::pages;
}

/// A session of the viewer.
#[derive(Debug, Clone)]
pub struct Session {
    row: Arc<sessions::Session>,
    is_current: bool,
}

impl Session {
    /// The session, as `viewer` sees it.
    fn of(row: Arc<sessions::Session>, viewer: Option<&Member>) -> Self {
        let is_current = viewer.is_some_and(|viewer| viewer.session() == row.id);
        Self { row, is_current }
    }
}

/// A session of the viewer: one sign-in, on one device. No one else can see it.
#[Object]
impl Session {
    /// Opaque id, `ses_…`, for `endSession`.
    pub async fn id(&self) -> ID {
        self.row.id.to_string().into()
    }

    /// What the client said of itself when it signed in: its `User-Agent`, cleaned and at most 200 characters, or `Unknown device`. Anyone who signs in can claim anything here.
    async fn device(&self) -> &str {
        self.row.user_agent.as_deref().unwrap_or(UNKNOWN_DEVICE)
    }

    /// The network from which the client signed in, for example `203.0.113.0/24`: the first 24 bits of an IPv4 address, or the first 48 of an IPv6 address. It is not a location. Null when the server does not know it.
    async fn network(&self) -> Option<&str> {
        self.row.network.as_deref()
    }

    /// When the session began.
    async fn signed_in_at(&self) -> Timestamp {
        self.row.created_at
    }

    /// When its tokens were last refreshed; `signedInAt` before that.
    async fn last_used_at(&self) -> Timestamp {
        self.row.last_used_at
    }

    /// Whether it is the session of this request.
    async fn is_current(&self) -> bool {
        self.is_current
    }
}

connection! {
    /// A page of sessions.
    SessionConnection,
    /// One session of a page.
    SessionEdge,
    /// The session.
    Session
}

/// The session with this id, if it is the viewer's and has neither ended nor expired.
///
/// # Errors
/// When the batch failed.
pub async fn find_session(ctx: &Context<'_>, id: SessionId) -> Result<Option<Session>> {
    let row = ctx.load_own(SessionById(id)).await?;
    Ok(row.map(|row| Session::of(row, ctx.member().ok())))
}

/// The sessions in `Me`.
pub struct MySessions(pub Arc<PrivateLoaders>);

#[Object]
impl MySessions {
    /// The viewer's sessions that have neither ended nor expired, last used first. A session begins with a sign-in and lives on while its tokens are refreshed.
    async fn sessions(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Maximum number of items, 1 to 100.", default_with = "Some(20)")] first: Option<i32>,
        #[graphql(desc = "Start after this cursor.")] after: Option<Cursor>,
    ) -> Option<Result<SessionConnection>> {
        Some(sessions(ctx, &self.0, first, after).await)
    }
}

async fn sessions(
    ctx: &Context<'_>,
    own: &PrivateLoaders,
    first: Option<i32>,
    after: Option<Cursor>,
) -> Result<SessionConnection> {
    let page = pages::newest(first, after.as_ref())?;
    let rows = own.load(ctx.app(), OwnSessions(page)).await?;
    let rows = rows.map_or_else(PageOf::default, Arc::unwrap_or_clone).map(|row| Session::of(row, own.member()));
    Ok(Cursored::new(rows, |session| sessions::place(&session.row).to_cursor()).into())
}

/// Input of `endSession`.
#[derive(InputObject)]
pub struct EndSessionInput {
    /// The session.
    session_id: ID,
}

/// The session has ended.
#[derive(SimpleObject)]
pub struct EndSessionSuccess {
    /// The id of the ended session.
    id: ID,
}

payload! {
    /// The result of `endSession`.
    EndSessionPayload(EndSessionSuccess) {
        NotFound => NotFoundProblem,
        Impersonated => ImpersonatedProblem,
    }
}

/// Input of `endOtherSessions`.
#[derive(InputObject)]
pub struct EndOtherSessionsInput {
    /// Whether to forget the devices of these sessions too: their `deviceToken` no longer has a sign-in limit of its own.
    #[graphql(default_with = "Some(false)")]
    forget_devices: Option<bool>,
}

/// The other sessions have ended.
#[derive(SimpleObject)]
pub struct EndOtherSessionsSuccess {
    /// The number of sessions that were ended.
    count: i32,
}

payload! {
    /// The result of `endOtherSessions`.
    EndOtherSessionsPayload(EndOtherSessionsSuccess) {
        InvalidInput => InvalidInputProblem,
        Impersonated => ImpersonatedProblem,
    }
}

/// Mutations of sessions.
#[derive(Default)]
pub struct SessionMutation;

#[Object]
impl SessionMutation {
    /// Ends a session of the viewer, for example on a lost device. Within 5 seconds no server accepts its tokens, and its websockets and event streams are closed. The current session can be ended too: its cookies are removed.
    async fn end_session(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The session.")] input: EndSessionInput,
    ) -> Result<EndSessionPayload> {
        EndSessionPayload::of(end(ctx, input).await)
    }

    /// Ends all sessions of the viewer except the current one, as `endSession` does.
    async fn end_other_sessions(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What else to do.")] input: EndOtherSessionsInput,
    ) -> Result<EndOtherSessionsPayload> {
        EndOtherSessionsPayload::of(end_others(ctx, input).await)
    }
}

async fn end(ctx: &Context<'_>, input: EndSessionInput) -> error::Result<EndSessionSuccess> {
    let (owner, id) = (ctx.owner()?, ids::input(&input.session_id, "sessionId", "session")?);
    Box::pin(sessions::end(ctx.app(), &owner, id)).await?;
    if id == owner.session() {
        Delivery::clear_of_viewer(ctx);
    }
    Ok(EndSessionSuccess { id: input.session_id })
}

async fn end_others(ctx: &Context<'_>, input: EndOtherSessionsInput) -> error::Result<EndOtherSessionsSuccess> {
    let owner = ctx.owner()?;
    let ended = Box::pin(sessions::end_others(ctx.app(), &owner, input.forget_devices.unwrap_or(false))).await?;
    Ok(EndOtherSessionsSuccess { count: types::int(ended) })
}
