//! A calendar of lowest prices, compared with an ordinary search for each day.

use chrono::{Datelike, Days, Months};
use rand::{RngExt, SeedableRng, rngs::StdRng};
use serde_json::{Value, json};

use super::{
    servers::{Servers, random_filter, random_guests, stay},
    world::day,
};

const PRICES: &str =
    "query ($where: ListingFilter, $guests: GuestsInput, $nights: Int!, $from: Date!, $to: Date!, $currency: CurrencyCode!) {
    lowestPrices(where: $where, guests: $guests, nights: $nights, from: $from, to: $to, currency: $currency) {
        checkIn price { minorUnits currency } listings } }";

async fn agrees(seed: u64, rounds: usize) {
    let servers = Servers::new(seed, 150).await;
    let mut rng = StdRng::seed_from_u64(seed);
    let (mut priced, mut without) = (0, 0);
    for _ in 0..rounds {
        let (mut filter, guests) = (random_filter(&mut rng), random_guests(&mut rng));
        let nights = if rng.random_bool(0.7) { rng.random_range(1..5) } else { rng.random_range(5..31) };
        let (first, days) = (rng.random_range(0..40), rng.random_range(1..12));
        let variables = json!({
            "where": filter, "guests": guests, "nights": nights, "from": day(first), "to": day(first + days), "currency": "SGD"
        });
        let answer = servers.memory(PRICES, variables.clone()).await["lowestPrices"].clone();
        if filter["price"].is_null() {
            filter["price"] = json!({ "currency": "SGD" });
        }
        let mut expected = Vec::new();
        for number in first..first + days {
            let hits = servers.walk(&filter, &stay(number, nights, &guests), "RATING").await;
            let lowest = hits.iter().map(|hit| hit.amount).min();
            let price = lowest.map(|lowest| json!({ "minorUnits": lowest, "currency": "SGD" }));
            expected.push(json!({ "checkIn": day(number), "price": price, "listings": hits.len() }));
            priced += usize::from(lowest.is_some());
            without += usize::from(lowest.is_none());
        }
        assert_eq!(answer, json!(expected), "{variables}");
    }
    assert!(priced > 3 * rounds && without > 0, "{priced} days with a price and {without} without prove little");
}

#[tokio::test]
async fn the_lowest_price_of_each_day_is_that_of_an_ordinary_search() {
    agrees(41, 8).await;
}

#[tokio::test]
#[ignore = "minutes; make prove"]
async fn many_lowest_prices_are_those_of_an_ordinary_search() {
    for seed in 42..46 {
        agrees(seed, 60).await;
    }
}

#[tokio::test]
async fn days_in_the_past_and_beyond_every_calendar_have_no_price() {
    let servers = Servers::new(47, 60).await;
    let ask = async |from: Value, to: Value| {
        let variables = json!({ "nights": 2, "from": from, "to": to, "currency": "SGD" });
        servers.memory(PRICES, variables).await["lowestPrices"].as_array().unwrap().clone()
    };
    let month = day(0).with_day(1).unwrap();
    let days = ask(json!(month), json!(month + Months::new(2))).await;
    assert_eq!(days.len(), 61);
    let today = day(0).day0() as usize;
    let nothing = |day: &Value| day["price"].is_null() && day["listings"] == 0;
    assert!(days[..today].iter().all(nothing) && !days[today..].iter().all(nothing));
    for (from, to) in [("2042-01-01", "2042-02-01"), ("9999-12-01", "9999-12-31")] {
        let days = ask(json!(from), json!(to)).await;
        assert!(days.len() == if from.starts_with('2') { 31 } else { 30 } && days.iter().all(nothing), "{days:?}");
    }
}

#[tokio::test]
async fn lowest_prices_are_null_without_an_index_or_with_words_and_have_limits() {
    let servers = Servers::new(48, 20).await;
    let right = json!({ "nights": 2, "from": day(20), "to": day(22), "currency": "SGD" });
    let with = |name: &str, value: Value| {
        let mut variables = right.clone();
        variables[name] = value;
        variables
    };
    assert_eq!(servers.database(PRICES, right.clone()).await["lowestPrices"], Value::Null);
    assert_eq!(servers.memory(PRICES, right.clone()).await["lowestPrices"].as_array().unwrap().len(), 2);
    let words = with("where", json!({ "text": "room" }));
    assert_eq!(servers.memory(PRICES, words).await["lowestPrices"], Value::Null);
    let euros = json!({ "price": { "currency": "EUR", "min": 1 } });
    for (variables, part) in [
        (with("nights", json!(0)), "`nights`: must be from 1 to 30."),
        (with("nights", json!(31)), "`nights`"),
        (with("to", json!(day(20))), "`to`: must be 1 to 62 days after `from`."),
        (with("to", json!(day(19))), "`to`"),
        (with("to", json!(day(20) + Days::new(63))), "`to`"),
        (with("where", euros), "`where.price.currency`"),
        (with("where", json!({ "roomTypes": [] })), "`where.roomTypes`"),
        (with("guests", json!({ "adults": 51 })), "`guests.adults`: Must be from 1 to 50."),
        (json!({ "nights": 2, "from": "2027-01-01", "to": "2027-02-01", "currency": "SGD" }), "`to`: All days"),
    ] {
        for (code, message) in servers.errors(PRICES, variables.clone()).await {
            assert_eq!(code, "BAD_USER_INPUT", "{variables}: {message}");
            assert!(message.contains(part), "{variables}: {message}");
        }
    }
}
