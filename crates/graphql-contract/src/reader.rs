//! Converts the parser's tree to a [`Schema`].

use std::collections::BTreeSet;
use std::hash::Hash;

use async_graphql_parser::types::{
    EnumValueDefinition, FieldDefinition, InputValueDefinition, SchemaDefinition, TypeDefinition, TypeKind,
    TypeSystemDefinition,
};
use async_graphql_parser::{Positioned, parse_schema};
use async_graphql_value::Name;
use async_graphql_value::indexmap::IndexMap;

use super::applied_directives::applied_directives;
use super::sdl::{
    DirectiveDef, FieldDef, InputDef, Kind, Map, Schema, SdlError, TypeDef, ValueDef, normalize_description,
};
use super::weights::FieldCost;

/// All definitions in `sdl`, including built-in ones if they are printed.
pub(super) fn read(sdl: &str) -> Result<Schema, SdlError> {
    let document = parse_schema(sdl).map_err(|error| SdlError::Syntax(error.to_string()))?;
    let (mut schema, mut extensions, mut blocks) = (Schema::default(), Vec::new(), Vec::new());
    for definition in document.definitions {
        match definition {
            TypeSystemDefinition::Type(ty) if ty.node.extend => extensions.push(ty.node),
            TypeSystemDefinition::Type(ty) => {
                let name = ty.node.name.node.to_string();
                insert(&mut schema.types, name.clone(), read_type(ty.node)?, &name)?;
            }
            TypeSystemDefinition::Directive(directive) => {
                let name = directive.node.name.node.to_string();
                let coordinate = format!("@{name}");
                insert(&mut schema.directives, name, DirectiveDef::of(directive.node, sdl)?, &coordinate)?;
            }
            TypeSystemDefinition::Schema(block) => blocks.push(block.node),
        }
    }
    for extension in extensions {
        extend(&mut schema, extension)?;
    }
    schema.types.values_mut().for_each(sort);
    read_roots(&mut schema, blocks)?;
    Ok(schema)
}

/// The root types: those of the `schema` block, or without one the types with the default names.
fn read_roots(schema: &mut Schema, blocks: Vec<SchemaDefinition>) -> Result<(), SdlError> {
    if blocks.iter().all(|block| block.extend) {
        for (operation, name) in [("query", "Query"), ("mutation", "Mutation"), ("subscription", "Subscription")] {
            if schema.types.contains_key(name) {
                schema.roots.insert(operation, name.to_owned());
            }
        }
    } else if blocks.iter().filter(|block| !block.extend).count() > 1 {
        return Err(SdlError::Duplicate("schema".to_owned()));
    }
    for block in blocks {
        schema.applied_directives.extend(applied_directives(block.directives));
        let roots = [("query", block.query), ("mutation", block.mutation), ("subscription", block.subscription)];
        for (operation, name) in roots {
            let Some(name) = name else { continue };
            insert(&mut schema.roots, operation, name.node.to_string(), &format!("schema {operation}"))?;
        }
    }
    Ok(())
}

/// Sorts the parts of a type.
fn sort(ty: &mut TypeDef) {
    ty.fields.sort_unstable_keys();
    ty.inputs.sort_unstable_keys();
    ty.values.sort_unstable_keys();
}

fn extend(schema: &mut Schema, extension: TypeDefinition) -> Result<(), SdlError> {
    let name = extension.name.node.to_string();
    let extension = read_type(extension)?;
    let extends_nothing = || SdlError::ExtendsNothing { kind: extension.kind.keyword(), name: name.clone() };
    let ty = schema.types.get_mut(&name).filter(|ty| ty.kind == extension.kind).ok_or_else(extends_nothing)?;
    ty.applied_directives.extend(extension.applied_directives);
    for (field, definition) in extension.fields {
        insert(&mut ty.fields, field.clone(), definition, &format!("{name}.{field}"))?;
    }
    for (field, definition) in extension.inputs {
        insert(&mut ty.inputs, field.clone(), definition, &format!("{name}.{field}"))?;
    }
    for (value, definition) in extension.values {
        insert(&mut ty.values, value.clone(), definition, &format!("{name}.{value}"))?;
    }
    for member in extension.members {
        insert_name(&mut ty.members, member, &name)?;
    }
    ty.possible_types.extend(extension.possible_types);
    for interface in extension.implements {
        insert_name(&mut ty.implements, interface, &name)?;
    }
    Ok(())
}

fn read_type(definition: TypeDefinition) -> Result<TypeDef, SdlError> {
    let name = definition.name.node;
    let mut ty = TypeDef {
        name: name.to_string(),
        description: normalize_description(definition.description),
        applied_directives: applied_directives(definition.directives),
        ..TypeDef::default()
    };
    match definition.kind {
        TypeKind::Scalar => {}
        TypeKind::Object(object) => {
            ty.kind = Kind::Object;
            ty.possible_types = BTreeSet::from([name.to_string()]);
            ty.fields = read_fields(&name, object.fields)?;
            ty.implements = read_names(&name, object.implements)?;
        }
        TypeKind::Interface(interface) => {
            ty.kind = Kind::Interface;
            ty.fields = read_fields(&name, interface.fields)?;
            ty.implements = read_names(&name, interface.implements)?;
        }
        TypeKind::Union(union) => {
            ty.kind = Kind::Union;
            ty.members = read_names(&name, union.members)?;
            ty.possible_types.clone_from(&ty.members);
        }
        TypeKind::Enum(choices) => {
            ty.kind = Kind::Enum;
            ty.values = read_values(&name, choices.values)?;
        }
        TypeKind::InputObject(input) => {
            ty.kind = Kind::Input;
            ty.inputs = read_inputs(input.fields, |field| format!("{name}.{field}"))?;
        }
    }
    Ok(ty)
}

fn read_fields(ty: &str, definitions: Vec<Positioned<FieldDefinition>>) -> Result<Map<FieldDef>, SdlError> {
    let mut fields = Map::new();
    for definition in definitions {
        let FieldDefinition { description, name, arguments, ty: result, directives } = definition.node;
        let coordinate = format!("{ty}.{}", name.node);
        let field = FieldDef {
            description: normalize_description(description),
            ty: result.node,
            arguments: read_inputs(arguments, |argument| format!("{coordinate}({argument}:)"))?,
            applied_directives: applied_directives(directives),
            cost: FieldCost::default(),
        };
        insert(&mut fields, name.node.to_string(), field, &coordinate)?;
    }
    Ok(fields)
}

/// Arguments or input fields; `coordinate` returns the coordinate of one for an error.
pub(super) fn read_inputs(
    definitions: Vec<Positioned<InputValueDefinition>>,
    coordinate: impl Fn(&str) -> String,
) -> Result<Map<InputDef>, SdlError> {
    let mut inputs = Map::new();
    for definition in definitions {
        let name = definition.node.name.node.to_string();
        let coordinate = coordinate(&name);
        insert(&mut inputs, name, InputDef::of(definition.node), &coordinate)?;
    }
    inputs.sort_unstable_keys();
    Ok(inputs)
}

fn read_values(ty: &str, definitions: Vec<Positioned<EnumValueDefinition>>) -> Result<Map<ValueDef>, SdlError> {
    let mut values = Map::new();
    for definition in definitions {
        let EnumValueDefinition { description, value, directives } = definition.node;
        let coordinate = format!("{ty}.{}", value.node);
        let definition = ValueDef {
            description: normalize_description(description),
            applied_directives: applied_directives(directives),
        };
        insert(&mut values, value.node.to_string(), definition, &coordinate)?;
    }
    Ok(values)
}

fn read_names(ty: &str, list: Vec<Positioned<Name>>) -> Result<BTreeSet<String>, SdlError> {
    let mut names = BTreeSet::new();
    for name in list {
        insert_name(&mut names, name.node.to_string(), ty)?;
    }
    Ok(names)
}

fn insert_name(names: &mut BTreeSet<String>, name: String, ty: &str) -> Result<(), SdlError> {
    let coordinate = format!("{name} in {ty}");
    if names.insert(name) { Ok(()) } else { Err(SdlError::Duplicate(coordinate)) }
}

fn insert<K: Eq + Hash, V>(map: &mut IndexMap<K, V>, key: K, value: V, coordinate: &str) -> Result<(), SdlError> {
    match map.insert(key, value) {
        None => Ok(()),
        Some(_) => Err(SdlError::Duplicate(coordinate.to_owned())),
    }
}
