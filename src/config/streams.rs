//! Settings of open connections and subscriptions.

use clap::Args;

use super::between;

/// Settings of open connections and subscriptions.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Streams")]
pub struct Streams {
    /// The maximum number of open websockets and event streams.
    #[arg(long, env = "STAYGATE_MAX_SOCKETS", value_name = "N", default_value_t = 10_000, value_parser = between(1, 1_000_000))]
    pub max_sockets: u32,

    /// The maximum number of them from one address, or from one /64 of IPv6. Behind a proxy, set
    /// --trusted-proxies as well.
    #[arg(long, env = "STAYGATE_MAX_SOCKETS_PER_ADDRESS", value_name = "N", default_value_t = 1_000, value_parser = between(1, 1_000_000))]
    pub max_sockets_per_address: u32,

    /// The maximum number of open subscriptions of one member on this server.
    #[arg(long, env = "STAYGATE_MAX_SUBSCRIPTIONS", value_name = "N", default_value_t = 100, value_parser = between(1, 1_000_000))]
    pub max_subscriptions: u32,
}
