//! The example operations: one for each root field, named after it, and one for each screen of a client.

use std::{collections::BTreeSet, fs, path::PathBuf};

use async_graphql::{
    Variables,
    parser::{parse_query, parse_schema, types::*},
};
use graphql::{CONTRACT, documents_within};
use graphql_contract::{
    documents::{Limits, Prepared},
    validate,
};
use serde_json::Value;

/// The screens that the contract was written for. Checkout is two documents: a quote to look at, and the decision.
const SCREENS: [&str; 9] = [
    "checkoutPay",
    "checkoutQuote",
    "hostCalendar",
    "listingPage",
    "myListings",
    "myTrips",
    "requestsToAnswer",
    "searchPage",
    "tripLive",
];

/// An operation as a client would send it.
pub struct Example {
    /// The root field, or the screen.
    pub name: String,
    /// The document.
    pub text: String,
    /// Example variables; their ids do not exist.
    pub variables: Value,
}

/// The example of a root field.
pub fn of_field(name: &str) -> Example {
    read("", name)
}

/// The example of a screen.
pub fn of_screen(name: &str) -> Example {
    read("screens", name)
}

fn read(folder: &str, name: &str) -> Example {
    let path = folder_of(folder).join(name);
    let text = fs::read_to_string(path.with_extension("graphql"));
    let text = text.unwrap_or_else(|error| panic!("tests/operations has no example of {name}: {error}"));
    let variables = match fs::read_to_string(path.with_extension("json")) {
        Ok(json) => serde_json::from_str(&json).unwrap_or_else(|error| panic!("{name}.json: {error}")),
        Err(_) => Value::Object(serde_json::Map::new()),
    };
    Example { name: name.into(), text, variables }
}

fn folder_of(folder: &str) -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "tests/operations", folder].iter().collect()
}

/// The names of the files in a folder, without their extension.
fn names(folder: &str) -> BTreeSet<String> {
    let files = fs::read_dir(folder_of(folder)).unwrap().map(|entry| entry.unwrap().path());
    files.filter(|path| path.is_file()).map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned()).collect()
}

/// Every example.
pub fn all() -> Vec<Example> {
    let fields = names("").into_iter().map(|name| of_field(&name));
    fields.chain(names("screens").into_iter().map(|name| of_screen(&name))).collect()
}

/// Every root field of the contract, with the keyword of its operation.
pub fn root_fields() -> Vec<(String, String)> {
    let document = parse_schema(CONTRACT).unwrap();
    let mut fields = Vec::new();
    for definition in document.definitions {
        let TypeSystemDefinition::Type(definition) = definition else { continue };
        let name = definition.node.name.node.to_string();
        if let ("Query" | "Mutation" | "Subscription", TypeKind::Object(object)) = (name.as_str(), definition.node.kind)
        {
            let keyword = name.to_lowercase();
            fields.extend(object.fields.iter().map(|field| (field.node.name.node.to_string(), keyword.clone())));
        }
    }
    fields
}

fn prepared(example: &Example) -> Result<Prepared, String> {
    let documents = documents_within(Limits::default()).unwrap();
    let variables = Variables::from_json(example.variables.clone());
    documents.prepare(&example.text, None, &variables).map_err(|errors| format!("{}: {errors:?}", example.name))
}

#[test]
fn every_operation_fits_the_contract() {
    for example in all() {
        let faults = validate(CONTRACT, &example.text);
        assert!(faults.is_empty(), "{}: {faults:#?}", example.name);
        let prepared = prepared(&example).unwrap();
        let name = prepared.name().unwrap_or_else(|| panic!("the operation in {} has no name", example.name));
        assert_eq!(name.to_lowercase(), example.name.to_lowercase());
    }
}

#[test]
fn every_root_field_has_an_example_that_asks_for_nothing_else() {
    let fields = root_fields();
    assert!(fields.len() > 25, "{fields:?}");
    for (field, keyword) in &fields {
        let prepared = prepared(&of_field(field)).unwrap();
        assert_eq!(prepared.operation().to_string(), *keyword, "{field}");
        let operation = prepared.document().operations.iter().next().unwrap().1;
        let roots: Vec<_> = operation.node.selection_set.node.items.iter().map(|item| &item.node).collect();
        let [Selection::Field(root)] = roots.as_slice() else { panic!("{field}: {roots:?}") };
        assert_eq!(root.node.name.node, field.as_str());
    }
    let known: BTreeSet<_> = fields.into_iter().map(|(field, _)| field).collect();
    assert_eq!(names(""), known, "files and root fields");
}

#[test]
fn every_screen_is_one_operation() {
    assert_eq!(names("screens"), SCREENS.map(str::to_owned).into());
    for screen in SCREENS {
        assert_eq!(parse_query(of_screen(screen).text).unwrap().operations.iter().count(), 1, "{screen}");
    }
}

#[test]
fn every_variable_has_an_example_and_every_example_a_variable() {
    for example in all() {
        let document = parse_query(&example.text).unwrap();
        let operation = document.operations.iter().next().unwrap().1;
        let defined = operation.node.variable_definitions.iter().map(|definition| definition.node.name.node.as_str());
        // Optional variables can be omitted.
        for (name, definition) in defined.zip(&operation.node.variable_definitions) {
            let is_needed = !definition.node.var_type.node.nullable && definition.node.default_value.is_none();
            assert!(!is_needed || example.variables.get(name).is_some(), "{}.json lacks {name}", example.name);
        }
        for name in example.variables.as_object().unwrap().keys() {
            let mut defined = operation.node.variable_definitions.iter();
            assert!(defined.any(|definition| definition.node.name.node == *name), "{}: {name}", example.name);
        }
    }
}

#[test]
fn an_operation_that_does_not_fit_is_found_by_both_readers() {
    let mut example = of_field("listing");
    example.text = example.text.replace(" status\n", " state\n");
    assert!(!validate(CONTRACT, &example.text).is_empty());
    assert!(prepared(&example).is_err());
    let mut example = of_field("quoteStay");
    example.variables["input"]["stay"]["checkIn"] = Value::Null;
    assert!(prepared(&example).is_err(), "a value that is missing");
}
