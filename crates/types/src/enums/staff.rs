//! Enums of staff and of the audit log.

use super::*;

enums! {
    /// Roles of those who run the platform.
    StaffRole {
        /// Helps guests and hosts: finds people, listings and bookings, suspends and restores them, and cancels bookings.
        Support = "SUPPORT",
        /// Looks after the money: finds bookings and payments, cancels and refunds, and reads the figures.
        Finance = "FINANCE",
        /// May do everything, grants roles and reads the audit log.
        Admin = "ADMIN",
    }

    /// What an entry of the audit log records.
    AuditAction {
        /// A role was granted.
        RoleGranted = "ROLE_GRANTED",
        /// A role was ended before it expired.
        RoleEnded = "ROLE_ENDED",
        /// The email of a person was looked at.
        PersonViewed = "PERSON_VIEWED",
        /// A person was suspended.
        PersonSuspended = "PERSON_SUSPENDED",
        /// A person was restored.
        PersonRestored = "PERSON_RESTORED",
        /// A listing was suspended.
        ListingSuspended = "LISTING_SUSPENDED",
        /// A listing was restored.
        ListingRestored = "LISTING_RESTORED",
        /// A booking was canceled on behalf of its guest or host.
        BookingCancelled = "BOOKING_CANCELLED",
    }

    /// What a suspension or a restoration does.
    DeskEffectKind {
        /// The person can no longer sign in.
        PersonSuspended = "PERSON_SUSPENDED",
        /// The person can sign in again.
        PersonRestored = "PERSON_RESTORED",
        /// Sessions end at once.
        SessionsEnded = "SESSIONS_ENDED",
        /// Listings can no longer be found or booked.
        ListingsHidden = "LISTINGS_HIDDEN",
        /// Listings return to their states before.
        ListingsShown = "LISTINGS_SHOWN",
        /// Listings stay suspended, because they or their host are suspended for another reason.
        ListingsStaySuspended = "LISTINGS_STAY_SUSPENDED",
        /// Bookings that have not ended stay as they are.
        BookingsStay = "BOOKINGS_STAY",
    }
}
