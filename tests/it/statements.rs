//! The number of statements of a page: few, and the same for thirty items as for three.

use chrono::Duration;
use diesel::{QueryableByName, sql_types::Text};
use diesel_async::RunQueryDsl;
use domain::{accounts::MAX_PASSKEYS, reviews::Review, search_index::fill_if_needed};
use serde_json::{Value, json};
use store::{
    consents::Consent, data_exports::DataExport, erasures::Erasure, impersonations::Impersonation,
    legal_holds::LegalHold, support_cases::SupportCase, users::NewUser,
};
use types::{
    CoHostAccess, ConsentDocument, ConsentId, DataExportId, ErasureState, ImpersonationId, LegalHoldId, ReviewId,
    StaffRole, SupportCaseId, SupportCaseKind, SupportCaseStatus, Timestamp, UserId,
};

use crate::{
    desk::act,
    harness::{
        actors::{Actor, data},
        app::TestApp,
        passkeys::Passkey,
    },
    operations::{of_field, of_screen},
};

const SEARCH: &str = "query Search($stay: StayInput) { searchListings(stay: $stay, first: 20) { nodes {
    listing { title host { displayName } coverPhoto { url } } price { total { decimal } } } } }";
const LISTING: &str =
    "query Listing($id: ID!) { listing(id: $id) { title photos(first: 20) { url } host { displayName }
    reviews(first: 10) { nodes { text author { displayName } } pageInfo { hasNextPage } } } }";

/// A host whose listings are requested and booked, guests who book, and other hosts.
pub struct World {
    pub app: TestApp,
    pub hosts: Vec<Actor>,
    pub guest: Actor,
    pub listings: Vec<String>,
    /// The email of the first host, to search for.
    pub email: String,
    /// Wishlists of the guest.
    lists: Vec<String>,
}

impl World {
    pub async fn new() -> Self {
        let app = TestApp::without_hold_limits(mysql_engine::Options::default()).await;
        let mut hosts = Vec::new();
        for _ in 0..6 {
            hosts.push(app.host().await);
        }
        let guest = app.guest().await;
        guest.grant(StaffRole::Admin).await;
        let email = hosts[0].run("{ me { email } }", json!({})).await["me"]["email"].as_str().unwrap().to_owned();
        Self { app, hosts, guest, listings: Vec::new(), email, lists: Vec::new() }
    }

    pub fn day(&self, number: usize) -> String {
        let days = Duration::days(i64::try_from(number).unwrap());
        (self.app.app.now() + days).utc().date_naive().to_string()
    }

    /// Grows the world until there are `size` listings in turn of all hosts, each with a trip of the guest; `size` requests to the first
    /// host; and `size` reviews by different people of the first listing.
    pub async fn grow(&mut self, size: usize) {
        for number in self.listings.len()..size {
            let host = &self.hosts[number % self.hosts.len()];
            let listing = host.listing(|_| {}).await;
            let stay = self.guest.book_and_pay(&listing, &self.day(30), &self.day(33)).await;
            self.listings.push(listing);
            let asked = self.hosts[0].listing(|input| input["instantBook"] = false.into()).await;
            let other = self.hosts[1 + number % 5].book_and_pay(&asked, &self.day(40), &self.day(42)).await;
            self.review(number, &stay).await;
            self.write_review(&self.hosts[0], (&self.listings[number], &other), number).await;
            self.open_cases(number).await;
            self.add_to_wishlist(number).await;
            if number < MAX_PASSKEYS {
                Passkey::add(&self.guest, &format!("Key {number}")).await;
            }
            self.sign_in().await;
            self.grant_and_end(number).await;
            self.register_with_the_same_email().await;
            self.ask_for_help(number, &asked).await;
            self.export_and_hold().await;
        }
    }

    /// A new wishlist of the guest with one listing, which the first wishlist gets too.
    async fn add_to_wishlist(&mut self, number: usize) {
        let create = "mutation ($input: CreateWishlistInput!) { createWishlist(input: $input) {
            ... on CreateWishlistSuccess { wishlist { id } } } }";
        let add = "mutation ($input: AddToWishlistInput!) { addToWishlist(input: $input) { __typename } }";
        let made = self.guest.mutate(create, json!({ "name": format!("List {number}") })).await;
        self.lists.push(made["wishlist"]["id"].as_str().unwrap().to_owned());
        for list in [&self.lists[number], &self.lists[0]] {
            let input = json!({ "wishlistId": list, "listingId": self.listings[number] });
            assert_eq!(self.guest.mutate(add, input).await["__typename"], "AddToWishlistSuccess");
        }
    }

    /// The guest helps with a listing of the first host, and is invited to help with another.
    async fn ask_for_help(&self, number: usize, asked: &str) {
        let email = self.guest.run("{ me { email } }", json!({})).await["me"]["email"].as_str().unwrap().to_owned();
        self.hosts[0].helped_by(asked, &self.guest, CoHostAccess::Full).await;
        let host = &self.hosts[number % self.hosts.len()];
        host.invitation(&self.listings[number], &email, CoHostAccess::Calendar).await;
    }

    /// A role of a host, granted and ended by the guest, who is an admin.
    async fn grant_and_end(&self, number: usize) {
        let person = self.hosts[number % self.hosts.len()].member.id().to_string();
        let granted = act(&self.guest, "grantRole", json!({ "personId": person, "role": "SUPPORT" })).await;
        let ended = act(&self.guest, "endRole", json!({ "grantId": granted["grant"]["id"] })).await;
        assert_eq!(ended["__typename"], "EndRoleSuccess", "{granted} {ended}");
    }

    /// An account that wants to verify the email of the first host.
    async fn register_with_the_same_email(&self) {
        let (now, entropy) = (self.app.app.now(), &*self.app.app.entropy);
        let person = NewUser {
            id: UserId::new(now, entropy),
            email: None,
            unverified_email: Some(self.email.clone()),
            password_hash: Some("none".to_owned()),
            display_name: "Tina Twin".to_owned(),
            about: None,
            location: None,
            avatar_url: None,
            member_since: now.utc().date_naive(),
            is_superhost: false,
            locale: None,
            source: None,
            source_id: None,
            created_at: now,
            updated_at: now,
        };
        store::users::insert(&mut self.app.conn().await, &person).await.unwrap();
        let erasure = Erasure { user_id: person.id, state: ErasureState::Scheduled, requested_at: now, due_at: now };
        store::erasures::replace(&mut self.app.conn().await, &erasure).await.unwrap();
    }

    /// An export and a decision of the guest, and a legal hold on the data of the first host.
    async fn export_and_hold(&self) {
        let (conn, now, entropy) = (&mut self.app.conn().await, self.app.app.now(), &*self.app.app.entropy);
        let guest = self.guest.member;
        let export = DataExport {
            id: DataExportId::new(now, entropy),
            user_id: guest.id(),
            session_id: guest.session(),
            created_at: now,
            expires_at: now + Duration::days(7),
        };
        store::data_exports::insert(conn, &export).await.unwrap();
        let consent = Consent {
            id: ConsentId::new(now, entropy),
            user_id: guest.id(),
            document: ConsentDocument::Marketing,
            version: None,
            given: true,
            recorded_at: now,
        };
        store::consents::insert(conn, &[consent]).await.unwrap();
        let impersonation = Impersonation {
            id: ImpersonationId::new(now, entropy),
            person_id: guest.id(),
            staff_id: self.hosts[0].member.id(),
            staff_session_id: self.hosts[0].member.session(),
            role: StaffRole::Support,
            reason: "for a test".to_owned(),
            started_at: now,
            expires_at: now + Duration::minutes(15),
            ended_at: None,
            audit_due_at: None,
        };
        store::impersonations::insert(conn, &impersonation).await.unwrap();
        let hold = LegalHold {
            id: LegalHoldId::new(now, entropy),
            user_id: self.hosts[0].member.id(),
            reason: "for a test".to_owned(),
            placed_by: guest.id(),
            placed_at: now,
            expires_at: now + Duration::days(7),
            ended_at: None,
            ended_by: None,
        };
        store::legal_holds::insert(conn, &hold).await.unwrap();
    }

    /// Another session of the guest.
    async fn sign_in(&self) {
        let email = self.guest.run("{ me { email } }", json!({})).await["me"]["email"].clone();
        Actor::sign_in(&self.app, email.as_str().unwrap(), "correct horse").await;
    }

    async fn review(&self, number: usize, stay: &str) {
        self.write_review(&self.hosts[number % self.hosts.len()], (&self.listings[0], stay), number).await;
    }

    /// A case of a host about a listing, with a note; and a case of the guest that is decided.
    async fn open_cases(&self, number: usize) {
        let (host, listing) = (&self.hosts[(number + 1) % self.hosts.len()], &self.listings[number]);
        let about = json!({ "listingId": listing });
        let input = json!({ "kind": "REPORT", "about": about, "text": "It is so.", "idempotencyKey": self.app.key() });
        let opened = host.mutate(&of_field("openCase").text, input).await;
        let note = json!({ "caseId": opened["case"]["id"], "text": "A note." });
        assert_eq!(act(&self.guest, "addCaseNote", note).await["__typename"], "AddCaseNoteSuccess", "{opened}");
        let now = self.app.app.now();
        let case = SupportCase {
            id: SupportCaseId::new(now, &*self.app.app.entropy),
            kind: SupportCaseKind::Report,
            status: SupportCaseStatus::Resolved,
            opened_by: self.guest.member.id(),
            booking_id: None,
            listing_id: Some(listing.parse().unwrap()),
            person_id: None,
            open_about: None,
            text: "It was so.".to_owned(),
            question: None,
            answer: None,
            resolution: Some("It is not so.".to_owned()),
            assignee_id: None,
            due_at: now,
            opened_at: now,
            closed_at: Some(now),
            updated_at: now,
        };
        assert!(store::support_cases::insert(&mut self.app.conn().await, &case).await.unwrap());
    }

    async fn write_review(&self, author: &Actor, (listing, stay): (&str, &str), number: usize) {
        let at: Timestamp = self.app.app.now();
        let review = Review {
            id: ReviewId::new(at, &*self.app.app.entropy),
            listing_id: listing.parse().unwrap(),
            author_id: author.member.id(),
            booking_id: Some(stay.parse().unwrap()),
            rating: Some(5),
            categories: domain::reviews::Categories::default(),
            text: format!("Stay {number} was fine."),
            created_at: at,
            publish_at: at,
            revealed: true,
            hidden_at: None,
        };
        store::reviews::insert(&mut self.app.conn().await, &review).await.unwrap();
    }

    /// The number of statements of an operation, and its data.
    pub async fn cost(&self, viewer: Option<&Actor>, operation: &str, variables: Value) -> (Vec<String>, Value) {
        let recording = self.app.app.database.statements().record();
        let answer = self.app.run(viewer.map(|actor| &actor.member), operation, variables).await;
        (recording.texts(), data(answer))
    }

    /// The operations that are counted, their limits, and how to count the items on the page.
    fn pages(&self) -> Vec<Page<'_>> {
        let month = json!({ "from": self.day(25), "to": self.day(55) });
        let (id, host, guest) = (&self.listings[0], Some(&self.hosts[0]), Some(&self.guest));
        let stay = json!({ "stay": { "checkIn": self.day(10), "checkOut": self.day(13) } });
        let listing = json!({ "id": id, "from": month["from"], "to": month["to"] });
        let calendar = json!({ "listingId": id, "from": month["from"], "to": month["to"] });
        let screen = |name: &str| of_screen(name).text;
        let search = |text, stay, most| Page::new(text, None, stay, most, "/searchListings/nodes");
        vec![
            search(SEARCH.to_owned(), json!({}), 3),
            // For a stay, at first also the time zones in which it is to be.
            search(SEARCH.to_owned(), stay.clone(), 4),
            // The number of hits is a statement of its own.
            search(screen("searchPage"), stay, 5),
            Page::new(LISTING.to_owned(), None, json!({ "id": id }), 5, "/listing/reviews/nodes"),
            // Amenities, and two that make the calendar.
            Page::new(screen("listingPage"), None, listing, 8, "/listing/reviews/nodes"),
            Page::new(screen("myTrips"), guest, json!({}), 4, "/me/trips/nodes"),
            Page::new(screen("myListings"), host, json!({}), 2, "/me/hosting/listings/nodes"),
            Page::new(screen("requestsToAnswer"), host, json!({}), 5, "/me/hosting/bookings/nodes"),
            Page::new(screen("hostCalendar"), host, calendar, 5, "/me/hosting/calendar"),
        ]
    }
}

/// An operation whose statements are counted.
struct Page<'a> {
    text: String,
    viewer: Option<&'a Actor>,
    variables: Value,
    /// Most statements.
    most: usize,
    /// The path of the items of the page.
    things: &'static str,
}

impl<'a> Page<'a> {
    fn new(text: String, viewer: Option<&'a Actor>, variables: Value, most: usize, things: &'static str) -> Self {
        Self { text, viewer, variables, most, things }
    }
}

#[tokio::test]
async fn a_page_of_thirty_costs_as_many_statements_as_a_page_of_three() {
    let mut world = World::new().await;
    let mut costs = Vec::new();
    for size in [3, 30] {
        world.grow(size).await;
        let mut round = Vec::new();
        for page in world.pages() {
            let (statements, data) = world.cost(page.viewer, &page.text, page.variables).await;
            let things = data.pointer(page.things).and_then(Value::as_array).unwrap_or_else(|| panic!("{data}"));
            assert!(things.len() >= size.min(10), "{} of {size} things: {data}", things.len());
            let name = page.text.split(['(', '{']).next().unwrap_or_default().trim().to_owned();
            let number = statements.len();
            assert!(number <= page.most, "{name}: {number} for {size} things\n{}", statements.join("\n"));
            round.push((name, page.things, number));
        }
        costs.push(round);
    }
    assert_eq!(costs[0], costs[1]);
}

#[tokio::test]
async fn the_pages_that_are_counted_are_not_empty() {
    let mut world = World::new().await;
    world.grow(3).await;
    let (_, trips) = world.cost(Some(&world.guest), &of_screen("myTrips").text, json!({})).await;
    let trip = &trips["me"]["trips"]["nodes"][0];
    assert_eq!(trip["status"], "CONFIRMED", "{trip}");
    assert_eq!(trip["payments"][0]["status"], "CAPTURED");
    assert_eq!(trip["listing"]["coverPhoto"]["url"], "https://example.org/1.jpg");
    assert_eq!(trip["host"]["displayName"], "Hugo Host");
    assert!(trip["availableActions"].as_array().is_some_and(|actions| !actions.is_empty()), "{trip}");
    let (_, requests) = world.cost(Some(&world.hosts[0]), &of_screen("requestsToAnswer").text, json!({})).await;
    let request = &requests["me"]["hosting"]["bookings"]["nodes"][0];
    let accept = request["availableActions"].as_array().unwrap().iter().find(|action| action["action"] == "ACCEPT");
    assert_eq!(accept.unwrap()["allowed"], true, "{request}");
}

/// How many statements the database has prepared on the connections of the pool, and on how many connections.
async fn prepared(app: &TestApp) -> (i64, i64) {
    #[derive(QueryableByName)]
    struct Counter {
        #[diesel(sql_type = Text)]
        #[diesel(column_name = "Value")]
        value: String,
    }
    let database = &app.app.database;
    let mut conns = Vec::new();
    for _ in 0..database.connections().0 {
        conns.push(database.conn().await.unwrap());
    }
    let mut sum = 0;
    for conn in &mut conns {
        let counter: Counter =
            diesel::sql_query("SHOW SESSION STATUS LIKE 'Com_stmt_prepare'").get_result(conn).await.unwrap();
        sum += counter.value.parse::<i64>().unwrap();
    }
    (sum, i64::try_from(conns.len()).unwrap())
}

#[tokio::test]
async fn a_booking_sends_few_statements() {
    let app = TestApp::without_hold_limits(mysql_engine::Options::default()).await;
    let server = app.with_settings(|builder| builder.search_index(true)).await;
    let (host, guest) = (app.host().await, app.guest().await.at(&server));
    let listing = host.listing(|_| {}).await;
    fill_if_needed(&server.app).await.unwrap();
    let day = |days| (app.app.now().utc().date_naive() + Duration::days(days)).to_string();
    let quotes = [guest.quote(&listing, &day(30), &day(33)).await, guest.quote(&listing, &day(40), &day(43)).await];
    let mut costs = Vec::new();
    for quote in &quotes {
        let recording = server.app.database.statements().record();
        assert_eq!(guest.try_book(quote, &app.key()).await["booking"]["status"], "PENDING_PAYMENT");
        costs.push(recording.texts());
    }
    // The first one also learns which features are off.
    assert!(costs[1].len() <= 13, "{}: {:#?}", costs[1].len(), costs[1]);
}

#[tokio::test]
async fn a_quote_a_booking_and_its_payment_prepare_nothing_that_was_prepared_before() {
    let app = TestApp::without_hold_limits(mysql_engine::Options::default()).await;
    let (host, guest) = (app.host().await, app.guest().await);
    let listing = host.listing(|_| {}).await;
    let first = app.app.now().utc().date_naive() + Duration::days(10);
    let mut news = Vec::new();
    // Until each connection knows all statements: they are used in turn.
    for number in 0_i64..40 {
        let (before, conns) = prepared(&app).await;
        let day = |nights| (first + Duration::days(3 * number + nights)).to_string();
        guest.book_and_pay(&listing, &day(0), &day(2)).await;
        let (after, _) = prepared(&app).await;
        // The statement that counts is prepared each time.
        news.push(after - before - conns);
        if news.ends_with(&[0, 0, 0]) {
            return;
        }
    }
    panic!("statements were prepared for each booking: {news:?}");
}
