//! Words for listings, their nights and prices.

use super::*;

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
        /// The price of the stay is beyond 2^53 - 1 minor units.
        PriceTooHigh = "PRICE_TOO_HIGH",
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
}
