//! S11: every field of every object of the contract, for three rows and for thirty: a few statements, and as many.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use async_graphql::parser::{parse_schema, types::*};
use graphql::CONTRACT;
use serde_json::{Value, json};

use crate::{
    harness::actors::{Actor, data},
    statements::World,
};

/// The most statements that one field may add to those of its rows.
const MOST: usize = 3;

/// Where many rows of a type come from: an operation with a hole for the field, and who asks.
pub struct Source {
    pub ty: &'static str,
    pub viewer: Viewer,
    pub operation: &'static str,
}

#[derive(Clone, Copy, PartialEq)]
pub enum Viewer {
    Nobody,
    Guest,
    Host,
}

const NODES: &str = "query($ids: [ID!]!) { nodes(ids: $ids) { ... on TYPE { HOLE } } }";
const TRIPS: &str = "query($n: Int!) { me { trips(first: $n) { nodes { HOLE } } } }";
const REQUESTS: &str = "query($n: Int!) { me { hosting { bookings(first: $n) { nodes { HOLE } } } } }";

pub const SOURCES: [Source; 24] = [
    Source { ty: "User", viewer: Viewer::Nobody, operation: NODES },
    Source { ty: "Listing", viewer: Viewer::Nobody, operation: NODES },
    Source { ty: "Listing", viewer: Viewer::Guest, operation: NODES },
    Source { ty: "Review", viewer: Viewer::Nobody, operation: NODES },
    Source { ty: "Review", viewer: Viewer::Guest, operation: NODES },
    Source { ty: "Quote", viewer: Viewer::Guest, operation: NODES },
    Source { ty: "Booking", viewer: Viewer::Guest, operation: NODES },
    Source { ty: "Payment", viewer: Viewer::Guest, operation: NODES },
    Source { ty: "Refund", viewer: Viewer::Guest, operation: NODES },
    Source { ty: "Booking", viewer: Viewer::Guest, operation: TRIPS },
    Source { ty: "Booking", viewer: Viewer::Host, operation: REQUESTS },
    Source {
        ty: "Listing",
        viewer: Viewer::Nobody,
        operation: "query($n: Int!) { searchListings(first: $n) { nodes { listing { HOLE } } } }",
    },
    Source {
        ty: "Listing",
        viewer: Viewer::Host,
        operation: "query($n: Int!) { me { hosting { listings(first: $n) { nodes { HOLE } } } } }",
    },
    Source {
        ty: "ListingHit",
        viewer: Viewer::Nobody,
        operation: "query($n: Int!) { searchListings(first: $n) { nodes { HOLE } } }",
    },
    Source {
        ty: "ListingSearchConnection",
        viewer: Viewer::Nobody,
        operation: "query($n: Int!) { searchListings(first: $n) { HOLE } }",
    },
    Source {
        ty: "BookingEvent",
        viewer: Viewer::Guest,
        operation: "query($n: Int!) { me { trips(first: $n) { nodes { timeline(first: 5) { nodes { HOLE } } } } } }",
    },
    Source {
        ty: "Review",
        viewer: Viewer::Nobody,
        operation: "query($id: ID!, $n: Int!) { listing(id: $id) { reviews(first: $n) { nodes { HOLE } } } }",
    },
    Source {
        ty: "Payment",
        viewer: Viewer::Guest,
        operation: "query($n: Int!) { me { trips(first: $n) { nodes { payments { HOLE } } } } }",
    },
    Source {
        ty: "CalendarNight",
        viewer: Viewer::Host,
        operation: "query($id: ID!, $from: Date!, $to: Date!) { me { hosting { calendar(listingId: $id, from: $from, to: $to) { HOLE } } } }",
    },
    Source {
        ty: "NightAvailability",
        viewer: Viewer::Nobody,
        operation: "query($id: ID!, $from: Date!, $to: Date!) { listing(id: $id) { availability(from: $from, to: $to) { HOLE } } }",
    },
    Source {
        ty: "StayPrice",
        viewer: Viewer::Nobody,
        operation: "query($n: Int!, $stay: StayInput!) { searchListings(first: $n) { nodes { listing { price(stay: $stay) { HOLE } } } } }",
    },
    Source {
        ty: "AmenityConnection",
        viewer: Viewer::Nobody,
        operation: "query($n: Int!) { amenities(first: $n) { HOLE } }",
    },
    Source { ty: "Me", viewer: Viewer::Guest, operation: "{ me { HOLE } }" },
    Source { ty: "Hosting", viewer: Viewer::Host, operation: "{ me { hosting { HOLE } } }" },
];

/// The object types of the contract, without those of a single mutation.
pub struct Contract {
    pub objects: BTreeMap<String, Vec<FieldDefinition>>,
    pub composites: BTreeSet<String>,
    pub queries: Vec<FieldDefinition>,
}

impl Contract {
    pub fn read() -> Self {
        let (mut objects, mut composites, mut queries) = (BTreeMap::new(), BTreeSet::new(), Vec::new());
        for definition in parse_schema(CONTRACT).unwrap().definitions {
            let TypeSystemDefinition::Type(definition) = definition else { continue };
            let name = definition.node.name.node.to_string();
            let is_answer = name.ends_with("Problem") || name.ends_with("Success") || name.ends_with("Payload");
            let is_root = ["Query", "Mutation", "Subscription"].contains(&name.as_str());
            match definition.node.kind {
                TypeKind::Object(object) if name == "Query" => {
                    queries.extend(object.fields.into_iter().map(|field| field.node));
                }
                TypeKind::Object(object) if !is_answer && !is_root => {
                    composites.insert(name.clone());
                    objects.insert(name, object.fields.into_iter().map(|field| field.node).collect());
                }
                TypeKind::Interface(_) | TypeKind::Union(_) | TypeKind::Object(_) => drop(composites.insert(name)),
                _ => {}
            }
        }
        // Parts of what a mutation answers, and nothing else.
        for part in ["SessionTokens", "PriceDifference", "InvalidField", "NightConflict"] {
            assert!(objects.remove(part).is_some(), "{part}");
        }
        Self { objects, composites, queries }
    }

    /// The selection of one field with all that needs no statement below it. Notes what it selects.
    fn select(&self, ty: &str, field: &FieldDefinition, seen: &mut BTreeSet<(String, String)>) -> String {
        let name = field.name.node.to_string();
        seen.insert((ty.to_owned(), name.clone()));
        let mut text = format!("{name}{}", arguments(field));
        let of = innermost(&field.ty.node);
        if self.composites.contains(of) {
            let is_source = SOURCES.iter().any(|source| source.ty == of && !of.ends_with("Connection"));
            let below = match self.objects.get(of).filter(|_| !is_source) {
                Some(fields) => fields.iter().map(|field| self.select(of, field, seen)).collect::<Vec<_>>().join(" "),
                None => "__typename".to_owned(),
            };
            write!(text, " {{ {below} }}").unwrap();
        }
        text
    }
}

pub fn innermost(ty: &Type) -> &str {
    match &ty.base {
        BaseType::Named(name) => name,
        BaseType::List(inner) => innermost(inner),
    }
}

/// Values for the arguments that have to be given.
fn arguments(field: &FieldDefinition) -> String {
    let needed = field.arguments.iter().map(|argument| &argument.node).filter(|one| !one.ty.node.nullable);
    let given: Vec<_> = needed
        .map(|argument| match argument.name.node.as_str() {
            "from" => "from: \"2026-04-01\"".to_owned(),
            "to" => "to: \"2026-04-04\"".to_owned(),
            "listingId" => "listingId: \"lst_00000000000000000000000000\"".to_owned(),
            "stay" => "stay: { checkIn: \"2026-04-01\", checkOut: \"2026-04-04\" }".to_owned(),
            other => panic!("{}: no value for {other}", field.name.node),
        })
        .collect();
    if given.is_empty() { String::new() } else { format!("({})", given.join(", ")) }
}

/// A guest with trips that take place, and others that were canceled; hosts; reviews.
pub struct Wide {
    pub world: World,
    size: usize,
    canceled: usize,
}

impl Wide {
    pub async fn new() -> Self {
        Self { world: World::new().await, size: 0, canceled: 0 }
    }

    pub async fn grow(&mut self, size: usize) {
        self.world.grow(size).await;
        self.size = size;
        for number in self.canceled..size {
            let (guest, listing) = (&self.world.guest, &self.world.listings[number]);
            let stay = guest.book_and_pay(listing, &self.world.day(60), &self.world.day(62)).await;
            guest.cancel(&stay).await;
        }
        self.canceled = size;
    }

    pub fn viewer(&self, viewer: Viewer) -> Option<&Actor> {
        match viewer {
            Viewer::Nobody => None,
            Viewer::Guest => Some(&self.world.guest),
            Viewer::Host => Some(&self.world.hosts[0]),
        }
    }

    /// As many ids of a type as there are rows.
    pub async fn ids(&self, ty: &str) -> Vec<String> {
        let (guest, listing) = (&self.world.guest, self.world.listings[0].clone());
        let trips = |field: &str| format!("{{ me {{ trips(first: 100) {{ nodes {{ {field} }} }} }} }}");
        let found = match ty {
            "User" => {
                return self
                    .world
                    .hosts
                    .iter()
                    .map(|host| host.member.id().to_string())
                    .cycle()
                    .take(self.size)
                    .collect();
            }
            "Listing" => return self.world.listings[..self.size].to_vec(),
            "Review" => {
                let query = "query($id: ID!) { listing(id: $id) { reviews(first: 100) { nodes { id } } } }";
                data(self.world.app.run(None, query, json!({ "id": listing })).await)
            }
            "Quote" => guest.run(&trips("quote { id }"), json!({})).await,
            "Booking" => guest.run(&trips("id"), json!({})).await,
            "Payment" => guest.run(&trips("payments { id }"), json!({})).await,
            "Refund" => guest.run(&trips("refunds { id }"), json!({})).await,
            other => panic!("no ids of {other}"),
        };
        let mut ids = Vec::new();
        collect(&found, &mut ids);
        assert!(ids.len() >= self.size, "{ty}: {} of {}", ids.len(), self.size);
        ids.truncate(self.size);
        ids
    }

    pub async fn variables(&self, source: &Source) -> Value {
        let (from, to) = (self.world.day(30), self.world.day(30 + self.size));
        let mut variables = json!({ "n": self.size, "id": self.world.listings[0], "from": from, "to": to });
        variables["stay"] = json!({ "checkIn": self.world.day(70), "checkOut": self.world.day(73) });
        if source.operation == NODES {
            variables["ids"] = self.ids(source.ty).await.into();
        }
        variables
    }

    /// The statements of a source with `hole` in its hole.
    pub async fn statements(&self, source: &Source, variables: &Value, hole: &str) -> Vec<String> {
        let text = source.operation.replace("HOLE", hole).replace("TYPE", source.ty);
        self.world.cost(self.viewer(source.viewer), &text, variables.clone()).await.0
    }
}

/// All values under `id`.
fn collect(value: &Value, ids: &mut Vec<String>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| collect(item, ids)),
        Value::Object(fields) => fields.iter().for_each(|(name, field)| match field {
            Value::String(id) if name == "id" => ids.push(id.clone()),
            field => collect(field, ids),
        }),
        _ => {}
    }
}

#[tokio::test]
async fn every_field_of_every_object_costs_as_few_statements_for_thirty_rows_as_for_three() {
    let contract = Contract::read();
    let mut wide = Wide::new().await;
    let (mut seen, mut faults) = (BTreeSet::new(), Vec::new());
    let mut before: BTreeMap<(usize, String), usize> = BTreeMap::new();
    for size in [3, 30] {
        wide.grow(size).await;
        for (number, source) in SOURCES.iter().enumerate() {
            let variables = wide.variables(source).await;
            let rows = wide.statements(source, &variables, "__typename").await.len();
            for field in &contract.objects[source.ty] {
                let hole = contract.select(source.ty, field, &mut seen);
                let sent = wide.statements(source, &variables, &hole).await;
                let added = sent.len().saturating_sub(rows);
                let place = format!("{} in {}", field.name.node, source.operation.replace("TYPE", source.ty));
                let few = *before.entry((number, place.clone())).or_insert(sent.len());
                if added > MOST || sent.len() > few {
                    faults.push(format!("{size} rows: {added} more than {rows}, {few} before: {place}"));
                }
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    let all = contract.objects.iter().flat_map(|(ty, fields)| fields.iter().map(move |field| (ty, field)));
    let missed: Vec<_> = all
        .map(|(ty, field)| (ty.clone(), field.name.node.to_string()))
        .filter(|field| !seen.contains(field))
        .collect();
    assert!(missed.is_empty(), "add a source of rows for: {missed:?}");
}

/// S11: the documents of the report.
#[tokio::test]
async fn aliases_and_lists_of_ids_are_read_together() {
    let mut wide = Wide::new().await;
    wide.grow(6).await;
    let aliases =
        |field: &dyn Fn(usize) -> String| (0..20).map(|n| format!("a{n}: {}", field(n))).collect::<Vec<_>>().join(" ");
    let timelines = aliases(&|n| format!("timeline(first: {}) {{ nodes {{ kind }} }}", n + 1));
    let trips = format!("{{ me {{ trips(first: 3) {{ nodes {{ {timelines} }} }} }} }}");
    let (sent, found) = wide.world.cost(Some(&wide.world.guest), &trips, json!({})).await;
    assert!(sent.len() <= 3, "{}", sent.join("\n"));
    let trip = &found["me"]["trips"]["nodes"][0];
    for n in 0..20 {
        let kinds = trip[format!("a{n}")]["nodes"].as_array().unwrap();
        assert_eq!(kinds[..], trip["a19"]["nodes"].as_array().unwrap()[..kinds.len()]);
    }
    assert!(trip["a19"]["nodes"].as_array().unwrap().len() > 2 && trip["a0"]["nodes"].as_array().unwrap().len() == 1);
    let ids = wide.ids("Refund").await;
    let nodes = aliases(&|_| "nodes(ids: $ids) { ... on Refund { amount { minorUnits } } }".to_owned());
    let query = format!("query($ids: [ID!]!) {{ {nodes} }}");
    let (sent, found) = wide.world.cost(Some(&wide.world.guest), &query, json!({ "ids": ids })).await;
    assert_eq!(sent.len(), 1, "{}", sent.join("\n"));
    assert!(found["a19"][5]["amount"]["minorUnits"].is_number(), "{found}");
    // Nobody else sees them.
    let (_, found) = wide.world.cost(Some(&wide.world.hosts[1]), &query, json!({ "ids": ids })).await;
    assert!(found["a0"].as_array().unwrap().iter().all(Value::is_null), "{found}");
}
