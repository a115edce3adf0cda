//! The types of the contract, indexed by name.

use std::collections::{HashMap, HashSet};

use anyhow::{Context as _, Result, bail};
use async_graphql::parser::parse_schema;
use async_graphql::parser::types::{
    BaseType, DirectiveDefinition, DirectiveLocation, FieldDefinition, InputValueDefinition, OperationType, Type,
    TypeDefinition, TypeKind, TypeSystemDefinition,
};
use async_graphql::{Name, Positioned};
use async_graphql_value::ConstValue;

use super::cost::{self, FieldCost};

use super::scalars::Scalars;

/// Everything a document can name.
#[derive(Debug, Default)]
pub(super) struct Catalogue {
    types: HashMap<Name, Named>,
    directives: HashMap<Name, Directive>,
    roots: HashMap<&'static str, Name>,
    scalars: Scalars,
}

/// One type.
#[derive(Debug, Default)]
pub(super) struct Named {
    pub name: String,
    pub kind: Kind,
    /// The fields of an object or interface.
    pub fields: HashMap<Name, Field>,
    /// The object types that a value of this type can have; an object's own name.
    pub possible: Vec<Name>,
    /// The fields of an input object.
    pub inputs: Vec<Input>,
    /// The values of an enum.
    pub values: HashSet<Name>,
    /// An input object of which exactly one field is given.
    pub one_of: bool,
    /// What one value of it costs, in thousandths, where the contract says so.
    pub weight: Option<u64>,
    interfaces: Vec<Name>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Kind {
    #[default]
    Scalar,
    Enum,
    Input,
    Object,
    Interface,
    Union,
}

/// One field of an object or interface.
#[derive(Clone, Debug)]
pub(super) struct Field {
    pub ty: Type,
    pub arguments: Vec<Input>,
    pub cost: FieldCost,
}

/// An argument or a field of an input object.
#[derive(Clone, Debug)]
pub(super) struct Input {
    pub name: Name,
    pub ty: Type,
    pub has_default: bool,
    pub default: Option<ConstValue>,
    /// What it adds to the cost of a field when it is given, in thousandths.
    pub weight: u64,
}

impl Input {
    /// Whether a document has to give it.
    pub fn is_required(&self) -> bool {
        !self.ty.nullable && !self.has_default
    }
}

/// A directive that documents may use.
#[derive(Debug)]
pub(super) struct Directive {
    pub locations: Vec<DirectiveLocation>,
    pub arguments: Vec<Input>,
    pub repeatable: bool,
}

impl Named {
    pub fn is_composite(&self) -> bool {
        matches!(self.kind, Kind::Object | Kind::Interface | Kind::Union)
    }

    pub fn is_input(&self) -> bool {
        matches!(self.kind, Kind::Scalar | Kind::Enum | Kind::Input)
    }

    /// Whether a value can be of both types.
    pub fn overlaps(&self, other: &Self) -> bool {
        self.possible.iter().any(|name| other.possible.contains(name))
    }

    /// Whether every value of `other` is of this type as well.
    pub fn covers(&self, other: &Self) -> bool {
        other.possible.iter().all(|name| self.possible.contains(name))
    }
}

/// The name at the heart of a type: `User` of `[User!]!`.
pub(super) fn innermost(ty: &Type) -> &Name {
    match &ty.base {
        BaseType::Named(name) => name,
        BaseType::List(inner) => innermost(inner),
    }
}

impl Catalogue {
    /// The forms of the contract's own scalars.
    pub fn scalars(&self) -> &Scalars {
        &self.scalars
    }

    /// Checks values of the contract's own scalars by `scalars`.
    pub fn set_scalars(&mut self, scalars: Scalars) {
        self.scalars = scalars;
    }

    /// Whether a field of this type, of a mutation, can itself answer that a value is malformed.
    pub fn reports_malformed(&self, ty: &Type) -> bool {
        let union = self.get(innermost(ty));
        let problem = self.scalars.problem();
        problem.zip(union).is_some_and(|(problem, union)| union.possible.iter().any(|name| name == problem))
    }

    /// Reads a contract in the schema language.
    ///
    /// # Errors
    ///
    /// The text cannot be parsed, or names a type that it does not define.
    pub fn read(sdl: &str) -> Result<Self> {
        let mut catalogue = Self::default();
        for name in ["Int", "Float", "String", "Boolean", "ID"] {
            catalogue.named(name).kind = Kind::Scalar;
        }
        catalogue.add(include_str!("introspection.graphql"))?;
        for (operation, name) in [("query", "Query"), ("mutation", "Mutation"), ("subscription", "Subscription")] {
            catalogue.roots.insert(operation, Name::new(name));
        }
        for name in ["skip", "include"] {
            let arguments = vec![required("if", boolean())];
            let locations =
                vec![DirectiveLocation::Field, DirectiveLocation::FragmentSpread, DirectiveLocation::InlineFragment];
            catalogue.directives.insert(Name::new(name), Directive { locations, arguments, repeatable: false });
        }
        catalogue.add(sdl).context("the contract cannot be read")?;
        catalogue.link()?;
        catalogue.add_meta_fields();
        Ok(catalogue)
    }

    fn named(&mut self, name: &str) -> &mut Named {
        let named = self.types.entry(Name::new(name)).or_default();
        if named.name.is_empty() {
            name.clone_into(&mut named.name);
        }
        named
    }

    fn add(&mut self, sdl: &str) -> Result<()> {
        for definition in parse_schema(sdl)?.definitions {
            match definition {
                TypeSystemDefinition::Type(definition) => self.add_type(definition.node)?,
                TypeSystemDefinition::Directive(definition) => self.add_directive(&definition.node)?,
                TypeSystemDefinition::Schema(schema) => {
                    let schema = schema.node;
                    let roots =
                        [("query", schema.query), ("mutation", schema.mutation), ("subscription", schema.subscription)];
                    for (operation, root) in roots {
                        if let Some(root) = root {
                            self.roots.insert(operation, root.node);
                        }
                    }
                }
            }
        }
        Ok(())
    }

    fn add_type(&mut self, definition: TypeDefinition) -> Result<()> {
        let name = definition.name.node;
        let weight = cost::weight(&definition.directives).with_context(|| format!("the cost of the type `{name}`"))?;
        let one_of = definition.directives.iter().any(|directive| directive.node.name.node == "oneOf");
        let named = self.named(&name);
        named.one_of |= one_of;
        named.weight = named.weight.or(weight);
        match definition.kind {
            TypeKind::Scalar => named.kind = Kind::Scalar,
            TypeKind::Enum(kind) => {
                named.kind = Kind::Enum;
                named.values.extend(kind.values.into_iter().map(|value| value.node.value.node));
            }
            TypeKind::InputObject(kind) => {
                named.kind = Kind::Input;
                named.inputs.extend(inputs(&kind.fields)?);
            }
            TypeKind::Union(kind) => {
                named.kind = Kind::Union;
                named.possible.extend(kind.members.into_iter().map(|member| member.node));
            }
            TypeKind::Interface(kind) => {
                named.kind = Kind::Interface;
                named.interfaces.extend(kind.implements.into_iter().map(|interface| interface.node));
                named.fields.extend(fields(&kind.fields)?);
            }
            TypeKind::Object(kind) => {
                named.kind = Kind::Object;
                if named.possible.is_empty() {
                    named.possible.push(name);
                }
                named.interfaces.extend(kind.implements.into_iter().map(|interface| interface.node));
                named.fields.extend(fields(&kind.fields)?);
            }
        }
        Ok(())
    }

    fn add_directive(&mut self, definition: &DirectiveDefinition) -> Result<()> {
        let arguments = inputs(&definition.arguments)?;
        let locations = definition.locations.iter().map(|location| location.node).collect();
        let directive = Directive { locations, arguments, repeatable: definition.is_repeatable };
        self.directives.insert(definition.name.node.clone(), directive);
        Ok(())
    }

    /// Tells interfaces their objects, and checks that every name leads somewhere.
    fn link(&mut self) -> Result<()> {
        let mut implementations: Vec<(Name, Name)> = Vec::new();
        for named in self.types.values() {
            let inputs = named.inputs.iter().map(|input| &input.ty);
            let outputs = named.fields.values().flat_map(|field| {
                std::iter::once(&field.ty).chain(field.arguments.iter().map(|argument| &argument.ty))
            });
            for name in inputs.chain(outputs).map(innermost).chain(&named.interfaces).chain(&named.possible) {
                if !self.types.contains_key(name) {
                    bail!("`{}` names the type `{name}`, which the contract does not define", named.name);
                }
            }
            if named.kind == Kind::Object {
                let own = Name::new(&named.name);
                implementations.extend(named.interfaces.iter().map(|interface| (interface.clone(), own.clone())));
            }
        }
        implementations.sort();
        for (interface, object) in implementations {
            self.named(&interface).possible.push(object);
        }
        Ok(())
    }

    fn add_meta_fields(&mut self) {
        let nullable = |name: &str, nullable| Type { base: BaseType::Named(Name::new(name)), nullable };
        let Some(query) = self.roots.get("query").cloned() else { return };
        let name = required("name", nullable("String", false));
        let meta = |ty, arguments| Field { ty, arguments, cost: FieldCost::default() };
        let fields = &mut self.named(&query).fields;
        fields.insert(Name::new("__schema"), meta(nullable("__Schema", false), Vec::new()));
        fields.insert(Name::new("__type"), meta(nullable("__Type", true), vec![name]));
        for named in self.types.values_mut().filter(|named| named.is_composite()) {
            let typename = meta(nullable("String", false), Vec::new());
            named.fields.insert(Name::new("__typename"), typename);
        }
    }

    pub fn get(&self, name: &str) -> Option<&Named> {
        self.types.get(name)
    }

    pub fn directive(&self, name: &str) -> Option<&Directive> {
        self.directives.get(name)
    }

    /// The root type of operations of a kind, where the contract has one.
    pub fn root(&self, operation: OperationType) -> Option<&Named> {
        let kind = match operation {
            OperationType::Query => "query",
            OperationType::Mutation => "mutation",
            OperationType::Subscription => "subscription",
        };
        self.get(self.roots.get(kind)?)
    }
}

fn boolean() -> Type {
    Type { base: BaseType::Named(Name::new("Boolean")), nullable: false }
}

fn required(name: &str, ty: Type) -> Input {
    Input { name: Name::new(name), ty, has_default: false, default: None, weight: 0 }
}

fn fields(definitions: &[Positioned<FieldDefinition>]) -> Result<HashMap<Name, Field>> {
    definitions.iter().map(|definition| field(&definition.node)).collect()
}

fn field(definition: &FieldDefinition) -> Result<(Name, Field)> {
    let name = &definition.name.node;
    let arguments = inputs(&definition.arguments)?;
    let cost = FieldCost::read(&definition.directives).with_context(|| format!("the cost of the field `{name}`"))?;
    Ok((name.clone(), Field { ty: definition.ty.node.clone(), arguments, cost }))
}

fn inputs(definitions: &[Positioned<InputValueDefinition>]) -> Result<Vec<Input>> {
    definitions.iter().map(|definition| input(&definition.node)).collect()
}

fn input(definition: &InputValueDefinition) -> Result<Input> {
    let name = definition.name.node.clone();
    let weight = cost::weight(&definition.directives).with_context(|| format!("the cost of `{name}`"))?;
    Ok(Input {
        name,
        ty: definition.ty.node.clone(),
        has_default: definition.default_value.is_some(),
        default: definition.default_value.as_ref().map(|default| default.node.clone()),
        weight: weight.unwrap_or(0),
    })
}
