//! Clusters of a map, compared with the hits of the database.

use std::collections::BTreeMap;

use rand::{RngExt, SeedableRng, rngs::StdRng};
use serde_json::{Value, json};

use super::servers::{Found, Servers, random_filter, random_guests, stay};

const CLUSTERS: &str = "query ($where: ListingFilter, $stay: StayInput, $zoom: Int!) {
    searchListings(where: $where, stay: $stay, first: 1) { clusters(zoom: $zoom) { zoom
        cells { listings center { latitude longitude } box { south west north east }
            lowestPrice { minorUnits currency } listing { id } } } } }";

fn degrees(units: i64) -> Value {
    json!(units as f64 / 10_000.0)
}

/// The cell of a hit: 90/2^zoom degrees, from the South Pole and 180° west.
fn cell(hit: &Found, zoom: u32) -> (i64, i64) {
    let number = |units: i64, half: i64| ((units + half) << zoom) / 900_000;
    // The pole and the meridian of 180° belong to the cells that end there.
    let (rows, columns) = (2 << zoom, 4 << zoom);
    (number(hit.latitude, 900_000).min(rows - 1), number(hit.longitude, 1_800_000).min(columns - 1))
}

fn cluster(hits: &[Found]) -> Value {
    let count = hits.len() as i64;
    let bounds = |of: fn(&Found) -> i64| {
        let (min, max) = (hits.iter().map(of).min().unwrap(), hits.iter().map(of).max().unwrap());
        let sum: i64 = hits.iter().map(of).sum();
        (degrees(min), degrees(max), degrees((2 * sum + count).div_euclid(2 * count)))
    };
    let (south, north, latitude) = bounds(|hit| hit.latitude);
    let (west, east, longitude) = bounds(|hit| hit.longitude);
    let currency = &hits[0].currency;
    let has_one = hits.iter().all(|hit| hit.currency == *currency);
    let lowest = hits.iter().map(|hit| hit.amount).min().unwrap();
    json!({
        "listings": count,
        "center": { "latitude": latitude, "longitude": longitude },
        "box": { "south": south, "west": west, "north": north, "east": east },
        "lowestPrice": if has_one { json!({ "minorUnits": lowest, "currency": currency }) } else { Value::Null },
        "listing": if count == 1 { json!({ "id": hits[0].id }) } else { Value::Null },
    })
}

/// The clusters of hits, at a zoom or less.
fn clusters(hits: &[Found], mut zoom: u32) -> (Value, Vec<Vec<Found>>) {
    loop {
        let mut cells: BTreeMap<_, Vec<Found>> = BTreeMap::new();
        for hit in hits {
            cells.entry(cell(hit, zoom)).or_default().push(hit.clone());
        }
        if cells.len() <= 200 || zoom == 0 {
            let cells: Vec<_> = cells.into_values().collect();
            let clusters: Vec<_> = cells.iter().map(|hits| cluster(hits)).collect();
            return (json!({ "zoom": zoom, "cells": clusters }), cells);
        }
        zoom -= 1;
    }
}

#[tokio::test]
async fn clusters_are_the_hits_of_the_database_by_their_cells() {
    let servers = Servers::new(21, 280).await;
    let mut rng = StdRng::seed_from_u64(21);
    let (mut coarser, mut alone) = (0, 0);
    for round in 0..30 {
        let filter = if round < 4 { json!({}) } else { random_filter(&mut rng) };
        let guests = random_guests(&mut rng);
        let dates = stay(rng.random_range(1..30), rng.random_range(1..6), &guests);
        let dates = if round >= 4 && rng.random_bool(0.5) { dates } else { Value::Null };
        let zoom = if round < 4 { [0, 5, 17, 20][round] } else { rng.random_range(0..=20) };
        let hits = servers.walk(&filter, &dates, "RATING").await;
        let (expected, cells) = clusters(&hits, zoom);
        let variables = json!({ "where": filter, "stay": dates, "zoom": zoom });
        let answer = servers.memory(CLUSTERS, variables.clone()).await;
        assert_eq!(answer["searchListings"]["clusters"], expected, "{variables}");
        coarser += usize::from(expected["zoom"] != zoom);
        alone += cells.iter().filter(|hits| hits.len() == 1).count();
        // The box of a cluster is a search that finds the same listings.
        if let Some(number) = (!cells.is_empty()).then(|| rng.random_range(0..cells.len())) {
            let mut inside = filter.clone();
            inside["box"] = expected["cells"][number]["box"].clone();
            let mut found = servers.walk(&inside, &dates, "RATING").await;
            found.sort_by(|a, b| a.id.cmp(&b.id));
            let mut cell = cells[number].clone();
            cell.sort_by(|a, b| a.id.cmp(&b.id));
            assert_eq!(found, cell, "{variables}");
        }
    }
    assert!(coarser >= 2 && alone > 50, "{coarser} coarser maps and {alone} listings alone prove little");
}

#[tokio::test]
async fn clusters_are_null_without_an_index_or_with_words_and_refuse_a_wrong_zoom() {
    let servers = Servers::new(22, 20).await;
    let clusters = |answer: Value| answer["searchListings"]["clusters"].clone();
    assert_eq!(clusters(servers.database(CLUSTERS, json!({ "zoom": 3 })).await), Value::Null);
    let words = json!({ "where": { "text": "room" }, "zoom": 3 });
    assert_eq!(clusters(servers.memory(CLUSTERS, words).await), Value::Null);
    let nowhere = json!({ "where": { "place": "Nowhere" }, "zoom": 3 });
    assert_eq!(clusters(servers.memory(CLUSTERS, nowhere).await), json!({ "zoom": 3, "cells": [] }));
    let far = json!({ "stay": { "checkIn": "9999-12-30", "checkOut": "9999-12-31" }, "zoom": 3 });
    assert_eq!(clusters(servers.memory(CLUSTERS, far).await), json!({ "zoom": 3, "cells": [] }));
    for zoom in [-1, 21, i32::MAX] {
        for (code, message) in servers.errors(CLUSTERS, json!({ "zoom": zoom })).await {
            assert_eq!((&*code, &*message), ("BAD_USER_INPUT", "`zoom`: must be from 0 to 20."));
        }
    }
}

#[tokio::test]
async fn a_map_takes_two_statements_however_many_cells_it_has() {
    let servers = Servers::new(23, 120).await;
    servers.memory(CLUSTERS, json!({ "zoom": 3 })).await;
    for zoom in [1, 12, 18] {
        let recording = servers.world.database.database.statements().record();
        servers.memory(CLUSTERS, json!({ "zoom": zoom })).await;
        // What has changed, the listing of the page, and those that are alone.
        assert!(recording.texts().len() <= 3, "{:#?}", recording.texts());
    }
}
