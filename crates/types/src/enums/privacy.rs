//! Enums of personal data.

use super::*;

enums! {
    /// Documents that people agree to.
    ConsentDocument {
        /// The terms of the platform.
        Terms = "TERMS",
        /// The privacy policy.
        Privacy = "PRIVACY",
        /// Mails with offers. Never required.
        Marketing = "MARKETING",
    }

    /// Whether an export can be read.
    DataExportState {
        /// It can be read.
        Ready = "READY",
        /// It can be read only in the session that requested it, which is not that of the viewer.
        OtherSession = "OTHER_SESSION",
        /// It can no longer be read. Request a new one.
        Expired = "EXPIRED",
    }

    /// Kinds of parts of an export.
    DataExportKind {
        /// The profile and the account.
        Profile = "PROFILE",
        /// Sessions that have not been deleted yet.
        Sessions = "SESSIONS",
        /// Known devices.
        Devices = "DEVICES",
        /// Passkeys, without their keys.
        Passkeys = "PASSKEYS",
        /// Links with identity providers.
        LinkedProviders = "LINKED_PROVIDERS",
        /// Decisions about legal documents.
        Consents = "CONSENTS",
        /// When staff acted as the person, and why.
        Impersonations = "IMPERSONATIONS",
        /// Grants of roles.
        Roles = "ROLES",
        /// Listings, with their photos.
        Listings = "LISTINGS",
        /// Listings of others that the person helps with.
        CoHosting = "CO_HOSTING",
        /// Cases that the person has opened.
        Cases = "CASES",
        /// Wishlists, with their items.
        Wishlists = "WISHLISTS",
        /// Quotes.
        Quotes = "QUOTES",
        /// Bookings as a guest.
        Trips = "TRIPS",
        /// Bookings as a host.
        HostedBookings = "HOSTED_BOOKINGS",
        /// Payments for bookings as a guest.
        Payments = "PAYMENTS",
        /// Refunds of these payments.
        Refunds = "REFUNDS",
        /// Reviews that the person wrote.
        Reviews = "REVIEWS",
        /// Events of bookings, as a guest.
        GuestEvents = "GUEST_EVENTS",
        /// Events of bookings, as a host.
        HostEvents = "HOST_EVENTS",
    }

    /// Why an account is not erased yet.
    ErasureState {
        /// The person can still cancel it, or bookings have not ended.
        Scheduled = "SCHEDULED",
        /// The account is closed, and its data are kept for a legal hold.
        Held = "HELD",
    }
}
