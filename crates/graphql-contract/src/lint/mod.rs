//! The house's conventions, as far as a machine can check them.

mod mutations;
mod names;
mod shapes;
mod soundness;
#[cfg(test)]
mod tests;

use super::marks::{Mark, mark};
use super::sdl::{InputDef, Kind, Schema, TypeDef};

/// Where `sdl` is not a sound schema or leaves the house's conventions, one line each: `Listing.title: has no description`.
/// Empty if all is well; a text that is no schema gives one line.
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

    /// Everything that has a name, once.
    fn visit(&mut self) {
        let schema = self.schema;
        for (name, ty) in schema.own_types() {
            self.definition(name, ty.description.as_deref(), &ty.marks);
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
            self.definition(&coordinate, definition.description.as_deref(), &definition.marks);
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
            self.definition(&coordinate, definition.description.as_deref(), &definition.marks);
            self.value_name(&coordinate, value);
        }
    }

    fn input(&mut self, coordinate: &str, name: &str, input: &InputDef) {
        self.definition(coordinate, input.description.as_deref(), &input.marks);
        self.field_name(coordinate, name);
        self.given(coordinate, name, input);
    }

    fn definition(&mut self, coordinate: &str, description: Option<&str>, marks: &[Mark]) {
        if description.is_none() {
            self.find(coordinate, "has no description");
        }
        for mark in marks.iter().filter(|mark| mark.name == "deprecated") {
            self.deprecation(coordinate, mark);
        }
    }

    /// A deprecation says when the thing goes and what to use.
    fn deprecation(&mut self, coordinate: &str, mark: &Mark) {
        let until = mark.text("reason").and_then(|reason| reason.strip_prefix("until ")).and_then(|rest| {
            let (date, advice) = rest.split_once(": ")?;
            let date = (date.len() == 10).then(|| chrono::NaiveDate::parse_from_str(date, "%Y-%m-%d").ok())?;
            date.filter(|_| !advice.trim().is_empty())
        });
        if until.is_none() {
            self.find(coordinate, "its deprecation's reason does not read `until YYYY-MM-DD: what to use`");
        }
    }

    fn scalar(&mut self, name: &str, ty: &TypeDef) {
        let url = mark(&ty.marks, "specifiedBy").and_then(|mark| mark.text("url"));
        if url.is_none_or(str::is_empty) {
            self.find(name, "is a scalar without @specifiedBy(url: …)");
        }
    }
}
