//! Settings of bookings and demo data.

use std::path::PathBuf;

use chrono::Duration;
use clap::{Args, ValueEnum};

use super::between;

/// On, off, or automatic.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Demo {
    /// On with a private database that only this machine reaches, off otherwise, and with
    /// --production.
    Auto,
    /// On.
    On,
    /// Off.
    Off,
}

/// Settings of bookings and demo data.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Booking")]
pub struct Booking {
    /// How long an unpaid booking holds its nights, in minutes.
    #[arg(long, env = "STAYGATE_HOLD_MINUTES", value_name = "MIN", default_value_t = 15, value_parser = between(1, 1440))]
    pub hold_minutes: u32,

    /// How many unpaid bookings of one guest may hold nights at a time; free stays are counted
    /// separately.
    #[arg(long, env = "STAYGATE_HOLDS_PER_GUEST", value_name = "N", default_value_t = 3, value_parser = between(1, 100_000))]
    pub holds_per_guest: u32,

    /// How many unpaid bookings of one guest may hold nights of one listing at a time; free stays
    /// are counted separately.
    #[arg(long, env = "STAYGATE_HOLDS_PER_LISTING", value_name = "N", default_value_t = 1, value_parser = between(1, 100_000))]
    pub holds_per_listing: u32,

    /// How long a guest whose hold ended unpaid must wait before holding nights of the same listing
    /// again, in minutes.
    #[arg(long, env = "STAYGATE_HOLD_COOLDOWN_MINUTES", value_name = "MIN", default_value_t = 15, value_parser = between(0, 1440))]
    pub hold_cooldown_minutes: u32,

    /// How long a guest can hold nights of a listing in total with successive unpaid bookings, in
    /// minutes; at least --hold-minutes.
    #[arg(long, env = "STAYGATE_HOLD_TOTAL_MINUTES", value_name = "MIN", default_value_t = 30, value_parser = between(1, 2880))]
    pub hold_total_minutes: u32,

    /// How many open requests one guest may have at a time, whether or not money is authorized for
    /// them.
    #[arg(long, env = "STAYGATE_REQUESTS_PER_GUEST", value_name = "N", default_value_t = 5, value_parser = between(1, 100_000))]
    pub requests_per_guest: u32,

    /// How many open requests one guest may have at one listing at a time.
    #[arg(long, env = "STAYGATE_REQUESTS_PER_LISTING", value_name = "N", default_value_t = 2, value_parser = between(1, 100_000))]
    pub requests_per_listing: u32,

    /// How long a guest who canceled a request, or did not pay for it in time, must wait before
    /// requesting the same listing again, in minutes.
    #[arg(long, env = "STAYGATE_REQUEST_COOLDOWN_MINUTES", value_name = "MIN", default_value_t = 15, value_parser = between(0, 1440))]
    pub request_cooldown_minutes: u32,

    /// How long a guest has to pay for a request, in minutes. Until then it holds no nights, and
    /// the host does not see it.
    #[arg(long, env = "STAYGATE_REQUEST_PAYMENT_MINUTES", value_name = "MIN", default_value_t = 30, value_parser = between(1, 1440))]
    pub request_payment_minutes: u32,

    /// How many bookings one client address (of IPv6, a /64) can make per hour.
    #[arg(long, env = "STAYGATE_BOOKINGS_PER_ADDRESS", value_name = "N", default_value_t = 100, value_parser = between(1, 1_000_000))]
    pub bookings_per_address: u32,

    /// How many quotes one guest can request per hour.
    #[arg(long, env = "STAYGATE_QUOTES_PER_GUEST", value_name = "N", default_value_t = 300, value_parser = between(1, 1_000_000))]
    pub quotes_per_guest: u32,

    /// How many quotes one client address (of IPv6, a /64) can request per hour.
    #[arg(long, env = "STAYGATE_QUOTES_PER_ADDRESS", value_name = "N", default_value_t = 1500, value_parser = between(1, 1_000_000))]
    pub quotes_per_address: u32,

    /// How long a quote is valid, in minutes.
    #[arg(long, env = "STAYGATE_QUOTE_MINUTES", value_name = "MIN", default_value_t = 15, value_parser = between(1, 1440))]
    pub quote_minutes: u32,

    /// How long a host has to accept or decline a request after its payment was authorized, in
    /// hours.
    #[arg(long, env = "STAYGATE_HOST_ANSWER_HOURS", value_name = "H", default_value_t = 24, value_parser = between(1, 168))]
    pub host_answer_hours: u32,

    /// The folder with the time zone rules to use, as the package tzdata installs them. By default
    /// those of the system are used if they are newer than the built-in ones.
    #[arg(long, env = "STAYGATE_TZDATA_DIR", value_name = "DIR")]
    pub tzdata_dir: Option<PathBuf>,

    /// Whether an empty database is filled with demo data and demo accounts, whose passwords are
    /// public. `auto` is on with a private database, unless --listen or --public-url allow access
    /// from other machines. When it is off, demo accounts of an earlier start are locked.
    #[arg(long, env = "STAYGATE_DEMO", value_name = "WHEN", default_value = "auto")]
    pub demo: Demo,
}

impl Booking {
    /// How long an unpaid booking holds its nights.
    pub fn hold_lifetime(&self) -> Duration {
        Duration::minutes(self.hold_minutes.into())
    }

    /// How long a guest whose hold ended unpaid must wait before holding nights of the same listing
    /// again.
    pub fn hold_cooldown(&self) -> Duration {
        Duration::minutes(self.hold_cooldown_minutes.into())
    }

    /// How long a guest can hold nights of a listing in total with successive unpaid bookings.
    pub fn hold_total(&self) -> Duration {
        Duration::minutes(self.hold_total_minutes.into()).max(self.hold_lifetime())
    }

    /// How long a guest who abandoned a request must wait before requesting the same listing again.
    pub fn request_cooldown(&self) -> Duration {
        Duration::minutes(self.request_cooldown_minutes.into())
    }

    /// How long a guest has to pay for a request.
    pub fn request_payment_time(&self) -> Duration {
        Duration::minutes(self.request_payment_minutes.into())
    }

    /// How long a quote is valid.
    pub fn quote_lifetime(&self) -> Duration {
        Duration::minutes(self.quote_minutes.into())
    }

    /// How long a host has to accept or decline a request.
    pub fn host_answer_lifetime(&self) -> Duration {
        Duration::hours(self.host_answer_hours.into())
    }
}
