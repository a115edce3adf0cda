//! Variables: defined once, of an input type, used, and only where their type fits.

use std::collections::BTreeMap;

use async_graphql_parser::Positioned;
use async_graphql_parser::types::{Type, VariableDefinition};
use async_graphql_value::{ConstValue, Value};

use super::super::sdl::{InputDef, named, narrows};
use super::Check;
use super::values::{self, Usage};

impl<'a> Check<'a> {
    pub(super) fn define_variables(&mut self, definitions: &'a [Positioned<VariableDefinition>]) {
        let mut variables = BTreeMap::new();
        for Positioned { pos, node } in definitions {
            let name = node.name.node.as_str();
            if variables.insert(name, node).is_some() {
                self.fault(*pos, format!("${name} is defined twice"));
            }
            let ty = &node.var_type.node;
            match self.schema.kind(named(ty)) {
                None => self.fault(*pos, format!("${name}: the contract has no type {}", named(ty))),
                Some(kind) if !kind.is_input() => {
                    self.fault(*pos, format!("${name}: {} is a {}, not an input", named(ty), kind.word()));
                }
                Some(_) => self.default(name, node),
            }
        }
        self.variables = Some(variables);
        for definition in definitions {
            self.directives(&definition.node.directives, "VARIABLE_DEFINITION");
        }
    }

    fn default(&mut self, name: &str, definition: &VariableDefinition) {
        let Some(default) = &definition.default_value else { return };
        for fault in values::constant(self.schema, &definition.var_type.node, &default.node) {
            self.fault(default.pos, format!("${name}: {fault}"));
        }
    }

    pub(super) fn unused_variables(&mut self, definitions: &'a [Positioned<VariableDefinition>]) {
        for Positioned { pos, node } in definitions {
            if !self.used.contains(node.name.node.as_str()) {
                self.fault(*pos, format!("${} is never used", node.name.node));
            }
        }
    }

    /// A value given for `input`, which is called `what`.
    pub(super) fn value(&mut self, what: &str, input: &InputDef, value: &'a Positioned<Value>) {
        let (variables, used) = (self.variables.as_ref(), &mut self.used);
        let mut variable = |usage: Usage<'_>| {
            used.insert(usage.name.to_owned());
            // A fragment nobody uses has no variables to look for.
            let Some(definition) = variables?.get(usage.name) else {
                return Some(format!("${} is not defined", usage.name));
            };
            misfit(definition, &usage)
        };
        let faults = values::faults(self.schema, input, &value.node, &mut variable);
        for fault in faults {
            self.fault(value.pos, format!("{what}: {fault}"));
        }
    }
}

/// Why a variable cannot be used there.
fn misfit(variable: &VariableDefinition, usage: &Usage<'_>) -> Option<String> {
    let ty = &variable.var_type.node;
    if usage.one_of && ty.nullable {
        return Some(format!("${} is {ty}, but the one field of a @oneOf input may not be null", usage.name));
    }
    let expected = usage.ty?;
    let default = variable.default_value.as_ref().is_some_and(|value| value.node != ConstValue::Null);
    // With a default on either side, a variable that is left out is not null.
    let lenient = default || usage.has_default;
    let wanted = Type { nullable: expected.nullable || (lenient && ty.nullable), ..expected.clone() };
    (!narrows(&wanted, ty)).then(|| format!("${} is {ty}, not {expected}", usage.name))
}
