//! Quotes.

use std::sync::Arc;

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use tokio::sync::OnceCell;

use super::{
    context::ContextExt,
    error::Result,
    ids,
    listings::{Listing, find_known},
    loaders::QuoteById,
    money::Money,
    payload::payload,
    prices::Price,
    stays::{Guests, StayInput},
};
use domain::quotes::{self, Quote as Row};
use types::scalars::Date;
use types::{
    CancellationPolicy, Currency, QuoteId, Timestamp,
    error::{self, Error},
};

/// The most refund tiers: one for each night of the longest stay, and those before and after them.
const MAX_TIERS: usize = 400;
/// The default number of refund tiers.
const USUAL_TIERS: i32 = 20;

/// A quote, for the member who requested it.
#[derive(Clone)]
pub struct Quote(pub Arc<Row>);

/// A stay at a locked price.
#[Object]
impl Quote {
    /// Opaque id, `qt_…`.
    pub async fn id(&self) -> ID {
        ID(self.0.id.to_string())
    }

    /// The listing.
    async fn listing(&self, ctx: &Context<'_>) -> Option<Result<Listing>> {
        find_known(ctx, self.0.listing_id).await.transpose()
    }

    /// First night.
    async fn check_in(&self) -> Date {
        Date(self.0.check_in)
    }

    /// Day of departure.
    async fn check_out(&self) -> Date {
        Date(self.0.check_out)
    }

    /// Number of nights.
    async fn nights(&self) -> u32 {
        self.0.stay().len()
    }

    /// The guests.
    async fn guests(&self) -> Guests {
        Guests(self.0.guests())
    }

    /// The price. A booking made from this quote has exactly this price.
    async fn price(&self) -> Result<Price> {
        Ok(Price::new(self.0.price_lines.read()?, self.0.currency))
    }

    /// Whether payment confirms the booking, without a response from the host.
    async fn instant_book(&self) -> bool {
        self.0.instant_book
    }

    /// The cancellation policy of the booking.
    async fn cancellation_policy(&self) -> CancellationPolicy {
        self.0.cancellation_policy
    }

    /// The refund tiers if the booking were confirmed now.
    async fn cancellation_timeline(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "Maximum number of tiers, 1 to 400, from the first; the very last one has no `until`. A long stay has one for each of its nights.",
            default_with = "Some(20)"
        )]
        first: Option<i32>,
    ) -> Option<Result<Vec<RefundTier>>> {
        Some(timeline(ctx, &self.0, first).await)
    }

    /// When the quote expires.
    async fn expires_at(&self) -> Timestamp {
        self.0.expires_at
    }
}

async fn timeline(ctx: &Context<'_>, quote: &Row, first: Option<i32>) -> Result<Vec<RefundTier>> {
    let first = RefundTier::count(first)?;
    let Some(listing) = find_known(ctx, quote.listing_id).await? else { return Ok(Vec::new()) };
    let tiers = quotes::timeline(&ctx.app().time_zones(), quote, &listing.0, ctx.app().now())?;
    Ok(RefundTier::all(&tiers, first, quote.currency))
}

/// The refund if the guest cancels within a span of time.
#[derive(SimpleObject)]
pub struct RefundTier {
    /// Start of the span, inclusive; null: from the beginning.
    from: Option<Timestamp>,
    /// End of the span; null: no end. At the instant itself the better refund of the two tiers applies.
    until: Option<Timestamp>,
    /// The refund.
    refund: Money,
}

impl RefundTier {
    /// The number of tiers in the argument `first`.
    ///
    /// # Errors
    /// [`types::error::Refusal::BadUserInput`] when it is out of bounds.
    pub fn count(first: Option<i32>) -> error::Result<usize> {
        let count = usize::try_from(first.unwrap_or(USUAL_TIERS)).ok().filter(|count| (1..=MAX_TIERS).contains(count));
        count.ok_or_else(|| Error::bad_user_input(format!("`first` must be from 1 to {MAX_TIERS}.")))
    }

    /// The first refund tiers.
    pub fn all(tiers: &[types::RefundTier], first: usize, currency: Currency) -> Vec<Self> {
        let tier = |tier: &types::RefundTier| Self {
            from: tier.from,
            until: tier.until,
            refund: Money(types::Money::new(tier.refund, currency)),
        };
        tiers.iter().take(first).map(tier).collect()
    }
}

/// The quote with this id, if it is the viewer's.
///
/// # Errors
/// When the batch failed.
pub async fn find_quote(ctx: &Context<'_>, id: QuoteId) -> Result<Option<Quote>> {
    Ok(ctx.load_own(QuoteById(id)).await?.map(Quote))
}

/// Input of `quoteStay`.
#[derive(InputObject)]
pub struct QuoteStayInput {
    /// The listing.
    listing_id: ID,
    /// The stay.
    stay: StayInput,
}

/// The price is locked.
#[derive(SimpleObject)]
pub struct QuoteStaySuccess {
    /// The quote.
    quote: Quote,
}

payload! {
    /// The result of `quoteStay`.
    QuoteStayPayload(QuoteStaySuccess) {
        InvalidInput => InvalidInputProblem,
        NotFound => NotFoundProblem,
        NightsUnavailable => NightsUnavailableProblem,
        StayNotAllowed => StayNotAllowedProblem,
        TooManyAttempts => TooManyAttemptsProblem,
    }
}

/// Mutations of quotes.
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
            let learned = OnceCell::new();
            let memory = ctx.newest_rows(&learned);
            quotes::create(ctx.app(), (guest, ctx.client()), listing, (stay, guests), &memory).await
        };
        QuoteStayPayload::of(outcome.await.map(|quote| QuoteStaySuccess { quote: Quote(Arc::new(quote)) }))
    }
}
