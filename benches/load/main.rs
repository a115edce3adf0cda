//! Throughput of the server: the pages and mutations of a booking site, requested by 1, 4 and 32 connections at once, compared in the same
//! run with the same statements from Rust without GraphQL and HTTP, or with other servers on the same database. `make bench` runs it; its
//! last line has the ratios.
//!
//! Everything is separate: a private database with full durability, a city of 10,000 listings (or the files of a real one, `--city`), a
//! process for each server. Their rounds alternate, and the medians count, because machines are noisy.

mod answers;
mod client;
mod contender;
mod floor;
mod measure;
mod peer;
mod report;
mod request_kind;
mod server;
mod world;
#[path = "../../tests/it/harness/city.rs"]
mod city;

use std::{path::PathBuf, time::Duration};

use clap::Parser;

use self::{
    contender::Contender,
    measure::{Measured, median},
    report::Row,
    request_kind::{Documents, RequestKind},
    world::World,
};

/// The server's allocator, so that the floor has it too.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Compares the server with its own statements, or with other servers.
#[derive(Debug, Parser)]
struct Arguments {
    /// A folder with the listings.csv.gz, reviews.csv.gz and calendar.csv.gz of a real city (Inside Airbnb), measured first.
    #[arg(long)]
    city: Option<PathBuf>,
    /// Listings of the generated city; 0: none.
    #[arg(long, default_value_t = 10_000)]
    listings: u64,
    /// Seconds of a round.
    #[arg(long, default_value_t = 2.0)]
    seconds: f64,
    /// Rounds of each.
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// Numbers of connections.
    #[arg(long, value_delimiter = ',', default_value = "1,4,32")]
    connections: Vec<usize>,
    /// Only these: search, city, filtered, listing, trips, quote, book.
    #[arg(long, value_delimiter = ',')]
    only: Vec<String>,
    /// A folder with a server on Node for the same tables: `server.mjs`, `package.json`, and `documents.json`, which all are sent.
    #[arg(long)]
    peer: Option<PathBuf>,
    /// Arguments for another process of this build, such as "--row-cache 0"; or another build, with its arguments.
    #[arg(long, allow_hyphen_values = true)]
    other: Vec<String>,
    /// Added by cargo.
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(run(&arguments))
}

async fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let documents = || Documents::new(arguments.peer.as_deref());
    if let Some(folder) = &arguments.city {
        let world = World::of_files(folder, documents()?).await?;
        measure_all(arguments, world, &format!("the city in {}", folder.display())).await?;
    }
    if arguments.listings > 0 {
        let world = World::generated(arguments.listings, documents()?).await?;
        measure_all(arguments, world, &format!("{} generated listings", arguments.listings)).await?;
    }
    Ok(())
}

async fn measure_all(arguments: &Arguments, mut world: World, title: &str) -> anyhow::Result<()> {
    println!("\n== {title}: {}", world.size().await?);
    let contenders = contender::all(&world, arguments.peer.as_deref(), &arguments.other).await?;
    println!("{}", report::HEAD);
    let mut rows = Vec::new();
    for kind in RequestKind::ALL {
        if !arguments.only.is_empty() && !arguments.only.iter().any(|only| only == kind.name()) {
            continue;
        }
        let load = world.load(kind, 1, Duration::ZERO).await?;
        answers::check(&world, &contenders, kind, &load).await?;
        for &connections in &arguments.connections {
            for row in compare(arguments, &mut world, &contenders, (kind, connections)).await? {
                println!("{row}");
                rows.push(row);
            }
        }
    }
    drop(contenders);
    world.close().await?;
    report::summary(&rows);
    Ok(())
}

/// Alternating rounds of all: a row for each.
async fn compare(
    arguments: &Arguments,
    world: &mut World,
    contenders: &[Contender],
    (kind, connections): (RequestKind, usize),
) -> anyhow::Result<Vec<Row>> {
    let time = Duration::from_secs_f64(arguments.seconds);
    let mut rounds: Vec<Vec<Measured>> = vec![Vec::new(); contenders.len()];
    // The first round fills caches and is not counted.
    for round in 0..=arguments.rounds {
        let time = if round == 0 { time / 4 } else { time };
        for turn in 0..contenders.len() {
            let number = (turn + round) % contenders.len();
            let load = world.load(kind, connections, time).await?;
            let measured = contenders[number].round(world, (kind, connections), load, time).await?;
            if round > 0 {
                rounds[number].push(measured);
            }
        }
    }
    let first: Vec<_> = rounds[0].iter().map(Measured::rate).collect();
    let row = |(contender, rounds): (&Contender, Vec<Measured>)| {
        let ratios = first.iter().zip(&rounds).map(|(first, other)| first / other.rate());
        let ratio = median(ratios.collect());
        Row { kind, connections, contender: contender.name().to_owned(), ratio, measured: Measured::middle(rounds) }
    };
    Ok(contenders.iter().zip(rounds).map(row).collect())
}
