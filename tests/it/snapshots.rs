//! Snapshots: each one is used by a test, and none is pending.

use std::{fs, path::Path};

use crate::style::sources;

/// The files below the folders of the sources whose name ends with `.snap` or `.snap.new`, by their path in the repository.
fn snapshots() -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut folders: Vec<_> = FOLDERS.iter().map(|folder| root.join(folder)).filter(|folder| folder.is_dir()).collect();
    let mut found = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
            if path.is_dir() {
                folders.push(path);
            } else if name.ends_with(".snap") || name.ends_with(".snap.new") {
                found.push(name);
            }
        }
    }
    found
}

/// Where sources and their snapshots are.
const FOLDERS: [&str; 4] = ["src", "tests", "benches", "crates"];

/// The snapshots that no assertion in a file beside their folder names. `sources` are paths with texts.
fn unreferenced<'a>(snapshots: &'a [String], sources: &[(String, String)]) -> Vec<&'a str> {
    let is_read = |snapshot: &str| {
        let Some((folder, file)) = snapshot.rsplit_once("/snapshots/") else { return false };
        // `binary__module__name.snap`, of `assert_snapshot!("name", …)` in a file of the folder.
        let Some(name) = file.strip_suffix(".snap").and_then(|stem| stem.rsplit("__").next()) else { return false };
        let assertion = format!("snapshot!(\"{name}\",");
        let is_beside = |file: &str| file.rsplit_once('/').is_some_and(|(parent, _)| parent == folder);
        sources.iter().any(|(file, text)| is_beside(file) && text.contains(&assertion))
    };
    snapshots.iter().map(String::as_str).filter(|snapshot| !is_read(snapshot)).collect()
}

#[test]
fn every_snapshot_is_read_by_a_test() {
    let snapshots = snapshots();
    assert!(!snapshots.is_empty(), "the snapshots were not found");
    let unread = unreferenced(&snapshots, &sources(&FOLDERS));
    assert!(unread.is_empty(), "delete unreferenced snapshots, accept or reject pending ones:\n{}", unread.join("\n"));
}

#[test]
fn unreferenced_and_pending_snapshots_are_found() {
    let source = |file: &str| (file.to_owned(), "insta::assert_snapshot!(\"table\", text);".to_owned());
    let snapshot = |file: &str| vec![format!("tests/it/a/snapshots/{file}")];
    let beside = [source("tests/it/a/mod.rs")];
    assert!(unreferenced(&snapshot("it__a__table.snap"), &beside).is_empty());
    assert_eq!(unreferenced(&snapshot("it__a__chair.snap"), &beside).len(), 1, "another name");
    assert_eq!(unreferenced(&snapshot("it__a__table.snap.new"), &beside).len(), 1, "not accepted yet");
    assert_eq!(unreferenced(&snapshot("it__a__table.snap"), &[source("tests/it/b/mod.rs")]).len(), 1, "another folder");
}
