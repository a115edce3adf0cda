//! The table.

use std::{fmt, time::Duration};

use super::{measure::Measured, request_kind::RequestKind};

/// The names of the columns.
pub const HEAD: &str = "request   conns |   req/s  p50 ms  p99 ms  stmts  server µs  db µs  RSS MB |  floor/s  stmts  own µs  db µs | ratio";

/// One request at one number of connections.
pub struct Row {
    pub kind: RequestKind,
    pub connections: usize,
    /// The median of each round's ratio.
    pub ratio: f64,
    pub server: Measured,
    pub floor: Measured,
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1_000.0
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (server, floor) = (&self.server, &self.floor);
        let [own, database, _] = server.cpu();
        let [_, floor_database, floor_own] = floor.cpu();
        write!(
            f,
            "{:<9} {:>5} | {:>7.0} {:>7.2} {:>7.2} {:>6.1} {:>10} {:>6} {:>7} | {:>8.0} {:>6.1} {:>7} {:>6} | {:>5.2}",
            self.kind.name(),
            self.connections,
            server.rate(),
            millis(server.percentile(0.5)),
            millis(server.percentile(0.99)),
            server.statements(),
            own.as_micros(),
            database.as_micros(),
            server.memory() / 1_000_000,
            floor.rate(),
            floor.statements(),
            floor_own.as_micros(),
            floor_database.as_micros(),
            self.ratio,
        )
    }
}

/// The summary, at the largest number of connections.
pub fn summary(rows: &[Row]) {
    let most = rows.iter().map(|row| row.connections).max().unwrap_or(0);
    let at_most = |kind| rows.iter().find(|row| row.kind == kind && row.connections == most);
    if let (Some(plain), Some(filtered)) = (at_most(RequestKind::Search), at_most(RequestKind::Filtered)) {
        let times = millis(filtered.server.percentile(0.99)) / millis(plain.server.percentile(0.99));
        println!("filtered search: p99 {times:.1} times that of the plain one, at {most} connections");
    }
    let ratios: Vec<_> = [RequestKind::Search, RequestKind::Listing, RequestKind::Trips, RequestKind::Book]
        .into_iter()
        .filter_map(|kind| at_most(kind).map(|row| format!("{}={:.2}", kind.name(), row.ratio)))
        .collect();
    println!("ratio {}", ratios.join(" "));
}
