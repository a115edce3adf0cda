//! What becomes of a listing when a newer file has it: what its host has changed since the last import stays, and so does what guests have
//! booked.

use super::{
    listings::{Charges, Listing, ListingFacts},
    provenance::Fingerprints,
};
use types::CancellationPolicy;

/// A listing as it is in the database.
#[derive(Debug, Clone)]
pub(super) struct Stored {
    pub(super) facts: ListingFacts,
    /// All of them are known.
    pub(super) charges: Charges,
    /// Whether the host has set prices that no dataset has.
    pub(super) has_other_prices: bool,
}

/// What bookings of a listing hold as it is.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Booked {
    pub(super) currency: bool,
    pub(super) place: bool,
}

/// What is to be written.
#[derive(Debug, Clone)]
pub(super) struct Merged {
    pub(super) facts: ListingFacts,
    pub(super) charges: Charges,
    pub(super) fingerprints: Fingerprints,
    /// Whether something stays as the host, or a booking, has it.
    pub(super) keeps: bool,
}

impl Listing {
    /// The same with what holds where the file is silent: most files have no policy.
    fn charges_of_new(&self) -> Charges {
        Charges {
            cleaning_fee: self.charges.cleaning_fee.or(Some(0)),
            extra_guest_fee: self.charges.extra_guest_fee.or(Some(0)),
            guests_included: self.charges.guests_included.or(Some(self.facts.max_guests)),
            cancellation_policy: self.charges.cancellation_policy.or(Some(CancellationPolicy::Moderate)),
        }
    }
}

/// A listing that is not in the database.
pub(super) fn new(said: &Listing) -> Merged {
    let (facts, charges) = (said.facts.clone(), said.charges_of_new());
    let mut merged = Merged { facts, charges, fingerprints: Fingerprints::default(), keeps: false };
    merged.remember_facts(said);
    merged.remember_charges(charges);
    merged
}

/// What becomes of `stored`, when the dataset had it like `old` before.
pub(super) fn merge(said: &Listing, stored: &Stored, old: &Fingerprints, booked: Booked) -> Merged {
    let mut merged =
        Merged { facts: said.facts.clone(), charges: said.charges, fingerprints: old.clone(), keeps: false };
    merged.remember_facts(said);
    merged.remember_charges(said.charges);
    merged.keep_facts(stored, old);
    merged.keep_charges(stored, old);
    merged.keep_place(stored, old, booked);
    merged.settle_currency(said, stored, old, booked);
    merged.reconcile(said, stored);
    merged
}

/// The fields that are changed together, in one place for reading and writing.
macro_rules! fields {
    ($visit:ident) => {
        $visit!("host": host_id);
        $visit!("title": title);
        $visit!("description": description);
        $visit!("neighborhood_overview": neighborhood_overview);
        $visit!("room_type": room_type);
        $visit!("property_type": property_type, property_label);
        $visit!("max_guests": max_guests);
        $visit!("bedrooms": bedrooms);
        $visit!("beds": beds);
        $visit!("bathrooms": bathroom_halves, bathrooms_shared);
        $visit!("city": city, country_code);
        $visit!("region": region);
        $visit!("neighborhood": neighborhood);
        $visit!("point": latitude, longitude, area_latitude, area_longitude, time_zone);
        $visit!("price": currency, base_price);
        $visit!("min_nights": min_nights);
        $visit!("max_nights": max_nights);
        $visit!("instant_book": instant_book);
    };
}

impl Merged {
    fn remember_facts(&mut self, said: &Listing) {
        let prints = &mut self.fingerprints;
        macro_rules! remember {
            ($name:literal: $($field:ident),+) => { prints.set($name, &($(&said.facts.$field,)+)) };
        }
        fields!(remember);
        prints.set("cover", &said.cover);
        prints.set_text("amenities", said.amenity_names());
    }

    fn remember_charges(&mut self, charges: Charges) {
        macro_rules! remember {
            ($field:ident) => {
                if let Some(value) = charges.$field {
                    self.fingerprints.set(stringify!($field), &value);
                }
            };
        }
        remember!(cleaning_fee);
        remember!(extra_guest_fee);
        remember!(guests_included);
        remember!(cancellation_policy);
    }

    /// What the host has changed stays, field by field.
    fn keep_facts(&mut self, stored: &Stored, old: &Fingerprints) {
        macro_rules! keep {
            ($name:literal: $($field:ident),+) => {
                if old.differ($name, &($(&stored.facts.$field,)+)) {
                    $(self.facts.$field.clone_from(&stored.facts.$field);)+
                    self.keeps = true;
                }
            };
        }
        fields!(keep);
    }

    /// The same for charges, and for those of which the file says nothing.
    fn keep_charges(&mut self, stored: &Stored, old: &Fingerprints) {
        macro_rules! keep {
            ($field:ident) => {
                let is_hosts = stored.charges.$field.is_some_and(|value| old.differ(stringify!($field), &value));
                if is_hosts || self.charges.$field.is_none() {
                    self.charges.$field = stored.charges.$field;
                }
                self.keeps |= is_hosts;
            };
        }
        keep!(cleaning_fee);
        keep!(extra_guest_fee);
        keep!(guests_included);
        keep!(cancellation_policy);
    }

    /// A listing with open bookings is not moved: its guests know where to go.
    fn keep_place(&mut self, stored: &Stored, old: &Fingerprints, booked: Booked) {
        if !booked.place || !stored.facts.moves_to(&self.facts) {
            return;
        }
        let (new, stored) = (&mut self.facts, &stored.facts);
        (new.latitude, new.longitude) = (stored.latitude, stored.longitude);
        (new.area_latitude, new.area_longitude) = (stored.area_latitude, stored.area_longitude);
        new.time_zone.clone_from(&stored.time_zone);
        // As if this file had not said it, so that a later one can move the listing.
        self.fingerprints.restore(old, "point");
        self.keeps = true;
    }

    /// All prices of a listing are in one currency, which changes only when no guest has booked and the host has set no price.
    fn settle_currency(&mut self, said: &Listing, stored: &Stored, old: &Fingerprints, booked: Booked) {
        let differs = |field, fee: Option<i64>| fee.is_some_and(|fee| old.differ(field, &fee));
        let is_hosts = stored.has_other_prices
            || differs("cleaning_fee", stored.charges.cleaning_fee)
            || differs("extra_guest_fee", stored.charges.extra_guest_fee);
        if self.facts.currency != stored.facts.currency && (is_hosts || booked.currency) {
            (self.facts.currency, self.facts.base_price) = (stored.facts.currency, stored.facts.base_price);
            self.keeps = true;
            if !is_hosts {
                for field in ["price", "cleaning_fee", "extra_guest_fee"] {
                    self.fingerprints.restore(old, field);
                }
            }
        }
        let charges = if self.facts.currency != stored.facts.currency {
            // The stored fees are in the other currency.
            said.charges_of_new()
        } else if said.facts.currency != stored.facts.currency {
            stored.charges
        } else {
            self.charges
        };
        (self.charges.cleaning_fee, self.charges.extra_guest_fee) = (charges.cleaning_fee, charges.extra_guest_fee);
    }

    /// Fields of the host and of the dataset need not fit together: then the host's decides.
    fn reconcile(&mut self, said: &Listing, stored: &Stored) {
        let facts = &mut self.facts;
        let includes_all = stored.charges.guests_included == Some(stored.facts.max_guests);
        self.charges.guests_included = match self.charges.guests_included {
            // As before, where the file does not say.
            _ if said.charges.guests_included.is_none() && includes_all => Some(facts.max_guests),
            included => included.map(|included| included.min(facts.max_guests)),
        };
        if facts.min_nights > facts.max_nights {
            let is_hosts_minimum = facts.min_nights != said.facts.min_nights;
            let nights = if is_hosts_minimum { facts.min_nights } else { facts.max_nights };
            (facts.min_nights, facts.max_nights) = (nights, nights);
        }
    }
}
