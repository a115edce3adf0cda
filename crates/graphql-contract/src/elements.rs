//! The elements of a schema as a set, one line each.

use std::collections::BTreeSet;
use std::fmt;

use super::applied_directives::AppliedDirective;
use super::sdl::{DirectiveDef, FieldDef, InputDef, Kind, Schema, SdlError, TypeDef};

/// One element of a schema, such as `Listing.reviews(first: Int = 20): ReviewConnection!`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Element {
    /// Its coordinate: `Listing.reviews`, `Listing.reviews(first:)`, `@cost`.
    pub coordinate: String,
    /// The part of that coordinate.
    pub aspect: Aspect,
    /// Its content without the coordinate: `ReviewConnection!`.
    pub content: String,
    line: String,
}

/// The part of a coordinate that an element describes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Aspect {
    /// Its existence and type.
    Definition,
    /// An interface that it implements.
    Implements,
    /// A member of the union.
    Member,
    /// A directive with this name on it.
    AppliedDirective(String),
    /// Its description.
    Description,
}

impl fmt::Display for Element {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.line)
    }
}

/// All elements of `sdl`, independent of the order and layout of the text. Elements that every
/// schema has are left out: built-in scalars and directives, and a `schema` block with the default
/// names.
///
/// # Errors
/// [`SdlError`] when `sdl` is not a schema.
pub fn elements(sdl: &str) -> Result<BTreeSet<Element>, SdlError> {
    let schema = Schema::read(sdl)?;
    let mut all = Elements::default();
    for (operation, name) in &schema.roots {
        let coordinate = format!("schema {operation}");
        all.add(&coordinate, Aspect::Definition, name, format!("{coordinate}: {name}"));
    }
    all.add_applied_directives("schema", &schema.applied_directives);
    for (name, ty) in schema.own_types() {
        all.add_type(name, ty);
    }
    for (name, directive) in schema.own_directives() {
        all.add_directive(&format!("@{name}"), directive);
    }
    Ok(all.0)
}

#[derive(Default)]
struct Elements(BTreeSet<Element>);

impl Elements {
    fn add(&mut self, coordinate: &str, aspect: Aspect, content: &str, line: String) {
        self.0.insert(Element { coordinate: coordinate.to_owned(), aspect, content: content.to_owned(), line });
    }

    fn add_type(&mut self, name: &str, ty: &TypeDef) {
        let keyword = ty.kind.keyword();
        self.add(name, Aspect::Definition, keyword, format!("{keyword} {name}"));
        self.add_metadata(name, ty.description.as_deref(), &ty.applied_directives);
        for interface in &ty.implements {
            self.add(name, Aspect::Implements, interface, format!("{keyword} {name} implements {interface}"));
        }
        for member in &ty.members {
            self.add(name, Aspect::Member, member, format!("{keyword} {name} has {member}"));
        }
        for (field, definition) in &ty.fields {
            self.add_field(&format!("{name}.{field}"), definition);
        }
        for (field, definition) in &ty.inputs {
            self.add_input(&format!("{name}.{field}"), definition);
        }
        for (value, definition) in &ty.values {
            let coordinate = format!("{name}.{value}");
            self.add(&coordinate, Aspect::Definition, Kind::Enum.keyword(), format!("enum {coordinate}"));
            self.add_metadata(&coordinate, definition.description.as_deref(), &definition.applied_directives);
        }
    }

    fn add_field(&mut self, coordinate: &str, field: &FieldDef) {
        let ty = field.ty.to_string();
        let line = format!("{coordinate}{}: {ty}", signature(field.arguments.iter()));
        self.add(coordinate, Aspect::Definition, &ty, line);
        self.add_metadata(coordinate, field.description.as_deref(), &field.applied_directives);
        for (argument, definition) in &field.arguments {
            self.add_input(&format!("{coordinate}({argument}:)"), definition);
        }
    }

    fn add_input(&mut self, coordinate: &str, input: &InputDef) {
        self.add(coordinate, Aspect::Definition, &input.to_string(), format!("{coordinate}: {input}"));
        self.add_metadata(coordinate, input.description.as_deref(), &input.applied_directives);
    }

    fn add_directive(&mut self, coordinate: &str, directive: &DirectiveDef) {
        let locations = directive.locations.iter().map(String::as_str).collect::<Vec<_>>().join(" | ");
        let content = format!("{}on {locations}", if directive.repeatable { "repeatable " } else { "" });
        let line = format!("directive {coordinate}{} {content}", signature(directive.arguments.iter()));
        self.add(coordinate, Aspect::Definition, &content, line);
        self.add_metadata(coordinate, directive.description.as_deref(), &[]);
        for (argument, definition) in &directive.arguments {
            self.add_input(&format!("{coordinate}({argument}:)"), definition);
        }
    }

    /// Adds a description and directives.
    fn add_metadata(&mut self, coordinate: &str, description: Option<&str>, applied_directives: &[AppliedDirective]) {
        if let Some(text) = description {
            let content = format!("\"{text}\"");
            self.add(coordinate, Aspect::Description, &content, format!("{coordinate}: {content}"));
        }
        self.add_applied_directives(coordinate, applied_directives);
    }

    fn add_applied_directives(&mut self, coordinate: &str, applied_directives: &[AppliedDirective]) {
        for applied_directive in applied_directives {
            let content = applied_directive.to_string();
            self.add(
                coordinate,
                Aspect::AppliedDirective(applied_directive.name.clone()),
                &content,
                format!("{coordinate} {content}"),
            );
        }
    }
}

/// `(after: Cursor, first: Int = 20)`, or nothing without arguments.
fn signature<'a>(arguments: impl Iterator<Item = (&'a String, &'a InputDef)>) -> String {
    let arguments: Vec<_> = arguments.map(|(name, input)| format!("{name}: {input}")).collect();
    if arguments.is_empty() { String::new() } else { format!("({})", arguments.join(", ")) }
}
