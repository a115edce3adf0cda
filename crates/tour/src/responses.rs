//! Reads responses: a missing or unexpected value is an error that names it.

use anyhow::{Context as _, ensure};
use chrono::{DateTime, NaiveDate, Utc};
use serde_json::Value;
use std::fmt::{Debug, Display};

/// Fails with both values unless `actual` equals `expected`.
pub(super) fn check_equal<T: PartialEq + Debug>(what: &str, expected: T, actual: T) -> anyhow::Result<()> {
    ensure!(actual == expected, "{what}: expected {expected:?}, got {actual:?}");
    Ok(())
}

fn at<'a>(response: &'a Value, pointer: &str) -> anyhow::Result<&'a Value> {
    response.pointer(pointer).with_context(|| format!("expected {pointer} in the response, got {response}"))
}

/// The text at `pointer`.
pub(super) fn text<'a>(response: &'a Value, pointer: &str) -> anyhow::Result<&'a str> {
    at(response, pointer)?.as_str().with_context(|| format!("expected a string at {pointer}, got {response}"))
}

/// The whole number at `pointer`.
pub(super) fn number(response: &Value, pointer: &str) -> anyhow::Result<i64> {
    at(response, pointer)?.as_i64().with_context(|| format!("expected an integer at {pointer}, got {response}"))
}

/// The list at `pointer`.
pub(super) fn list<'a>(response: &'a Value, pointer: &str) -> anyhow::Result<&'a [Value]> {
    let list = at(response, pointer)?.as_array();
    Ok(list.with_context(|| format!("expected a list at {pointer}, got {response}"))?)
}

/// The amount at `pointer`, formatted: `SGD 1,234.50`.
pub(super) fn money(response: &Value, pointer: &str) -> anyhow::Result<String> {
    let money = at(response, pointer)?;
    Ok(format!("{} {:>9}", text(money, "/currency")?, grouped(text(money, "/decimal")?)))
}

/// A decimal number with commas between thousands.
fn grouped(decimal: &str) -> String {
    let (whole, rest) = decimal.split_at(decimal.find('.').unwrap_or(decimal.len()));
    let (sign, digits) = whole.split_at(whole.len() - whole.trim_start_matches('-').len());
    let mut out = sign.to_owned();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out + rest
}

/// The instant at `pointer`, formatted.
pub(super) fn instant(response: &Value, pointer: &str) -> anyhow::Result<String> {
    let at = text(response, pointer)?;
    let parsed: DateTime<Utc> = at.parse().with_context(|| format!("expected an instant at {pointer}, got {at}"))?;
    Ok(parsed.format("%a %-d %b %Y %H:%M UTC").to_string())
}

/// A day, formatted.
pub(super) fn day(date: NaiveDate) -> impl Display {
    date.format("%a %-d %b %Y")
}

/// The rating and number of reviews at `pointer`, formatted.
pub(super) fn rating(response: &Value, pointer: &str) -> anyhow::Result<String> {
    let rating = at(response, pointer)?;
    let count = number(rating, "/count")?;
    Ok(rating["average"].as_f64().map_or_else(|| "unrated".to_owned(), |average| format!("{average:.2} ({count})")))
}

/// The beginning of `text`, on one line of at most `width` characters.
pub(super) fn short(text: &str, width: usize) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= width {
        return line;
    }
    line.chars().take(width.saturating_sub(1)).collect::<String>().trim_end().to_owned() + "…"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped_by_thousands() {
        for (plain, shown) in [("0.00", "0.00"), ("-1234.50", "-1,234.50"), ("742", "742"), ("1000000", "1,000,000")] {
            assert_eq!(grouped(plain), shown);
        }
    }

    #[test]
    fn long_texts_end_with_an_ellipsis() {
        assert_eq!(short("two\n words", 20), "two words");
        assert_eq!(short("a long title", 7), "a long…");
    }
}
