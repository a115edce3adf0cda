//! A cost plan: the fields of a normal form with their weights, ready to be summed.

use async_graphql::{Name, Variables};
use async_graphql_value::ConstValue;

use super::Cost;
use super::size::{Size, Values};
use crate::weights::UNIT;

/// A cost, in thousandths of a unit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Sum {
    /// Work: calls of fields, and arguments.
    pub work: u64,
    /// Response: objects and leaves.
    pub response: u64,
}

impl Sum {
    fn add(self, other: Self) -> Self {
        Self { work: self.work.saturating_add(other.work), response: self.response.saturating_add(other.response) }
    }

    fn times(self, times: u64) -> Self {
        Self { work: self.work.saturating_mul(times), response: self.response.saturating_mul(times) }
    }

    fn total(self) -> u64 {
        self.work.saturating_add(self.response)
    }
}

/// One field of the normal form.
#[derive(Debug)]
pub(super) struct Node {
    /// The response key.
    pub key: Name,
    /// The cost of each call, without variables.
    pub per_call: u64,
    /// The additional cost of each call for each variable that has a value.
    pub variable_weights: Vec<(Name, u64)>,
    /// Variables whose list items add to the cost of each call.
    pub list_variables: Vec<Name>,
    /// The number of results of a call.
    pub size: Size,
    /// The cost of each result, without the selection on it.
    pub per_result: u64,
    /// The selection on each result.
    pub below: FieldSet,
    /// Whether it is `__schema` or `__type` at the root.
    pub is_introspection: bool,
}

/// A selection: for each object type that its type can be, the indices of its nodes. One entry if
/// they are the same for all.
#[derive(Debug, Default)]
pub(super) struct FieldSet(pub Vec<Box<[u32]>>);

/// The cost of an operation for any values of its variables.
#[derive(Debug)]
pub(in super::super) struct Plan {
    /// Fields, children before their parents.
    pub(super) nodes: Vec<Node>,
    pub(super) root: FieldSet,
    pub(super) defaults: Vec<(Name, ConstValue)>,
    /// The cost, if no variable matters.
    pub(super) fixed: Option<Cost>,
}

impl Plan {
    /// The cost with these variables.
    pub fn cost(&self, variables: &Variables) -> Cost {
        self.fixed.unwrap_or_else(|| self.compute(variables))
    }

    pub(super) fn compute(&self, variables: &Variables) -> Cost {
        let values = Values { given: variables, defaults: &self.defaults };
        let sums = self.sums(values);
        let (mut requested, mut introspection) = (Sum::default(), 0_u64);
        for index in self.root.0.iter().flatten() {
            let (node, sum) = (&self.nodes[*index as usize], sums[*index as usize]);
            if node.is_introspection {
                introspection = introspection.saturating_add(sum.total());
            } else {
                requested = requested.add(sum);
            }
        }
        Cost {
            requested: requested.total().div_ceil(UNIT),
            response: requested.response.div_ceil(UNIT),
            introspection: introspection.div_ceil(UNIT),
        }
    }

    /// The cost of each node for each result of its parent.
    fn sums(&self, values: Values<'_>) -> Vec<Sum> {
        let mut sums = Vec::with_capacity(self.nodes.len());
        for node in &self.nodes {
            let below =
                most_expensive_fields(&node.below, &sums).map_or_else(Sum::default, |fields| add_all(fields, &sums));
            let each = Sum { work: 0, response: node.per_result }.add(below);
            let call = Sum { work: node.cost_per_call(values), response: 0 };
            sums.push(call.add(each.times(node.size.of(values))));
        }
        sums
    }

    /// The path of the field that costs most, without the selection on it, over all its calls.
    pub fn most_expensive(&self, variables: &Variables) -> Vec<Name> {
        let values = Values { given: variables, defaults: &self.defaults };
        let search = Search { plan: self, values, sums: self.sums(values) };
        let mut best = (0, Vec::new());
        search.visit(&self.root, 1, &mut Vec::new(), &mut best);
        best.1
    }

    /// Approximate bytes on the heap.
    pub fn bytes(&self) -> usize {
        let set = |set: &FieldSet| set.0.iter().map(|fields| 16 + fields.len() * 4).sum::<usize>();
        let node = |node: &Node| {
            let sliced = if matches!(node.size, Size::Sliced { .. }) { 128 } else { 0 };
            size_of::<Node>()
                + sliced
                + (node.variable_weights.len() + node.list_variables.len()) * 24
                + set(&node.below)
        };
        self.nodes.iter().map(node).sum::<usize>() + set(&self.root)
    }
}

impl Node {
    fn cost_per_call(&self, values: Values<'_>) -> u64 {
        let given =
            self.variable_weights.iter().filter(|(name, _)| values.get(name).is_some()).map(|(_, weight)| *weight);
        let items = self.list_variables.iter().filter_map(|name| values.get(name)).map(|value| items(value) * UNIT);
        given.chain(items).fold(self.per_call, u64::saturating_add)
    }
}

/// The number of items of all lists in a value.
pub(super) fn items(value: &ConstValue) -> u64 {
    match value {
        ConstValue::List(list) => list.len() as u64 + list.iter().map(items).sum::<u64>(),
        ConstValue::Object(fields) => fields.values().map(items).sum(),
        _ => 0,
    }
}

fn add_all(fields: &[u32], sums: &[Sum]) -> Sum {
    fields.iter().fold(Sum::default(), |sum, index| sum.add(sums[*index as usize]))
}

/// The fields for the object type on which a selection costs most.
fn most_expensive_fields<'a>(set: &'a FieldSet, sums: &[Sum]) -> Option<&'a [u32]> {
    set.0.iter().max_by_key(|fields| add_all(fields, sums).total()).map(AsRef::as_ref)
}

struct Search<'a> {
    plan: &'a Plan,
    values: Values<'a>,
    sums: Vec<Sum>,
}

impl<'a> Search<'a> {
    fn visit(&self, set: &'a FieldSet, times: u64, path: &mut Vec<&'a Name>, best: &mut (u64, Vec<Name>)) {
        for index in most_expensive_fields(set, &self.sums).unwrap_or_default() {
            let node = &self.plan.nodes[*index as usize];
            let results = times.saturating_mul(node.size.of(self.values));
            let calls = times.saturating_mul(node.cost_per_call(self.values));
            let own = calls.saturating_add(results.saturating_mul(node.per_result));
            path.push(&node.key);
            if own > best.0 {
                *best = (own, path.iter().map(|name| (*name).clone()).collect());
            }
            self.visit(&node.below, results, path, best);
            path.pop();
        }
    }
}
