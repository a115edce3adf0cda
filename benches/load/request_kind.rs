//! The requests.

use std::{collections::HashMap, fs, path::Path};

use anyhow::Context;

/// A page or a mutation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RequestKind {
    /// Twenty listings with host and cover, a random page of all.
    Search,
    /// The first twenty listings of a city.
    City,
    /// Twenty listings for dates, guests, a box, a price and an amenity.
    Filtered,
    /// A listing with pictures, host, ten reviews and their authors.
    Listing,
    /// A guest's twenty trips with listing, cover, host and payments.
    Trips,
    /// The price of a stay.
    Quote,
    /// A booking of a quote.
    Book,
}

impl RequestKind {
    /// All, in the order of a visit.
    pub const ALL: [Self; 7] =
        [Self::Search, Self::City, Self::Filtered, Self::Listing, Self::Trips, Self::Quote, Self::Book];

    /// Its name in the table.
    pub fn name(self) -> &'static str {
        match self {
            Self::Search => "search",
            Self::City => "city",
            Self::Filtered => "filtered",
            Self::Listing => "listing",
            Self::Trips => "trips",
            Self::Quote => "quote",
            Self::Book => "book",
        }
    }

    /// Whether requests cannot be repeated, so that a round has a number of requests instead of a time.
    pub fn is_counted(self) -> bool {
        self == Self::Book
    }

    /// Its name among the documents of a peer.
    pub fn peer_name(self) -> &'static str {
        match self {
            Self::Search => "P1",
            Self::City => "P1c",
            Self::Filtered => "P2",
            Self::Listing => "P3",
            Self::Trips => "P4",
            Self::Quote => "P5",
            Self::Book => "P6",
        }
    }

    fn built_in(self) -> &'static str {
        match self {
            Self::Search => SEARCH,
            Self::City => CITY,
            Self::Filtered => FILTERED,
            Self::Listing => LISTING,
            Self::Trips => TRIPS,
            Self::Quote => QUOTE,
            Self::Book => BOOK,
        }
    }

    /// A text in every correct response.
    pub fn sign(self) -> &'static str {
        match self {
            Self::Search | Self::City | Self::Filtered => r#""coverPhoto":{"#,
            Self::Listing => r#""author":{"#,
            Self::Trips => r#""payments":[{"#,
            Self::Quote => r#""QuoteStaySuccess""#,
            Self::Book => r#""CreateBookingSuccess""#,
        }
    }
}

/// The documents that all servers are sent.
pub struct Documents(HashMap<&'static str, String>);

impl Documents {
    /// Those of this benchmark, or of a peer: the `documents.json` in its folder.
    pub fn new(peer: Option<&Path>) -> anyhow::Result<Self> {
        let Some(folder) = peer else {
            return Ok(Self(RequestKind::ALL.map(|kind| (kind.name(), kind.built_in().to_owned())).into()));
        };
        let mut texts: HashMap<String, String> = serde_json::from_slice(&fs::read(folder.join("documents.json"))?)?;
        let of = |kind: RequestKind| {
            let text = texts.remove(kind.peer_name()).with_context(|| format!("no document {}", kind.peer_name()))?;
            anyhow::Ok((kind.name(), text))
        };
        Ok(Self(RequestKind::ALL.into_iter().map(of).collect::<Result<_, _>>()?))
    }

    /// The document of a request.
    pub fn of(&self, kind: RequestKind) -> &str {
        &self.0[kind.name()]
    }
}

const SEARCH: &str = "query Search($after: Cursor) { searchListings(first: 20, after: $after) { \
    nodes { listing { id title rating { average count } host { id displayName isSuperhost } coverPhoto { url } } \
    nightlyPrice { minorUnits currency } } pageInfo { hasNextPage endCursor } } }";
const CITY: &str = "query City($where: ListingFilter) { searchListings(where: $where, first: 20) { \
    nodes { listing { id title rating { average count } host { id displayName isSuperhost } coverPhoto { url } } \
    nightlyPrice { minorUnits currency } } pageInfo { hasNextPage endCursor } } }";
const FILTERED: &str = "query Search($where: ListingFilter, $stay: StayInput) { searchListings(where: $where, stay: $stay, first: 20) { \
    nodes { listing { id title rating { average count } host { id displayName isSuperhost } coverPhoto { url } } \
    price { total { minorUnits currency } } } pageInfo { hasNextPage endCursor } } }";
const LISTING: &str = "query Listing($id: ID!) { listing(id: $id) { id title description maxGuests rating { average count } \
    photos(first: 20) { url caption } host { id displayName about memberSince } \
    reviews(first: 10) { nodes { id text createdAt author { id displayName } } pageInfo { hasNextPage endCursor } } } }";
const TRIPS: &str = "query Trips { me { id trips(first: 20) { nodes { id status checkIn checkOut \
    listing { id title coverPhoto { url } } host { id displayName } price { total { minorUnits currency } } \
    payments { id status } } pageInfo { hasNextPage endCursor } } } }";
const QUOTE: &str = "mutation Quote($input: QuoteStayInput!) { quoteStay(input: $input) { __typename \
    ... on QuoteStaySuccess { quote { id price { lines { kind amount { minorUnits } } total { minorUnits currency } } expiresAt } } \
    ... on UserError { code message } } }";
const BOOK: &str = "mutation Book($input: CreateBookingInput!) { createBooking(input: $input) { __typename \
    ... on CreateBookingSuccess { booking { id status deadline price { total { minorUnits } } } replayed } \
    ... on UserError { code message } } }";
