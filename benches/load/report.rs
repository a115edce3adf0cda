//! The table.

use std::{collections::BTreeSet, fmt, time::Duration};

use super::{
    contender::{FLOOR, PEER},
    measure::Measured,
    request_kind::RequestKind,
};

/// The names of the columns.
pub const HEAD: &str = "request   conns |   req/s  p50 ms  p99 ms  stmts   own µs  db µs  RSS MB | times | contender";

/// One request to one contender at one number of connections.
pub struct Row {
    pub kind: RequestKind,
    pub connections: usize,
    pub contender: String,
    /// How many times as many requests the server answers: the median over the rounds.
    pub ratio: f64,
    pub measured: Measured,
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1_000.0
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let measured = &self.measured;
        let [own, database] = measured.cpu();
        write!(
            f,
            "{:<9} {:>5} | {:>7.0} {:>7.2} {:>7.2} {:>6.1} {:>8} {:>6} {:>7} | {:>5.2} | {}",
            self.kind.name(),
            self.connections,
            measured.rate(),
            millis(measured.percentile(0.5)),
            millis(measured.percentile(0.99)),
            measured.statements(),
            own.as_micros(),
            database.as_micros(),
            measured.memory() / 1_000_000,
            self.ratio,
            self.contender,
        )
    }
}

/// The summary: the filtered search against the plain one, and the ratios to each contender, last at the most connections.
pub fn summary(rows: &[Row]) {
    let Some(server) = rows.first().map(|row| row.contender.as_str()) else { return };
    let mut numbers: Vec<_> = rows.iter().map(|row| row.connections).collect();
    numbers.sort_unstable();
    numbers.dedup();
    let most = numbers.last().copied().unwrap_or_default();
    let own = |kind| rows.iter().find(|row| (row.kind, row.connections) == (kind, most) && row.contender == server);
    if let (Some(plain), Some(filtered)) = (own(RequestKind::Search), own(RequestKind::Filtered)) {
        let times = millis(filtered.measured.percentile(0.99)) / millis(plain.measured.percentile(0.99));
        println!("filtered search: p99 {times:.1} times that of the plain one, at {most} connections");
    }
    let others: BTreeSet<_> = rows.iter().map(|row| row.contender.as_str()).filter(|name| *name != server).collect();
    for other in others {
        for &connections in &numbers {
            let of = |row: &&Row| row.contender == other && row.connections == connections;
            let name = |row: &Row| {
                if other == PEER { row.kind.peer_name().to_lowercase() } else { row.kind.name().to_owned() }
            };
            let ratios: Vec<_> = rows.iter().filter(of).map(|row| format!("{}={:.2}", name(row), row.ratio)).collect();
            let to = if other == FLOOR || other == PEER { String::new() } else { format!(" to {other}") };
            let at = if connections == most { String::new() } else { format!(" at {connections}") };
            println!("ratio{to}{at} {}", ratios.join(" "));
        }
    }
}
