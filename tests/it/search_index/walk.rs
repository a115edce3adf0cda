//! Random changes at several servers at once: searches and quotes in memory agree with the database.

use chrono::Duration;
use futures_util::future::join_all;
use rand::{RngExt, SeedableRng, rngs::StdRng, seq::IndexedRandom};
use serde_json::{Value, json};

use super::{
    AMENITIES, BLOCK, OPEN, POLICIES, PRICES, PUBLISH, SEARCH, UNLIST, UPDATE, World, quote_and_compare, set_superhost,
    stay,
};
use crate::harness::actors::{Actor, data};

/// A random filter, stay and order.
fn random_search(rng: &mut StdRng) -> Value {
    let mut filter = json!({});
    if rng.random_bool(0.4) {
        let south = 1.28 + rng.random_range(0.0..0.05);
        filter["box"] = json!({ "south": south, "west": 103.5, "north": south + 0.03, "east": 104.2 });
    }
    if rng.random_bool(0.3) {
        filter["amenities"] = json!([AMENITIES.choose(rng).unwrap().to_lowercase()]);
    }
    if rng.random_bool(0.3) {
        filter["price"] =
            json!({ "currency": "SGD", "min": rng.random_range(0..12_000), "max": rng.random_range(12_000..80_000) });
    }
    if rng.random_bool(0.2) {
        filter["instantBook"] = json!(rng.random_bool(0.5));
    }
    if rng.random_bool(0.2) {
        filter["place"] = json!(["Singapore", "sing", "Nowhere"].choose(rng).unwrap());
    }
    if rng.random_bool(0.2) {
        filter["superhost"] = json!(rng.random_bool(0.5));
    }
    if rng.random_bool(0.2) {
        filter["cancellationPolicies"] = json!(POLICIES[..rng.random_range(1..3)]);
    }
    let orders = ["RATING", "RECOMMENDED", "NEWEST", "PRICE_ASC", "PRICE_DESC", "DISTANCE"];
    let orders = if filter["box"].is_null() { &orders[..5] } else { &orders };
    let stay = if rng.random_bool(0.7) { stay(rng.random_range(1..30), rng.random_range(1..10)) } else { Value::Null };
    json!({ "where": filter, "stay": stay, "order": orders.choose(rng).unwrap(), "first": rng.random_range(1..6) })
}

/// Reads a random search at every server, all of its pages.
async fn search_and_compare(world: &World, rng: &mut StdRng) {
    let mut search = random_search(rng);
    loop {
        let answer = world.agreed(&search).await;
        let last = answer["edges"].as_array().and_then(|edges| edges.last());
        let Some(last) = last.filter(|_| answer["pageInfo"]["hasNextPage"] == true) else { return };
        search["after"] = last["cursor"].clone();
    }
}

async fn random_quote(world: &World, rng: &mut StdRng) {
    let people: Vec<_> = world.guests.iter().chain(&world.hosts).collect();
    let nights = stay(rng.random_range(0..30), rng.random_range(1..7));
    quote_and_compare(world, people.choose(rng).unwrap(), &world.listings.choose(rng).unwrap().1, &nights).await;
}

/// A guest books, if the nights are free; sometimes they pay, sometimes they cancel.
async fn book(world: &World, guest: &Actor, listing: &str, nights: &Value, rng: &mut StdRng) {
    let [from, to] = ["checkIn", "checkOut"].map(|day| nights[day].as_str().unwrap().to_owned());
    let quote = guest.try_quote(listing, &from, &to).await;
    let Some(quote) = quote["quote"]["id"].as_str() else { return };
    let booked = guest.try_book(quote, &world.database.key()).await;
    let Some(booking) = booked["booking"]["id"].as_str() else { return };
    if rng.random_bool(0.5) {
        guest.try_pay(booking, "CARD_OK", &world.database.key()).await;
    }
    if rng.random_bool(0.4) {
        guest.cancel(booking).await;
    }
}

/// A random change of a random listing, by its host or a guest, at a random server. It can be refused.
async fn change(world: &World, rng: &mut StdRng) {
    let at = [&world.database, &world.servers[0], &world.servers[1]][rng.random_range(0..3)];
    let (host, id) = world.listings.choose(rng).unwrap();
    let (host, guest) = (world.hosts[*host].at(at), world.guests.choose(rng).unwrap().at(at));
    let nights = stay(rng.random_range(1..30), rng.random_range(1..6));
    let mut range = json!({ "listingId": id, "from": nights["checkIn"], "to": nights["checkOut"] });
    match rng.random_range(0..12) {
        0..5 => book(world, &guest, id, &nights, rng).await,
        5..7 => {
            range["price"] = json!(rng.random_range(5_000..50_000));
            range["minNights"] = [json!(null), json!(rng.random_range(1..6))].choose(rng).unwrap().clone();
            host.mutate(PRICES, range).await;
        }
        7..9 => {
            range["idempotencyKey"] = json!(world.database.key());
            host.mutate([BLOCK, OPEN].choose(rng).unwrap(), range).await;
        }
        9 if rng.random_bool(0.5) => set_superhost(world, &host, rng.random_bool(0.5)).await,
        9 => drop(host.mutate(UNLIST, json!({ "listingId": id })).await),
        10 => drop(host.mutate(PUBLISH, json!({ "listingId": id })).await),
        _ => {
            let (amenities, policy) = (&AMENITIES[..rng.random_range(0..4)], POLICIES.choose(rng).unwrap());
            host.mutate(UPDATE, json!({ "listingId": id, "amenities": amenities, "cancellationPolicy": policy })).await;
        }
    }
}

/// Changes at three servers at once, then searches and quotes that the two indexes must answer as the database does.
async fn walk(seed: u64, rounds: usize, searches: usize) {
    let world = World::new(12).await;
    let mut rng = StdRng::seed_from_u64(seed);
    for _ in 0..rounds {
        let mut changes: Vec<_> = (0..4).map(|_| StdRng::seed_from_u64(rng.random())).collect();
        // Searches beside the changes, whose answers depend on who was first.
        let mut reader = StdRng::seed_from_u64(rng.random());
        let variables = random_search(&mut reader);
        let beside = world.servers[0].run(None, SEARCH, variables);
        tokio::join!(join_all(changes.iter_mut().map(|rng| change(&world, rng))), async { data(beside.await) });
        if rng.random_bool(0.2) {
            world.database.pass(Duration::minutes(rng.random_range(1..20)));
        }
        for _ in 0..searches {
            search_and_compare(&world, &mut rng).await;
            random_quote(&world, &mut rng).await;
        }
    }
    assert!(world.servers.iter().all(|server| server.app.search_index.is_ready()), "the indexes have answered");
}

#[tokio::test]
async fn searches_and_quotes_agree_with_the_database_after_random_concurrent_changes() {
    walk(11, 25, 4).await;
}

/// Ten thousand searches.
#[tokio::test]
#[ignore = "minutes; make prove"]
async fn many_searches_and_quotes_agree_with_the_database_after_random_concurrent_changes() {
    for seed in 0..10 {
        walk(seed, 100, 10).await;
    }
}
