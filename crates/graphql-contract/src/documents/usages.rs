//! The variables that a normal form uses, and the removal of undefined ones.

use std::collections::HashSet;

use async_graphql::parser::types::{DocumentOperations, ExecutableDocument, Selection, SelectionSet};
use async_graphql::{Name, Variables};
use async_graphql_value::Value;

/// Removes the arguments whose variables are undefined, so that the executor uses their defaults.
/// The executor does the same for fields of input objects.
pub(super) fn remove_undefined_arguments(document: &mut ExecutableDocument, variables: &Variables) {
    let operations = match &mut document.operations {
        DocumentOperations::Single(operation) => vec![operation],
        DocumentOperations::Multiple(operations) => operations.values_mut().collect(),
    };
    for operation in operations {
        let definitions = &operation.node.variable_definitions;
        if definitions.iter().any(|definition| !variables.contains_key(&definition.node.name.node)) {
            remove_undefined_in(&mut operation.node.selection_set.node, variables);
        }
    }
}

fn remove_undefined_in(set: &mut SelectionSet, variables: &Variables) {
    for selection in &mut set.items {
        match &mut selection.node {
            Selection::Field(field) => {
                let is_given = |value: &Value| !matches!(value, Value::Variable(name) if !variables.contains_key(name));
                field.node.arguments.retain(|(_, value)| is_given(&value.node));
                remove_undefined_in(&mut field.node.selection_set.node, variables);
            }
            Selection::InlineFragment(fragment) => {
                remove_undefined_in(&mut fragment.node.selection_set.node, variables)
            }
            Selection::FragmentSpread(_) => {}
        }
    }
}

/// The names of the variables in a normal form.
pub(super) fn used_variables(set: &SelectionSet, used: &mut HashSet<Name>) {
    for selection in &set.items {
        for directive in selection.node.directives() {
            directive.node.arguments.iter().for_each(|(_, value)| variables_in(&value.node, used));
        }
        match &selection.node {
            Selection::Field(field) => {
                field.node.arguments.iter().for_each(|(_, value)| variables_in(&value.node, used));
                used_variables(&field.node.selection_set.node, used);
            }
            Selection::InlineFragment(fragment) => used_variables(&fragment.node.selection_set.node, used),
            Selection::FragmentSpread(_) => {}
        }
    }
}

fn variables_in(value: &Value, used: &mut HashSet<Name>) {
    match value {
        Value::Variable(name) => drop(used.insert(name.clone())),
        Value::List(items) => items.iter().for_each(|item| variables_in(item, used)),
        Value::Object(fields) => fields.values().for_each(|field| variables_in(field, used)),
        _ => {}
    }
}
