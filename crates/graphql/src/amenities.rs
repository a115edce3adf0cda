//! The catalog of amenities.

use async_graphql::{Context, Object, SimpleObject};

use super::{
    context::ContextExt,
    error::{Fault, Result},
    pages::{Cursored, connection},
};
use domain::listings::amenities::{self, ByUsage, Usage};
use types::scalars::Cursor;
use types::{Page, cursor, error};

connection! {
    /// A page of the catalog of amenities.
    AmenityConnection,
    /// One amenity of a page.
    AmenityEdge,
    /// The amenity.
    AmenityUsage
}

/// An amenity, and how common it is.
#[derive(Debug, Clone, SimpleObject)]
pub struct AmenityUsage {
    /// Stable name for programs, for `ListingFilter.amenities`.
    slug: String,
    /// Name for people.
    name: String,
    /// How many published listings offer it.
    listings: i32,
}

impl From<Usage> for AmenityUsage {
    fn from(usage: Usage) -> Self {
        let listings = types::int(usage.listings);
        Self { slug: usage.slug, name: usage.name, listings }
    }
}

/// Queries about amenities.
#[derive(Debug, Default)]
pub struct AmenityQuery;

#[Object]
impl AmenityQuery {
    /// The amenities that published listings offer, most common first. The counts may be a minute old.
    async fn amenities(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only those whose name contains this, in any spelling; at most 200 characters.")]
        matching: Option<String>,
        #[graphql(desc = "Maximum number of items, 1 to 100.", default_with = "Some(20)")] first: Option<i32>,
        #[graphql(desc = "Start after this cursor.")] after: Option<Cursor>,
    ) -> Option<Result<AmenityConnection>> {
        Some(find(ctx, matching, first, after).await.map_err(Fault::from))
    }
}

async fn find(
    ctx: &Context<'_>,
    matching: Option<String>,
    first: Option<i32>,
    after: Option<Cursor>,
) -> error::Result<AmenityConnection> {
    let place = |text: Cursor| cursor::from_cursor(&text.0).map(|(listings, slug)| ByUsage { listings, slug });
    let page = Page::new(first, after.map(place).transpose()?)?;
    let rows = amenities::catalog(ctx.app(), matching.as_deref(), &page).await?;
    let to_cursor = |usage: &Usage| {
        let place = amenities::usage_place(usage);
        cursor::to_cursor(&place.listings, &place.slug)
    };
    Ok(Cursored::new(rows, to_cursor).into())
}
