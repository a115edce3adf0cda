//! Literals against the types they are given for.

use async_graphql_parser::types::{BaseType, Type};
use async_graphql_value::indexmap::IndexMap;
use async_graphql_value::{ConstValue, Name, Value};

use super::super::sdl::{InputDef, Kind, Schema, TypeDef};

/// A variable where a value is wanted.
pub(in super::super) struct Usage<'u> {
    pub name: &'u str,
    /// The type wanted; unknown inside the literal of a custom scalar.
    pub ty: Option<&'u Type>,
    /// Whether the place has a default of its own.
    pub has_default: bool,
    /// Whether it is the field of a `@oneOf` input.
    pub one_of: bool,
}

/// What is wrong with `value` for `input`. `variable` judges the variables in it.
pub(in super::super) fn faults(
    schema: &Schema,
    input: &InputDef,
    value: &Value,
    variable: &mut dyn FnMut(Usage<'_>) -> Option<String>,
) -> Vec<String> {
    let mut literal = Literal { schema, variable, faults: Vec::new() };
    literal.value(&input.ty, input.default.is_some(), value);
    literal.faults
}

/// What is wrong with a value that has no variables, such as a default.
pub(in super::super) fn constant(schema: &Schema, ty: &Type, value: &ConstValue) -> Vec<String> {
    let mut variable = |_: Usage<'_>| None;
    let mut literal = Literal { schema, variable: &mut variable, faults: Vec::new() };
    literal.value(ty, false, &value.clone().into_value());
    literal.faults
}

struct Literal<'c> {
    schema: &'c Schema,
    variable: &'c mut dyn FnMut(Usage<'_>) -> Option<String>,
    faults: Vec<String>,
}

impl Literal<'_> {
    fn value(&mut self, ty: &Type, has_default: bool, value: &Value) {
        match (value, &ty.base) {
            (Value::Variable(name), _) => {
                self.faults.extend((self.variable)(Usage { name, ty: Some(ty), has_default, one_of: false }));
            }
            (Value::Null, _) if ty.nullable => {}
            (Value::Null, _) => self.faults.push(format!("null is not {ty}")),
            (Value::List(items), BaseType::List(inner)) => {
                for item in items {
                    self.value(inner, false, item);
                }
            }
            // One value stands for a list of one.
            (_, BaseType::List(inner)) => self.value(inner, false, value),
            (_, BaseType::Named(name)) => self.named(name, value),
        }
    }

    fn named(&mut self, name: &Name, value: &Value) {
        let fits = match (name.as_str(), value) {
            ("Int", Value::Number(number)) => number.as_i64().is_some_and(|number| i32::try_from(number).is_ok()),
            ("Float", Value::Number(_)) | ("String" | "ID", Value::String(_)) | ("Boolean", Value::Boolean(_)) => true,
            ("ID", Value::Number(number)) => number.is_i64() || number.is_u64(),
            ("Int" | "Float" | "String" | "ID" | "Boolean", _) => false,
            _ => return self.defined(name, value),
        };
        if !fits {
            self.faults.push(format!("{value} is not {name}"));
        }
    }

    fn defined(&mut self, name: &Name, value: &Value) {
        let schema = self.schema;
        let Some(ty) = schema.types.get(name.as_str()) else {
            return self.faults.push(format!("the contract has no type {name}"));
        };
        match (ty.kind, value) {
            (Kind::Scalar, _) => self.free(value),
            (Kind::Enum, Value::Enum(choice)) if ty.values.contains_key(choice.as_str()) => {}
            (Kind::Input, Value::Object(fields)) => self.object(name, ty, fields),
            _ => self.faults.push(format!("{value} is not {name}")),
        }
    }

    fn object(&mut self, name: &str, ty: &TypeDef, given: &IndexMap<Name, Value>) {
        for (field, value) in given {
            match ty.inputs.get(field.as_str()) {
                None => self.faults.push(format!("{name} has no field {field}")),
                Some(input) => self.value(&input.ty, input.default.is_some(), value),
            }
        }
        for (field, input) in ty.inputs.iter().filter(|(_, input)| input.is_required()) {
            if !given.contains_key(field.as_str()) {
                self.faults.push(format!("{name} needs the field {field}: {}", input.ty));
            }
        }
        if ty.is_one_of() {
            self.one_of(name, given);
        }
    }

    fn one_of(&mut self, name: &str, given: &IndexMap<Name, Value>) {
        match given.values().next() {
            Some(Value::Variable(name)) if given.len() == 1 => {
                self.faults.extend((self.variable)(Usage { name, ty: None, has_default: false, one_of: true }));
            }
            Some(value) if given.len() == 1 && *value != Value::Null => {}
            _ => self.faults.push(format!("{name} takes exactly one field, and not null")),
        }
    }

    /// The literal of a custom scalar: anything, but its variables must be real.
    fn free(&mut self, value: &Value) {
        match value {
            Value::Variable(name) => {
                self.faults.extend((self.variable)(Usage { name, ty: None, has_default: false, one_of: false }));
            }
            Value::List(items) => items.iter().for_each(|item| self.free(item)),
            Value::Object(fields) => fields.values().for_each(|field| self.free(field)),
            _ => {}
        }
    }
}
