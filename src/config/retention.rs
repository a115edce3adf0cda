//! Settings of retention.

use chrono::Duration;
use clap::Args;

use super::between;
use types::Retention as Durations;

/// How long data is kept that is not needed for ever.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Retention")]
pub struct Retention {
    /// How long stored responses of idempotent requests are kept, in days. A request that is
    /// repeated later takes effect again.
    #[arg(long, env = "STAYGATE_IDEMPOTENCY_KEY_DAYS", value_name = "DAYS", default_value_t = 30, value_parser = between(1, 3650))]
    pub idempotency_key_days: u32,

    /// How long sessions are kept after their last refresh token has expired, in days.
    #[arg(long, env = "STAYGATE_ENDED_SESSION_DAYS", value_name = "DAYS", default_value_t = 7, value_parser = between(1, 3650))]
    pub ended_session_days: u32,

    /// How long accounts are kept that have never verified an email, in days.
    #[arg(long, env = "STAYGATE_UNVERIFIED_ACCOUNT_DAYS", value_name = "DAYS", default_value_t = 30, value_parser = between(1, 3650))]
    pub unverified_account_days: u32,

    /// How long quotes that were never booked are kept after they have expired, in days.
    #[arg(long, env = "STAYGATE_UNUSED_QUOTE_DAYS", value_name = "DAYS", default_value_t = 7, value_parser = between(1, 3650))]
    pub unused_quote_days: u32,

    /// How long events are kept, in days; of bookings, only of those that have ended. A
    /// subscription that resumes from an older cursor fails with CURSOR_EXPIRED.
    #[arg(long, env = "STAYGATE_EVENT_DAYS", value_name = "DAYS", default_value_t = 400, value_parser = between(1, 3650))]
    pub event_days: u32,

    /// How long the catalog of changes is kept, in days. A server that has not read it for so long
    /// reads all listings anew.
    #[arg(long, env = "STAYGATE_CATALOG_DAYS", value_name = "DAYS", default_value_t = 7, value_parser = between(1, 3650))]
    pub catalog_days: u32,

    /// How long calls to payment providers and mails are kept after they were made or sent, in days.
    #[arg(long, env = "STAYGATE_EFFECT_DAYS", value_name = "DAYS", default_value_t = 30, value_parser = between(1, 3650))]
    pub effect_days: u32,

    /// How long events of payment providers are kept after they were received, and cases after they were closed, in days. One that
    /// arrives again later is applied again.
    #[arg(long, env = "STAYGATE_PROVIDER_EVENT_DAYS", value_name = "DAYS", default_value_t = 400, value_parser = between(1, 3650))]
    pub provider_event_days: u32,
}

impl Retention {
    /// The settings as durations.
    pub fn durations(&self) -> Durations {
        Durations {
            idempotency_keys: Duration::days(self.idempotency_key_days.into()),
            sessions: Duration::days(self.ended_session_days.into()),
            unverified_accounts: Duration::days(self.unverified_account_days.into()),
            quotes: Duration::days(self.unused_quote_days.into()),
            events: Duration::days(self.event_days.into()),
            catalog: Duration::days(self.catalog_days.into()),
            effects: Duration::days(self.effect_days.into()),
            provider_events: Duration::days(self.provider_event_days.into()),
        }
    }
}
