//! Validity of the schema: every type it uses exists and is allowed there.

use async_graphql_parser::types::{BaseType, Type};
use async_graphql_value::ConstValue;

use super::super::applied_directives::AppliedDirective;
use super::super::documents::constant_errors;
use super::super::sdl::{FieldDef, InputDef, Kind, Map, Schema, TypeDef, innermost};
use super::Lint;

impl<'a> Lint<'a> {
    pub(super) fn check_validity(&mut self) {
        let schema: &'a Schema = self.schema;
        if !schema.roots.contains_key("query") {
            self.report("schema", "has no query type");
        }
        for (operation, name) in &schema.roots {
            if schema.kind(name) != Some(Kind::Object) {
                self.report(&format!("schema {operation}"), format!("{name} is not an object type"));
            }
        }
        self.check_applied_directives("schema", "SCHEMA", &schema.applied_directives);
        for (name, ty) in schema.own_types() {
            self.check_type_validity(name, ty);
        }
        for (name, directive) in schema.own_directives() {
            self.check_input_validity(&directive.arguments, "ARGUMENT_DEFINITION", |argument| {
                format!("@{name}({argument}:)")
            });
        }
    }

    fn check_type_validity(&mut self, name: &str, ty: &'a TypeDef) {
        let (location, empty) = match ty.kind {
            Kind::Scalar => ("SCALAR", false),
            Kind::Object => ("OBJECT", ty.fields.is_empty()),
            Kind::Interface => ("INTERFACE", ty.fields.is_empty()),
            Kind::Union => ("UNION", ty.members.is_empty()),
            Kind::Enum => ("ENUM", ty.values.is_empty()),
            Kind::Input => ("INPUT_OBJECT", ty.inputs.is_empty()),
        };
        if empty {
            self.report(name, format!("is an empty {}", ty.kind.keyword()));
        }
        self.check_applied_directives(name, location, &ty.applied_directives);
        for (field, definition) in &ty.fields {
            self.check_field_validity(&format!("{name}.{field}"), definition);
        }
        for (value, definition) in &ty.values {
            self.check_applied_directives(&format!("{name}.{value}"), "ENUM_VALUE", &definition.applied_directives);
        }
        self.check_input_validity(&ty.inputs, "INPUT_FIELD_DEFINITION", |field| format!("{name}.{field}"));
        if ty.is_one_of() {
            for (field, _) in ty.inputs.iter().filter(|(_, input)| !input.ty.nullable || input.default.is_some()) {
                self.report(&format!("{name}.{field}"), "a field of a @oneOf input is nullable and has no default");
            }
        }
        for member in ty.members.iter().filter(|member| self.schema.kind(member) != Some(Kind::Object)) {
            self.report(name, format!("its member {member} is not an object type"));
        }
        for interface in &ty.implements {
            self.check_implementation(name, ty, interface);
        }
    }

    fn check_field_validity(&mut self, coordinate: &str, field: &FieldDef) {
        match self.schema.kind(innermost(&field.ty)) {
            None => self.report(coordinate, format!("there is no type {}", innermost(&field.ty))),
            Some(Kind::Input) => self.report(coordinate, format!("{} is an input, not a result", innermost(&field.ty))),
            Some(_) => {}
        }
        self.check_applied_directives(coordinate, "FIELD_DEFINITION", &field.applied_directives);
        self.check_input_validity(&field.arguments, "ARGUMENT_DEFINITION", |argument| {
            format!("{coordinate}({argument}:)")
        });
    }

    fn check_input_validity(&mut self, inputs: &Map<InputDef>, location: &str, coordinate: impl Fn(&str) -> String) {
        for (name, input) in inputs {
            let coordinate = coordinate(name);
            self.check_applied_directives(&coordinate, location, &input.applied_directives);
            match self.schema.kind(innermost(&input.ty)) {
                None => self.report(&coordinate, format!("there is no type {}", innermost(&input.ty))),
                Some(kind) if !kind.is_input() => {
                    self.report(&coordinate, format!("{} is a {}, not an input", innermost(&input.ty), kind.keyword()));
                }
                Some(_) => self.check_value(&coordinate, "its default", &input.ty, input.default.as_ref()),
            }
            if input.is_required()
                && input.applied_directives.iter().any(|applied_directive| applied_directive.name == "deprecated")
            {
                self.report(&coordinate, "is required, so it cannot be deprecated");
            }
        }
    }

    fn check_value(&mut self, coordinate: &str, what: &str, ty: &Type, value: Option<&ConstValue>) {
        let errors = value.map(|value| constant_errors(self.schema, ty, value));
        for error in errors.into_iter().flatten() {
            self.report(coordinate, format!("{what} {error}"));
        }
    }

    /// Checks the directives on a definition.
    fn check_applied_directives(&mut self, coordinate: &str, location: &str, applied_directives: &[AppliedDirective]) {
        let schema = self.schema;
        for (index, applied_directive) in applied_directives.iter().enumerate() {
            let Some(directive) = schema.directives.get(&applied_directive.name) else {
                self.report(coordinate, format!("there is no directive @{}", applied_directive.name));
                continue;
            };
            if !directive.locations.contains(location) {
                self.report(coordinate, format!("@{} is not allowed on {location}", applied_directive.name));
            }
            if !directive.repeatable
                && applied_directives[..index].iter().any(|other| other.name == applied_directive.name)
            {
                self.report(coordinate, format!("@{} may not be repeated", applied_directive.name));
            }
            for (argument, value) in &applied_directive.arguments {
                match directive.arguments.get(argument) {
                    None => self.report(coordinate, format!("@{} has no argument {argument}", applied_directive.name)),
                    Some(input) => self.check_value(coordinate, &applied_directive.to_string(), &input.ty, Some(value)),
                }
            }
            for (argument, input) in &directive.arguments {
                if input.is_required() && !applied_directive.arguments.contains_key(argument) {
                    self.report(coordinate, format!("@{} needs the argument {argument}", applied_directive.name));
                }
            }
        }
    }

    fn check_implementation(&mut self, name: &str, ty: &TypeDef, interface: &str) {
        let schema = self.schema;
        let Some(general) = schema.types.get(interface).filter(|general| general.kind == Kind::Interface) else {
            return self.report(name, format!("implements {interface}, which is not an interface"));
        };
        for parent in general.implements.iter().filter(|parent| *parent == name || !ty.implements.contains(*parent)) {
            self.report(name, format!("implements {interface}, so it must implement {parent}"));
        }
        for (field, required) in &general.fields {
            let Some(found) = ty.fields.get(field) else {
                self.report(name, format!("implements {interface} but lacks {field}"));
                continue;
            };
            let coordinate = format!("{name}.{field}");
            if !covers(schema, &required.ty, &found.ty) {
                self.report(&coordinate, format!("is {}, but {interface} requires {}", found.ty, required.ty));
            }
            for (argument, input) in &required.arguments {
                if found.arguments.get(argument).is_none_or(|found| found.ty != input.ty) {
                    self.report(&coordinate, format!("lacks {argument}: {} of {interface}", input.ty));
                }
            }
            for (argument, input) in &found.arguments {
                if input.is_required() && !required.arguments.contains_key(argument) {
                    self.report(&coordinate, format!("needs {argument}, which {interface} does not know"));
                }
            }
        }
    }
}

/// Whether every value of `special` is also a value of `general`, including subtypes.
fn covers(schema: &Schema, general: &Type, special: &Type) -> bool {
    (general.nullable || !special.nullable)
        && match (&general.base, &special.base) {
            (BaseType::Named(general), BaseType::Named(special)) => schema.is_subtype(special, general),
            (BaseType::List(general), BaseType::List(special)) => covers(schema, general, special),
            _ => false,
        }
}
