//! Facets: each counts what a search without its own condition finds.

use std::collections::BTreeMap;

use domain::{
    listings::Listing,
    search::{Facets, Filter, Search, WantedFacets},
    search_index::fill_if_needed,
};
use rand::{RngExt, SeedableRng, rngs::StdRng, seq::IndexedRandom};
use types::{Currency, Guests, ListingOrder, Stay};

use super::{
    Answers,
    oracle::Expected,
    pages::execute,
    random_filter, random_stay, read,
    world::{Sample, World, day},
};

/// What the database finds, in all pages.
async fn hits(world: &World, filter: Filter, stay: Option<(Stay, Guests)>) -> Vec<(&Sample, i64)> {
    let search = Search::new(filter, stay, ListingOrder::Rating).unwrap();
    let (found, _) = read(world, false, &search, 100).await;
    let sample = |id| world.samples.iter().find(|sample| sample.listing.id == id).unwrap();
    found.into_iter().map(|Expected { id, amount, .. }| (sample(id), amount)).collect()
}

/// How many there are of each, the most common first.
fn counted<T: Ord>(all: impl IntoIterator<Item = T>) -> Vec<(T, usize)> {
    let mut counts: BTreeMap<T, usize> = BTreeMap::new();
    all.into_iter().for_each(|item| *counts.entry(item).or_default() += 1);
    let mut counts: Vec<_> = counts.into_iter().collect();
    // The sort is stable.
    counts.sort_by(|(_, a), (_, b)| b.cmp(a));
    counts
}

fn kinds<T: Ord>(hits: &[(&Sample, i64)], kind: impl Fn(&Listing) -> T) -> Vec<(T, usize)> {
    counted(hits.iter().map(|(sample, _)| kind(&sample.listing)))
}

/// The prices by currency: the currencies with the most first.
fn by_currency(hits: &[(&Sample, i64)]) -> Vec<(Currency, Vec<i64>)> {
    let currency = |sample: &Sample| sample.listing.pricing.currency;
    let prices = |wanted| hits.iter().filter(move |(sample, _)| currency(sample) == wanted).map(|(_, price)| *price);
    let currencies = kinds(hits, |listing| listing.pricing.currency);
    currencies.into_iter().map(|(currency, _)| (currency, prices(currency).collect())).collect()
}

async fn are_those_of_the_database(
    world: &World,
    filter: &Filter,
    stay: Option<(Stay, Guests)>,
    wanted: WantedFacets,
    found: &Facets,
) {
    let hits_of = async |change: fn(&mut Filter)| {
        let mut filter = filter.clone();
        change(&mut filter);
        hits(world, filter, stay).await
    };
    let of_any_room = hits_of(|filter| filter.room_types.clear()).await;
    assert_eq!(found.room_types, kinds(&of_any_room, |listing| listing.home.room_type), "{filter:#?}");
    let of_any_property = hits_of(|filter| filter.property_types.clear()).await;
    assert_eq!(found.property_types, kinds(&of_any_property, |listing| listing.home.property_type), "{filter:#?}");
    let of_all = hits_of(|_| {}).await;
    let mut amenities = counted(of_all.iter().flat_map(|(sample, _)| sample.amenities.iter().copied()));
    amenities.truncate(wanted.amenities);
    let named: Vec<_> = found.amenities.iter().map(|facet| (facet.slug.as_str(), facet.listings)).collect();
    assert_eq!(named, amenities, "{filter:#?}");
    let at_any_price = by_currency(&hits_of(|filter| filter.price = None).await);
    assert_eq!(found.prices.len(), at_any_price.len().min(wanted.histograms), "{filter:#?}");
    for (histogram, (currency, prices)) in found.prices.iter().zip(&at_any_price) {
        assert_eq!((histogram.currency, histogram.listings), (*currency, prices.len()), "{filter:#?}");
        assert!((1..=wanted.buckets).contains(&histogram.buckets.len()), "{histogram:?}");
        for bucket in &histogram.buckets {
            let within = prices.iter().filter(|price| (bucket.min..=bucket.max).contains(*price)).count();
            assert_eq!(bucket.listings, within, "{histogram:?} of {prices:?}");
        }
        let sum: usize = histogram.buckets.iter().map(|bucket| bucket.listings).sum();
        assert_eq!(sum, prices.len(), "{histogram:?} of {prices:?}");
    }
}

/// Compares the facets of random searches with what the database finds without the condition of each.
async fn agree(seed: u64, with_stay: bool) {
    let world = World::shortlisted(seed, 230, 5, true).await;
    fill_if_needed(&world.app).await.unwrap();
    let answers = Answers { app: &world.app, in_memory: true };
    let mut rng = StdRng::seed_from_u64(seed);
    let (mut listings, mut searches) = (0, 0);
    for _ in 0..60 {
        let filter = if rng.random_bool(0.1) { Filter::default() } else { random_filter(&mut rng) };
        let stay = with_stay.then(|| random_stay(&mut rng));
        if stay.is_some_and(|(stay, _)| stay.check_in() < day(0)) {
            continue;
        }
        let search = Search::new(filter.clone(), stay, ListingOrder::Rating).unwrap();
        let prepared = search.prepare(&world.app, &answers).await.unwrap();
        let wanted = WantedFacets {
            amenities: rng.random_range(0..6),
            histograms: rng.random_range(0..4),
            buckets: *[1, 2, 7, 20].choose(&mut rng).unwrap(),
        };
        let found = prepared.facets(&world.app, wanted).await.unwrap();
        assert_eq!(found.is_some(), filter.words.is_empty(), "words are not in the index");
        let Some(found) = found else { continue };
        are_those_of_the_database(&world, &filter, stay, wanted, &found).await;
        listings += found.room_types.iter().map(|(_, listings)| listings).sum::<usize>();
        searches += 1;
    }
    assert!(listings > 300 && searches > 30, "{listings} listings in {searches} searches prove little");
}

#[tokio::test]
async fn facets_are_those_of_searches_without_their_own_condition() {
    agree(31, false).await;
}

#[tokio::test]
async fn facets_for_a_stay_are_those_of_searches_without_their_own_condition() {
    for seed in [32, 33] {
        agree(seed, true).await;
    }
}

const FACETS: &str = "facets(first: 2, buckets: 5) { roomTypes { roomType listings } propertyTypes { propertyType } \
                      amenities { slug name listings } prices { currency listings buckets { min max listings } } }";

#[tokio::test]
async fn facets_are_null_without_an_index() {
    let world = World::new(34, 20).await;
    let answer = execute(&world, &format!("{{ searchListings {{ nodes {{ distanceMeters }} {FACETS} }} }}")).await;
    assert!(answer.errors.is_empty(), "{:?}", answer.errors);
    assert_eq!(answer.data.into_json().unwrap()["searchListings"]["facets"], serde_json::Value::Null);
}

#[tokio::test]
async fn facets_read_no_more_than_the_names_of_amenities() {
    let world = World::shortlisted(35, 60, 128, true).await;
    fill_if_needed(&world.app).await.unwrap();
    for (fields, statements) in [("", 0), ("facets { roomTypes { listings } prices { listings } }", 0), (FACETS, 1)] {
        execute(&world, "{ searchListings { nodes { distanceMeters } } }").await;
        let recording = world.database.database.statements().record();
        let answer = execute(&world, &format!("{{ searchListings {{ nodes {{ distanceMeters }} {fields} }} }}")).await;
        let texts = recording.texts();
        assert!(answer.errors.is_empty(), "{:?}", answer.errors);
        // What changed, and the listings.
        assert_eq!(texts.len(), 2 + statements, "{texts:#?}");
        if fields == FACETS {
            let facets = &answer.data.into_json().unwrap()["searchListings"]["facets"];
            assert_eq!(facets["amenities"].as_array().unwrap().len(), 2, "{facets}");
            assert_eq!(facets["roomTypes"].as_array().unwrap().len(), 4, "{facets}");
            assert_eq!(facets["prices"].as_array().unwrap().len(), 3, "{facets}");
        }
    }
}

#[tokio::test]
async fn a_wrong_number_of_facets_is_refused() {
    let world = World::new(36, 1).await;
    for (arguments, message) in [
        ("first: 0", "`first` must be from 1 to 100"),
        ("first: 101", "`first` must be from 1 to 100"),
        ("buckets: 0", "`buckets`: must be from 1 to 50."),
        ("buckets: 51", "`buckets`: must be from 1 to 50."),
    ] {
        let query = format!("{{ searchListings {{ facets({arguments}) {{ prices {{ listings }} }} }} }}");
        let answer = execute(&world, &query).await;
        assert!(answer.errors[0].message.contains(message), "{:?}", answer.errors);
        assert_eq!(answer.data.into_json().unwrap()["searchListings"]["facets"], serde_json::Value::Null);
    }
}
