//! Texts that logs must not show.

/// A secret text on its way to its owner.
#[derive(Clone, PartialEq, Eq)]
pub struct Hidden(String);

impl Hidden {
    /// The text, hidden from now on.
    pub fn new(text: String) -> Self {
        Self(text)
    }

    /// The text, for its owner.
    pub fn text(&self) -> &str {
        &self.0
    }
}

/// Without the text.
impl std::fmt::Debug for Hidden {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Hidden(…)")
    }
}
