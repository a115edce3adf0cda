//! Cursors of searches: a position in one order of one search. A cursor contains a hash of filter, stay and order, so that any other search
//! refuses it.
//!
//! 8 bytes of SHA-256, 3 of the currency (zeroes without one), 8 of the number that determines the order, then the id, in base64.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::DateTime;
use sha2::{Digest, Sha256};

use super::{Hit, Key, Search};
use store::search as rows;
use types::{ListingId, ListingOrder, PageError, Timestamp};

const ID: usize = ListingId::PREFIX.len() + 1 + 26;
const LENGTH: usize = 8 + 3 + 8 + ID;
/// Five, in hundredths.
const MAX_RATING: i64 = 500;
/// Five, in ten-thousandths.
const MAX_RECOMMENDATION: i64 = 50_000;
/// Half of the earth's circumference, in meters, rounded up.
const MAX_DISTANCE: i64 = 20_100_000;

impl Search {
    /// The cursors of hits that this search has found.
    pub fn cursors(&self) -> impl Fn(&Hit) -> String + use<> {
        let digest = self.digest();
        move |hit| write(digest, &hit.key)
    }

    /// The position of `cursor`.
    ///
    /// # Errors
    /// [`PageError::Cursor`] when it is not a cursor of this search, or its position is impossible.
    pub fn key(&self, cursor: &str) -> Result<Key, PageError> {
        // One place has one text.
        let digest = self.digest();
        self.read(digest, cursor).filter(|key| write(digest, key) == cursor).ok_or(PageError::Cursor)
    }

    fn read(&self, own: [u8; 8], cursor: &str) -> Option<Key> {
        if cursor.len() != LENGTH.div_ceil(3) * 4 - (3 - LENGTH % 3) % 3 {
            return None;
        }
        let bytes: [u8; LENGTH] = URL_SAFE_NO_PAD.decode(cursor).ok()?.try_into().ok()?;
        let (digest, rest) = bytes.split_at(8);
        let (currency, rest) = rest.split_at(3);
        let (number, id) = rest.split_at(8);
        let number = i64::from_be_bytes(number.try_into().ok()?);
        let id: ListingId = std::str::from_utf8(id).ok()?.parse().ok()?;
        if digest != own {
            return None;
        }
        let up_to = |most| (0..=most).contains(&number).then_some(number);
        Some(match self.order {
            ListingOrder::Rating => Key::Rating(up_to(MAX_RATING)?, id),
            ListingOrder::Recommended => Key::Recommended(up_to(MAX_RECOMMENDATION)?, id),
            ListingOrder::PriceAsc | ListingOrder::PriceDesc => {
                Key::Price(std::str::from_utf8(currency).ok()?.parse().ok()?, up_to(i64::MAX)?, id)
            }
            ListingOrder::Newest => Key::Newest(Timestamp::from_micros(number)?, id),
            ListingOrder::Distance => Key::Distance(up_to(MAX_DISTANCE)?, id),
        })
    }

    /// The position of a hit in this order.
    pub(super) fn key_of(&self, row: &rows::Hit) -> Key {
        let id = row.listing;
        match self.order {
            ListingOrder::Rating => Key::Rating(row.rating, id),
            ListingOrder::Recommended => Key::Recommended(row.recommendation, id),
            ListingOrder::PriceAsc | ListingOrder::PriceDesc => Key::Price(row.currency, row.amount, id),
            ListingOrder::Newest => Key::Newest(row.published_at.unwrap_or(DateTime::UNIX_EPOCH.into()), id),
            ListingOrder::Distance => Key::Distance(row.distance.unwrap_or(0), id),
        }
    }

    /// A hash of the normalized search, by its debug output: after an upgrade that changes the output a cursor is refused, never misread.
    fn digest(&self) -> [u8; 8] {
        let whole = Sha256::digest(format!("{self:?}"));
        let mut prefix = [0; 8];
        prefix.copy_from_slice(&whole[..8]);
        prefix
    }
}

fn write(digest: [u8; 8], key: &Key) -> String {
    let (currency, number, id) = match *key {
        Key::Rating(number, id) | Key::Recommended(number, id) | Key::Distance(number, id) => (None, number, id),
        Key::Price(currency, number, id) => (Some(currency), number, id),
        Key::Newest(at, id) => (None, at.unix_micros(), id),
    };
    let mut bytes = Vec::with_capacity(LENGTH);
    bytes.extend(digest);
    bytes.extend(currency.as_ref().map_or(&[0; 3][..], |currency| currency.as_str().as_bytes()));
    bytes.extend(number.to_be_bytes());
    bytes.extend(id.to_string().as_bytes());
    URL_SAFE_NO_PAD.encode(bytes)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::search::Filter;
    use types::{GeoBox, SeededEntropy};

    fn search(order: ListingOrder) -> Search {
        let area = GeoBox::new(0.0, 0.0, 1.0, 1.0);
        Search::new(Filter { area, ..Filter::default() }, None, order).unwrap()
    }

    /// A forged cursor of `search`, with every part chosen.
    fn forged(search: &Search, currency: &[u8; 3], number: i64) -> String {
        let id = ListingId::new(chrono::DateTime::UNIX_EPOCH.into(), &SeededEntropy::new(1));
        let parts = [&search.digest()[..], currency, &number.to_be_bytes(), id.to_string().as_bytes()].concat();
        URL_SAFE_NO_PAD.encode(parts)
    }

    /// S3: years above 9999 or below 0, impossible ratings and distances, a currency where there is none.
    #[test]
    fn an_impossible_position_is_refused() {
        use ListingOrder::{Distance, Newest, PriceAsc, Rating, Recommended};
        for (order, currency, number, is_right) in [
            (Rating, b"\0\0\0", 500, true),
            (Rating, b"\0\0\0", 501, false),
            (Rating, b"\0\0\0", -1, false),
            (Rating, b"SGD", 400, false),
            (Recommended, b"\0\0\0", 50_000, true),
            (Recommended, b"\0\0\0", 50_001, false),
            (Newest, b"\0\0\0", 1_782_910_800_123_456, true),
            (Newest, b"\0\0\0", 2_147_000_000_000_000_000, false),
            (Newest, b"\0\0\0", -62_167_219_200_000_001, false),
            (Newest, b"\0\0\0", i64::MIN, false),
            (PriceAsc, b"SGD", 0, true),
            (PriceAsc, b"SGD", -1, false),
            (PriceAsc, b"XXX", 1, false),
            (PriceAsc, b"\0\0\0", 1, false),
            (Distance, b"\0\0\0", 20_015_115, true),
            (Distance, b"\0\0\0", i64::MAX, false),
        ] {
            let search = search(order);
            assert_eq!(search.key(&forged(&search, currency, number)).is_ok(), is_right, "{order:?} {number}");
        }
    }

    proptest! {
        #[test]
        fn parsed_cursors_are_formatted_the_same(number: i64, order in 0..ListingOrder::ALL.len(), noise in any::<(usize, u8)>()) {
            let search = search(ListingOrder::ALL[order]);
            let currency = if matches!(search.order, ListingOrder::PriceAsc | ListingOrder::PriceDesc) { b"SGD" } else { b"\0\0\0" };
            for number in [number, number % 1_000] {
                let mut text = forged(&search, currency, number).into_bytes();
                let at = noise.0 % text.len();
                text[at] = noise.1;
                for text in [forged(&search, currency, number), String::from_utf8_lossy(&text).into_owned()] {
                    if let Ok(key) = search.key(&text) {
                        prop_assert_eq!(write(search.digest(), &key), text);
                    }
                }
            }
        }
    }
}
