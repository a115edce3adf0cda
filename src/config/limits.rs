//! Settings of limits and budgets.

use clap::Args;

use super::between;
use client_limits::Budget;

/// Limits of one operation, in units of the contract's costs.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Limits")]
pub struct OperationLimit {
    /// The maximum cost of one operation.
    #[arg(long, env = "STAYGATE_MAX_COST", value_name = "UNITS", default_value_t = 10_000, value_parser = between(100, 1_000_000))]
    pub max_cost: u32,
}

/// Limits and budgets of clients, in units of the contract's costs.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Limits")]
pub struct Limits {
    /// Limits of one operation.
    #[command(flatten)]
    pub operation: OperationLimit,

    /// The budget of a client address: units per second, and the largest burst; or `off`.
    #[arg(long, env = "STAYGATE_ADDRESS_BUDGET", value_name = "RATE/BURST", default_value = "20000/200000")]
    pub address_budget: Budget,

    /// The budget of a signed-in viewer, at all addresses together; or `off`.
    #[arg(long, env = "STAYGATE_VIEWER_BUDGET", value_name = "RATE/BURST", default_value = "10000/100000")]
    pub viewer_budget: Budget,

    /// The introspection budget of a client address, in addition to the above; or `off`.
    #[arg(long, env = "STAYGATE_INTROSPECTION_BUDGET", value_name = "RATE/BURST", default_value = "50000/3000000")]
    pub introspection_budget: Budget,
}
