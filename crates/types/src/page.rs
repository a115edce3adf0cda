//! Pages of lists.

/// How much of a list is asked for, checked once.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Page<C> {
    /// At most this many items.
    pub first: usize,
    /// Those after this place.
    pub after: Option<C>,
}

/// A page that cannot be given.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PageError {
    /// `first` is out of bounds.
    #[error("`first` must be from 1 to {max}")]
    First {
        /// The most items of a page.
        max: usize,
    },
    /// The cursor is not one of this list's.
    #[error("the cursor is not valid for this list")]
    Cursor,
}

impl<C> Page<C> {
    /// The most items of a page.
    pub const MAX: usize = 100;
    /// The items of a page that does not say how many.
    pub const DEFAULT: usize = 20;

    /// The page that `first` and `after` ask for.
    pub fn new(first: Option<i32>, after: Option<C>) -> Result<Self, PageError> {
        let first = usize::try_from(first.unwrap_or(Self::DEFAULT as i32)).unwrap_or(0);
        if !(1..=Self::MAX).contains(&first) {
            return Err(PageError::First { max: Self::MAX });
        }
        Ok(Self { first, after })
    }

    /// How many rows to read: one more than asked for tells whether there is a next page.
    pub fn limit(&self) -> i64 {
        self.first as i64 + 1
    }

    /// Cuts `rows`, read with [`Page::limit`], to the page.
    pub fn cut<T>(&self, mut rows: Vec<T>) -> PageOf<T> {
        let has_next = rows.len() > self.first;
        rows.truncate(self.first);
        PageOf { items: rows, has_next, has_previous: self.after.is_some() }
    }
}

/// The items of a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageOf<T> {
    /// The items, in order.
    pub items: Vec<T>,
    /// Whether more follow.
    pub has_next: bool,
    /// Whether the page began after a cursor.
    pub has_previous: bool,
}

impl<T> Default for PageOf<T> {
    /// A page of nothing.
    fn default() -> Self {
        Self { items: Vec::new(), has_next: false, has_previous: false }
    }
}

impl<T> PageOf<T> {
    /// The same page of other items.
    pub fn map<U>(self, change: impl FnMut(T) -> U) -> PageOf<U> {
        PageOf {
            items: self.items.into_iter().map(change).collect(),
            has_next: self.has_next,
            has_previous: self.has_previous,
        }
    }
}
