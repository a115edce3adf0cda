//! Builds the cost plan of an operation in normal form.

use async_graphql::parser::types::{
    BaseType, Field, OperationDefinition, Selection, SelectionSet, Type, VariableDefinition,
};
use async_graphql::{Name, Positioned, Variables};
use async_graphql_value::Value;

use super::plan::{FieldSet, Node, Plan};
use super::size::{Size, SizeArgument};
use crate::sdl::{FieldDef, Schema, TypeDef, innermost};
use crate::weights::{ListSize, UNIT};

/// The cost of a leaf without `@cost`, in thousandths.
const LEAF_COST: u64 = UNIT / 10;

/// Builds the plan of an operation in normal form.
pub(in super::super) fn build_plan(operation: &OperationDefinition, schema: &Schema) -> Plan {
    let mut builder = PlanBuilder { schema, nodes: Vec::new() };
    let root = schema.root(operation.ty).map_or_else(FieldSet::default, |root| {
        let selected = builder.select(&operation.selection_set.node, root, None);
        builder.field_set(&selected, root)
    });
    let default = |definition: &Positioned<VariableDefinition>| {
        let value = definition.node.default_value.as_ref()?;
        Some((definition.node.name.node.clone(), value.node.clone()))
    };
    let defaults = operation.variable_definitions.iter().filter_map(default).collect();
    let mut plan = Plan { nodes: builder.nodes, root, defaults, fixed: None };
    let is_fixed =
        |node: &Node| node.variable_weights.is_empty() && node.list_variables.is_empty() && node.size.is_fixed();
    if plan.nodes.iter().all(is_fixed) {
        plan.fixed = Some(plan.compute(&Variables::default()));
    }
    plan
}

struct PlanBuilder<'a> {
    schema: &'a Schema,
    nodes: Vec<Node>,
}

/// The selection on one type: its fields, and the fragments on narrower types.
struct FieldSelection<'a> {
    fields: Vec<u32>,
    fragments: Vec<(&'a TypeDef, Self)>,
}

/// The size of a page, for the fields below that contain its items.
type Slice<'s> = Option<(&'s [String], Size)>;

impl<'a> PlanBuilder<'a> {
    fn select(&mut self, set: &SelectionSet, parent: &'a TypeDef, slice: Slice<'_>) -> FieldSelection<'a> {
        let mut selected = FieldSelection { fields: Vec::new(), fragments: Vec::new() };
        for item in &set.items {
            match &item.node {
                Selection::Field(field) => {
                    let Some(known) = self.schema.field(parent, &field.node.name.node) else { continue };
                    let size =
                        slice.as_ref().filter(|(sized, _)| sized.iter().any(|name| field.node.name.node == *name));
                    let node = self.build_node(&field.node, known, size.map(|(_, size)| size));
                    selected.fields.push(u32::try_from(self.nodes.len()).unwrap_or(u32::MAX));
                    self.nodes.push(node);
                }
                Selection::InlineFragment(fragment) => {
                    let on = fragment.node.type_condition.as_ref().map(|on| on.node.on.node.as_str());
                    let Some(on) = self.schema.get(on.unwrap_or(&parent.name)) else { continue };
                    let below = self.select(&fragment.node.selection_set.node, on, slice.clone());
                    selected.fragments.push((on, below));
                }
                // A normal form has no spreads.
                Selection::FragmentSpread(_) => {}
            }
        }
        selected
    }

    /// The fields for each object type that `parent` can be.
    fn field_set(&self, selected: &FieldSelection<'a>, parent: &'a TypeDef) -> FieldSet {
        if selected.fragments.is_empty() {
            return FieldSet(vec![selected.fields.clone().into()]);
        }
        let mut alternatives: Vec<Box<[u32]>> = Vec::new();
        for object in &parent.possible_types {
            let mut fields = Vec::new();
            collect_fields(selected, object, &mut fields);
            let fields = fields.into_boxed_slice();
            if !alternatives.contains(&fields) {
                alternatives.push(fields);
            }
        }
        FieldSet(alternatives)
    }

    fn build_node(&mut self, field: &Field, known: &'a FieldDef, inherited: Option<&Size>) -> Node {
        let of = self.schema.get(innermost(&known.ty));
        let is_leaf = !of.is_some_and(TypeDef::is_composite);
        let list = known.cost.list.as_ref();
        let own_size = list.map(|list| slice_size(list, field, known));
        let slice = list.filter(|list| !list.sized.is_empty()).zip(own_size.clone());
        let size = match (is_list(&known.ty), inherited, own_size) {
            (false, ..) => Size::Fixed(1),
            (true, Some(size), _) => size.clone(),
            (true, None, Some(size)) => size,
            (true, None, None) => Size::UNKNOWN,
        };
        let below = match of {
            Some(of) if !is_leaf => {
                let slice = slice.map(|(list, size)| (list.sized.as_slice(), size));
                let selected = self.select(&field.selection_set.node, of, slice);
                self.field_set(&selected, of)
            }
            _ => FieldSet::default(),
        };
        let of_type = of.and_then(|of| of.weight);
        let (per_call, per_result) = if is_leaf {
            (0, known.cost.weight.or(of_type).unwrap_or(LEAF_COST))
        } else {
            (known.cost.weight.unwrap_or(0), of_type.unwrap_or(UNIT))
        };
        let key = field.response_key().node.clone();
        let is_introspection = matches!(field.name.node.as_str(), "__schema" | "__type");
        let mut node = Node {
            key,
            per_call,
            variable_weights: Vec::new(),
            list_variables: Vec::new(),
            size,
            per_result,
            below,
            is_introspection,
        };
        add_argument_costs(field, known, &mut node);
        node
    }
}

fn collect_fields(selected: &FieldSelection<'_>, object: &str, fields: &mut Vec<u32>) {
    fields.extend(&selected.fields);
    for (on, below) in &selected.fragments {
        if on.possible_types.contains(object) {
            collect_fields(below, object, fields);
        }
    }
}

/// Adds the cost of the arguments: their weights, and each item of their lists.
fn add_argument_costs(field: &Field, known: &FieldDef, node: &mut Node) {
    for (name, value) in &field.arguments {
        let weight = known.arguments.get(name.node.as_str()).map_or(0, |known| known.weight);
        match &value.node {
            Value::Null => {}
            Value::Variable(variable) if weight > 0 => node.variable_weights.push((variable.clone(), weight)),
            _ => node.per_call = node.per_call.saturating_add(weight),
        }
        let mut literal = 0;
        count_items(&value.node, &mut literal, &mut node.list_variables);
        node.per_call = node.per_call.saturating_add(literal * UNIT);
    }
}

/// Counts the list items in a value, and collects its variables.
fn count_items(value: &Value, literal: &mut u64, variables: &mut Vec<Name>) {
    match value {
        Value::Variable(name) => variables.push(name.clone()),
        Value::List(list) => {
            *literal += list.len() as u64;
            list.iter().for_each(|item| count_items(item, literal, variables));
        }
        Value::Object(fields) => fields.values().for_each(|field| count_items(field, literal, variables)),
        _ => {}
    }
}

fn slice_size(list: &ListSize, field: &Field, known: &FieldDef) -> Size {
    if list.slicing.is_empty() {
        return list.assumed.map_or(Size::UNKNOWN, Size::Fixed);
    }
    let argument = |name: &String| {
        let given = field.get_argument(name).and_then(|value| SizeArgument::of_literal(&value.node));
        let known = known.arguments.get(name);
        (given, known.and_then(|argument| SizeArgument::of_constant(argument.default.as_ref()?)))
    };
    let arguments = list.slicing.iter().map(argument).collect();
    Size::Sliced { arguments, assumed: list.assumed }
}

fn is_list(ty: &Type) -> bool {
    matches!(ty.base, BaseType::List(_))
}
