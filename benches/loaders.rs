//! The overhead of loaders without statements: the keys of a page, requested at once and answered from memory, through our own batches (for
//! the whole process, and for one operation) and through the `dataloader` crate. `cargo bench --bench loaders`.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use auth::{Holder, Keys, Member, PasswordHasher, SigningKey, Viewer};
use dataloader::{BatchFn, non_cached::Loader};
use domain::app::App;
use futures_util::future::join_all;
use graphql::loaders::{Batch, Private, PrivateLoaders, Public, PublicLoaders};
use mysql_engine::{Database, Options};
use types::{OsEntropy, SessionId, UserId};

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
    Ok(App::builder(
        Database::lazy("mysql://nobody@127.0.0.1:1/none", Options::default())?,
        Keys::new(SigningKey { id: "bench".to_owned(), secret: vec![7; 32] }, &[]),
        PasswordHasher::new(1, &OsEntropy)?,
    )
    .build())
}

fn member(app: &App) -> anyhow::Result<Member> {
    let (now, entropy) = (app.now(), &*app.entropy);
    let (user, session) = (UserId::new(now, entropy), SessionId::new(now, entropy));
    let holder = Holder { user, session, has_verified_email: true, impersonator: None };
    Ok(app.keys.sign(holder, now, chrono::Duration::hours(1))?.1)
}

async fn public(app: &App, loaders: &PublicLoaders) -> anyhow::Result<()> {
    for answer in join_all((0..PAGE).map(|number| loaders.load(app, Number(number)))).await {
        anyhow::ensure!(answer.is_ok_and(|row| row.is_some()));
    }
    Ok(())
}

async fn private(app: &App, viewer: Viewer) -> anyhow::Result<()> {
    let loaders = PrivateLoaders::of(viewer);
    for answer in join_all((0..PAGE).map(|number| loaders.load(app, Number(number)))).await {
        anyhow::ensure!(answer.is_ok_and(|row| row.is_some()));
    }
    Ok(())
}

struct FromMemory;

impl BatchFn<Number, u32> for FromMemory {
    async fn load(&mut self, keys: &[Number]) -> HashMap<Number, u32> {
        rows(keys.to_vec())
    }
}

async fn by_crate() -> anyhow::Result<()> {
    let loader = Loader::new(FromMemory).with_yield_count(3).with_max_batch_size(500);
    for answer in join_all((0..PAGE).map(|number| loader.try_load(Number(number)))).await {
        answer?;
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
    let viewer = Viewer::Member(member(&app)?);
    let shared = PublicLoaders::default();
    let mut times = [Vec::new(), Vec::new(), Vec::new()];
    // Alternating, so that all have the same noise.
    for _ in 0..ROUNDS {
        let begun = Instant::now();
        for _ in 0..PAGES {
            public(&app, &shared).await?;
        }
        times[0].push(each(begun));
        let begun = Instant::now();
        for _ in 0..PAGES {
            private(&app, viewer).await?;
        }
        times[1].push(each(begun));
        let begun = Instant::now();
        for _ in 0..PAGES {
            by_crate().await?;
        }
        times[2].push(each(begun));
    }
    let [public, private, by_crate] = times.map(|mut times| {
        times.sort_unstable();
        times[ROUNDS / 2]
    });
    println!("a page of {PAGE} keys: public {public:?}, private {private:?}, the dataloader crate {by_crate:?}");
    Ok(())
}
