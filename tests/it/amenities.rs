//! The catalog of amenities: spellings of hosts, and searches of guests.

use diesel_async::SimpleAsyncConnection as _;
use serde_json::{Value, json};

use crate::harness::{
    actors::{CREATE_LISTING, data, home},
    app::TestApp,
};

const SEARCH: &str =
    "query ($amenities: [String!]) { searchListings(where: { amenities: $amenities }) { totalCount } }";
const CATALOG: &str = "query ($matching: String, $first: Int, $after: Cursor) {
    amenities(matching: $matching, first: $first, after: $after) { nodes { slug name listings } pageInfo { hasNextPage endCursor } } }";

async fn count(app: &TestApp, name: &str) -> Value {
    data(app.run(None, SEARCH, json!({ "amenities": [name] })).await)["searchListings"]["totalCount"].clone()
}

async fn refusal(app: &TestApp, name: &str) -> String {
    let answer = app.run(None, SEARCH, json!({ "amenities": ["Wifi", name] })).await;
    let error = answer.errors.first().unwrap_or_else(|| panic!("{name} was accepted"));
    let code = error.extensions.as_ref().and_then(|extensions| extensions.get("code")).cloned();
    assert_eq!(code, Some("BAD_USER_INPUT".into()), "{}", error.message);
    error.message.clone()
}

/// Three hosts who spell the same things in three ways.
async fn world() -> TestApp {
    let app = TestApp::new().await;
    let host = app.host().await;
    for amenities in
        [json!(["Wi-Fi", "Hot tub"]), json!(["WiFi", "Hottub", "Sauna"]), json!(["wifi", "WIFI", "Brunnen im Hof"])]
    {
        host.listing(|input| input["amenities"] = amenities.clone()).await;
    }
    app
}

/// C28: `Wi-Fi`, `WiFi` and `Wifi` were three amenities, and a filter by another spelling found nothing.
#[tokio::test]
async fn spellings_of_one_amenity_are_one() {
    let app = world().await;
    for name in ["Wifi", "wi-fi", "WiFi", "WI FI", "Wireless internet"] {
        assert_eq!(count(&app, name).await, 3, "{name}");
    }
    for name in ["Hot tub", "hot-tub", "HOTTUB", "jacuzzi"] {
        assert_eq!(count(&app, name).await, 2, "{name}");
    }
}

/// C28: an unknown amenity is an error with similar names, not a search without hits.
#[tokio::test]
async fn an_unknown_amenity_is_an_argument_error_with_similar_names() {
    let app = world().await;
    assert!(refusal(&app, "Saunna").await.ends_with("Did you mean `sauna`?"));
    assert!(refusal(&app, "Brunnen").await.contains("`brunnen-im-hof`"));
    assert!(refusal(&app, "zzzzzz").await.contains("`zzzzzz`. The query `amenities` lists them."));
    for name in ["", " ", "飘柔", &"x".repeat(201), "a\u{0}b", "' OR 1 = 1"] {
        assert!(refusal(&app, name).await.starts_with("`where.amenities`"), "{name}");
    }
}

/// C28: the catalog, with counts of published listings.
#[tokio::test]
async fn the_catalog_counts_published_listings_and_is_read_in_pages() {
    let app = world().await;
    let host = app.host().await;
    let draft = "mutation ($input: CreateListingInput!) { createListing(input: $input) { __typename } }";
    let mut input = crate::harness::actors::home();
    input["amenities"] = json!(["Sauna", "Draft only"]);
    host.mutate(draft, input).await;
    let (mut found, mut variables) = (Vec::new(), json!({ "first": 2 }));
    let recording = app.app.database.statements().record();
    loop {
        let page = data(app.run(None, CATALOG, variables.clone()).await)["amenities"].clone();
        found.extend(page["nodes"].as_array().unwrap().clone());
        if page["pageInfo"]["hasNextPage"] == false {
            break;
        }
        variables["after"] = page["pageInfo"]["endCursor"].clone();
    }
    assert!(recording.texts().len() <= 1, "{:#?}", recording.texts());
    let entry = |slug: &str, name: &str, listings: u32| json!({ "slug": slug, "name": name, "listings": listings });
    assert_eq!(
        found,
        [
            entry("wifi", "Wifi", 3),
            entry("hot-tub", "Hot tub", 2),
            entry("brunnen-im-hof", "Brunnen im Hof", 1),
            entry("sauna", "Sauna", 1)
        ]
    );
    let matching = data(app.run(None, CATALOG, json!({ "matching": "HOT-T" })).await);
    assert_eq!(matching["amenities"]["nodes"], json!([entry("hot-tub", "Hot tub", 2)]));
    let wrong = app.run(None, CATALOG, json!({ "matching": " " })).await;
    assert!(wrong.errors[0].message.starts_with("`matching`"));
}

/// C28: duplicates written by an older server are merged at every start of a server.
#[tokio::test]
async fn duplicates_of_an_older_server_are_merged_at_the_next_start() {
    let app = world().await;
    let old = "UPDATE amenities SET name_key = NULL;
        INSERT INTO amenities (slug, name) VALUES ('wi-fi', 'Wi-Fi'), ('wireless-internet', 'Wireless Internet');
        INSERT INTO listing_amenities (listing_id, amenity_slug) SELECT listing_id, 'wi-fi' FROM listing_amenities WHERE amenity_slug = 'hot-tub';
        UPDATE listing_amenities SET amenity_slug = 'wireless-internet' WHERE amenity_slug = 'wifi'";
    for statement in old.split(';') {
        app.conn().await.batch_execute(statement).await.unwrap();
    }
    for _ in 0..2 {
        store::refresh::all(&app.app.database).await.unwrap();
        let catalog = data(app.second_instance().await.run(None, CATALOG, json!({ "first": 1 })).await);
        assert_eq!(catalog["amenities"]["nodes"], json!([{ "slug": "wifi", "name": "Wifi", "listings": 3 }]));
        assert_eq!(count(&app, "wi-fi").await, 3);
    }
}

/// One that only a draft ever had gave no hits and no error.
#[tokio::test]
async fn an_amenity_that_no_published_listing_has_is_an_error_and_is_swept() {
    use diesel_async::RunQueryDsl as _;
    #[derive(diesel::QueryableByName)]
    struct Count {
        #[diesel(sql_type = diesel::sql_types::BigInt)]
        count: i64,
    }
    let app = TestApp::new().await;
    let host = app.host().await;
    host.listing(|_| {}).await;
    let mut input = home();
    input["amenities"] = json!(["Wi-Fii"]);
    let draft = host.mutate(CREATE_LISTING, input).await["listing"]["id"].clone();
    assert!(refusal(&app, "Wi-Fii").await.contains("no listing has an amenity"));
    let known = async || {
        let count = "SELECT COUNT(*) AS count FROM amenities";
        diesel::sql_query(count).get_result::<Count>(&mut app.conn().await).await.unwrap().count
    };
    let sweeper = domain::retention::Sweeper::default();
    sweeper.sweep(&app.app).await.unwrap();
    assert_eq!(known().await, 2, "amenities of drafts stay");
    let delete = "mutation ($input: DeleteListingInput!) { deleteListing(input: $input) { __typename } }";
    host.mutate(delete, json!({ "listingId": draft })).await;
    assert!(refusal(&app, "Wi-Fii").await.contains("no listing has an amenity"));
    sweeper.sweep(&app.app).await.unwrap();
    assert_eq!(known().await, 1);
    assert_eq!(count(&app, "Wifi").await, 1);
}
