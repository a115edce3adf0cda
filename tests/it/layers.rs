//! The arrow: a module uses only what stands above it in `src/lib.rs`.

use std::{collections::BTreeSet, path::Path};

use crate::style::sources;

/// What the order alone does not forbid. `store` and `outbound` stand side by side.
const APART: [(&str, &str); 2] = [("graphql", "store"), ("outbound", "store")];

/// Arrows that are allowed all the same. This list is empty and stays so.
const EXCEPTIONS: [(&str, &str); 0] = [];

/// The layers in the order of `src/lib.rs`.
fn layers(lib: &str) -> Vec<&str> {
    lib.lines().filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';')).collect()
}

/// The layer that a file of `src` belongs to, and how deep its module is.
fn home(file: &str) -> (&str, usize) {
    let path = file.trim_start_matches("src/").trim_end_matches(".rs").trim_end_matches("/mod");
    (path.split('/').next().unwrap_or(path), path.split('/').count())
}

/// The text without comments, so that a link in the documentation is no arrow.
fn code(text: &str) -> String {
    text.lines().map(|line| line.split_once("//").map_or(line, |(code, _)| code)).collect::<Vec<_>>().join("\n")
}

/// The first names of `a::b, c::{d, e}, f`, which ends at the bracket that was not opened in it.
fn heads(group: &str) -> Vec<&str> {
    let (mut depth, mut heads, mut start) = (0_usize, Vec::new(), 0);
    for (at, letter) in group.char_indices() {
        match letter {
            '{' => depth += 1,
            '}' if depth > 0 => depth -= 1,
            ',' | '}' if depth == 0 => {
                heads.push(&group[start..at]);
                start = at + 1;
                if letter == '}' {
                    break;
                }
            }
            _ => {}
        }
    }
    heads.into_iter().map(first_name).filter(|name| !name.is_empty()).collect()
}

fn first_name(path: &str) -> &str {
    let path = path.trim_start();
    path.split(|letter: char| !letter.is_alphanumeric() && letter != '_').next().unwrap_or_default()
}

/// What the code at the root of the crate is called: after `crate::`, and after enough of `super::`.
fn named(code: &str, depth: usize) -> BTreeSet<&str> {
    let mut named = BTreeSet::new();
    for root in ["crate::".to_owned(), "super::".repeat(depth)] {
        for (at, _) in code.match_indices(&root) {
            let rest = &code[at + root.len()..];
            match rest.strip_prefix('{') {
                Some(group) => named.extend(heads(group)),
                None => named.extend([first_name(rest)]),
            }
        }
    }
    named
}

/// The arrows of `file` that point the wrong way, one line each.
fn upward(layers: &[&str], file: &str, text: &str) -> Vec<String> {
    let (layer, depth) = home(file);
    let rank = |name: &str| layers.iter().position(|known| *known == name);
    let Some(own) = rank(layer) else { return vec![format!("{file} belongs to no layer of src/lib.rs")] };
    let code = code(text);
    let mut faults: Vec<String> = named(&code, depth)
        .into_iter()
        .filter(|name| rank(name).is_some_and(|other| other > own) || APART.contains(&(layer, name)))
        .filter(|name| !EXCEPTIONS.contains(&(file, name)))
        .map(|name| format!("{file}: `{layer}` must not use `{name}`"))
        .collect();
    if layer != "store" && code.contains("store::schema") {
        faults.push(format!("{file}: tables are private to `store`"));
    }
    if layer == "graphql" && code.contains(".conn()") {
        faults.push(format!("{file}: resolvers ask the domain, not a connection"));
    }
    faults
}

fn lib() -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/lib.rs")).unwrap()
}

#[test]
fn a_module_uses_only_what_stands_above_it() {
    let lib = lib();
    let layers = layers(&lib);
    let mut faults = Vec::new();
    for (file, text) in sources(&["src"]) {
        if !["src/lib.rs", "src/main.rs"].contains(&file.as_str()) {
            faults.extend(upward(&layers, &file, &text));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn the_map_names_every_module_once_in_the_order_that_is_documented() {
    let expected = [
        "types", "error", "contract", "auth", "config", "store", "outbound", "app", "domain", "import", "graphql",
        "server", "worker", "cli",
    ];
    assert_eq!(layers(&lib()), expected);
    let main: Vec<_> = sources(&["src"]).into_iter().filter(|(file, _)| file == "src/main.rs").collect();
    assert!(code(&main[0].1).contains("staygate::cli"), "the program is its command line");
}

#[test]
fn an_upward_arrow_is_found_however_it_is_written() {
    let lib = lib();
    let layers = layers(&lib);
    let upward = |file: &str, text: &str| upward(&layers, file, text).len();
    for import in [
        "use crate::domain::bookings;",
        "use crate::{error::Error, domain::{bookings, quotes}, types};",
        "use crate::{\n    domain as rules,\n    types::{self, Page},\n};",
        "pub use crate::domain;",
        "fn f() -> crate::domain::money::Cents { g() }",
        "use super::super::domain::quotes;",
        "use super::super::{types, domain};",
    ] {
        assert_eq!(upward("src/store/nights.rs", import), 1, "{import}");
        assert_eq!(upward("src/server/nights.rs", import), 0, "{import}");
    }
    for innocent in [
        "//! See [`crate::domain`].",
        "use crate::types; // not crate::domain",
        "use crate::{types::{domain, Stay}, error};",
        "use super::domain;",
        "let domain = text;",
    ] {
        assert_eq!(upward("src/store/nights.rs", innocent), 0, "{innocent}");
    }
    assert_eq!(upward("src/graphql/bookings/mod.rs", "use crate::{types, store::bookings::Booking};"), 1);
    assert_eq!(upward("src/graphql/bookings/mod.rs", "let rows = app.conn().await?;"), 1);
    assert_eq!(upward("src/outbound/mail.rs", "use crate::store;"), 1);
    assert_eq!(upward("src/domain/search/mod.rs", "use crate::store::schema::listings;"), 1);
    assert_eq!(upward("src/strangers.rs", ""), 1);
}
