//! Operations: their roots, and the variables of everything they reach.

use std::collections::{HashMap, HashSet};

use async_graphql::parser::types::{
    BaseType, DirectiveLocation, OperationDefinition, OperationType, Selection, SelectionSet, Type, VariableDefinition,
};
use async_graphql::{Name, Positioned};
use async_graphql_value::ConstValue;

use super::super::catalogue::innermost;
use super::super::refusal::quote;
use super::super::variables;
use super::{Checker, Part, Usage};

/// The parts that an operation is made of: its own and those of the fragments it reaches, which are added to `used`.
pub(super) fn reachable<'p, 'a>(
    own: &'p Part<'a>,
    fragments: &'p HashMap<&'a Name, Part<'a>>,
    used: &mut HashSet<&'a Name>,
) -> Vec<&'p Part<'a>> {
    let mut parts = vec![own];
    let mut seen = HashSet::new();
    let mut next = 0;
    while let Some(part) = parts.get(next).copied() {
        next += 1;
        for name in &part.spreads {
            used.insert(name);
            if seen.insert(*name)
                && let Some(fragment) = fragments.get(name)
            {
                parts.push(fragment);
            }
        }
    }
    parts
}

impl<'a> Checker<'a> {
    pub(super) fn operation(&mut self, operation: &'a Positioned<OperationDefinition>) {
        let (ty, location) = match operation.node.ty {
            OperationType::Query => ("queries", DirectiveLocation::Query),
            OperationType::Mutation => ("mutations", DirectiveLocation::Mutation),
            OperationType::Subscription => ("subscriptions", DirectiveLocation::Subscription),
        };
        self.directives(&operation.node.directives, location);
        for definition in &operation.node.variable_definitions {
            self.directives(&definition.node.directives, DirectiveLocation::VariableDefinition);
        }
        let Some(root) = self.catalogue.root(operation.node.ty) else {
            return self.refuse(operation.pos, format!("The contract has no {ty}."));
        };
        let set = &operation.node.selection_set.node;
        self.selections(set, root);
        if operation.node.ty == OperationType::Subscription {
            self.one_event(set, &mut HashSet::new());
        }
    }

    /// Refuses conditions and meta fields at the root of a subscription: one field decides what its events are.
    fn one_event(&mut self, set: &'a SelectionSet, seen: &mut HashSet<&'a Name>) {
        for selection in &set.items {
            for directive in selection.node.directives() {
                if matches!(directive.node.name.node.as_str(), "skip" | "include") {
                    let message = "The root field of a subscription cannot be left out by a condition.";
                    self.refuse(directive.pos, message.to_owned());
                }
            }
            match &selection.node {
                Selection::Field(field) if field.node.name.node.starts_with("__") => {
                    let message = format!("A subscription cannot ask for `{}`.", quote(&field.node.name.node));
                    self.refuse(field.pos, message);
                }
                Selection::Field(_) => {}
                Selection::InlineFragment(fragment) => self.one_event(&fragment.node.selection_set.node, seen),
                Selection::FragmentSpread(spread) => {
                    let name = &spread.node.fragment_name.node;
                    if let Some(fragment) = self.document.fragments.get(name)
                        && seen.insert(name)
                    {
                        self.one_event(&fragment.node.selection_set.node, seen);
                    }
                }
            }
        }
    }

    /// Checks the definitions of an operation's variables, and each place where one stands.
    pub(super) fn variables(&mut self, operation: &'a Positioned<OperationDefinition>, parts: &[&Part<'a>]) {
        let definitions = &operation.node.variable_definitions;
        for (index, definition) in definitions.iter().enumerate() {
            let name = &definition.node.name.node;
            if definitions[..index].iter().any(|earlier| earlier.node.name.node == *name) {
                self.refuse(definition.pos, format!("The variable `${}` is defined twice.", quote(name)));
            }
            self.definition(definition);
        }
        let mut used = HashSet::new();
        for usage in parts.iter().flat_map(|part| &part.variables) {
            used.insert(usage.name);
            match definitions.iter().find(|definition| definition.node.name.node == *usage.name) {
                Some(definition) => self.position(&definition.node, usage),
                None => self.refuse(usage.pos, format!("The variable `${}` is not defined.", quote(usage.name))),
            }
        }
        for definition in definitions.iter().filter(|definition| !used.contains(&definition.node.name.node)) {
            let message = format!("The variable `${}` is never used.", quote(&definition.node.name.node));
            self.refuse(definition.pos, message);
        }
    }

    /// Notes the malformed values of an operation that it cannot report itself: it is more than one mutation, or something else.
    pub(super) fn malformed(&mut self, operation: &'a OperationDefinition, parts: &[&Part<'a>]) {
        let mutations: HashSet<_> = parts.iter().flat_map(|part| &part.mutations).collect();
        let is_alone = operation.ty == OperationType::Mutation && mutations.len() == 1;
        for (problem, reports) in parts.iter().flat_map(|part| &part.malformed) {
            let is_reported = is_alone && *reports || self.malformed.contains(problem);
            if !is_reported {
                self.malformed.push(problem.clone());
            }
        }
        if is_alone && std::ptr::eq(operation, self.chosen) {
            let usages = || parts.iter().flat_map(|part| &part.variables);
            let elsewhere: HashSet<_> = usages().filter(|usage| !usage.reports).map(|usage| usage.name).collect();
            let inside = usages().map(|usage| usage.name).filter(|name| !elsewhere.contains(name));
            self.tolerated.extend(inside.cloned());
        }
    }

    fn definition(&mut self, definition: &Positioned<VariableDefinition>) {
        let (name, ty) = (&definition.node.name.node, &definition.node.var_type);
        let innermost = innermost(&ty.node);
        match self.catalogue.get(innermost) {
            None => self.refuse(ty.pos, format!("There is no type `{}`.", quote(innermost))),
            Some(named) if !named.is_input() => {
                let message = format!("The variable `${}` cannot be of the output type `{innermost}`.", quote(name));
                self.refuse(ty.pos, message);
            }
            Some(_) => {
                if let Some(default) = &definition.node.default_value
                    && let Err(wrong) = variables::default(self.catalogue, name, default, &ty.node, &mut self.malformed)
                {
                    let message = format!("The default of the variable `${}` {wrong}", quote(name));
                    self.refuse(default.pos, message);
                }
            }
        }
    }

    fn position(&mut self, definition: &VariableDefinition, usage: &Usage<'a>) {
        let Some(expected) = &usage.expected else { return };
        let default = definition.default_value.as_ref().map(|default| &default.node);
        let covered = usage.has_default || default.is_some_and(|default| *default != ConstValue::Null);
        let relaxed = Type { base: expected.base.clone(), nullable: expected.nullable || covered };
        let given = &definition.var_type.node;
        if !fits(given, &relaxed) {
            let message =
                format!("The variable `${}` is of type `{given}`, but `{expected}` is expected.", quote(usage.name));
            self.refuse(usage.pos, message);
        }
    }
}

/// Whether every value of the type `given` is one of the type `expected`.
fn fits(given: &Type, expected: &Type) -> bool {
    if given.nullable && !expected.nullable {
        return false;
    }
    match (&given.base, &expected.base) {
        (BaseType::Named(given), BaseType::Named(expected)) => given == expected,
        (BaseType::List(given), BaseType::List(expected)) => fits(given, expected),
        _ => false,
    }
}
