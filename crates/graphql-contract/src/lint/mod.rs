//! Checks of a schema: validity and conventions.

mod mutations;
mod names;
mod shapes;
#[cfg(test)]
mod tests;
mod validity;

use super::applied_directives::{AppliedDirective, applied_directive};
use super::sdl::{InputDef, Kind, Schema, TypeDef};

/// The errors of `sdl` and its violations of the conventions, one line each: `Listing.title: has no
/// description`. Empty if there are none; a text that is not a schema gives one line.
pub fn lint(sdl: &str) -> Vec<String> {
    let schema = match Schema::read(sdl) {
        Ok(schema) => schema,
        Err(error) => return vec![error.to_string()],
    };
    let mut lint = Lint { schema: &schema, findings: Vec::new() };
    lint.check_validity();
    lint.check_conventions();
    lint.check_mutations();
    lint.findings.sort();
    lint.findings.dedup();
    lint.findings
}

struct Lint<'a> {
    schema: &'a Schema,
    findings: Vec<String>,
}

impl<'a> Lint<'a> {
    /// Adds a finding.
    fn report(&mut self, coordinate: &str, message: impl AsRef<str>) {
        self.findings.push(format!("{coordinate}: {}", message.as_ref()));
    }

    /// Checks the conventions of every named element.
    fn check_conventions(&mut self) {
        let schema = self.schema;
        for (name, ty) in schema.own_types() {
            self.check_definition(name, ty.description.as_deref(), &ty.applied_directives);
            self.check_type_name(name);
            self.check_members(name, ty);
            match ty.kind {
                Kind::Scalar => self.check_scalar(name, ty),
                Kind::Object | Kind::Interface => self.check_shape(name, ty),
                Kind::Union | Kind::Enum | Kind::Input => {}
            }
        }
        for (name, directive) in schema.own_directives() {
            let coordinate = format!("@{name}");
            self.check_definition(&coordinate, directive.description.as_deref(), &[]);
            self.check_field_name(&coordinate, name);
            for (argument, input) in &directive.arguments {
                self.check_input(&format!("{coordinate}({argument}:)"), argument, input);
            }
        }
    }

    fn check_members(&mut self, name: &str, ty: &'a TypeDef) {
        for (field, definition) in &ty.fields {
            let coordinate = format!("{name}.{field}");
            self.check_definition(&coordinate, definition.description.as_deref(), &definition.applied_directives);
            self.check_field_name(&coordinate, field);
            self.check_result(&coordinate, field, definition);
            for (argument, input) in &definition.arguments {
                self.check_input(&format!("{coordinate}({argument}:)"), argument, input);
            }
        }
        for (field, input) in &ty.inputs {
            self.check_input(&format!("{name}.{field}"), field, input);
        }
        for (value, definition) in &ty.values {
            let coordinate = format!("{name}.{value}");
            self.check_definition(&coordinate, definition.description.as_deref(), &definition.applied_directives);
            self.check_value_name(&coordinate, value);
        }
    }

    fn check_input(&mut self, coordinate: &str, name: &str, input: &InputDef) {
        self.check_definition(coordinate, input.description.as_deref(), &input.applied_directives);
        self.check_field_name(coordinate, name);
        self.check_input_type(coordinate, name, input);
    }

    fn check_definition(
        &mut self,
        coordinate: &str,
        description: Option<&str>,
        applied_directives: &[AppliedDirective],
    ) {
        if description.is_none() {
            self.report(coordinate, "has no description");
        }
        for applied_directive in
            applied_directives.iter().filter(|applied_directive| applied_directive.name == "deprecated")
        {
            self.check_deprecation(coordinate, applied_directive);
        }
    }

    /// The reason of a deprecation must give the date of the removal and a replacement.
    fn check_deprecation(&mut self, coordinate: &str, applied_directive: &AppliedDirective) {
        let until =
            applied_directive.text("reason").and_then(|reason| reason.strip_prefix("until ")).and_then(|rest| {
                let (date, advice) = rest.split_once(": ")?;
                let date = (date.len() == 10).then(|| chrono::NaiveDate::parse_from_str(date, "%Y-%m-%d").ok())?;
                date.filter(|_| !advice.trim().is_empty())
            });
        if until.is_none() {
            self.report(coordinate, "its deprecation's reason does not read `until YYYY-MM-DD: what to use`");
        }
    }

    fn check_scalar(&mut self, name: &str, ty: &TypeDef) {
        let url = applied_directive(&ty.applied_directives, "specifiedBy")
            .and_then(|applied_directive| applied_directive.text("url"));
        if url.is_none_or(str::is_empty) {
            self.report(name, "is a scalar without @specifiedBy(url: …)");
        }
    }
}
