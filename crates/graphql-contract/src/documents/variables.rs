//! Checks the values of variables against their types.

use std::collections::HashSet;

use async_graphql::parser::types::{BaseType, OperationDefinition, Type};
use async_graphql::{Name, Number, Pos, Positioned, ServerError, Variables};
use async_graphql_value::{ConstValue, Value};

use super::super::sdl::{Kind, Schema, TypeDef};
use super::errors::quote;
use super::value_errors::{Problem, error_of};

/// The maximum number of errors recorded for one value.
const MAX_ERRORS: usize = 100;

/// The variables that the operation defines: the given values, and the defaults of the others.
/// Optional variables without either stay undefined, so that an update leaves the fields that it
/// does not mention; other given values are ignored. Malformed scalars in `tolerated` variables are
/// accepted.
///
/// # Errors
///
/// One error for all required variables without a value, and all values of wrong types.
pub(super) fn coerce(
    schema: &Schema,
    operation: &OperationDefinition,
    given: &Variables,
    tolerated: &HashSet<Name>,
) -> Result<Variables, ServerError> {
    let mut variables = Variables::default();
    let mut problems = Vec::new();
    for definition in &operation.variable_definitions {
        let (name, ty) = (&definition.node.name.node, &definition.node.var_type.node);
        let (value, syntax) = match (given.get(name), &definition.node.default_value) {
            (Some(value), _) => (value, Syntax::Json),
            (None, Some(default)) => (&default.node, Syntax::Literal),
            (None, None) if ty.nullable => continue,
            (None, None) => {
                let message = format!("The variable `${}: {ty}` is required but was not given.", quote(name));
                problems.push(Problem { pos: definition.pos, path: vec![format!("${name}")], message });
                continue;
            }
        };
        let mut checker = ValueChecker::new(schema, syntax, definition.pos);
        let mut value = value.clone();
        checker.read(&mut value, ty);
        let is_tolerated = tolerated.contains(name);
        let wrong = checker.found.into_iter().filter(|found| !(is_tolerated && found.is_malformed));
        problems.extend(wrong.map(|found| found.in_variable(name)));
        variables.insert(name.clone(), value);
    }
    match error_of(problems) {
        None => Ok(variables),
        Some(error) => Err(error),
    }
}

/// Checks the default of the variable `name`, at `pos`.
///
/// # Errors
///
/// The rest of a sentence about values of wrong types. Malformed ones are recorded.
pub(super) fn check_default(
    schema: &Schema,
    name: &Name,
    default: &Positioned<ConstValue>,
    ty: &Type,
    malformed: &mut Vec<Problem>,
) -> Result<(), String> {
    let mut checker = ValueChecker::new(schema, Syntax::Literal, default.pos);
    checker.read(&mut default.node.clone(), ty);
    let (malformed_values, type_errors): (Vec<_>, Vec<_>) =
        checker.found.into_iter().partition(|found| found.is_malformed);
    malformed.extend(malformed_values.into_iter().map(|found| found.in_variable(name)));
    type_errors.first().map_or(Ok(()), |found| Err(found.describe()))
}

/// The errors of a value in a schema, such as a default: each is the rest of a sentence about it.
pub(in super::super) fn constant_errors(schema: &Schema, ty: &Type, value: &ConstValue) -> Vec<String> {
    let mut checker = ValueChecker::new(schema, Syntax::Literal, Pos::default());
    let mut read = value.clone();
    checker.read(&mut read, ty);
    let mut errors: Vec<_> = checker.found.iter().map(ValueError::describe).collect();
    // Clients may write 3.0 for 3, but a contract should not.
    if read != *value {
        errors.push("has to be written without a fraction where `Int` is expected.".to_owned());
    }
    errors
}

/// The syntax of a value: an enum value is a name in a document and a string in JSON.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Syntax {
    Json,
    Literal,
}

/// Checks one value and records its errors.
struct ValueChecker<'a> {
    schema: &'a Schema,
    syntax: Syntax,
    pos: Pos,
    path: Vec<String>,
    found: Vec<ValueError>,
}

/// An error inside a value.
struct ValueError {
    pos: Pos,
    path: Vec<String>,
    /// The rest of a sentence about the value.
    wrong: String,
    /// Whether it has the right kind, but is malformed.
    is_malformed: bool,
}

impl ValueError {
    fn describe(&self) -> String {
        let place = |name: &String| match name.parse::<usize>() {
            Ok(_) => format!("[{name}]"),
            Err(_) => format!(".{}", quote(name)),
        };
        let place: String = self.path.iter().map(place).collect();
        if place.is_empty() { self.wrong.clone() } else { format!("at {place} {}", self.wrong) }
    }

    fn in_variable(self, name: &Name) -> Problem {
        let message = format!("The variable `${}` {}", quote(name), self.describe());
        let path = std::iter::once(format!("${name}")).chain(self.path).collect();
        Problem { pos: self.pos, path, message }
    }
}

impl<'a> ValueChecker<'a> {
    fn new(schema: &'a Schema, syntax: Syntax, pos: Pos) -> Self {
        Self { schema, syntax, pos, path: Vec::new(), found: Vec::new() }
    }

    fn record(&mut self, wrong: String, is_malformed: bool) {
        // The number of recorded errors is bounded.
        if self.found.len() < MAX_ERRORS {
            self.found.push(ValueError { pos: self.pos, path: self.path.clone(), wrong, is_malformed });
        }
    }

    fn read_child(&mut self, name: String, value: &mut ConstValue, ty: &Type) {
        self.path.push(name);
        self.read(value, ty);
        self.path.pop();
    }

    /// Checks a value, and coerces whole numbers to integers.
    fn read(&mut self, value: &mut ConstValue, ty: &Type) {
        match (value, &ty.base) {
            (ConstValue::Null, _) if ty.nullable => {}
            (ConstValue::Null, _) => self.record(format!("has to be of type `{ty}`, not null."), false),
            (ConstValue::List(items), BaseType::List(of)) => {
                for (index, item) in items.iter_mut().enumerate() {
                    self.read_child(index.to_string(), item, of);
                }
            }
            (value, BaseType::List(of)) => self.read(value, of),
            (value, BaseType::Named(name)) => match self.schema.get(name) {
                Some(named) => self.read_named(value, named),
                None => self.record(format!("is of the unknown type `{}`.", quote(name)), false),
            },
        }
    }

    fn read_named(&mut self, value: &mut ConstValue, named: &TypeDef) {
        let is_valid = match (named.kind, &*value) {
            (Kind::Input, ConstValue::Object(_)) => return self.read_object(value, named),
            (Kind::Enum, ConstValue::Enum(name)) => {
                self.syntax == Syntax::Literal && named.values.contains_key(name.as_str())
            }
            (Kind::Enum, ConstValue::String(name)) => self.syntax == Syntax::Json && named.values.contains_key(name),
            (Kind::Scalar, _) if named.is_built_in_scalar() => {
                coerce_integer(&named.name, value);
                scalar(&named.name, value)
            }
            (Kind::Scalar, value) => {
                if let Some(expected) = self.schema.scalars.expected(&named.name, value) {
                    self.record(format!("has to be {expected}."), true);
                }
                true
            }
            _ => false,
        };
        if !is_valid {
            self.record(format!("has to be of type `{}`.", named.name), false);
        }
    }

    fn read_object(&mut self, value: &mut ConstValue, named: &TypeDef) {
        let ConstValue::Object(fields) = value else { return };
        for (name, value) in fields.iter_mut() {
            match named.inputs.get(name.as_str()) {
                Some(input) => self.read_child(name.to_string(), value, &input.ty),
                None => {
                    let wrong = format!("has a field `{}`, which `{}` does not know.", quote(name), named.name);
                    self.record(wrong, false);
                }
            }
        }
        for (name, input) in named.inputs.iter().filter(|(_, input)| input.is_required()) {
            if !fields.contains_key(name.as_str()) {
                self.record(format!("needs the field `{name}: {}` of `{}`.", input.ty, named.name), false);
            }
        }
        if named.is_one_of() && (fields.len() != 1 || fields.values().any(|value| *value == ConstValue::Null)) {
            self.record(format!("takes exactly one field of `{}`, and not null.", named.name), false);
        }
    }
}

/// Whether a value is valid for a built-in scalar.
fn scalar(name: &str, value: &ConstValue) -> bool {
    match name {
        "Int" => {
            matches!(value, ConstValue::Number(number) if as_integer(number).is_some_and(|n| i32::try_from(n).is_ok()))
        }
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

/// Whether a literal without variables is valid for a built-in scalar.
pub(super) fn scalar_literal(name: &str, value: &Value) -> bool {
    match value {
        Value::Number(number) => scalar(name, &ConstValue::Number(number.clone())),
        Value::Boolean(_) => name == "Boolean",
        Value::String(_) => matches!(name, "String" | "ID"),
        _ => false,
    }
}

/// The integer value of a number, also if it is written with a fraction of zero.
fn as_integer(number: &Number) -> Option<i64> {
    number.as_i64().or_else(|| {
        let float = number.as_f64().filter(|float| float.fract() == 0.0 && float.abs() <= 9_007_199_254_740_992.0)?;
        // Whole and at most 2^53, so nothing is truncated.
        Some(float as i64)
    })
}

/// Coerces a whole number for an integer: `1.0` becomes `1`.
fn coerce_integer(name: &str, value: &mut ConstValue) {
    if let ConstValue::Number(number) = value
        && name == "Int"
        && !number.is_i64()
        && let Some(integer) = as_integer(number)
    {
        *number = integer.into();
    }
}

/// Coerces whole numbers in a literal as [`coerce_integer`] does in a variable.
pub(super) fn coerce_integer_literals(schema: &Schema, value: &mut Value, ty: &Type) {
    match (value, &ty.base) {
        (Value::List(items), BaseType::List(of)) => {
            items.iter_mut().for_each(|item| coerce_integer_literals(schema, item, of));
        }
        (value, BaseType::List(of)) => coerce_integer_literals(schema, value, of),
        (Value::Number(number), BaseType::Named(name)) if name == "Int" && !number.is_i64() => {
            if let Some(integer) = as_integer(number) {
                *number = integer.into();
            }
        }
        (Value::Object(fields), BaseType::Named(name)) => {
            let Some(ty) = schema.get(name) else { return };
            for (name, value) in fields {
                if let Some(input) = ty.inputs.get(name.as_str()) {
                    coerce_integer_literals(schema, value, &input.ty);
                }
            }
        }
        _ => {}
    }
}

/// The value of a variable that is used as a condition.
pub(super) fn condition_value(variables: &Variables, name: &Name) -> Option<bool> {
    match variables.get(name) {
        Some(ConstValue::Boolean(value)) => Some(*value),
        _ => None,
    }
}
