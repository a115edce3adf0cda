//! Words for bookings, payments and reviews.

use super::*;

words! {
    /// States of a booking.
    BookingStatus {
        /// Instant book: the nights are held until the payment, for 15 minutes.
        PendingPayment = "PENDING_PAYMENT",
        /// Request to book: 30 minutes to pay, in which it holds nothing and the host does not see it; once money is authorized the nights are held until the host answers, for 24 hours at the most.
        Requested = "REQUESTED",
        /// Paid and certain.
        Confirmed = "CONFIRMED",
        /// The stay has begun.
        CheckedIn = "CHECKED_IN",
        /// The stay is over.
        Completed = "COMPLETED",
        /// The host said no.
        Declined = "DECLINED",
        /// Nobody paid or answered in time, or the nights of a request were taken before money was authorized for it.
        Expired = "EXPIRED",
        /// The guest or the host cancelled.
        Cancelled = "CANCELLED",
    }

    /// What can be done with a booking.
    BookingAction {
        /// The guest pays: `payBooking`.
        Pay = "PAY",
        /// The host accepts a request: `acceptBooking`.
        Accept = "ACCEPT",
        /// The host declines a request: `declineBooking`.
        Decline = "DECLINE",
        /// Guest or host cancel: `cancelBooking`.
        Cancel = "CANCEL",
        /// The guest writes a review: `writeReview`.
        Review = "REVIEW",
    }

    /// States of a payment.
    PaymentStatus {
        /// The provider is being asked.
        Processing = "PROCESSING",
        /// The guest must confirm: see `nextAction`.
        RequiresConfirmation = "REQUIRES_CONFIRMATION",
        /// Money is reserved, not taken: a request waits for the host.
        Authorized = "AUTHORIZED",
        /// Money was taken.
        Captured = "CAPTURED",
        /// The provider declined.
        Declined = "DECLINED",
        /// The reservation was let go, or the payment came too late and was undone.
        Voided = "VOIDED",
    }

    /// What the guest must do for a payment to go on.
    PaymentNextActionKind {
        /// Confirm with the bank.
        Confirm = "CONFIRM",
    }

    /// Why a payment was declined.
    DeclineReason {
        /// The bank gave no reason.
        CardDeclined = "CARD_DECLINED",
        /// Not enough money.
        InsufficientFunds = "INSUFFICIENT_FUNDS",
        /// The card is no longer valid.
        ExpiredCard = "EXPIRED_CARD",
        /// The guest's bank refused the confirmation.
        ConfirmationFailed = "CONFIRMATION_FAILED",
    }

    /// Why money was given back.
    RefundReason {
        /// The guest cancelled.
        GuestCancelled = "GUEST_CANCELLED",
        /// The host cancelled.
        HostCancelled = "HOST_CANCELLED",
        /// The payment came after the hold had ended.
        HoldExpired = "HOLD_EXPIRED",
    }

    /// States of a refund.
    RefundStatus {
        /// Decided; the provider is being told.
        Pending = "PENDING",
        /// The provider has sent it.
        Succeeded = "SUCCEEDED",
    }

    /// What can happen to a booking.
    BookingEventKind {
        /// Made with instant book; the nights are held.
        Created = "CREATED",
        /// Made as a request; the host learns of it when money is authorized.
        Requested = "REQUESTED",
        /// A payment needs the guest's confirmation.
        PaymentConfirmationRequired = "PAYMENT_CONFIRMATION_REQUIRED",
        /// A payment was authorized: the nights are held, and the host can accept.
        PaymentAuthorized = "PAYMENT_AUTHORIZED",
        /// A payment was taken.
        PaymentCaptured = "PAYMENT_CAPTURED",
        /// A payment was declined.
        PaymentDeclined = "PAYMENT_DECLINED",
        /// The booking is certain.
        Confirmed = "CONFIRMED",
        /// The host said no.
        Declined = "DECLINED",
        /// Nobody paid or answered in time, or the nights of a request were taken before money was authorized for it.
        Expired = "EXPIRED",
        /// The guest cancelled.
        CancelledByGuest = "CANCELLED_BY_GUEST",
        /// The host cancelled.
        CancelledByHost = "CANCELLED_BY_HOST",
        /// Money goes back to the guest.
        RefundCreated = "REFUND_CREATED",
        /// The stay has begun.
        CheckedIn = "CHECKED_IN",
        /// The stay is over.
        Completed = "COMPLETED",
        /// The guest wrote a review.
        Reviewed = "REVIEWED",
        /// The rules of the time zone changed, and with them an instant of the booking; its local times are the same.
        TimesChanged = "TIMES_CHANGED",
        /// The host gave the listing another place; the booking keeps the one it was made with.
        ListingMoved = "LISTING_MOVED",
    }

    /// Test methods of the embedded sandbox provider. No money moves.
    SandboxMethod {
        /// Always succeeds.
        CardOk = "CARD_OK",
        /// Always declined, without a reason.
        CardDeclined = "CARD_DECLINED",
        /// Always declined: not enough money.
        CardInsufficientFunds = "CARD_INSUFFICIENT_FUNDS",
        /// Needs the guest's confirmation, then succeeds.
        CardNeedsConfirmation = "CARD_NEEDS_CONFIRMATION",
        /// Needs the guest's confirmation, which then fails.
        CardConfirmationFails = "CARD_CONFIRMATION_FAILS",
    }

    /// The side of a booking, and of a feed of its events.
    Side {
        /// Who booked.
        Guest = "GUEST",
        /// Who hosts.
        Host = "HOST",
    }
}
