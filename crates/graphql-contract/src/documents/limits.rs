//! The maximum size and cost of a document.

use async_graphql::parser::types::OperationType;

use super::Cost;

/// Bounds on one document. A document over a bound is rejected before it causes work.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes of the text.
    pub max_bytes: usize,
    /// Lexical tokens of the text.
    pub max_tokens: usize,
    /// Nesting of brackets of any kind. The parser is recursive: this bound protects its stack.
    pub max_nesting: usize,
    /// Fragment definitions.
    pub max_fragments: usize,
    /// Variable definitions of one operation.
    pub max_variables: usize,
    /// Depth of fields, fragments expanded.
    pub max_depth: usize,
    /// Number of fields, fragments expanded, including `__typename`.
    pub max_fields: usize,
    /// Root fields, fragments expanded.
    pub max_root_fields: usize,
    /// Aliases, fragments expanded.
    pub max_aliases: usize,
    /// Directives, fragments expanded.
    pub max_directives: usize,
    /// Whether `__schema` and `__type` are allowed.
    pub introspection: bool,
    /// Fields below `__schema` and `__type`, fragments expanded. A separate budget.
    pub max_introspection_fields: usize,
    /// Depth of fields below `__schema` and `__type`.
    pub max_introspection_depth: usize,
    /// Number of errors in one response to an invalid document.
    pub max_errors: usize,
    /// Cost of a query or mutation, by the weights of the contract.
    pub max_cost: u64,
    /// Cost of one event of a subscription.
    pub max_event_cost: u64,
    /// Cost of the introspection in an operation. A separate budget.
    pub max_introspection_cost: u64,
    /// Number of cached documents.
    pub cache_entries: usize,
    /// Bytes of memory of the cached documents, including all their normal forms.
    pub cache_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_bytes: 64 * 1024,
            max_tokens: 6_000,
            max_nesting: 48,
            max_fragments: 100,
            max_variables: 100,
            max_depth: 15,
            max_fields: 1_000,
            max_root_fields: 20,
            max_aliases: 50,
            max_directives: 50,
            introspection: true,
            max_introspection_fields: 1_000,
            max_introspection_depth: 20,
            max_errors: 10,
            max_cost: 10_000,
            max_event_cost: 1_000,
            max_introspection_cost: 300_000,
            cache_entries: 2_000,
            cache_bytes: 16 * 1024 * 1024,
        }
    }
}

impl Limits {
    /// The maximum cost of an operation, or of one event of a subscription.
    pub fn max_cost(&self, operation: OperationType) -> u64 {
        if operation == OperationType::Subscription { self.max_event_cost } else { self.max_cost }
    }

    /// The cost and the limit that it exceeds, if any.
    pub(super) fn exceeded(&self, operation: OperationType, cost: Cost) -> Option<(u64, u64)> {
        let costs = [(cost.requested, self.max_cost(operation)), (cost.introspection, self.max_introspection_cost)];
        costs.into_iter().find(|(cost, limit)| cost > limit)
    }
}
