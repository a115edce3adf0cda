//! The lowest price of each day of arrival.

use async_graphql::{Context, Object, SimpleObject};

use super::{
    context::ContextExt,
    error::Result,
    money::Money,
    search::{ListingFilter, parsed},
    stays::GuestsInput,
};
use domain::search;
use types::{Currency, Guests, scalars::Date};

/// The lowest price of the stays that begin on a day.
#[derive(SimpleObject)]
pub struct LowestPrice {
    /// The day of arrival.
    check_in: Date,
    /// The lowest total of the stay among the matching listings, as a quote has it; null when none can be booked.
    price: Option<Money>,
    /// Number of matching listings that can be booked.
    listings: i32,
}

/// Lowest prices.
#[derive(Debug, Default)]
pub struct LowestPriceQuery;

#[Object]
impl LowestPriceQuery {
    /// The lowest price of a stay for each day on which it can begin, among the published listings that match. Null while the server has no search index in memory, and with `where.text`.
    #[expect(clippy::too_many_arguments, reason = "the arguments of the contract")]
    async fn lowest_prices(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "Conditions, as in `searchListings`; all listings when omitted. `price` is a range of the total, in `currency`."
        )]
        r#where: Option<ListingFilter>,
        #[graphql(desc = "The guests; one adult when omitted.")] guests: Option<GuestsInput>,
        #[graphql(desc = "The length of the stay in nights, 1 to 30.")] nights: i32,
        #[graphql(desc = "The first day of arrival.")] from: Date,
        #[graphql(desc = "The day after the last day of arrival, at most 62 days after `from`.")] to: Date,
        #[graphql(desc = "The currency: only listings priced in it are compared.")] currency: Currency,
    ) -> Option<Result<Vec<LowestPrice>>> {
        let stays = (guests, nights, (from, to));
        Box::pin(find(ctx, r#where, stays, currency)).await.transpose()
    }
}

async fn find(
    ctx: &Context<'_>,
    filter: Option<ListingFilter>,
    (guests, nights, (from, to)): (Option<GuestsInput>, i32, (Date, Date)),
    currency: Currency,
) -> Result<Option<Vec<LowestPrice>>> {
    let guests = guests.map_or(Ok(Guests::ONE), GuestsInput::parse_argument);
    let guests = guests.map_err(|wrong| wrong.in_argument(&[]))?;
    let stays = search::LowestPrices::new(parsed(ctx, filter).await?, guests, nights, (from.0, to.0), currency)?;
    let found = search::lowest_prices(ctx.app(), stays, &ctx.public_rows()).await?;
    let price = |price: search::LowestPrice| LowestPrice {
        check_in: Date(price.stay.check_in()),
        price: price.total.map(|total| Money(types::Money::new(total, currency))),
        listings: types::int(price.listings),
    };
    Ok(found.map(|found| found.into_iter().map(price).collect()))
}
