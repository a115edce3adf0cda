//! The directives `@cost` and `@listSize` of the GraphQL cost directives specification.

use anyhow::{Context as _, Result, bail};
use async_graphql_value::ConstValue;

use super::applied_directives::{AppliedDirective, applied_directive};
use super::sdl::{InputDef, Map, Schema};

/// Costs are counted in thousandths, so that a leaf can cost less than 1.
pub(super) const UNIT: u64 = 1_000;

/// The maximum weight, in units.
const MAX_WEIGHT: f64 = 1_000_000.0;

/// The cost of a field according to the contract.
#[derive(Clone, Debug, Default)]
pub(super) struct FieldCost {
    /// The weight of `@cost`, in thousandths.
    pub weight: Option<u64>,
    /// The number of its results.
    pub list: Option<ListSize>,
}

/// `@listSize`.
#[derive(Clone, Debug)]
pub(super) struct ListSize {
    /// The maximum number of items, assumed if no argument determines it.
    pub assumed: Option<u64>,
    /// The arguments that determine the number of items.
    pub slicing: Vec<String>,
    /// The fields below that contain the items; empty if the field itself is the list.
    pub sized: Vec<String>,
}

/// Reads the costs of all definitions in the schema.
///
/// # Errors
///
/// When an argument of `@cost` or `@listSize` is invalid.
pub(super) fn read(schema: &mut Schema) -> Result<()> {
    for (name, ty) in &mut schema.types {
        ty.weight = weight(&ty.applied_directives).with_context(|| format!("the cost of the type `{name}`"))?;
        read_inputs(&mut ty.inputs)?;
        for (field, definition) in &mut ty.fields {
            let cost = field_cost(&definition.applied_directives);
            definition.cost = cost.with_context(|| format!("the cost of the field `{name}.{field}`"))?;
            read_inputs(&mut definition.arguments)?;
        }
    }
    Ok(())
}

fn read_inputs(inputs: &mut Map<InputDef>) -> Result<()> {
    for (name, input) in inputs {
        let weight = weight(&input.applied_directives).with_context(|| format!("the cost of `{name}`"))?;
        input.weight = weight.unwrap_or(0);
    }
    Ok(())
}

fn field_cost(applied_directives: &[AppliedDirective]) -> Result<FieldCost> {
    let list = applied_directive(applied_directives, "listSize").map(ListSize::read).transpose()?;
    Ok(FieldCost { weight: weight(applied_directives)?, list })
}

impl ListSize {
    fn read(applied_directive: &AppliedDirective) -> Result<Self> {
        let assumed = match applied_directive.arguments.get("assumedSize") {
            None | Some(ConstValue::Null) => None,
            Some(ConstValue::Number(number)) => Some(number.as_u64().context("`assumedSize` is a positive number")?),
            Some(_) => bail!("`assumedSize` is a number"),
        };
        Ok(Self {
            assumed,
            slicing: names(applied_directive, "slicingArguments")?,
            sized: names(applied_directive, "sizedFields")?,
        })
    }
}

/// The weight of `@cost`, in thousandths, if there is one: a number from 0 to 1,000,000.
fn weight(applied_directives: &[AppliedDirective]) -> Result<Option<u64>> {
    let Some(text) = applied_directive(applied_directives, "cost").and_then(|cost| cost.text("weight")) else {
        return Ok(None);
    };
    let weight: f64 = text.parse().with_context(|| format!("`{text}` is not a weight"))?;
    if !(0.0..=MAX_WEIGHT).contains(&weight) {
        bail!("a weight is between 0 and {MAX_WEIGHT}, not {weight}");
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "its range was checked")]
    let thousandths = (weight * 1_000.0).round() as u64;
    Ok(Some(thousandths))
}

fn names(applied_directive: &AppliedDirective, argument: &str) -> Result<Vec<String>> {
    let name = |value: &ConstValue| match value {
        ConstValue::String(name) => Ok(name.clone()),
        _ => bail!("`{argument}` is a list of names"),
    };
    match applied_directive.arguments.get(argument) {
        None | Some(ConstValue::Null) => Ok(Vec::new()),
        Some(ConstValue::List(items)) => items.iter().map(name).collect(),
        Some(one) => Ok(vec![name(one)?]),
    }
}
