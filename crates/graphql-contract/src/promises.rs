//! A schema as a set of promises, one line each.

use std::collections::BTreeSet;
use std::fmt;

use super::marks::Mark;
use super::sdl::{DirectiveDef, FieldDef, InputDef, Kind, Schema, SdlError, TypeDef};

/// One thing that a schema promises its clients, such as `Listing.reviews(first: Int = 20): ReviewConnection!`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Promise {
    /// What it is about: `Listing.reviews`, `Listing.reviews(first:)`, `@cost`.
    pub coordinate: String,
    /// What it says about that.
    pub aspect: Aspect,
    /// Its content alone, without what other promises repeat: `ReviewConnection!`.
    pub says: String,
    line: String,
}

/// What a promise is about, besides its coordinate.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Aspect {
    /// That it exists, and its type.
    Definition,
    /// An interface it implements.
    Implements,
    /// A type the union can be.
    Member,
    /// A directive of this name on it.
    Mark(String),
    /// Its description.
    Description,
}

impl fmt::Display for Promise {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.line)
    }
}

/// Everything `sdl` promises, independent of the order and layout of the text. What every schema has, printed or not,
/// does not count: built-in scalars and directives, and a `schema` block that only says the usual.
///
/// # Errors
/// [`SdlError`] when `sdl` is not a schema.
pub fn promises(sdl: &str) -> Result<BTreeSet<Promise>, SdlError> {
    let schema = Schema::read(sdl)?;
    let mut all = Promises::default();
    for (operation, name) in &schema.roots {
        let coordinate = format!("schema {operation}");
        all.add(&coordinate, Aspect::Definition, name, format!("{coordinate}: {name}"));
    }
    all.marks("schema", &schema.marks);
    for (name, ty) in schema.own_types() {
        all.of_type(name, ty);
    }
    for (name, directive) in schema.own_directives() {
        all.of_directive(&format!("@{name}"), directive);
    }
    Ok(all.0)
}

#[derive(Default)]
struct Promises(BTreeSet<Promise>);

impl Promises {
    fn add(&mut self, coordinate: &str, aspect: Aspect, says: &str, line: String) {
        self.0.insert(Promise { coordinate: coordinate.to_owned(), aspect, says: says.to_owned(), line });
    }

    fn of_type(&mut self, name: &str, ty: &TypeDef) {
        let word = ty.kind.word();
        self.add(name, Aspect::Definition, word, format!("{word} {name}"));
        self.about(name, ty.description.as_deref(), &ty.marks);
        for interface in &ty.implements {
            self.add(name, Aspect::Implements, interface, format!("{word} {name} implements {interface}"));
        }
        for member in &ty.members {
            self.add(name, Aspect::Member, member, format!("{word} {name} has {member}"));
        }
        for (field, definition) in &ty.fields {
            self.of_field(&format!("{name}.{field}"), definition);
        }
        for (field, definition) in &ty.inputs {
            self.of_input(&format!("{name}.{field}"), definition);
        }
        for (value, definition) in &ty.values {
            let coordinate = format!("{name}.{value}");
            self.add(&coordinate, Aspect::Definition, Kind::Enum.word(), format!("enum {coordinate}"));
            self.about(&coordinate, definition.description.as_deref(), &definition.marks);
        }
    }

    fn of_field(&mut self, coordinate: &str, field: &FieldDef) {
        let ty = field.ty.to_string();
        let line = format!("{coordinate}{}: {ty}", signature(field.arguments.iter()));
        self.add(coordinate, Aspect::Definition, &ty, line);
        self.about(coordinate, field.description.as_deref(), &field.marks);
        for (argument, definition) in &field.arguments {
            self.of_input(&format!("{coordinate}({argument}:)"), definition);
        }
    }

    fn of_input(&mut self, coordinate: &str, input: &InputDef) {
        self.add(coordinate, Aspect::Definition, &input.to_string(), format!("{coordinate}: {input}"));
        self.about(coordinate, input.description.as_deref(), &input.marks);
    }

    fn of_directive(&mut self, coordinate: &str, directive: &DirectiveDef) {
        let locations = directive.locations.iter().map(String::as_str).collect::<Vec<_>>().join(" | ");
        let says = format!("{}on {locations}", if directive.repeatable { "repeatable " } else { "" });
        let line = format!("directive {coordinate}{} {says}", signature(directive.arguments.iter()));
        self.add(coordinate, Aspect::Definition, &says, line);
        self.about(coordinate, directive.description.as_deref(), &[]);
        for (argument, definition) in &directive.arguments {
            self.of_input(&format!("{coordinate}({argument}:)"), definition);
        }
    }

    fn about(&mut self, coordinate: &str, description: Option<&str>, marks: &[Mark]) {
        if let Some(text) = description {
            let says = format!("\"{text}\"");
            self.add(coordinate, Aspect::Description, &says, format!("{coordinate}: {says}"));
        }
        self.marks(coordinate, marks);
    }

    fn marks(&mut self, coordinate: &str, marks: &[Mark]) {
        for mark in marks {
            let says = mark.to_string();
            self.add(coordinate, Aspect::Mark(mark.name.clone()), &says, format!("{coordinate} {says}"));
        }
    }
}

/// `(after: Cursor, first: Int = 20)`, or nothing without arguments.
fn signature<'a>(arguments: impl Iterator<Item = (&'a String, &'a InputDef)>) -> String {
    let arguments: Vec<_> = arguments.map(|(name, input)| format!("{name}: {input}")).collect();
    if arguments.is_empty() { String::new() } else { format!("({})", arguments.join(", ")) }
}
