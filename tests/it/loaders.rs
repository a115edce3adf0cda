//! Loaders: keys that are requested at the same time are read together, and no others.

use std::{
    future::poll_fn,
    hash::{Hash, Hasher},
    pin::pin,
    sync::{Arc, Mutex},
};

use anyhow::anyhow;
use auth::{Member, Viewer};
use domain::app::App;
use futures_util::{future::join_all, poll};
use graphql::loaders::{Batch, BookingById, Private, PrivateLoaders, Public, PublicLoaders, UserById};
use serde_json::json;
use tokio::sync::Notify;
use types::error::Error;

use crate::harness::{app::TestApp, server::TIMEOUT};

/// The batches of one test, and what blocks them.
#[derive(Debug, Default)]
struct Log {
    batches: Mutex<Vec<Vec<u32>>>,
    /// Batches with [`SLOW`] wait for this.
    gate: Notify,
}

impl Log {
    /// The sizes of the batches so far.
    fn sizes(&self) -> Vec<usize> {
        self.batches.lock().unwrap().iter().map(Vec::len).collect()
    }

    /// Twice each number; special numbers block or fail their batch.
    async fn read(&self, numbers: Vec<u32>) -> Result<Vec<(u32, u32)>, Error> {
        let is = |wanted| numbers.contains(&wanted);
        let (slow, bad) = (is(SLOW), is(BAD));
        self.batches.lock().unwrap().push(numbers.clone());
        if slow {
            self.gate.notified().await;
        }
        if bad {
            return Err(Error::Internal(anyhow!("a bad key")));
        }
        Ok(numbers.into_iter().filter(|number| *number != MISSING).map(|number| (number, 2 * number)).collect())
    }
}

/// Fails its batch.
const BAD: u32 = 13;
/// Blocks its batch.
const SLOW: u32 = 999;
/// Has no row.
const MISSING: u32 = 404;

/// A key of one of several kinds, which only differ by their type.
#[derive(Debug, Clone)]
struct Key<const KIND: u8>(u32, Arc<Log>);

impl<const KIND: u8> PartialEq for Key<KIND> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl<const KIND: u8> Eq for Key<KIND> {}

impl<const KIND: u8> Hash for Key<KIND> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}

async fn read<const KIND: u8>(keys: Vec<Key<KIND>>) -> Batch<Key<KIND>, u32> {
    let log = Arc::clone(&keys[0].1);
    let rows = log.read(keys.into_iter().map(|key| key.0).collect()).await?;
    Ok(rows.into_iter().map(|(number, row)| (Key(number, Arc::clone(&log)), row)).collect())
}

impl<const KIND: u8> Public for Key<KIND> {
    type Row = u32;

    async fn load(_: &App, keys: Vec<Self>) -> Batch<Self, u32> {
        read(keys).await
    }
}

impl<const KIND: u8> Private for Key<KIND> {
    type Row = u32;

    async fn load(_: &App, _: &Member, keys: Vec<Self>) -> Batch<Self, u32> {
        read(keys).await
    }
}

fn of(member: Member) -> PrivateLoaders {
    PrivateLoaders::of(Viewer::Member(member))
}

/// A loader of either kind, so that each test covers both.
enum Loaders {
    Public(PublicLoaders),
    Private(PrivateLoaders),
}

impl Loaders {
    fn both(member: Member) -> [Self; 2] {
        [Self::Public(PublicLoaders::default()), Self::Private(of(member))]
    }

    async fn load<const KIND: u8>(&self, app: &App, log: &Arc<Log>, number: u32) -> Result<Option<u32>, Arc<Error>> {
        let key = Key::<KIND>(number, Arc::clone(log));
        match self {
            Self::Public(loaders) => loaders.load(app, key).await,
            Self::Private(loaders) => loaders.load(app, key).await,
        }
    }
}

#[tokio::test]
async fn requests_in_flight_share_the_statements_of_public_rows() {
    let app = TestApp::new().await;
    let mut listings = Vec::new();
    for _ in 0..10 {
        listings.push(app.host().await.listing(|_| {}).await);
    }
    let recording = app.app.database.statements().record();
    let query = "query ($id: ID!) { listing(id: $id) { id host { displayName } } }";
    let answers = join_all(listings.iter().map(|id| app.run(None, query, json!({ "id": id })))).await;
    for (answer, id) in answers.into_iter().zip(&listings) {
        let answer = crate::harness::actors::data(answer);
        assert_eq!(answer["listing"], json!({ "id": id, "host": { "displayName": "Hugo Host" } }));
    }
    // Ten requests for ten listings of ten hosts.
    assert_eq!(recording.texts().len(), 2, "{:#?}", recording.texts());
}

#[tokio::test]
async fn two_viewers_of_one_key_get_their_own_rows_by_separate_statements() {
    let app = TestApp::new().await;
    let (host, guest, other) = (app.host().await, app.guest().await, app.guest().await);
    let booking = guest.book(&host.listing(|_| {}).await, "2026-04-01", "2026-04-03").await;
    let key = BookingById(booking.parse().unwrap());
    let [first, second] = [of(guest.member), of(other.member)];
    let recording = app.app.database.statements().record();
    let (seen, hidden) = tokio::join!(first.load(&app.app, key.clone()), second.load(&app.app, key));
    assert!(seen.unwrap().is_some() && hidden.unwrap().is_none());
    assert_eq!(recording.texts().len(), 2, "{:#?}", recording.texts());
    drop(recording);
    // The same over whole requests.
    let query = "query ($id: ID!) { booking(id: $id) { id } }";
    let run = |who: Option<Member>| {
        let (app, booking) = (app.clone(), booking.clone());
        async move { crate::harness::actors::data(app.run(who.as_ref(), query, json!({ "id": booking })).await) }
    };
    let (guests, others) = tokio::join!(run(Some(guest.member)), run(Some(other.member)));
    assert_eq!((&guests["booking"]["id"], &others["booking"]), (&json!(booking), &json!(null)));
}

#[tokio::test]
async fn keys_of_one_type_share_a_batch_and_types_are_separate() {
    let app = TestApp::new().await;
    let member = app.guest().await.member;
    for loaders in Loaders::both(member) {
        let log = Arc::<Log>::default();
        let numbers = [1, 2, 3, 2, 1, MISSING];
        let rows = join_all(numbers.iter().map(|number| loaders.load::<0>(&app.app, &log, *number)));
        let (rows, other) = tokio::join!(rows, loaders.load::<1>(&app.app, &log, 7));
        let rows: Vec<_> = rows.into_iter().map(Result::unwrap).collect();
        assert_eq!((rows, other.unwrap()), (vec![Some(2), Some(4), Some(6), Some(4), Some(2), None], Some(14)));
        let mut sizes = log.sizes();
        sizes.sort_unstable();
        assert_eq!(sizes, [1, 4]);
        // Nothing is cached.
        assert_eq!(loaders.load::<0>(&app.app, &log, 1).await.unwrap(), Some(2));
        assert_eq!(log.sizes().len(), 3);
    }
}

/// The first of two callers is dropped while the batch is open, and while it is read.
async fn the_first_caller_is_dropped(app: &TestApp, loaders: &Loaders) {
    for read in [false, true] {
        let log = Arc::<Log>::default();
        let mut first = Box::pin(loaders.load::<0>(&app.app, &log, SLOW));
        let mut second = pin!(loaders.load::<0>(&app.app, &log, 2));
        assert!(poll!(first.as_mut()).is_pending() && poll!(second.as_mut()).is_pending());
        while read && log.sizes().is_empty() {
            assert!(poll!(first.as_mut()).is_pending() && poll!(second.as_mut()).is_pending());
            tokio::task::yield_now().await;
        }
        drop(first);
        log.gate.notify_one();
        assert_eq!(second.await.unwrap(), Some(4), "gone while it is read: {read}");
    }
}

#[tokio::test]
async fn a_dropped_caller_does_not_fail_the_rest_of_its_public_batch() {
    let app = TestApp::new().await;
    the_first_caller_is_dropped(&app, &Loaders::Public(PublicLoaders::default())).await;
}

#[tokio::test]
async fn a_dropped_caller_does_not_fail_the_rest_of_its_private_batch() {
    let app = TestApp::new().await;
    let member = app.guest().await.member;
    the_first_caller_is_dropped(&app, &Loaders::Private(of(member))).await;
}

/// S3: a websocket that was not read blocked the batch of its query, and all callers who joined it.
#[tokio::test]
async fn a_batch_is_read_although_its_first_caller_is_not_polled() {
    let app = TestApp::new().await;
    let loaders = PublicLoaders::default();
    let log = Arc::<Log>::default();
    let mut first = pin!(loaders.load(&app.app, Key::<0>(1, Arc::clone(&log))));
    assert!(poll!(first.as_mut()).is_pending());
    // The first one is not polled again until the second has its result.
    let second = loaders.load(&app.app, Key::<0>(2, Arc::clone(&log)));
    let found = tokio::time::timeout(TIMEOUT, second).await.expect("an answer");
    assert_eq!(found.unwrap(), Some(4));
    assert_eq!(log.sizes(), [2]);
    assert_eq!(first.await.unwrap(), Some(2));
}

/// S4: one operation held every connection.
#[tokio::test]
async fn one_operation_reads_few_batches_at_a_time_and_delays_no_other() {
    let app = TestApp::new().await;
    let (greedy, modest) = (app.app.for_operation(), app.app.for_operation());
    let loaders = PublicLoaders::default();
    let log = Arc::<Log>::default();
    let mut all = pin!(async {
        tokio::join!(
            loaders.load(&greedy, Key::<0>(SLOW, Arc::clone(&log))),
            loaders.load(&greedy, Key::<1>(SLOW, Arc::clone(&log))),
            loaders.load(&greedy, Key::<2>(SLOW, Arc::clone(&log))),
            loaders.load(&greedy, Key::<2>(5, Arc::clone(&log))),
        )
    });
    for _ in 0..100 {
        assert!(poll!(all.as_mut()).is_pending());
        tokio::task::yield_now().await;
    }
    assert_eq!(log.sizes(), [1, 1]);
    // The third kind is not blocked by the one that waits for a connection.
    assert_eq!(loaders.load(&modest, Key::<2>(7, Arc::clone(&log))).await.unwrap(), Some(14));
    let rows = loop {
        log.gate.notify_one();
        if let std::task::Poll::Ready(rows) = poll!(all.as_mut()) {
            break rows;
        }
        tokio::task::yield_now().await;
    };
    assert_eq!(rows.3.unwrap(), Some(10));
    assert_eq!(log.sizes(), [1, 1, 1, 2], "those who waited go together");
}

/// S3: one bad key in a shared batch made all responses INTERNAL.
#[tokio::test]
async fn a_bad_key_fails_only_its_own_callers() {
    let app = TestApp::new().await;
    let member = app.guest().await.member;
    for loaders in Loaders::both(member) {
        let log = Arc::<Log>::default();
        let numbers: Vec<u32> = (0..200).chain([BAD]).collect();
        let rows = join_all(numbers.iter().map(|number| loaders.load::<0>(&app.app, &log, *number))).await;
        for (row, number) in rows.into_iter().zip(numbers) {
            match number {
                BAD => assert!(row.is_err()),
                _ => assert_eq!(row.unwrap(), Some(2 * number)),
            }
        }
        assert!(log.sizes().len() < 20, "{:?}", log.sizes());
    }
}

#[tokio::test]
async fn a_batch_that_fails_or_hangs_does_not_affect_others() {
    let app = TestApp::new().await;
    let member = app.guest().await.member;
    for loaders in Loaders::both(member) {
        let log = Arc::<Log>::default();
        let mut hanging = pin!(loaders.load::<2>(&app.app, &log, SLOW));
        assert!(poll!(hanging.as_mut()).is_pending());
        let (bad, with_it, other) = tokio::join!(
            loaders.load::<0>(&app.app, &log, BAD),
            loaders.load::<0>(&app.app, &log, 1),
            loaders.load::<1>(&app.app, &log, 1)
        );
        // Also those who shared its statement.
        assert!(bad.is_err());
        assert_eq!((with_it.unwrap(), other.unwrap()), (Some(2), Some(2)));
        assert_eq!(loaders.load::<0>(&app.app, &log, 1).await.unwrap(), Some(2));
        assert!(poll!(hanging.as_mut()).is_pending());
        log.gate.notify_one();
        assert_eq!(hanging.await.unwrap(), Some(2 * SLOW));
    }
}

#[tokio::test]
async fn a_batch_has_at_most_five_hundred_keys() {
    let app = TestApp::new().await;
    let member = app.guest().await.member;
    for loaders in Loaders::both(member) {
        let log = Arc::<Log>::default();
        let numbers = 1_000..2_200;
        let rows = join_all(numbers.clone().map(|number| loaders.load::<0>(&app.app, &log, number))).await;
        assert!(rows.into_iter().zip(numbers).all(|(row, number)| row.unwrap() == Some(2 * number)));
        let sizes = log.sizes();
        assert_eq!(sizes.iter().sum::<usize>(), 1_200);
        assert!(sizes.iter().all(|size| *size <= 500), "{sizes:?}");
    }
}

#[test]
fn nothing_waits_for_a_timer() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let (app, member) = runtime.block_on(async {
        let app = TestApp::new().await;
        let member = app.guest().await.member;
        (app, member)
    });
    // A runtime without timers: creating one panics.
    let timeless = tokio::runtime::Builder::new_current_thread().build().unwrap();
    timeless.block_on(async {
        for loaders in Loaders::both(member) {
            let log = Arc::<Log>::default();
            let rows = join_all((1..=10).map(|number| loaders.load::<0>(&app.app, &log, number))).await;
            assert!(rows.into_iter().zip(1..).all(|(row, number)| row.unwrap() == Some(2 * number)));
            assert_eq!(log.sizes(), [10]);
        }
    });
}

#[tokio::test]
async fn a_single_caller_is_served_after_a_few_yields() {
    let app = TestApp::new().await;
    let guest = app.guest().await;
    let loaders = PublicLoaders::default();
    let log = Arc::<Log>::default();
    let mut lone = pin!(loaders.load(&app.app, Key::<0>(1, Arc::clone(&log))));
    let mut steps = 0;
    let row = poll_fn(|context| {
        steps += 1;
        lone.as_mut().poll(context)
    });
    assert_eq!(row.await.unwrap(), Some(2));
    assert!(steps <= 8, "{steps} steps");
    let user = loaders.load(&app.app, UserById(guest.member.id())).await.unwrap().unwrap();
    assert_eq!(user.display_name, "Gina Guest");
}
