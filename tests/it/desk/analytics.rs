//! Figures for finance.

use chrono::Duration;
use serde_json::{Value, json};

use super::desk;
use crate::access::world::World;

const FIGURES: &str = "day city host { id } bookings revenue { minorUnits currency } refunded { minorUnits } nightsSold occupancy quotes conversion";

async fn rows(world: &World, arguments: &str) -> Vec<Value> {
    let fields = format!("analytics({arguments}, currency: \"SGD\") {{ {FIGURES} }}");
    desk(&world.finance, &fields).await["analytics"].as_array().unwrap().clone()
}

fn sum(rows: &[Value], field: impl Fn(&Value) -> &Value) -> i64 {
    rows.iter().map(|row| field(row).as_i64().unwrap()).sum()
}

#[tokio::test]
async fn sales_by_day_city_and_host_agree_with_what_was_captured_and_refunded() {
    let world = World::new().await;
    // The world has four stays of two nights; the guest has three nights more, and one canceled stay.
    world.confirmed().await;
    world.refunded().await;
    world.pending().await;
    let bank = world.app.bank.balance();
    for by in ["DAY", "CITY", "HOST"] {
        let rows = rows(&world, &format!("by: {by}")).await;
        assert_eq!(sum(&rows, |row| &row["bookings"]), 6, "{rows:?}");
        assert_eq!(sum(&rows, |row| &row["revenue"]["minorUnits"]), bank, "{by}");
        assert_eq!(sum(&rows, |row| &row["refunded"]["minorUnits"]), 34_260, "{by}");
        assert_eq!(sum(&rows, |row| &row["quotes"]), 7, "{by}");
    }
    let hosts = rows(&world, "by: HOST").await;
    assert_eq!(hosts.len(), 4);
    assert_eq!(hosts[0]["host"]["id"], world.host.member.id().to_string(), "who sold most is first");
    assert!((hosts[0]["conversion"].as_f64().unwrap() - 3.0 / 4.0).abs() < 1e-9, "{}", hosts[0]);
    let cities = rows(&world, "by: CITY").await;
    assert_eq!((cities.len(), &cities[0]["city"]), (1, &json!("Singapore")));
    let days = rows(&world, "by: DAY").await;
    assert_eq!(days.len(), 30, "every day, also without a sale");
    assert_eq!(days[29]["day"], world.day(0));
    assert_eq!(days[28]["bookings"], 0);
    assert_eq!(days[28]["conversion"], Value::Null);
}

#[tokio::test]
async fn nights_count_on_their_own_days_and_canceled_ones_do_not() {
    let world = World::new().await;
    world.confirmed().await;
    world.refunded().await;
    let range = |from, to| format!("from: \"{}\", to: \"{}\"", world.day(from), world.day(to));
    let days = rows(&world, &format!("by: DAY, {}", range(29, 34))).await;
    let nights: Vec<_> = days.iter().map(|day| day["nightsSold"].as_i64().unwrap()).collect();
    assert_eq!(nights, [0, 1, 1, 1, 0], "one stay of three nights");
    // Six listings are published.
    assert!((days[1]["occupancy"].as_f64().unwrap() - 1.0 / 6.0).abs() < 1e-9, "{}", days[1]);
    assert_eq!(sum(&days, |day| &day["bookings"]), 0, "they were confirmed today");
    world.app.pass(Duration::days(1));
    let today = rows(&world, &format!("by: CITY, from: \"{}\", to: \"{}\"", world.day(0), world.day(31))).await;
    assert_eq!(today, Vec::<Value>::new(), "nothing was confirmed today");
    let since = world.app.clock_day() - chrono::Days::new(1);
    let city = rows(&world, &format!("by: CITY, from: \"{since}\", to: \"{}\"", world.day(31))).await;
    assert_eq!(city[0]["nightsSold"], 2, "two of three nights are in the range: {city:?}");
}

#[tokio::test]
async fn ranges_are_bounded_and_figures_are_for_finance() {
    let world = World::new().await;
    for (from, to) in [("2026-03-01", "2026-03-01"), ("2026-03-02", "2026-03-01"), ("2025-01-01", "2026-03-01")] {
        let query =
            format!("{{ desk {{ analytics(by: DAY, currency: \"SGD\", from: \"{from}\", to: \"{to}\") {{ day }} }} }}");
        let refused = world.app.run(Some(&world.finance.member), &query, json!({})).await;
        assert!(refused.errors[0].message.contains("1 to 366 days"), "{:?}", refused.errors);
    }
    let year = rows(&world, "by: DAY, from: \"2026-01-01\", to: \"2027-01-02\"").await;
    assert_eq!(year.len(), 100, "a page of days");
    let few = rows(&world, "by: DAY, first: 2, from: \"2026-01-01\", to: \"2027-01-02\"").await;
    assert_eq!(few, year[..2]);
    assert_eq!(desk(&world.support, "analytics(by: DAY, currency: \"SGD\") { day }").await["analytics"], Value::Null);
    assert!(desk(&world.admin, "analytics(by: DAY, currency: \"EUR\") { day bookings }").await["analytics"].is_array());
}
