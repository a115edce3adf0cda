//! Style rules that no lint checks.

use std::{fs, path::Path};

/// Most lines of a file.
const MAX_LINES: usize = 400;

/// Files over the limit, with their own limits. Generated files grow with each table.
const TOO_LONG: &[(&str, usize)] = &[("crates/store/src/schema.rs", usize::MAX)];

/// Meaningless names.
const EMPTY_WORDS: [&str; 10] =
    ["common", "helper", "helpers", "manager", "managers", "misc", "service", "services", "util", "utils"];

/// The Rust files below `folders`, by their path in the repository, with their text.
pub fn sources(folders: &[&str]) -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut folders: Vec<_> = folders.iter().map(|folder| root.join(folder)).filter(|folder| folder.is_dir()).collect();
    let mut sources = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let name = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
                sources.push((name, fs::read_to_string(&path).unwrap()));
            }
        }
    }
    sources.sort();
    sources
}

fn everything() -> Vec<(String, String)> {
    let sources = sources(&["src", "crates", "tests", "benches", "examples"]);
    assert!(sources.len() > 200, "the sources were not found");
    sources
}

/// Files over the limit, and unneeded exceptions.
fn too_long(lengths: &[(&str, usize)], exceptions: &[(&str, usize)]) -> Vec<String> {
    let allowed =
        |file: &str| exceptions.iter().find(|(known, _)| *known == file).map_or(MAX_LINES, |(_, lines)| *lines);
    let over = lengths
        .iter()
        .filter(|(file, lines)| *lines > allowed(file))
        .map(|(file, lines)| format!("{file} has {lines} lines of {}: make a folder of it", allowed(file)));
    let is_needed = |file: &str| lengths.iter().any(|(known, lines)| *known == file && *lines > MAX_LINES);
    let stale = exceptions
        .iter()
        .filter(|(file, _)| !is_needed(file))
        .map(|(file, _)| format!("{file} keeps the budget: take it off the list"));
    over.chain(stale).collect()
}

#[test]
fn no_file_is_longer_than_its_budget() {
    let sources = everything();
    let lengths: Vec<_> = sources.iter().map(|(file, text)| (file.as_str(), text.lines().count())).collect();
    let faults = too_long(&lengths, TOO_LONG);
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn a_file_that_grows_and_an_exception_that_is_not_needed_are_found() {
    assert_eq!(too_long(&[("a.rs", 400), ("b.rs", 401)], &[]).len(), 1);
    assert_eq!(too_long(&[("b.rs", 450)], &[("b.rs", 450)]).len(), 0);
    assert_eq!(too_long(&[("b.rs", 451)], &[("b.rs", 450)]).len(), 1);
    assert_eq!(too_long(&[("b.rs", 399)], &[("b.rs", 450)]).len(), 1);
    assert_eq!(too_long(&[], &[("gone.rs", 450)]).len(), 1);
}

#[test]
fn modules_are_named_after_what_is_in_them() {
    for (file, _) in everything() {
        let mut words = file.trim_end_matches(".rs").split(['/', '_']);
        assert!(!words.any(|word| EMPTY_WORDS.contains(&word)), "{file}");
    }
}

#[test]
fn sql_is_written_in_the_store_and_names_its_columns() {
    for (file, text) in sources(&["src", "crates"]) {
        let is_store = ["crates/store/", "crates/mysql-engine/"].iter().any(|home| file.starts_with(home));
        let spaced = text.to_uppercase().split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(!spaced.contains("SELECT *"), "{file} selects columns that it does not name");
        for word in ["sql_query", "QueryDsl", "batch_execute"] {
            assert!(is_store || !text.contains(word), "{file} has {word}, which belongs in crates/store");
        }
    }
}

#[test]
fn lints_are_expected_with_a_reason_not_allowed() {
    for (file, text) in everything() {
        let mark = ["#[", "allow("].concat();
        assert!(
            !text.contains(&mark) && !text.contains(&mark.replace("#[", "#![")),
            "{file}: use `expect` with a reason"
        );
    }
}
