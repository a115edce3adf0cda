//! Search: the database finds exactly the listings that the rules allow.

mod facets;
mod clusters;
mod flexible;
mod lowest_prices;
mod oracle;
mod pages;
mod places;
mod seeks;
mod totals;
mod servers;
mod suggestions;
mod unpriced;
mod world;

use std::sync::Arc;

use chrono::Days;
use domain::{
    app::App,
    listings::ListingWithCover,
    search::{Filter, ListingSource, PriceRange, Search},
    search_index::fill_if_needed,
};
use rand::{RngExt, SeedableRng, rngs::StdRng, seq::IndexedRandom};
use types::{
    CancellationPolicy, GeoBox, Guests, ListingId, ListingOrder, Page, PageError, PropertyType, RoomType, Stay,
    error::{Error, Refusal},
    search_words,
};

use self::{
    oracle::Expected,
    world::{CITIES, REGIONS, SLUGS, World, day},
};

/// What answers the searches of a test.
struct Answers<'a> {
    app: &'a App,
    in_memory: bool,
}

impl ListingSource for Answers<'_> {
    type Error = Error;

    async fn catch_up(&self) -> Result<bool, Error> {
        Ok(self.in_memory)
    }

    async fn published(&self, ids: Vec<ListingId>) -> Result<Vec<Arc<ListingWithCover>>, Error> {
        self.app.published(ids).await
    }
}

/// Reads a search to its end, in pages of `first`.
async fn read(world: &World, in_memory: bool, search: &Search, first: i32) -> (Vec<Expected>, Option<i64>) {
    let answers = Answers { app: &world.app, in_memory };
    let prepared = search.clone().prepare(&world.app, &answers).await.unwrap();
    let (mut found, mut after) = (Vec::new(), None);
    loop {
        let is_first = after.is_none();
        let page = prepared.page(&world.app, &Page::new(Some(first), after).unwrap(), &world.app).await.unwrap();
        assert_eq!(page.has_previous, !is_first);
        assert!(page.items.len() <= first as usize);
        for hit in &page.items {
            let amount = hit.price.as_ref().map_or(hit.listing.pricing.base_price, |price| price.total);
            found.push(Expected { id: hit.listing.id, amount, distance: hit.distance });
        }
        let Some(last) = page.items.last().filter(|_| page.has_next) else {
            return (found, prepared.count(&world.app).await.unwrap());
        };
        after = Some(search.key(&search.cursors()(last)).unwrap());
    }
}

#[expect(clippy::too_many_lines, reason = "every part of a filter, one after the other")]
fn random_filter(rng: &mut StdRng) -> Filter {
    let mut filter = Filter::default();
    let boxes = [
        (1.1, 103.7, 1.5, 104.0),
        (52.4, 13.0, 52.8, 13.5),
        (-17.2, 179.8, -16.9, -179.9),
        (-90.0, -180.0, 90.0, 180.0),
    ];
    if rng.random_bool(0.5) {
        let &(south, west, north, east) = boxes.choose(rng).unwrap();
        filter.area = GeoBox::new(south, west, north, east);
    }
    if rng.random_bool(0.3) {
        let names = [
            CITIES[0],
            "sing",
            CITIES[1],
            "Sing_",
            REGIONS[1],
            "100%",
            "suVA",
            "%",
            "Nowhere",
            "GIESSEN",
            "saint denis",
            "Zu\u{308}rich",
            "Zuerich",
            "Mitte, Germany",
            "suva, sg",
            "Germany",
            "Giessen, 100%",
            "Zürich, Nowhere",
        ];
        filter.place = Some((*names.choose(rng).unwrap()).to_owned());
    }
    if rng.random_bool(0.2) {
        filter.room_types = RoomType::ALL[..2].to_vec();
    }
    if rng.random_bool(0.2) {
        filter.property_types = PropertyType::ALL[1..3].to_vec();
    }
    if rng.random_bool(0.3) {
        filter.amenities = SLUGS.iter().filter(|_| rng.random_bool(0.3)).map(|&slug| slug.to_owned()).collect();
    }
    filter.instant_book = rng.random_bool(0.2).then(|| rng.random_bool(0.5));
    filter.min_rating = rng.random_bool(0.2).then(|| *[100, 400, 430, 500].choose(rng).unwrap());
    filter.min_bedrooms = rng.random_bool(0.2).then(|| rng.random_range(0..4));
    filter.min_beds = rng.random_bool(0.2).then(|| rng.random_range(0..4));
    filter.min_bathroom_halves = rng.random_bool(0.2).then(|| rng.random_range(0..5));
    filter.guests = rng.random_bool(0.2).then(|| rng.random_range(1..5));
    filter.pets_allowed = rng.random_bool(0.1).then(|| rng.random_bool(0.6));
    filter.superhost = rng.random_bool(0.15).then(|| rng.random_bool(0.6));
    if rng.random_bool(0.15) {
        filter.cancellation_policies = CancellationPolicy::ALL[..4].to_vec();
    }
    if rng.random_bool(0.25) {
        // Some that nearly all have, some that few have, and one that no listing has.
        let texts = [
            "sunny",
            "place",
            "ROOM place",
            "strasse",
            "side river",
            "7",
            "place suva",
            "mitte",
            "nowhere",
            "Zürich 9",
        ];
        filter.words = search_words(texts.choose(rng).unwrap());
    }
    if rng.random_bool(0.3) {
        let min = rng.random_bool(0.5).then(|| rng.random_range(0..500));
        let max = rng.random_bool(0.5).then(|| rng.random_range(500..9_000));
        filter.price = Some(PriceRange { currency: "SGD".parse().unwrap(), min, max });
    }
    filter
}

fn random_stay(rng: &mut StdRng) -> (Stay, Guests) {
    // Also on days that have begun or passed, somewhere or everywhere.
    let check_in = day(rng.random_range(0..40)) - Days::new(rng.random_range(0..3));
    let nights = match rng.random_range(0..10) {
        0..6 => rng.random_range(1..6),
        6..8 => rng.random_range(6..12),
        8 => rng.random_range(26..32),
        _ => rng.random_range(60..100),
    };
    let guests = Guests {
        adults: rng.random_range(1..4),
        children: rng.random_range(0..2),
        infants: rng.random_range(0..2),
        pets: u8::from(rng.random_bool(0.3)),
    };
    (Stay::new(check_in, check_in + Days::new(nights), 365).unwrap(), guests)
}

/// Compares random searches, in the database or in memory, with those of brute force.
async fn agrees(seed: u64, with_stay: bool, in_memory: bool) {
    let world = World::shortlisted(seed, 230, 5, in_memory).await;
    fill_if_needed(&world.app).await.unwrap();
    assert_eq!(world.app.search_index.is_ready(), in_memory);
    let mut rng = StdRng::seed_from_u64(seed);
    let (mut hits, mut empty) = (0, 0);
    for number in 0..120 {
        let filter = if rng.random_bool(0.3) { Filter::default() } else { random_filter(&mut rng) };
        let stay = with_stay.then(|| random_stay(&mut rng));
        let order = *ListingOrder::ALL.choose(&mut rng).unwrap();
        let order = if filter.area.is_none() && order == ListingOrder::Distance { ListingOrder::Rating } else { order };
        let expected = oracle::search(&world, &filter, stay, order);
        let search = Search::new(filter, stay, order).unwrap();
        // It is afternoon in UTC, so the previous day has passed everywhere.
        if stay.is_some_and(|(stay, _)| stay.check_in() < day(0)) {
            let refused = search.prepare(&world.app, &world.app).await;
            assert!(matches!(refused, Err(Error::Refused(Refusal::BadUserInput(_)))), "search {number}");
            continue;
        }
        let (found, count) = read(&world, in_memory, &search, rng.random_range(1..40)).await;
        assert_eq!(found, expected, "search {number}: {search:#?}");
        assert_eq!(count, Some(expected.len() as i64), "search {number}: {search:#?}");
        hits += expected.len();
        empty += usize::from(expected.is_empty());
    }
    assert!(hits > 500 && empty < 80, "{hits} hits and {empty} empty searches prove little");
}

#[tokio::test]
async fn hits_for_a_stay_are_those_that_the_rules_allow_at_their_prices() {
    for seed in [1, 2] {
        agrees(seed, true, false).await;
    }
}

#[tokio::test]
async fn hits_in_memory_for_a_stay_are_those_that_the_rules_allow_at_their_prices() {
    for seed in [1, 2] {
        agrees(seed, true, true).await;
    }
}

#[tokio::test]
async fn hits_without_a_stay_are_those_of_the_filter() {
    agrees(3, false, false).await;
}

#[tokio::test]
async fn hits_in_memory_without_a_stay_are_those_of_the_filter() {
    agrees(3, false, true).await;
}

#[tokio::test]
async fn a_cursor_belongs_to_its_filter_stay_and_order() {
    let world = World::new(4, 30).await;
    let search = Search::new(Filter::default(), None, ListingOrder::Rating).unwrap();
    let page = search.clone().prepare(&world.app, &world.app).await.unwrap();
    let page = page.page(&world.app, &Page::new(Some(2), None).unwrap(), &world.app).await.unwrap();
    let cursor = search.cursors()(&page.items[1]);
    assert!(search.key(&cursor).is_ok());
    let stay = (Stay::new(day(20), day(22), 365).unwrap(), Guests::ONE);
    let filter = Filter { instant_book: Some(true), ..Filter::default() };
    for other in [
        Search::new(Filter::default(), None, ListingOrder::Newest),
        Search::new(Filter::default(), Some(stay), ListingOrder::Rating),
        Search::new(filter, None, ListingOrder::Rating),
    ] {
        assert_eq!(other.unwrap().key(&cursor), Err(PageError::Cursor));
    }
    let mut broken = cursor.clone();
    broken.pop();
    for text in ["", "abc", "ä", &broken, &format!("{cursor}A")] {
        assert_eq!(search.key(text), Err(PageError::Cursor), "{text}");
    }
}

#[tokio::test]
async fn the_same_filter_in_another_spelling_has_the_same_cursors() {
    let filter = |slugs: &[&str], place: &str| Filter {
        amenities: slugs.iter().map(|&slug| slug.to_owned()).collect(),
        place: Some(place.to_owned()),
        ..Filter::default()
    };
    let search = |filter| Search::new(filter, None, ListingOrder::Rating).unwrap();
    assert_eq!(search(filter(&["wifi", "pool", "wifi"], " Suva ")), search(filter(&["pool", "wifi"], "Suva")));
}

#[test]
fn an_invalid_search_is_refused_with_its_argument() {
    let message = |filter: Filter, order| match Search::new(filter, None, order) {
        Err(Error::Refused(Refusal::BadUserInput(refusal))) => refusal.message,
        other => panic!("{other:?}"),
    };
    assert!(message(Filter::default(), ListingOrder::Distance).contains("where.box"));
    let many = (0..21).map(|number| format!("slug-{number}")).collect();
    assert!(message(Filter { amenities: many, ..Filter::default() }, ListingOrder::Rating).contains("at most 20"));
    for place in ["", "  ", &"x".repeat(101)] {
        let filter = Filter { place: Some(place.to_owned()), ..Filter::default() };
        assert!(message(filter, ListingOrder::Rating).contains("1 to 100"));
    }
    for place in [",", " , ,", "a,b,c,d,e,f"] {
        let filter = Filter { place: Some(place.to_owned()), ..Filter::default() };
        assert!(message(filter, ListingOrder::Rating).contains("1 to 5 names"));
    }
    for (min, max) in [(Some(-1), None), (Some(5), Some(4)), (None, Some(-1))] {
        let price = Some(PriceRange { currency: "SGD".parse().unwrap(), min, max });
        assert!(message(Filter { price, ..Filter::default() }, ListingOrder::Rating).contains("where.price"));
    }
}
