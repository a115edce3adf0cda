//! Pages of lists.

/// The requested part of a list, checked once.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Page<C> {
    /// At most this many items.
    pub first: usize,
    /// Those after this position.
    pub after: Option<C>,
}

/// An invalid page.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PageError {
    /// `first` is out of range.
    #[error("`first` must be from 1 to {max}")]
    First {
        /// The maximum number of items of a page.
        max: usize,
    },
    /// The cursor does not belong to this list.
    #[error("the cursor is not valid for this list")]
    Cursor,
}

impl<C> Page<C> {
    /// The maximum number of items of a page.
    pub const MAX: usize = 100;
    /// The default number of items of a page.
    pub const DEFAULT: usize = 20;

    /// The page for the arguments `first` and `after`.
    pub fn new(first: Option<i32>, after: Option<C>) -> Result<Self, PageError> {
        let first = usize::try_from(first.unwrap_or(Self::DEFAULT as i32)).unwrap_or(0);
        if !(1..=Self::MAX).contains(&first) {
            return Err(PageError::First { max: Self::MAX });
        }
        Ok(Self { first, after })
    }

    /// The number of rows to read: one more than requested, to find out whether there is a next
    /// page.
    pub fn limit(&self) -> i64 {
        self.first as i64 + 1
    }

    /// Cuts the page from `rows`, which were read with [`Page::limit`].
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
    /// Whether there is a next page.
    pub has_next: bool,
    /// Whether the page started after a cursor.
    pub has_previous: bool,
}

impl<T> Default for PageOf<T> {
    /// An empty page.
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
