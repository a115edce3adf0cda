//! The directives `@cost` and `@listSize`, as the GraphQL cost directives specification defines them.

use anyhow::{Context as _, Result, bail};
use async_graphql_value::ConstValue;

use super::marks::{Mark, mark};
use super::sdl::{InputDef, Map, Schema};

/// Costs are counted in thousandths, so that a leaf can cost less than 1.
pub(super) const UNIT: u64 = 1_000;

/// The greatest weight, in units.
const MAX_WEIGHT: f64 = 1_000_000.0;

/// What the contract says about the cost of a field.
#[derive(Clone, Debug, Default)]
pub(super) struct FieldCost {
    /// The weight of `@cost`, in thousandths.
    pub weight: Option<u64>,
    /// How many things the field gives.
    pub list: Option<ListSize>,
}

/// `@listSize`.
#[derive(Clone, Debug)]
pub(super) struct ListSize {
    /// The most items that there can be; as many are assumed when no argument tells.
    pub assumed: Option<u64>,
    /// The arguments that tell how many items there are.
    pub slicing: Vec<String>,
    /// The fields below that hold the items; none when the field itself is the list.
    pub sized: Vec<String>,
}

/// Reads what everything in the schema costs.
///
/// # Errors
///
/// An argument of `@cost` or `@listSize` is not of its type.
pub(super) fn read(schema: &mut Schema) -> Result<()> {
    for (name, ty) in &mut schema.types {
        ty.weight = weight(&ty.marks).with_context(|| format!("the cost of the type `{name}`"))?;
        read_inputs(&mut ty.inputs)?;
        for (field, definition) in &mut ty.fields {
            let cost = field_cost(&definition.marks);
            definition.cost = cost.with_context(|| format!("the cost of the field `{name}.{field}`"))?;
            read_inputs(&mut definition.arguments)?;
        }
    }
    Ok(())
}

fn read_inputs(inputs: &mut Map<InputDef>) -> Result<()> {
    for (name, input) in inputs {
        let weight = weight(&input.marks).with_context(|| format!("the cost of `{name}`"))?;
        input.weight = weight.unwrap_or(0);
    }
    Ok(())
}

fn field_cost(marks: &[Mark]) -> Result<FieldCost> {
    let list = mark(marks, "listSize").map(ListSize::read).transpose()?;
    Ok(FieldCost { weight: weight(marks)?, list })
}

impl ListSize {
    fn read(mark: &Mark) -> Result<Self> {
        let assumed = match mark.arguments.get("assumedSize") {
            None | Some(ConstValue::Null) => None,
            Some(ConstValue::Number(number)) => Some(number.as_u64().context("`assumedSize` is a positive number")?),
            Some(_) => bail!("`assumedSize` is a number"),
        };
        Ok(Self { assumed, slicing: names(mark, "slicingArguments")?, sized: names(mark, "sizedFields")? })
    }
}

/// The weight of `@cost`, in thousandths, where there is one: a number from 0 to 1,000,000.
fn weight(marks: &[Mark]) -> Result<Option<u64>> {
    let Some(text) = mark(marks, "cost").and_then(|cost| cost.text("weight")) else { return Ok(None) };
    let weight: f64 = text.parse().with_context(|| format!("`{text}` is not a weight"))?;
    if !(0.0..=MAX_WEIGHT).contains(&weight) {
        bail!("a weight is between 0 and {MAX_WEIGHT}, not {weight}");
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "its range was checked")]
    let thousandths = (weight * 1_000.0).round() as u64;
    Ok(Some(thousandths))
}

fn names(mark: &Mark, argument: &str) -> Result<Vec<String>> {
    let name = |value: &ConstValue| match value {
        ConstValue::String(name) => Ok(name.clone()),
        _ => bail!("`{argument}` is a list of names"),
    };
    match mark.arguments.get(argument) {
        None | Some(ConstValue::Null) => Ok(Vec::new()),
        Some(ConstValue::List(items)) => items.iter().map(name).collect(),
        Some(one) => Ok(vec![name(one)?]),
    }
}
