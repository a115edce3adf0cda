//! Users of the API, with helpers for tests.

use auth::Member;
use serde_json::{Value, json};
use store::{
    co_hosts::{self, CoHost},
    one_time_codes, role_grants,
};
use types::{CoHostAccess, CoHostId, CodePurpose, RoleGrantId, StaffRole};

use super::app::TestApp;

/// A signed-in user.
#[derive(Clone)]
pub struct Actor {
    pub app: TestApp,
    pub member: Member,
    pub access: String,
    pub refresh: String,
}

impl Actor {
    /// Registers and verifies the email, through the API.
    pub async fn register(app: &TestApp, name: &str) -> Self {
        Self::register_unverified(app, name).await.verified().await
    }

    /// Registers through the API. The email is not verified.
    pub async fn register_unverified(app: &TestApp, name: &str) -> Self {
        let input = json!({
            "email": format!("someone{}@example.org", app.number()), "password": "correct horse", "displayName": name
        });
        let response = app.run(None, REGISTER, json!({ "input": input })).await;
        Self::of(app, &data(response)["registerUser"])
    }

    /// Signs in through the API.
    pub async fn sign_in(app: &TestApp, email: &str, password: &str) -> Self {
        let input = json!({ "email": email, "password": password });
        Self::of(app, &data(app.run(None, SIGN_IN, json!({ "input": input })).await)["signIn"])
    }

    /// The owner of the tokens in a payload.
    pub fn of(app: &TestApp, payload: &Value) -> Self {
        let tokens = &payload["tokens"];
        let access = tokens["accessToken"].as_str().unwrap_or_else(|| panic!("{payload}")).to_owned();
        let (member, _) = app.app.keys.verify(&access, app.app.now()).unwrap();
        Self { app: app.clone(), member, access, refresh: tokens["refreshToken"].as_str().unwrap().to_owned() }
    }

    /// The same user with a verified email. Reads the code where the mail gets it, and does not wait for the mail.
    pub async fn verified(self) -> Self {
        let conn = &mut self.app.conn().await;
        let code = one_time_codes::lock(conn, self.member.id(), CodePurpose::VerifyEmail).await.unwrap().unwrap();
        let input = json!({ "code": self.app.app.keys.code(code.id).unwrap() });
        let answer = self.mutate(VERIFY_EMAIL, input).await;
        let access = answer["accessToken"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned();
        let (member, _) = self.app.app.keys.verify(&access, self.app.app.now()).unwrap();
        Self { member, access, ..self }
    }

    /// Somebody with a role of staff.
    pub async fn staff(app: &TestApp, role: StaffRole) -> Self {
        let staff = Self::register(app, "Stella Staff").await;
        staff.grant(role).await;
        staff
    }

    /// Grants a role to this user, as the operator does; the id of the grant.
    pub async fn grant(&self, role: StaffRole) -> String {
        let grant = role_grants::RoleGrant {
            id: RoleGrantId::new(self.app.app.now(), &*self.app.app.entropy),
            user_id: self.member.id(),
            role,
            reason: "for a test".to_owned(),
            granted_by: None,
            granted_at: self.app.app.now(),
            expires_at: None,
            ended_at: None,
            ended_by: None,
        };
        role_grants::insert(&mut self.app.conn().await, &grant).await.unwrap();
        grant.id.to_string()
    }

    /// An invitation of this host, of a moment ago, to an email; its id.
    pub async fn invitation(&self, listing: &str, email: &str, access: CoHostAccess) -> String {
        let now = self.app.app.now();
        let row = CoHost {
            id: CoHostId::new(now, &*self.app.app.entropy),
            listing_id: listing.parse().unwrap(),
            access,
            email: Some(email.to_owned()),
            user_id: None,
            invited_by: self.member.id(),
            invited_at: now,
            expires_at: Some(now + self.app.app.terms.co_host_invitation),
            accepted_at: None,
            ended_at: None,
            ended_by: None,
        };
        co_hosts::insert(&mut self.app.conn().await, &row).await.unwrap();
        row.id.to_string()
    }

    /// Lets `helper` help with a listing of this host, as when an invitation is accepted; the id of the co-host.
    pub async fn helped_by(&self, listing: &str, helper: &Self, access: CoHostAccess) -> String {
        let id = self.invitation(listing, "somebody@example.org", access).await;
        let (conn, now) = (&mut self.app.conn().await, self.app.app.now());
        co_hosts::accept(conn, id.parse().unwrap(), helper.member.id(), now).await.unwrap();
        id
    }

    /// The same user at another server.
    pub fn at(&self, app: &TestApp) -> Self {
        Self { app: app.clone(), ..self.clone() }
    }

    /// Runs an operation that has no errors, and returns its data.
    pub async fn run(&self, query: &str, variables: Value) -> Value {
        data(self.app.run(Some(&self.member), query, variables).await)
    }

    /// Runs one of the mutations below and returns its payload.
    pub async fn mutate(&self, mutation: &str, input: Value) -> Value {
        let answer = self.run(mutation, json!({ "input": input })).await;
        let fields = answer.as_object().unwrap();
        fields.values().next().unwrap().clone()
    }

    /// A published listing with instant book: 100.00 SGD a night, no fees, changed by `change`.
    pub async fn listing(&self, change: impl FnOnce(&mut Value)) -> String {
        let mut input = home();
        change(&mut input);
        let answer = self.mutate(CREATE_LISTING, input).await;
        let id = answer["listing"]["id"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned();
        let answer = self.mutate(PUBLISH_LISTING, json!({ "listingId": id })).await;
        assert_eq!(answer["listing"]["status"], "PUBLISHED", "{answer}");
        id
    }

    /// The payload of a quote. Days like `2026-04-01`.
    pub async fn try_quote(&self, listing: &str, check_in: &str, check_out: &str) -> Value {
        let stay = json!({ "checkIn": check_in, "checkOut": check_out });
        self.mutate(QUOTE, json!({ "listingId": listing, "stay": stay })).await
    }

    /// A quote.
    pub async fn quote(&self, listing: &str, check_in: &str, check_out: &str) -> String {
        let answer = self.try_quote(listing, check_in, check_out).await;
        id_of(&answer["quote"]).unwrap_or_else(|| panic!("{answer}"))
    }

    /// The payload of a booking from a quote.
    pub async fn try_book(&self, quote: &str, key: &str) -> Value {
        self.mutate(BOOK, json!({ "quoteId": quote, "idempotencyKey": key })).await
    }

    /// A booking of a stay.
    pub async fn book(&self, listing: &str, check_in: &str, check_out: &str) -> String {
        let quote = self.quote(listing, check_in, check_out).await;
        let answer = self.try_book(&quote, &self.app.key()).await;
        id_of(&answer["booking"]).unwrap_or_else(|| panic!("{answer}"))
    }

    /// The payload of a payment.
    pub async fn try_pay(&self, booking: &str, method: &str, key: &str) -> Value {
        let input = json!({ "booking": { "id": booking }, "method": { "sandbox": method }, "idempotencyKey": key });
        self.mutate(PAY, input).await
    }

    /// Pays, successfully. Returns the payment.
    pub async fn pay(&self, booking: &str) -> String {
        let answer = self.try_pay(booking, "CARD_OK", &self.app.key()).await;
        id_of(&answer["payment"]).unwrap_or_else(|| panic!("{answer}"))
    }

    /// A paid booking: confirmed with instant book.
    pub async fn book_and_pay(&self, listing: &str, check_in: &str, check_out: &str) -> String {
        let booking = self.book(listing, check_in, check_out).await;
        self.pay(&booking).await;
        booking
    }

    /// The payload of a confirmation of a payment.
    pub async fn confirm(&self, payment: &str, key: &str) -> Value {
        self.mutate(CONFIRM, json!({ "paymentId": payment, "idempotencyKey": key })).await
    }

    /// The payload of an acceptance by the host.
    pub async fn accept(&self, booking: &str, key: &str) -> Value {
        self.mutate(ACCEPT, json!({ "bookingId": booking, "idempotencyKey": key })).await
    }

    /// The payload of a decline by the host.
    pub async fn decline(&self, booking: &str, key: &str) -> Value {
        self.mutate(DECLINE, json!({ "bookingId": booking, "idempotencyKey": key })).await
    }

    /// The payload of a cancellation.
    pub async fn cancel(&self, booking: &str) -> Value {
        self.mutate(CANCEL, json!({ "bookingId": booking, "idempotencyKey": self.app.key() })).await
    }

    /// The booking as this user sees it.
    pub async fn booking(&self, id: &str) -> Value {
        self.run(BOOKING, json!({ "id": id })).await["booking"].clone()
    }

    /// The state of a booking.
    pub async fn status(&self, id: &str) -> String {
        self.booking(id).await["status"].as_str().unwrap_or_default().to_owned()
    }

    /// The kinds of the booking's events, oldest first.
    pub async fn history(&self, id: &str) -> Vec<String> {
        let booking = self.booking(id).await;
        let nodes = booking["timeline"]["nodes"].as_array().unwrap_or_else(|| panic!("{booking}"));
        nodes.iter().map(|event| event["kind"].as_str().unwrap().to_owned()).collect()
    }
}

/// The data of a response without errors.
pub fn data(response: async_graphql::Response) -> Value {
    assert!(response.errors.is_empty(), "{:?}", response.errors);
    serde_json::to_value(response.data).unwrap()
}

fn id_of(thing: &Value) -> Option<String> {
    thing["id"].as_str().map(str::to_owned)
}

/// The input of a complete listing.
pub fn home() -> Value {
    json!({
        "title": "Quiet flat by the river", "description": "Two rooms.\nOne view.", "roomType": "ENTIRE_HOME",
        "propertyType": "APARTMENT", "maxGuests": 4, "bathrooms": 1.5, "bedrooms": 2, "amenities": ["Wifi"],
        "photos": [{ "url": "https://example.org/1.jpg" }, { "url": "https://example.org/2.jpg" }, { "url": "https://example.org/3.jpg" }],
        "place": { "city": "Singapore", "countryCode": "SG", "address": "1 River Road", "latitude": 1.28967, "longitude": 103.85007 },
        "pricing": { "currency": "SGD", "basePrice": 10000 }, "instantBook": true, "cancellationPolicy": "FLEXIBLE"
    })
}

pub const REGISTER: &str = "mutation ($input: RegisterUserInput!) { registerUser(input: $input) { __typename
    ... on RegisterUserSuccess { deviceToken me { id } tokens { accessToken refreshToken } }
    ... on UserError { code message path retryable } ... on TooManyAttemptsProblem { retryAfterSeconds } } }";
pub const VERIFY_EMAIL: &str = "mutation ($input: VerifyEmailInput!) { verifyEmail(input: $input) { __typename
    ... on VerifyEmailSuccess { accessToken me { email emailVerified } } ... on UserError { code }
    ... on TooManyAttemptsProblem { retryAfterSeconds } } }";
const SIGN_IN: &str = "mutation ($input: SignInInput!) { signIn(input: $input) { __typename
    ... on SignInSuccess { tokens { accessToken refreshToken } } ... on UserError { code message } } }";
pub const CREATE_LISTING: &str = "mutation ($input: CreateListingInput!) { createListing(input: $input) { __typename
    ... on CreateListingSuccess { listing { id } } ... on UserError { code message path } } }";
pub const PUBLISH_LISTING: &str = "mutation ($input: PublishListingInput!) { publishListing(input: $input) { __typename
    ... on PublishListingSuccess { listing { status } } ... on UserError { code message }
    ... on ListingIncompleteProblem { missing } } }";
pub const QUOTE: &str = "mutation ($input: QuoteStayInput!) { quoteStay(input: $input) { __typename
    ... on QuoteStaySuccess { quote { id expiresAt instantBook price { total { minorUnits } lines { kind amount { minorUnits } } } } }
    ... on UserError { code message path retryable } ... on NightsUnavailableProblem { nights }
    ... on TooManyAttemptsProblem { retryAfterSeconds }
    ... on StayNotAllowedProblem { violations { reason night } } } }";
pub const BOOK: &str = "mutation ($input: CreateBookingInput!) { createBooking(input: $input) { __typename
    ... on CreateBookingSuccess { replayed booking { id status deadline price { total { minorUnits } } } }
    ... on UserError { code message path retryable } ... on NightsUnavailableProblem { nights conflicts { night reason } }
    ... on TooManyAttemptsProblem { retryAfterSeconds }
    ... on QuoteExpiredProblem { quote { id price { total { minorUnits } } }
        differences { kind before { minorUnits } after { minorUnits } } }
    ... on StayNotAllowedProblem { violations { reason } } ... on StateConflictProblem { currentBooking { id status } } } }";
pub const PAY: &str = "mutation ($input: PayBookingInput!) { payBooking(input: $input) { __typename
    ... on PayBookingSuccess { replayed payment { id status nextAction { kind } } booking { id status } }
    ... on UserError { code message path retryable } ... on PaymentDeclinedProblem { declineReason payment { id status } }
    ... on NightsUnavailableProblem { nights }
    ... on StateConflictProblem { currentBooking { id status } } } }";
pub const CONFIRM: &str = "mutation ($input: ConfirmPaymentInput!) { confirmPayment(input: $input) { __typename
    ... on ConfirmPaymentSuccess { replayed payment { id status } booking { id status } }
    ... on UserError { code message path retryable } ... on PaymentDeclinedProblem { declineReason }
    ... on StateConflictProblem { currentBooking { id status } } } }";
pub const ACCEPT: &str = "mutation ($input: AcceptBookingInput!) { acceptBooking(input: $input) { __typename
    ... on AcceptBookingSuccess { replayed booking { id status } } ... on UserError { code message path retryable }
    ... on StateConflictProblem { currentBooking { id status } } } }";
pub const DECLINE: &str = "mutation ($input: DeclineBookingInput!) { declineBooking(input: $input) { __typename
    ... on DeclineBookingSuccess { replayed booking { id status } } ... on UserError { code message path retryable } } }";
pub const CANCEL: &str = "mutation ($input: CancelBookingInput!) { cancelBooking(input: $input) { __typename
    ... on CancelBookingSuccess { replayed booking { id status cancelledAt } refund { total { minorUnits } } }
    ... on UserError { code message path retryable } } }";
pub const BOOKING: &str = "query ($id: ID!) { booking(id: $id) {
    id status deadline confirmedAt cancelledAt price { total { minorUnits } } details { address }
    cancellationPreview { refund { total { minorUnits } lines { amount { minorUnits } } } kept { minorUnits } }
    payments { id status refunded { minorUnits } } refunds { id status reason amount { minorUnits } } review { id text }
    availableActions { action allowed reason deadline moneyEffect { minorUnits } }
    timeline(first: 100) { nodes { id kind cursor } } } }";
