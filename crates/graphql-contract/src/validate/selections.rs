//! Fields and fragments.

use std::collections::BTreeMap;

use async_graphql_parser::types::{Field, FragmentSpread, InlineFragment, Selection, SelectionSet, TypeCondition};
use async_graphql_parser::{Pos, Positioned};
use async_graphql_value::{Name, Value};

use super::super::sdl::{InputDef, Kind, named};
use super::Check;

impl<'a> Check<'a> {
    pub(super) fn selections(&mut self, parent: &'a str, set: &'a SelectionSet) {
        for selection in &set.items {
            match &selection.node {
                Selection::Field(field) => self.field(parent, field),
                Selection::FragmentSpread(spread) => self.spread(parent, spread),
                Selection::InlineFragment(fragment) => self.inline(parent, fragment),
            }
        }
    }

    fn field(&mut self, parent: &'a str, field: &'a Positioned<Field>) {
        let Positioned { pos, node } = field;
        let name = node.name.node.as_str();
        self.directives(&node.directives, "FIELD");
        if name == "__typename" {
            return self.typename(node, *pos);
        }
        let is_query = self.schema.roots.get("query").is_some_and(|query| query == parent);
        if is_query && matches!(name, "__schema" | "__type") {
            return;
        }
        let schema = self.schema;
        let Some(definition) = schema.types.get(parent).and_then(|ty| ty.fields.get(name)) else {
            return self.fault(*pos, format!("{parent} has no field {name}"));
        };
        self.arguments(&format!("{parent}.{name}"), &definition.arguments, &node.arguments, *pos);
        let result = named(&definition.ty);
        let selected = !node.selection_set.node.items.is_empty();
        match schema.kind(result) {
            None => {
                self.fault(*pos, format!("{parent}.{name} has the type {result}, which the contract does not define"))
            }
            Some(kind) if kind.is_composite() && !selected => {
                self.fault(*pos, format!("{parent}.{name} is {}: select some of its fields", definition.ty));
            }
            Some(kind) if kind.is_composite() => self.selections(result, &node.selection_set.node),
            Some(_) if selected => {
                self.fault(*pos, format!("{parent}.{name} is {}, which has no fields to select", definition.ty));
            }
            Some(_) => {}
        }
    }

    fn typename(&mut self, field: &'a Field, at: Pos) {
        self.arguments("__typename", const { &BTreeMap::new() }, &field.arguments, at);
        if !field.selection_set.node.items.is_empty() {
            self.fault(at, "__typename is String!, which has no fields to select");
        }
    }

    fn spread(&mut self, parent: &'a str, spread: &'a Positioned<FragmentSpread>) {
        let name = spread.node.fragment_name.node.as_str();
        self.directives(&spread.node.directives, "FRAGMENT_SPREAD");
        let Some(fragment) = self.document.fragments.get(name) else {
            return self.fault(spread.pos, format!("there is no fragment {name}"));
        };
        if self.variables.is_some() {
            self.spread.insert(name);
        }
        if self.path.contains(&name) {
            self.cyclic = true;
            return self.fault(spread.pos, format!("fragment {name} contains itself"));
        }
        self.can_be(parent, &fragment.node.type_condition.node.on.node, spread.pos);
        self.fragment(name, fragment);
    }

    fn inline(&mut self, parent: &'a str, fragment: &'a Positioned<InlineFragment>) {
        self.directives(&fragment.node.directives, "INLINE_FRAGMENT");
        let set = &fragment.node.selection_set.node;
        match &fragment.node.type_condition {
            None => self.selections(parent, set),
            Some(condition) => {
                self.can_be(parent, &condition.node.on.node, fragment.pos);
                if let Some(on) = self.condition(condition) {
                    self.selections(on, set);
                }
            }
        }
    }

    /// The type a fragment is on, if it can be one.
    pub(super) fn condition(&mut self, condition: &'a Positioned<TypeCondition>) -> Option<&'a str> {
        let on = &condition.node.on;
        match self.schema.kind(&on.node) {
            Some(kind) if kind.is_composite() => return Some(&on.node),
            Some(_) => self.fault(on.pos, format!("{} has no fields, so no fragment can be on it", on.node)),
            None => self.fault(on.pos, format!("the contract has no type {}", on.node)),
        }
        None
    }

    /// Whether some object is both a `parent` and an `on`.
    fn can_be(&mut self, parent: &str, on: &str, at: Pos) {
        let composite = self.schema.kind(on).is_some_and(Kind::is_composite);
        if composite && self.schema.possible(parent).is_disjoint(&self.schema.possible(on)) {
            self.fault(at, format!("{parent} can never be {on}"));
        }
    }

    /// The arguments given to `what`, a field or a directive, against those it takes.
    pub(super) fn arguments(
        &mut self,
        what: &str,
        taken: &BTreeMap<String, InputDef>,
        given: &'a [(Positioned<Name>, Positioned<Value>)],
        at: Pos,
    ) {
        for (index, (name, value)) in given.iter().enumerate() {
            if given[..index].iter().any(|(other, _)| other.node == name.node) {
                self.fault(name.pos, format!("{what}: argument {} is given twice", name.node));
            }
            match taken.get(name.node.as_str()) {
                None => self.fault(name.pos, format!("{what} has no argument {}", name.node)),
                Some(input) => self.value(&format!("{what}({}:)", name.node), input, value),
            }
        }
        for (name, input) in taken.iter().filter(|(_, input)| input.is_required()) {
            if !given.iter().any(|(other, _)| other.node == *name.as_str()) {
                self.fault(at, format!("{what} needs the argument {name}: {}", input.ty));
            }
        }
    }
}
