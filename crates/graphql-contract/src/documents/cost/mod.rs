//! What an operation costs, worked out from its normal form before anything runs.
//!
//! The contract has the weights: `@cost(weight:)` and `@listSize`. docs/api.md has the formula. A normal form is turned into a
//! plan once; a request only puts the values of its variables in, because page sizes can come from variables.

mod build;
mod plan;
mod size;
#[cfg(test)]
mod tests;

pub(super) use build::plan;
pub(super) use plan::Plan;

/// What an operation costs, in units of the contract's weights.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cost {
    /// Everything but introspection; of a subscription, one event.
    pub requested: u64,
    /// The part of it that stands for the size of the answer: objects and leaves.
    pub answer: u64,
    /// What `__schema` and `__type` cost.
    pub introspection: u64,
}
