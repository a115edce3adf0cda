//! Flexible dates, compared with an ordinary search for each of the stays.

use std::collections::BTreeMap;

use chrono::{Datelike, Days, NaiveDate, Weekday};
use rand::{RngExt, SeedableRng, rngs::StdRng, seq::IndexedRandom};
use serde_json::{Value, json};

use super::{
    servers::{Found, Servers, random_filter, random_guests},
    world::day,
};

const SEARCH: &str =
    "query ($where: ListingFilter, $flexible: FlexibleStayInput, $order: ListingOrder, $first: Int, $after: Cursor) {
    searchListings(where: $where, flexible: $flexible, orderBy: $order, first: $first, after: $after) { totalCount
        nodes { listing { id place { point { latitude longitude } } } nightlyPrice { minorUnits currency }
            stay { checkIn checkOut } price { total { minorUnits } lines { kind amount { minorUnits } } } }
        pageInfo { hasNextPage endCursor } } }";
const CLUSTERS: &str = "query ($where: ListingFilter, $flexible: FlexibleStayInput) {
    searchListings(where: $where, flexible: $flexible) { clusters(zoom: 0) { cells { listings } } } }";
const PRICE: &str = "query ($id: ID!, $stay: StayInput!) { listing(id: $id) { price(stay: $stay) { bookable
    price { total { minorUnits } lines { kind amount { minorUnits } } } } } }";

/// Random flexible dates, and the stays that they stand for.
fn random_dates(rng: &mut StdRng) -> (Value, Vec<(NaiveDate, u64)>) {
    let within = |first: NaiveDate, nights: u64| {
        let days = first.with_day(1).unwrap().iter_days();
        let days = days.take_while(move |day| day.month() == first.month());
        let fits = move |day: &NaiveDate| (*day + Days::new(nights - 1)).month() == first.month();
        days.filter(fits).map(move |day| (day, nights)).collect::<Vec<_>>()
    };
    let month = day(rng.random_range(0..60));
    match rng.random_range(0..4) {
        0 | 1 => {
            let (check_in, nights) = (day(rng.random_range(0..40)), rng.random_range(1..5));
            let days = rng.random_range(1..5);
            let around = json!({ "checkIn": check_in, "checkOut": check_in + Days::new(nights), "days": days });
            let begins = (0..=2 * days).map(|shift| check_in - Days::new(days) + Days::new(shift));
            (json!({ "around": around }), begins.map(|begin| (begin, nights)).collect())
        }
        2 => {
            let friday = |(day, _): &(NaiveDate, u64)| day.weekday() == Weekday::Fri;
            (json!({ "weekendIn": month }), within(month, 2).into_iter().filter(friday).collect())
        }
        _ => {
            // Of the current month some have begun.
            let nights = rng.random_range(3..8);
            (json!({ "nightsIn": { "month": month, "nights": nights } }), within(month, nights))
        }
    }
}

/// The cheapest stay of each listing, by an ordinary search for each of them.
async fn cheapest(servers: &Servers, filter: &Value, stays: &[(NaiveDate, u64)], guests: &Value) -> Vec<Found> {
    let mut best: BTreeMap<String, Found> = BTreeMap::new();
    // It is afternoon in UTC: the previous day has passed everywhere.
    for (check_in, nights) in stays.iter().filter(|(check_in, _)| *check_in >= day(0)) {
        let stay = json!({ "checkIn": check_in, "checkOut": *check_in + Days::new(*nights), "guests": guests });
        for hit in servers.walk(filter, &stay, "RATING").await {
            let is_better = best.get(&hit.id).is_none_or(|best| hit.amount < best.amount);
            if is_better {
                best.insert(hit.id.clone(), hit);
            }
        }
    }
    best.into_values().collect()
}

/// Puts hits into the order of a search: that of the database without dates, or by price.
async fn sorted(servers: &Servers, filter: &Value, order: &str, mut hits: Vec<Found>) -> Vec<Found> {
    let by_price = |hit: &Found| (hit.currency.clone(), hit.amount, hit.id.clone());
    hits.sort_by_key(by_price);
    match order {
        "PRICE_ASC" => {}
        "PRICE_DESC" => hits.reverse(),
        _ => {
            let mut all = filter.clone();
            all["price"] = Value::Null;
            let all = servers.walk(&all, &Value::Null, order).await;
            let place = |hit: &Found| all.iter().position(|other| other.id == hit.id).unwrap();
            hits.sort_by_key(place);
        }
    }
    hits
}

/// Reads a search in memory to its end.
async fn pages(servers: &Servers, mut variables: Value) -> (Vec<Value>, Value) {
    let mut nodes = Vec::new();
    loop {
        let page = servers.memory(SEARCH, variables.clone()).await["searchListings"].clone();
        nodes.extend(page["nodes"].as_array().unwrap().clone());
        if page["pageInfo"]["hasNextPage"] == false {
            return (nodes, page["totalCount"].clone());
        }
        variables["after"] = page["pageInfo"]["endCursor"].clone();
    }
}

async fn agrees(seed: u64, rounds: usize) {
    let servers = Servers::new(seed, 200).await;
    let mut rng = StdRng::seed_from_u64(seed);
    let (mut hits, mut later) = (0, 0);
    for _ in 0..rounds {
        let filter = if rng.random_bool(0.5) { json!({}) } else { random_filter(&mut rng) };
        let guests = random_guests(&mut rng);
        let (dates, stays) = random_dates(&mut rng);
        let orders: &[&str] = &["RATING", "NEWEST", "PRICE_ASC", "PRICE_DESC", "DISTANCE"];
        let order = *orders[..if filter["box"].is_null() { 4 } else { 5 }].choose(&mut rng).unwrap();
        let expected = cheapest(&servers, &filter, &stays, &guests).await;
        let expected = sorted(&servers, &filter, order, expected).await;
        let flexible = json!({ "dates": dates, "guests": guests });
        let first = rng.random_range(1..30);
        let variables = json!({ "where": filter, "flexible": flexible, "order": order, "first": first });
        let (found, count) = pages(&servers, variables.clone()).await;
        let nodes: Vec<_> = expected.iter().map(|hit| hit.node.clone()).collect();
        assert_eq!(found, nodes, "{variables}");
        assert_eq!(count, expected.len(), "{variables}");
        let map = servers.memory(CLUSTERS, variables).await["searchListings"]["clusters"]["cells"].clone();
        let on_map: i64 = map.as_array().unwrap().iter().map(|cell| cell["listings"].as_i64().unwrap()).sum();
        assert_eq!(on_map, expected.len() as i64);
        // What a quote would say.
        if let Some(hit) = found.choose(&mut rng) {
            let mut stay = hit["stay"].clone();
            stay["guests"] = guests;
            let quoted = servers.memory(PRICE, json!({ "id": hit["listing"]["id"], "stay": stay })).await;
            assert_eq!(quoted["listing"]["price"], json!({ "bookable": true, "price": hit["price"] }));
        }
        hits += found.len();
        let first_day = json!(stays[0].0);
        later += found.iter().filter(|hit| hit["stay"]["checkIn"] != first_day).count();
    }
    assert!(hits > 10 * rounds && later > 5 * rounds, "{hits} hits, {later} on later days prove little");
}

#[tokio::test]
async fn hits_on_flexible_dates_are_the_cheapest_of_an_ordinary_search_for_each_stay() {
    agrees(31, 8).await;
}

#[tokio::test]
#[ignore = "minutes; make prove"]
async fn many_hits_on_flexible_dates_are_the_cheapest_of_an_ordinary_search_for_each_stay() {
    for seed in 32..36 {
        agrees(seed, 40).await;
    }
}

#[tokio::test]
async fn of_equally_cheap_stays_the_earliest_is_found_and_a_week_is_seven_nights() {
    let servers = Servers::new(37, 60).await;
    let week = json!({ "order": "PRICE_ASC", "first": 100, "flexible": { "dates": { "weekIn": day(50) } } });
    let (found, _) = pages(&servers, week).await;
    assert!(!found.is_empty());
    let days = |hit: &Value, day: &str| hit["stay"][day].as_str().unwrap().parse::<NaiveDate>().unwrap();
    for hit in &found {
        let (check_in, check_out) = (days(hit, "checkIn"), days(hit, "checkOut"));
        assert_eq!((check_out - check_in).num_days(), 7);
        for earlier in check_in.with_day(1).unwrap().iter_days().take_while(|day| *day < check_in) {
            let stay = json!({ "checkIn": earlier, "checkOut": earlier + Days::new(7) });
            let answer = servers.memory(PRICE, json!({ "id": hit["listing"]["id"], "stay": stay })).await;
            let price = &answer["listing"]["price"];
            let total = |price: &Value| price["total"]["minorUnits"].as_i64().unwrap();
            assert!(price["bookable"] == false || total(&price["price"]) > total(&hit["price"]), "{hit} {earlier}");
        }
    }
}

#[tokio::test]
async fn a_stay_that_is_asked_for_is_that_of_its_hits() {
    let servers = Servers::new(38, 60).await;
    let asked = json!({ "checkIn": day(20), "checkOut": day(22) });
    let found = servers.walk(&json!({}), &asked, "RATING").await;
    assert!(!found.is_empty() && found.iter().all(|hit| hit.node["stay"] == asked));
    let without = servers.walk(&json!({}), &Value::Null, "RATING").await;
    assert!(without.iter().all(|hit| hit.node["stay"].is_null()));
}

#[tokio::test]
async fn a_cursor_belongs_to_its_flexible_dates() {
    let servers = Servers::new(39, 60).await;
    let mut search = json!({ "first": 2, "flexible": { "dates": { "weekendIn": day(30) } } });
    let page = servers.memory(SEARCH, search.clone()).await["searchListings"]["pageInfo"].clone();
    assert_eq!(page["hasNextPage"], true);
    search["after"] = page["endCursor"].clone();
    servers.memory(SEARCH, search.clone()).await;
    for other in [json!({ "weekIn": day(30) }), json!({ "weekendIn": day(90) })] {
        search["flexible"] = json!({ "dates": other });
        let errors = servers.errors(SEARCH, search.clone()).await;
        assert!(errors.iter().all(|(code, _)| code == "BAD_CURSOR"), "{errors:?}");
    }
    search["flexible"] = json!({ "dates": { "weekendIn": day(30) }, "guests": { "adults": 2 } });
    assert_eq!(servers.errors(SEARCH, search).await[0].0, "BAD_CURSOR");
}

#[tokio::test]
async fn flexible_dates_need_the_index_and_have_limits() {
    let servers = Servers::new(40, 20).await;
    let around = |check_in: NaiveDate, nights: u64, days: i64| json!({ "around": { "checkIn": check_in, "checkOut": check_in + Days::new(nights), "days": days } });
    let right = json!({ "flexible": { "dates": around(day(20), 2, 2) } });
    servers.memory(SEARCH, right.clone()).await;
    let [(code, message), _] = servers
        .errors(
            &SEARCH.replace(
                "$flexible, orderBy",
                "$flexible, stay: { checkIn: \"2027-05-02\", checkOut: \"2027-05-03\" }, orderBy",
            ),
            right.clone(),
        )
        .await;
    assert_eq!((&*code, &*message), ("BAD_USER_INPUT", "`flexible`: cannot be combined with `stay`."));
    for (variables, part) in [
        (json!({ "where": { "text": "room" }, "flexible": { "dates": around(day(20), 2, 2) } }), "`where.text`"),
        (
            json!({ "flexible": { "dates": around(day(20), 2, 0) } }),
            "`flexible.dates.around.days`: must be from 1 to 7",
        ),
        (json!({ "flexible": { "dates": around(day(20), 2, 8) } }), "`flexible.dates.around.days`"),
        (json!({ "flexible": { "dates": around(day(20), 0, 2) } }), "`flexible.dates.around.checkOut`"),
        (json!({ "flexible": { "dates": around(day(20), 366, 2) } }), "365 nights"),
        (json!({ "flexible": { "dates": { "nightsIn": { "month": day(20), "nights": 29 } } } }), "from 1 to 28"),
        (json!({ "flexible": { "dates": { "nightsIn": { "month": day(20), "nights": -1 } } } }), "from 1 to 28"),
        (json!({ "flexible": { "dates": { "weekIn": "2027-02-28" } } }), "`flexible.dates`: The day has ended"),
        (
            json!({ "flexible": { "dates": around(day(20), 2, 2), "guests": { "adults": 0 } } }),
            "`flexible.guests.adults`",
        ),
    ] {
        for (code, message) in servers.errors(SEARCH, variables.clone()).await {
            assert_eq!(code, "BAD_USER_INPUT", "{variables}: {message}");
            assert!(message.contains(part), "{variables}: {message}");
        }
    }
    assert_eq!(servers.database_error(SEARCH, right).await.0, "SEARCH_INDEX_REQUIRED");
}
