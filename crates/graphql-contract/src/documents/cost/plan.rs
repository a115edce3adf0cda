//! A plan: the fields of a normal form with their weights, ready to be summed.

use async_graphql::{Name, Variables};
use async_graphql_value::ConstValue;

use super::Cost;
use super::size::{Size, Values};
use crate::weights::UNIT;

/// Thousandths of units.
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
    pub call: u64,
    /// The additional cost of each call for each variable that has a value.
    pub given: Vec<(Name, u64)>,
    /// Variables that are lists whose items each call counts.
    pub lists: Vec<Name>,
    /// The number of results of a call.
    pub size: Size,
    /// The cost of each result by itself.
    pub each: u64,
    /// The selection on each result.
    pub below: Set,
    /// Whether it is `__schema` or `__type` at the root.
    pub is_introspection: bool,
}

/// A selection: for each object type that its type can be, the indices of its nodes. One entry if
/// they are the same for all.
#[derive(Debug, Default)]
pub(super) struct Set(pub Vec<Box<[u32]>>);

/// The cost of an operation for any values of its variables.
#[derive(Debug)]
pub(in super::super) struct Plan {
    /// Fields, children before their parents.
    pub(super) nodes: Vec<Node>,
    pub(super) root: Set,
    pub(super) defaults: Vec<(Name, ConstValue)>,
    /// The cost, if no variable matters.
    pub(super) fixed: Option<Cost>,
}

impl Plan {
    /// The cost with these variables.
    pub fn cost(&self, variables: &Variables) -> Cost {
        self.fixed.unwrap_or_else(|| self.add_up(variables))
    }

    pub(super) fn add_up(&self, variables: &Variables) -> Cost {
        let values = Values { given: variables, defaults: &self.defaults };
        let sums = self.sums(values);
        let (mut asked, mut introspection) = (Sum::default(), 0_u64);
        for index in self.root.0.iter().flatten() {
            let (node, sum) = (&self.nodes[*index as usize], sums[*index as usize]);
            if node.is_introspection {
                introspection = introspection.saturating_add(sum.total());
            } else {
                asked = asked.add(sum);
            }
        }
        Cost {
            requested: asked.total().div_ceil(UNIT),
            response: asked.response.div_ceil(UNIT),
            introspection: introspection.div_ceil(UNIT),
        }
    }

    /// The cost of each node for each result of its parent.
    fn sums(&self, values: Values<'_>) -> Vec<Sum> {
        let mut sums = Vec::with_capacity(self.nodes.len());
        for node in &self.nodes {
            let below =
                most_expensive_fields(&node.below, &sums).map_or_else(Sum::default, |fields| add_all(fields, &sums));
            let each = Sum { work: 0, response: node.each }.add(below);
            let call = Sum { work: node.call_cost(values), response: 0 };
            sums.push(call.add(each.times(node.size.of(values))));
        }
        sums
    }

    /// The path of the field that costs most by itself, including how often it is called.
    pub fn most_expensive(&self, variables: &Variables) -> Vec<Name> {
        let values = Values { given: variables, defaults: &self.defaults };
        let search = Search { plan: self, values, sums: self.sums(values) };
        let mut best = (0, Vec::new());
        search.visit(&self.root, 1, &mut Vec::new(), &mut best);
        best.1
    }

    /// Approximate bytes on the heap.
    pub fn bytes(&self) -> usize {
        let set = |set: &Set| set.0.iter().map(|fields| 16 + fields.len() * 4).sum::<usize>();
        let node = |node: &Node| {
            let sliced = if matches!(node.size, Size::Sliced { .. }) { 128 } else { 0 };
            size_of::<Node>() + sliced + (node.given.len() + node.lists.len()) * 24 + set(&node.below)
        };
        self.nodes.iter().map(node).sum::<usize>() + set(&self.root)
    }
}

impl Node {
    fn call_cost(&self, values: Values<'_>) -> u64 {
        let given = self.given.iter().filter(|(name, _)| values.get(name).is_some()).map(|(_, weight)| *weight);
        let items = self.lists.iter().filter_map(|name| values.get(name)).map(|value| items(value) * UNIT);
        given.chain(items).fold(self.call, u64::saturating_add)
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
fn most_expensive_fields<'a>(set: &'a Set, sums: &[Sum]) -> Option<&'a [u32]> {
    set.0.iter().max_by_key(|fields| add_all(fields, sums).total()).map(AsRef::as_ref)
}

struct Search<'a> {
    plan: &'a Plan,
    values: Values<'a>,
    sums: Vec<Sum>,
}

impl<'a> Search<'a> {
    fn visit(&self, set: &'a Set, times: u64, path: &mut Vec<&'a Name>, best: &mut (u64, Vec<Name>)) {
        for index in most_expensive_fields(set, &self.sums).unwrap_or_default() {
            let node = &self.plan.nodes[*index as usize];
            let results = times.saturating_mul(node.size.of(self.values));
            let calls = times.saturating_mul(node.call_cost(self.values));
            let own = calls.saturating_add(results.saturating_mul(node.each));
            path.push(&node.key);
            if own > best.0 {
                *best = (own, path.iter().map(|name| (*name).clone()).collect());
            }
            self.visit(&node.below, results, path, best);
            path.pop();
        }
    }
}
