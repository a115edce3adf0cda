//! Throughput of the server: the pages and mutations of a booking site, requested by 1, 4 and 32 connections at once, compared with the
//! same statements from Rust without GraphQL and HTTP, in the same run. `make bench` runs it; its last line has the ratios.
//!
//! Everything is separate: a private database with full durability, a city of 10,000 listings (or the files of a real one, `--city`), a
//! server process. Rounds of server and floor alternate, and the medians count, because machines are noisy.

mod request_kind;
mod client;
mod floor;
mod measure;
mod report;
mod world;
#[path = "../../tests/it/harness/city.rs"]
mod city;

use std::{path::PathBuf, time::Duration};

use clap::Parser;

use self::{
    measure::{Measured, median},
    report::Row,
    request_kind::RequestKind,
    world::World,
};

/// The server's allocator, so that the floor has it too.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Compares the server with the floor.
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
    /// Rounds of the server, each with one of the floor.
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// Numbers of connections.
    #[arg(long, value_delimiter = ',', default_value = "1,4,32")]
    connections: Vec<usize>,
    /// Only these: search, filtered, listing, trips, quote, book.
    #[arg(long, value_delimiter = ',')]
    only: Vec<String>,
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
    if let Some(folder) = &arguments.city {
        let world = World::of_files(folder).await?;
        measure_all(arguments, world, &format!("the city in {}", folder.display())).await?;
    }
    if arguments.listings > 0 {
        let world = World::generated(arguments.listings).await?;
        measure_all(arguments, world, &format!("{} generated listings", arguments.listings)).await?;
    }
    Ok(())
}

async fn measure_all(arguments: &Arguments, mut world: World, title: &str) -> anyhow::Result<()> {
    println!("\n== {title}: {}", world.size().await?);
    println!("{}", report::HEAD);
    let mut rows = Vec::new();
    for kind in RequestKind::ALL {
        if !arguments.only.is_empty() && !arguments.only.iter().any(|only| only == kind.name()) {
            continue;
        }
        for &connections in &arguments.connections {
            let row = compare(arguments, &mut world, kind, connections).await?;
            println!("{row}");
            rows.push(row);
        }
    }
    world.close().await?;
    report::summary(&rows);
    Ok(())
}

/// Alternating rounds of the server and of the floor.
async fn compare(
    arguments: &Arguments,
    world: &mut World,
    kind: RequestKind,
    connections: usize,
) -> anyhow::Result<Row> {
    let time = Duration::from_secs_f64(arguments.seconds);
    let (mut served, mut floors): (Vec<Measured>, Vec<Measured>) = Default::default();
    // The first round fills caches and is not counted.
    for round in 0..=arguments.rounds {
        let time = if round == 0 { time / 4 } else { time };
        let load = world.load(kind, connections, time).await?;
        let server = client::round(world, kind, connections, load, time).await?;
        let load = world.load(kind, connections, time).await?;
        let floor = floor::round(world, kind, connections, load, time).await?;
        if round > 0 {
            served.push(server);
            floors.push(floor);
        }
    }
    let ratios = served.iter().zip(&floors).map(|(server, floor)| server.rate() / floor.rate());
    let ratio = median(ratios.collect());
    Ok(Row { kind, connections, ratio, server: Measured::middle(served), floor: Measured::middle(floors) })
}
