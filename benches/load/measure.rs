//! Measurements of a round.

use std::{
    fs,
    time::{Duration, Instant},
};

use anyhow::Context;
use diesel::{
    QueryableByName, sql_query,
    sql_types::{BigInt, Text},
};
use mysql_engine::Database;

use super::{request_kind::RequestKind, world::World};

/// The kernel's unit of CPU time in /proc.
const TICK: Duration = Duration::from_millis(10);

/// The resources used by the processes so far.
#[derive(Debug, Clone, Copy)]
pub struct Status {
    /// The process that is measured.
    own: Duration,
    database: Duration,
    /// Bytes of memory that it holds.
    memory: u64,
    statements: u64,
}

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = BigInt)]
    n: i64,
}

#[derive(QueryableByName)]
struct Variable {
    #[diesel(sql_type = Text, column_name = "Value")]
    value: String,
}

impl Status {
    /// Reads those of a process and of the database server.
    pub async fn read(database: &Database, process: u32, database_server: u32) -> anyhow::Result<Self> {
        use diesel_async::RunQueryDsl;
        let variable: Variable =
            sql_query("SHOW GLOBAL STATUS LIKE 'Questions'").get_result(&mut database.conn().await?).await?;
        Ok(Self {
            own: cpu(process)?,
            database: cpu(database_server)?,
            memory: memory(process)?,
            statements: variable.value.parse()?,
        })
    }
}

/// CPU time of a process.
fn cpu(pid: u32) -> anyhow::Result<Duration> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat"))?;
    // After the name, which can have spaces; user and system time are fields 14 and 15.
    let fields = text.rsplit(')').next().context("a name")?.split_whitespace();
    let ticks = fields.skip(11).take(2).map(str::parse::<u32>).sum::<Result<u32, _>>()?;
    Ok(TICK * ticks)
}

fn memory(pid: u32) -> anyhow::Result<u64> {
    let text = fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("resident memory")?;
    let kilobytes: u64 = line.trim().trim_end_matches("kB").trim().parse()?;
    Ok(kilobytes * 1024)
}

/// The size of the database.
pub async fn size(database: &Database) -> anyhow::Result<String> {
    use diesel_async::RunQueryDsl;
    let conn = &mut database.conn().await?;
    let mut sizes = Vec::new();
    for table in ["listings", "reviews", "nights", "bookings"] {
        let count: Number = sql_query(format!("SELECT COUNT(*) AS n FROM {table}")).get_result(conn).await?;
        sizes.push(format!("{} {table}", count.n));
    }
    Ok(sizes.join(", "))
}

/// Distributes the items evenly to `takers`.
pub fn share_out<T: Clone>(things: Vec<T>, takers: usize) -> Vec<Vec<T>> {
    let mut shares = vec![Vec::new(); takers];
    for (index, thing) in things.into_iter().enumerate() {
        shares[index % takers].push(thing);
    }
    shares
}

/// A round at a process, or in this one: a task for each share, until the time is over, or until each item was requested once, if the
/// round is counted. `work` returns the times of the requests.
pub async fn run<S, F>(
    world: &World,
    process: Option<u32>,
    (kind, time): (RequestKind, Duration),
    shares: impl IntoIterator<Item = S>,
    work: impl Fn(S, Option<Instant>) -> F,
) -> anyhow::Result<Measured>
where
    F: Future<Output = anyhow::Result<Vec<Duration>>> + Send + 'static,
{
    let process = process.unwrap_or_else(std::process::id);
    let from = world.status(process).await?;
    let begun = Instant::now();
    let end = (!kind.is_counted()).then(|| begun + time);
    let tasks = shares.into_iter().map(|share| tokio::spawn(work(share, end)));
    let mut latencies = Vec::new();
    for task in futures_util::future::join_all(tasks).await {
        latencies.extend(task??);
    }
    Ok(Measured::new(begun.elapsed(), latencies, from, world.status(process).await?))
}

/// A round.
#[derive(Debug, Clone)]
pub struct Measured {
    /// Requests that were answered.
    pub requests: usize,
    /// How long the round took.
    pub time: Duration,
    /// The time of each request, sorted.
    latencies: Vec<Duration>,
    from: Status,
    to: Status,
}

impl Measured {
    /// A round between two states.
    pub fn new(time: Duration, mut latencies: Vec<Duration>, from: Status, to: Status) -> Self {
        latencies.sort_unstable();
        Self { requests: latencies.len(), time, latencies, from, to }
    }

    /// Requests a second.
    pub fn rate(&self) -> f64 {
        self.requests as f64 / self.time.as_secs_f64()
    }

    /// The response time of this percentile.
    pub fn percentile(&self, share: f64) -> Duration {
        let index = ((self.requests as f64 * share) as usize).min(self.requests.saturating_sub(1));
        self.latencies.get(index).copied().unwrap_or_default()
    }

    /// Statements of a request.
    pub fn statements(&self) -> f64 {
        (self.to.statements - self.from.statements) as f64 / self.requests as f64
    }

    /// CPU time of the process and of the database, for a request.
    pub fn cpu(&self) -> [Duration; 2] {
        let requests = u32::try_from(self.requests.max(1)).unwrap_or(u32::MAX);
        [(self.to.own - self.from.own) / requests, (self.to.database - self.from.database) / requests]
    }

    /// Bytes of memory that the process holds at the end.
    pub fn memory(&self) -> u64 {
        self.to.memory
    }

    /// The median round, by rate.
    pub fn middle(mut rounds: Vec<Self>) -> Self {
        rounds.sort_by(|a, b| a.rate().total_cmp(&b.rate()));
        let middle = rounds.len() / 2;
        rounds.swap_remove(middle)
    }
}

/// The median.
pub fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    numbers.get(numbers.len() / 2).copied().unwrap_or(f64::NAN)
}
