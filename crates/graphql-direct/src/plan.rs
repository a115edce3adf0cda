//! Which fields to write.

use std::collections::HashMap;

use async_graphql::{
    ContextSelectionSet, Name, Positioned,
    parser::types::{Field, FragmentDefinition, Selection as Selected, SelectionSet},
};

use crate::Indirect;

/// The number of `__typename`, which every object has.
pub(crate) const TYPENAME: usize = usize::MAX;

/// The fields of an object to write, in order; none for a leaf.
#[derive(Debug, Default)]
pub struct Plan<'a> {
    fields: Vec<PlannedField<'a>>,
}

/// A field to write.
#[derive(Debug)]
pub struct PlannedField<'a> {
    field: &'a Positioned<Field>,
    number: usize,
    plan: Plan<'a>,
}

impl<'a> PlannedField<'a> {
    /// Its name in the response.
    pub(crate) fn key(&self) -> &'a str {
        self.field.node.response_key().node.as_str()
    }

    /// What the document says of it.
    pub(crate) fn field(&self) -> &'a Positioned<Field> {
        self.field
    }

    /// Its number among the fields of its type.
    pub fn number(&self) -> usize {
        self.number
    }

    /// The fields below it.
    pub fn plan(&self) -> &Plan<'a> {
        &self.plan
    }
}

/// A selection set of a document whose variables have decided what is skipped.
#[derive(Debug, Clone, Copy)]
pub struct Selection<'a> {
    set: &'a SelectionSet,
    fragments: &'a HashMap<Name, Positioned<FragmentDefinition>>,
}

/// Plans the field with this name, and returns its number.
type PlanField<'f, 'a> = &'f dyn Fn(&str, Selection<'a>, &mut Plan<'a>) -> Result<usize, Indirect>;

impl<'a> Selection<'a> {
    pub(crate) fn of(ctx: &'a ContextSelectionSet<'a>) -> Self {
        Self { set: &ctx.item.node, fragments: &ctx.query_env.fragments }
    }

    /// Adds the fields of an object of type `of` to a plan. Fields with the same name in the response are merged, as the specification wants.
    ///
    /// # Errors
    /// When a field, a fragment or a directive cannot be written directly.
    pub fn plan(self, of: &str, plan: &mut Plan<'a>, plan_field: PlanField<'_, 'a>) -> Result<(), Indirect> {
        for selected in &self.set.items {
            match &selected.node {
                Selected::Field(field) => self.plan_field(field, plan, plan_field)?,
                Selected::InlineFragment(fragment) => {
                    let on = fragment.node.type_condition.as_ref().map(|on| on.node.on.node.as_str());
                    self.within(&fragment.node.selection_set.node, on, of)?.plan(of, plan, plan_field)?;
                }
                Selected::FragmentSpread(spread) => {
                    let fragment = &self.fragments.get(&spread.node.fragment_name.node).ok_or(Indirect)?.node;
                    let on = fragment.type_condition.node.on.node.as_str();
                    self.within(&fragment.selection_set.node, Some(on), of)?.plan(of, plan, plan_field)?;
                }
            }
        }
        Ok(())
    }

    /// A fragment `on` a type. One on an interface is left to the library.
    fn within(self, set: &'a SelectionSet, on: Option<&str>, of: &str) -> Result<Self, Indirect> {
        if on.is_none_or(|on| on == of) { Ok(Self { set, ..self }) } else { Err(Indirect) }
    }

    fn plan_field(
        self,
        field: &'a Positioned<Field>,
        plan: &mut Plan<'a>,
        plan_field: PlanField<'_, 'a>,
    ) -> Result<(), Indirect> {
        let (name, key) = (field.node.name.node.as_str(), field.node.response_key().node.as_str());
        let is_builtin = |name: &str| matches!(name, "skip" | "include");
        if !field.node.directives.iter().all(|directive| is_builtin(directive.node.name.node.as_str())) {
            return Err(Indirect);
        }
        let known = plan.fields.iter().position(|planned| planned.key() == key);
        let at = known.unwrap_or_else(|| {
            plan.fields.push(PlannedField { field, number: TYPENAME, plan: Plan::default() });
            plan.fields.len() - 1
        });
        let planned = &mut plan.fields[at];
        if name != "__typename" {
            let below = Self { set: &field.node.selection_set.node, ..self };
            planned.number = plan_field(name, below, &mut planned.plan)?;
        }
        Ok(())
    }
}

impl<'a> Plan<'a> {
    pub(crate) fn fields(&self) -> &[PlannedField<'a>] {
        &self.fields
    }
}
