//! How many things a field gives: from literals, from variables, or as many as the contract says.

use async_graphql::{Name, Variables};
use async_graphql_value::{ConstValue, Value};
use chrono::NaiveDate;

/// How many items a list of which the contract says nothing counts for.
const UNKNOWN: u64 = 10;

/// The values of variables, with the defaults of the operation.
#[derive(Clone, Copy)]
pub(super) struct Values<'a> {
    pub given: &'a Variables,
    pub defaults: &'a [(Name, ConstValue)],
}

impl<'a> Values<'a> {
    /// The value of a variable; none if it has none or null.
    pub fn get(self, name: &Name) -> Option<&'a ConstValue> {
        let default = || self.defaults.iter().find(|(known, _)| known == name).map(|(_, value)| value);
        self.given.get(name).or_else(default).filter(|value| **value != ConstValue::Null)
    }
}

/// A value that the document or a variable gives.
#[derive(Clone, Debug)]
pub(super) enum Given {
    Number(u64),
    Day(NaiveDate),
    /// A list with so many items.
    Items(u64),
    Variable(Name),
}

impl Given {
    /// What stands in a document, if a size can be read from it.
    pub fn literal(value: &Value) -> Option<Self> {
        match value {
            Value::Variable(name) => Some(Self::Variable(name.clone())),
            Value::List(items) => Some(Self::Items(items.len() as u64)),
            Value::Null => None,
            other => other.clone().into_const().as_ref().and_then(Self::constant),
        }
    }

    /// What a variable or a default gives.
    pub fn constant(value: &ConstValue) -> Option<Self> {
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
            Self::Variable(name) => values.get(name).and_then(Self::constant),
            given => Some(given.clone()),
        }
    }
}

/// How many things one call of a field gives.
#[derive(Clone, Debug)]
pub(super) enum Size {
    Fixed(u64),
    /// As the slicing arguments say, and where one says nothing, as its default does.
    Sliced {
        arguments: Vec<(Option<Given>, Option<Given>)>,
        assumed: Option<u64>,
    },
}

impl Size {
    /// A list of which the contract says nothing.
    pub const UNKNOWN: Self = Self::Fixed(UNKNOWN);

    /// Whether it is the same for all values of variables.
    pub fn is_fixed(&self) -> bool {
        match self {
            Self::Fixed(_) => true,
            Self::Sliced { arguments, .. } => {
                !arguments.iter().any(|(given, _)| matches!(given, Some(Given::Variable(_))))
            }
        }
    }

    /// The number, for some values of variables: the greatest that an argument says; the days between two that are dates. Never
    /// more than the contract says there can be: longer pages are refused by the field itself.
    pub fn of(&self, values: Values<'_>) -> u64 {
        let (arguments, assumed) = match self {
            Self::Fixed(size) => return *size,
            Self::Sliced { arguments, assumed } => (arguments, assumed),
        };
        let (mut most, mut days): (Option<u64>, Vec<NaiveDate>) = (None, Vec::new());
        for (given, default) in arguments {
            let value = given.as_ref().and_then(|given| given.resolve(values)).or_else(|| default.clone());
            match value {
                Some(Given::Number(size) | Given::Items(size)) => most = Some(most.unwrap_or(0).max(size)),
                Some(Given::Day(day)) => days.push(day),
                _ => {}
            }
        }
        if let [from, to] = days[..] {
            most = Some(u64::try_from((to - from).num_days()).unwrap_or(0));
        }
        let size = most.or(*assumed).unwrap_or(UNKNOWN);
        assumed.map_or(size, |assumed| size.min(assumed)).max(1)
    }
}
