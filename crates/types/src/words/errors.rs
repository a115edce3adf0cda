//! Words for what went wrong.

use super::*;

words! {
    /// The codes of problems in payloads, and of errors in `errors[].extensions.code`.
    ErrorCode {
        /// A value is missing, too long, out of range or of the wrong form.
        InvalidInput = "INVALID_INPUT",
        /// Nothing with this id exists, or the viewer may not see it.
        NotFound = "NOT_FOUND",
        /// The e-mail address has an account already.
        EmailTaken = "EMAIL_TAKEN",
        /// The e-mail address and the password do not belong together.
        InvalidCredentials = "INVALID_CREDENTIALS",
        /// The refresh token is unknown, expired, revoked or was used before.
        InvalidSession = "INVALID_SESSION",
        /// Too many tries, or too many unpaid bookings; wait.
        TooManyAttempts = "TOO_MANY_ATTEMPTS",
        /// Some of the nights are taken.
        NightsUnavailable = "NIGHTS_UNAVAILABLE",
        /// The stay breaks a rule of the listing.
        StayNotAllowed = "STAY_NOT_ALLOWED",
        /// The quote's time is over; a new quote is attached.
        QuoteExpired = "QUOTE_EXPIRED",
        /// The booking's or listing's state does not allow this.
        StateConflict = "STATE_CONFLICT",
        /// The payment provider declined.
        PaymentDeclined = "PAYMENT_DECLINED",
        /// The payment provider did not answer; the same key may be sent again.
        PaymentUnavailable = "PAYMENT_UNAVAILABLE",
        /// The idempotency key was used with another input.
        IdempotencyConflict = "IDEMPOTENCY_CONFLICT",
        /// The listing lacks something that it needs to be published.
        ListingIncomplete = "LISTING_INCOMPLETE",
        /// The booking cannot be reviewed by this viewer now.
        NotReviewable = "NOT_REVIEWABLE",
        /// Top-level: the operation needs a signed-in viewer.
        Unauthenticated = "UNAUTHENTICATED",
        /// Never sent: what the viewer may not see is not found, and what the viewer may not do is a problem of the mutation.
        Forbidden = "FORBIDDEN",
        /// Top-level: an id is not one of ours.
        BadId = "BAD_ID",
        /// Top-level: a cursor is not one of ours, or belongs to another order or filter.
        BadCursor = "BAD_CURSOR",
        /// Top-level: events after a cursor are no longer kept.
        CursorExpired = "CURSOR_EXPIRED",
        /// Top-level: the viewer has too many subscriptions open.
        TooManySubscriptions = "TOO_MANY_SUBSCRIPTIONS",
        /// Top-level: an argument of a query is out of range or contradicts another.
        BadUserInput = "BAD_USER_INPUT",
        /// Top-level: the server is too busy, or the service is temporarily unavailable; try again in a moment.
        Unavailable = "UNAVAILABLE",
        /// Top-level: our fault; quote the request id.
        Internal = "INTERNAL",
    }
}
