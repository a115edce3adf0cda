//! What writes itself as JSON, without a future and a value for each field, is byte for byte what the library makes of it.

use async_graphql::{Response, Value as Resolved, parser::types::FieldDefinition};
use domain::search_index;
use graphql::context::Scope;
use graphql_direct::Enabled;
use graphql_transport::json;
use rand::{RngExt, SeedableRng, rngs::StdRng, seq::IndexedRandom as _};
use serde_json::{Value, json};

use crate::{
    harness::{actors::Actor, app::TestApp},
    operations, statements,
    walk::Contract,
};

/// Whether any part of a value has written itself.
fn is_direct(value: &Resolved) -> bool {
    match value {
        Resolved::Binary(_) => true,
        Resolved::List(items) => items.iter().any(is_direct),
        Resolved::Object(fields) => fields.values().any(is_direct),
        _ => false,
    }
}

async fn execute(app: &TestApp, viewer: Option<&Actor>, (query, variables): (&str, &Value), direct: bool) -> Response {
    let viewer = viewer.map_or(auth::Viewer::Anonymous, |actor| auth::Viewer::Member(actor.member));
    let scope = Scope::new(app.app.clone(), app.public.clone(), viewer, None);
    let request = app.prepare(query, variables.clone()).data(scope);
    app.schema.execute(if direct { request.data(Enabled) } else { request }).await
}

/// Runs a query in both ways. Returns whether a part of it has written itself.
async fn compare(app: &TestApp, viewer: Option<&Actor>, query: &str, variables: &Value) -> bool {
    let mut resolved = execute(app, viewer, (query, variables), false).await;
    let mut direct = execute(app, viewer, (query, variables), true).await;
    // Fields fail in the order in which they end.
    for response in [&mut resolved, &mut direct] {
        response.errors.sort_by_key(|error| serde_json::to_string(error).unwrap());
    }
    let (has_directs, errors) = (is_direct(&direct.data), resolved.errors.clone());
    let (expected, written) = (json::of_response(resolved).await, json::of_response(direct).await);
    assert_eq!(written, expected, "{query}\n{variables}\n{errors:?}");
    has_directs
}

/// A server with what can be in memory, and its rows: listings with all of their parts, and a guest's stays.
struct World {
    world: statements::World,
    app: TestApp,
}

impl World {
    async fn new() -> Self {
        let mut world = statements::World::new().await;
        world.grow(3).await;
        let app = world.app.with_settings(|builder| builder.row_cache(16 << 20).search_index(true)).await;
        search_index::fill_if_needed(&app.app).await.unwrap();
        Self { world, app }
    }

    fn viewers(&self) -> [Option<&Actor>; 3] {
        [None, Some(&self.world.guest), Some(&self.world.hosts[0])]
    }
}

const SEARCH: &str = "query ($stay: StayInput) { searchListings(stay: $stay, first: 5) { nodes { listing { id title rating { average count }
    host { displayName avatarUrl } coverPhoto { url } } nightlyPrice { minorUnits currency } price { total { decimal } } } pageInfo { endCursor } } }";
const LISTING: &str = "query ($id: ID!) { listing(id: $id) { id title description place { city point { latitude } } amenities { slug name }
    rating { average } photos(first: 3) { url caption } host { id displayName memberSince }
    reviews(first: 2) { nodes { id text createdAt author { displayName } } pageInfo { hasNextPage } } } }";

#[tokio::test]
async fn pages_of_public_rows_write_themselves_once_they_are_in_memory() {
    let World { world, app } = &World::new().await;
    let listing = &world.listings[0];
    let stay = json!({ "stay": { "checkIn": world.day(200), "checkOut": world.day(203), "guests": { "adults": 1 } } });
    for (query, variables) in [(SEARCH, stay), (LISTING, json!({ "id": listing }))] {
        compare(app, None, query, &variables).await;
        assert!(compare(app, None, query, &variables).await, "{query}");
    }
    // What needs more than memory is resolved as always, in the same page.
    let price = LISTING.replace(
        "title",
        "title price(stay: { checkIn: \"2026-04-01\", checkOut: \"2026-04-03\", guests: { adults: 1 } }) { bookable }",
    );
    compare(app, None, &price, &json!({ "id": listing })).await;
}

#[tokio::test]
async fn fields_are_merged_named_and_left_out_as_the_specification_wants() {
    let World { world, app } = &World::new().await;
    let query = "query ($id: ID!, $no: Boolean!) { listing(id: $id) { __typename kind: __typename id title title again: title
        host { id } ... on Listing { host { name: displayName } rating { count } } ...Rest @skip(if: $no) ... @include(if: $no) { maxGuests }
        ... on Node { id } } } fragment Rest on Listing { rating { average __typename } photos(first: 1) { caption } place { __typename } }";
    let plain = query.replace("... on Node { id }", "");
    for no in [true, false] {
        let variables = json!({ "id": world.listings[0], "no": no });
        for _ in 0..2 {
            compare(app, None, query, &variables).await;
        }
        assert!(compare(app, None, &plain, &variables).await);
    }
}

#[tokio::test]
async fn every_example_is_the_same_in_both_ways() {
    let all = World::new().await;
    let (world, app) = (&all.world, &all.app);
    for example in operations::all().into_iter().filter(|example| example.text.trim_start().starts_with("query")) {
        let mut variables = example.variables.clone();
        if example.name.to_lowercase().contains("listing") && variables.get("id").is_some() {
            variables["id"] = world.listings[0].clone().into();
        }
        for viewer in all.viewers() {
            for _ in 0..2 {
                compare(app, viewer, &example.text, &variables).await;
            }
        }
    }
}

/// Random documents over the public part of the contract.
struct Documents {
    contract: Contract,
    random: StdRng,
    fragments: Vec<String>,
}

impl Documents {
    /// A selection of fields of an object type.
    fn selection(&mut self, ty: &str, depth: usize) -> String {
        let mut fields = Vec::new();
        for _ in 0..self.random.random_range(1..6) {
            fields.extend(self.field(ty, depth));
        }
        fields.push("__typename".to_owned());
        if self.random.random_bool(0.2) {
            fields.push(format!("... on {ty} @include(if: $yes) {{ {} }}", self.leaf(ty)));
        }
        if self.random.random_bool(0.1) {
            let name = format!("F{}", self.fragments.len());
            let body = self.leaf(ty);
            self.fragments.push(format!("fragment {name} on {ty} {{ {body} }}"));
            fields.push(format!("...{name} @skip(if: $no)"));
        }
        fields.join(" ")
    }

    fn leaf(&mut self, ty: &str) -> String {
        self.field(ty, 0).unwrap_or_else(|| "__typename".to_owned())
    }

    fn field(&mut self, ty: &str, depth: usize) -> Option<String> {
        let fields = &self.contract.objects[ty];
        let field: FieldDefinition = fields.choose(&mut self.random)?.clone();
        let required = field
            .arguments
            .iter()
            .any(|argument| !argument.node.ty.node.nullable && argument.node.default_value.is_none());
        let of = crate::walk::innermost(&field.ty.node).to_string();
        let is_object = self.contract.objects.contains_key(&of);
        if required || (is_object && depth == 0) || (!is_object && self.contract.composites.contains(&of)) {
            return None;
        }
        // An alias of its own for each choice of arguments, so that fields can be merged.
        let first = field.arguments.iter().any(|argument| argument.node.name.node == "first");
        let (alias, arguments) = match self.random.random_range(0..4_u8) {
            0 if first => ("one", "(first: 1)"),
            1 if first => ("some", "(first: $first)"),
            2 if first => ("none", "(first: 0)"),
            3 => ("", ""),
            _ => ("again", ""),
        };
        let alias = if alias.is_empty() { String::new() } else { format!("{alias}_{}: ", field.name.node) };
        let below = if is_object { format!(" {{ {} }}", self.selection(&of, depth - 1)) } else { String::new() };
        Some(format!("{alias}{}{arguments}{below}", field.name.node))
    }

    fn next(&mut self, listing: &str) -> String {
        self.fragments.clear();
        let (root, ty) = match self.random.random_range(0..3_u8) {
            0 => (format!("listing(id: \"{listing}\")"), "Listing"),
            1 => ("searchListings(first: 3, stay: $stay)".to_owned(), "ListingSearchConnection"),
            _ => ("me".to_owned(), "Me"),
        };
        let selection = self.selection(ty, 4);
        let used = "__typename @skip(if: $no) yes: __typename @include(if: $yes)";
        format!(
            "query ($yes: Boolean! = true, $no: Boolean! = false, $first: Int, $stay: StayInput) {{ {used} \
             searchListings(first: $first, stay: $stay) {{ __typename }} root: {root} {{ {selection} }} }} {}",
            self.fragments.join(" ")
        )
    }
}

async fn compare_random(number: usize) {
    let all = World::new().await;
    let (world, app) = (&all.world, &all.app);
    let mut documents =
        Documents { contract: Contract::read(), random: StdRng::seed_from_u64(7), fragments: Vec::new() };
    let stay = json!({ "checkIn": world.day(200), "checkOut": world.day(203), "guests": { "adults": 1 } });
    let (mut compared, mut direct) = (0, 0);
    while compared < number {
        let query = documents.next(&world.listings[compared % world.listings.len()]);
        if !app.fits(&query) {
            continue;
        }
        let stay = if documents.random.random_bool(0.5) { stay.clone() } else { Value::Null };
        let first = documents.random.random_range(0..4_i32);
        let variables = json!({ "yes": true, "no": documents.random.random_bool(0.5), "first": first, "stay": stay });
        let viewer = all.viewers()[compared % 3];
        compared += 1;
        direct += usize::from(compare(app, viewer, &query, &variables).await);
    }
    println!("{direct} of {compared} documents had parts that wrote themselves");
    assert!(direct * 10 > compared, "{direct} of {compared}");
}

#[tokio::test]
async fn random_documents_are_the_same_in_both_ways() {
    compare_random(600).await;
}

#[tokio::test]
#[ignore = "minutes; make prove"]
async fn a_hundred_thousand_random_documents_are_the_same_in_both_ways() {
    compare_random(100_000).await;
}
