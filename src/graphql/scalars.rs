//! The contract's scalars.

use async_graphql::{InputType, InputValueError, InputValueResult, Scalar, ScalarType, Value};
use chrono::{NaiveDate, NaiveTime, SecondsFormat};

use crate::types::{Currency, Email, IdempotencyKey, Money, Timestamp};

const MAX_URL: usize = 2_048;

fn text(value: &Value) -> Option<&str> {
    match value {
        Value::String(text) => Some(text),
        _ => None,
    }
}

/// Reads a scalar from its text, or says what it should have been.
fn read<T: InputType>(value: &Value, expected: &str, read: impl FnOnce(&str) -> Option<T>) -> InputValueResult<T> {
    text(value).and_then(read).ok_or_else(|| InputValueError::custom(format!("expected {expected}")))
}

/// An instant in UTC, RFC 3339 with up to microseconds: `2026-07-01T13:00:00Z`.
#[Scalar(name = "DateTime", specified_by_url = "https://scalars.graphql.org/andimarek/date-time")]
impl ScalarType for Timestamp {
    fn parse(value: Value) -> InputValueResult<Self> {
        read(&value, "an instant such as 2026-07-01T13:00:00Z", |text| {
            chrono::DateTime::parse_from_rfc3339(text).ok().map(|at| at.to_utc().into())
        })
    }

    fn to_value(&self) -> Value {
        Value::String(self.utc().to_rfc3339_opts(SecondsFormat::AutoSi, true))
    }
}

/// A calendar day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date(pub NaiveDate);

/// A calendar day without a zone, ISO 8601: `2026-07-01`. Nights and check-in days are meant in the listing's time zone.
#[Scalar(name = "Date", specified_by_url = "https://scalars.graphql.org/andimarek/local-date")]
impl ScalarType for Date {
    fn parse(value: Value) -> InputValueResult<Self> {
        read(&value, "a day such as 2026-07-01", |text| {
            // Four digits of the year: what the database can hold, and no signs.
            let is_plain = text.len() == 10 && text.as_bytes()[0].is_ascii_digit();
            is_plain.then(|| NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()).flatten().map(Self)
        })
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.to_string())
    }
}

/// A wall-clock time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LocalTime(pub NaiveTime);

/// A wall-clock time in the listing's time zone, 24 hours: `15:00`.
#[Scalar(name = "LocalTime", specified_by_url = "https://scalars.graphql.org/apollographql/localtime-v0.1.html")]
impl ScalarType for LocalTime {
    fn parse(value: Value) -> InputValueResult<Self> {
        read(&value, "a time such as 15:00", |text| {
            (text.len() == 5).then(|| NaiveTime::parse_from_str(text, "%H:%M").ok()).flatten().map(Self)
        })
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.format("%H:%M").to_string())
    }
}

/// A time zone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimeZone(pub String);

/// A time zone of the IANA database: `Asia/Singapore`.
#[Scalar(name = "TimeZone", specified_by_url = "https://www.iana.org/time-zones")]
impl ScalarType for TimeZone {
    fn parse(value: Value) -> InputValueResult<Self> {
        read(&value, "a time zone such as Asia/Singapore", |text| {
            text.parse::<chrono_tz::Tz>().ok().map(|_| Self(text.to_owned()))
        })
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.clone())
    }
}

/// A currency of ISO 4217, three capital letters: `SGD`.
#[Scalar(name = "CurrencyCode", specified_by_url = "https://www.iso.org/iso-4217-currency-codes.html")]
impl ScalarType for Currency {
    fn parse(value: Value) -> InputValueResult<Self> {
        read(&value, "a currency of ISO 4217 such as SGD", |text| text.parse().ok())
    }

    fn to_value(&self) -> Value {
        Value::String(self.as_str().to_owned())
    }
}

/// Minor units of a currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MinorUnits(pub i64);

/// An amount in minor units of its currency (cents for EUR, yen for JPY), an integer between -(2^53 - 1) and 2^53 - 1, so that JavaScript holds it exactly.
#[Scalar(name = "MinorUnits", specified_by_url = "https://www.rfc-editor.org/rfc/rfc7493#section-2.2")]
impl ScalarType for MinorUnits {
    fn parse(value: Value) -> InputValueResult<Self> {
        let number = match &value {
            Value::Number(number) => number.as_i64(),
            _ => None,
        };
        number
            .filter(|minor| minor.abs() <= Money::MAX_MINOR)
            .map(Self)
            .ok_or_else(|| InputValueError::custom("expected an integer of at most 2^53 - 1"))
    }

    fn to_value(&self) -> Value {
        Value::Number(self.0.into())
    }
}

/// An exact number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decimal(pub String);

/// An exact decimal number, as a string: `1234.50`.
#[Scalar(name = "Decimal", specified_by_url = "https://www.rfc-editor.org/rfc/rfc8259#section-6")]
impl ScalarType for Decimal {
    fn parse(value: Value) -> InputValueResult<Self> {
        read(&value, "a decimal number such as \"1234.50\"", |text| {
            let digits = text.strip_prefix('-').unwrap_or(text);
            let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
            let is_number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
            (is_number(whole) && is_number(fraction)).then(|| Self(text.to_owned()))
        })
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.clone())
    }
}

/// A web address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Url(pub String);

/// An absolute web address, http or https, at most 2,048 characters.
#[Scalar(name = "Url", specified_by_url = "https://url.spec.whatwg.org/")]
impl ScalarType for Url {
    fn parse(value: Value) -> InputValueResult<Self> {
        read(&value, "an absolute http or https address", |text| {
            let host = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"))?;
            let has_host = host.starts_with(|first: char| first.is_ascii_alphanumeric() || first == '[');
            let is_clean =
                !text.chars().any(|letter| letter.is_whitespace() || letter.is_control() || "<>\"\\".contains(letter));
            (has_host && is_clean && text.len() <= MAX_URL).then(|| Self(text.to_owned()))
        })
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.clone())
    }
}

/// An e-mail address, at most 254 characters; letter case does not count.
#[Scalar(name = "Email", specified_by_url = "https://html.spec.whatwg.org/multipage/input.html#valid-e-mail-address")]
impl ScalarType for Email {
    fn parse(value: Value) -> InputValueResult<Self> {
        read(&value, "an e-mail address", |text| text.parse().ok())
    }

    fn to_value(&self) -> Value {
        Value::String(self.as_str().to_owned())
    }
}

/// A place in a list or a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor(pub String);

/// A place in a list or a stream. Opaque: hand back what you were given.
#[Scalar(name = "Cursor", specified_by_url = "https://relay.dev/graphql/connections.htm")]
impl ScalarType for Cursor {
    fn parse(value: Value) -> InputValueResult<Self> {
        // What it says is for the list to judge; here only its size.
        read(&value, "a cursor", |text| (text.len() <= 512).then(|| Self(text.to_owned())))
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.clone())
    }
}

/// A key of your choice that names one intention of one viewer, 8 to 64 characters of `A-Z a-z 0-9 - _`; a fresh UUID is right. Sent again with the same input it returns the first answer and changes nothing.
#[Scalar(
    name = "IdempotencyKey",
    specified_by_url = "https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/"
)]
impl ScalarType for IdempotencyKey {
    fn parse(value: Value) -> InputValueResult<Self> {
        read(&value, "8 to 64 characters of A-Z a-z 0-9 - _", |text| text.parse().ok())
    }

    fn to_value(&self) -> Value {
        Value::String(self.as_str().to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accepts<T: ScalarType>(text: &str) -> bool {
        T::parse(Value::String(text.to_owned())).is_ok()
    }

    #[test]
    fn scalars_refuse_what_is_not_theirs() {
        assert!(accepts::<Date>("2026-07-01") && !accepts::<Date>("2026-7-1") && !accepts::<Date>("+226-07-01"));
        assert!(!accepts::<Date>("2026-02-30") && !accepts::<Date>("2026-07-01T00:00:00Z"));
        assert!(accepts::<LocalTime>("15:00") && !accepts::<LocalTime>("24:00") && !accepts::<LocalTime>("3:00"));
        assert!(accepts::<Timestamp>("2026-07-01T13:00:00+02:00") && !accepts::<Timestamp>("2026-07-01"));
        assert!(accepts::<Url>("https://example.org/a?b=c") && !accepts::<Url>("javascript:alert(1)"));
        assert!(!accepts::<Url>("https://") && !accepts::<Url>("https://a b") && !accepts::<Url>("//example.org"));
        assert!(accepts::<Decimal>("-1.50") && !accepts::<Decimal>("1e3") && !accepts::<Decimal>("1."));
        assert!(accepts::<TimeZone>("Asia/Singapore") && !accepts::<TimeZone>("Mars/Olympus"));
        assert!(accepts::<IdempotencyKey>("0123-abc_") && !accepts::<IdempotencyKey>("short"));
        assert!(<MinorUnits as ScalarType>::parse(Value::Number(Money::MAX_MINOR.into())).is_ok());
        assert!(<MinorUnits as ScalarType>::parse(Value::Number((Money::MAX_MINOR + 1).into())).is_err());
        assert!(<MinorUnits as ScalarType>::parse(Value::Number(serde_json::Number::from_f64(1.5).unwrap())).is_err());
    }

    #[test]
    fn instants_are_shown_in_utc() {
        let at = <Timestamp as ScalarType>::parse(Value::String("2026-07-01T15:00:00.5+02:00".into())).unwrap();
        assert_eq!(ScalarType::to_value(&at), Value::String("2026-07-01T13:00:00.500Z".into()));
    }
}
