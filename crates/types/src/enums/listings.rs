//! Enums of listings, their nights and prices.

use super::*;

enums! {
    /// What can occupy a night of a listing. A night has at most one of these.
    NightHold {
        /// An unpaid booking that holds the night until it is paid.
        Hold = "HOLD",
        /// A booking request that waits for the host's response.
        Request = "REQUEST",
        /// A confirmed booking.
        Booking = "BOOKING",
        /// The host blocked the night.
        Block = "BLOCK",
        /// The night is taken in an imported calendar.
        External = "EXTERNAL",
    }

    /// States of a listing.
    ListingStatus {
        /// A draft that only the host can see.
        Draft = "DRAFT",
        /// Guests can find and book it.
        Published = "PUBLISHED",
        /// Unlisted by the host; existing bookings are not affected.
        Unlisted = "UNLISTED",
        /// Suspended by the platform, or its host is; nobody can find or book it, and existing bookings are not affected.
        Suspended = "SUSPENDED",
    }

    /// How much of the place the guest gets.
    RoomType {
        /// The whole place.
        EntireHome = "ENTIRE_HOME",
        /// A private room in a shared place.
        PrivateRoom = "PRIVATE_ROOM",
        /// A bed in a shared room.
        SharedRoom = "SHARED_ROOM",
        /// A room in a hotel.
        HotelRoom = "HOTEL_ROOM",
    }

    /// Type of the building.
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
        /// Another guest has booked the night, or holds it until payment.
        Booked = "BOOKED",
        /// The host or an external calendar blocked the night.
        Blocked = "BLOCKED",
        /// The night is blocked before or after another stay.
        Preparation = "PREPARATION",
        /// The night has passed, or is too soon for the host's advance notice.
        AdvanceNotice = "ADVANCE_NOTICE",
        /// The day is beyond the host's booking window.
        BookingWindow = "BOOKING_WINDOW",
        /// Fewer nights than the minimum.
        MinNights = "MIN_NIGHTS",
        /// More nights than the maximum.
        MaxNights = "MAX_NIGHTS",
        /// No arrivals on this day.
        ClosedToArrival = "CLOSED_TO_ARRIVAL",
        /// No departures on this day.
        ClosedToDeparture = "CLOSED_TO_DEPARTURE",
        /// More guests than the listing allows.
        MaxGuests = "MAX_GUESTS",
        /// Pets are not allowed.
        NoPets = "NO_PETS",
        /// The listing is not published.
        NotPublished = "NOT_PUBLISHED",
        /// Hosts and co-hosts cannot book their own listings.
        OwnListing = "OWN_LISTING",
        /// The price of the stay exceeds 2^53 - 1 minor units.
        PriceTooHigh = "PRICE_TOO_HIGH",
    }

    /// How much is refunded when a guest cancels. `cancellationTimeline` of a quote or booking has the exact instants.
    CancellationPolicy {
        /// Full refund until 24 hours before check-in; later all but the first night.
        Flexible = "FLEXIBLE",
        /// Full refund until 5 days before check-in; later half of all but the first night.
        Moderate = "MODERATE",
        /// Full refund until 14 days before check-in, half until 7 days, then nothing.
        Limited = "LIMITED",
        /// Full refund until 30 days before check-in, half until 7 days, then nothing.
        Firm = "FIRM",
        /// Full refund within 48 hours of booking if check-in is at least 14 days away, half until 7 days before, then nothing.
        Strict = "STRICT",
        /// Stays of 28 nights and more: full refund until 30 days before check-in; later all but 30 nights.
        FirmLongTerm = "FIRM_LONG_TERM",
        /// Stays of 28 nights and more: full refund within 48 hours of booking if check-in is at least 28 days away; later all but 30 nights.
        StrictLongTerm = "STRICT_LONG_TERM",
    }

    /// The order of results. Ties are ordered by id, so that pages never overlap.
    ListingOrder {
        /// Best rated first; listings without ratings last.
        Rating = "RATING",
        /// Best rated first, where ratings count more the more there are: by the average of the ratings of a listing and of ten imagined ones of 4.5, which is where listings without ratings come.
        Recommended = "RECOMMENDED",
        /// Lowest price first: of the whole stay when `stay` or `flexible` is given, else of a night.
        PriceAsc = "PRICE_ASC",
        /// Highest price first.
        PriceDesc = "PRICE_DESC",
        /// Most recently published first.
        Newest = "NEWEST",
        /// Nearest to the center of the box first; requires `where.box`.
        Distance = "DISTANCE",
    }

    /// What a place is, from the largest to the smallest.
    PlaceKind {
        /// A country.
        Country = "COUNTRY",
        /// A city.
        City = "CITY",
        /// A region of a city.
        Region = "REGION",
        /// A neighborhood.
        Neighborhood = "NEIGHBORHOOD",
    }

    /// The purpose of a price line.
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

    /// What holds a night, as stored in the database.
    NightKind {
        /// An unpaid booking that holds the night until it is paid.
        Hold = "HOLD",
        /// A booking request that waits for the host's response.
        Request = "REQUEST",
        /// A confirmed booking.
        Booking = "BOOKING",
        /// Preparation after a stay.
        Preparation = "PREPARATION",
        /// The host blocked it.
        Block = "BLOCK",
        /// The night is taken in an imported calendar.
        External = "EXTERNAL",
    }
}
