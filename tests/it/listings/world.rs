//! Hosts, guests and a schema of listings over a database of their own.

use std::sync::Arc;

use async_graphql::{EmptySubscription, Request, Schema, Variables};
use auth::{Holder, Keys, Member, PasswordHasher, SigningKey, Viewer};
use chrono::{DateTime, Duration, Utc};
use diesel_async::SimpleAsyncConnection;
use domain::app::App;
use graphql::{
    context::Scope,
    listings::{ListingMutation, ListingQuery},
    loaders::PublicLoaders,
};
use serde_json::{Value, json};
use store::users::{self, NewUser};
use types::{Entropy, ListingId, ManualClock, ReviewId, SeededEntropy, SessionId, Timestamp, UserId};

use crate::harness::database::TestDatabase;

/// The time of the tests.
pub const NOW: &str = "2026-03-02T04:00:00Z";

/// An app with its own database, and a schema with only listings.
pub struct World {
    pub test: TestDatabase,
    pub app: App,
    pub clock: Arc<ManualClock>,
    schema: Schema<ListingQuery, ListingMutation, EmptySubscription>,
    public: Arc<PublicLoaders>,
}

impl World {
    pub async fn new() -> Self {
        let test = TestDatabase::new().await;
        let clock = Arc::new(ManualClock::at(NOW.parse::<DateTime<Utc>>().unwrap().into()));
        let entropy: Arc<dyn Entropy> = Arc::new(SeededEntropy::new(1));
        let keys = Keys::new(SigningKey { id: "test".into(), secret: vec![7; 32] }, &[]);
        let app = App::builder(test.database.clone(), keys, PasswordHasher::new(1, &*entropy).unwrap())
            .clock(clock.clone())
            .entropy(entropy)
            .build();
        let schema = Schema::build(ListingQuery, ListingMutation, EmptySubscription).finish();
        Self { test, app, clock, schema, public: Arc::default() }
    }

    /// A signed-in user.
    pub async fn member(&self, name: &str) -> Member {
        let now = self.app.now();
        let id = UserId::new(now, &*self.app.entropy);
        let user = NewUser {
            id,
            email: None,
            unverified_email: None,
            locale: None,
            password_hash: None,
            display_name: name.into(),
            about: None,
            location: None,
            avatar_url: None,
            member_since: now.utc().date_naive(),
            is_superhost: false,
            source: None,
            source_id: None,
            created_at: now,
            updated_at: now,
        };
        users::insert(&mut self.test.conn().await, &user).await.unwrap();
        let session = SessionId::new(now, &*self.app.entropy);
        {
            let holder = Holder { user: id, session, has_verified_email: true, impersonator: None };
            self.app.keys.sign(holder, now, Duration::minutes(15)).unwrap().1
        }
    }

    /// Runs an operation and returns the whole response.
    pub async fn run(&self, viewer: Option<&Member>, operation: &str, variables: Value) -> Value {
        let viewer = viewer.map_or(Viewer::Anonymous, |member| Viewer::Member(*member));
        let scope = Scope::new(self.app.clone(), Arc::clone(&self.public), viewer, None);
        let request = Request::new(operation).variables(Variables::from_json(variables)).data(scope);
        serde_json::to_value(self.schema.execute(request).await).unwrap()
    }

    /// Runs an operation that must have no errors and returns its data.
    pub async fn run_query(&self, viewer: Option<&Member>, operation: &str, variables: Value) -> Value {
        let response = self.run(viewer, operation, variables).await;
        assert_eq!(response.get("errors"), None, "{operation}");
        response["data"].clone()
    }

    /// A draft of `host`.
    pub async fn draft(&self, host: &Member, change: Value) -> String {
        let mut input = home();
        input.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        let answer = self.run_query(Some(host), CREATE, json!({ "input": input })).await;
        answer["createListing"]["listing"]["id"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned()
    }

    /// A published listing of `host`.
    pub async fn listing(&self, host: &Member) -> String {
        let id = self.draft(host, json!({})).await;
        let answer = self.run_query(Some(host), PUBLISH, json!({ "id": id })).await;
        assert_eq!(answer["publishListing"]["listing"]["status"], "PUBLISHED", "{answer}");
        id
    }

    /// A review as an import writes it. `minute` orders reviews; equal ones are ordered by id.
    pub async fn review(&self, listing: &str, author: &Member, minute: i64, revealed: bool) -> String {
        let at: Timestamp = self.app.now() + Duration::minutes(minute);
        let id = ReviewId::new(at, &*self.app.entropy);
        let listing: ListingId = listing.parse().unwrap();
        let (stamp, number) = (at.utc().naive_utc(), u64::from_be_bytes(id.as_bytes()[8..].try_into().unwrap()));
        let sql = format!(
            "INSERT INTO reviews (id, listing_id, author_id, rating, text, created_at, publish_at, revealed, source, source_id) \
             VALUES (X'{}', X'{}', X'{}', 5, 'Fine.', '{stamp}', '{stamp}', {revealed}, 'test', {number})",
            hex(id.as_bytes()),
            hex(listing.as_bytes()),
            hex(author.id().as_bytes()),
        );
        self.test.conn().await.batch_execute(&sql).await.unwrap();
        id.to_string()
    }
}

pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

pub const CREATE: &str = "mutation ($input: CreateListingInput!) { createListing(input: $input) {
    ... on CreateListingSuccess { listing { id status } } ... on InvalidInputProblem { code message path retryable } } }";
pub const UPDATE: &str = "mutation ($input: UpdateListingInput!) { updateListing(input: $input) {
    __typename
    ... on UpdateListingSuccess { listing {
        title description neighborhoodOverview maxGuests bedrooms bathrooms propertyLabel timeZone
        pricing { currency guestsIncluded basePrice { decimal } } amenities { slug } photos { url } } }
    ... on InvalidInputProblem { path message } ... on NotFoundProblem { path message } } }";
pub const PUBLISH: &str = "mutation ($id: ID!) { publishListing(input: { listingId: $id }) {
    __typename
    ... on PublishListingSuccess { listing { status publishedAt } }
    ... on ListingIncompleteProblem { missing } ... on NotFoundProblem { path } } }";

/// The input of a complete listing.
pub fn home() -> Value {
    json!({
        "title": "Quiet flat by the river", "description": "Two rooms.\nOne view.", "roomType": "ENTIRE_HOME",
        "propertyType": "APARTMENT", "maxGuests": 4, "bathrooms": 1.5, "bedrooms": 2,
        "amenities": ["Wifi", "Washer – In unit"],
        "photos": [
            { "url": "https://example.org/1.jpg", "caption": "View" },
            { "url": "https://example.org/2.jpg" },
            { "url": "https://example.org/3.jpg" }
        ],
        "place": { "city": "Singapore", "countryCode": "SG", "address": "1 River Road", "latitude": 1.28967, "longitude": 103.85007 },
        "pricing": { "currency": "SGD", "basePrice": 15000, "weekendPrice": 18000 }
    })
}
