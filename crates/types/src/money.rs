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

/// A currency of ISO 4217.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, AsExpression, FromSqlRow, Serialize, Deserialize)]
#[diesel(sql_type = Text)]
#[serde(try_from = "String", into = "String")]
pub struct Currency([u8; 3]);

/// A text that is no active currency of ISO 4217.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not an active ISO 4217 currency")]
pub struct UnknownCurrency(pub String);

impl Currency {
    /// The euro.
    pub const EUR: Self = Self(*b"EUR");

    /// The three letters.
    pub fn as_str(&self) -> &str {
        // The only constructor is `from_str`, which accepts ASCII letters only.
        std::str::from_utf8(&self.0).unwrap_or("XXX")
    }

    /// Number of decimals of its minor unit: 0, 2, 3 or 4.
    pub fn decimals(self) -> u32 {
        iso_currency::Currency::from_code(self.as_str()).and_then(iso_currency::Currency::exponent).map_or(2, u32::from)
    }

    /// A currency from the database: it was active when it was written.
    ///
    /// # Errors
    /// It never was a currency with minor units.
    pub fn stored(text: &str) -> Result<Self, UnknownCurrency> {
        let known = iso_currency::Currency::from_code(text).filter(|known| known.exponent().is_some());
        let code = known.and_then(|known| <[u8; 3]>::try_from(known.code().as_bytes()).ok());
        code.map(Self).ok_or_else(|| UnknownCurrency(text.chars().take(16).collect()))
    }

    /// The currency that people pay with in a country of ISO 3166-1; `None` when there is none, or no single one.
    pub fn of_country(code: &str) -> Option<Self> {
        let known = iso_currency::Currency::from_country(code.parse().ok()?);
        let mut active: Vec<Self> =
            known.iter().filter(|known| !known.is_fund()).filter_map(|known| known.code().parse().ok()).collect();
        if active.len() > 1 {
            // Of a national currency and a foreign one that is also accepted, the national one.
            active.retain(|currency| currency.as_str().starts_with(code));
        }
        active.pop().filter(|_| active.is_empty())
    }

    fn is_active(self) -> bool {
        let known = iso_currency::Currency::from_code(self.as_str());
        // The table takes the bolívar digital for the successor of the bolívar soberano; ISO 4217 has both.
        known.is_some_and(|known| !known.is_special() && (known.is_superseded().is_none() || self.as_str() == "VES"))
    }
}

impl Currency {
    /// The greatest price or fee of a host, in minor units. The most expensive stay (365 nights of 50 guests, with all fees) is then far
    /// below [`Money::MAX_MINOR`].
    pub fn max_amount(self) -> i64 {
        if self.decimals() == 0 { 10_000_000_000 } else { 100_000_000_000 }
    }
}

impl FromStr for Currency {
    type Err = UnknownCurrency;
    fn from_str(text: &str) -> Result<Self, UnknownCurrency> {
        let currency = Self::stored(text)?;
        if currency.is_active() { Ok(currency) } else { Err(UnknownCurrency(text.to_owned())) }
    }
}

/// Stored prices can be in a currency that was withdrawn since.
impl TryFrom<String> for Currency {
    type Error = UnknownCurrency;
    fn try_from(text: String) -> Result<Self, UnknownCurrency> {
        Self::stored(&text)
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
        Ok(Self::stored(&<String as FromSql<Text, Mysql>>::from_sql(value)?)?)
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
    /// The greatest amount that JavaScript represents exactly; no amount in Staygate is greater.
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

    /// I1: prices of files without a currency are in that of the country.
    #[test]
    fn countries_have_one_currency_that_people_pay_with() {
        for (country, currency) in [
            ("SG", Some("SGD")),
            ("AU", Some("AUD")),
            ("US", Some("USD")),
            ("CH", Some("CHF")),
            ("MX", Some("MXN")),
            ("CL", Some("CLP")),
            ("BB", Some("BBD")),
            ("BG", Some("EUR")),
            ("AQ", None),
            ("XX", None),
            ("sg", None),
            ("", None),
        ] {
            assert_eq!(Currency::of_country(country).map(String::from).as_deref(), currency, "{country}");
        }
    }

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

    /// C29: every active code of ISO 4217, with its own decimals. Prices in a withdrawn one can still be read.
    #[test]
    fn every_active_currency_is_known() {
        const TWO: &str = "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF CHE CHF CHW \
            CNY COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR \
            IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN \
            NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB \
            TJS TMT TOP TRY TTD TWD TZS UAH USD USN UYU UZS VED VES WST XCD XCG YER ZAR ZMW ZWG";
        const NONE: &str = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF";
        for (codes, decimals) in [(TWO, 2), (NONE, 0), ("BHD IQD JOD KWD LYD OMR TND", 3), ("CLF UYW", 4)] {
            for code in codes.split_whitespace() {
                assert_eq!(code.parse::<Currency>().map(Currency::decimals), Ok(decimals), "{code}");
            }
        }
        assert_eq!(serde_json::from_str::<Currency>("\"BGN\"").unwrap().decimals(), 2);
        assert!(Currency::stored("XXX").is_err() && Currency::stored("eur").is_err());
    }

    #[test]
    fn unknown_currencies_are_refused() {
        for text in ["", "eur", "EURO", "XXX", "XAU", "XTS", "XDR", "HRK", "BGN", "€", "E R"] {
            assert!(text.parse::<Currency>().is_err(), "{text}");
        }
    }
}
