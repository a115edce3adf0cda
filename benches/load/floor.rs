//! The floor: the same statements from Rust, separately for each request, without GraphQL and HTTP.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use auth::Member;
use client_limits::AddressPrefix;
use domain::{
    app::App,
    bookings, listings, payments, quotes,
    reviews::{self, OfListing},
    search::{Filter, Search},
    users,
};
use types::{Guests, ListingId, ListingOrder, Page, QuoteId, Side, Stay, UserId};

use super::{
    client::MANY,
    measure::{Measured, run, share_out},
    request_kind::RequestKind,
    world::{Load, World, key},
};

/// A request without GraphQL and HTTP.
#[derive(Clone)]
enum Call {
    Search(Option<String>),
    City(String),
    Filtered(Box<Filter>, Stay),
    Listing(ListingId),
    Trips(Member),
    Quote(Member, ListingId, Stay),
    Book(Member, QuoteId),
}

/// One round.
pub async fn round(
    world: &World,
    kind: RequestKind,
    connections: usize,
    load: Load,
    time: Duration,
) -> anyhow::Result<Measured> {
    let shares = share_out(calls(world, load), connections);
    run(world, None, (kind, time), shares, |share, end| work(world.app.clone(), share, end)).await
}

fn calls(world: &World, load: Load) -> Vec<Call> {
    let member = |guest: usize| world.guests[guest % world.guests.len()].member;
    match load {
        Load::Pages => world.pages.iter().cloned().map(Call::Search).collect(),
        Load::City(city) => vec![Call::City(city); MANY],
        Load::Filters(filters) => {
            filters.into_iter().map(|(filter, stay)| Call::Filtered(Box::new(filter), stay)).collect()
        }
        Load::Listings(ids) => ids.into_iter().map(Call::Listing).collect(),
        Load::Trips => (0..world.guests.len()).map(|guest| Call::Trips(member(guest))).collect(),
        Load::Offers(offers) => offers
            .into_iter()
            .enumerate()
            .map(|(index, (listing, stay))| Call::Quote(member(index), listing, stay))
            .collect(),
        Load::Quotes(quotes) => quotes.into_iter().map(|(guest, quote)| Call::Book(member(guest), quote)).collect(),
    }
}

async fn work(app: App, calls: Vec<Call>, end: Option<Instant>) -> anyhow::Result<Vec<Duration>> {
    let mut latencies = Vec::new();
    for call in calls.iter().cycle() {
        let begun = Instant::now();
        match end {
            Some(end) if begun >= end => break,
            None if latencies.len() == calls.len() => break,
            _ => {}
        }
        Box::pin(answer(&app, call)).await?;
        latencies.push(begun.elapsed());
    }
    Ok(latencies)
}

/// Reads or writes everything of the request, level by level.
async fn answer(app: &App, call: &Call) -> anyhow::Result<()> {
    match call {
        Call::Search(after) => {
            search(app, Search::new(Filter::default(), None, ListingOrder::Rating)?, after.as_deref()).await?;
        }
        Call::City(city) => {
            let filter = Filter { place: Some(city.clone()), ..Filter::default() };
            search(app, Search::new(filter, None, ListingOrder::Rating)?, None).await?;
        }
        Call::Filtered(filter, stay) => {
            let stay = Some((*stay, Guests::ONE));
            search(app, Search::new(Filter::clone(filter), stay, ListingOrder::Rating)?, None).await?;
        }
        Call::Listing(id) => Box::pin(listing(app, *id)).await?,
        Call::Trips(guest) => Box::pin(trips(app, guest)).await?,
        Call::Quote(guest, listing, stay) => {
            quotes::create(app, (guest, AddressPrefix::of(None)), *listing, (*stay, Guests::ONE), app).await?;
        }
        Call::Book(guest, quote) => {
            let created =
                bookings::create(app, &guest.verified()?, AddressPrefix::of(None), *quote, &key(app)?).await?;
            std::hint::black_box(created);
        }
    }
    Ok(())
}

async fn search(app: &App, search: Search, after: Option<&str>) -> anyhow::Result<()> {
    let after = after.map(|cursor| search.key(cursor)).transpose()?;
    let hits = search.clone().prepare(app, app).await?.page(app, &Page { first: 20, after }, app).await?;
    let hosts = people(hits.items.iter().map(|hit| hit.listing.host_id));
    std::hint::black_box((users::by_ids(app, &hosts).await?, hits));
    Ok(())
}

async fn listing(app: &App, id: ListingId) -> anyhow::Result<()> {
    let found = listings::by_ids(app, &[id]).await?;
    let hosts: Vec<_> = found.iter().map(|listing| listing.host_id).collect();
    let pages = [OfListing { listing: id, page: Page { first: 10, after: None } }];
    let ids = [id];
    let (photos, hosts, reviews) = tokio::try_join!(
        listings::photos(app, &ids, 20),
        users::by_ids(app, &hosts),
        reviews::of_listings(app, &pages)
    )?;
    let authors = people(reviews.values().flat_map(|page| page.items.iter().map(|review: &Arc<_>| review.author_id)));
    if !authors.is_empty() {
        std::hint::black_box(users::by_ids(app, &authors).await?);
    }
    std::hint::black_box((photos, hosts));
    Ok(())
}

async fn trips(app: &App, guest: &Member) -> anyhow::Result<()> {
    let part = bookings::part(Side::Guest, None, Page { first: 20, after: None });
    let trips = bookings::lists(app, guest, std::slice::from_ref(&part)).await?.remove(&part).unwrap_or_default();
    let ids: Vec<_> = trips.items.iter().map(|trip| trip.id).collect();
    let mut places: Vec<_> = trips.items.iter().map(|trip| trip.listing_id).collect();
    places.sort_unstable();
    places.dedup();
    let hosts = people(trips.items.iter().map(|trip| trip.host_id));
    let found = tokio::try_join!(
        listings::known(app, guest, &places),
        users::by_ids(app, &hosts),
        payments::of_bookings(app, guest, &ids)
    )?;
    std::hint::black_box(found);
    Ok(())
}

/// Each once.
fn people(ids: impl Iterator<Item = UserId>) -> Vec<UserId> {
    let mut ids: Vec<_> = ids.collect();
    ids.sort_unstable();
    ids.dedup();
    ids
}
