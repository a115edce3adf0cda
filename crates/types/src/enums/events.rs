//! Enums of events and feeds.

use super::*;

enums! {
    /// Who caused an event.
    EventActor {
        /// The guest.
        Guest = "GUEST",
        /// The host, or a co-host.
        Host = "HOST",
        /// The payment provider: it reported the outcome of a payment.
        PaymentProvider = "PAYMENT_PROVIDER",
        /// Staff of the platform, on behalf of the guest or the host.
        Staff = "STAFF",
        /// The platform: a deadline passed, or a rule took effect.
        Platform = "PLATFORM",
    }

    /// What an event is about.
    EventSubject {
        /// A booking.
        Booking = "BOOKING",
        /// A listing: its description, photos, nights and prices of nights.
        Listing = "LISTING",
        /// A person.
        Person = "PERSON",
        /// A review.
        Review = "REVIEW",
        /// A file of a dataset that is imported.
        Import = "IMPORT",
    }

    /// Kinds of public changes, other than those of bookings.
    ChangeKind {
        /// A listing was created, as a draft.
        ListingCreated = "CREATED",
        /// A listing was published.
        ListingPublished = "PUBLISHED",
        /// Details of a listing were changed.
        ListingUpdated = "UPDATED",
        /// The photos of a listing were replaced.
        PhotosReplaced = "PHOTOS_REPLACED",
        /// A listing was unlisted.
        ListingUnlisted = "UNLISTED",
        /// A draft was deleted.
        ListingDeleted = "DELETED",
        /// The host blocked nights.
        NightsBlocked = "NIGHTS_BLOCKED",
        /// The host opened nights.
        NightsOpened = "NIGHTS_OPENED",
        /// Prices or restrictions of single nights were changed.
        NightRatesChanged = "NIGHT_RATES_CHANGED",
        /// A person joined.
        PersonJoined = "JOINED",
        /// A person changed their profile.
        ProfileChanged = "PROFILE_CHANGED",
        /// A person deleted their account.
        PersonLeft = "LEFT",
        /// A review was revealed, and with it the ratings of its listing changed.
        ReviewRevealed = "REVEALED",
        /// A review was hidden by staff, and with it the ratings of its listing changed.
        ReviewHidden = "HIDDEN",
        /// The text of a review was removed, because its author has left; its ratings stay.
        ReviewErased = "TEXT_REMOVED",
        /// A batch of a dataset was imported.
        BatchImported = "BATCH_IMPORTED",
    }

    /// Causes of events.
    CauseKind {
        /// A request of a client.
        Request = "REQUEST",
        /// Scheduled work.
        Job = "JOB",
        /// A notification of the payment provider.
        ProviderEvent = "PROVIDER_EVENT",
        /// The import of a dataset.
        Import = "IMPORT",
        /// Not known: the event was written before causes were.
        Unknown = "UNKNOWN",
    }

    /// Topics of feeds.
    FeedTopic {
        /// The owner's bookings as a guest.
        Guest = "GUEST",
        /// The bookings of the owner's listings.
        Host = "HOST",
        /// One shard of the catalog of public changes.
        Catalog = "CATALOG",
        /// The owner's own events: counted here, and listed by their sequences.
        Own = "OWN",
    }
}

impl From<Side> for FeedTopic {
    fn from(side: Side) -> Self {
        match side {
            Side::Guest => Self::Guest,
            Side::Host => Self::Host,
        }
    }
}

impl ChangeKind {
    /// The subject of the change.
    pub fn subject(self) -> EventSubject {
        match self {
            Self::ListingCreated
            | Self::ListingPublished
            | Self::ListingUpdated
            | Self::PhotosReplaced
            | Self::ListingUnlisted
            | Self::ListingDeleted
            | Self::NightsBlocked
            | Self::NightsOpened
            | Self::NightRatesChanged => EventSubject::Listing,
            Self::PersonJoined | Self::ProfileChanged | Self::PersonLeft => EventSubject::Person,
            Self::ReviewRevealed | Self::ReviewHidden | Self::ReviewErased => EventSubject::Review,
            Self::BatchImported => EventSubject::Import,
        }
    }
}
