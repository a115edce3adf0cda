//! The last four digits of a card.

use std::{fmt, str::FromStr};

use diesel::{
    deserialize::{self, FromSql, FromSqlRow},
    expression::AsExpression,
    mysql::{Mysql, MysqlValue},
    serialize::{self, Output, ToSql},
    sql_types::Text,
};
use serde::{Deserialize, Serialize};

/// The last four digits of the number of a card.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, AsExpression, FromSqlRow, Serialize, Deserialize)]
#[diesel(sql_type = Text)]
#[serde(try_from = "String", into = "String")]
pub struct LastFour([u8; 4]);

/// A text that is not four digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("four digits are expected")]
pub struct NotFourDigits;

impl LastFour {
    /// The four digits.
    pub fn as_str(&self) -> &str {
        // The only constructor is `from_str`, which accepts ASCII digits only.
        std::str::from_utf8(&self.0).unwrap_or("0000")
    }
}

impl FromStr for LastFour {
    type Err = NotFourDigits;
    fn from_str(text: &str) -> Result<Self, NotFourDigits> {
        let digits = <[u8; 4]>::try_from(text.as_bytes()).map_err(|_| NotFourDigits)?;
        if digits.iter().all(u8::is_ascii_digit) { Ok(Self(digits)) } else { Err(NotFourDigits) }
    }
}

impl TryFrom<String> for LastFour {
    type Error = NotFourDigits;
    fn try_from(text: String) -> Result<Self, NotFourDigits> {
        text.parse()
    }
}

impl From<LastFour> for String {
    fn from(digits: LastFour) -> Self {
        digits.to_string()
    }
}

impl fmt::Display for LastFour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromSql<Text, Mysql> for LastFour {
    fn from_sql(value: MysqlValue<'_>) -> deserialize::Result<Self> {
        Ok(std::str::from_utf8(value.as_bytes())?.parse()?)
    }
}

impl ToSql<Text, Mysql> for LastFour {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Mysql>) -> serialize::Result {
        <str as ToSql<Text, Mysql>>::to_sql(self.as_str(), out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_four_digits_are_the_end_of_a_card() {
        assert_eq!("0042".parse::<LastFour>().map(|digits| digits.to_string()), Ok("0042".to_owned()));
        for wrong in ["", "424", "42424", "42a2", "٤٢", "4 42", "-424"] {
            assert_eq!(wrong.parse::<LastFour>(), Err(NotFourDigits), "{wrong}");
        }
    }
}
