use super::storage::{OpenStorage, pool_options};
use crate::config::Storage;
use anyhow::{Context as _, bail};
use clap::{Args, Subcommand};
use import::{ImportError, InsideAirbnb, Options, Part, PartSummary, Progress, Stop, inside_airbnb, progress};
use mysql_engine::{Database, version};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use store::migrate;
use tokio::signal::unix::{Signal, SignalKind, signal};
use types::{Clock as _, OsEntropy, SystemClock};

/// The exit code when a file was read but nothing in it could be imported.
const NOTHING_IMPORTED: u8 = 3;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    source: Source,
}

#[derive(Debug, Subcommand)]
enum Source {
    InsideAirbnb(Box<Files>),
}

#[derive(Debug, Args)]
struct Files {
    #[command(flatten)]
    storage: Storage,
    // Last, so that its description is that of the whole command.
    #[command(flatten, next_help_heading = "Dataset")]
    files: InsideAirbnb,
}

pub(super) async fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let Source::InsideAirbnb(arguments) = arguments.source;
    let Files { storage, files } = *arguments;
    let began = Instant::now();
    let stopping = Arc::new(AtomicBool::new(false));
    let mut signals = Signals::listen()?;
    let opened = OpenStorage::for_command(&storage).await?;
    let imported = tokio::select! {
        imported = read(&opened, &storage, files.into(), Arc::clone(&stopping)) => imported,
        // Uncommitted changes are rolled back.
        () = signals.until_second(&stopping) => Err(anyhow::anyhow!("stopped at once; run the import again to continue")),
    };
    let closed = opened.close(Duration::from_secs(3600)).await;
    let summary = match imported {
        Ok(summary) => summary,
        Err(error) if matches!(error.downcast_ref(), Some(ImportError::Stopped)) => {
            bail!(
                "stopped after {:.1} s; completed batches are kept: run the import again to continue",
                began.elapsed().as_secs_f64()
            )
        }
        Err(error) => return Err(error),
    };
    print!("{summary}");
    closed?;
    let useless: Vec<_> = summary.useless().map(Part::as_str).collect();
    if !useless.is_empty() {
        eprintln!("nothing in these files could be used: {}", useless.join(", "));
        return Ok(ExitCode::from(NOTHING_IMPORTED));
    }
    println!("done in {:.1} s", began.elapsed().as_secs_f64());
    Ok(ExitCode::SUCCESS)
}

async fn read(
    opened: &OpenStorage,
    storage: &Storage,
    options: Options,
    stopping: Arc<AtomicBool>,
) -> anyhow::Result<import::Summary> {
    opened.wait_until_reachable(storage).await?;
    let applied = migrate::up(opened.url()).await?;
    if let Some(newest) = applied.last() {
        tracing::info!(count = applied.len(), %newest, "applied migrations");
    }
    let database = Database::connect(opened.url(), pool_options(storage, &OsEntropy)).await.context("connecting")?;
    let mut conn = database.conn().await?;
    version::check(&mut conn).await?;
    let mut progress = Stoppable { inner: progress(), stopping };
    let summary = inside_airbnb(&mut conn, &options, SystemClock.now(), &mut progress).await;
    drop(conn);
    database.close();
    Ok(summary?)
}

/// Stops the import after the batch during which it was requested.
struct Stoppable {
    inner: Box<dyn Progress>,
    stopping: Arc<AtomicBool>,
}

impl Progress for Stoppable {
    fn start(&mut self, part: Part, bytes: u64, done: u64) {
        self.inner.start(part, bytes, done);
    }

    fn advance(&mut self, part: Part, records: u64, bytes: u64) -> Result<(), Stop> {
        self.inner.advance(part, records, bytes)?;
        if self.stopping.load(Ordering::Relaxed) { Err(Stop) } else { Ok(()) }
    }

    fn finish(&mut self, summary: &PartSummary) {
        self.inner.finish(summary);
    }
}

/// The signals that stop the import.
struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    fn listen() -> std::io::Result<Self> {
        Ok(Self { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }

    /// Records the first signal, ends at the second.
    async fn until_second(&mut self, stopping: &AtomicBool) {
        self.next().await;
        eprintln!("stopping after this batch; press again to stop at once");
        stopping.store(true, Ordering::Relaxed);
        self.next().await;
    }
}
