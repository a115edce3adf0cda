//! Values of inputs that may be malformed.

use std::borrow::Cow;

use async_graphql::{InputType, InputValueError, InputValueResult, Value, registry::Registry};

use graphql_contract::documents::Scalars;
use types::error::{Error, Result};
use types::scalars::{Cursor, Date, Decimal, Form, LocalTime, MinorUnits, TimeZone, Url};
use types::{Currency, Email, IdempotencyKey, Timestamp};

/// Whether a value has the format of `T`; the error has the expected format.
///
/// # Errors
/// The expected format.
pub fn check<T: Form>(value: &Value) -> std::result::Result<(), &'static str> {
    T::read(value).map(drop).ok_or(T::EXPECTED)
}

/// Checks of the contract's scalars before execution. Mutations report malformed values in their own payload.
pub(super) fn forms() -> Scalars {
    Scalars::default()
        .with("DateTime", check::<Timestamp>)
        .with("Date", check::<Date>)
        .with("LocalTime", check::<LocalTime>)
        .with("TimeZone", check::<TimeZone>)
        .with("CurrencyCode", check::<Currency>)
        .with("MinorUnits", check::<MinorUnits>)
        .with("Decimal", check::<Decimal>)
        .with("Url", check::<Url>)
        .with("Email", check::<Email>)
        .with("Cursor", check::<Cursor>)
        .with("IdempotencyKey", check::<IdempotencyKey>)
        .reported_by("InvalidInputProblem")
}

/// A value in a mutation's input. A malformed one is stored as such, so that the mutation's payload reports it with its field, together
/// with all other invalid fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Checked<T>(Option<T>);

impl<T: Form> Checked<T> {
    /// The value of the field at `path`, which starts below `input`.
    ///
    /// # Errors
    /// [`types::error::Refusal::InvalidInput`] when it is malformed.
    pub fn at(self, path: &[&str]) -> Result<T> {
        let name = path.last().copied().unwrap_or_default();
        self.0.ok_or_else(|| Error::invalid(path, format!("`{name}` must be {}.", T::EXPECTED)))
    }
}

impl<T: Form + InputType> InputType for Checked<T> {
    type RawValueType = Self;

    fn type_name() -> Cow<'static, str> {
        T::type_name()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        T::create_type_info(registry)
    }

    fn parse(value: Option<Value>) -> InputValueResult<Self> {
        match value {
            None | Some(Value::Null) => Err(InputValueError::expected_type(Value::Null)),
            Some(value) => Ok(Self(T::read(&value))),
        }
    }

    fn to_value(&self) -> Value {
        self.0.as_ref().map_or(Value::Null, InputType::to_value)
    }

    fn as_raw_value(&self) -> Option<&Self> {
        Some(self)
    }
}
