//! Enums of bookings, payments and reviews.

use super::*;

enums! {
    /// States of a booking.
    BookingStatus {
        /// Instant book: the nights are held for 15 minutes, until the payment.
        PendingPayment = "PENDING_PAYMENT",
        /// Request to book: the guest has 30 minutes to pay; until then it holds no nights and the host does not see it. Once the payment is authorized the nights are held until the host responds, at most 24 hours.
        Requested = "REQUESTED",
        /// Paid and confirmed.
        Confirmed = "CONFIRMED",
        /// The stay has begun.
        CheckedIn = "CHECKED_IN",
        /// The stay has ended.
        Completed = "COMPLETED",
        /// The host declined the request.
        Declined = "DECLINED",
        /// The guest did not pay or the host did not respond in time, or the nights of a request were taken before its payment was authorized.
        Expired = "EXPIRED",
        /// The guest or the host canceled.
        Cancelled = "CANCELLED",
    }

    /// Actions on a booking.
    BookingAction {
        /// The guest pays: `payBooking`.
        Pay = "PAY",
        /// The host accepts a request: `acceptBooking`.
        Accept = "ACCEPT",
        /// The host declines a request: `declineBooking`.
        Decline = "DECLINE",
        /// The guest or the host cancels: `cancelBooking`.
        Cancel = "CANCEL",
        /// The guest writes a review: `writeReview`.
        Review = "REVIEW",
    }

    /// States of a payment.
    PaymentStatus {
        /// The payment provider was asked; its answer is awaited.
        Authorizing = "AUTHORIZING",
        /// The guest must confirm: see `nextAction`.
        RequiresConfirmation = "REQUIRES_CONFIRMATION",
        /// The money is authorized, not captured: a request waits for the host.
        Authorized = "AUTHORIZED",
        /// The host has accepted; the money is being captured.
        Capturing = "CAPTURING",
        /// The money was captured.
        Captured = "CAPTURED",
        /// The payment is not needed; the authorization is being voided.
        Voiding = "VOIDING",
        /// The authorization was voided, or the payment came too late and was reversed.
        Voided = "VOIDED",
        /// The payment provider declined the payment.
        Declined = "DECLINED",
    }

    /// What the guest must do to continue a payment.
    PaymentNextActionKind {
        /// Confirm with the bank.
        Confirm = "CONFIRM",
    }

    /// Why a payment was declined.
    DeclineReason {
        /// The bank gave no reason.
        CardDeclined = "CARD_DECLINED",
        /// Insufficient funds.
        InsufficientFunds = "INSUFFICIENT_FUNDS",
        /// The card is no longer valid.
        ExpiredCard = "EXPIRED_CARD",
        /// The confirmation by the guest's bank failed.
        ConfirmationFailed = "CONFIRMATION_FAILED",
    }

    /// The reason for a refund.
    RefundReason {
        /// The guest canceled.
        GuestCancelled = "GUEST_CANCELLED",
        /// The host canceled.
        HostCancelled = "HOST_CANCELLED",
        /// The payment arrived after the hold had expired.
        HoldExpired = "HOLD_EXPIRED",
        /// The payment provider captured a payment that it had declined or voided before.
        UnexpectedCapture = "UNEXPECTED_CAPTURE",
        /// Staff decided it, apart from a cancellation.
        StaffDecision = "STAFF_DECISION",
    }

    /// Brands of cards.
    CardBrand {
        /// Visa.
        Visa = "VISA",
        /// Mastercard.
        Mastercard = "MASTERCARD",
        /// American Express.
        Amex = "AMERICAN_EXPRESS",
        /// Another one.
        Other = "OTHER",
    }

    /// States of a refund.
    RefundStatus {
        /// Decided; being sent to the payment provider.
        Pending = "PENDING",
        /// The payment provider has sent the money.
        Succeeded = "SUCCEEDED",
        /// The payment provider could not send the money. Support takes care of it.
        Failed = "FAILED",
    }

    /// A set of rules for prices and cancellations, by the month since which it is in force. What was priced by one keeps it.
    RuleSetVersion {
        /// January 2026.
        January2026 = "2026-01",
        /// November 2026.
        November2026 = "2026-11",
    }

    /// Kinds of events of a booking.
    BookingEventKind {
        /// Created with instant book; the nights are held.
        Created = "CREATED",
        /// Created as a request; the host sees it when the payment is authorized.
        Requested = "REQUESTED",
        /// A payment needs the guest's confirmation.
        PaymentConfirmationRequired = "PAYMENT_CONFIRMATION_REQUIRED",
        /// A payment was authorized: the nights are held, and the host can accept.
        PaymentAuthorized = "PAYMENT_AUTHORIZED",
        /// A payment was captured.
        PaymentCaptured = "PAYMENT_CAPTURED",
        /// A payment was declined.
        PaymentDeclined = "PAYMENT_DECLINED",
        /// The booking is confirmed.
        Confirmed = "CONFIRMED",
        /// The host declined the request.
        Declined = "DECLINED",
        /// The guest did not pay or the host did not respond in time, or the nights of a request were taken before its payment was authorized.
        Expired = "EXPIRED",
        /// The guest canceled.
        CancelledByGuest = "CANCELLED_BY_GUEST",
        /// The host canceled.
        CancelledByHost = "CANCELLED_BY_HOST",
        /// A refund to the guest was created.
        RefundCreated = "REFUND_CREATED",
        /// The payment provider could not send a refund. Support takes care of it.
        RefundFailed = "REFUND_FAILED",
        /// The stay has begun.
        CheckedIn = "CHECKED_IN",
        /// The stay has ended.
        Completed = "COMPLETED",
        /// The guest wrote a review.
        Reviewed = "REVIEWED",
        /// The rules of the time zone changed, and therefore an instant of the booking; its local times are unchanged.
        TimesChanged = "TIMES_CHANGED",
        /// The listing moved to another place; the booking keeps its original place.
        ListingMoved = "LISTING_MOVED",
    }

    /// Test methods of the embedded sandbox provider. No money moves.
    SandboxMethod {
        /// Always succeeds.
        CardOk = "CARD_OK",
        /// Always declined, without a reason.
        CardDeclined = "CARD_DECLINED",
        /// Always declined: insufficient funds.
        CardInsufficientFunds = "CARD_INSUFFICIENT_FUNDS",
        /// Requires the guest's confirmation, then succeeds.
        CardNeedsConfirmation = "CARD_NEEDS_CONFIRMATION",
        /// Requires the guest's confirmation, which then fails.
        CardConfirmationFails = "CARD_CONFIRMATION_FAILS",
    }

    /// The side of a booking, and of a feed of its events.
    Side {
        /// The guest.
        Guest = "GUEST",
        /// The host.
        Host = "HOST",
    }
}
