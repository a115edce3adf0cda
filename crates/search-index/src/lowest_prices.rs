//! The lowest price of each of several stays, among all listings that a search finds.

use crate::{Index, query::Query};
use store::search::Criteria;
use types::Stay;

/// The lowest price of a stay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LowestPrice {
    /// The stay.
    pub stay: Stay,
    /// The lowest total in minor units of the currency of the price range; None: no listing can be booked.
    pub total: Option<i64>,
    /// How many listings can be booked within the price range.
    pub listings: usize,
}

impl Index {
    /// The lowest price of each flexible stay that the calendars have, among the listings in the currency of the price range. None: the index
    /// cannot answer.
    pub fn lowest_prices(&self, criteria: &Criteria<'_>) -> Option<Vec<LowestPrice>> {
        let query = Query::new(self, criteria)?;
        // Without a stay a listing has the price of a night.
        let Some(stays) = &query.stays else { return Some(Vec::new()) };
        let stays = stays.iter();
        let mut prices: Vec<_> =
            stays.map(|stay| LowestPrice { stay: stay.stay(), total: None, listings: 0 }).collect();
        for (_, entry) in self.fitting(&query) {
            for (amount, number) in query.amounts(entry) {
                let price = &mut prices[number];
                price.listings += 1;
                price.total = Some(price.total.map_or(amount, |total| total.min(amount)));
            }
        }
        Some(prices)
    }
}
