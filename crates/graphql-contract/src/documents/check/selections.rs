//! Fields and fragments.

use async_graphql::parser::types::{
    Field, FragmentDefinition, FragmentSpread, InlineFragment, OperationType, Selection, SelectionSet,
};
use async_graphql::{Name, Positioned};

use super::super::errors::quote;
use super::Checker;
use crate::sdl::{TypeDef, innermost};

impl<'a> Checker<'a> {
    pub(super) fn check_fragment(&mut self, fragment: &'a Positioned<FragmentDefinition>) {
        self.check_directives(&fragment.node.directives, "FRAGMENT_DEFINITION");
        if let Some(on) = self.composite_type(&fragment.node.type_condition.node.on) {
            self.check_selections(&fragment.node.selection_set.node, on);
        }
    }

    pub(super) fn check_selections(&mut self, set: &'a SelectionSet, parent: &'a TypeDef) {
        for selection in &set.items {
            match &selection.node {
                Selection::Field(field) => self.check_field(field, parent),
                Selection::InlineFragment(fragment) => self.check_inline_fragment(fragment, parent),
                Selection::FragmentSpread(spread) => self.check_spread(spread, parent),
            }
        }
    }

    fn check_field(&mut self, field: &'a Positioned<Field>, parent: &'a TypeDef) {
        self.check_directives(&field.node.directives, "FIELD");
        let name = &field.node.name.node;
        let Some(known) = self.schema.field(parent, name) else {
            let message = format!("The type `{}` has no field `{}`.", parent.name, quote(name));
            return self.report_error(field.pos, message);
        };
        let owner = format!("{}.{name}", parent.name);
        let is_mutation = self.schema.is_root(OperationType::Mutation, parent);
        if is_mutation && !name.starts_with("__") {
            self.usages.mutations.insert(&field.node.response_key().node);
        }
        self.reports = is_mutation && self.reports_malformed(&known.ty);
        self.check_arguments(&field.node.arguments, &known.arguments, field.pos, &owner);
        self.reports = false;
        let set = &field.node.selection_set.node;
        let Some(of) = self.schema.get(innermost(&known.ty)) else { return };
        match (of.is_composite(), set.items.is_empty()) {
            (true, false) => self.check_selections(set, of),
            (false, true) => {}
            (true, true) => {
                let message = format!("`{owner}` is of type `{}` and needs a selection of its fields.", known.ty);
                self.report_error(field.pos, message);
            }
            (false, false) => {
                let message = format!("`{owner}` is of type `{}`, which has no fields to select.", known.ty);
                self.report_error(field.pos, message);
            }
        }
    }

    fn check_inline_fragment(&mut self, fragment: &'a Positioned<InlineFragment>, parent: &'a TypeDef) {
        self.check_directives(&fragment.node.directives, "INLINE_FRAGMENT");
        let set = &fragment.node.selection_set.node;
        let Some(condition) = &fragment.node.type_condition else { return self.check_selections(set, parent) };
        if let Some(on) = self.composite_type(&condition.node.on) {
            self.check_overlap(fragment.pos, parent, on);
            self.check_selections(set, on);
        }
    }

    fn check_spread(&mut self, spread: &'a Positioned<FragmentSpread>, parent: &'a TypeDef) {
        self.check_directives(&spread.node.directives, "FRAGMENT_SPREAD");
        let name = &spread.node.fragment_name;
        let Some(fragment) = self.document.fragments.get(&name.node) else {
            return self
                .report_error(spread.pos, format!("There is no fragment `{}` in the document.", quote(&name.node)));
        };
        self.usages.spreads.push(name);
        if let Some(on) = self.schema.get(&fragment.node.type_condition.node.on.node)
            && on.is_composite()
        {
            self.check_overlap(spread.pos, parent, on);
        }
    }

    fn check_overlap(&mut self, pos: async_graphql::Pos, parent: &TypeDef, on: &TypeDef) {
        if !parent.overlaps(on) {
            let message = format!("A fragment on `{}` never applies to `{}`.", on.name, parent.name);
            self.report_error(pos, message);
        }
    }

    /// The composite type that a fragment is on.
    fn composite_type(&mut self, on: &Positioned<Name>) -> Option<&'a TypeDef> {
        let named = self.schema.get(&on.node);
        match named {
            None => self.report_error(on.pos, format!("There is no type `{}`.", quote(&on.node))),
            Some(named) if !named.is_composite() => {
                self.report_error(on.pos, format!("A fragment cannot be on `{}`, which has no fields.", named.name));
            }
            Some(_) => {}
        }
        named.filter(|named| named.is_composite())
    }
}
