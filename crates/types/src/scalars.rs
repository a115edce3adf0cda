//! The contract's scalars: parsing and formatting.

use async_graphql::{InputType, InputValueError, InputValueResult, Scalar, ScalarType, Value};
use chrono::{Datelike as _, NaiveDate, NaiveTime, SecondsFormat};

use crate::{Currency, Email, IdempotencyKey, Money, TimeZones, Timestamp};

/// A scalar with its own format.
pub trait Form: Sized {
    /// The expected value, for people: `a day such as 2026-07-01`.
    const EXPECTED: &'static str;

    /// The value, if it has the format.
    fn read(value: &Value) -> Option<Self>;
}

/// Parses a value; the error has the expected format.
fn parse<T: Form + InputType>(value: &Value) -> InputValueResult<T> {
    T::read(value).ok_or_else(|| InputValueError::custom(format!("expected {}", T::EXPECTED)))
}

const MAX_URL: usize = 2_048;
/// The longest cursor, in bytes. Its list checks the content.
const MAX_CURSOR: usize = 512;

fn text(value: &Value) -> Option<&str> {
    match value {
        Value::String(text) => Some(text),
        _ => None,
    }
}

/// An instant, RFC 3339. Returned in UTC with up to microseconds: `2026-07-01T13:00:00Z`; any offset and fraction is accepted.
#[Scalar(name = "DateTime", specified_by_url = "https://www.rfc-editor.org/rfc/rfc3339#section-5.6")]
impl ScalarType for Timestamp {
    fn parse(value: Value) -> InputValueResult<Self> {
        parse(&value)
    }

    fn to_value(&self) -> Value {
        Value::String(self.utc().to_rfc3339_opts(SecondsFormat::AutoSi, true))
    }
}

impl Form for Timestamp {
    const EXPECTED: &'static str = "an instant such as 2026-07-01T13:00:00Z";

    fn read(value: &Value) -> Option<Self> {
        // In UTC it can be in a year that is written with a sign.
        let at = chrono::DateTime::parse_from_rfc3339(text(value)?).ok()?.to_utc();
        Timestamp::YEARS.contains(&at.year()).then(|| at.into())
    }
}

/// A calendar day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date(pub NaiveDate);

/// A calendar day without a zone, ISO 8601: `2026-07-01`. Nights and check-in days are in the listing's time zone.
#[Scalar(name = "Date", specified_by_url = "https://scalars.graphql.org/andimarek/local-date")]
impl ScalarType for Date {
    fn parse(value: Value) -> InputValueResult<Self> {
        parse(&value)
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.to_string())
    }
}

impl Form for Date {
    const EXPECTED: &'static str = "a day such as 2026-07-01";

    fn read(value: &Value) -> Option<Self> {
        // Years of four digits, which the database supports, without signs.
        let text = text(value).filter(|text| text.len() == 10 && text.as_bytes()[0].is_ascii_digit())?;
        NaiveDate::parse_from_str(text, "%Y-%m-%d").ok().map(Self)
    }
}

/// A wall-clock time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LocalTime(pub NaiveTime);

/// A local time in the listing's time zone, 24 hours, in whole minutes: `15:00`. Seconds are accepted if they are zero: `15:00:00`.
#[Scalar(
    name = "LocalTime",
    specified_by_url = "https://html.spec.whatwg.org/multipage/common-microsyntaxes.html#valid-time-string"
)]
impl ScalarType for LocalTime {
    fn parse(value: Value) -> InputValueResult<Self> {
        parse(&value)
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.format("%H:%M").to_string())
    }
}

impl Form for LocalTime {
    const EXPECTED: &'static str = "a time of whole minutes such as 15:00";

    fn read(value: &Value) -> Option<Self> {
        // Only whole minutes: seconds are accepted, but only as zero.
        let text = text(value).filter(|text| text.is_ascii())?;
        let (minutes, seconds) = text.split_at_checked(5)?;
        let is_whole = match seconds.strip_prefix(":00") {
            None => seconds.is_empty(),
            Some("") => true,
            Some(fraction) => {
                let zeros = fraction.strip_prefix('.').unwrap_or_default();
                (1..=9).contains(&zeros.len()) && zeros.bytes().all(|digit| digit == b'0')
            }
        };
        is_whole.then(|| NaiveTime::parse_from_str(minutes, "%H:%M").ok()).flatten().map(Self)
    }
}

/// A time zone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimeZone(pub String);

/// A time zone of the IANA database: `Asia/Singapore`.
#[Scalar(name = "TimeZone", specified_by_url = "https://www.iana.org/time-zones")]
impl ScalarType for TimeZone {
    fn parse(value: Value) -> InputValueResult<Self> {
        parse(&value)
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.clone())
    }
}

impl Form for TimeZone {
    const EXPECTED: &'static str = "a time zone such as Asia/Singapore";

    fn read(value: &Value) -> Option<Self> {
        let text = text(value)?;
        TimeZones::built_in().zone(text).ok().map(|_| Self(text.to_owned()))
    }
}

/// An active currency of ISO 4217, three capital letters: `SGD`.
#[Scalar(name = "CurrencyCode", specified_by_url = "https://www.iso.org/iso-4217-currency-codes.html")]
impl ScalarType for Currency {
    fn parse(value: Value) -> InputValueResult<Self> {
        parse(&value)
    }

    fn to_value(&self) -> Value {
        Value::String(self.as_str().to_owned())
    }
}

impl Form for Currency {
    const EXPECTED: &'static str = "a currency of ISO 4217 such as SGD";

    fn read(value: &Value) -> Option<Self> {
        text(value)?.parse().ok()
    }
}

/// Minor units of a currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MinorUnits(pub i64);

/// An amount in minor units of its currency (cents for EUR, yen for JPY), an integer between -(2^53 - 1) and 2^53 - 1, which JavaScript represents exactly.
#[Scalar(name = "MinorUnits", specified_by_url = "https://www.rfc-editor.org/rfc/rfc7493#section-2.2")]
impl ScalarType for MinorUnits {
    fn parse(value: Value) -> InputValueResult<Self> {
        parse(&value)
    }

    fn to_value(&self) -> Value {
        Value::Number(self.0.into())
    }
}

impl Form for MinorUnits {
    const EXPECTED: &'static str = "an integer from -(2^53 - 1) to 2^53 - 1";

    fn read(value: &Value) -> Option<Self> {
        let Value::Number(number) = value else { return None };
        // A whole number can have a fraction of zero; up to this limit a float represents it exactly.
        let bound = Money::MAX_MINOR.unsigned_abs();
        let whole = |float: &f64| float.fract() == 0.0 && float.abs() <= bound as f64;
        let minor = number.as_i64().or_else(|| number.as_f64().filter(whole).map(|float| float as i64));
        minor.filter(|minor| minor.unsigned_abs() <= bound).map(Self)
    }
}

/// An exact number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decimal(pub String);

/// An exact decimal number, as a string: `1234.50`.
#[Scalar(name = "Decimal", specified_by_url = "https://www.rfc-editor.org/rfc/rfc8259#section-6")]
impl ScalarType for Decimal {
    fn parse(value: Value) -> InputValueResult<Self> {
        parse(&value)
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.clone())
    }
}

impl Form for Decimal {
    const EXPECTED: &'static str = "a decimal number such as \"1234.50\"";

    fn read(value: &Value) -> Option<Self> {
        let text = text(value)?;
        let digits = text.strip_prefix('-').unwrap_or(text);
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
        let is_number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        (is_number(whole) && is_number(fraction)).then(|| Self(text.to_owned()))
    }
}

/// A web address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Url(pub String);

/// An absolute http or https URL by the URL standard, at most 2,048 characters; stored in the standard's normal form.
#[Scalar(name = "Url", specified_by_url = "https://url.spec.whatwg.org/")]
impl ScalarType for Url {
    fn parse(value: Value) -> InputValueResult<Self> {
        parse(&value)
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.clone())
    }
}

impl Form for Url {
    const EXPECTED: &'static str = "an absolute http or https address";

    fn read(value: &Value) -> Option<Self> {
        let text = text(value).filter(|text| text.len() <= MAX_URL)?;
        let url = url::Url::parse(text).ok()?;
        let is_web = matches!(url.scheme(), "http" | "https") && url.has_host();
        let normal = String::from(url);
        (is_web && normal.len() <= MAX_URL).then_some(Self(normal))
    }
}

/// An email address, at most 254 characters, case-insensitive.
#[Scalar(name = "Email", specified_by_url = "https://html.spec.whatwg.org/multipage/input.html#valid-e-mail-address")]
impl ScalarType for Email {
    fn parse(value: Value) -> InputValueResult<Self> {
        parse(&value)
    }

    fn to_value(&self) -> Value {
        Value::String(self.as_str().to_owned())
    }
}

impl Form for Email {
    const EXPECTED: &'static str = "an email address such as ada@example.org";

    fn read(value: &Value) -> Option<Self> {
        text(value)?.parse().ok()
    }
}

/// A position in a list or a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor(pub String);

/// A position in a list or a stream. Opaque: send it back unchanged.
#[Scalar(name = "Cursor", specified_by_url = "https://relay.dev/graphql/connections.htm")]
impl ScalarType for Cursor {
    fn parse(value: Value) -> InputValueResult<Self> {
        parse(&value)
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.clone())
    }
}

impl Form for Cursor {
    const EXPECTED: &'static str = "a cursor of at most 512 bytes";

    fn read(value: &Value) -> Option<Self> {
        text(value).filter(|text| text.len() <= MAX_CURSOR).map(|text| Self(text.to_owned()))
    }
}

/// A key that you choose for one request of one viewer, 8 to 64 characters of `A-Z a-z 0-9 - _`, for example a new UUID. The same key with the same input returns the stored response and changes nothing.
#[Scalar(
    name = "IdempotencyKey",
    specified_by_url = "https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/"
)]
impl ScalarType for IdempotencyKey {
    fn parse(value: Value) -> InputValueResult<Self> {
        parse(&value)
    }

    fn to_value(&self) -> Value {
        Value::String(self.as_str().to_owned())
    }
}

impl Form for IdempotencyKey {
    const EXPECTED: &'static str = "8 to 64 characters of A-Z a-z 0-9 - _";

    fn read(value: &Value) -> Option<Self> {
        text(value)?.parse().ok()
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
        for time in ["15:00", "15:00:00", "15:00:00.000"] {
            let read = <LocalTime as ScalarType>::parse(Value::String(time.into())).unwrap();
            assert_eq!(ScalarType::to_value(&read), Value::String("15:00".into()));
        }
        for wrong in ["15", "15:0", "15:00:01", "15:00:00.", "15:00:00.001", "15:00Z", "15:00:000", "é5:00"] {
            assert!(!accepts::<LocalTime>(wrong), "{wrong}");
        }
        assert!(accepts::<LocalTime>("15:00") && !accepts::<LocalTime>("24:00") && !accepts::<LocalTime>("3:00"));
        assert!(accepts::<Timestamp>("2026-07-01T13:00:00+02:00") && !accepts::<Timestamp>("2026-07-01"));
        assert!(accepts::<Url>("https://example.org/a?b=c") && !accepts::<Url>("javascript:alert(1)"));
        assert!(!accepts::<Url>("https://") && !accepts::<Url>("https://a b") && !accepts::<Url>("//example.org"));
        assert!(accepts::<Decimal>("-1.50") && !accepts::<Decimal>("1e3") && !accepts::<Decimal>("1."));
        assert!(accepts::<TimeZone>("Asia/Singapore") && !accepts::<TimeZone>("Mars/Olympus"));
        assert!(accepts::<IdempotencyKey>("0123-abc_") && !accepts::<IdempotencyKey>("short"));
        assert!(<MinorUnits as ScalarType>::parse(Value::Number(Money::MAX_MINOR.into())).is_ok());
        // M12: the least integer has no absolute value.
        for beyond in [Money::MAX_MINOR + 1, -Money::MAX_MINOR - 1, i64::MAX, i64::MIN] {
            assert!(<MinorUnits as ScalarType>::parse(Value::Number(beyond.into())).is_err(), "{beyond}");
        }
        assert!(<MinorUnits as ScalarType>::parse(Value::Number((-Money::MAX_MINOR).into())).is_ok());
        for (number, minor) in [(10_000.0, Some(10_000)), (-0.0, Some(0)), (0.5, None), (1e300, None), (9.1e15, None)] {
            let number = Value::Number(serde_json::Number::from_f64(number).unwrap());
            assert_eq!(MinorUnits::read(&number).map(|read| read.0), minor, "{number}");
        }
        assert!(<MinorUnits as ScalarType>::parse(Value::Number(serde_json::Number::from_f64(1.5).unwrap())).is_err());
    }

    /// C30: web addresses by the URL standard, kept in its normal form.
    #[test]
    fn web_addresses_are_those_of_the_url_standard() {
        for (written, normal) in [
            ("https://österreich.example/a.jpg", "https://xn--sterreich-z7a.example/a.jpg"),
            ("HTTPS://Example.ORG:443/A b.jpg", "https://example.org/A%20b.jpg"),
            ("http://[::1]:8080/ü?q=1#f", "http://[::1]:8080/%C3%BC?q=1#f"),
            ("https://例え.テスト", "https://xn--r8jz45g.xn--zckzah/"),
        ] {
            assert_eq!(Url::read(&Value::String(written.into())).map(|url| url.0).as_deref(), Some(normal));
        }
        let long = format!("https://example.org/{}", "ü".repeat(700));
        for wrong in [
            "ftp://example.org/",
            "data:text/plain,a",
            "https:///",
            "https://a b/",
            "/a.jpg",
            "https://exa<mple.org",
            &long,
        ] {
            assert!(!accepts::<Url>(wrong), "{wrong}");
        }
    }

    /// The year 10000 would be shown as `+10000`, which is no instant of RFC 3339.
    #[test]
    fn instants_are_of_years_that_can_be_shown_and_stored() {
        assert!(accepts::<Timestamp>("9999-12-31T23:59:59Z") && !accepts::<Timestamp>("9999-12-31T23:59:59-01:00"));
        assert!(accepts::<Timestamp>("1000-01-01T00:00:00Z") && !accepts::<Timestamp>("1000-01-01T00:00:00+01:00"));
        assert!(!accepts::<Timestamp>("0000-01-01T00:00:00+23:59"));
    }

    #[test]
    fn instants_are_shown_in_utc() {
        let at = <Timestamp as ScalarType>::parse(Value::String("2026-07-01T15:00:00.5+02:00".into())).unwrap();
        assert_eq!(ScalarType::to_value(&at), Value::String("2026-07-01T13:00:00.500Z".into()));
    }
}
