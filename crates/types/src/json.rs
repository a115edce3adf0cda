//! JSON columns.

use std::marker::PhantomData;

use diesel::{
    deserialize::{self, FromSql, FromSqlRow},
    expression::AsExpression,
    mysql::{Mysql, MysqlValue},
    serialize::{self, Output, ToSql},
    sql_types::Text,
};
use serde::{Serialize, de::DeserializeOwned};

use crate::error::{Error, Result};

/// The JSON text of a `T`. It is parsed only by [`Json::read`], because most readers of the row do not need it.
#[derive(Debug, Clone, PartialEq, Eq, AsExpression, FromSqlRow)]
#[diesel(sql_type = Text)]
pub struct Json<T> {
    text: Box<str>,
    of: PhantomData<fn() -> T>,
}

impl<T: Serialize + DeserializeOwned> Json<T> {
    /// The text of `value`.
    ///
    /// # Errors
    /// When `value` cannot be serialized, such as a map with keys that are not texts.
    pub fn of(value: &T) -> Result<Self> {
        let text = serde_json::to_string(value).map_err(|error| Error::Internal(error.into()))?;
        Ok(Self { text: text.into(), of: PhantomData })
    }

    /// The value.
    ///
    /// # Errors
    /// When the stored text is damaged.
    pub fn read(&self) -> Result<T> {
        serde_json::from_str(&self.text).map_err(|error| Error::Internal(error.into()))
    }

    /// The stored text.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl<T> FromSql<Text, Mysql> for Json<T> {
    fn from_sql(value: MysqlValue<'_>) -> deserialize::Result<Self> {
        Ok(Self { text: std::str::from_utf8(value.as_bytes())?.into(), of: PhantomData })
    }
}

impl<T: std::fmt::Debug> ToSql<Text, Mysql> for Json<T> {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Mysql>) -> serialize::Result {
        <str as ToSql<Text, Mysql>>::to_sql(&self.text, out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_round_trip() {
        let stored = Json::of(&vec![1, 2]).unwrap();
        assert_eq!((stored.as_str(), stored.read().unwrap()), ("[1,2]", vec![1, 2]));
    }

    #[test]
    fn a_damaged_text_is_an_error() {
        let damaged = Json::<Vec<i64>> { text: "[1,".into(), of: PhantomData };
        assert!(matches!(damaged.read(), Err(Error::Internal(_))));
    }
}
