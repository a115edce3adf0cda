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

    /// How long events of payment providers are kept after they were received, in days. One that
    /// arrives again later is applied again.
    #[arg(long, env = "STAYGATE_PROVIDER_EVENT_DAYS", value_name = "DAYS", default_value_t = 400, value_parser = between(1, 3650))]
    pub provider_event_days: u32,

    /// How long cases about payments are kept after they were closed, in days.
    #[arg(long, env = "STAYGATE_CLOSED_CASE_DAYS", value_name = "DAYS", default_value_t = 400, value_parser = between(1, 3650))]
    pub closed_case_days: u32,

    /// How long codes that were mailed are kept after they have expired, in days.
    #[arg(long, env = "STAYGATE_EXPIRED_CODE_DAYS", value_name = "DAYS", default_value_t = 7, value_parser = between(1, 3650))]
    pub expired_code_days: u32,

    /// How long mails that could not be sent are kept after the last attempt, in days.
    #[arg(long, env = "STAYGATE_FAILED_MAIL_DAYS", value_name = "DAYS", default_value_t = 30, value_parser = between(1, 3650))]
    pub failed_mail_days: u32,

    /// How long it is kept that a person exported their data, after the export has expired, in days.
    #[arg(long, env = "STAYGATE_EXPIRED_EXPORT_DAYS", value_name = "DAYS", default_value_t = 30, value_parser = between(1, 3650))]
    pub expired_export_days: u32,

    /// How long people see that staff acted as them, in days. The audit log stays.
    #[arg(long, env = "STAYGATE_IMPERSONATION_DAYS", value_name = "DAYS", default_value_t = 400, value_parser = between(1, 3650))]
    pub impersonation_days: u32,

    /// How long a device is known after its last sign-in, in days.
    #[arg(long, env = "STAYGATE_DEVICE_DAYS", value_name = "DAYS", default_value_t = 180, value_parser = between(1, 3650))]
    pub device_days: u32,
}

impl Retention {
    /// How long a device is known after its last sign-in.
    pub fn device_lifetime(&self) -> Duration {
        Duration::days(self.device_days.into())
    }

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
            cases: Duration::days(self.closed_case_days.into()),
            codes: Duration::days(self.expired_code_days.into()),
            failed_mails: Duration::days(self.failed_mail_days.into()),
            data_exports: Duration::days(self.expired_export_days.into()),
            impersonations: Duration::days(self.impersonation_days.into()),
        }
    }
}
