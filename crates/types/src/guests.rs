//! The guests of a stay.

/// The guests of a stay.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Guests {
    /// Adults, at least one.
    pub adults: u8,
    /// Children from 2 to 12 years.
    pub children: u8,
    /// Infants under 2 years; they do not count as guests.
    pub infants: u8,
    /// Pets.
    pub pets: u8,
}

impl Guests {
    /// One adult.
    pub const ONE: Self = Self { adults: 1, children: 0, infants: 0, pets: 0 };

    /// The number that counts towards the maximum number of guests: adults and children.
    pub fn count(self) -> u16 {
        u16::from(self.adults) + u16::from(self.children)
    }
}
