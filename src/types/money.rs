//! Exact money: minor units of a currency.

use std::{fmt, str::FromStr};

use diesel::{
    deserialize::{self, FromSql, FromSqlRow},
    expression::AsExpression,
    mysql::{Mysql, MysqlValue},
    serialize::{self, Output, ToSql},
    sql_types::Text,
};
use serde::{Deserialize, Serialize};

/// Active currencies of ISO 4217 with two decimals.
const TWO_DECIMALS: &str = "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF \
    CNY COP CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES \
    KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN \
    PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH \
    USD UYU UZS VED VES WST XCD YER ZAR ZMW ZWG";
/// Those without decimals.
const NO_DECIMALS: &str = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF";
/// Those with three.
const THREE_DECIMALS: &str = "BHD IQD JOD KWD LYD OMR TND";

/// A currency of ISO 4217.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, AsExpression, FromSqlRow, Serialize, Deserialize)]
#[diesel(sql_type = Text)]
#[serde(try_from = "String", into = "String")]
pub struct Currency([u8; 3]);

/// A text that is no active currency of ISO 4217.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not an active currency of ISO 4217")]
pub struct UnknownCurrency(pub String);

impl Currency {
    /// The three letters.
    pub fn as_str(&self) -> &str {
        // The only way to make one is `from_str`, which takes ASCII letters.
        std::str::from_utf8(&self.0).unwrap_or("XXX")
    }

    /// Number of decimals of its minor unit: 0, 2 or 3.
    pub fn decimals(self) -> u32 {
        let is_in = |list: &str| list.split_whitespace().any(|code| code.as_bytes() == self.0);
        if is_in(NO_DECIMALS) {
            0
        } else if is_in(THREE_DECIMALS) {
            3
        } else {
            2
        }
    }
}

impl FromStr for Currency {
    type Err = UnknownCurrency;
    fn from_str(text: &str) -> Result<Self, UnknownCurrency> {
        let known = [TWO_DECIMALS, NO_DECIMALS, THREE_DECIMALS].iter().flat_map(|list| list.split_whitespace());
        known
            .filter_map(|code| <[u8; 3]>::try_from(code.as_bytes()).ok())
            .find(|code| code == text.as_bytes())
            .map(Self)
            .ok_or_else(|| UnknownCurrency(text.chars().take(16).collect()))
    }
}

impl TryFrom<String> for Currency {
    type Error = UnknownCurrency;
    fn try_from(text: String) -> Result<Self, UnknownCurrency> {
        text.parse()
    }
}

impl From<Currency> for String {
    fn from(currency: Currency) -> Self {
        currency.as_str().to_owned()
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromSql<Text, Mysql> for Currency {
    fn from_sql(value: MysqlValue<'_>) -> deserialize::Result<Self> {
        Ok(<String as FromSql<Text, Mysql>>::from_sql(value)?.parse()?)
    }
}

impl ToSql<Text, Mysql> for Currency {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Mysql>) -> serialize::Result {
        <str as ToSql<Text, Mysql>>::to_sql(self.as_str(), out)
    }
}

/// An exact amount in minor units of its currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Money {
    /// Minor units: cents of EUR, yen of JPY.
    pub minor: i64,
    /// The currency.
    pub currency: Currency,
}

impl Money {
    /// The greatest amount that JavaScript holds exactly; nothing in Staygate is dearer.
    pub const MAX_MINOR: i64 = (1 << 53) - 1;

    /// `minor` units of `currency`.
    pub fn new(minor: i64, currency: Currency) -> Self {
        Self { minor, currency }
    }

    /// As a decimal number with the currency's own decimals: `742.30`.
    pub fn decimal(self) -> String {
        let decimals = self.currency.decimals() as usize;
        let sign = if self.minor < 0 { "-" } else { "" };
        let digits = format!("{:0>width$}", self.minor.unsigned_abs(), width = decimals + 1);
        let (whole, fraction) = digits.split_at(digits.len() - decimals);
        if decimals == 0 { format!("{sign}{whole}") } else { format!("{sign}{whole}.{fraction}") }
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.decimal(), self.currency)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_currency_shows_its_own_decimals() {
        for (minor, currency, text) in [
            (74_230, "EUR", "742.30"),
            (5, "EUR", "0.05"),
            (-5, "EUR", "-0.05"),
            (-12_345, "USD", "-123.45"),
            (742, "JPY", "742"),
            (0, "JPY", "0"),
            (1_234, "KWD", "1.234"),
            (Money::MAX_MINOR, "SGD", "90071992547409.91"),
        ] {
            assert_eq!(Money::new(minor, currency.parse().unwrap()).decimal(), text);
        }
    }

    #[test]
    fn what_is_no_currency_is_refused() {
        for text in ["", "eur", "EURO", "XXX", "€", "E R"] {
            assert!(text.parse::<Currency>().is_err(), "{text}");
        }
    }
}
