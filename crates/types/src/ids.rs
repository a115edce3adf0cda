//! Ids: UUIDv7 in the database, opaque and typed texts outside (`lst_06f3…`).

use std::{fmt, str::FromStr};

use diesel::{
    deserialize::{self, FromSql, FromSqlRow},
    expression::AsExpression,
    mysql::{Mysql, MysqlValue},
    serialize::{self, Output, ToSql},
    sql_types::Binary,
};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::{Entropy, Timestamp};

/// Crockford's base 32, in lower case: no letter looks like a digit.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
/// 128 bits in groups of five.
const LETTERS: usize = 26;

/// Why a text is not an id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("`{expected}_` and 26 letters and digits are expected")]
pub struct IdError {
    /// The prefix that was expected.
    pub expected: &'static str,
}

fn encode(prefix: &str, id: Uuid) -> String {
    let bits = id.as_u128();
    let mut text = String::with_capacity(prefix.len() + 1 + LETTERS);
    text.push_str(prefix);
    text.push('_');
    for group in (0..LETTERS).rev() {
        text.push(char::from(ALPHABET[(bits >> (group * 5)) as usize & 31]));
    }
    text
}

fn decode(prefix: &'static str, text: &str) -> Result<Uuid, IdError> {
    let error = IdError { expected: prefix };
    let letters = text.strip_prefix(prefix).and_then(|rest| rest.strip_prefix('_')).ok_or(error)?;
    if letters.len() != LETTERS {
        return Err(error);
    }
    let mut bits: u128 = 0;
    for (index, letter) in letters.bytes().enumerate() {
        let digit = ALPHABET.iter().position(|&known| known == letter).ok_or(error)?;
        // 26 letters hold 130 bits: the first holds only three.
        if index == 0 && digit > 7 {
            return Err(error);
        }
        bits = bits << 5 | digit as u128;
    }
    Ok(Uuid::from_u128(bits))
}

/// A UUIDv7: 48 bits of milliseconds, then random bits.
fn uuid_v7(at: Timestamp, random: [u8; 10]) -> Uuid {
    let millis = u64::try_from(at.utc().timestamp_millis()).unwrap_or(0);
    uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid()
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident = $prefix:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, AsExpression, FromSqlRow)]
        #[diesel(sql_type = Binary)]
        pub struct $name(Uuid);

        impl $name {
            /// The prefix of ids of this type.
            pub const PREFIX: &'static str = $prefix;

            /// A new id, later than all previous ones.
            pub fn new(at: Timestamp, entropy: &dyn Entropy) -> Self {
                Self(uuid_v7(at, entropy.bytes()))
            }

            /// The id of an imported row: always the same for the same row of the same source.
            pub fn derived(at: Timestamp, source: &str, source_id: u64) -> Self {
                let digest = Sha256::new()
                    .chain_update($prefix)
                    .chain_update([0])
                    .chain_update(source)
                    .chain_update([0])
                    .chain_update(source_id.to_be_bytes())
                    .finalize();
                let mut random = [0; 10];
                random.copy_from_slice(&digest[..10]);
                Self(uuid_v7(at, random))
            }

            /// The id with these bytes.
            pub fn of_bytes(bytes: [u8; 16]) -> Self {
                Self(Uuid::from_bytes(bytes))
            }

            /// The bytes, as stored in the database.
            pub fn as_bytes(&self) -> &[u8; 16] {
                self.0.as_bytes()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&encode($prefix, self.0))
            }
        }

        impl FromStr for $name {
            type Err = IdError;
            fn from_str(text: &str) -> Result<Self, IdError> {
                decode($prefix, text).map(Self)
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }

        impl FromSql<Binary, Mysql> for $name {
            fn from_sql(value: MysqlValue<'_>) -> deserialize::Result<Self> {
                Ok(Self(Uuid::from_slice(value.as_bytes())?))
            }
        }

        impl ToSql<Binary, Mysql> for $name {
            fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Mysql>) -> serialize::Result {
                <[u8] as ToSql<Binary, Mysql>>::to_sql(self.0.as_bytes().as_slice(), out)
            }
        }
    )*

    /// An id of any kind that `node` can find.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
    #[expect(missing_docs, reason = "each is named after its type")]
    pub enum NodeId {
        $($name($name),)*
    }

    impl FromStr for NodeId {
        type Err = IdError;
        fn from_str(text: &str) -> Result<Self, IdError> {
            match text.split_once('_').map(|(prefix, _)| prefix) {
                $(Some($prefix) => text.parse().map(Self::$name),)*
                _ => Err(IdError { expected: "xyz" }),
            }
        }
    }};
}

ids! {
    /// An account.
    UserId = "usr";
    /// A member's own side of an account: the bits of its `usr_…`.
    MeId = "me";
    /// A session of an account.
    SessionId = "ses";
    /// A listing.
    ListingId = "lst";
    /// An invitation to help a host, and who has accepted it.
    CoHostId = "coh";
    /// A quote.
    QuoteId = "qt";
    /// A booking.
    BookingId = "bk";
    /// A payment.
    PaymentId = "pay";
    /// A refund.
    RefundId = "rf";
    /// A review.
    ReviewId = "rev";
    /// A problem with a payment that an operator must decide.
    CaseId = "case";
    /// A case that a person has opened.
    SupportCaseId = "cs";
    /// A wishlist.
    WishlistId = "wl";
    /// A listing on a wishlist.
    WishlistItemId = "wli";
    /// A passkey.
    PasskeyId = "pk";
    /// A mail.
    MailId = "ml";
    /// A one-time code.
    CodeId = "otc";
    /// A grant of a role.
    RoleGrantId = "grt";
    /// A decision about a legal document.
    ConsentId = "cns";
    /// A permission to read all data of a person.
    DataExportId = "dex";
    /// A legal hold.
    LegalHoldId = "lh";
    /// An impersonation by staff. It ends as a session does, so its bits are also those of the session in its tokens.
    ImpersonationId = "imp";
}

/// The bits of an id whose type follows from the context.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, AsExpression, FromSqlRow)]
#[diesel(sql_type = Binary)]
pub struct ObjectId(Uuid);

impl ObjectId {
    /// The id with these bytes.
    pub fn of_bytes(bytes: [u8; 16]) -> Self {
        Self(Uuid::from_bytes(bytes))
    }

    /// The bytes, as stored in the database.
    pub fn as_bytes(&self) -> &[u8; 16] {
        self.0.as_bytes()
    }

    /// The last byte: random, except for ids derived from a number.
    pub fn last_byte(self) -> u8 {
        let [.., last] = *self.0.as_bytes();
        last
    }
}

impl FromSql<Binary, Mysql> for ObjectId {
    fn from_sql(value: MysqlValue<'_>) -> deserialize::Result<Self> {
        Ok(Self(Uuid::from_slice(value.as_bytes())?))
    }
}

impl ToSql<Binary, Mysql> for ObjectId {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Mysql>) -> serialize::Result {
        <[u8] as ToSql<Binary, Mysql>>::to_sql(self.0.as_bytes().as_slice(), out)
    }
}

macro_rules! objects {
    ($($name:ident)*) => {$(
        impl From<$name> for ObjectId {
            fn from(id: $name) -> Self {
                Self(id.0)
            }
        }

        impl From<ObjectId> for $name {
            fn from(id: ObjectId) -> Self {
                Self(id.0)
            }
        }
    )*};
}

objects! {
    BookingId CodeId ConsentId ImpersonationId ListingId MailId PaymentId QuoteId RefundId ReviewId RoleGrantId SessionId
    SupportCaseId UserId WishlistId
}

impl From<ImpersonationId> for SessionId {
    fn from(id: ImpersonationId) -> Self {
        Self(id.0)
    }
}

impl From<SessionId> for ImpersonationId {
    fn from(id: SessionId) -> Self {
        Self(id.0)
    }
}

impl From<UserId> for MeId {
    fn from(id: UserId) -> Self {
        Self(id.0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_id_of_another_kind_is_refused() {
        let id = ListingId(Uuid::from_u128(7));
        assert_eq!(id.to_string(), "lst_00000000000000000000000007");
        assert!(id.to_string().parse::<BookingId>().is_err());
        assert!("lst_8zzzzzzzzzzzzzzzzzzzzzzzzz".parse::<ListingId>().is_err(), "more than 128 bits");
        assert!("lst_0000000000000000000000000u".parse::<ListingId>().is_err(), "a letter outside the alphabet");
        assert!("lst_é000000000000000000000000".parse::<ListingId>().is_err());
    }

    #[test]
    fn imported_rows_keep_their_id_and_differ_by_kind() {
        let at = Timestamp::from(chrono::DateTime::UNIX_EPOCH);
        assert_eq!(ListingId::derived(at, "inside-airbnb", 1), ListingId::derived(at, "inside-airbnb", 1));
        assert_ne!(ListingId::derived(at, "inside-airbnb", 1).0, UserId::derived(at, "inside-airbnb", 1).0);
    }

    proptest! {
        #[test]
        fn text_and_back(bits: u128) {
            let id = BookingId(Uuid::from_u128(bits));
            prop_assert_eq!(id.to_string().parse::<BookingId>(), Ok(id));
        }

        #[test]
        fn text_keeps_the_order_of_ids(a: u128, b: u128) {
            let (x, y) = (BookingId(Uuid::from_u128(a)), BookingId(Uuid::from_u128(b)));
            prop_assert_eq!(x.cmp(&y), x.to_string().cmp(&y.to_string()));
        }
    }
}
