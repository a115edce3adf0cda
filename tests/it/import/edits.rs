//! Changes of hosts stay when a newer file is imported; everything else follows the dataset.

use diesel_async::SimpleAsyncConnection;
use import::{CalendarFrom, Part, Source, Summary, Vanished};
use serde_json::{Value, json};
use store::imports;
use types::ListingId;

use super::{City, counts, number, words};
use crate::harness::{actors::Actor, app::TestApp};

const UPDATE: &str = "mutation ($input: UpdateListingInput!) { updateListing(input: $input) { __typename
    ... on UserError { code message } } }";
const PRICES: &str = "mutation ($input: SetNightPricesInput!) { setNightPrices(input: $input) { __typename
    ... on UserError { code message } } }";
const BLOCK: &str = "mutation ($input: BlockNightsInput!) { blockNights(input: $input) { __typename
    ... on UserError { code message } } }";
const OPEN: &str = "mutation ($input: OpenNightsInput!) { openNights(input: $input) { __typename
    ... on UserError { code message } } }";

/// A city in the days of the tests, whose first listing has a host who can sign in.
struct Owned {
    app: TestApp,
    city: City,
    host: Actor,
    listing: ListingId,
}

impl Owned {
    /// Imports the listings, and the calendar, which begins on 2 March 2026, a Monday, if asked to.
    async fn new(has_calendar: bool) -> Self {
        let app = TestApp::new().await;
        let mut city = City::new();
        city.options.reviews = None;
        // The first day of the file is a Saturday.
        city.options.calendar_from = CalendarFrom::Date("2026-03-07".parse().unwrap());
        let calendar = if has_calendar { city.options.calendar.clone() } else { None };
        city.options.calendar = calendar;
        let host = app.host().await;
        let conn = &mut app.conn().await;
        city.import_at(conn, app.app.now()).await;
        let owner: Vec<String> = host.member.id().as_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
        let sql = format!("UPDATE listings SET host_id = X'{}' WHERE source_id = 71609", owner.concat());
        conn.batch_execute(&sql).await.unwrap();
        let listing = ListingId::derived(chrono::DateTime::UNIX_EPOCH.into(), imports::SOURCE, 71_609);
        Self { app, city, host, listing }
    }

    async fn change(&self, mutation: &str, mut input: Value) {
        input["listingId"] = json!(self.listing);
        if mutation == BLOCK || mutation == OPEN {
            input["idempotencyKey"] = json!(self.app.key());
        }
        let answer = self.host.mutate(mutation, input).await;
        assert!(answer["__typename"].as_str().unwrap().ends_with("Success"), "{answer}");
    }

    async fn import(&self) -> Summary {
        self.city.import_at(&mut self.app.conn().await, self.app.app.now()).await
    }

    /// Columns of the first listing.
    async fn listing(&self, columns: &str) -> String {
        let sql = format!("SELECT CONCAT_WS(',', {columns}) FROM listings WHERE source_id = 71609");
        words(&mut self.app.conn().await, &sql).await
    }

    /// The rates of its nights: day, price, fewest and most nights.
    async fn rates(&self) -> String {
        let rate = "CONCAT_WS(' ', DAY(night), COALESCE(price, '-'), COALESCE(r.min_nights, '-'), COALESCE(r.max_nights, '-'))";
        let sql = format!(
            "SELECT COALESCE(GROUP_CONCAT({rate} ORDER BY night), '') FROM night_rates r JOIN listings ON id = listing_id WHERE \
             source_id = 71609"
        );
        words(&mut self.app.conn().await, &sql).await
    }

    /// The holds of its nights: day, kind.
    async fn nights(&self) -> String {
        let sql = "SELECT COALESCE(GROUP_CONCAT(CONCAT(DAY(night), kind) ORDER BY night), '') FROM nights JOIN listings ON id = \
                   listing_id WHERE source_id = 71609";
        words(&mut self.app.conn().await, sql).await
    }
}

/// I11: some fields of the host were overwritten by each import, and some stayed.
#[tokio::test]
async fn fields_that_the_host_changed_stay_and_others_follow_the_dataset() {
    let owned = Owned::new(false).await;
    let changes = json!({
        "title": "Mine", "amenities": ["Sauna"], "photos": [{ "url": "https://example.org/mine.jpg" }],
        "pricing": { "cleaningFee": 500 }, "rules": { "maxNights": 20 }, "cancellationPolicy": "FIRM",
    });
    owned.change(UPDATE, changes).await;
    let city = &owned.city;
    city.edit(Part::Listings, "First,A<br />B", "Dataset,New");
    city.edit(Part::Listings, "$100.00,2,30", "$130.00,3,40");
    city.edit(Part::Listings, "example.org/1", "example.org/2");
    city.edit(Part::Listings, "\"\"TV\"\"", "\"\"Pool\"\"");
    for _ in 0..3 {
        let summary = owned.import().await;
        let columns = "title, description, base_price, cleaning_fee, min_nights, max_nights, cancellation_policy";
        assert_eq!(owned.listing(columns).await, "Mine,New,13000,500,3,20,FIRM", "{summary}");
        let conn = &mut owned.app.conn().await;
        assert_eq!(words(conn, "SELECT GROUP_CONCAT(url) FROM photos").await, "https://example.org/mine.jpg");
        assert_eq!(words(conn, "SELECT GROUP_CONCAT(amenity_slug) FROM listing_amenities").await, "sauna");
        assert_eq!(
            number(
                conn,
                "SELECT COUNT(*) FROM listings WHERE host_id IN (SELECT id FROM users WHERE email IS NOT NULL)"
            )
            .await,
            1
        );
        assert_eq!(summary.part(Part::Listings).unwrap().kept, 1, "{summary}");
        assert!(summary.to_string().contains("changes by hosts kept in 1 listings"), "{summary}");
        // Another file, with the same values for this listing.
        city.append(Part::Listings, b"\n");
    }
}

/// I11: the search finds the host's title, not the dataset's.
#[tokio::test]
async fn words_and_keys_follow_the_fields_that_stay() {
    let owned = Owned::new(false).await;
    owned.change(UPDATE, json!({ "title": "Lighthouse", "place": { "city": "Batam" } })).await;
    owned.city.edit(Part::Listings, "First", "Granary");
    owned.import().await;
    assert_eq!(owned.listing("title, city, city_key").await, "Lighthouse,Batam,batam");
    let word = |word: &str| format!("SELECT COUNT(*) FROM listing_words WHERE word = '{word}'");
    let conn = &mut owned.app.conn().await;
    assert_eq!((number(conn, &word("lighthouse")).await, number(conn, &word("granary")).await), (1, 0));
}

/// I11: the same for nights: prices and bounds that the host set, blocks, and nights that the host opened.
#[tokio::test]
async fn nights_that_the_host_changed_stay() {
    let owned = Owned::new(true).await;
    // 7 March as the listing, 8 March taken, 9 March 1,200.00 for 3 nights and more.
    assert_eq!((owned.rates().await, owned.nights().await), ("9 120000 3 1125".to_owned(), "8EXTERNAL".to_owned()));
    owned.change(PRICES, json!({ "from": "2026-03-07", "to": "2026-03-08", "price": 7_700 })).await;
    owned.change(PRICES, json!({ "from": "2026-03-09", "to": "2026-03-10", "minNights": 5 })).await;
    owned.change(OPEN, json!({ "from": "2026-03-08", "to": "2026-03-09" })).await;
    owned.change(BLOCK, json!({ "from": "2026-03-09", "to": "2026-03-10" })).await;
    let city = &owned.city;
    city.edit(Part::Calendar, "2023-09-23,t,$100.00,$90.00,2", "2023-09-23,t,$110.00,$90.00,4");
    city.edit(Part::Calendar, "\"$1,200.00\",,3,", "\"$1,300.00\",,4,");
    for _ in 0..3 {
        let summary = owned.import().await;
        assert_eq!(owned.rates().await, "7 7700 4 -,9 130000 5 1125", "{summary}");
        assert_eq!(owned.nights().await, "9BLOCK", "{summary}");
        assert_eq!(summary.part(Part::Calendar).unwrap().kept, 3, "{summary}");
        city.append(Part::Calendar, b"\n");
    }
    owned.change(PRICES, json!({ "from": "2026-03-07", "to": "2026-03-08", "price": null })).await;
    city.append(Part::Calendar, b"\n");
    owned.import().await;
    assert_eq!(owned.rates().await, "7 - 4 -,9 130000 5 1125", "resetting to the listing's price is a change too");
}

/// I11: a block of the host on an external night was removed with the external hold.
#[tokio::test]
async fn a_block_on_an_external_night_stays_when_the_external_hold_ends() {
    let owned = Owned::new(true).await;
    owned.change(BLOCK, json!({ "from": "2026-03-07", "to": "2026-03-10" })).await;
    owned.city.edit(Part::Calendar, "2023-09-24,f", "2023-09-24,t");
    owned.import().await;
    assert_eq!(owned.nights().await, "7BLOCK,8BLOCK,9BLOCK");
}

/// I11: an external night on which a guest has a booking is taken by the dataset when the booking is canceled.
#[tokio::test]
async fn a_night_freed_by_a_cancellation_is_taken_by_the_calendar() {
    let owned = Owned::new(false).await;
    let conn = &mut owned.app.conn().await;
    conn.batch_execute("UPDATE listings SET min_nights = 1, instant_book = TRUE").await.unwrap();
    let guest = owned.app.guest().await;
    let booking = guest.book_and_pay(&owned.listing.to_string(), "2026-03-08", "2026-03-09").await;
    let mut city = City::new();
    city.options.reviews = None;
    city.options.calendar_from = owned.city.options.calendar_from;
    let summary = city.import_at(conn, owned.app.app.now()).await;
    assert_eq!(summary.part(Part::Calendar).unwrap().held, 1, "{summary}");
    guest.cancel(&booking).await;
    assert_eq!(owned.nights().await, "");
    city.append(Part::Calendar, b"\n");
    city.import_at(conn, owned.app.app.now()).await;
    assert_eq!(owned.nights().await, "8EXTERNAL");
}

/// I4: a new price of the listing changed nights for which the calendar had the old price.
#[tokio::test]
async fn nights_keep_the_calendar_price_when_the_listing_changes() {
    let mut owned = Owned::new(true).await;
    owned.city.options.calendar = None;
    owned.city.edit(Part::Listings, "$100.00,2,30", "$120.00,1,30");
    owned.import().await;
    assert_eq!(owned.listing("base_price, min_nights").await, "12000,1");
    assert_eq!(owned.rates().await, "7 10000 2 -,8 10000 2 -,9 120000 3 1125");
    // Back, and away again: the written value is the dataset's, not the host's.
    owned.city.edit(Part::Listings, "$120.00,1,30", "$100.00,2,30");
    owned.import().await;
    owned.city.options.calendar = Some(Source::File(owned.city.path(Part::Calendar)));
    owned.city.append(Part::Calendar, b"\n");
    let summary = owned.import().await;
    assert_eq!(owned.rates().await, "9 120000 3 1125", "{summary}");
    assert_eq!(summary.part(Part::Calendar).unwrap().kept, 0, "{summary}");
}

/// I4: calendars of newer files have no prices; earlier prices stay.
#[tokio::test]
async fn a_calendar_without_prices_leaves_the_prices_of_an_earlier_one() {
    let owned = Owned::new(true).await;
    owned.city.edit(Part::Calendar, "\"$1,200.00\"", "");
    owned.city.edit(Part::Calendar, ",$100.00,$90.00,", ",,,");
    let summary = owned.import().await;
    assert_eq!(owned.rates().await, "9 120000 3 1125", "{summary}");
    assert_eq!(counts(&summary, Part::Calendar).1, 0, "{summary}");
}

/// I4: a price of the host stays, and is not replaced by the calendar's.
#[tokio::test]
async fn a_night_that_the_host_priced_keeps_its_price_when_the_listing_changes() {
    let mut owned = Owned::new(true).await;
    owned.change(PRICES, json!({ "from": "2026-03-07", "to": "2026-03-08", "price": 7_700 })).await;
    owned.change(PRICES, json!({ "from": "2026-03-09", "to": "2026-03-10", "price": null })).await;
    owned.city.options.calendar = None;
    owned.city.edit(Part::Listings, "$100.00,2,30", "$120.00,2,30");
    owned.import().await;
    assert_eq!(owned.rates().await, "7 7700 - -,8 10000 - -,9 - 3 1125");
}

/// M7, I1: an import with `--force` does not change the currency or the place of booked listings.
#[tokio::test]
async fn booked_listings_keep_their_currency_and_place() {
    let mut owned = Owned::new(false).await;
    let conn = &mut owned.app.conn().await;
    conn.batch_execute("UPDATE listings SET min_nights = 1, instant_book = TRUE").await.unwrap();
    let guest = owned.app.guest().await;
    let booking = guest.book_and_pay(&owned.listing.to_string(), "2026-03-20", "2026-03-21").await;
    let city = &mut owned.city;
    (city.options.currency, city.options.force) = (Some("MYR".parse().unwrap()), true);
    city.edit(Part::Listings, "1.3,103.8,", "1.4,103.8,");
    let summary = owned.import().await;
    assert!(
        summary.to_string().contains("forced: prices at the location of these listings are in SGD, not in MYR"),
        "{summary}"
    );
    assert_eq!(owned.listing("currency, base_price, latitude").await, "SGD,10000,1.3");
    let others = "SELECT GROUP_CONCAT(currency) FROM listings WHERE source_id <> 71609";
    assert_eq!(words(conn, others).await, "MYR");
    guest.cancel(&booking).await;
    owned.import().await;
    assert_eq!(owned.listing("currency, latitude").await, "SGD,1.4", "it was booked in SGD once");
}

/// I1: prices of nights are not read as another currency.
#[tokio::test]
async fn prices_of_nights_do_not_outlive_their_currency() {
    let mut owned = Owned::new(true).await;
    let city = &mut owned.city;
    (city.options.calendar, city.options.currency, city.options.force) = (None, Some("JPY".parse().unwrap()), true);
    owned.import().await;
    assert_eq!(owned.listing("currency, base_price").await, "JPY,100");
    assert_eq!(owned.rates().await, "9 - 3 1125");
    // And a calendar in another currency than the host's prices is not read as theirs.
    let conn = &mut owned.app.conn().await;
    conn.batch_execute("UPDATE listings SET currency = 'EUR', base_price = 9900 WHERE source_id = 71609")
        .await
        .unwrap();
    owned.city.options.calendar = Some(Source::File(owned.city.path(Part::Calendar)));
    let summary = owned.import().await;
    assert_eq!(owned.listing("currency, base_price").await, "EUR,9900", "{summary}");
    assert_eq!(owned.rates().await, "9 - 3 1125", "{summary}");
}

/// I11: an account with sign-in keeps its name, even if the dataset has the host.
#[tokio::test]
async fn a_host_who_signs_in_keeps_their_name() {
    let owned = Owned::new(false).await;
    let conn = &mut owned.app.conn().await;
    let taken = "UPDATE users SET email = 'ivo@example.org', password_hash = 'x', display_name = 'Ivo the host' WHERE source_id = 11";
    conn.batch_execute(taken).await.unwrap();
    owned.city.edit(Part::Listings, "Ivo", "Yvo");
    owned.city.edit(Part::Listings, "Hana", "Hanna");
    let summary = owned.import().await;
    let names = "SELECT GROUP_CONCAT(display_name ORDER BY source_id) FROM users WHERE source_id IN (10, 11)";
    assert_eq!(words(conn, names).await, "Hanna,Ivo the host", "{summary}");
    assert_eq!(counts(&summary, Part::Listings).3, 0);
}

/// I3, I11: a listing that has vanished and is unlisted keeps its bookings.
#[tokio::test]
async fn bookings_outlive_the_listing_in_the_dataset() {
    let mut owned = Owned::new(false).await;
    let conn = &mut owned.app.conn().await;
    conn.batch_execute("UPDATE listings SET min_nights = 1, instant_book = TRUE").await.unwrap();
    let guest = owned.app.guest().await;
    let booking = guest.book_and_pay(&owned.listing.to_string(), "2026-03-20", "2026-03-21").await;
    let text = std::fs::read_to_string(owned.city.path(Part::Listings)).unwrap();
    let second = text.find("985940069189910173").unwrap();
    let header = text.find('\n').unwrap() + 1;
    std::fs::write(owned.city.path(Part::Listings), [&text[..header], &text[second..]].concat()).unwrap();
    owned.city.options.vanished = Vanished::Unlist;
    let summary = owned.import().await;
    assert!(summary.to_string().contains("1 published listing is no longer in the file: unlisted"), "{summary}");
    assert_eq!(
        (owned.listing("status").await.as_str(), guest.status(&booking).await.as_str()),
        ("UNLISTED", "CONFIRMED")
    );
}
