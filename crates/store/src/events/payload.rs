//! The details of events: JSON that names the version of its format. Written and read only here, so that a new version is added next to the
//! old one, and old rows stay readable.

use chrono::NaiveDate;
use diesel::{
    deserialize::{self, FromSql, FromSqlRow},
    expression::AsExpression,
    mysql::{Mysql, MysqlValue},
    serialize::{self, Output, ToSql},
    sql_types::Text,
};
use serde::{Deserialize, Serialize};
use types::{ListingId, Money, PaymentId, RefundId, Timestamp};

/// The details of an event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, AsExpression, FromSqlRow)]
#[diesel(sql_type = Text)]
#[serde(tag = "format")]
pub enum Payload {
    /// Of an event of a booking.
    #[serde(rename = "booking/1")]
    Booking(BookingDetails),
    /// Of a change of a listing, its photos or a user: there are none besides the subject.
    #[serde(rename = "subject/1")]
    Subject {},
    /// Of a change of some nights of a listing, or of their prices and restrictions.
    #[serde(rename = "nights/1")]
    Nights(NightRange),
    /// Of a review.
    #[serde(rename = "review/1")]
    Review {
        /// The listing whose ratings changed with it.
        listing: ListingId,
    },
    /// Of a batch of a dataset.
    #[serde(rename = "import/1")]
    Import {
        /// The dataset.
        dataset: String,
        /// Its file.
        file: String,
        /// The listings. Anything about them can have changed: fields, hosts, reviews, nights and prices of nights.
        listings: Vec<ListingId>,
    },
}

/// The details of an event of a booking.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BookingDetails {
    /// The payment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payment: Option<PaymentId>,
    /// The refund.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refund: Option<RefundId>,
    /// The amount that was or will be moved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<Money>,
    /// How the event changes the nights of the listing, if it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nights: Option<NightsChange>,
}

/// Nights of a listing that a booking took or released.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct NightsChange {
    /// The listing.
    pub listing: ListingId,
    /// The nights of the stay. Preparation nights after it change with it.
    #[serde(flatten)]
    pub range: NightRange,
    /// Whether the booking takes the nights, else it releases them.
    pub taken: bool,
    /// When the booking releases them, unless another event changes that; none: never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
}

/// A range of nights.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct NightRange {
    /// The first night.
    pub from: NaiveDate,
    /// The day after the last night.
    pub to: NaiveDate,
}

impl FromSql<Text, Mysql> for Payload {
    fn from_sql(value: MysqlValue<'_>) -> deserialize::Result<Self> {
        Ok(serde_json::from_slice(value.as_bytes())?)
    }
}

impl ToSql<Text, Mysql> for Payload {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Mysql>) -> serialize::Result {
        serde_json::to_writer(out, self)?;
        Ok(serialize::IsNull::No)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reads_back(payload: &Payload) {
        let text = serde_json::to_string(payload).unwrap();
        assert_eq!(serde_json::from_str::<Payload>(&text).unwrap(), *payload, "{text}");
    }

    #[test]
    fn values_round_trip() {
        let at = Timestamp::from(chrono::DateTime::UNIX_EPOCH);
        let listing = ListingId::derived(at, "test", 1);
        let range = NightRange { from: "2026-04-01".parse().unwrap(), to: "2026-04-03".parse().unwrap() };
        let nights = Some(NightsChange { listing, range, taken: true, until: Some(at) });
        let (payment, refund) = (PaymentId::derived(at, "test", 2), RefundId::derived(at, "test", 3));
        let amount = Some(Money::new(10_000, types::Currency::EUR));
        reads_back(&Payload::Booking(BookingDetails::default()));
        reads_back(&Payload::Booking(BookingDetails { payment: Some(payment), refund: Some(refund), amount, nights }));
        reads_back(&Payload::Subject {});
        reads_back(&Payload::Nights(range));
        reads_back(&Payload::Review { listing });
        reads_back(&Payload::Import { dataset: "city".into(), file: "listings".into(), listings: vec![listing] });
    }

    #[test]
    fn the_formats_that_are_stored_stay_readable() {
        let migrated = r#"{"format":"booking/1"}"#;
        assert_eq!(
            serde_json::from_str::<Payload>(migrated).unwrap(),
            Payload::Booking(BookingDetails::default()),
            "an event that was written before payloads were"
        );
        let nights = r#"{"format":"nights/1","from":"2026-04-01","to":"2026-04-03"}"#;
        assert!(matches!(serde_json::from_str(nights).unwrap(), Payload::Nights(_)));
    }
}
