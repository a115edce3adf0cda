//! The model of a schema: SDL text parsed, extensions merged, everything keyed by name.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::LazyLock;

use async_graphql_parser::Positioned;
use async_graphql_parser::types::{
    BaseType, DirectiveDefinition, DirectiveLocation, InputValueDefinition, OperationType, Type,
};
use async_graphql_value::ConstValue;
use async_graphql_value::indexmap::IndexMap;

use super::applied_directives::{AppliedDirective, applied_directive, applied_directives, sorted};
use super::scalars::Scalars;
use super::weights::FieldCost;
use super::{reader, repeatable};

/// Definitions by name: sorted, so that their order in the text does not matter, and hashed,
/// because every request looks up names.
pub(super) type Map<T> = IndexMap<String, T>;

/// The directives that every schema has without defining them.
const BUILT_IN_DIRECTIVES: [&str; 5] = ["deprecated", "include", "oneOf", "skip", "specifiedBy"];

/// The definitions that every schema has.
static BUILT_IN: LazyLock<Result<Schema, SdlError>> = LazyLock::new(|| reader::read(include_str!("built_in.graphql")));

/// Why a text is not a schema.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SdlError {
    /// The text is not SDL; the message includes the position.
    #[error("not a GraphQL schema: {0}")]
    Syntax(String),
    /// Something is defined twice; its coordinate.
    #[error("{0} is defined twice")]
    Duplicate(String),
    /// An `extend` of something that is not defined, or has another kind.
    #[error("`extend {kind} {name}` extends nothing: there is no {kind} of that name")]
    ExtendsNothing {
        /// `type`, `interface`, …
        kind: &'static str,
        /// The name after it.
        name: String,
    },
}

/// The kind of a named type.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Kind {
    #[default]
    Scalar,
    Object,
    Interface,
    Union,
    Enum,
    Input,
}

impl Kind {
    /// The keyword in SDL.
    pub fn keyword(self) -> &'static str {
        match self {
            Self::Scalar => "scalar",
            Self::Object => "type",
            Self::Interface => "interface",
            Self::Union => "union",
            Self::Enum => "enum",
            Self::Input => "input",
        }
    }

    /// Whether it is an input type.
    pub fn is_input(self) -> bool {
        matches!(self, Self::Scalar | Self::Enum | Self::Input)
    }

    /// Whether it has fields to select.
    pub fn is_composite(self) -> bool {
        matches!(self, Self::Object | Self::Interface | Self::Union)
    }
}

/// One named type. Only the maps for its kind are filled.
#[derive(Debug, Clone, Default)]
pub(super) struct TypeDef {
    pub name: String,
    pub kind: Kind,
    pub description: Option<String>,
    pub applied_directives: Vec<AppliedDirective>,
    pub implements: BTreeSet<String>,
    pub fields: Map<FieldDef>,
    pub inputs: Map<InputDef>,
    pub values: Map<ValueDef>,
    pub members: BTreeSet<String>,
    /// The object types that a value can have; for an object, its own name.
    pub possible_types: BTreeSet<String>,
    /// The cost of one value, in thousandths, if the contract has one.
    pub weight: Option<u64>,
}

impl TypeDef {
    /// Whether it is a `@oneOf` input.
    pub fn is_one_of(&self) -> bool {
        self.kind == Kind::Input && applied_directive(&self.applied_directives, "oneOf").is_some()
    }

    /// Whether it has fields to select.
    pub fn is_composite(&self) -> bool {
        self.kind.is_composite()
    }

    /// Whether it is a built-in scalar.
    pub fn is_built_in_scalar(&self) -> bool {
        is_built_in_scalar(&self.name)
    }

    /// Whether a value can have both types.
    pub fn overlaps(&self, other: &Self) -> bool {
        !self.possible_types.is_disjoint(&other.possible_types)
    }

    /// Whether every value of `other` is also of this type.
    pub fn covers(&self, other: &Self) -> bool {
        other.possible_types.is_subset(&self.possible_types)
    }
}

#[derive(Debug, Clone)]
pub(super) struct FieldDef {
    pub description: Option<String>,
    pub ty: Type,
    pub arguments: Map<InputDef>,
    pub applied_directives: Vec<AppliedDirective>,
    pub cost: FieldCost,
}

/// An argument or an input field.
#[derive(Debug, Clone)]
pub(super) struct InputDef {
    pub description: Option<String>,
    pub ty: Type,
    pub default: Option<ConstValue>,
    pub applied_directives: Vec<AppliedDirective>,
    /// The additional cost of a field when it is given, in thousandths.
    pub weight: u64,
}

impl InputDef {
    pub fn of(definition: InputValueDefinition) -> Self {
        Self {
            description: normalize_description(definition.description),
            ty: definition.ty.node,
            default: definition.default_value.map(|value| sorted(value.node)),
            applied_directives: applied_directives(definition.directives),
            weight: 0,
        }
    }

    /// Whether omitting it is an error.
    pub fn is_required(&self) -> bool {
        !self.ty.nullable && self.default.is_none()
    }

    /// The default as SDL, with sorted object keys.
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
    pub applied_directives: Vec<AppliedDirective>,
}

/// The definition of a directive.
#[derive(Debug, Clone)]
pub(super) struct DirectiveDef {
    pub description: Option<String>,
    pub arguments: Map<InputDef>,
    pub repeatable: bool,
    pub locations: BTreeSet<String>,
}

impl DirectiveDef {
    /// Converts the parser's tree, with the text that it comes from.
    pub fn of(definition: DirectiveDefinition, sdl: &str) -> Result<Self, SdlError> {
        let repeatable = definition
            .locations
            .first()
            .is_some_and(|location| repeatable::has_keyword(sdl, definition.name.pos, location.pos));
        let name = definition.name.node;
        Ok(Self {
            description: normalize_description(definition.description),
            arguments: reader::read_inputs(definition.arguments, |argument| format!("@{name}({argument}:)"))?,
            repeatable,
            locations: definition.locations.into_iter().map(|at| location_name(at.node)).collect(),
        })
    }
}

/// A whole schema, including the definitions that every schema has.
#[derive(Debug, Clone, Default)]
pub(super) struct Schema {
    pub types: Map<TypeDef>,
    pub directives: Map<DirectiveDef>,
    /// From `query`, `mutation` and `subscription` to the name of the type.
    pub roots: IndexMap<&'static str, String>,
    pub applied_directives: Vec<AppliedDirective>,
    /// The formats of custom scalars.
    pub scalars: Scalars,
    /// `__typename`, `__schema` and `__type`.
    meta_fields: Map<FieldDef>,
}

impl Schema {
    /// Parses `sdl`, merges extensions and rejects duplicate definitions. Whether all types exist
    /// is checked by `lint` and `Documents`.
    ///
    /// # Errors
    /// [`SdlError`].
    pub fn read(sdl: &str) -> Result<Self, SdlError> {
        let mut schema = reader::read(sdl)?;
        let mut built_in = BUILT_IN.clone()?;
        let meta_fields = built_in.types.swap_remove("__MetaFields");
        schema.meta_fields = meta_fields.map(|ty| ty.fields).unwrap_or_default();
        schema.types.retain(|name, _| !is_built_in_type(name));
        schema.types.extend(built_in.types);
        schema.types.sort_unstable_keys();
        schema.directives.retain(|name, _| !built_in.directives.contains_key(name));
        schema.directives.extend(built_in.directives);
        schema.directives.sort_unstable_keys();
        schema.add_possible_types();
        Ok(schema)
    }

    /// Adds to each interface the object types that implement it.
    fn add_possible_types(&mut self) {
        let mut objects: Vec<(String, String)> = Vec::new();
        for (name, ty) in self.types.iter().filter(|(_, ty)| ty.kind == Kind::Object) {
            objects.extend(ty.implements.iter().map(|interface| (interface.clone(), name.clone())));
        }
        for (interface, object) in objects {
            if let Some(interface) = self.types.get_mut(&interface).filter(|ty| ty.kind == Kind::Interface) {
                interface.possible_types.insert(object);
            }
        }
    }

    /// The types that the text defines.
    pub fn own_types(&self) -> impl Iterator<Item = (&String, &TypeDef)> {
        self.types.iter().filter(|(name, _)| !is_built_in_type(name))
    }

    /// The directives that the text defines.
    pub fn own_directives(&self) -> impl Iterator<Item = (&String, &DirectiveDef)> {
        self.directives.iter().filter(|(name, _)| !BUILT_IN_DIRECTIVES.contains(&name.as_str()))
    }

    /// The kind of a type.
    pub fn kind(&self, name: &str) -> Option<Kind> {
        self.types.get(name).map(|ty| ty.kind)
    }

    /// The root type of a kind of operations, if the contract has one.
    pub fn root(&self, operation: OperationType) -> Option<&TypeDef> {
        self.types.get(self.roots.get(operation_keyword(operation))?)
    }

    /// Whether this type is the root of a kind of operations.
    pub fn is_root(&self, operation: OperationType, ty: &TypeDef) -> bool {
        self.roots.get(operation_keyword(operation)).is_some_and(|root| *root == ty.name)
    }

    /// A field of `parent`, including meta fields.
    pub fn field<'a>(&'a self, parent: &'a TypeDef, name: &str) -> Option<&'a FieldDef> {
        let has_meta_field = match name {
            "__typename" => parent.is_composite(),
            "__schema" | "__type" => self.is_root(OperationType::Query, parent),
            _ => return parent.fields.get(name),
        };
        self.meta_fields.get(name).filter(|_| has_meta_field)
    }

    /// A type by its name.
    pub fn get(&self, name: &str) -> Option<&TypeDef> {
        self.types.get(name)
    }

    /// Whether the type `special` is allowed where `general` is expected: it is the same type,
    /// implements it, or is a member of it.
    pub fn is_subtype(&self, special: &str, general: &str) -> bool {
        special == general
            || self.types.get(special).is_some_and(|ty| ty.implements.contains(general))
            || self.types.get(general).is_some_and(|ty| ty.members.contains(special))
    }
}

fn is_built_in_scalar(name: &str) -> bool {
    matches!(name, "Boolean" | "Float" | "ID" | "Int" | "String")
}

/// Whether every schema has the type without defining it.
fn is_built_in_type(name: &str) -> bool {
    is_built_in_scalar(name) || name.starts_with("__")
}

/// The keyword of an operation.
const fn operation_keyword(operation: OperationType) -> &'static str {
    match operation {
        OperationType::Query => "query",
        OperationType::Mutation => "mutation",
        OperationType::Subscription => "subscription",
    }
}

/// The name of the type inside lists and non-null wrappers.
pub(super) fn innermost(ty: &Type) -> &str {
    match &ty.base {
        BaseType::Named(name) => name,
        BaseType::List(inner) => innermost(inner),
    }
}

/// Whether every value of `to` is a value of `from`: the same type, or stricter about null. For
/// inputs, swap them.
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

/// The description on one line; none if it is empty. The parser does not unescape `\"""` in block
/// strings.
pub(super) fn normalize_description(description: Option<Positioned<String>>) -> Option<String> {
    let text = description?.node.replace("\\\"\"\"", "\"\"\"");
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    (!text.is_empty()).then_some(text)
}

/// `FIELD_DEFINITION` for `FieldDefinition`.
pub(super) fn location_name(at: DirectiveLocation) -> String {
    let mut name = String::new();
    for letter in format!("{at:?}").chars() {
        if letter.is_ascii_uppercase() && !name.is_empty() {
            name.push('_');
        }
        name.push(letter.to_ascii_uppercase());
    }
    name
}
