//! Two servers with the same random listings: one searches in memory, the other in the database. Their clients compare them.

use std::sync::Arc;

use async_graphql::{Request, Response, Variables};
use auth::Viewer;
use chrono::Days;
use domain::{app::App, search_index::fill_if_needed};
use graphql::{Schema, context::Scope, loaders::PublicLoaders};
use rand::{RngExt, rngs::StdRng, seq::IndexedRandom};
use serde_json::{Value, json};

use super::world::{SLUGS, World, day};

const WALK: &str = "query ($where: ListingFilter, $stay: StayInput, $order: ListingOrder, $after: Cursor) {
    searchListings(where: $where, stay: $stay, orderBy: $order, first: 100, after: $after) { totalCount
        nodes { listing { id place { point { latitude longitude } } } nightlyPrice { minorUnits currency }
            stay { checkIn checkOut } price { total { minorUnits } lines { kind amount { minorUnits } } } }
        pageInfo { hasNextPage endCursor } } }";

const PLACES: [&str; 5] = ["Singapore", "sing", "Giessen", "Mitte, Germany", "Zuerich"];

/// Both servers.
pub struct Servers {
    pub world: World,
    database: App,
    schema: Schema,
}

/// A hit of the server that searches in the database.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    pub id: String,
    /// In units of 0.0001°.
    pub latitude: i64,
    pub longitude: i64,
    pub currency: String,
    /// Of the stay, or of a night.
    pub amount: i64,
    /// As the answer has it.
    pub node: Value,
}

impl Servers {
    pub async fn new(seed: u64, listings: usize) -> Self {
        let world = World::shortlisted(seed, listings, 5, true).await;
        fill_if_needed(&world.app).await.unwrap();
        let database = world.without_index();
        Self { world, database, schema: graphql::schema() }
    }

    async fn run(&self, app: &App, query: &str, variables: Value) -> Response {
        let scope = Scope::new(app.clone(), Arc::new(PublicLoaders::default()), Viewer::Anonymous, None);
        self.schema.execute(Request::new(query).variables(Variables::from_json(variables)).data(scope)).await
    }

    /// The answer of the server that searches in memory.
    pub async fn memory(&self, query: &str, variables: Value) -> Value {
        without_errors(self.run(&self.world.app, query, variables).await)
    }

    /// The answer of the server that searches in the database.
    pub async fn database(&self, query: &str, variables: Value) -> Value {
        without_errors(self.run(&self.database, query, variables).await)
    }

    /// The codes and messages of both servers' errors: of the one that searches in memory, then of the other.
    pub async fn errors(&self, query: &str, variables: Value) -> [(String, String); 2] {
        let memory = self.error(&self.world.app, query, variables.clone()).await;
        [memory, self.error(&self.database, query, variables).await]
    }

    /// The code and the message of the error of the server that searches in the database.
    pub async fn database_error(&self, query: &str, variables: Value) -> (String, String) {
        self.error(&self.database, query, variables).await
    }

    async fn error(&self, app: &App, query: &str, variables: Value) -> (String, String) {
        let answer = self.run(app, query, variables.clone()).await;
        let error = answer.errors.first().unwrap_or_else(|| panic!("{variables} was accepted"));
        let code = error.extensions.as_ref().and_then(|all| all.get("code")).unwrap().clone();
        (code.into_json().unwrap().as_str().unwrap().to_owned(), error.message.clone())
    }

    /// All hits of an ordinary search in the database, page by page, in its order.
    pub async fn walk(&self, filter: &Value, stay: &Value, order: &str) -> Vec<Found> {
        let mut variables = json!({ "where": filter, "stay": stay, "order": order });
        let mut found = Vec::new();
        loop {
            let page = self.database(WALK, variables.clone()).await["searchListings"].clone();
            found.extend(page["nodes"].as_array().unwrap().iter().map(Found::of));
            if page["pageInfo"]["hasNextPage"] == false {
                assert_eq!(page["totalCount"], found.len(), "{variables}");
                return found;
            }
            variables["after"] = page["pageInfo"]["endCursor"].clone();
        }
    }
}

impl Found {
    fn of(node: &Value) -> Self {
        let units = |name: &str| {
            let degrees = node["listing"]["place"]["point"][name].as_f64().unwrap();
            (degrees * 10_000.0).round() as i64
        };
        let total = &node["price"]["total"]["minorUnits"];
        let amount = if total.is_null() { &node["nightlyPrice"]["minorUnits"] } else { total };
        Self {
            id: node["listing"]["id"].as_str().unwrap().to_owned(),
            latitude: units("latitude"),
            longitude: units("longitude"),
            currency: node["nightlyPrice"]["currency"].as_str().unwrap().to_owned(),
            amount: amount.as_i64().unwrap(),
            node: node.clone(),
        }
    }
}

fn without_errors(answer: Response) -> Value {
    assert!(answer.errors.is_empty(), "{:?}", answer.errors);
    answer.data.into_json().unwrap()
}

/// A random filter that both servers can answer.
pub fn random_filter(rng: &mut StdRng) -> Value {
    let mut filter = json!({});
    let boxes = [(1.1, 103.7, 1.5, 104.0), (52.4, 13.0, 52.8, 13.5), (-17.2, 179.8, -16.9, -179.9)];
    if rng.random_bool(0.3) {
        let &(south, west, north, east) = boxes.choose(rng).unwrap();
        filter["box"] = json!({ "south": south, "west": west, "north": north, "east": east });
    }
    if rng.random_bool(0.2) {
        filter["place"] = json!(PLACES.choose(rng));
    }
    if rng.random_bool(0.2) {
        filter["amenities"] = json!(SLUGS.choose(rng).map(|slug| vec![*slug]));
    }
    if rng.random_bool(0.2) {
        filter["instantBook"] = json!(rng.random_bool(0.5));
    }
    if rng.random_bool(0.2) {
        filter["minBedrooms"] = json!(rng.random_range(0..3));
    }
    if rng.random_bool(0.2) {
        filter["roomTypes"] = json!(["ENTIRE_HOME", "PRIVATE_ROOM"]);
    }
    if rng.random_bool(0.4) {
        filter["price"] = json!({ "currency": "SGD", "min": rng.random_range(0..800) });
        if rng.random_bool(0.6) {
            filter["price"]["max"] = json!(rng.random_range(800..6_000));
        }
    }
    filter
}

/// Random guests, mostly few.
pub fn random_guests(rng: &mut StdRng) -> Value {
    json!({ "adults": rng.random_range(1..3), "children": rng.random_range(0..2), "pets": i32::from(rng.random_bool(0.2)) })
}

/// The stay from a day on, by its number.
pub fn stay(check_in: u64, nights: u64, guests: &Value) -> Value {
    json!({ "checkIn": day(check_in), "checkOut": day(check_in) + Days::new(nights), "guests": guests })
}
