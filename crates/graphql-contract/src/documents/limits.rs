//! How large a document may be, and how much it may cost.

use async_graphql::parser::types::OperationType;

use super::Cost;

/// Bounds on one document. Whatever is over them is refused before it costs anything.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes of the query text.
    pub max_bytes: usize,
    /// Lexical tokens of the query text.
    pub max_tokens: usize,
    /// How deep brackets of any kind may nest. The parser is recursive: this bound protects its stack.
    pub max_nesting: usize,
    /// Fragment definitions.
    pub max_fragments: usize,
    /// Variable definitions of one operation.
    pub max_variables: usize,
    /// How deep fields may nest, fragments expanded.
    pub max_depth: usize,
    /// Fields in all, fragments expanded, `__typename` included.
    pub max_fields: usize,
    /// Fields of the root, fragments expanded.
    pub max_root_fields: usize,
    /// Aliases, fragments expanded.
    pub max_aliases: usize,
    /// Directives, fragments expanded.
    pub max_directives: usize,
    /// Whether `__schema` and `__type` may be asked for.
    pub introspection: bool,
    /// Fields below `__schema` and `__type`, fragments expanded. A budget of its own.
    pub max_introspection_fields: usize,
    /// How deep fields may nest below `__schema` and `__type`.
    pub max_introspection_depth: usize,
    /// Errors in one answer to a bad document.
    pub max_errors: usize,
    /// What a query or mutation may cost, by the weights of the contract.
    pub max_cost: u64,
    /// What one event of a subscription may cost.
    pub max_event_cost: u64,
    /// What the introspection in an operation may cost. A budget of its own.
    pub max_introspection_cost: u64,
    /// Prepared documents that are kept.
    pub cache_entries: usize,
    /// Bytes of memory that the prepared documents hold which are kept, all their forms included.
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
    /// The most that an operation may cost, or one event of a subscription.
    pub fn most(&self, operation: OperationType) -> u64 {
        if operation == OperationType::Subscription { self.max_event_cost } else { self.max_cost }
    }

    /// The cost and the limit that it is over, if it is over one.
    pub(super) fn over(&self, operation: OperationType, cost: Cost) -> Option<(u64, u64)> {
        let costs = [(cost.requested, self.most(operation)), (cost.introspection, self.max_introspection_cost)];
        costs.into_iter().find(|(cost, limit)| cost > limit)
    }
}
