//! How long data is kept.

use chrono::Duration;

/// How long data is kept before the worker deletes it.
#[derive(Debug, Clone, Copy)]
pub struct Retention {
    /// Stored responses, after the first request with their idempotency key.
    pub idempotency_keys: Duration,
    /// Sessions, after their last refresh token has expired.
    pub sessions: Duration,
    /// Accounts that have never verified an email, after they were made.
    pub unverified_accounts: Duration,
    /// Quotes that were never booked, after they have expired.
    pub quotes: Duration,
    /// Events, after they happened; of bookings, only of those that have ended.
    pub events: Duration,
    /// Entries of the catalog of changes, after they were appended.
    pub catalog: Duration,
    /// Effects, after they were done.
    pub effects: Duration,
    /// Notifications of payment providers, after they were received.
    pub provider_events: Duration,
    /// Cases about payments, after they were closed.
    pub cases: Duration,
    /// Codes that were mailed, after they have expired.
    pub codes: Duration,
    /// Mails that could not be sent, after the last attempt.
    pub failed_mails: Duration,
    /// Permissions to read an export, after they have expired.
    pub data_exports: Duration,
    /// When staff acted as a person, after it has expired.
    pub impersonations: Duration,
}

impl Default for Retention {
    fn default() -> Self {
        Self {
            idempotency_keys: Duration::days(30),
            sessions: Duration::days(7),
            unverified_accounts: Duration::days(30),
            quotes: Duration::days(7),
            events: Duration::days(400),
            catalog: Duration::days(7),
            effects: Duration::days(30),
            provider_events: Duration::days(400),
            cases: Duration::days(400),
            codes: Duration::days(7),
            failed_mails: Duration::days(30),
            data_exports: Duration::days(30),
            impersonations: Duration::days(400),
        }
    }
}
