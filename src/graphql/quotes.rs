//! Quotes.

use std::sync::Arc;

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};

use super::{
    context::ContextExt,
    error::Result,
    ids,
    listings::{Listing, find_known},
    money::Money,
    payload::payload,
    prices::Price,
    scalars::Date,
    stays::{Guests, StayInput},
};
use crate::{
    domain::{cancellation::Tier, quotes},
    store::quotes::Quote as Row,
    types::{self, CancellationPolicy, Currency, Timestamp},
};

#[derive(Clone)]
pub struct Quote(pub Arc<Row>);

#[Object]
impl Quote {
    async fn id(&self) -> ID {
        ID(self.0.id.to_string())
    }

    async fn listing(&self, ctx: &Context<'_>) -> Option<Result<Listing>> {
        find_known(ctx, self.0.listing_id).await.transpose()
    }

    async fn check_in(&self) -> Date {
        Date(self.0.check_in)
    }

    async fn check_out(&self) -> Date {
        Date(self.0.check_out)
    }

    async fn nights(&self) -> u32 {
        self.0.stay().len()
    }

    async fn guests(&self) -> Guests {
        Guests(self.0.guests())
    }

    async fn price(&self) -> Result<Price> {
        Ok(Price::new(quotes::lines(&self.0.price_lines)?, self.0.currency))
    }

    async fn instant_book(&self) -> bool {
        self.0.instant_book
    }

    async fn cancellation_policy(&self) -> CancellationPolicy {
        self.0.cancellation_policy
    }

    async fn cancellation_timeline(&self, ctx: &Context<'_>) -> Result<Vec<RefundTier>> {
        let Some(listing) = find_known(ctx, self.0.listing_id).await? else { return Ok(Vec::new()) };
        let tiers = quotes::timeline(&self.0, &listing.0, ctx.app().now())?;
        Ok(RefundTier::all(&tiers, self.0.currency))
    }

    async fn expires_at(&self) -> Timestamp {
        self.0.expires_at
    }
}

#[derive(SimpleObject)]
pub struct RefundTier {
    from: Option<Timestamp>,
    until: Option<Timestamp>,
    refund: Money,
}

impl RefundTier {
    /// All tiers of a timeline.
    pub fn all(tiers: &[Tier], currency: Currency) -> Vec<Self> {
        let tier = |tier: &Tier| Self {
            from: tier.from,
            until: tier.until,
            refund: Money(types::Money::new(tier.refund, currency)),
        };
        tiers.iter().map(tier).collect()
    }
}

#[derive(InputObject)]
pub struct QuoteStayInput {
    listing_id: ID,
    stay: StayInput,
}

#[derive(SimpleObject)]
pub struct QuoteStaySuccess {
    quote: Quote,
}

payload! {
    /// What `quoteStay` can answer.
    QuoteStayPayload(QuoteStaySuccess) {
        InvalidInput => InvalidInputProblem,
        NotFound => NotFoundProblem,
        NightsUnavailable => NightsUnavailableProblem,
        StayNotAllowed => StayNotAllowedProblem,
    }
}

#[derive(Default)]
pub struct QuoteMutation;

#[Object]
impl QuoteMutation {
    /// Quotes a stay: the price is locked for 15 minutes.
    async fn quote_stay(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The stay.")] input: QuoteStayInput,
    ) -> Result<QuoteStayPayload> {
        let guest = ctx.member()?;
        let outcome = async {
            let listing = ids::input(&input.listing_id, "listingId", "listing")?;
            let (stay, guests) = input.stay.parse().map_err(|wrong| wrong.in_input(&["stay"]))?;
            quotes::create(ctx.app(), guest, listing, stay, guests).await
        };
        QuoteStayPayload::of(outcome.await.map(|quote| QuoteStaySuccess { quote: Quote(Arc::new(quote)) }))
    }
}
