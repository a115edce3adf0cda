use super::storage::{OpenStorage, pool_options};
use crate::config::{Config, SigningKeys};
use crate::store::{Database, migrate, version};
use crate::types::OsEntropy;
use anyhow::{Context, bail};
use std::future::Future;
use std::process::ExitCode;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// How long the database waits for other commands that use it when the server stops.
const GUESTS: Duration = Duration::from_secs(10);

/// Everything that answering requests needs: the database is up and migrated, the port is taken.
struct Ready {
    config: Config,
    keys: SigningKeys,
    database: Database,
    listener: TcpListener,
}

pub(super) async fn run(config: Config) -> anyhow::Result<ExitCode> {
    let mut signals = Signals::listen()?;
    // The cheap reasons to fail come first. The socket takes no connection before it is served from.
    let listener = TcpListener::bind(config.listen).await.with_context(|| {
        format!("cannot listen on {}: stop what uses it, or choose another address with --listen", config.listen)
    })?;
    let storage = tokio::select! {
        opened = OpenStorage::to_serve(&config.storage) => opened?,
        () = signals.next() => return Ok(ExitCode::SUCCESS),
    };
    let served = tokio::select! {
        served = prepare_and_serve(config, &storage, listener, signals.next()) => served,
        // While requests are drained, a second signal means: now. The database is safe either way.
        () = async { signals_twice().await } => bail!("stopped at once"),
    };
    let closed = storage.close(GUESTS).await;
    served?;
    closed?;
    tracing::info!("stopped");
    Ok(ExitCode::SUCCESS)
}

async fn prepare_and_serve(
    config: Config,
    storage: &OpenStorage,
    listener: TcpListener,
    stop: impl Future<Output = ()>,
) -> anyhow::Result<()> {
    let keys = config.signing_keys(&OsEntropy)?;
    let applied = migrate::up(storage.url()).await?;
    applied.iter().for_each(|name| tracing::info!(%name, "applied a migration"));
    let database = Database::connect(storage.url(), pool_options(&config.storage, &OsEntropy)).await?;
    let found = version::check(&mut database.conn().await?).await?;
    tracing::info!(database = %found, private = storage.embedded().is_some(), "the database is ready");
    let ready = Ready { config, keys, database: database.clone(), listener };
    let served = answer_requests(ready, stop).await;
    database.close();
    served
}

/// The seam to `staygate::server`, which takes what is ready and answers until `stop` and for the time to drain.
async fn answer_requests(ready: Ready, stop: impl Future<Output = ()>) -> anyhow::Result<()> {
    let Ready { config, keys, database, listener } = ready;
    tracing::warn!(
        address = %listener.local_addr()?, url = config.public_url(), key = keys.current().kid,
        connections = database.connections().0, "requests are not answered yet"
    );
    stop.await;
    Ok(())
}

/// The signals that ask for a clean stop.
struct Signals {
    interrupt: Signal,
    terminate: Signal,
    hang_up: Signal,
}

impl Signals {
    fn listen() -> std::io::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hang_up: signal(SignalKind::hangup())?,
        })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
            _ = self.hang_up.recv() => {}
        }
    }
}

/// Ends at the second signal.
async fn signals_twice() {
    match Signals::listen() {
        Ok(mut signals) => {
            signals.next().await;
            signals.next().await;
        }
        Err(_) => std::future::pending().await,
    }
}
