//! Literal values in the document.

use async_graphql::indexmap::IndexMap;
use async_graphql::parser::types::{BaseType, Type};
use async_graphql::{Name, Pos};
use async_graphql_value::{ConstValue, Value};

use super::super::errors::quote;
use super::super::value_errors::Problem;
use super::super::variables::scalar_literal;
use super::{Checker, Usage};
use crate::sdl::{Kind, TypeDef};

impl<'a> Checker<'a> {
    /// Checks a value against the expected type; `place` names it in an error. Inside a custom
    /// scalar, `ty` is none and only the variables are recorded.
    pub(super) fn check_value(
        &mut self,
        value: &'a Value,
        ty: Option<&Type>,
        has_default: bool,
        pos: Pos,
        place: &str,
    ) {
        let in_one_of = std::mem::take(&mut self.one_of);
        if let Value::Variable(name) = value {
            let (expected, reports) = (ty.cloned(), self.reports);
            return self.usages.variables.push(Usage { name, pos, expected, has_default, in_one_of, reports });
        }
        let Some(ty) = ty else { return self.collect_variables(value, pos, place) };
        match (value, &ty.base) {
            (Value::Null, _) if ty.nullable => {}
            (Value::List(items), BaseType::List(of)) => {
                for (index, item) in items.iter().enumerate() {
                    self.path.push(index.to_string());
                    self.check_value(item, Some(of), false, pos, place);
                    self.path.pop();
                }
            }
            (Value::Null, _) | (Value::List(_), BaseType::Named(_)) if !self.accepts_lists(ty, value) => {
                self.report_error(pos, format!("{place} has to be of type `{ty}`."));
            }
            (_, BaseType::List(of)) => self.check_value(value, Some(of), false, pos, place),
            (_, BaseType::Named(name)) => {
                if let Some(named) = self.schema.get(name) {
                    self.check_named_value(value, named, ty, pos, place);
                }
            }
        }
    }

    /// Whether the type is a custom scalar, which may accept a list. Null is never accepted.
    fn accepts_lists(&self, ty: &Type, value: &Value) -> bool {
        let BaseType::Named(name) = &ty.base else { return false };
        *value != Value::Null
            && self.schema.get(name).is_some_and(|named| named.kind == Kind::Scalar && !named.is_built_in_scalar())
    }

    fn check_named_value(&mut self, value: &'a Value, named: &'a TypeDef, ty: &Type, pos: Pos, place: &str) {
        let is_valid = match (named.kind, value) {
            (Kind::Enum, Value::Enum(name)) => named.values.contains_key(name.as_str()),
            (Kind::Input, Value::Object(fields)) => return self.check_object(fields, named, pos),
            (Kind::Scalar, _) if !named.is_built_in_scalar() => return self.check_scalar(value, named, pos, place),
            (Kind::Scalar, _) => scalar_literal(&named.name, value),
            _ => false,
        };
        if !is_valid {
            self.report_error(pos, format!("{place} has to be of type `{ty}`."));
        }
    }

    fn check_object(&mut self, fields: &'a IndexMap<Name, Value>, named: &'a TypeDef, pos: Pos) {
        for (name, value) in fields {
            match named.inputs.get(name.as_str()) {
                Some(input) => {
                    let place = format!("The field `{name}` of `{}`", named.name);
                    self.path.push(name.to_string());
                    self.one_of = named.is_one_of();
                    self.check_value(value, Some(&input.ty), input.default.is_some(), pos, &place);
                    self.path.pop();
                }
                None => self.report_error(pos, format!("`{}` has no field `{}`.", named.name, quote(name))),
            }
        }
        for (name, input) in named.inputs.iter().filter(|(_, input)| input.is_required()) {
            if !fields.contains_key(name.as_str()) {
                self.report_error(pos, format!("`{}` needs the field `{name}: {}`.", named.name, input.ty));
            }
        }
        if named.is_one_of() && (fields.len() != 1 || fields.values().any(|value| *value == Value::Null)) {
            self.report_error(pos, format!("`{}` takes exactly one of its fields, and not null.", named.name));
        }
    }

    /// A value of a custom scalar. One with variables inside is checked with their values.
    fn check_scalar(&mut self, value: &'a Value, named: &TypeDef, pos: Pos, place: &str) {
        let expected = match value.clone().into_const() {
            Some(constant) => self.schema.scalars.expected(&named.name, &constant),
            None => self.schema.scalars.expected(&named.name, &ConstValue::List(Vec::new())),
        };
        // The number of recorded values is bounded.
        if let Some(expected) = expected
            && self.usages.malformed.len() < 100
        {
            let problem = Problem { pos, path: self.path.clone(), message: format!("{place} has to be {expected}.") };
            self.usages.malformed.push((problem, self.reports));
        }
        self.collect_variables(value, pos, place);
    }

    fn collect_variables(&mut self, value: &'a Value, pos: Pos, place: &str) {
        match value {
            Value::List(items) => items.iter().for_each(|item| self.check_value(item, None, false, pos, place)),
            Value::Object(fields) => fields.values().for_each(|field| self.check_value(field, None, false, pos, place)),
            Value::Variable(_) => self.check_value(value, None, false, pos, place),
            _ => {}
        }
    }
}
