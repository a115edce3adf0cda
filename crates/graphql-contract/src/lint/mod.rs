//! Checks of a schema: validity and conventions.

mod mutations;
mod names;
mod shapes;
mod soundness;
#[cfg(test)]
mod tests;

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
    lint.soundness();
    lint.visit();
    lint.mutations();
    lint.findings.sort();
    lint.findings.dedup();
    lint.findings
}

struct Lint<'a> {
    schema: &'a Schema,
    findings: Vec<String>,
}

impl<'a> Lint<'a> {
    fn find(&mut self, coordinate: &str, message: impl AsRef<str>) {
        self.findings.push(format!("{coordinate}: {}", message.as_ref()));
    }

    /// Visits every named element once.
    fn visit(&mut self) {
        let schema = self.schema;
        for (name, ty) in schema.own_types() {
            self.definition(name, ty.description.as_deref(), &ty.applied_directives);
            self.type_name(name);
            self.parts(name, ty);
            match ty.kind {
                Kind::Scalar => self.scalar(name, ty),
                Kind::Object | Kind::Interface => self.shape(name, ty),
                Kind::Union | Kind::Enum | Kind::Input => {}
            }
        }
        for (name, directive) in schema.own_directives() {
            let coordinate = format!("@{name}");
            self.definition(&coordinate, directive.description.as_deref(), &[]);
            self.field_name(&coordinate, name);
            for (argument, input) in &directive.arguments {
                self.input(&format!("{coordinate}({argument}:)"), argument, input);
            }
        }
    }

    fn parts(&mut self, name: &str, ty: &'a TypeDef) {
        for (field, definition) in &ty.fields {
            let coordinate = format!("{name}.{field}");
            self.definition(&coordinate, definition.description.as_deref(), &definition.applied_directives);
            self.field_name(&coordinate, field);
            self.result(&coordinate, field, definition);
            for (argument, input) in &definition.arguments {
                self.input(&format!("{coordinate}({argument}:)"), argument, input);
            }
        }
        for (field, input) in &ty.inputs {
            self.input(&format!("{name}.{field}"), field, input);
        }
        for (value, definition) in &ty.values {
            let coordinate = format!("{name}.{value}");
            self.definition(&coordinate, definition.description.as_deref(), &definition.applied_directives);
            self.value_name(&coordinate, value);
        }
    }

    fn input(&mut self, coordinate: &str, name: &str, input: &InputDef) {
        self.definition(coordinate, input.description.as_deref(), &input.applied_directives);
        self.field_name(coordinate, name);
        self.given(coordinate, name, input);
    }

    fn definition(&mut self, coordinate: &str, description: Option<&str>, applied_directives: &[AppliedDirective]) {
        if description.is_none() {
            self.find(coordinate, "has no description");
        }
        for applied_directive in
            applied_directives.iter().filter(|applied_directive| applied_directive.name == "deprecated")
        {
            self.deprecation(coordinate, applied_directive);
        }
    }

    /// The reason of a deprecation must give the date of the removal and a replacement.
    fn deprecation(&mut self, coordinate: &str, applied_directive: &AppliedDirective) {
        let until =
            applied_directive.text("reason").and_then(|reason| reason.strip_prefix("until ")).and_then(|rest| {
                let (date, advice) = rest.split_once(": ")?;
                let date = (date.len() == 10).then(|| chrono::NaiveDate::parse_from_str(date, "%Y-%m-%d").ok())?;
                date.filter(|_| !advice.trim().is_empty())
            });
        if until.is_none() {
            self.find(coordinate, "its deprecation's reason does not read `until YYYY-MM-DD: what to use`");
        }
    }

    fn scalar(&mut self, name: &str, ty: &TypeDef) {
        let url = applied_directive(&ty.applied_directives, "specifiedBy")
            .and_then(|applied_directive| applied_directive.text("url"));
        if url.is_none_or(str::is_empty) {
            self.find(name, "is a scalar without @specifiedBy(url: …)");
        }
    }
}
