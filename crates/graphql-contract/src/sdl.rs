//! A schema as this module sees it: SDL text parsed, extensions merged, everything keyed by name.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use async_graphql_parser::Positioned;
use async_graphql_parser::types::{
    BaseType, ConstDirective, DirectiveDefinition, DirectiveLocation, InputValueDefinition, Type,
};
use async_graphql_value::ConstValue;

use super::{reader, repeatable};

/// The scalars every GraphQL schema has without defining them.
pub(super) const BUILT_IN_SCALARS: [&str; 5] = ["Boolean", "Float", "ID", "Int", "String"];

/// The directives every GraphQL schema has without defining them. Printing them in SDL is optional, so they never count
/// as promises; they are needed to check their use.
const BUILT_IN_DIRECTIVES: &str = r#"
directive @deprecated(reason: String! = "No longer supported")
  on FIELD_DEFINITION | ARGUMENT_DEFINITION | INPUT_FIELD_DEFINITION | ENUM_VALUE
directive @include(if: Boolean!) on FIELD | FRAGMENT_SPREAD | INLINE_FRAGMENT
directive @oneOf on INPUT_OBJECT
directive @skip(if: Boolean!) on FIELD | FRAGMENT_SPREAD | INLINE_FRAGMENT
directive @specifiedBy(url: String!) on SCALAR
"#;

/// Why a text is not a schema.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SdlError {
    /// The text is not SDL; the message shows the place.
    #[error("not a GraphQL schema: {0}")]
    Syntax(String),
    /// Something is defined twice; the coordinate says what.
    #[error("{0} is defined twice")]
    Duplicate(String),
    /// An `extend` of something that is not defined, or not of that kind.
    #[error("`extend {kind} {name}` extends nothing: there is no {kind} of that name")]
    ExtendsNothing {
        /// `type`, `interface`, …
        kind: &'static str,
        /// The name after it.
        name: String,
    },
}

/// What a named type is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Scalar,
    Object,
    Interface,
    Union,
    Enum,
    Input,
}

impl Kind {
    /// The keyword of SDL.
    pub fn word(self) -> &'static str {
        match self {
            Self::Scalar => "scalar",
            Self::Object => "type",
            Self::Interface => "interface",
            Self::Union => "union",
            Self::Enum => "enum",
            Self::Input => "input",
        }
    }

    /// Whether values of it may be sent.
    pub fn is_input(self) -> bool {
        matches!(self, Self::Scalar | Self::Enum | Self::Input)
    }

    /// Whether it has fields to select.
    pub fn is_composite(self) -> bool {
        matches!(self, Self::Object | Self::Interface | Self::Union)
    }
}

/// One named type. Only the maps that its kind has are filled.
#[derive(Debug, Clone)]
pub(super) struct TypeDef {
    pub kind: Kind,
    pub description: Option<String>,
    pub marks: Vec<Mark>,
    pub implements: BTreeSet<String>,
    pub fields: BTreeMap<String, FieldDef>,
    pub inputs: BTreeMap<String, InputDef>,
    pub values: BTreeMap<String, ValueDef>,
    pub members: BTreeSet<String>,
}

impl TypeDef {
    /// Whether exactly one of its input fields must be given.
    pub fn is_one_of(&self) -> bool {
        self.kind == Kind::Input && mark(&self.marks, "oneOf").is_some()
    }
}

#[derive(Debug, Clone)]
pub(super) struct FieldDef {
    pub description: Option<String>,
    pub ty: Type,
    pub arguments: BTreeMap<String, InputDef>,
    pub marks: Vec<Mark>,
}

/// An argument or an input field.
#[derive(Debug, Clone)]
pub(super) struct InputDef {
    pub description: Option<String>,
    pub ty: Type,
    pub default: Option<ConstValue>,
    pub marks: Vec<Mark>,
}

impl InputDef {
    pub fn of(definition: InputValueDefinition) -> Self {
        Self {
            description: text(definition.description),
            ty: definition.ty.node,
            default: definition.default_value.map(|value| sorted(value.node)),
            marks: marks(definition.directives),
        }
    }

    /// Whether leaving it out is an error.
    pub fn is_required(&self) -> bool {
        !self.ty.nullable && self.default.is_none()
    }

    /// The default as SDL, objects with their keys in order.
    pub fn default_text(&self) -> Option<String> {
        self.default.as_ref().map(ToString::to_string)
    }
}

/// `Int = 20`.
impl fmt::Display for InputDef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.ty)?;
        self.default.as_ref().map_or(Ok(()), |value| write!(f, " = {value}"))
    }
}

#[derive(Debug, Clone)]
pub(super) struct ValueDef {
    pub description: Option<String>,
    pub marks: Vec<Mark>,
}

/// A directive applied to a definition.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Mark {
    pub name: String,
    pub arguments: BTreeMap<String, ConstValue>,
}

impl Mark {
    /// The argument, if it is a string.
    pub fn text(&self, argument: &str) -> Option<&str> {
        match self.arguments.get(argument) {
            Some(ConstValue::String(text)) => Some(text),
            _ => None,
        }
    }
}

/// `@deprecated(reason: "…")`.
impl fmt::Display for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "@{}", self.name)?;
        if self.arguments.is_empty() {
            return Ok(());
        }
        let arguments: Vec<_> = self.arguments.iter().map(|(name, value)| format!("{name}: {value}")).collect();
        write!(f, "({})", arguments.join(", "))
    }
}

/// The definition of a directive.
#[derive(Debug, Clone)]
pub(super) struct DirectiveDef {
    pub description: Option<String>,
    pub arguments: BTreeMap<String, InputDef>,
    pub repeatable: bool,
    pub locations: BTreeSet<String>,
}

impl DirectiveDef {
    /// From the parser's tree and the text it read.
    pub fn of(definition: DirectiveDefinition, sdl: &str) -> Result<Self, SdlError> {
        let repeatable = definition
            .locations
            .first()
            .is_some_and(|location| repeatable::is_written(sdl, definition.name.pos, location.pos));
        let name = definition.name.node;
        Ok(Self {
            description: text(definition.description),
            arguments: reader::inputs(definition.arguments, |argument| format!("@{name}({argument}:)"))?,
            repeatable,
            locations: definition.locations.into_iter().map(|at| location(at.node)).collect(),
        })
    }
}

/// A whole schema, without what every schema has.
#[derive(Debug, Clone, Default)]
pub(super) struct Schema {
    pub types: BTreeMap<String, TypeDef>,
    pub directives: BTreeMap<String, DirectiveDef>,
    /// `query`, `mutation` and `subscription`, to the name of the type.
    pub roots: BTreeMap<&'static str, String>,
    pub marks: Vec<Mark>,
    built_in: BTreeMap<String, DirectiveDef>,
}

impl Schema {
    /// Parses `sdl`, merges extensions and refuses what is defined twice. Whether the types it names exist is `sound`'s
    /// question.
    ///
    /// # Errors
    /// [`SdlError`].
    pub fn read(sdl: &str) -> Result<Self, SdlError> {
        let built_in = reader::read(BUILT_IN_DIRECTIVES)?.directives;
        let mut schema = reader::read(sdl)?;
        schema.types.retain(|name, _| !BUILT_IN_SCALARS.contains(&name.as_str()) && !name.starts_with("__"));
        schema.directives.retain(|name, _| !built_in.contains_key(name));
        Ok(Self { built_in, ..schema })
    }

    /// The kind of a type, built-in scalars included.
    pub fn kind(&self, name: &str) -> Option<Kind> {
        if BUILT_IN_SCALARS.contains(&name) {
            return Some(Kind::Scalar);
        }
        self.types.get(name).map(|ty| ty.kind)
    }

    /// A directive, built-in ones included.
    pub fn directive(&self, name: &str) -> Option<&DirectiveDef> {
        self.directives.get(name).or_else(|| self.built_in.get(name))
    }

    /// The object types a value of the composite type `name` can be.
    pub fn possible(&self, name: &str) -> BTreeSet<&str> {
        let Some((name, ty)) = self.types.get_key_value(name) else { return BTreeSet::new() };
        match ty.kind {
            Kind::Object => BTreeSet::from([name.as_str()]),
            Kind::Union => ty.members.iter().map(String::as_str).collect(),
            Kind::Interface => self
                .types
                .iter()
                .filter(|(_, other)| other.kind == Kind::Object && other.implements.contains(name))
                .map(|(other, _)| other.as_str())
                .collect(),
            Kind::Scalar | Kind::Enum | Kind::Input => BTreeSet::new(),
        }
    }

    /// Whether `special` may stand where `general` is promised: the same type, or one that it implements or joins.
    pub fn is_subtype(&self, special: &str, general: &str) -> bool {
        special == general
            || self.types.get(special).is_some_and(|ty| ty.implements.contains(general))
            || self.types.get(general).is_some_and(|ty| ty.members.contains(special))
    }
}

/// The name inside lists and non-nulls.
pub(super) fn named(ty: &Type) -> &str {
    match &ty.base {
        BaseType::Named(name) => name,
        BaseType::List(inner) => named(inner),
    }
}

/// Whether every value of `to` is a value of `from`: the same type, or stricter about null. Read backwards it is the rule
/// for inputs.
pub(super) fn narrows(from: &Type, to: &Type) -> bool {
    if !from.nullable && to.nullable {
        return false;
    }
    match (&from.base, &to.base) {
        (BaseType::Named(from), BaseType::Named(to)) => from == to,
        (BaseType::List(from), BaseType::List(to)) => narrows(from, to),
        _ => false,
    }
}

/// The first mark of that name.
pub(super) fn mark<'a>(marks: &'a [Mark], name: &str) -> Option<&'a Mark> {
    marks.iter().find(|mark| mark.name == name)
}

/// Directives as marks. A deprecation without a reason has the one that the specification gives it.
pub(super) fn marks(directives: Vec<Positioned<ConstDirective>>) -> Vec<Mark> {
    let marks = directives.into_iter().map(|directive| {
        let ConstDirective { name, arguments } = directive.node;
        let arguments = arguments.into_iter().map(|(name, value)| (name.node.to_string(), sorted(value.node)));
        let mut mark = Mark { name: name.node.to_string(), arguments: arguments.collect() };
        if mark.name == "deprecated" {
            let reason = || ConstValue::String("No longer supported".to_owned());
            mark.arguments.entry("reason".to_owned()).or_insert_with(reason);
        }
        mark
    });
    marks.collect()
}

/// A description on one line. The parser leaves `\"""` in block strings as it is; here it is read.
pub(super) fn text(description: Option<Positioned<String>>) -> Option<String> {
    let text = description?.node.replace("\\\"\"\"", "\"\"\"");
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    (!text.is_empty()).then_some(text)
}

/// The value with the keys of its objects in order, so that its text does not depend on how it was written.
fn sorted(value: ConstValue) -> ConstValue {
    match value {
        ConstValue::List(items) => ConstValue::List(items.into_iter().map(sorted).collect()),
        ConstValue::Object(fields) => {
            let fields: BTreeMap<_, _> = fields.into_iter().map(|(name, value)| (name, sorted(value))).collect();
            ConstValue::Object(fields.into_iter().collect())
        }
        other => other,
    }
}

/// `FieldDefinition` as SDL writes it, `FIELD_DEFINITION`.
pub(super) fn location(at: DirectiveLocation) -> String {
    let mut name = String::new();
    for letter in format!("{at:?}").chars() {
        if letter.is_ascii_uppercase() && !name.is_empty() {
            name.push('_');
        }
        name.push(letter.to_ascii_uppercase());
    }
    name
}
