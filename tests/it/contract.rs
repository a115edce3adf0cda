//! The contract on disk against what the code serves. There is no way to update the one from the other.

use staygate::{
    contract::{compare, lint},
    graphql::{CONTRACT, served_sdl},
};

/// The contract as it lies in the repository.
fn on_disk() -> String {
    std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/schema.graphql")).unwrap()
}

fn broken(contract: &str) -> Vec<String> {
    compare(contract, &served_sdl()).unwrap().iter().map(ToString::to_string).collect()
}

/// `contract` with `old`, which stands in it once, replaced.
fn doctored(contract: &str, old: &str, new: &str) -> String {
    assert_eq!(contract.matches(old).count(), 1, "{old}");
    contract.replace(old, new)
}

#[test]
fn the_code_keeps_every_promise_of_the_contract_and_makes_no_other() {
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

#[test]
fn a_changed_type_is_named() {
    let contract =
        doctored(&on_disk(), "  maxGuests: Int!\n  \"Number of bedrooms;", "  maxGuests: Int\n  \"Number of bedrooms;");
    assert_eq!(broken(&contract), ["Listing.maxGuests: contract says Int, code says Int!"]);
}

#[test]
fn a_lost_description_is_named() {
    let contract = doctored(&on_disk(), "  \"Headline, plain text.\"\n", "");
    assert_eq!(
        broken(&contract),
        ["Listing.title description: code says \"Headline, plain text.\", contract has nothing"]
    );
    assert_eq!(lint(&contract), ["Listing.title: has no description"]);
}

#[test]
fn a_field_that_is_not_served_and_one_that_was_not_promised_are_named() {
    let me = "  \"The address to sign in with.\"\n  email: Email! @cost(weight: \"5\")\n  \"Bookings the viewer made";
    let contract = doctored(&on_disk(), me, "  \"The number to call.\"\n  phone: String\n  \"Bookings the viewer made");
    assert_eq!(
        broken(&contract),
        ["Me.email: code says Email!, contract has nothing", "Me.phone: contract says String, code has nothing"]
    );
}
