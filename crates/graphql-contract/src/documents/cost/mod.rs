//! The cost of an operation, computed from its normal form before it runs.
//!
//! The weights are in the contract: `@cost(weight:)` and `@listSize`. docs/api.md has the formula.
//! A normal form is turned into a plan once; a request only adds the values of its variables,
//! because page sizes can come from variables.

mod plan;
mod plan_builder;
mod size;
#[cfg(test)]
mod tests;

pub(super) use plan::Plan;
pub(super) use plan_builder::build_plan;

/// The cost of an operation, in units of the contract's weights.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cost {
    /// Everything but introspection; for a subscription, one event.
    pub requested: u64,
    /// The part that represents the size of the response: objects and leaves.
    pub response: u64,
    /// The cost of `__schema` and `__type`.
    pub introspection: u64,
}
