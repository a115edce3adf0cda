//! The approximate heap size of a parsed document, for the bounds of the cache.

use async_graphql::Positioned;
use async_graphql::parser::types::{
    Directive, ExecutableDocument, Field, FragmentDefinition, OperationDefinition, Selection, SelectionSet,
    VariableDefinition,
};
use async_graphql_value::{ConstValue, Value};

/// A name is shared text: two counters, the text, and the rounding of the allocator.
fn name(text: &str) -> usize {
    24 + text.len()
}

/// An entry of an ordered map: the key, the hash and the index besides the value.
const ENTRY: usize = 40;

/// A whole document.
pub(super) fn document(document: &ExecutableDocument) -> usize {
    let operations = document.operations.iter().map(|(known, operation)| {
        known.map_or(0, |known| name(known))
            + ENTRY
            + size_of::<OperationDefinition>()
            + self::operation(&operation.node)
    });
    let fragments = document.fragments.iter().map(|(known, fragment)| {
        let definition = &fragment.node;
        let below = set(&definition.selection_set.node) + directives(&definition.directives);
        name(known) + ENTRY + size_of::<FragmentDefinition>() + name(&definition.type_condition.node.on.node) + below
    });
    operations.sum::<usize>() + fragments.sum::<usize>()
}

/// One operation, without its own struct.
pub(super) fn operation(operation: &OperationDefinition) -> usize {
    let variables = operation.variable_definitions.iter().map(|definition| {
        let definition = &definition.node;
        let default = definition.default_value.as_ref().map_or(0, |default| constant(&default.node));
        size_of::<Positioned<VariableDefinition>>() + name(&definition.name.node) + 48 + default
    });
    variables.sum::<usize>() + directives(&operation.directives) + set(&operation.selection_set.node)
}

fn set(set: &SelectionSet) -> usize {
    let slack = (set.items.capacity() - set.items.len()) * size_of::<Positioned<Selection>>();
    slack + set.items.iter().map(|item| size_of::<Positioned<Selection>>() + selection(&item.node)).sum::<usize>()
}

fn selection(selection: &Selection) -> usize {
    match selection {
        Selection::Field(field) => self::field(&field.node),
        Selection::FragmentSpread(spread) => {
            name(&spread.node.fragment_name.node) + directives(&spread.node.directives)
        }
        Selection::InlineFragment(fragment) => {
            let on = fragment.node.type_condition.as_ref().map_or(0, |on| name(&on.node.on.node));
            on + directives(&fragment.node.directives) + set(&fragment.node.selection_set.node)
        }
    }
}

fn field(field: &Field) -> usize {
    let alias = field.alias.as_ref().map_or(0, |alias| name(&alias.node));
    let arguments = field.arguments.iter().map(|(known, given)| 120 + name(&known.node) + value(&given.node));
    let below = set(&field.selection_set.node) + directives(&field.directives);
    alias + name(&field.name.node) + arguments.sum::<usize>() + below
}

fn directives(directives: &[Positioned<Directive>]) -> usize {
    let one = |directive: &Directive| {
        let arguments = directive.arguments.iter().map(|(known, given)| 120 + name(&known.node) + value(&given.node));
        size_of::<Positioned<Directive>>() + name(&directive.name.node) + arguments.sum::<usize>()
    };
    directives.iter().map(|directive| one(&directive.node)).sum()
}

fn value(value: &Value) -> usize {
    match value {
        Value::Variable(text) | Value::Enum(text) => name(text),
        Value::String(text) => text.capacity() + 16,
        Value::List(list) => list.iter().map(|item| size_of::<Value>() + self::value(item)).sum(),
        Value::Object(fields) => {
            fields.iter().map(|(known, field)| ENTRY + size_of::<Value>() + name(known) + self::value(field)).sum()
        }
        _ => 0,
    }
}

fn constant(value: &ConstValue) -> usize {
    match value {
        ConstValue::Enum(text) => name(text),
        ConstValue::String(text) => text.capacity() + 16,
        ConstValue::List(list) => list.iter().map(|item| size_of::<ConstValue>() + constant(item)).sum(),
        ConstValue::Object(fields) => {
            fields.iter().map(|(known, field)| ENTRY + size_of::<ConstValue>() + name(known) + constant(field)).sum()
        }
        _ => 0,
    }
}
