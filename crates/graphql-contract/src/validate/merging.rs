//! Fields that share a key in the answer must be the same field.

use std::collections::{BTreeMap, BTreeSet};

use async_graphql_parser::types::{BaseType, Field, OperationDefinition, OperationType, Selection, SelectionSet, Type};
use async_graphql_parser::{Pos, Positioned};

use super::super::sdl::{Kind, named};
use super::Check;

/// A selected field, with the type it is selected on.
#[derive(Clone, Copy)]
struct Selected<'a> {
    parent: &'a str,
    field: &'a Positioned<Field>,
    ty: &'a Type,
}

impl<'a> Check<'a> {
    /// Fields with one key, all through the operation. Fragments must not contain themselves.
    pub(super) fn merge(&mut self, operation: &'a OperationDefinition) {
        let Some(root) = self.schema.roots.get(operation.ty.to_string().as_str()) else { return };
        let set = &operation.selection_set;
        if operation.ty == OperationType::Subscription {
            self.one_field(root, set);
        }
        self.together(&[(root.as_str(), &set.node)], true);
    }

    /// A subscription is to one thing.
    fn one_field(&mut self, root: &'a str, set: &'a Positioned<SelectionSet>) {
        let mut keys = BTreeSet::new();
        self.flatten(root, &set.node, &mut BTreeSet::new(), &mut |_, field| {
            keys.insert(field.node.response_key().node.as_str());
            if field.node.name.node.starts_with("__") {
                keys.extend(["", "__"]);
            }
        });
        if keys.len() != 1 {
            self.fault(set.pos, "a subscription must select exactly one field, and no introspection");
        }
    }

    /// Selection sets that answer with one object. `strict` unless they are on objects that are never the same.
    fn together(&mut self, sets: &[(&'a str, &'a SelectionSet)], strict: bool) {
        let mut keys: BTreeMap<&str, Vec<Selected<'a>>> = BTreeMap::new();
        let schema = self.schema;
        for (parent, set) in sets {
            self.flatten(parent, set, &mut BTreeSet::new(), &mut |parent, field| {
                let definition = schema.types.get(parent).and_then(|ty| ty.fields.get(field.node.name.node.as_str()));
                if let Some(definition) = definition {
                    let selected = Selected { parent, field, ty: &definition.ty };
                    keys.entry(&field.node.response_key().node).or_default().push(selected);
                }
            });
        }
        for (key, fields) in keys {
            self.same(key, &fields, strict);
            for (group, strict) in self.groups(&fields, strict) {
                let set = |selected: &Selected<'a>| (named(selected.ty), &selected.field.node.selection_set.node);
                self.together(&group.iter().map(set).collect::<Vec<_>>(), strict);
            }
        }
    }

    /// Fields that may be read from one object, and then all of them, of which only the shape must agree.
    fn groups(&self, fields: &[Selected<'a>], strict: bool) -> Vec<(Vec<Selected<'a>>, bool)> {
        let is_object = |name: &str| self.schema.kind(name) == Some(Kind::Object);
        let objects: BTreeSet<_> = fields.iter().map(|field| field.parent).filter(|name| is_object(name)).collect();
        if !strict || objects.len() < 2 {
            return vec![(fields.to_vec(), strict)];
        }
        let of = |object: &str| -> Vec<_> {
            fields.iter().filter(|field| field.parent == object || !is_object(field.parent)).copied().collect()
        };
        let mut groups: Vec<_> = objects.into_iter().map(|object| (of(object), true)).collect();
        groups.push((fields.to_vec(), false));
        groups
    }

    fn same(&mut self, key: &str, fields: &[Selected<'a>], strict: bool) {
        for (index, one) in fields.iter().enumerate() {
            for two in &fields[index + 1..] {
                let objects = [one.parent, two.parent].map(|name| self.schema.kind(name) == Some(Kind::Object));
                let exclusive = !strict || (one.parent != two.parent && objects == [true, true]);
                if !exclusive && !same_field(&one.field.node, &two.field.node) {
                    self.conflict(two.field.pos, key, "different fields or arguments");
                } else if !self.same_shape(one.ty, two.ty) {
                    self.conflict(two.field.pos, key, &format!("{} and {}", one.ty, two.ty));
                }
            }
        }
    }

    fn conflict(&mut self, at: Pos, key: &str, why: &str) {
        self.fault(at, format!("the answer's key {key} would stand for {why}: use an alias"));
    }

    fn same_shape(&self, one: &Type, two: &Type) -> bool {
        one.nullable == two.nullable
            && match (&one.base, &two.base) {
                (BaseType::List(one), BaseType::List(two)) => self.same_shape(one, two),
                (BaseType::Named(one), BaseType::Named(two)) => {
                    let composite = |name: &str| self.schema.kind(name).is_some_and(Kind::is_composite);
                    one == two || (composite(one) && composite(two))
                }
                _ => false,
            }
    }

    /// Calls `each` for every field of `set`, with the type it is selected on, through fragments.
    fn flatten(
        &self,
        parent: &'a str,
        set: &'a SelectionSet,
        seen: &mut BTreeSet<&'a str>,
        each: &mut dyn FnMut(&'a str, &'a Positioned<Field>),
    ) {
        for selection in &set.items {
            match &selection.node {
                Selection::Field(field) => each(parent, field),
                Selection::InlineFragment(fragment) => {
                    let on = fragment.node.type_condition.as_ref().map_or(parent, |on| &on.node.on.node);
                    self.flatten(on, &fragment.node.selection_set.node, seen, each);
                }
                Selection::FragmentSpread(spread) => {
                    let name = spread.node.fragment_name.node.as_str();
                    let Some(fragment) = self.document.fragments.get(name) else { continue };
                    if seen.insert(name) {
                        let on = &fragment.node.type_condition.node.on.node;
                        self.flatten(on, &fragment.node.selection_set.node, seen, each);
                    }
                }
            }
        }
    }
}

fn same_field(one: &Field, two: &Field) -> bool {
    let given = |field: &Field| -> BTreeMap<String, String> {
        field.arguments.iter().map(|(name, value)| (name.node.to_string(), value.node.to_string())).collect()
    };
    one.name.node == two.name.node && given(one) == given(two)
}
