//! What may be done with a listing, and by whom besides its host: the only table of it.

use super::CoHostAccess::{self, Calendar, CalendarAndMessages, Full};

/// Something that the host of a listing may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Permission {
    /// See the listing in every state.
    SeeListing,
    /// See and change its nights: what holds them, blocks, prices and restrictions.
    ManageCalendar,
    /// See its bookings and their guests.
    SeeBookings,
    /// Accept and decline its requests, and cancel its bookings, as the host does.
    AnswerBookings,
    /// Change, publish and unlist it.
    EditListing,
    /// Delete it, and decide who helps.
    Own,
}

impl Permission {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::SeeListing, Self::ManageCalendar, Self::SeeBookings, Self::AnswerBookings, Self::EditListing, Self::Own];

    /// The access of co-hosts that includes it.
    pub const fn co_hosts(self) -> &'static [CoHostAccess] {
        match self {
            Self::SeeListing | Self::ManageCalendar => &[Full, CalendarAndMessages, Calendar],
            Self::SeeBookings => &[Full, CalendarAndMessages],
            Self::AnswerBookings | Self::EditListing => &[Full],
            Self::Own => &[],
        }
    }
}

impl CoHostAccess {
    /// Whether it includes `permission`.
    pub fn includes(self, permission: Permission) -> bool {
        permission.co_hosts().contains(&self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_access_includes_the_smaller_ones_and_none_makes_an_owner() {
        let number = |access: CoHostAccess| Permission::ALL.iter().filter(|it| access.includes(**it)).count();
        assert_eq!([Full, CalendarAndMessages, Calendar].map(number), [5, 3, 2]);
        for permission in Permission::ALL {
            assert!(!Calendar.includes(permission) || CalendarAndMessages.includes(permission), "{permission:?}");
            assert!(!CalendarAndMessages.includes(permission) || Full.includes(permission), "{permission:?}");
        }
        assert!(CoHostAccess::ALL.iter().all(|access| !access.includes(Permission::Own)));
    }
}
