//! Prices in the format of the dataset: `"$1,000.00"`, whatever the currency.

use types::{Currency, Money};

/// `$1,000.00` in minor units of `currency`; `None` when there is no price. The currency symbol of
/// the dataset is always `$`, so it is ignored.
///
/// # Errors
/// Why the text is not a price: not a number, negative, zero, too many decimals, or above the
/// maximum amount.
pub fn parse(text: &str, currency: Currency) -> Result<Option<i64>, String> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    let refuse = |why: &str| format!("the price `{}` {why}", text.chars().take(30).collect::<String>());
    let number = text.trim_start_matches(|char: char| !char.is_ascii_digit() && char != '-' && char != '.');
    if text.contains('-') {
        return Err(refuse("is negative"));
    }
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let whole = ungrouped(whole).ok_or_else(|| refuse("is not a number"))?;
    let minor = minor_units(&whole, fraction, currency.decimals()).map_err(refuse)?;
    match minor {
        0 => Err(refuse("is zero")),
        minor if minor > Money::MAX_MINOR => Err(refuse("is too high")),
        minor => Ok(Some(minor)),
    }
}

/// Whether the text has no price: it is empty, an amount of zero, or words.
pub fn is_absent(text: &str) -> bool {
    !text.bytes().any(|byte| matches!(byte, b'1'..=b'9'))
}

/// A fee in minor units of `currency`: as [`parse`], but zero is a valid fee. `None` when the field
/// is empty.
///
/// # Errors
/// See [`parse`].
pub fn fee(text: &str, currency: Currency) -> Result<Option<i64>, String> {
    let text = text.trim();
    let is_nothing = text.bytes().any(|byte| byte == b'0')
        && text.trim_start_matches(|char: char| !char.is_ascii_digit()).bytes().all(|byte| matches!(byte, b'0' | b'.'));
    if is_nothing && !text.contains('-') { Ok(Some(0)) } else { parse(text, currency) }
}

/// The digits of `1,234,567`: groups of three after the first.
fn ungrouped(text: &str) -> Option<String> {
    let mut groups = text.split(',');
    let first = groups.next()?;
    let mut digits = first.to_owned();
    for group in groups {
        if group.len() != 3 || !(1..=3).contains(&first.len()) {
            return None;
        }
        digits.push_str(group);
    }
    (!digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())).then_some(digits)
}

fn minor_units(whole: &str, fraction: &str, decimals: u32) -> Result<i64, &'static str> {
    if !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err("is not a number");
    }
    let decimals = decimals as usize;
    let (kept, beyond) = fraction.split_at(fraction.len().min(decimals));
    if beyond.bytes().any(|digit| digit != b'0') {
        return Err("has more decimals than the currency");
    }
    format!("{whole}{kept:0<decimals$}").parse().map_err(|_| "is too high")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn prices_are_exact_in_their_own_currency() {
        for (text, currency, minor) in [
            ("$46.00", "SGD", 4_600),
            ("$1,000.00", "SGD", 100_000),
            ("$109,999.00", "SGD", 10_999_900),
            ("$13.00", "SGD", 1_300),
            ("$12,000.00", "JPY", 12_000),
            ("€1.5", "EUR", 150),
            ("150", "USD", 15_000),
            ("$1.234", "KWD", 1_234),
            ("$0.29", "USD", 29),
            (" $1,234,567.89 ", "USD", 123_456_789),
        ] {
            assert_eq!(parse(text, currency.parse().unwrap()), Ok(Some(minor)), "{text}");
        }
        assert_eq!(parse("  ", "SGD".parse().unwrap()), Ok(None));
    }

    #[test]
    fn invalid_prices_are_rejected_with_a_reason() {
        for (text, why) in [
            ("$-5.00", "negative"),
            ("-$5.00", "negative"),
            ("$0.00", "zero"),
            ("free", "not a number"),
            ("$", "not a number"),
            ("$1,00.00", "not a number"),
            ("$1234,567.00", "not a number"),
            ("$1.2.3", "not a number"),
            ("$1e9", "not a number"),
            ("$5.001", "more decimals"),
            ("$99999999999999999999.00", "too high"),
            ("$90,071,992,547,409.92", "too high"),
        ] {
            let error = parse(text, "SGD".parse().unwrap()).unwrap_err();
            assert!(error.contains(why), "{text}: {error}");
        }
        assert!(parse("$1.50", "JPY".parse().unwrap()).is_err(), "half a yen");
    }

    /// I2: a missing price is replaced by that of the calendar; an invalid price is reported.
    #[test]
    fn a_missing_price_differs_from_an_invalid_one() {
        for text in ["", " ", "$0.00", "N/A", "$", "nan"] {
            assert!(is_absent(text), "{text}");
        }
        for text in ["$1.00", "-$5.00", "$0.29", "1e9"] {
            assert!(!is_absent(text), "{text}");
        }
    }

    #[test]
    fn a_fee_can_be_zero() {
        let fee = |text: &str| fee(text, "EUR".parse().unwrap());
        assert_eq!(
            (fee("$0.00"), fee("0"), fee(""), fee("$25.00")),
            (Ok(Some(0)), Ok(Some(0)), Ok(None), Ok(Some(2_500)))
        );
        assert!(fee("-$0.00").is_err() && fee("free").is_err());
    }

    proptest! {
        #[test]
        fn every_amount_is_parsed_exactly(minor in 1..=Money::MAX_MINOR, currency in 0..3_usize) {
            let currency: Currency = ["SGD", "JPY", "KWD"][currency].parse().unwrap();
            let text = Money::new(minor, currency).decimal();
            prop_assert_eq!(parse(&format!("${text}"), currency), Ok(Some(minor)));
            let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
            let grouped: Vec<&str> = whole.as_bytes().rchunks(3).rev().map(|group| std::str::from_utf8(group).unwrap()).collect();
            prop_assert_eq!(parse(&format!("${}.{fraction}", grouped.join(",")), currency), Ok(Some(minor)));
        }

        #[test]
        fn no_text_causes_a_panic(text in any::<String>()) {
            let _ = parse(&text, "SGD".parse().unwrap());
        }
    }
}
