//! Operations: their root types, and the variables that they use, also in fragments.

use std::collections::{HashMap, HashSet};

use async_graphql::parser::types::{
    OperationDefinition, OperationType, Selection, SelectionSet, Type, VariableDefinition,
};
use async_graphql::{Name, Positioned};
use async_graphql_value::ConstValue;

use super::super::errors::quote;
use super::super::variables;
use super::{Checker, Usage, Usages};
use crate::sdl::{innermost, narrows};

/// The usages of an operation: its own and those of all reachable fragments, whose names are added
/// to `used`.
pub(super) fn reachable_usages<'p, 'a>(
    own: &'p Usages<'a>,
    fragments: &'p HashMap<&'a Name, Usages<'a>>,
    used: &mut HashSet<&'a Name>,
) -> Vec<&'p Usages<'a>> {
    let mut parts = vec![own];
    let mut seen = HashSet::new();
    let mut next = 0;
    while let Some(usages) = parts.get(next).copied() {
        next += 1;
        for name in usages.spreads.iter().map(|spread| &spread.node) {
            used.insert(name);
            if seen.insert(name)
                && let Some(fragment) = fragments.get(name)
            {
                parts.push(fragment);
            }
        }
    }
    parts
}

/// The spreads by which fragments contain themselves, one for each cycle.
pub(super) fn find_cycles<'a>(
    names: impl Iterator<Item = &'a Name>,
    fragments: &HashMap<&'a Name, Usages<'a>>,
) -> Vec<&'a Positioned<Name>> {
    let (mut cycles, mut done) = (Vec::new(), HashSet::new());
    for start in names {
        // The fragments from `start` to the current one, and the number of its spreads that were
        // visited.
        let mut path: Vec<(&'a Name, usize)> = vec![(start, 0)];
        while let Some((name, next)) = path.last_mut() {
            let name = *name;
            let spread = fragments.get(name).and_then(|usages| usages.spreads.get(*next)).copied();
            *next += 1;
            match spread.filter(|_| !done.contains(name)) {
                None => {
                    done.insert(name);
                    path.pop();
                }
                Some(spread) if path.iter().any(|(name, _)| **name == spread.node) => cycles.push(spread),
                Some(spread) => path.push((&spread.node, 0)),
            }
        }
    }
    cycles
}

impl<'a> Checker<'a> {
    pub(super) fn check_operation(&mut self, operation: &'a Positioned<OperationDefinition>) {
        let (ty, location) = match operation.node.ty {
            OperationType::Query => ("queries", "QUERY"),
            OperationType::Mutation => ("mutations", "MUTATION"),
            OperationType::Subscription => ("subscriptions", "SUBSCRIPTION"),
        };
        self.check_directives(&operation.node.directives, location);
        for definition in &operation.node.variable_definitions {
            self.check_directives(&definition.node.directives, "VARIABLE_DEFINITION");
        }
        let Some(root) = self.schema.root(operation.node.ty) else {
            return self.report_error(operation.pos, format!("The contract has no {ty}."));
        };
        let set = &operation.node.selection_set.node;
        self.check_selections(set, root);
        if operation.node.ty == OperationType::Subscription {
            let mut keys = HashSet::new();
            self.check_subscription_root(set, &mut HashSet::new(), &mut keys);
            if keys.len() > 1 {
                self.report_error(operation.pos, "A subscription selects exactly one root field.".to_owned());
            }
        }
    }

    /// Rejects conditions and meta fields at the root of a subscription, because one field
    /// determines its events. Collects the response keys of the other fields.
    fn check_subscription_root(
        &mut self,
        set: &'a SelectionSet,
        seen: &mut HashSet<&'a Name>,
        keys: &mut HashSet<&'a Name>,
    ) {
        for selection in &set.items {
            for directive in selection.node.directives() {
                if matches!(directive.node.name.node.as_str(), "skip" | "include") {
                    let message = "The root field of a subscription cannot depend on a condition.";
                    self.report_error(directive.pos, message.to_owned());
                }
            }
            match &selection.node {
                Selection::Field(field) if field.node.name.node.starts_with("__") => {
                    let message = format!("A subscription cannot select `{}`.", quote(&field.node.name.node));
                    self.report_error(field.pos, message);
                }
                Selection::Field(field) => drop(keys.insert(&field.node.response_key().node)),
                Selection::InlineFragment(fragment) => {
                    self.check_subscription_root(&fragment.node.selection_set.node, seen, keys)
                }
                Selection::FragmentSpread(spread) => {
                    let name = &spread.node.fragment_name.node;
                    if let Some(fragment) = self.document.fragments.get(name)
                        && seen.insert(name)
                    {
                        self.check_subscription_root(&fragment.node.selection_set.node, seen, keys);
                    }
                }
            }
        }
    }

    /// Checks the variable definitions of an operation, and each use of a variable.
    pub(super) fn check_variables(&mut self, operation: &'a Positioned<OperationDefinition>, parts: &[&Usages<'a>]) {
        let definitions = &operation.node.variable_definitions;
        for (index, definition) in definitions.iter().enumerate() {
            let name = &definition.node.name.node;
            if definitions[..index].iter().any(|earlier| earlier.node.name.node == *name) {
                self.report_error(definition.pos, format!("The variable `${}` is defined twice.", quote(name)));
            }
            self.check_variable_definition(definition);
        }
        let mut used = HashSet::new();
        for usage in parts.iter().flat_map(|usages| &usages.variables) {
            used.insert(usage.name);
            match definitions.iter().find(|definition| definition.node.name.node == *usage.name) {
                Some(definition) => self.check_variable_usage(&definition.node, usage),
                None => self.report_error(usage.pos, format!("The variable `${}` is not defined.", quote(usage.name))),
            }
        }
        for definition in definitions.iter().filter(|definition| !used.contains(&definition.node.name.node)) {
            let message = format!("The variable `${}` is never used.", quote(&definition.node.name.node));
            self.report_error(definition.pos, message);
        }
    }

    /// Records the malformed values that an operation cannot report itself: all unless it is a
    /// single mutation.
    pub(super) fn collect_malformed(&mut self, operation: &'a OperationDefinition, parts: &[&Usages<'a>]) {
        let mutations: HashSet<_> = parts.iter().flat_map(|usages| &usages.mutations).collect();
        let is_alone = operation.ty == OperationType::Mutation && mutations.len() == 1;
        for (problem, reports) in parts.iter().flat_map(|usages| &usages.malformed) {
            let is_reported = is_alone && *reports || self.malformed.contains(problem);
            if !is_reported {
                self.malformed.push(problem.clone());
            }
        }
        if is_alone && self.chosen.is_some_and(|chosen| std::ptr::eq(operation, chosen)) {
            let usages = || parts.iter().flat_map(|usages| &usages.variables);
            let elsewhere: HashSet<_> = usages().filter(|usage| !usage.reports).map(|usage| usage.name).collect();
            let inside = usages().map(|usage| usage.name).filter(|name| !elsewhere.contains(name));
            self.tolerated.extend(inside.cloned());
        }
    }

    fn check_variable_definition(&mut self, definition: &Positioned<VariableDefinition>) {
        let (name, ty) = (&definition.node.name.node, &definition.node.var_type);
        let innermost = innermost(&ty.node);
        match self.schema.get(innermost) {
            None => self.report_error(ty.pos, format!("There is no type `{}`.", quote(innermost))),
            Some(named) if !named.kind.is_input() => {
                let message = format!("The variable `${}` cannot be of the output type `{innermost}`.", quote(name));
                self.report_error(ty.pos, message);
            }
            Some(_) => {
                if let Some(default) = &definition.node.default_value
                    && let Err(message) =
                        variables::check_default(self.schema, name, default, &ty.node, &mut self.malformed)
                {
                    let message = format!("The default of the variable `${}` {message}", quote(name));
                    self.report_error(default.pos, message);
                }
            }
        }
    }

    fn check_variable_usage(&mut self, definition: &VariableDefinition, usage: &Usage<'a>) {
        let Some(expected) = &usage.expected else { return };
        let default = definition.default_value.as_ref().map(|default| &default.node);
        let covered = usage.has_default || default.is_some_and(|default| *default != ConstValue::Null);
        // The one field of a `@oneOf` input is never null, whatever the defaults.
        let expected = Type { base: expected.base.clone(), nullable: expected.nullable && !usage.in_one_of };
        let relaxed =
            Type { base: expected.base.clone(), nullable: !usage.in_one_of && (expected.nullable || covered) };
        let given = &definition.var_type.node;
        if !narrows(&relaxed, given) {
            let message =
                format!("The variable `${}` is of type `{given}`, but `{expected}` is expected.", quote(usage.name));
            self.report_error(usage.pos, message);
        }
    }
}
