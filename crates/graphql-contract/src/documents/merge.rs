//! The normal form of an operation: one field for each response key of an object, no fragments
//! except on narrower types, no conditions.
//!
//! The library runs a field each time that it is selected, also in mutations. In the normal form, a
//! field that is selected twice, also in several fragments, is selected once, with everything below
//! it merged. Conditions are evaluated first, with the values of one request, so that `a
//! @include(if: $x) { b } a { c }` merges like anything else.

use std::cell::Cell;

use async_graphql::indexmap::{IndexMap, IndexSet};
use async_graphql::parser::types::{
    Directive, ExecutableDocument, Field, InlineFragment, OperationDefinition, Selection, SelectionSet, TypeCondition,
};
use async_graphql::{Name, Pos, Positioned, ServerError};
use async_graphql_value::Value;

use super::super::sdl::{FieldDef, Kind, Schema, TypeDef, innermost};
use super::errors::{Code, error};
use super::variables::coerce_integer_literals;

/// The maximum number of selections visited for one normal form.
const MAX_VISITS: usize = 100_000;

/// The names of the variables used as conditions, each once.
pub(super) fn conditions(document: &ExecutableDocument, operation: &OperationDefinition) -> Vec<Name> {
    let mut names = IndexSet::new();
    conditions_in(&operation.selection_set.node, &mut names);
    for fragment in document.fragments.values() {
        conditions_in(&fragment.node.selection_set.node, &mut names);
    }
    names.retain(|name| operation.variable_definitions.iter().any(|definition| definition.node.name.node == *name));
    names.into_iter().collect()
}

fn conditions_in(set: &SelectionSet, names: &mut IndexSet<Name>) {
    for selection in &set.items {
        for directive in selection.node.directives() {
            if let Some((_, Value::Variable(name))) = condition(&directive.node) {
                names.insert(name.clone());
            }
        }
        match &selection.node {
            Selection::Field(field) => conditions_in(&field.node.selection_set.node, names),
            Selection::InlineFragment(fragment) => conditions_in(&fragment.node.selection_set.node, names),
            Selection::FragmentSpread(_) => {}
        }
    }
}

/// The operand of `@skip` or `@include`, and the value for which the selection is included.
fn condition(directive: &Directive) -> Option<(bool, &Value)> {
    let included_if = match directive.name.node.as_str() {
        "include" => true,
        "skip" => false,
        _ => return None,
    };
    Some((included_if, &directive.get_argument("if")?.node))
}

/// The selection set of the operation in normal form, for these values of the conditions.
///
/// # Errors
///
/// The normal form exceeds `max_fields`.
pub(super) fn normalize(
    document: &ExecutableDocument,
    operation: &OperationDefinition,
    schema: &Schema,
    conditions: &[(Name, bool)],
    max_fields: usize,
) -> Result<Positioned<SelectionSet>, ServerError> {
    let pos = operation.selection_set.pos;
    let mut merger = Merger { document, schema, conditions, budget: max_fields, visits: Cell::new(0) };
    let items = match schema.root(operation.ty) {
        Some(root) => merger.merge_sets(root, &[&operation.selection_set.node], pos, &IndexSet::new())?,
        None => Vec::new(),
    };
    Ok(Positioned::new(SelectionSet { items }, pos))
}

struct Merger<'a> {
    document: &'a ExecutableDocument,
    schema: &'a Schema,
    conditions: &'a [(Name, bool)],
    budget: usize,
    /// Number of visited selections: an interface with many object types makes some be visited
    /// repeatedly.
    visits: Cell<usize>,
}

/// The selections on one type, in order of first appearance.
#[derive(Default)]
struct Collected<'a> {
    items: IndexMap<Key<'a>, Item<'a>>,
}

impl<'a> Collected<'a> {
    /// The key of a fragment on `on`. Consecutive fragments on one type are merged; fields between
    /// two of them keep their position, because clients see the order.
    fn narrow_key(&self, on: &'a str) -> Key<'a> {
        match self.items.keys().next_back() {
            Some(Key::Narrow(last, number)) if *last == on => Key::Narrow(on, *number),
            _ => Key::Narrow(on, self.items.len()),
        }
    }
}

#[derive(PartialEq, Eq, Hash)]
enum Key<'a> {
    Field(&'a Name),
    /// A fragment on a narrower type, and a number that distinguishes it from others on that type.
    Narrow(&'a str, usize),
}

enum Item<'a> {
    /// All fields with one response key.
    Field(Vec<&'a Positioned<Field>>),
    /// All consecutive fragments on one narrower type.
    Narrow { on: &'a TypeDef, pos: Pos, sets: Vec<&'a SelectionSet> },
}

type Items = Vec<Positioned<Selection>>;

impl<'a> Merger<'a> {
    /// Merges the selection sets on `parent`, without the fields with the keys `known`.
    fn merge_sets(
        &mut self,
        parent: &'a TypeDef,
        sets: &[&'a SelectionSet],
        pos: Pos,
        known: &IndexSet<&'a Name>,
    ) -> Result<Items, ServerError> {
        let mut collected = Collected::default();
        for set in sets {
            self.collect_fields(parent, set, &mut collected);
        }
        if self.visits.get() > MAX_VISITS {
            return Err(too_many(pos));
        }
        collected.items.retain(|key, _| !matches!(key, Key::Field(name) if known.contains(*name)));
        let omit = match self.find_key_conflict(parent, &collected) {
            KeyConflict::None => IndexSet::new(),
            KeyConflict::Leaves(names) => names,
            KeyConflict::Deep => return self.merge_by_object_type(parent, sets, pos),
        };
        let mut items = Items::new();
        for item in collected.items.into_values() {
            match item {
                Item::Field(fields) => items.push(self.merge_field(parent, &fields)?),
                Item::Narrow { on, pos, sets } => items.extend(self.merge_narrow(on, pos, &sets, &omit)?),
            }
        }
        Ok(items)
    }

    fn merge_narrow(
        &mut self,
        on: &'a TypeDef,
        pos: Pos,
        sets: &[&'a SelectionSet],
        known: &IndexSet<&'a Name>,
    ) -> Result<Option<Positioned<Selection>>, ServerError> {
        let items = self.merge_sets(on, sets, pos, known)?;
        Ok((!items.is_empty()).then(|| fragment(on, items, pos)))
    }

    /// One fragment for each object type that `parent` can be, with the merged selections of all
    /// fragments that apply to it.
    fn merge_by_object_type(
        &mut self,
        parent: &'a TypeDef,
        sets: &[&'a SelectionSet],
        pos: Pos,
    ) -> Result<Items, ServerError> {
        let mut items = Items::new();
        for object in &parent.possible_types {
            if let Some(object) = self.schema.get(object) {
                items.extend(self.merge_narrow(object, pos, sets, &IndexSet::new())?);
            }
        }
        Ok(items)
    }

    fn merge_field(
        &mut self,
        parent: &'a TypeDef,
        fields: &[&'a Positioned<Field>],
    ) -> Result<Positioned<Selection>, ServerError> {
        let first = fields[0];
        self.budget = self.budget.checked_sub(1).ok_or_else(|| too_many(first.pos))?;
        let pos = first.node.selection_set.pos;
        let known = self.schema.field(parent, &first.node.name.node);
        let below = known.and_then(|known| self.schema.get(innermost(&known.ty)));
        let items = match below {
            Some(below) if below.is_composite() => {
                let sets: Vec<_> = fields.iter().map(|field| &field.node.selection_set.node).collect();
                let mut items = self.merge_sets(below, &sets, pos, &IndexSet::new())?;
                if items.is_empty() {
                    items.push(empty_selection(pos));
                }
                items
            }
            _ => Vec::new(),
        };
        let field = Field {
            alias: first.node.alias.clone(),
            name: first.node.name.clone(),
            arguments: self.coerce_arguments(first, known),
            directives: first.node.directives.iter().filter(|d| condition(&d.node).is_none()).cloned().collect(),
            selection_set: Positioned::new(SelectionSet { items }, pos),
        };
        Ok(Positioned::new(Selection::Field(Positioned::new(field, first.pos)), first.pos))
    }

    /// The arguments of a field; whole numbers for integers are written without a fraction.
    fn coerce_arguments(
        &self,
        field: &Positioned<Field>,
        known: Option<&FieldDef>,
    ) -> Vec<(Positioned<Name>, Positioned<Value>)> {
        let mut arguments = field.node.arguments.clone();
        for (name, value) in &mut arguments {
            let input = known.and_then(|known| known.arguments.get(name.node.as_str()));
            if let Some(input) = input {
                coerce_integer_literals(self.schema, &mut value.node, &input.ty);
            }
        }
        arguments
    }

    fn is_included(&self, directives: &[Positioned<Directive>]) -> bool {
        directives.iter().filter_map(|directive| condition(&directive.node)).all(|(included_if, value)| match value {
            Value::Boolean(value) => *value == included_if,
            Value::Variable(name) => {
                self.conditions.iter().any(|(known, value)| known == name && *value == included_if)
            }
            _ => true,
        })
    }

    fn collect_fields(&self, parent: &'a TypeDef, set: &'a SelectionSet, collected: &mut Collected<'a>) {
        self.visits.set(self.visits.get() + set.items.len());
        for selection in set.items.iter().filter(|selection| self.is_included(selection.node.directives())) {
            let (on, set) = match &selection.node {
                Selection::Field(field) => {
                    let key = Key::Field(&field.node.response_key().node);
                    let item = collected.items.entry(key).or_insert_with(|| Item::Field(Vec::new()));
                    if let Item::Field(fields) = item {
                        fields.push(field);
                    }
                    continue;
                }
                Selection::InlineFragment(fragment) => {
                    let on = fragment.node.type_condition.as_ref().map(|condition| &condition.node.on.node);
                    (on, &fragment.node.selection_set.node)
                }
                Selection::FragmentSpread(spread) => {
                    let Some(fragment) = self.document.fragments.get(&spread.node.fragment_name.node) else { continue };
                    (Some(&fragment.node.type_condition.node.on.node), &fragment.node.selection_set.node)
                }
            };
            let Some(on) = on.map_or(Some(parent), |on| self.schema.get(on)) else { continue };
            if on.name == parent.name || on.covers(parent) {
                self.collect_fields(parent, set, collected);
            } else if on.overlaps(parent) {
                let narrow = || Item::Narrow { on, pos: selection.pos, sets: Vec::new() };
                let key = collected.narrow_key(&on.name);
                if let Item::Narrow { sets, .. } = collected.items.entry(key).or_insert_with(narrow) {
                    sets.push(set);
                }
            }
        }
    }

    /// Whether one response key would be selected in two places for some object type.
    fn find_key_conflict(&self, parent: &'a TypeDef, collected: &Collected<'a>) -> KeyConflict<'a> {
        if parent.kind == Kind::Object {
            return KeyConflict::None;
        }
        let mut direct: IndexMap<&'a Name, bool> = IndexMap::new();
        let mut narrows: Vec<(&'a TypeDef, IndexSet<&'a Name>)> = Vec::new();
        let mut leaves = IndexSet::new();
        let mut deep = false;
        for (key, item) in &collected.items {
            match (key, item) {
                (Key::Field(name), Item::Field(fields)) => {
                    deep |= narrows.iter().any(|(_, keys)| keys.contains(name));
                    direct.insert(name, fields[0].node.selection_set.node.items.is_empty());
                }
                (_, Item::Narrow { on, sets, .. }) => {
                    let mut keys = IndexSet::new();
                    sets.iter().for_each(|set| self.collect_keys(set, &mut keys));
                    for key in &keys {
                        match direct.get(key) {
                            Some(true) if on.kind == Kind::Object => drop(leaves.insert(*key)),
                            Some(_) => deep = true,
                            None => {}
                        }
                    }
                    let shares = |(other, known): &(&'a TypeDef, IndexSet<&'a Name>)| {
                        other.overlaps(on) && keys.iter().any(|key| known.contains(key))
                    };
                    deep |= narrows.iter().any(shares);
                    narrows.push((on, keys));
                }
                _ => {}
            }
        }
        match (deep, leaves.is_empty()) {
            (true, _) => KeyConflict::Deep,
            (false, true) => KeyConflict::None,
            (false, false) => KeyConflict::Leaves(leaves),
        }
    }

    /// Every response key in a set, on whatever type.
    fn collect_keys(&self, set: &'a SelectionSet, keys: &mut IndexSet<&'a Name>) {
        self.visits.set(self.visits.get() + set.items.len());
        for selection in set.items.iter().filter(|selection| self.is_included(selection.node.directives())) {
            match &selection.node {
                Selection::Field(field) => drop(keys.insert(&field.node.response_key().node)),
                Selection::InlineFragment(fragment) => self.collect_keys(&fragment.node.selection_set.node, keys),
                Selection::FragmentSpread(spread) => {
                    if let Some(fragment) = self.document.fragments.get(&spread.node.fragment_name.node) {
                        self.collect_keys(&fragment.node.selection_set.node, keys);
                    }
                }
            }
        }
    }
}

fn too_many(pos: Pos) -> ServerError {
    error(Code::TooLarge, "The operation selects too many fields of too many types.", Some(pos))
}

/// How the selections of an interface or union conflict.
enum KeyConflict<'a> {
    /// They do not.
    None,
    /// These fields without a selection of their own are already selected before the fragments.
    Leaves(IndexSet<&'a Name>),
    /// Selections must be merged for each object type.
    Deep,
}

fn fragment(on: &TypeDef, items: Items, pos: Pos) -> Positioned<Selection> {
    let condition = TypeCondition { on: Positioned::new(Name::new(&on.name), pos) };
    let fragment = InlineFragment {
        type_condition: Some(Positioned::new(condition, pos)),
        directives: Vec::new(),
        selection_set: Positioned::new(SelectionSet { items }, pos),
    };
    Positioned::new(Selection::InlineFragment(Positioned::new(fragment, pos)), pos)
}

/// A placeholder that selects nothing and is valid: an object whose fields are all skipped is `{}`,
/// not an error.
fn empty_selection(pos: Pos) -> Positioned<Selection> {
    let skip = Directive {
        name: Positioned::new(Name::new("skip"), pos),
        arguments: vec![(Positioned::new(Name::new("if"), pos), Positioned::new(Value::Boolean(true), pos))],
    };
    let field = Field {
        alias: None,
        name: Positioned::new(Name::new("__typename"), pos),
        arguments: Vec::new(),
        directives: vec![Positioned::new(skip, pos)],
        selection_set: Positioned::default(),
    };
    Positioned::new(Selection::Field(Positioned::new(field, pos)), pos)
}
