//! Values of variables, against the types that the contract gives them.

use async_graphql::parser::types::{BaseType, OperationDefinition, Type};
use async_graphql::{Name, ServerError, Variables};
use async_graphql_value::{ConstValue, Value};

use super::catalogue::{Catalogue, Kind, Named};
use super::refusal::{Code, error, quote};

/// The variables that the operation defines, out of those that were given. Optional ones that were not given stay
/// undefined, so that an update leaves alone what it does not name; others that were given are left out.
///
/// # Errors
///
/// A variable that is needed is missing, or a value is not of its variable's type.
pub(super) fn coerce(
    catalogue: &Catalogue,
    operation: &OperationDefinition,
    given: &Variables,
) -> Result<Variables, Vec<ServerError>> {
    let mut variables = Variables::default();
    let mut errors = Vec::new();
    for definition in &operation.variable_definitions {
        let (name, ty) = (&definition.node.name.node, &definition.node.var_type.node);
        match given.get(name) {
            Some(value) => match check(catalogue, value, ty, Form::Json) {
                Ok(()) => drop(variables.insert(name.clone(), value.clone())),
                Err(wrong) => {
                    let message = format!("The variable `${}` {wrong}", quote(name));
                    errors.push(error(Code::BadUserInput, message, Some(definition.pos)));
                }
            },
            None if !ty.nullable && definition.node.default_value.is_none() => {
                let message = format!("The variable `${}: {ty}` is required but was not given.", quote(name));
                errors.push(error(Code::BadUserInput, message, Some(definition.pos)));
            }
            None => {}
        }
    }
    if errors.is_empty() { Ok(variables) } else { Err(errors) }
}

/// Checks a constant written in the document. The error continues a sentence.
pub(super) fn literal(catalogue: &Catalogue, value: &ConstValue, ty: &Type) -> Result<(), String> {
    check(catalogue, value, ty, Form::Literal)
}

/// How a value was written: an enum's value is a bare word in a document and a string in JSON.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Json,
    Literal,
}

fn check(catalogue: &Catalogue, value: &ConstValue, ty: &Type, form: Form) -> Result<(), String> {
    match (value, &ty.base) {
        (ConstValue::Null, _) if ty.nullable => Ok(()),
        (ConstValue::Null, _) => Err(format!("has to be of type `{ty}`, not null.")),
        (ConstValue::List(items), BaseType::List(of)) => items.iter().enumerate().try_for_each(|(index, item)| {
            check(catalogue, item, of, form).map_err(|wrong| within(&format!("[{index}]"), &wrong))
        }),
        (_, BaseType::List(of)) => check(catalogue, value, of, form),
        (_, BaseType::Named(name)) => match catalogue.get(name) {
            Some(named) => check_named(catalogue, value, named, form),
            None => Err(format!("is of the unknown type `{}`.", quote(name))),
        },
    }
}

fn check_named(catalogue: &Catalogue, value: &ConstValue, named: &Named, form: Form) -> Result<(), String> {
    let right = match (named.kind, value) {
        (Kind::Input, ConstValue::Object(_)) => return check_object(catalogue, value, named, form),
        (Kind::Enum, ConstValue::Enum(name)) => form == Form::Literal && named.values.contains(name),
        (Kind::Enum, ConstValue::String(name)) => form == Form::Json && named.values.contains(name.as_str()),
        (Kind::Scalar, value) => scalar(&named.name, value),
        _ => false,
    };
    if right { Ok(()) } else { Err(format!("has to be of type `{}`.", named.name)) }
}

fn check_object(catalogue: &Catalogue, value: &ConstValue, named: &Named, form: Form) -> Result<(), String> {
    let ConstValue::Object(fields) = value else { return Ok(()) };
    for (name, value) in fields {
        let Some(input) = named.inputs.iter().find(|input| input.name == *name) else {
            return Err(format!("has a field `{}`, which `{}` does not know.", quote(name), named.name));
        };
        check(catalogue, value, &input.ty, form).map_err(|wrong| within(&format!(".{name}"), &wrong))?;
    }
    if let Some(input) = named.inputs.iter().find(|input| input.is_required() && !fields.contains_key(&input.name)) {
        return Err(format!("needs the field `{}: {}` of `{}`.", input.name, input.ty, named.name));
    }
    if named.one_of && (fields.len() != 1 || fields.values().any(|value| *value == ConstValue::Null)) {
        return Err(format!("takes exactly one field of `{}`, and not null.", named.name));
    }
    Ok(())
}

/// Puts the place inside the variable in front of what is wrong there: `at .guests[2] has to be …`.
fn within(place: &str, wrong: &str) -> String {
    match wrong.strip_prefix("at ") {
        Some(rest) => format!("at {place}{rest}"),
        None => format!("at {place} {wrong}"),
    }
}

/// Whether a value suits a scalar; the contract's own scalars check themselves when they are read.
fn scalar(name: &str, value: &ConstValue) -> bool {
    match name {
        "Int" => matches!(value, ConstValue::Number(number) if whole(number).is_some_and(|n| i32::try_from(n).is_ok())),
        "Float" => matches!(value, ConstValue::Number(_)),
        "String" => matches!(value, ConstValue::String(_)),
        "Boolean" => matches!(value, ConstValue::Boolean(_)),
        "ID" => match value {
            ConstValue::String(_) => true,
            ConstValue::Number(number) => number.is_i64() || number.is_u64(),
            _ => false,
        },
        _ => true,
    }
}

/// Whether a value in the document, which has no variables inside, suits a built-in scalar.
pub(super) fn scalar_literal(name: &str, value: &Value) -> bool {
    match value {
        Value::Number(number) => scalar(name, &ConstValue::Number(number.clone())),
        Value::Boolean(_) => name == "Boolean",
        Value::String(_) => matches!(name, "String" | "ID"),
        _ => false,
    }
}

fn whole(number: &async_graphql::Number) -> Option<i64> {
    number.as_i64()
}

/// The value of a variable that decides whether a selection is left out.
pub(super) fn condition(operation: &OperationDefinition, variables: &Variables, name: &Name) -> Option<bool> {
    let definition = operation.variable_definitions.iter().find(|definition| definition.node.name.node == *name)?;
    let default = definition.node.default_value.as_ref().map(|default| &default.node);
    match variables.get(name).or(default) {
        Some(ConstValue::Boolean(value)) => Some(*value),
        _ => None,
    }
}
