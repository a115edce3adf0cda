//! The size of a document with its fragments expanded, computed without expanding them.
//!
//! Each fragment is counted once and its size is reused at every spread, so thirty fragments that
//! each spread the next one twice cost thirty steps, not a billion.

use std::collections::HashMap;

use async_graphql::parser::types::{Directive, ExecutableDocument, OperationDefinition, Selection, SelectionSet};
use async_graphql::{Name, Pos, Positioned, ServerError};

use super::Limits;
use super::errors::{Code, error, quote};

/// The size of a selection with its fragments expanded.
#[derive(Clone, Copy, Debug, Default)]
struct Size {
    fields: usize,
    root_fields: usize,
    depth: usize,
    aliases: usize,
    directives: usize,
    introspection_fields: usize,
    introspection_depth: usize,
}

impl Size {
    /// Adds the size of a sibling.
    fn add_sibling(&mut self, other: Self) {
        self.fields = self.fields.saturating_add(other.fields);
        self.root_fields = self.root_fields.saturating_add(other.root_fields);
        self.aliases = self.aliases.saturating_add(other.aliases);
        self.directives = self.directives.saturating_add(other.directives);
        self.introspection_fields = self.introspection_fields.saturating_add(other.introspection_fields);
        self.depth = self.depth.max(other.depth);
        self.introspection_depth = self.introspection_depth.max(other.introspection_depth);
    }
}

/// Rejects an operation that exceeds the limits with its fragments expanded, and fragments that
/// spread themselves.
pub(super) fn check(
    document: &ExecutableDocument,
    operation: &Positioned<OperationDefinition>,
    limits: &Limits,
) -> Result<(), ServerError> {
    let mut counter = SizeCounter { document, done: HashMap::new() };
    let mut size = counter.set(&operation.node.selection_set.node, false)?;
    size.directives = size.directives.saturating_add(operation.node.directives.len());
    for definition in &operation.node.variable_definitions {
        size.directives = size.directives.saturating_add(definition.node.directives.len());
    }
    let bounds = [
        ("fragments", document.fragments.len(), limits.max_fragments),
        ("variables", operation.node.variable_definitions.len(), limits.max_variables),
        ("root fields", size.root_fields, limits.max_root_fields),
        ("levels of fields", size.depth, limits.max_depth),
        ("aliases", size.aliases, limits.max_aliases),
        ("directives", size.directives, limits.max_directives),
        ("fields", size.fields, limits.max_fields),
        ("introspection fields", size.introspection_fields, limits.max_introspection_fields),
        ("levels of introspection", size.introspection_depth, limits.max_introspection_depth),
    ];
    if !limits.introspection && size.introspection_fields > 0 {
        let message = "Introspection is turned off on this server.";
        return Err(error(Code::IntrospectionDisabled, message, Some(operation.pos)));
    }
    for (what, count, max) in bounds {
        if count > max {
            return Err(too_many(what, max, operation.pos));
        }
    }
    Ok(())
}

/// An error for a fragment that contains itself.
pub(super) fn spreads_itself(spread: &Positioned<Name>) -> ServerError {
    let message = format!("The fragment `{}` spreads itself.", quote(&spread.node));
    error(Code::ValidationFailed, message, Some(spread.pos))
}

fn too_many(what: &str, max: usize, pos: Pos) -> ServerError {
    let message = format!("The operation has too many {what}: {max} are allowed, with fragments expanded.");
    error(Code::TooLarge, message, Some(pos))
}

struct SizeCounter<'a> {
    document: &'a ExecutableDocument,
    /// None while a fragment is being counted: meeting it again is a cycle.
    done: HashMap<&'a Name, Option<Size>>,
}

impl<'a> SizeCounter<'a> {
    fn set(&mut self, set: &'a SelectionSet, introspection: bool) -> Result<Size, ServerError> {
        let mut total = Size::default();
        for selection in &set.items {
            let size = self.selection(&selection.node, introspection)?;
            total.add_sibling(size);
        }
        Ok(total)
    }

    fn selection(&mut self, selection: &'a Selection, introspection: bool) -> Result<Size, ServerError> {
        match selection {
            Selection::Field(field) => {
                let name = field.node.name.node.as_str();
                let below = introspection || matches!(name, "__schema" | "__type");
                let mut size = self.set(&field.node.selection_set.node, below)?;
                size.root_fields = 1;
                if introspection {
                    size.introspection_fields = size.introspection_fields.saturating_add(1);
                    size.introspection_depth += 1;
                } else {
                    size.fields = size.fields.saturating_add(1);
                    size.depth += 1;
                }
                size.aliases = size.aliases.saturating_add(usize::from(field.node.alias.is_some()));
                Ok(add_directives(size, &field.node.directives))
            }
            Selection::InlineFragment(fragment) => {
                let size = self.set(&fragment.node.selection_set.node, introspection)?;
                Ok(add_directives(size, &fragment.node.directives))
            }
            Selection::FragmentSpread(spread) => {
                let size = self.fragment(&spread.node.fragment_name)?;
                Ok(add_directives(size, &spread.node.directives))
            }
        }
    }

    fn fragment(&mut self, name: &'a Positioned<Name>) -> Result<Size, ServerError> {
        match self.done.get(&name.node) {
            Some(Some(size)) => return Ok(*size),
            Some(None) => {
                return Err(spreads_itself(name));
            }
            None => {}
        }
        let Some(fragment) = self.document.fragments.get(&name.node) else {
            let message = format!("There is no fragment `{}` in the document.", quote(&name.node));
            return Err(error(Code::ValidationFailed, message, Some(name.pos)));
        };
        self.done.insert(&name.node, None);
        let introspection = fragment.node.type_condition.node.on.node.starts_with("__");
        let size = self.set(&fragment.node.selection_set.node, introspection)?;
        let size = add_directives(size, &fragment.node.directives);
        self.done.insert(&name.node, Some(size));
        Ok(size)
    }
}

fn add_directives(mut size: Size, directives: &[Positioned<Directive>]) -> Size {
    size.directives = size.directives.saturating_add(directives.len());
    size
}
