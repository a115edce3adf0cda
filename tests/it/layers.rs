//! The allowed dependencies of each crate. Cargo rejects all others; these tests check that the list is complete and documented.

use std::{collections::BTreeSet, fs, path::Path};

use crate::style::sources;

/// The crates, lowest first, each with its allowed dependencies in this workspace.
const MAP: [(&str, &[&str]); 19] = [
    ("telemetry", &[]),
    ("client-limits", &[]),
    ("graphql-contract", &[]),
    ("graphql-direct-macros", &[]),
    ("graphql-direct", &["graphql-direct-macros"]),
    ("graphql-transport", &["client-limits", "graphql-contract", "graphql-direct", "telemetry"]),
    ("mysql-engine", &["telemetry"]),
    ("types", &["client-limits", "graphql-direct", "mysql-engine", "telemetry"]),
    ("auth", &["client-limits", "types"]),
    ("rules", &["types"]),
    ("store", &["client-limits", "mysql-engine", "types"]),
    ("search-index", &["rules", "store", "types"]),
    ("providers", &["telemetry", "types"]),
    ("mail", &["types"]),
    (
        "domain",
        &[
            "auth",
            "client-limits",
            "mail",
            "mysql-engine",
            "providers",
            "rules",
            "search-index",
            "store",
            "telemetry",
            "types",
        ],
    ),
    ("import", &["auth", "domain", "mysql-engine", "store", "types"]),
    (
        "graphql",
        &[
            "auth",
            "client-limits",
            "domain",
            "graphql-contract",
            "graphql-direct",
            "graphql-transport",
            "telemetry",
            "types",
        ],
    ),
    ("pages", &["graphql-transport", "mail"]),
    ("tour", &["types"]),
];

/// General crates, independent of this program.
const GENERAL: [&str; 5] =
    ["client-limits", "graphql-contract", "graphql-direct", "graphql-direct-macros", "graphql-transport"];

fn read(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

/// The crates of the workspace among the dependencies of a manifest, without those of its tests.
fn arrows(manifest: &str) -> BTreeSet<&str> {
    let (_, dependencies) = manifest.split_once("[dependencies]").unwrap_or_default();
    let lines = dependencies.lines().skip(1).take_while(|line| !line.starts_with('['));
    let names = lines.filter_map(|line| line.split_once(['.', ' ', '=']).map(|(name, _)| name));
    names.filter(|name| MAP.iter().any(|(known, _)| known == name)).collect()
}

#[test]
fn a_crate_uses_only_what_the_map_allows() {
    let folders = fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("crates")).unwrap();
    let folders: BTreeSet<String> =
        folders.map(|folder| folder.unwrap().file_name().to_string_lossy().into_owned()).collect();
    assert_eq!(folders, MAP.iter().map(|(name, _)| (*name).to_owned()).collect(), "the map has every crate");
    for (at, (name, allowed)) in MAP.iter().enumerate() {
        let manifest = read(&format!("crates/{name}/Cargo.toml"));
        assert_eq!(arrows(&manifest), allowed.iter().copied().collect(), "{name}");
        let below: Vec<_> = MAP.iter().take(at).map(|(known, _)| known).collect();
        assert!(allowed.iter().all(|used| below.contains(&used)), "{name} uses only what stands above it");
    }
}

#[test]
fn general_crates_do_not_mention_this_program() {
    let folders = GENERAL.map(|name| format!("crates/{name}/src"));
    let is_test = |file: &str| file.ends_with("tests.rs") || file.contains("/tests/");
    for (file, text) in sources(&folders.each_ref().map(String::as_str)) {
        let code = text.split("#[cfg(test)]").next().unwrap_or_default().to_lowercase();
        for word in ["staygate", "booking", "guest"] {
            assert!(is_test(&file) || !code.contains(word), "{file} speaks of a {word}");
        }
    }
}

#[test]
fn resolvers_ask_the_domain_and_no_connection() {
    for (file, text) in sources(&["crates/graphql"]) {
        assert!(!text.contains(".conn()"), "{file}");
    }
}

#[test]
fn the_documented_map_names_every_crate_in_order() {
    let page = read("ARCHITECTURE.md");
    let (_, map) = page.split_once("\ncrates/\n").expect("the map of the crates");
    let lines = map.lines().take_while(|line| line.starts_with("  "));
    let named: Vec<_> =
        lines.filter_map(|line| line.strip_prefix("  ")?.split_once('/')).map(|(name, _)| name).collect();
    assert_eq!(named, MAP.map(|(name, _)| name));
}

#[test]
fn arrows_are_read_from_a_manifest() {
    let manifest = "[package]\nname = \"store\"\n\n[dependencies]\ntypes.workspace = true\nauth = { path = \"a\" }\n\
                    serde.workspace = true\n\n[dev-dependencies]\ndomain.workspace = true\n";
    assert_eq!(arrows(manifest), BTreeSet::from(["auth", "types"]));
}
