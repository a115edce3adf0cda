//! Kinds of viewers, and the data that they can or cannot see.

use auth::Member;
use chrono::{Days, Duration, NaiveDate};
use mysql_engine::Options;
use serde_json::{Value, json};
use types::{CoHostAccess, StaffRole};

use crate::{
    desk::{act, desk, impersonate},
    harness::{
        actors::{Actor, CREATE_LISTING, home},
        app::TestApp,
        identity_server::IdentityServer,
    },
    operations::of_field,
};

/// The host's street address, exact latitude and exact longitude: for the two sides of a confirmed booking only.
pub const EXACT: [&str; 3] = ["7 Hidden Lane", "1.30123", "103.83456"];
/// The title of the host's drafts.
pub const DRAFT: &str = "Unseen draft";
/// The name of the guest's wishlists.
pub const WISHLIST: &str = "Seen by nobody else";
/// What the guest says in cases.
pub const CASE: &str = "Only staff should read this";
/// The text of reviews that are not revealed yet.
pub const HIDDEN: &str = "Unrevealed words";

/// The two sides of all requested bookings, and two users with their own bookings and listings.
pub struct World {
    pub app: TestApp,
    pub guest: Actor,
    pub host: Actor,
    pub other_guest: Actor,
    pub other_host: Actor,
    /// Somebody whose email is not verified.
    pub unverified: Actor,
    /// Somebody who helps with all listings of the host, with each access.
    pub co_hosts: Vec<(CoHostAccess, Actor)>,
    /// Somebody with each role of staff.
    pub support: Actor,
    pub finance: Actor,
    pub admin: Actor,
    /// Support who act as the guest and as the host; nobody in [`World::new`].
    acting: Option<[Actor; 2]>,
    /// With which one can sign in.
    pub identity_server: IdentityServer,
}

impl World {
    pub async fn new() -> Self {
        // With so few connections an operation can hold one: needing a second one at the same time would deadlock.
        let identity_server = IdentityServer::start().await;
        let providers = IdentityServer::all(vec![identity_server.settings("example")]);
        let options = Options { pool_size: 4, ..Options::default() };
        let app = TestApp::without_hold_limits_with(options, providers).await;
        let mut people = Vec::new();
        for name in ["Gina Guest", "Hugo Host", "Olga Other", "Ivan Innkeeper"] {
            people.push(Actor::register(&app, name).await);
        }
        let [guest, host, other_guest, other_host] = people.try_into().unwrap_or_else(|_| unreachable!());
        let unverified = Actor::register_unverified(&app, "Nora New").await;
        let mut staff = Vec::new();
        for role in [StaffRole::Support, StaffRole::Finance, StaffRole::Admin] {
            staff.push(Actor::staff(&app, role).await);
        }
        let [support, finance, admin] = staff.try_into().unwrap_or_else(|_| unreachable!());
        let mut co_hosts = Vec::new();
        for access in [CoHostAccess::Full, CoHostAccess::CalendarAndMessages, CoHostAccess::Calendar] {
            co_hosts.push((access, Actor::register(&app, "Hanna Helper").await));
        }
        let world = Self {
            app,
            guest,
            host,
            other_guest,
            other_host,
            unverified,
            co_hosts,
            support,
            finance,
            admin,
            acting: None,
            identity_server,
        };
        // Every user is a guest once and a host once, so that all their streams have events.
        let pairs = [(&world.guest, &world.other_host), (&world.other_host, &world.guest)];
        let others = [(&world.host, &world.other_guest), (&world.other_guest, &world.host)];
        for (guest, host) in pairs.into_iter().chain(others) {
            let listing = host.listing(|_| {}).await;
            guest.book_and_pay(&listing, &world.day(40), &world.day(42)).await;
        }
        world
    }

    /// One in which support act as the guest and as the host.
    pub async fn impersonated() -> Self {
        let world = Box::pin(Self::new()).await;
        let as_guest = impersonate(&world.support, &world.guest).await;
        let as_host = impersonate(&world.support, &world.host).await;
        Self { acting: Some([as_guest, as_host]), ..world }
    }

    /// Support who act as the guest.
    pub fn as_guest(&self) -> &Actor {
        &self.acting.as_ref().unwrap()[0]
    }

    /// Support who act as the host.
    pub fn as_host(&self) -> &Actor {
        &self.acting.as_ref().unwrap()[1]
    }

    /// All viewers, by the name of their column.
    pub fn viewers(&self) -> Vec<(&'static str, Option<&Actor>)> {
        let acting = ["as guest", "as host"].into_iter().zip(self.acting.iter().flatten().map(Some));
        self.people().into_iter().chain(acting).collect()
    }

    fn people(&self) -> [(&'static str, Option<&Actor>); 12] {
        let co_host = |access| self.co_hosts.iter().find(|(of, _)| *of == access).map(|(_, co_host)| co_host);
        [
            ("anonymous", None),
            ("unverified", Some(&self.unverified)),
            ("other guest", Some(&self.other_guest)),
            ("other host", Some(&self.other_host)),
            ("guest", Some(&self.guest)),
            ("host", Some(&self.host)),
            ("co-host full", co_host(CoHostAccess::Full)),
            ("co-host messages", co_host(CoHostAccess::CalendarAndMessages)),
            ("co-host calendar", co_host(CoHostAccess::Calendar)),
            ("support", Some(&self.support)),
            ("finance", Some(&self.finance)),
            ("admin", Some(&self.admin)),
        ]
    }

    /// Viewers unrelated to guest and host.
    pub fn strangers(&self) -> [Option<&Member>; 4] {
        [None, Some(&self.unverified.member), Some(&self.other_guest.member), Some(&self.other_host.member)]
    }

    /// The day `number` days from now.
    pub fn day(&self, number: u64) -> String {
        let today: NaiveDate = self.app.app.now().utc().date_naive();
        (today + Days::new(number)).to_string()
    }

    /// A published listing of the host, with a secret place.
    pub async fn listing(&self) -> String {
        self.helped(self.host.listing(hide).await).await
    }

    /// Lets the co-hosts help with a listing of the host.
    async fn helped(&self, listing: String) -> String {
        for (access, co_host) in &self.co_hosts {
            self.host.helped_by(&listing, co_host, *access).await;
        }
        listing
    }

    /// A draft of the host.
    pub async fn draft(&self, title: &str) -> String {
        let mut input = home();
        hide(&mut input);
        input["title"] = title.into();
        let answer = self.host.mutate(CREATE_LISTING, input).await;
        self.helped(text(&answer["listing"]["id"])).await
    }

    /// The guest's quote.
    pub async fn quote(&self) -> String {
        self.guest.quote(&self.listing().await, &self.day(30), &self.day(33)).await
    }

    /// The guest's booking, unpaid, and the key that it was made with.
    pub async fn pending(&self) -> (String, String) {
        let (quote, key) = (self.quote().await, self.app.key());
        let answer = self.guest.try_book(&quote, &key).await;
        (text(&answer["booking"]["id"]), key)
    }

    /// The guest's payment that waits for a confirmation.
    pub async fn unconfirmed_payment(&self) -> String {
        let (booking, _) = self.pending().await;
        let answer = self.guest.try_pay(&booking, "CARD_NEEDS_CONFIRMATION", &self.app.key()).await;
        text(&answer["payment"]["id"])
    }

    /// The guest's confirmed booking, and its payment.
    pub async fn confirmed(&self) -> (String, String) {
        let (booking, _) = self.pending().await;
        let payment = self.guest.pay(&booking).await;
        (booking, payment)
    }

    /// The guest's request, paid, for the host to answer.
    pub async fn requested(&self) -> String {
        let listing = self.host.listing(|input| {
            hide(input);
            input["instantBook"] = false.into();
        });
        let listing = self.helped(listing.await).await;
        self.guest.book_and_pay(&listing, &self.day(30), &self.day(33)).await
    }

    /// The guest's canceled booking, and its refund.
    pub async fn refunded(&self) -> (String, String) {
        let (booking, _) = self.confirmed().await;
        self.guest.cancel(&booking).await;
        let refund = self.guest.booking(&booking).await["refunds"][0]["id"].clone();
        (booking, text(&refund))
    }

    /// The guest's stay that is just over.
    pub async fn completed(&self) -> String {
        let listing = self.listing().await;
        let booking = self.guest.book_and_pay(&listing, &self.day(2), &self.day(4)).await;
        self.app.pass(Duration::days(5));
        booking
    }

    /// The guest's hidden review, and its stay.
    pub async fn hidden_review(&self) -> (String, String) {
        self.review(HIDDEN).await
    }

    /// The guest's review of a stay that is just over, and the stay.
    async fn review(&self, words: &str) -> (String, String) {
        let booking = self.completed().await;
        let ratings = ["cleanliness", "accuracy", "checkIn", "communication", "location", "value"];
        let ratings: Value = ratings.into_iter().map(|name| (name.to_owned(), json!(5))).collect();
        let input = json!({ "bookingId": booking, "rating": 5, "ratings": ratings, "text": words });
        let answer = self.guest.mutate(REVIEW, input).await;
        (text(&answer["review"]["id"]), booking)
    }

    /// A public review.
    pub async fn published_review(&self) -> String {
        let (review, _) = self.review("Words for everybody").await;
        self.app.pass(Duration::days(14));
        self.app.work().await;
        review
    }

    /// A case that the guest has opened, about a listing of the host.
    pub async fn case(&self) -> String {
        let open = desk(&self.admin, "cases(first: 50) { nodes { id } }").await["cases"]["nodes"].clone();
        let open = open.as_array().unwrap();
        // A guest has at most 20 open ones.
        for case in open.iter().filter(|_| open.len() > 15) {
            let close = json!({ "caseId": case["id"], "status": "RESOLVED", "message": "It is done." });
            act(&self.admin, "updateCase", close).await;
        }
        let about = json!({ "listingId": self.listing().await });
        let input = json!({ "kind": "REPORT", "about": about, "text": CASE, "idempotencyKey": self.app.key() });
        let opened = self.guest.mutate(&of_field("openCase").text, input).await;
        text(&opened["case"]["id"])
    }

    /// The guest's wishlist, and what is on it.
    pub async fn wishlist(&self) -> (String, String) {
        let own = self.guest.run("{ me { wishlists(first: 100) { nodes { id } } } }", json!({})).await;
        let own = own["me"]["wishlists"]["nodes"].as_array().unwrap().clone();
        // A guest has at most 50.
        for list in own.iter().filter(|_| own.len() == 50) {
            self.guest.mutate(DELETE_WISHLIST, json!({ "wishlistId": list["id"] })).await;
        }
        let list = text(&self.guest.mutate(CREATE_WISHLIST, json!({ "name": WISHLIST })).await["wishlist"]["id"]);
        let input = json!({ "wishlistId": list, "listingId": self.listing().await });
        let item = text(&self.guest.mutate(ADD_TO_WISHLIST, input).await["item"]["id"]);
        (list, item)
    }

    /// A new session of the guest.
    pub async fn session(&self) -> Actor {
        Actor::sign_in(&self.app, &self.email(&self.guest).await, PASSWORD).await
    }

    /// A refresh token of a new session of the guest.
    pub async fn refresh_token(&self) -> String {
        self.session().await.refresh
    }

    /// The email address of a user.
    pub async fn email(&self, actor: &Actor) -> String {
        text(&actor.run("{ me { email } }", json!({})).await["me"]["email"])
    }
}

const CREATE_WISHLIST: &str = "mutation ($input: CreateWishlistInput!) { createWishlist(input: $input) {
    ... on CreateWishlistSuccess { wishlist { id } } ... on UserError { message } } }";
const DELETE_WISHLIST: &str =
    "mutation ($input: DeleteWishlistInput!) { deleteWishlist(input: $input) { __typename } }";
const ADD_TO_WISHLIST: &str = "mutation ($input: AddToWishlistInput!) { addToWishlist(input: $input) {
    ... on AddToWishlistSuccess { item { id } } ... on UserError { message } } }";

/// The password of all users.
pub const PASSWORD: &str = "correct horse";

const REVIEW: &str = "mutation ($input: WriteReviewInput!) { writeReview(input: $input) {
    ... on WriteReviewSuccess { review { id } } ... on UserError { message } } }";

fn hide(input: &mut Value) {
    let place = &mut input["place"];
    place["address"] = EXACT[0].into();
    place["latitude"] = json!(1.30123);
    place["longitude"] = json!(103.83456);
}

/// The text in `value`, which must be one.
pub fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text")).to_owned()
}
