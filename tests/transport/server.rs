//! The test server: a small schema, and sessions with a controlled clock.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_graphql::{
    Context, Data, Interface, MaybeUndefined, Object, Schema, SimpleObject, Subscription, ValidationMode,
};
use chrono::{DateTime, TimeDelta, Utc};
use futures_util::future::BoxFuture;
use futures_util::{FutureExt, Stream, StreamExt, stream};
use graphql_contract::documents::{Documents, Limits};
use graphql_transport::{
    Credentials, Gateway, OperationContext, Readiness, Session, SessionError, Sessions, Settings, serve,
};
use tokio::net::TcpListener;
use tokio::sync::{Notify, broadcast, oneshot};
use tokio::task::JoinHandle;

use crate::executor_faults::Shelf;

/// The state that tests inspect and control.
pub struct World {
    pub runs: AtomicUsize,
    pub entered: Notify,
    pub gate: Notify,
    pub done: Notify,
    pub revoke: Notify,
    pub streams_dropped: Notify,
    pub events: broadcast::Sender<i32>,
    pub ready: AtomicBool,
    clock: Mutex<DateTime<Utc>>,
    requests: AtomicU64,
}

impl World {
    pub fn new() -> Self {
        Self {
            runs: AtomicUsize::new(0),
            entered: Notify::new(),
            gate: Notify::new(),
            done: Notify::new(),
            revoke: Notify::new(),
            streams_dropped: Notify::new(),
            events: broadcast::channel(16).0,
            ready: AtomicBool::new(true),
            clock: Mutex::new(DateTime::UNIX_EPOCH),
            requests: AtomicU64::new(0),
        }
    }

    pub fn advance(&self, by: TimeDelta) {
        *self.clock.lock().unwrap() += by;
    }

    pub fn runs(&self) -> usize {
        self.runs.load(Ordering::SeqCst)
    }
}

/// Notifies when a stream is dropped.
struct StreamGuard(Arc<World>);

impl Drop for StreamGuard {
    fn drop(&mut self) {
        self.0.streams_dropped.notify_one();
    }
}

fn world(ctx: &Context<'_>) -> Arc<World> {
    ctx.data_unchecked::<Arc<World>>().clone()
}

#[derive(SimpleObject)]
pub struct Book {
    id: i32,
    title: String,
}

pub struct Lamp;

#[Object]
impl Lamp {
    async fn id(&self, ctx: &Context<'_>) -> usize {
        world(ctx).runs.fetch_add(1, Ordering::SeqCst) + 1
    }

    async fn maker(&self, ctx: &Context<'_>) -> Book {
        world(ctx).runs.fetch_add(1, Ordering::SeqCst);
        Book { id: 1, title: "A maker".into() }
    }

    async fn watts(&self) -> i32 {
        60
    }
}

pub struct Desk;

#[Object]
impl Desk {
    async fn id(&self, ctx: &Context<'_>) -> usize {
        world(ctx).runs.fetch_add(1, Ordering::SeqCst) + 1
    }

    async fn maker(&self) -> Book {
        Book { id: 2, title: "A joiner".into() }
    }
}

#[derive(Interface)]
#[graphql(field(name = "id", ty = "usize"), field(name = "maker", ty = "Book"))]
pub enum Thing {
    Lamp(Lamp),
    Desk(Desk),
}

pub struct Query;

#[Object]
impl Query {
    async fn thing(&self) -> Thing {
        Thing::Lamp(Lamp)
    }

    async fn desk(&self) -> Thing {
        Thing::Desk(Desk)
    }

    async fn book(&self, ctx: &Context<'_>, #[graphql(default = 1)] id: i32) -> Book {
        world(ctx).runs.fetch_add(1, Ordering::SeqCst);
        Book { id, title: "A stay".into() }
    }

    async fn shelf(&self) -> Option<Shelf> {
        Some(Shelf)
    }

    /// Completes after other tasks have run this many times.
    async fn slow(&self, turns: u32) -> u32 {
        for _ in 0..turns {
            tokio::task::yield_now().await;
        }
        turns
    }

    async fn patch(&self, title: MaybeUndefined<String>) -> String {
        match title {
            MaybeUndefined::Undefined => "undefined".into(),
            MaybeUndefined::Null => "null".into(),
            MaybeUndefined::Value(title) => title,
        }
    }

    async fn viewer(&self, ctx: &Context<'_>) -> Option<String> {
        ctx.data_opt::<Viewer>().map(|viewer| viewer.0.clone())
    }

    /// The viewer, in a field that runs anonymously.
    async fn anyone(&self, ctx: &Context<'_>) -> Option<String> {
        ctx.data_opt::<Viewer>().map(|viewer| viewer.0.clone())
    }

    async fn request_id(&self, ctx: &Context<'_>) -> String {
        ctx.data_unchecked::<OperationContext>().request_id.clone()
    }

    async fn address(&self, ctx: &Context<'_>) -> Option<String> {
        ctx.data_unchecked::<OperationContext>().address.map(|address| address.to_string())
    }

    async fn user_agent(&self, ctx: &Context<'_>) -> Option<String> {
        ctx.data_unchecked::<OperationContext>().user_agent.as_deref().map(str::to_owned)
    }

    async fn fail(&self) -> async_graphql::Result<i32> {
        Err("it failed".into())
    }

    async fn panic(&self) -> i32 {
        assert!(std::hint::black_box(false), "a bug");
        0
    }

    async fn never(&self) -> i32 {
        std::future::pending().await
    }
}

pub struct Mutation;

#[Object]
impl Mutation {
    async fn add(&self, ctx: &Context<'_>, amount: i32) -> usize {
        let _ = amount;
        world(ctx).runs.fetch_add(1, Ordering::SeqCst) + 1
    }

    /// Sets two cookies, if the response can.
    async fn remember(&self, ctx: &Context<'_>) -> bool {
        let cookies = &ctx.data_unchecked::<OperationContext>().cookies;
        if cookies.is_requested() && cookies.can_be_set() {
            ctx.append_http_header("set-cookie", "session=new; HttpOnly");
            ctx.append_http_header("set-cookie", format!("device={}", cookies.get("device").unwrap_or("new")));
        }
        cookies.can_be_set()
    }

    /// Waits for the gate before it counts.
    async fn add_late(&self, ctx: &Context<'_>) -> usize {
        let world = world(ctx);
        world.entered.notify_one();
        world.gate.notified().await;
        let runs = world.runs.fetch_add(1, Ordering::SeqCst) + 1;
        world.done.notify_one();
        runs
    }
}

pub struct Viewer(String);

pub struct Events;

#[Subscription]
impl Events {
    async fn count(&self, to: i32) -> impl Stream<Item = i32> {
        stream::iter(1..=to)
    }

    /// The numbers up to 3 after the client's last one, each with its cursor.
    async fn numbers(&self, ctx: &Context<'_>, after: Option<i32>) -> impl Stream<Item = i32> {
        let position = ctx.data_unchecked::<OperationContext>().stream.clone().unwrap();
        let after = position.resume_after().map(|cursor| cursor.parse().unwrap()).or(after).unwrap_or(0);
        stream::iter(after + 1..=3).map(move |number| {
            position.set_reached(number.to_string());
            number
        })
    }

    /// Events that the test sends. Never ends by itself.
    async fn live(&self, ctx: &Context<'_>) -> impl Stream<Item = i32> {
        let world = world(ctx);
        let receiver = world.events.subscribe();
        world.entered.notify_one();
        stream::unfold((receiver, StreamGuard(world)), |(mut receiver, guard)| async {
            let event = receiver.recv().await.ok()?;
            Some((event, (receiver, guard)))
        })
    }

    /// More than any buffer can hold.
    async fn flood(&self, ctx: &Context<'_>) -> impl Stream<Item = String> {
        let guard = StreamGuard(world(ctx));
        stream::repeat(()).map(move |()| {
            let _ = &guard;
            "x".repeat(100_000)
        })
    }

    async fn refused(&self) -> async_graphql::Result<stream::Empty<i32>> {
        Err("not for you".into())
    }

    async fn bug(&self) -> impl Stream<Item = i32> {
        stream::once(async { panic!("a bug") })
    }
}

pub fn schema(world: Arc<World>) -> Schema<Query, Mutation, Events> {
    // Documents are validated before, so the executor need not do it again.
    Schema::build(Query, Mutation, Events).validation_mode(ValidationMode::Fast).data(world).finish()
}

struct TestSessions(Arc<World>);

impl Sessions for TestSessions {
    fn open(&self, credentials: Credentials) -> BoxFuture<'_, Result<Session, SessionError>> {
        let token = credentials.bearer.or_else(|| credentials.cookies.get("session").map(str::to_owned));
        let opened = match token {
            Some(token) if token == "forged" => Err(SessionError::Token("the token is forged".into())),
            Some(token) if token == "down" => Err(SessionError::Unavailable),
            bearer => {
                let expires = bearer.as_deref() == Some("short");
                let revocable = bearer.as_deref() == Some("revocable");
                let session = Session::new(move |context: &OperationContext| {
                    let mut data = Data::default();
                    data.insert(context.clone());
                    if let Some(bearer) = &bearer {
                        data.insert(Viewer(bearer.clone()));
                    }
                    data
                });
                let session = session.expiring(expires.then(|| self.now() + TimeDelta::milliseconds(50)));
                let world = self.0.clone();
                Ok(if revocable { session.until(async move { world.revoke.notified().await }) } else { session })
            }
        };
        async move { opened }.boxed()
    }

    fn is_anonymous(&self, root_fields: &[&str]) -> bool {
        !root_fields.is_empty() && root_fields.iter().all(|field| *field == "anyone")
    }

    fn now(&self) -> DateTime<Utc> {
        *self.0.clock.lock().unwrap()
    }

    fn request_id(&self) -> String {
        format!("req-{}", self.0.requests.fetch_add(1, Ordering::SeqCst))
    }
}

impl Readiness for TestSessions {
    fn check(&self) -> BoxFuture<'_, Result<(), String>> {
        let ready = self.0.ready.load(Ordering::SeqCst);
        async move { if ready { Ok(()) } else { Err("no database".into()) } }.boxed()
    }
}

pub struct Server {
    pub address: SocketAddr,
    pub world: Arc<World>,
    pub sdl: String,
    stop: Option<oneshot::Sender<()>>,
    task: JoinHandle<anyhow::Result<()>>,
}

impl Server {
    pub async fn start() -> Self {
        Self::with_settings(|_| {}).await
    }

    pub async fn with_settings(change: impl FnOnce(&mut Settings)) -> Self {
        Self::with_limits(Limits::default(), change).await
    }

    /// A server without pages.
    pub async fn without_pages(limits: Limits, change: impl FnOnce(&mut Settings)) -> Self {
        Self::new(limits, change, |gateway| gateway).await
    }

    pub async fn with_limits(limits: Limits, change: impl FnOnce(&mut Settings)) -> Self {
        Self::new(limits, change, |gateway| pages::serve(gateway, &crate::landing::landing())).await
    }

    async fn new(
        limits: Limits,
        change: impl FnOnce(&mut Settings),
        finish: impl FnOnce(Gateway<Schema<Query, Mutation, Events>>) -> Gateway<Schema<Query, Mutation, Events>>,
    ) -> Self {
        let world = Arc::new(World::new());
        let schema = schema(world.clone());
        let sdl = schema.sdl();
        let sessions = Arc::new(TestSessions(world.clone()));
        let documents = Arc::new(Documents::new(&sdl, limits).unwrap());
        let mut gateway = Gateway::new(schema, documents, sdl.clone(), sessions.clone(), sessions);
        change(&mut gateway.settings);
        gateway.cookies = crate::cookies::settings();
        let gateway = finish(gateway);
        let gateway = gateway.route("/hook", poem::endpoint::make_sync(|_| "hooked"));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel();
        let task = tokio::spawn(serve(listener, gateway, async move {
            let _ = stopped.await;
        }));
        Self { address, world, sdl, stop: Some(stop), task }
    }

    pub fn begin_stop(&mut self) {
        let _ = self.stop.take().unwrap().send(());
    }

    /// Waits until the server has stopped.
    pub async fn wait_until_stopped(self) {
        with_timeout(self.task).await.unwrap().unwrap();
    }
}

/// Waits for a future; fails a test that hangs.
pub async fn with_timeout<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(20), future).await.expect("it took too long")
}
