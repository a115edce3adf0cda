//! The directives `@cost` and `@listSize`, as the GraphQL cost directives specification defines them.

use anyhow::{Context as _, Result, bail};
use async_graphql::parser::types::ConstDirective;
use async_graphql::{Name, Positioned};
use async_graphql_value::ConstValue;

/// Costs are counted in thousandths, so that a leaf can cost less than 1.
pub(in super::super) const UNIT: u64 = 1_000;

/// The greatest weight, in units.
const MAX_WEIGHT: f64 = 1_000_000.0;

/// What the contract says about the cost of a field.
#[derive(Clone, Debug, Default)]
pub(in super::super) struct FieldCost {
    /// The weight of `@cost`, in thousandths.
    pub weight: Option<u64>,
    /// How many things the field gives.
    pub list: Option<ListSize>,
}

/// `@listSize`.
#[derive(Clone, Debug)]
pub(in super::super) struct ListSize {
    /// The most items that there can be; as many are assumed when no argument tells.
    pub assumed: Option<u64>,
    /// The arguments that tell how many items there are.
    pub slicing: Vec<Name>,
    /// The fields below that hold the items; none when the field itself is the list.
    pub sized: Vec<Name>,
}

impl FieldCost {
    /// Reads the directives of a field.
    ///
    /// # Errors
    ///
    /// An argument is not of its type.
    pub fn read(directives: &[Positioned<ConstDirective>]) -> Result<Self> {
        let list = find(directives, "listSize").map(ListSize::read).transpose()?;
        Ok(Self { weight: weight(directives)?, list })
    }
}

impl ListSize {
    fn read(directive: &ConstDirective) -> Result<Self> {
        let assumed = match value(directive, "assumedSize") {
            None | Some(ConstValue::Null) => None,
            Some(ConstValue::Number(number)) => Some(number.as_u64().context("`assumedSize` is a positive number")?),
            Some(_) => bail!("`assumedSize` is a number"),
        };
        Ok(Self { assumed, slicing: names(directive, "slicingArguments")?, sized: names(directive, "sizedFields")? })
    }
}

/// The weight of `@cost`, in thousandths, where there is one.
///
/// # Errors
///
/// It is not a number from 0 to 1,000,000.
pub(in super::super) fn weight(directives: &[Positioned<ConstDirective>]) -> Result<Option<u64>> {
    let Some(directive) = find(directives, "cost") else { return Ok(None) };
    let Some(ConstValue::String(text)) = value(directive, "weight") else { return Ok(None) };
    let weight: f64 = text.parse().with_context(|| format!("`{text}` is not a weight"))?;
    if !(0.0..=MAX_WEIGHT).contains(&weight) {
        bail!("a weight is between 0 and {MAX_WEIGHT}, not {weight}");
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "its range was checked")]
    let thousandths = (weight * 1_000.0).round() as u64;
    Ok(Some(thousandths))
}

fn find<'a>(directives: &'a [Positioned<ConstDirective>], name: &str) -> Option<&'a ConstDirective> {
    directives.iter().map(|directive| &directive.node).find(|directive| directive.name.node == name)
}

fn value<'a>(directive: &'a ConstDirective, name: &str) -> Option<&'a ConstValue> {
    directive.arguments.iter().find(|(known, _)| known.node == name).map(|(_, value)| &value.node)
}

fn names(directive: &ConstDirective, argument: &str) -> Result<Vec<Name>> {
    let name = |value: &ConstValue| match value {
        ConstValue::String(name) => Ok(Name::new(name)),
        _ => bail!("`{argument}` is a list of names"),
    };
    match value(directive, argument) {
        None | Some(ConstValue::Null) => Ok(Vec::new()),
        Some(ConstValue::List(items)) => items.iter().map(name).collect(),
        Some(one) => Ok(vec![name(one)?]),
    }
}
