//! A plan: the fields of a normal form with their weights, ready to be added up.

use async_graphql::{Name, Variables};
use async_graphql_value::ConstValue;

use super::Cost;
use super::size::{Size, Values};
use crate::weights::UNIT;

/// Thousandths of units.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Sum {
    /// Work: calls of fields, arguments.
    pub work: u64,
    /// What comes back: objects and leaves.
    pub answer: u64,
}

impl Sum {
    fn add(self, other: Self) -> Self {
        Self { work: self.work.saturating_add(other.work), answer: self.answer.saturating_add(other.answer) }
    }

    fn times(self, times: u64) -> Self {
        Self { work: self.work.saturating_mul(times), answer: self.answer.saturating_mul(times) }
    }

    fn total(self) -> u64 {
        self.work.saturating_add(self.answer)
    }
}

/// One field of the normal form.
#[derive(Debug)]
pub(super) struct Node {
    /// The response key.
    pub key: Name,
    /// What each call costs, whatever the variables.
    pub call: u64,
    /// What each call costs more when a variable has a value.
    pub given: Vec<(Name, u64)>,
    /// Variables whose lists each call reads.
    pub lists: Vec<Name>,
    /// How many results a call has.
    pub size: Size,
    /// What each result costs by itself.
    pub each: u64,
    /// What is selected of each result.
    pub below: Set,
    /// Whether it is `__schema` or `__type` of the root.
    pub is_introspection: bool,
}

/// A selection: the fields of each object that its type can be, as indices of nodes. One is enough where all have the same.
#[derive(Debug, Default)]
pub(super) struct Set(pub Vec<Box<[u32]>>);

/// What an operation costs, for any values of its variables.
#[derive(Debug)]
pub(in super::super) struct Plan {
    /// Fields before the ones that they are selected below of.
    pub(super) nodes: Vec<Node>,
    pub(super) root: Set,
    pub(super) defaults: Vec<(Name, ConstValue)>,
    /// The answer, where no variable matters.
    pub(super) fixed: Option<Cost>,
}

impl Plan {
    /// What the operation costs with these variables.
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
            answer: asked.answer.div_ceil(UNIT),
            introspection: introspection.div_ceil(UNIT),
        }
    }

    /// What each node costs each time that its parent is there.
    fn sums(&self, values: Values<'_>) -> Vec<Sum> {
        let mut sums = Vec::with_capacity(self.nodes.len());
        for node in &self.nodes {
            let below =
                most_expensive_fields(&node.below, &sums).map_or_else(Sum::default, |fields| add_all(fields, &sums));
            let each = Sum { work: 0, answer: node.each }.add(below);
            let call = Sum { work: node.call_cost(values), answer: 0 };
            sums.push(call.add(each.times(node.size.of(values))));
        }
        sums
    }

    /// The path of the field that costs the most by itself, with how often it is there.
    pub fn most_expensive(&self, variables: &Variables) -> Vec<Name> {
        let values = Values { given: variables, defaults: &self.defaults };
        let search = Search { plan: self, values, sums: self.sums(values) };
        let mut best = (0, Vec::new());
        search.visit(&self.root, 1, &mut Vec::new(), &mut best);
        best.1
    }

    /// Bytes on the heap, about.
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

/// The items of all lists in a value.
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

/// The fields of the object for which a selection costs the most.
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
