//! Enums of people who help hosts.

use super::*;

enums! {
    /// What a co-host may do with a listing.
    CoHostAccess {
        /// Everything except to delete the listing, to decide who helps, and to see what the host earns.
        Full = "FULL",
        /// The calendar with its prices, and the bookings of the listing with their guests. It will include messages when there are any.
        CalendarAndMessages = "CALENDAR_AND_MESSAGES",
        /// The calendar with its prices. Nights that are booked show it, but not by whom.
        Calendar = "CALENDAR",
    }
}
