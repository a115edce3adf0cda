//! Words for what went wrong.

use super::*;

words! {
    /// The codes of problems in payloads, and of errors in `errors[].extensions.code`.
    ErrorCode {
        /// A value is missing, too long, out of range or malformed.
        InvalidInput = "INVALID_INPUT",
        /// Nothing with this id exists, or the viewer may not see it.
        NotFound = "NOT_FOUND",
        /// An account with this email already exists.
        EmailTaken = "EMAIL_TAKEN",
        /// Incorrect email or password.
        InvalidCredentials = "INVALID_CREDENTIALS",
        /// The refresh token is unknown, expired, revoked or already used.
        InvalidSession = "INVALID_SESSION",
        /// Too many attempts, or too many unpaid bookings; retry later.
        TooManyAttempts = "TOO_MANY_ATTEMPTS",
        /// Some of the nights are not available.
        NightsUnavailable = "NIGHTS_UNAVAILABLE",
        /// The stay breaks a rule of the listing.
        StayNotAllowed = "STAY_NOT_ALLOWED",
        /// The quote has expired; a new quote is attached.
        QuoteExpired = "QUOTE_EXPIRED",
        /// The booking's or listing's state does not allow this.
        StateConflict = "STATE_CONFLICT",
        /// The payment provider declined the payment.
        PaymentDeclined = "PAYMENT_DECLINED",
        /// The payment provider did not respond; retry with the same key.
        PaymentUnavailable = "PAYMENT_UNAVAILABLE",
        /// The idempotency key was already used with another input.
        IdempotencyConflict = "IDEMPOTENCY_CONFLICT",
        /// The listing lacks fields that are required for publishing.
        ListingIncomplete = "LISTING_INCOMPLETE",
        /// The viewer cannot review this booking now.
        NotReviewable = "NOT_REVIEWABLE",
        /// Top-level: the operation requires a signed-in viewer.
        Unauthenticated = "UNAUTHENTICATED",
        /// Never returned: what the viewer may not see is not found, and what the viewer may not do is a problem of the mutation.
        Forbidden = "FORBIDDEN",
        /// Top-level: an id is malformed.
        BadId = "BAD_ID",
        /// Top-level: a cursor is malformed, or belongs to another order or filter.
        BadCursor = "BAD_CURSOR",
        /// Top-level: events after a cursor have been deleted.
        CursorExpired = "CURSOR_EXPIRED",
        /// Top-level: the viewer has too many open subscriptions.
        TooManySubscriptions = "TOO_MANY_SUBSCRIPTIONS",
        /// Top-level: an argument of a query is out of range or contradicts another.
        BadUserInput = "BAD_USER_INPUT",
        /// Top-level: the server is too busy, or the service is temporarily unavailable; retry in a moment.
        Unavailable = "UNAVAILABLE",
        /// Top-level: a server error; include the request id when you report it.
        Internal = "INTERNAL",
    }
}
