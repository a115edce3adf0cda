//! C8: response keys have the order of the specification's `CollectFields`, and each field is
//! selected once.

use async_graphql::indexmap::IndexMap;
use async_graphql::parser::parse_query;
use async_graphql::parser::types::{ExecutableDocument, Field, Selection, SelectionSet};
use proptest::prelude::*;
use serde_json::json;

use super::{documents, normal_form};
use async_graphql::Variables;

#[test]
fn fields_between_fragments_on_one_type_keep_their_place() {
    let query = "{ node(id: 1) { ... on Book { a: pages } id ... on Book { b: pages } } }";
    assert_eq!(normal_form(query, json!({})), "{node {...Book {a:pages} id ...Book {b:pages}}}");
    let query = "{ node(id: 1) { ... on Book { owner { id } } id ... on Book { owner { name } pages } } }";
    assert_eq!(
        normal_form(query, json!({})),
        "{node {...User {id} ...Book {owner {id name} id pages}}}"
            .replace("...User {id} ...Book {owner {id name} id pages}", &by_object())
    );
}

fn by_object() -> String {
    // In the order of the interface's object types.
    let (user, book) = ("...User {id}", "...Book {owner {id name} id pages}");
    format!("{book} {user}")
}

/// The fields of `object` in `sets`, by key, as the specification collects them.
fn collect<'a>(sets: &[&'a SelectionSet], object: &str, fields: &mut IndexMap<String, Vec<&'a Field>>) {
    for selection in sets.iter().flat_map(|set| &set.items) {
        match &selection.node {
            // The placeholder for an empty selection.
            Selection::Field(field) if !field.node.directives.is_empty() => {}
            Selection::Field(field) => {
                let key = field.node.response_key().node.to_string();
                fields.entry(key).or_default().push(&field.node);
            }
            Selection::InlineFragment(fragment) => {
                let on = fragment.node.type_condition.as_ref().map(|on| on.node.on.node.as_str());
                if on.is_none_or(|on| is(object, on)) {
                    collect(&[&fragment.node.selection_set.node], object, fields);
                }
            }
            Selection::FragmentSpread(_) => unreachable!("none are made"),
        }
    }
}

fn is(object: &str, on: &str) -> bool {
    object == on || on == "Thing" || (on == "Node" && object != "Lamp")
}

/// The shape of the response for every object type that a value can have, and the maximum number of
/// fields under one key.
fn shape(sets: &[&SelectionSet], object: &str, max_fields: &mut usize) -> String {
    let mut fields = IndexMap::new();
    collect(sets, object, &mut fields);
    let keys = fields.iter().map(|(key, fields)| {
        *max_fields = fields.len().max(*max_fields);
        let objects: &[&str] = match fields[0].name.node.as_str() {
            "node" => &["Book", "User"],
            "thing" => &["Book", "Lamp", "User"],
            "owner" => &["User"],
            _ => &[],
        };
        let sets: Vec<_> = fields.iter().map(|field| &field.selection_set.node).collect();
        let below: Vec<_> =
            objects.iter().map(|object| format!("{object}{}", shape(&sets, object, max_fields))).collect();
        format!("{key}{}", below.join("|"))
    });
    format!("({})", keys.collect::<Vec<_>>().join(" "))
}

fn shape_of(document: &ExecutableDocument) -> (String, usize) {
    let (_, operation) = document.operations.iter().next().unwrap();
    let mut max_fields = 0;
    (shape(&[&operation.node.selection_set.node], "Query", &mut max_fields), max_fields)
}

/// A selection of a type, as text.
fn selection(on: &'static str, depth: u32) -> BoxedStrategy<String> {
    let leaves: &'static [&'static str] = match on {
        "Lamp" => &["__typename", "watts", "w: watts"],
        "Thing" => &["__typename", "t: __typename"],
        "Book" => &["__typename", "id", "name", "pages", "p: pages"],
        _ => &["__typename", "id", "name", "i: id"],
    };
    let leaf = prop::sample::select(leaves).prop_map(str::to_owned);
    if depth == 0 {
        return leaf.boxed();
    }
    let narrower: &'static [&'static str] = match on {
        "Thing" | "Node" => &["Thing", "Node", "Book", "User"],
        "Lamp" => &["Lamp", "Thing"],
        _ => &["Node", "Thing"],
    };
    let narrower = prop::sample::select(narrower);
    let fragment =
        narrower.prop_flat_map(move |on| set(on, depth - 1).prop_map(move |set| format!("... on {on} {set}")));
    if matches!(on, "Thing" | "Lamp") {
        return prop_oneof![2 => leaf, 2 => fragment].boxed();
    }
    let owner = set("User", depth - 1).prop_map(|set| format!("owner {set}"));
    prop_oneof![4 => leaf, 2 => owner, 3 => fragment].boxed()
}

fn set(on: &'static str, depth: u32) -> BoxedStrategy<String> {
    prop::collection::vec(selection(on, depth), 1..5).prop_map(|items| format!("{{ {} }}", items.join(" "))).boxed()
}

proptest! {
    #[test]
    fn a_normal_form_keeps_the_order_of_the_document(node in set("Node", 3), thing in set("Thing", 3)) {
        let query = format!("{{ node(id: 1) {node} thing {thing} }}");
        let Ok(prepared) = documents().prepare(&query, None, &Variables::default()) else {
            return Err(TestCaseError::reject("a fragment that never applies"));
        };
        let (expected, _) = shape_of(&parse_query(&query).unwrap());
        let (found, max_fields) = shape_of(prepared.document());
        prop_assert_eq!(max_fields, 1, "a field is selected twice");
        prop_assert_eq!(found, expected);
    }
}
