//! Positions in lists that are ordered by time.

use std::{fmt::Display, str::FromStr};

use super::{Page, PageError, PageOf, Timestamp, cursor};

/// A position in a list with the newest row first: after the row created at `at` with this ID. The
/// older position is the smaller one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Newest<Id> {
    /// When the row was created.
    pub at: Timestamp,
    /// Its ID, which orders rows of the same instant.
    pub id: Id,
}

impl<Id: Display + FromStr> Newest<Id> {
    /// Formats it as an opaque text for clients.
    pub fn to_cursor(&self) -> String {
        cursor::to_cursor(&self.at, &self.id)
    }

    /// Parses the text of [`Self::to_cursor`].
    ///
    /// # Errors
    /// [`PageError::Cursor`] when the text is something else.
    pub fn from_cursor(text: &str) -> Result<Self, PageError> {
        cursor::from_cursor(text).map(|(at, id)| Self { at, id })
    }

    /// The page for the arguments `first` and `after`.
    ///
    /// # Errors
    /// [`PageError`] when `first` is out of range or the cursor is invalid.
    pub fn page(first: Option<i32>, after: Option<&str>) -> Result<Page<Self>, PageError> {
        Page::new(first, after.map(Self::from_cursor).transpose()?)
    }
}

impl<Id: Ord + Copy> Page<Newest<Id>> {
    /// Cuts the page from `rows`, which contain at least those read for it with [`Page::limit`],
    /// and possibly those of other pages of the same list, in any order.
    pub fn cut_out<T: Clone>(&self, rows: &[T], place: impl Fn(&T) -> Newest<Id>) -> PageOf<T> {
        let mut found: Vec<(Newest<Id>, T)> = rows
            .iter()
            .map(|row| (place(row), row.clone()))
            .filter(|(place, _)| self.after.is_none_or(|after| *place < after))
            .collect();
        found.sort_by(|(a, _), (b, _)| b.cmp(a));
        found.dedup_by(|(a, _), (b, _)| a == b);
        self.cut(found).map(|(_, row)| row)
    }
}

#[cfg(test)]
mod tests {
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

    use super::*;
    use crate::{ListingId, ReviewId, SeededEntropy};

    fn place() -> Newest<ListingId> {
        let at = chrono::DateTime::from_timestamp_micros(1_782_910_800_123_456).unwrap().into();
        Newest { at, id: ListingId::new(at, &SeededEntropy::new(7)) }
    }

    #[test]
    fn a_cursor_has_its_position() {
        assert_eq!(Newest::from_cursor(&place().to_cursor()), Ok(place()));
    }

    #[test]
    fn a_cursor_of_another_list_or_malformed_is_refused() {
        let cursor = place().to_cursor();
        assert_eq!(Newest::<ReviewId>::from_cursor(&cursor), Err(PageError::Cursor));
        let far = URL_SAFE_NO_PAD.encode(format!("{}.{}", i64::MAX, place().id));
        let padded = URL_SAFE_NO_PAD.encode(format!("+5.{}", place().id));
        for text in ["", "abc", "é", &cursor[1..], &format!("{cursor}="), &far, &padded] {
            assert_eq!(Newest::<ListingId>::from_cursor(text), Err(PageError::Cursor), "{text:?}");
        }
    }

    #[test]
    fn a_page_is_checked_as_a_whole() {
        assert_eq!(Newest::<ListingId>::page(None, None).unwrap().first, 20);
        assert_eq!(Newest::<ListingId>::page(Some(101), None), Err(PageError::First { max: 100 }));
        assert_eq!(Newest::<ListingId>::page(Some(1), Some("x")), Err(PageError::Cursor));
    }

    #[test]
    fn a_page_is_cut_out_of_the_rows_of_several() {
        let place =
            |&micros: &i64| Newest { at: chrono::DateTime::from_timestamp_micros(micros).unwrap().into(), id: 0 };
        let page = Page { first: 2, after: Some(place(&9)) };
        assert_eq!(page.cut_out(&[3, 9, 5, 7, 5, 12], place).items, [7, 5]);
        assert!(page.cut_out(&[3, 5, 7], place).has_next && !page.cut_out(&[5, 7, 5, 9], place).has_next);
    }
}
