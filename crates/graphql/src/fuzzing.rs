//! Properties of scalars, checked by the fuzz targets. Not part of other builds.

use async_graphql::{ScalarType, Value};

use types::scalars::{Cursor, Date, Decimal, LocalTime, MinorUnits, TimeZone, Url};
use types::{Currency, Email, IdempotencyKey, Timestamp};

/// Reads a value as each scalar of the contract.
///
/// # Panics
///
/// A scalar accepts the value, but its output does not parse to the same value.
pub fn scalars(value: &Value) {
    scalar::<Timestamp>(value);
    scalar::<Date>(value);
    scalar::<LocalTime>(value);
    scalar::<TimeZone>(value);
    scalar::<Currency>(value);
    scalar::<MinorUnits>(value);
    scalar::<Decimal>(value);
    scalar::<Url>(value);
    scalar::<Email>(value);
    scalar::<Cursor>(value);
    scalar::<IdempotencyKey>(value);
}

fn scalar<T: ScalarType>(value: &Value) {
    let Ok(read) = T::parse(value.clone()) else { return };
    let shown = read.to_value();
    match T::parse(shown.clone()) {
        Ok(again) => assert_eq!(again.to_value(), shown, "{value:?} as {}", std::any::type_name::<T>()),
        Err(_) => panic!("{value:?} is shown as {shown:?}, which is no {}", std::any::type_name::<T>()),
    }
}
