//! The number of results of a field: from literals, from variables, or as assumed in the contract.

use async_graphql::{Name, Variables};
use async_graphql_value::{ConstValue, Value};
use chrono::NaiveDate;

/// The assumed number of items of a list without `@listSize`.
const UNKNOWN: u64 = 10;

/// The values of variables, with the defaults of the operation.
#[derive(Clone, Copy)]
pub(super) struct Values<'a> {
    pub given: &'a Variables,
    pub defaults: &'a [(Name, ConstValue)],
}

impl<'a> Values<'a> {
    /// The value of a variable; none if it is undefined or null.
    pub fn get(self, name: &Name) -> Option<&'a ConstValue> {
        let default = || self.defaults.iter().find(|(known, _)| known == name).map(|(_, value)| value);
        self.given.get(name).or_else(default).filter(|value| **value != ConstValue::Null)
    }
}

/// A value from the document or a variable that determines a size.
#[derive(Clone, Debug)]
pub(super) enum SizeArgument {
    Number(u64),
    Day(NaiveDate),
    /// The number of items of a list.
    Items(u64),
    Variable(Name),
}

impl SizeArgument {
    /// The size in a literal, if it has one.
    pub fn of_literal(value: &Value) -> Option<Self> {
        match value {
            Value::Variable(name) => Some(Self::Variable(name.clone())),
            Value::List(items) => Some(Self::Items(items.len() as u64)),
            Value::Null => None,
            other => other.clone().into_const().as_ref().and_then(Self::of_constant),
        }
    }

    /// The size in the value of a variable or a default.
    pub fn of_constant(value: &ConstValue) -> Option<Self> {
        match value {
            ConstValue::Number(number) => {
                number.as_i64().map(|number| Self::Number(u64::try_from(number).unwrap_or(0)))
            }
            ConstValue::List(items) => Some(Self::Items(items.len() as u64)),
            ConstValue::String(text) => text.parse().ok().map(Self::Day),
            _ => None,
        }
    }

    fn resolve(&self, values: Values<'_>) -> Option<Self> {
        match self {
            Self::Variable(name) => values.get(name).and_then(Self::of_constant),
            given => Some(given.clone()),
        }
    }
}

/// The number of results of one call of a field.
#[derive(Clone, Debug)]
pub(super) enum Size {
    Fixed(u64),
    /// Determined by the slicing arguments, each with its default.
    Sliced {
        arguments: Vec<(Option<SizeArgument>, Option<SizeArgument>)>,
        assumed: Option<u64>,
    },
}

impl Size {
    /// A list without `@listSize`.
    pub const UNKNOWN: Self = Self::Fixed(UNKNOWN);

    /// Whether it is the same for all values of variables.
    pub fn is_fixed(&self) -> bool {
        match self {
            Self::Fixed(_) => true,
            Self::Sliced { arguments, .. } => {
                !arguments.iter().any(|(given, _)| matches!(given, Some(SizeArgument::Variable(_))))
            }
        }
    }

    /// The number for these values of variables: the maximum of the arguments, or the days between
    /// two dates. At most the assumed size, because the field itself rejects longer pages.
    pub fn of(&self, values: Values<'_>) -> u64 {
        let (arguments, assumed) = match self {
            Self::Fixed(size) => return *size,
            Self::Sliced { arguments, assumed } => (arguments, assumed),
        };
        let (mut max, mut days): (Option<u64>, Vec<NaiveDate>) = (None, Vec::new());
        for (given, default) in arguments {
            let value = given.as_ref().and_then(|given| given.resolve(values)).or_else(|| default.clone());
            match value {
                Some(SizeArgument::Number(size) | SizeArgument::Items(size)) => max = Some(max.unwrap_or(0).max(size)),
                Some(SizeArgument::Day(day)) => days.push(day),
                _ => {}
            }
        }
        if let [from, to] = days[..] {
            max = Some(u64::try_from((to - from).num_days()).unwrap_or(0));
        }
        let size = max.or(*assumed).unwrap_or(UNKNOWN);
        assumed.map_or(size, |assumed| size.min(assumed)).max(1)
    }
}
