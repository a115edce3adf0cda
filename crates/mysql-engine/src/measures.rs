//! What is measured between this process and the database.

use super::Database;
use telemetry::Measure;

impl Database {
    /// What was measured so far.
    pub fn measures(&self) -> Vec<Measure> {
        let (open, idle) = self.connections();
        let answers = usize::from(!self.is_silent());
        let statements = self.statements();
        vec![
            Measure::number("database_up", "1 while the database answers, 0 while it gives no sign of life", answers),
            Measure::numbers(
                "database_connections",
                "Open connections to the database",
                "state",
                &[("idle", idle), ("used", open.saturating_sub(idle))],
            ),
            Measure::numbers(
                "database_share_used",
                "Connections in use, by the share that they count for",
                "share",
                &self.shares_used(),
            ),
            Measure::times("database_wait_seconds", "How long callers waited for a connection", self.waits().read()),
            Measure::times(
                "database_statement_seconds",
                "How long statements took, until their answer began",
                statements.times().read(),
            ),
            Measure::count("database_statements", "Statements sent, BEGIN and COMMIT among them", statements.sent()),
            Measure::count(
                "database_transaction_retries",
                "Transactions that ran again because they met others",
                self.retries(),
            ),
        ]
    }
}
