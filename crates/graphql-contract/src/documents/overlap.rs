//! Whether fields that share a response key can share its value: the same field with the same arguments on the same
//! type, and values of the same shape on types that exclude each other.

use std::collections::HashSet;

use async_graphql::indexmap::IndexMap;
use async_graphql::parser::types::{
    BaseType, ExecutableDocument, Field, OperationDefinition, Selection, SelectionSet, Type,
};
use async_graphql::{Name, Positioned, ServerError};

use super::catalogue::{self, Catalogue, Kind, Named, innermost};
use super::refusal::{Code, error, quote};

/// How many comparisons one document is worth.
const MAX_WORK: usize = 50_000;

/// Refuses an operation in which two fields of one response key cannot be merged. The document has to be valid
/// otherwise.
pub(super) fn check(
    document: &ExecutableDocument,
    operation: &Positioned<OperationDefinition>,
    catalogue: &Catalogue,
) -> Result<(), ServerError> {
    let Some(root) = catalogue.root(operation.node.ty) else { return Ok(()) };
    let mut overlap = Overlap { document, catalogue, work: 0 };
    let all = [(&operation.node.selection_set.node, root)];
    overlap.parents(&all)?;
    overlap.shapes(&all)
}

type Sets<'a> = [(&'a SelectionSet, &'a Named)];

/// A field as it stands in a document, and as the contract knows it.
#[derive(Clone, Copy)]
struct Seen<'a> {
    field: &'a Positioned<Field>,
    parent: &'a Named,
    known: &'a catalogue::Field,
}

type Groups<'a> = IndexMap<&'a Name, Vec<Seen<'a>>>;

struct Overlap<'a> {
    document: &'a ExecutableDocument,
    catalogue: &'a Catalogue,
    work: usize,
}

impl<'a> Overlap<'a> {
    fn groups(&mut self, sets: &Sets<'a>) -> Result<Groups<'a>, ServerError> {
        let mut groups = Groups::new();
        let mut spread = HashSet::new();
        for (set, parent) in sets {
            self.gather(set, parent, &mut spread, &mut groups)?;
        }
        Ok(groups)
    }

    fn gather(
        &mut self,
        set: &'a SelectionSet,
        parent: &'a Named,
        spread: &mut HashSet<&'a Name>,
        groups: &mut Groups<'a>,
    ) -> Result<(), ServerError> {
        for selection in &set.items {
            self.work += 1;
            if self.work > MAX_WORK {
                let message = "The operation selects the same fields in too many ways.";
                return Err(error(Code::TooLarge, message, Some(selection.pos)));
            }
            let (set, on) = match &selection.node {
                Selection::Field(field) => {
                    if let Some(known) = parent.fields.get(&field.node.name.node) {
                        let seen = Seen { field, parent, known };
                        groups.entry(&field.node.response_key().node).or_default().push(seen);
                    }
                    continue;
                }
                Selection::InlineFragment(fragment) => {
                    (&fragment.node.selection_set.node, fragment.node.type_condition.as_ref())
                }
                Selection::FragmentSpread(at) => {
                    let name = &at.node.fragment_name.node;
                    let Some(fragment) = self.document.fragments.get(name).filter(|_| spread.insert(name)) else {
                        continue;
                    };
                    (&fragment.node.selection_set.node, Some(&fragment.node.type_condition))
                }
            };
            let parent = on.map_or(Some(parent), |on| self.catalogue.get(&on.node.on.node));
            if let Some(parent) = parent {
                self.gather(set, parent, spread, groups)?;
            }
        }
        Ok(())
    }

    fn below(&self, group: &[Seen<'a>]) -> Vec<(&'a SelectionSet, &'a Named)> {
        let below = group.iter().filter(|seen| !seen.field.node.selection_set.node.items.is_empty());
        below
            .filter_map(|seen| {
                let named = self.catalogue.get(innermost(&seen.known.ty))?;
                Some((&seen.field.node.selection_set.node, named))
            })
            .collect()
    }

    /// Values under one key have one shape, whichever type the object turns out to be.
    fn shapes(&mut self, sets: &Sets<'a>) -> Result<(), ServerError> {
        for group in self.groups(sets)?.into_values() {
            for pair in group.windows(2) {
                if !self.same_shape(&pair[0].known.ty, &pair[1].known.ty) {
                    let types = format!("`{}` and `{}`", pair[0].known.ty, pair[1].known.ty);
                    return Err(conflict(pair, &format!("they are of the different types {types}")));
                }
            }
            let below = self.below(&group);
            if !below.is_empty() {
                self.shapes(&below)?;
            }
        }
        Ok(())
    }

    fn same_shape(&self, one: &Type, other: &Type) -> bool {
        if one.nullable != other.nullable {
            return false;
        }
        match (&one.base, &other.base) {
            (BaseType::List(one), BaseType::List(other)) => self.same_shape(one, other),
            (BaseType::Named(one), BaseType::Named(other)) => {
                let is_composite = |name| self.catalogue.get(name).is_some_and(Named::is_composite);
                one == other || (is_composite(one) && is_composite(other))
            }
            _ => false,
        }
    }

    /// Fields under one key of one object are one field.
    fn parents(&mut self, sets: &Sets<'a>) -> Result<(), ServerError> {
        for group in self.groups(sets)?.into_values() {
            let mut objects: Vec<&'a Named> = Vec::new();
            for seen in group.iter().filter(|seen| seen.parent.kind == Kind::Object) {
                if !objects.iter().any(|object| object.name == seen.parent.name) {
                    objects.push(seen.parent);
                }
            }
            if objects.is_empty() {
                self.one_field(&group)?;
            }
            for object in objects {
                let same = |seen: &&Seen<'a>| seen.parent.kind != Kind::Object || seen.parent.name == object.name;
                let group: Vec<_> = group.iter().filter(same).copied().collect();
                self.one_field(&group)?;
            }
        }
        Ok(())
    }

    fn one_field(&mut self, group: &[Seen<'a>]) -> Result<(), ServerError> {
        for pair in group.windows(2) {
            let (one, other) = (&pair[0].field.node, &pair[1].field.node);
            if one.name.node != other.name.node {
                return Err(conflict(pair, "they are different fields"));
            }
            if !same_arguments(one, other) {
                return Err(conflict(pair, "they have different arguments"));
            }
        }
        let below = self.below(group);
        if below.is_empty() { Ok(()) } else { self.parents(&below) }
    }
}

fn same_arguments(one: &Field, other: &Field) -> bool {
    one.arguments.len() == other.arguments.len()
        && one
            .arguments
            .iter()
            .all(|(name, value)| other.get_argument(&name.node).is_some_and(|other| other.node == value.node))
}

fn conflict(pair: &[Seen<'_>], why: &str) -> ServerError {
    let key = quote(&pair[0].field.node.response_key().node);
    let message = format!("The fields under `{key}` conflict: {why}. Give one of them an alias.");
    let mut conflict = error(Code::ValidationFailed, message, Some(pair[0].field.pos));
    conflict.locations.push(pair[1].field.pos);
    conflict
}
