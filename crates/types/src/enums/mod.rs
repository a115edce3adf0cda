//! Enums: states, kinds, reasons. Each value is that of the contract's enum with the same name, and the text in the database.

mod accounts;
mod bookings;
mod co_hosts;
mod effects;
mod events;
mod listings;
mod privacy;
mod staff;
mod support_cases;

/// A text that is not a value of an enum.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a {kind}")]
pub struct UnknownValue {
    /// The text.
    pub text: String,
    /// The enum that was expected.
    pub kind: &'static str,
}

macro_rules! enums {
    ($($(#[$doc:meta])* $name:ident { $($(#[$item_doc:meta])* $item:ident = $text:literal,)* })*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, async_graphql::Enum, diesel::expression::AsExpression, diesel::deserialize::FromSqlRow)]
        #[diesel(sql_type = diesel::sql_types::Text)]
        pub enum $name {
            $($(#[$item_doc])* #[graphql(name = $text)] $item,)*
        }

        impl $name {
            /// All of them, in order.
            pub const ALL: &'static [Self] = &[$(Self::$item,)*];

            /// The text in the contract and in the database.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$item => $text,)*
                }
            }
        }

        impl graphql_direct::WriteDirect for $name {
            fn write<'a>(
                &self,
                _: &graphql_direct::Plan<'a>,
                out: &mut graphql_direct::Output<'a>,
            ) -> Result<(), graphql_direct::Indirect> {
                out.name(self.as_str());
                Ok(())
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::UnknownValue;
            fn from_str(text: &str) -> Result<Self, $crate::UnknownValue> {
                match text {
                    $($text => Ok(Self::$item),)*
                    _ => Err($crate::UnknownValue { text: text.chars().take(40).collect(), kind: stringify!($name) }),
                }
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                <String as serde::Deserialize>::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
            }
        }

        impl diesel::deserialize::FromSql<diesel::sql_types::Text, diesel::mysql::Mysql> for $name {
            fn from_sql(value: diesel::mysql::MysqlValue<'_>) -> diesel::deserialize::Result<Self> {
                Ok(std::str::from_utf8(value.as_bytes())?.parse()?)
            }
        }

        impl diesel::serialize::ToSql<diesel::sql_types::Text, diesel::mysql::Mysql> for $name {
            fn to_sql<'b>(&'b self, out: &mut diesel::serialize::Output<'b, '_, diesel::mysql::Mysql>) -> diesel::serialize::Result {
                <str as diesel::serialize::ToSql<diesel::sql_types::Text, diesel::mysql::Mysql>>::to_sql(self.as_str(), out)
            }
        }
    )*};
}

pub(crate) use enums;

pub use accounts::*;
pub use bookings::*;
pub use co_hosts::*;
pub use effects::*;
pub use events::*;
pub use listings::*;
pub use privacy::*;
pub use staff::*;
pub use support_cases::*;
