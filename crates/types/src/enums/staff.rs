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

    /// How figures are grouped.
    AnalyticsBy {
        /// By day.
        Day = "DAY",
        /// By city.
        City = "CITY",
        /// By host.
        Host = "HOST",
    }

    /// Features that an admin can turn off.
    Feature {
        /// New accounts: `registerUser`, and the first sign-in of a person with an identity provider.
        Registrations = "REGISTRATIONS",
        /// New listings, and their publication: `createListing`, `publishListing`.
        Listings = "LISTINGS",
        /// New bookings: `createBooking`. What was booked before can be paid.
        Bookings = "BOOKINGS",
        /// New reviews: `writeReview`.
        Reviews = "REVIEWS",
        /// New cases: `openCase`.
        Cases = "CASES",
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
        /// A refund apart from a cancellation was decided.
        RefundDecided = "REFUND_DECIDED",
        /// A feature was turned on or off.
        FeatureSwitched = "FEATURE_SWITCHED",
        /// A case was assigned, moved to another state, or decided.
        CaseUpdated = "CASE_UPDATED",
        /// A note was added to a case.
        CaseNoteAdded = "CASE_NOTE_ADDED",
        /// A review was hidden.
        ReviewHidden = "REVIEW_HIDDEN",
        /// A hidden review was restored.
        ReviewRestored = "REVIEW_RESTORED",
        /// A legal hold was placed on the data of a person.
        LegalHoldPlaced = "LEGAL_HOLD_PLACED",
        /// A legal hold was ended before it expired.
        LegalHoldEnded = "LEGAL_HOLD_ENDED",
        /// Data that a legal hold keeps were read.
        HeldDataRead = "HELD_DATA_READ",
        /// Staff began to act as a person.
        PersonImpersonated = "PERSON_IMPERSONATED",
        /// Staff no longer act as a person.
        ImpersonationEnded = "IMPERSONATION_ENDED",
        /// Staff changed something as a person.
        ActedAsPerson = "ACTED_AS_PERSON",
    }

    /// What a suspension, a restoration or another decision of staff does.
    DeskEffectKind {
        /// The person can no longer sign in.
        PersonSuspended = "PERSON_SUSPENDED",
        /// The person can sign in again.
        PersonRestored = "PERSON_RESTORED",
        /// Sessions end at once.
        SessionsEnded = "SESSIONS_ENDED",
        /// Impersonations end at once: those of the person, and those in the sessions that end.
        ImpersonationsEnded = "IMPERSONATIONS_ENDED",
        /// Listings can no longer be found or booked.
        ListingsHidden = "LISTINGS_HIDDEN",
        /// Listings return to their states before.
        ListingsShown = "LISTINGS_SHOWN",
        /// Listings stay suspended, because they or their host are suspended for another reason.
        ListingsStaySuspended = "LISTINGS_STAY_SUSPENDED",
        /// Bookings that have not ended stay as they are.
        BookingsStay = "BOOKINGS_STAY",
        /// The review is visible to its author only.
        ReviewHidden = "REVIEW_HIDDEN",
        /// The review is visible to everybody again.
        ReviewShown = "REVIEW_SHOWN",
        /// The review becomes visible when the time to write one has passed.
        ReviewWaits = "REVIEW_WAITS",
        /// The number of reviews and the ratings of the listing change.
        RatingsChange = "RATINGS_CHANGE",
    }
}
