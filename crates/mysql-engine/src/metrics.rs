//! The metrics of the database.

use super::Database;
use telemetry::Metric;

impl Database {
    /// The current values of all metrics of this database.
    pub fn metrics(&self) -> Vec<Metric> {
        let (open, idle) = self.connections();
        let is_up = usize::from(!self.is_unresponsive());
        let statements = self.statements();
        vec![
            Metric::count_gauge("database_up", "1 while the database responds, 0 while it does not", is_up),
            Metric::count_gauges(
                "database_connections",
                "Open connections to the database",
                "state",
                &[("idle", idle), ("used", open.saturating_sub(idle))],
            ),
            Metric::count_gauges(
                "database_share_used",
                "Connections in use, by share of the pool",
                "share",
                &self.shares_used(),
            ),
            Metric::histogram(
                "database_wait_seconds",
                "How long callers waited for a connection",
                self.acquire_times().snapshot(),
            ),
            Metric::histogram(
                "database_statement_seconds",
                "How long statements took, until the response began",
                statements.times().snapshot(),
            ),
            Metric::counter("database_statements", "Statements sent, including BEGIN and COMMIT", statements.sent()),
            Metric::counter(
                "database_transaction_retries",
                "Retries of transactions after a conflict",
                self.retry_count(),
            ),
        ]
    }
}
