//! What the guest paid, in parts with different refund rules.

use crate::money::{half_even, split};
use types::{PriceLine, PriceLineKind};

/// What the guest paid, in minor units.
pub(super) struct Parts {
    /// The value of each night, with its share of discount and extra guests.
    nights: Vec<i64>,
    /// Cleaning and pets: once per stay.
    pub(super) fees: i64,
    /// The platform's fee.
    service_fee: i64,
    /// Each tax.
    taxes: Vec<i64>,
}

/// Whether a line belongs to the nights.
pub(super) fn is_of_nights(line: &PriceLine) -> bool {
    matches!(line.kind, PriceLineKind::Nights | PriceLineKind::LengthDiscount | PriceLineKind::ExtraGuestFee)
}

/// Whether a line is charged by the host once per stay.
pub(super) fn is_once(line: &PriceLine) -> bool {
    matches!(line.kind, PriceLineKind::CleaningFee | PriceLineKind::PetFee)
}

impl Parts {
    /// The parts of a price of so many nights.
    pub(super) fn of(lines: &[PriceLine], nights: u32) -> Self {
        let sum =
            |wanted: fn(&PriceLine) -> bool| lines.iter().filter(|line| wanted(line)).map(|line| line.amount).sum();
        let weights = lines.iter().find(|line| line.nightly.len() == nights as usize).map_or_else(
            || vec![1; nights as usize],
            |line| line.nightly.iter().map(|&price| u64::try_from(price).unwrap_or(0)).collect(),
        );
        Self {
            nights: split(sum(is_of_nights), &weights),
            fees: sum(is_once),
            service_fee: sum(|line| line.kind == PriceLineKind::ServiceFee),
            taxes: lines.iter().filter(|line| line.kind == PriceLineKind::Tax).map(|line| line.amount).collect(),
        }
    }

    /// The value of the nights from this index on.
    pub(super) fn nights_from(&self, index: usize) -> i64 {
        self.nights.iter().skip(index).sum()
    }

    /// What the host charges.
    pub(super) fn subtotal(&self) -> i64 {
        self.nights_from(0) + self.fees
    }

    /// The total.
    pub(super) fn total(&self) -> i64 {
        self.subtotal() + self.service_fee + self.taxes.iter().sum::<i64>()
    }

    /// The part of each tax that is refunded with so much of the host's charges, in proportion.
    pub(super) fn taxes_with(&self, from_host: i64) -> Vec<i64> {
        let subtotal = i128::from(self.subtotal());
        let share = |&tax: &i64| match subtotal {
            0 => 0,
            // At most the tax itself, because no more is refunded than was charged.
            _ => half_even(i128::from(tax) * i128::from(from_host), subtotal) as i64,
        };
        self.taxes.iter().map(share).collect()
    }

    /// The refund for so much of the nights; before check-in with the charges once per stay.
    pub(super) fn refund(&self, of_nights: i128, before_check_in: bool) -> i64 {
        // A part of the nights, which fit.
        let from_host = of_nights as i64 + if before_check_in { self.fees } else { 0 };
        from_host + self.taxes_with(from_host).iter().sum::<i64>()
    }

    /// The host's part of a refund; the rest is taxes. The exact inverse of `refund` where one exists.
    pub(super) fn host_part(&self, refund: i64) -> i64 {
        let (subtotal, taxes) =
            (i128::from(self.subtotal()), self.taxes.iter().map(|&tax| i128::from(tax)).sum::<i128>());
        if subtotal + taxes == 0 || taxes == 0 {
            return refund;
        }
        let near = half_even(i128::from(refund) * subtotal, subtotal + taxes) as i64;
        // Each tax was rounded by at most half a unit.
        let reach = self.taxes.len() as i64 + 1;
        (near - reach..=near + reach)
            .filter(|&from_host| from_host >= 0)
            .find(|&from_host| from_host + self.taxes_with(from_host).iter().sum::<i64>() == refund)
            .unwrap_or(near)
    }
}
