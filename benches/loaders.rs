//! What a loader itself costs, apart from the statement: a page's worth of keys asked for at once, answered from memory, through the
//! loaders of public rows (our own batches, for the whole process) and of private rows (the `dataloader` crate, for one operation).
//! `cargo bench --bench loaders`.

use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, Instant},
};

use futures_util::future::join_all;
use staygate::{
    app::{App, Parts, Recent, Terms, Throttle},
    auth::{Keys, Member, PasswordHasher, SigningKey},
    graphql::loaders::{Batch, Private, PrivateLoaders, Public, PublicLoaders},
    outbound::{payments::Sandbox, wakes::Wakes},
    store::{Database, Options},
    types::{OsEntropy, SessionId, SystemClock, UserId},
};

/// Keys of a page.
const PAGE: u32 = 20;
const PAGES: u32 = 20_000;
const ROUNDS: usize = 7;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Number(u32);

impl Public for Number {
    type Row = u32;

    async fn load(_: &App, keys: Vec<Self>) -> Batch<Self, u32> {
        Ok(rows(keys))
    }
}

impl Private for Number {
    type Row = u32;

    async fn load(_: &App, _: &Member, keys: Vec<Self>) -> Batch<Self, u32> {
        Ok(rows(keys))
    }
}

fn rows(keys: Vec<Number>) -> HashMap<Number, u32> {
    keys.into_iter().map(|key| (key, key.0 + 1)).collect()
}

fn app() -> anyhow::Result<App> {
    Ok(App::new(Parts {
        database: Database::lazy("mysql://nobody@127.0.0.1:1/none", Options::default())?,
        clock: Arc::new(SystemClock),
        entropy: Arc::new(OsEntropy),
        keys: Keys::new(SigningKey { id: "bench".to_owned(), secret: vec![7; 32] }, &[]),
        passwords: PasswordHasher::new(1, &OsEntropy)?,
        payments: Arc::new(Sandbox),
        wakes: Wakes::default(),
        zones: Recent::default(),
        terms: Terms::default(),
        throttle: Throttle::default(),
    }))
}

fn member(app: &App) -> anyhow::Result<Member> {
    let (now, entropy) = (app.now(), &*app.entropy);
    let (user, session) = (UserId::new(now, entropy), SessionId::new(now, entropy));
    Ok(app.keys.sign(user, session, now, chrono::Duration::hours(1))?.1)
}

async fn public(app: &App, loaders: &PublicLoaders) -> anyhow::Result<()> {
    for answer in join_all((0..PAGE).map(|number| loaders.load(app, Number(number)))).await {
        anyhow::ensure!(answer.is_ok_and(|row| row.is_some()));
    }
    Ok(())
}

async fn private(app: &App, member: &Member) -> anyhow::Result<()> {
    let loaders = PrivateLoaders::default();
    for answer in join_all((0..PAGE).map(|number| loaders.load(app, member, Number(number)))).await {
        anyhow::ensure!(answer.is_ok_and(|row| row.is_some()));
    }
    Ok(())
}

/// The time of a page.
fn each(begun: Instant) -> Duration {
    begun.elapsed() / PAGES
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let app = app()?;
    let member = member(&app)?;
    let shared = PublicLoaders::default();
    let (mut own, mut crates) = (Vec::new(), Vec::new());
    // In turn, so that both see the same noise.
    for _ in 0..ROUNDS {
        let begun = Instant::now();
        for _ in 0..PAGES {
            public(&app, &shared).await?;
        }
        own.push(each(begun));
        let begun = Instant::now();
        for _ in 0..PAGES {
            private(&app, &member).await?;
        }
        crates.push(each(begun));
    }
    own.sort_unstable();
    crates.sort_unstable();
    let (own, crates) = (own[ROUNDS / 2], crates[ROUNDS / 2]);
    let ratio = crates.as_secs_f64() / own.as_secs_f64();
    println!("a page of {PAGE} keys: our batches {own:?}, the dataloader crate {crates:?}: ratio {ratio:.2}");
    Ok(())
}
