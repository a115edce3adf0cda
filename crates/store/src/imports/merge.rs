//! Merges a newer record of a listing into the stored one: changes of the host since the previous import stay, and so does what guests have
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

/// Which fields bookings of a listing fix.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Booked {
    pub(super) currency: bool,
    pub(super) place: bool,
}

/// The result to write.
#[derive(Debug, Clone)]
pub(super) struct Merged {
    pub(super) facts: ListingFacts,
    pub(super) charges: Charges,
    pub(super) fingerprints: Fingerprints,
    /// Whether a value of the host, or one that a booking fixes, stays.
    pub(super) keeps: bool,
}

impl Listing {
    /// The same with defaults for missing values: most files have no policy.
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
pub(super) fn new(imported: &Listing) -> Merged {
    let (facts, charges) = (imported.facts.clone(), imported.charges_of_new());
    let mut merged = Merged { facts, charges, fingerprints: Fingerprints::default(), keeps: false };
    merged.fingerprint_facts(imported);
    merged.fingerprint_charges(charges);
    merged
}

/// Merges into `stored`. `old`: the fingerprints of the previous import.
pub(super) fn merge(imported: &Listing, stored: &Stored, old: &Fingerprints, booked: Booked) -> Merged {
    let mut merged =
        Merged { facts: imported.facts.clone(), charges: imported.charges, fingerprints: old.clone(), keeps: false };
    merged.fingerprint_facts(imported);
    merged.fingerprint_charges(imported.charges);
    merged.retain_host_facts(stored, old);
    merged.retain_host_charges(stored, old);
    merged.retain_booked_place(stored, old, booked);
    merged.settle_currency(imported, stored, old, booked);
    merged.reconcile(imported, stored);
    merged
}

/// The fields that change together, in one place for reading and writing.
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
    fn fingerprint_facts(&mut self, imported: &Listing) {
        let fingerprints = &mut self.fingerprints;
        macro_rules! fingerprint {
            ($name:literal: $($field:ident),+) => { fingerprints.set($name, &($(&imported.facts.$field,)+)) };
        }
        fields!(fingerprint);
        fingerprints.set("cover", &imported.cover);
        fingerprints.set_text("amenities", imported.amenity_names());
    }

    fn fingerprint_charges(&mut self, charges: Charges) {
        macro_rules! fingerprint {
            ($field:ident) => {
                if let Some(value) = charges.$field {
                    self.fingerprints.set(stringify!($field), &value);
                }
            };
        }
        fingerprint!(cleaning_fee);
        fingerprint!(extra_guest_fee);
        fingerprint!(guests_included);
        fingerprint!(cancellation_policy);
    }

    /// Keeps the fields that the host has changed.
    fn retain_host_facts(&mut self, stored: &Stored, old: &Fingerprints) {
        macro_rules! retain {
            ($name:literal: $($field:ident),+) => {
                if old.differ($name, &($(&stored.facts.$field,)+)) {
                    $(self.facts.$field.clone_from(&stored.facts.$field);)+
                    self.keeps = true;
                }
            };
        }
        fields!(retain);
    }

    /// Keeps the charges that the host has changed, and those that the file lacks.
    fn retain_host_charges(&mut self, stored: &Stored, old: &Fingerprints) {
        macro_rules! retain {
            ($field:ident) => {
                let is_hosts = stored.charges.$field.is_some_and(|value| old.differ(stringify!($field), &value));
                if is_hosts || self.charges.$field.is_none() {
                    self.charges.$field = stored.charges.$field;
                }
                self.keeps |= is_hosts;
            };
        }
        retain!(cleaning_fee);
        retain!(extra_guest_fee);
        retain!(guests_included);
        retain!(cancellation_policy);
    }

    /// A listing with open bookings is not moved: its guests have its address.
    fn retain_booked_place(&mut self, stored: &Stored, old: &Fingerprints, booked: Booked) {
        if !booked.place || !stored.facts.has_other_place(&self.facts) {
            return;
        }
        let (new, stored) = (&mut self.facts, &stored.facts);
        (new.latitude, new.longitude) = (stored.latitude, stored.longitude);
        (new.area_latitude, new.area_longitude) = (stored.area_latitude, stored.area_longitude);
        new.time_zone.clone_from(&stored.time_zone);
        // Treated as if this file did not have it, so that a later one can move the listing.
        self.fingerprints.restore(old, "point");
        self.keeps = true;
    }

    /// All prices of a listing are in one currency, which changes only when no guest has booked and the host has set no price.
    fn settle_currency(&mut self, imported: &Listing, stored: &Stored, old: &Fingerprints, booked: Booked) {
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
            imported.charges_of_new()
        } else if imported.facts.currency != stored.facts.currency {
            stored.charges
        } else {
            self.charges
        };
        (self.charges.cleaning_fee, self.charges.extra_guest_fee) = (charges.cleaning_fee, charges.extra_guest_fee);
    }

    /// Resolves contradictions between fields of the host and of the dataset: the host's win.
    fn reconcile(&mut self, imported: &Listing, stored: &Stored) {
        let facts = &mut self.facts;
        let includes_all = stored.charges.guests_included == Some(stored.facts.max_guests);
        self.charges.guests_included = match self.charges.guests_included {
            // Missing in the file: all guests were included, so all are.
            _ if imported.charges.guests_included.is_none() && includes_all => Some(facts.max_guests),
            included => included.map(|included| included.min(facts.max_guests)),
        };
        if facts.min_nights > facts.max_nights {
            let is_hosts_minimum = facts.min_nights != imported.facts.min_nights;
            let nights = if is_hosts_minimum { facts.min_nights } else { facts.max_nights };
            (facts.min_nights, facts.max_nights) = (nights, nights);
        }
    }
}
