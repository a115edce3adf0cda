//! Compares the contract in the repository with the served one. Neither is generated from the other.

use graphql::{CONTRACT, schema, served_sdl};
use graphql_contract::{compare, lint};
use serde_json::Value;

/// The contract in the repository.
fn on_disk() -> String {
    std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/schema.graphql")).unwrap()
}

fn broken(contract: &str) -> Vec<String> {
    compare(contract, &served_sdl()).unwrap().iter().map(ToString::to_string).collect()
}

/// `contract` with its only `old` replaced.
fn doctored(contract: &str, old: &str, new: &str) -> String {
    assert_eq!(contract.matches(old).count(), 1, "{old}");
    contract.replace(old, new)
}

#[test]
fn the_code_implements_exactly_the_contract() {
    let broken = broken(&on_disk());
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn the_contract_follows_the_conventions() {
    let findings = lint(&on_disk());
    assert!(findings.is_empty(), "{}", findings.join("\n"));
}

#[test]
fn the_program_carries_the_contract_that_lies_on_disk() {
    assert!(CONTRACT == on_disk(), "build again: the program was built from another schema.graphql");
}

/// The introspection of tools that read every description.
const INTROSPECTION: &str = "{ __schema { directives { ...named args { ...argument } } types { ...type } } }
    fragment named on __Directive { name description }
    fragment argument on __InputValue { name description }
    fragment type on __Type {
        name
        description
        fields(includeDeprecated: true) { name description args(includeDeprecated: true) { ...argument } }
        inputFields(includeDeprecated: true) { ...argument }
        enumValues(includeDeprecated: true) { name description }
    }";

/// Types of the specification, which servers describe in their own words.
const BUILT_IN: &[&str] =
    &["Boolean", "Float", "ID", "Int", "String", "deprecated", "include", "oneOf", "skip", "specifiedBy"];

/// The descriptions below `value`.
fn descriptions(value: &Value) -> Vec<&str> {
    match value {
        Value::Object(fields) => {
            let own = fields.get("description").and_then(Value::as_str);
            own.into_iter().chain(fields.values().flat_map(descriptions)).collect()
        }
        Value::Array(items) => items.iter().flat_map(descriptions).collect(),
        _ => Vec::new(),
    }
}

/// The comparison ignores how a description is broken into lines; graphql-inspector and other tools do not.
#[tokio::test]
async fn introspection_describes_everything_in_the_words_and_lines_of_the_contract() {
    let answer = schema().execute(INTROSPECTION).await.into_result().unwrap().data.into_json().unwrap();
    let all = ["directives", "types"].map(|kind| answer["__schema"][kind].as_array().unwrap().clone()).concat();
    let own = all.iter().filter(|definition| {
        let name = definition["name"].as_str().unwrap();
        !name.starts_with("__") && !BUILT_IN.contains(&name)
    });
    let served: Vec<_> = own.flat_map(descriptions).collect();
    assert!(served.len() > 500, "only {} descriptions", served.len());
    let is_written = |text: &str| CONTRACT.contains(&format!("\"{}\"", text.replace('"', "\\\"")));
    let strange: Vec<_> = served.into_iter().filter(|text| !is_written(text)).collect();
    assert!(strange.is_empty(), "{strange:#?}");
}

#[test]
fn a_changed_type_is_reported() {
    let contract =
        doctored(&on_disk(), "  maxGuests: Int!\n  \"Number of bedrooms;", "  maxGuests: Int\n  \"Number of bedrooms;");
    assert_eq!(broken(&contract), ["Listing.maxGuests: contract says Int, code says Int!"]);
}

#[test]
fn a_missing_description_is_reported() {
    let contract = doctored(&on_disk(), "  \"Title, plain text.\"\n", "");
    assert_eq!(
        broken(&contract),
        ["Listing.title description: code says \"Title, plain text.\", contract has nothing"]
    );
    assert_eq!(lint(&contract), ["Listing.title: has no description"]);
}

#[test]
fn missing_and_additional_fields_are_reported() {
    let me = "  \"The email of the account.\"\n  email: Email! @cost(weight: \"5\")\n  \"Whether the viewer has shown";
    let contract =
        doctored(&on_disk(), me, "  \"The number to call.\"\n  phone: String\n  \"Whether the viewer has shown");
    assert_eq!(
        broken(&contract),
        ["Me.email: code says Email!, contract has nothing", "Me.phone: contract says String, code has nothing"]
    );
}
