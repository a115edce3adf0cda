//! How much clients may ask for.

use clap::Args;

use super::between;
use client_limits::Budget;

/// How much one operation may ask for, in the units of the contract's costs.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Limits")]
pub struct OperationLimit {
    /// The most that one operation may cost.
    #[arg(long, env = "STAYGATE_MAX_COST", value_name = "UNITS", default_value_t = 10_000, value_parser = between(100, 1_000_000))]
    pub max_cost: u32,
}

/// How much clients may ask for, in the units of the contract's costs.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Limits")]
pub struct Limits {
    /// How much one operation may ask for.
    #[command(flatten)]
    pub operation: OperationLimit,

    /// What a client's address may ask for: units a second, and the most that can be saved up; or `off`.
    #[arg(long, env = "STAYGATE_ADDRESS_BUDGET", value_name = "RATE/BURST", default_value = "20000/200000")]
    pub address_budget: Budget,

    /// What a signed-in viewer may ask for, at whatever addresses; or `off`.
    #[arg(long, env = "STAYGATE_VIEWER_BUDGET", value_name = "RATE/BURST", default_value = "10000/100000")]
    pub viewer_budget: Budget,

    /// What introspection a client's address may ask for, besides the above; or `off`.
    #[arg(long, env = "STAYGATE_INTROSPECTION_BUDGET", value_name = "RATE/BURST", default_value = "50000/3000000")]
    pub introspection_budget: Budget,
}
