//! Whether fields with the same response key can be merged: they are the same field with the same
//! arguments on the same type, or have values of the same shape on types that exclude each other.

use std::collections::HashSet;

use async_graphql::indexmap::IndexMap;
use async_graphql::parser::types::{
    BaseType, ExecutableDocument, Field, OperationDefinition, Selection, SelectionSet, Type,
};
use async_graphql::{Name, Pos, Positioned, ServerError};

use super::super::sdl::{FieldDef, Kind, Schema, TypeDef, innermost};
use super::errors::{Code, error, quote};

/// The maximum number of comparisons for one document.
const MAX_COMPARISONS: usize = 50_000;

/// The maximum number of reported conflicts of one operation.
const MAX_CONFLICTS: usize = 100;

/// Rejects an operation with fields that cannot be merged. No fragment may spread itself.
///
/// # Errors
///
/// Each conflict, except those below fields that conflict themselves; or that there are too many
/// comparisons.
pub(super) fn check(
    document: &ExecutableDocument,
    operation: &Positioned<OperationDefinition>,
    schema: &Schema,
) -> Result<(), Vec<ServerError>> {
    let Some(root) = schema.root(operation.node.ty) else { return Ok(()) };
    let mut overlap = Overlap { document, schema, comparisons: 0, conflicts: Vec::new(), reported: HashSet::new() };
    let all = [(&operation.node.selection_set.node, root)];
    if let Err(error) = overlap.check_same_fields(&all).and_then(|()| overlap.check_response_shapes(&all)) {
        overlap.conflicts.push(error);
    }
    if overlap.conflicts.is_empty() { Ok(()) } else { Err(overlap.conflicts) }
}

type Sets<'a> = [(&'a SelectionSet, &'a TypeDef)];

/// A selected field with its definition.
#[derive(Clone, Copy)]
struct FieldUse<'a> {
    field: &'a Positioned<Field>,
    parent: &'a TypeDef,
    known: &'a FieldDef,
}

type Groups<'a> = IndexMap<&'a Name, Vec<FieldUse<'a>>>;

struct Overlap<'a> {
    document: &'a ExecutableDocument,
    schema: &'a Schema,
    comparisons: usize,
    conflicts: Vec<ServerError>,
    /// The positions of conflicting fields.
    reported: HashSet<(Pos, Pos)>,
}

impl<'a> Overlap<'a> {
    fn group_by_key(&mut self, sets: &Sets<'a>) -> Result<Groups<'a>, ServerError> {
        let mut groups = Groups::new();
        let mut spread = HashSet::new();
        for (set, parent) in sets {
            self.collect_fields(set, parent, &mut spread, &mut groups)?;
        }
        Ok(groups)
    }

    fn collect_fields(
        &mut self,
        set: &'a SelectionSet,
        parent: &'a TypeDef,
        spread: &mut HashSet<&'a Name>,
        groups: &mut Groups<'a>,
    ) -> Result<(), ServerError> {
        for selection in &set.items {
            self.comparisons += 1;
            if self.comparisons > MAX_COMPARISONS {
                let message = "The operation selects the same fields in too many ways.";
                return Err(error(Code::TooLarge, message, Some(selection.pos)));
            }
            let (set, on) = match &selection.node {
                Selection::Field(field) => {
                    if let Some(known) = self.schema.field(parent, &field.node.name.node) {
                        let usage = FieldUse { field, parent, known };
                        groups.entry(&field.node.response_key().node).or_default().push(usage);
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
            let parent = on.map_or(Some(parent), |on| self.schema.get(&on.node.on.node));
            if let Some(parent) = parent {
                self.collect_fields(set, parent, spread, groups)?;
            }
        }
        Ok(())
    }

    fn subselections(&self, group: &[FieldUse<'a>]) -> Vec<(&'a SelectionSet, &'a TypeDef)> {
        let below = group.iter().filter(|usage| !usage.field.node.selection_set.node.items.is_empty());
        below
            .filter_map(|usage| {
                let named = self.schema.get(innermost(&usage.known.ty))?;
                Some((&usage.field.node.selection_set.node, named))
            })
            .collect()
    }

    /// Values under one key must have one shape, whatever the type of the object.
    fn check_response_shapes(&mut self, sets: &Sets<'a>) -> Result<(), ServerError> {
        for group in self.group_by_key(sets)?.into_values() {
            let mut is_one_shape = true;
            for pair in group.windows(2) {
                if !self.same_shape(&pair[0].known.ty, &pair[1].known.ty) {
                    let types = format!("`{}` and `{}`", pair[0].known.ty, pair[1].known.ty);
                    self.report_conflict(pair, &format!("they are of the different types {types}"));
                    is_one_shape = false;
                }
            }
            let below = self.subselections(&group);
            if is_one_shape && !below.is_empty() {
                self.check_response_shapes(&below)?;
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
                let is_composite = |name: &str| self.schema.get(name).is_some_and(TypeDef::is_composite);
                one == other || (is_composite(one) && is_composite(other))
            }
            _ => false,
        }
    }

    /// Fields under one key of one object must be the same field.
    fn check_same_fields(&mut self, sets: &Sets<'a>) -> Result<(), ServerError> {
        for group in self.group_by_key(sets)?.into_values() {
            let mut objects: Vec<&'a TypeDef> = Vec::new();
            for usage in group.iter().filter(|usage| usage.parent.kind == Kind::Object) {
                if !objects.iter().any(|object| object.name == usage.parent.name) {
                    objects.push(usage.parent);
                }
            }
            if objects.is_empty() {
                self.check_same_field(&group)?;
            }
            for object in objects {
                let same =
                    |usage: &&FieldUse<'a>| usage.parent.kind != Kind::Object || usage.parent.name == object.name;
                let group: Vec<_> = group.iter().filter(same).copied().collect();
                self.check_same_field(&group)?;
            }
        }
        Ok(())
    }

    fn check_same_field(&mut self, group: &[FieldUse<'a>]) -> Result<(), ServerError> {
        let mut is_one_field = true;
        for pair in group.windows(2) {
            let (one, other) = (&pair[0].field.node, &pair[1].field.node);
            if one.name.node != other.name.node {
                self.report_conflict(pair, "they are different fields");
            } else if !same_arguments(one, other) {
                self.report_conflict(pair, "they have different arguments");
            } else {
                continue;
            }
            is_one_field = false;
        }
        let below = self.subselections(group);
        if is_one_field && !below.is_empty() { self.check_same_fields(&below) } else { Ok(()) }
    }

    fn report_conflict(&mut self, pair: &[FieldUse<'_>], why: &str) {
        let [one, other] = [pair[0].field, pair[1].field];
        if self.conflicts.len() == MAX_CONFLICTS || !self.reported.insert((one.pos, other.pos)) {
            return;
        }
        let key = quote(&one.node.response_key().node);
        let message = format!("The fields under `{key}` conflict: {why}. Give one of them an alias.");
        let mut conflict = error(Code::ValidationFailed, message, Some(one.pos));
        conflict.locations.push(other.pos);
        self.conflicts.push(conflict);
    }
}

fn same_arguments(one: &Field, other: &Field) -> bool {
    one.arguments.len() == other.arguments.len()
        && one
            .arguments
            .iter()
            .all(|(name, value)| other.get_argument(&name.node).is_some_and(|other| other.node == value.node))
}
