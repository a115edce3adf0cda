//! Cursors of searches: a place in one order of one search. A cursor carries a hash of filter, stay and order, so that it is refused
//! anywhere else.
//!
//! 8 bytes of SHA-256, 3 of the currency (zeroes without one), 8 of the number that is ordered by, then the id, in base64.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};

use super::{Hit, Key, Search};
use crate::{
    store::search as rows,
    types::{Currency, ListingId, ListingOrder, PageError, Timestamp},
};

const ID: usize = ListingId::PREFIX.len() + 1 + 26;
const LENGTH: usize = 8 + 3 + 8 + ID;

impl Search {
    /// The cursor of `hit`, which this search has found.
    pub fn cursor(&self, hit: &Hit) -> String {
        let (currency, number, id) = match hit.key {
            Key::Rating(number, id) | Key::Distance(number, id) => (None, number, id),
            Key::Price(currency, number, id) => (Some(currency), number, id),
            Key::Newest(at, id) => (None, at.utc().timestamp_micros(), id),
        };
        let mut bytes = Vec::with_capacity(LENGTH);
        bytes.extend(self.digest());
        bytes.extend(currency.as_ref().map_or(&[0; 3][..], |currency| currency.as_str().as_bytes()));
        bytes.extend(number.to_be_bytes());
        bytes.extend(id.to_string().as_bytes());
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// The place that `cursor` names.
    ///
    /// # Errors
    /// [`PageError::Cursor`] when it is not a cursor of this very search.
    pub fn key(&self, cursor: &str) -> Result<Key, PageError> {
        self.read(cursor).ok_or(PageError::Cursor)
    }

    fn read(&self, cursor: &str) -> Option<Key> {
        let bytes: [u8; LENGTH] = URL_SAFE_NO_PAD.decode(cursor).ok()?.try_into().ok()?;
        let (digest, rest) = bytes.split_at(8);
        let (currency, rest) = rest.split_at(3);
        let (number, id) = rest.split_at(8);
        let number = i64::from_be_bytes(number.try_into().ok()?);
        let id: ListingId = std::str::from_utf8(id).ok()?.parse().ok()?;
        if digest != self.digest() {
            return None;
        }
        Some(match self.order {
            ListingOrder::Rating => Key::Rating(number, id),
            ListingOrder::PriceAsc | ListingOrder::PriceDesc => {
                Key::Price(std::str::from_utf8(currency).ok()?.parse::<Currency>().ok()?, number, id)
            }
            ListingOrder::Newest => Key::Newest(Timestamp::from(chrono::DateTime::from_timestamp_micros(number)?), id),
            ListingOrder::Distance => Key::Distance(number, id),
        })
    }

    /// The place of a hit in this order.
    pub(super) fn key_of(&self, row: &rows::Hit) -> Key {
        let id = row.listing.id;
        match self.order {
            ListingOrder::Rating => Key::Rating(row.rating, id),
            ListingOrder::PriceAsc | ListingOrder::PriceDesc => {
                Key::Price(row.listing.pricing.currency, row.amount, id)
            }
            // The database keeps that a published listing has the instant.
            ListingOrder::Newest => Key::Newest(row.listing.published_at.unwrap_or(row.listing.created_at), id),
            ListingOrder::Distance => Key::Distance(row.distance.unwrap_or(0), id),
        }
    }

    /// Of all that was asked, in its normal form. What the program prints of it is enough: a cursor that does not outlive a new version
    /// of the program is refused, never misread.
    fn digest(&self) -> [u8; 8] {
        let whole = Sha256::digest(format!("{self:?}"));
        let mut prefix = [0; 8];
        prefix.copy_from_slice(&whole[..8]);
        prefix
    }
}
