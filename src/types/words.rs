//! Words with few values: states, kinds, reasons. Each is the enum of the contract with the same name, and the text that the
//! database holds.

use std::{fmt, str::FromStr};

use diesel::{
    deserialize::{self, FromSql, FromSqlRow},
    expression::AsExpression,
    mysql::{Mysql, MysqlValue},
    serialize::{self, Output, ToSql},
    sql_types::Text,
};

/// A text that is not one of the words.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a {kind}")]
pub struct UnknownWord {
    /// The text.
    pub text: String,
    /// The kind of word that was expected.
    pub kind: &'static str,
}

macro_rules! words {
    ($($(#[$doc:meta])* $name:ident { $($(#[$item_doc:meta])* $item:ident = $text:literal,)* })*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, async_graphql::Enum, AsExpression, FromSqlRow)]
        #[diesel(sql_type = Text)]
        pub enum $name {
            $($(#[$item_doc])* #[graphql(name = $text)] $item,)*
        }

        impl $name {
            /// All of them, in order.
            pub const ALL: &'static [Self] = &[$(Self::$item,)*];

            /// The word.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$item => $text,)*
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl FromStr for $name {
            type Err = UnknownWord;
            fn from_str(text: &str) -> Result<Self, UnknownWord> {
                match text {
                    $($text => Ok(Self::$item),)*
                    _ => Err(UnknownWord { text: text.chars().take(40).collect(), kind: stringify!($name) }),
                }
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                <String as serde::Deserialize>::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
            }
        }

        impl FromSql<Text, Mysql> for $name {
            fn from_sql(value: MysqlValue<'_>) -> deserialize::Result<Self> {
                Ok(std::str::from_utf8(value.as_bytes())?.parse()?)
            }
        }

        impl ToSql<Text, Mysql> for $name {
            fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Mysql>) -> serialize::Result {
                <str as ToSql<Text, Mysql>>::to_sql(self.as_str(), out)
            }
        }
    )*};
}

words! {
    /// What can hold a night of a listing. Only one of them can hold it at a time.
    NightHold {
        /// A booking that waits for its payment.
        Hold = "HOLD",
        /// A request that waits for the host's answer.
        Request = "REQUEST",
        /// A confirmed booking.
        Booking = "BOOKING",
        /// The host blocked the night.
        Block = "BLOCK",
        /// An imported calendar says it is taken.
        External = "EXTERNAL",
    }

    /// States of a listing.
    ListingStatus {
        /// Being written; only the host sees it.
        Draft = "DRAFT",
        /// Found and booked by guests.
        Published = "PUBLISHED",
        /// Taken off by the host; existing bookings stay.
        Unlisted = "UNLISTED",
    }

    /// How much of the place the guest has.
    RoomType {
        /// The whole place.
        EntireHome = "ENTIRE_HOME",
        /// A room of one's own in a shared place.
        PrivateRoom = "PRIVATE_ROOM",
        /// A bed in a shared room.
        SharedRoom = "SHARED_ROOM",
        /// A room in a hotel.
        HotelRoom = "HOTEL_ROOM",
    }

    /// What kind of building it is.
    PropertyType {
        /// Flat in a rental building.
        Apartment = "APARTMENT",
        /// Flat in a condominium.
        Condo = "CONDO",
        /// Flat with hotel services.
        ServicedApartment = "SERVICED_APARTMENT",
        /// Loft.
        Loft = "LOFT",
        /// House, home or place of a family.
        House = "HOUSE",
        /// Townhouse.
        Townhouse = "TOWNHOUSE",
        /// Villa.
        Villa = "VILLA",
        /// Bungalow or cabin.
        Bungalow = "BUNGALOW",
        /// Guesthouse or guest suite.
        Guesthouse = "GUESTHOUSE",
        /// Bed and breakfast.
        BedAndBreakfast = "BED_AND_BREAKFAST",
        /// Hotel, boutique hotel or aparthotel.
        Hotel = "HOTEL",
        /// Hostel.
        Hostel = "HOSTEL",
        /// Boat, tent, tiny home and the like.
        UniqueStay = "UNIQUE_STAY",
        /// Anything else.
        Other = "OTHER",
    }

    /// Why a night or a stay cannot be booked.
    UnavailableReason {
        /// Another guest has the night, or holds it while paying.
        Booked = "BOOKED",
        /// The host or an outside calendar blocked the night.
        Blocked = "BLOCKED",
        /// The night is kept free before or after another stay.
        Preparation = "PREPARATION",
        /// The night is over, or too near for the host's notice.
        AdvanceNotice = "ADVANCE_NOTICE",
        /// The day is further ahead than the host takes bookings.
        BookingWindow = "BOOKING_WINDOW",
        /// Fewer nights than the listing asks for.
        MinNights = "MIN_NIGHTS",
        /// More nights than the listing allows.
        MaxNights = "MAX_NIGHTS",
        /// No arrivals on this day.
        ClosedToArrival = "CLOSED_TO_ARRIVAL",
        /// No departures on this day.
        ClosedToDeparture = "CLOSED_TO_DEPARTURE",
        /// More guests than the listing takes.
        MaxGuests = "MAX_GUESTS",
        /// Pets may not come.
        NoPets = "NO_PETS",
        /// The listing is not published.
        NotPublished = "NOT_PUBLISHED",
        /// Hosts do not book their own listings.
        OwnListing = "OWN_LISTING",
    }

    /// What a guest gets back on cancellation. `cancellationTimeline` of a quote or booking has the exact instants.
    CancellationPolicy {
        /// Everything back until 24 hours before check-in; later the first night is kept.
        Flexible = "FLEXIBLE",
        /// Everything back until 5 days before check-in; later one night and half of the rest are kept.
        Moderate = "MODERATE",
        /// Everything back until 14 days before check-in, half until 7 days, then nothing.
        Limited = "LIMITED",
        /// Everything back until 30 days before check-in, half until 7 days, then nothing.
        Firm = "FIRM",
        /// Everything back within 48 hours of booking if check-in is 14 days away, half until 7 days before, then nothing.
        Strict = "STRICT",
        /// Stays of 28 nights and more: everything back until 30 days before; later 30 nights are kept.
        FirmLongTerm = "FIRM_LONG_TERM",
        /// Stays of 28 nights and more: everything back within 48 hours of booking if check-in is 28 days away; later 30 nights are kept.
        StrictLongTerm = "STRICT_LONG_TERM",
    }

    /// In which order to list what was found. Equals are put in order by id, so that pages never overlap.
    ListingOrder {
        /// Best rated first; listings without ratings last.
        Rating = "RATING",
        /// Cheapest first: the whole stay when `stay` is given, else a night.
        PriceAsc = "PRICE_ASC",
        /// Dearest first.
        PriceDesc = "PRICE_DESC",
        /// Latest published first.
        Newest = "NEWEST",
        /// Nearest to the middle of the box first; needs `where.box`.
        Distance = "DISTANCE",
    }

    /// What a line of a price is for.
    PriceLineKind {
        /// The nights.
        Nights = "NIGHTS",
        /// Discount for a long stay.
        LengthDiscount = "LENGTH_DISCOUNT",
        /// Cleaning, once.
        CleaningFee = "CLEANING_FEE",
        /// Guests above the number included.
        ExtraGuestFee = "EXTRA_GUEST_FEE",
        /// Pets, once.
        PetFee = "PET_FEE",
        /// The platform's fee.
        ServiceFee = "SERVICE_FEE",
        /// A tax.
        Tax = "TAX",
    }

    /// States of a booking.
    BookingStatus {
        /// Instant book: the nights are held until the payment, for 15 minutes.
        PendingPayment = "PENDING_PAYMENT",
        /// Request to book: the nights are held until the host answers.
        Requested = "REQUESTED",
        /// Paid and certain.
        Confirmed = "CONFIRMED",
        /// The stay has begun.
        CheckedIn = "CHECKED_IN",
        /// The stay is over.
        Completed = "COMPLETED",
        /// The host said no.
        Declined = "DECLINED",
        /// Nobody paid or answered in time.
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
        /// Made as a request to the host.
        Requested = "REQUESTED",
        /// A payment needs the guest's confirmation.
        PaymentConfirmationRequired = "PAYMENT_CONFIRMATION_REQUIRED",
        /// A payment was authorized; the host can accept.
        PaymentAuthorized = "PAYMENT_AUTHORIZED",
        /// A payment was taken.
        PaymentCaptured = "PAYMENT_CAPTURED",
        /// A payment was declined.
        PaymentDeclined = "PAYMENT_DECLINED",
        /// The booking is certain.
        Confirmed = "CONFIRMED",
        /// The host said no.
        Declined = "DECLINED",
        /// Nobody paid or answered in time.
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
        /// Too many tries; wait.
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
        /// Top-level: the viewer may not do this.
        Forbidden = "FORBIDDEN",
        /// Top-level: an id is not one of ours.
        BadId = "BAD_ID",
        /// Top-level: a cursor is not one of ours, or belongs to another order or filter.
        BadCursor = "BAD_CURSOR",
        /// Top-level: an argument of a query is out of range or contradicts another.
        BadUserInput = "BAD_USER_INPUT",
        /// Top-level: the server is too busy; try again.
        Unavailable = "UNAVAILABLE",
        /// Top-level: our fault; quote the request id.
        Internal = "INTERNAL",
    }

    /// What holds a night, as the database says it.
    NightKind {
        /// A booking that waits for its payment.
        Hold = "HOLD",
        /// A request that waits for the host's answer.
        Request = "REQUEST",
        /// A confirmed booking.
        Booking = "BOOKING",
        /// Kept free after a stay.
        Preparation = "PREPARATION",
        /// The host blocked it.
        Block = "BLOCK",
        /// An imported calendar says it is taken.
        External = "EXTERNAL",
    }

    /// The side of a booking, and of a feed of its events.
    Side {
        /// Who booked.
        Guest = "GUEST",
        /// Who hosts.
        Host = "HOST",
    }
}
