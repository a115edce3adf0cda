//! Checks the documents: link targets, commands and flags exist, and operations are valid against the contract.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use graphql::CONTRACT;
use pulldown_cmark::{CodeBlockKind, Event, Parser, Tag, TagEnd};

const README: &str = include_str!("../../README.md");
const ATTRIBUTION: &str =
    "Data: Inside Airbnb (https://insideairbnb.com), Singapore, 23 September 2023, licensed under CC BY 4.0";

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Every page for people, by its path from the root.
fn pages() -> Vec<PathBuf> {
    let mut pages = Vec::new();
    for folder in ["", "docs", "fixtures", "crates/pages/src/assets"] {
        for entry in fs::read_dir(root().join(folder)).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|end| end == "md") {
                pages.push(path);
            }
        }
    }
    pages.sort();
    assert!(pages.len() >= 8, "the pages were not found: {pages:?}");
    pages
}

/// The fenced blocks of `page` in `language`.
fn blocks(page: &str, language: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut is_in_block = false;
    for event in Parser::new(page) {
        match event {
            Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(info))) if &*info == language => {
                is_in_block = true;
                found.push(String::new());
            }
            Event::End(TagEnd::CodeBlock) => is_in_block = false,
            Event::Text(text) if is_in_block => found.last_mut().unwrap().push_str(&text),
            _ => {}
        }
    }
    found
}

/// The inline code of `page`.
fn inline_code(page: &str) -> impl Iterator<Item = String> {
    Parser::new(page).filter_map(|event| match event {
        Event::Code(code) => Some(code.to_string()),
        _ => None,
    })
}

/// The anchors of the headings of a page, as GitHub generates them.
fn anchors(page: &str) -> BTreeSet<String> {
    let is_in_anchor = |letter: &char| letter.is_alphanumeric() || matches!(letter, ' ' | '-' | '_');
    let (mut anchors, mut heading) = (BTreeSet::new(), None);
    for event in Parser::new(page) {
        match event {
            Event::Start(Tag::Heading { .. }) => heading = Some(String::new()),
            Event::End(TagEnd::Heading(_)) => anchors.extend(heading.take().map(|title| title.replace(' ', "-"))),
            Event::Text(text) | Event::Code(text) => {
                if let Some(heading) = &mut heading {
                    heading.extend(text.to_lowercase().chars().filter(is_in_anchor));
                }
            }
            _ => {}
        }
    }
    anchors
}

/// The targets of the links of a page.
fn links(page: &str) -> Vec<String> {
    let targets = Parser::new(page).filter_map(|event| match event {
        Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => Some(dest_url.to_string()),
        _ => None,
    });
    targets.collect()
}

/// No external checker: anchors and links to files need no network, and those to other hosts would make the tests depend on them.
#[test]
fn every_relative_link_has_a_target() {
    let mut broken = Vec::new();
    for page in pages() {
        let text = read(&page);
        for link in links(&text).into_iter().filter(|link| !link.contains("://") && !link.starts_with("mailto:")) {
            let (file, anchor) = link.split_once('#').map_or((link.as_str(), None), |(file, to)| (file, Some(to)));
            let target = if file.is_empty() { page.clone() } else { page.parent().unwrap().join(file) };
            let has_target = target.exists() && anchor.is_none_or(|anchor| anchors(&read(&target)).contains(anchor));
            if !has_target {
                broken.push(format!("{}: {link}", page.strip_prefix(root()).unwrap().display()));
            }
        }
    }
    assert!(broken.is_empty(), "broken links: {broken:#?}");
}

/// The commands of a page: the lines of its shell blocks, with continued lines joined, and its inline code.
fn commands(page: &str) -> Vec<String> {
    let shell = ["sh", "ini", "console"].iter().flat_map(|language| blocks(page, language));
    let mut lines: Vec<String> =
        shell.flat_map(|block| block.replace("\\\n", " ").lines().map(str::to_owned).collect::<Vec<_>>()).collect();
    lines.extend(inline_code(page));
    lines
}

/// The words after `staygate` on a line, up to a shell operator.
fn arguments(line: &str) -> Option<Vec<&str>> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let is_program = |word: &str| matches!(word, "staygate" | "/usr/local/bin/staygate");
    let at = match words.iter().position(|word| is_program(word)) {
        // `sudo -u staygate staygate doctor`, `useradd … staygate`.
        Some(at) if words.get(at + 1).is_some_and(|next| is_program(next)) => at + 1,
        Some(at) => at,
        None => words.windows(3).position(|three| three == ["cargo", "run", "--"])? + 2,
    };
    Some(words[at + 1..].iter().copied().take_while(|word| !"|>&#;".contains(&word[..1])).collect())
}

/// The parts of `arguments` that the command line does not have.
fn unknown(arguments: &[&str]) -> Vec<String> {
    let root = staygate::cli::command();
    let (mut command, mut path) = (&root, Vec::new());
    for word in arguments {
        match command.find_subcommand(word) {
            Some(found) => {
                command = found;
                path.push(*word);
            }
            None => break,
        }
    }
    let is_literal = |word: &&&str| word.chars().all(|letter| letter.is_ascii_lowercase() || letter == '-');
    if let Some(first) = arguments.first().filter(is_literal).filter(|word| path.is_empty() && !word.starts_with('-')) {
        return vec![(*first).to_owned()];
    }
    let flags = arguments.iter().filter_map(|word| word.strip_prefix("--")).filter(|flag| !flag.is_empty());
    let flags = flags.map(|flag| flag.split('=').next().unwrap());
    let is_known = |flag: &str| {
        let own = command.get_arguments().chain(root.get_arguments()).any(|arg| arg.get_long() == Some(flag));
        own || matches!(flag, "help" | "version")
    };
    flags.filter(|flag| !is_known(flag)).map(|flag| format!("{} --{flag}", path.join(" "))).collect()
}

#[test]
fn every_command_and_flag_exists() {
    let mut missing = Vec::new();
    let mut seen = BTreeSet::new();
    for page in pages() {
        for line in commands(&read(&page)) {
            let Some(arguments) = arguments(&line) else { continue };
            seen.extend(arguments.first().map(|word| (*word).to_owned()));
            let page = page.strip_prefix(root()).unwrap().display();
            missing.extend(unknown(&arguments).into_iter().map(|what| format!("{page}: `{what}` in `{line}`")));
        }
    }
    assert!(missing.is_empty(), "these commands and flags do not exist: {missing:#?}");
    for command in ["serve", "import", "schema", "tour", "doctor", "migrate"] {
        assert!(seen.contains(command), "the pages show `staygate {command}`");
    }
}

/// O10: `staygate schema check` was shown, and was not found after the steps that the README named.
#[test]
fn the_program_is_installed_before_it_is_called() {
    let calls = |page: &str| blocks(page, "sh").join("\n").lines().position(|line| line.starts_with("staygate "));
    let installs = |page: &str| {
        let is_step = |line: &str| line.starts_with("make install ") || line.ends_with("/usr/local/bin/");
        blocks(page, "sh").join("\n").lines().position(is_step)
    };
    assert!(installs(README).unwrap() < calls(README).unwrap());
    for page in pages() {
        let text = read(&page);
        let built = text.lines().filter(|line| line.contains("target/release/staygate"));
        let built: Vec<_> = built.filter(|line| !line.starts_with("sudo install ")).collect();
        assert!(built.is_empty(), "{}: {built:?}", page.display());
    }
    let makefile = read(&root().join("Makefile"));
    assert!(makefile.contains("\ninstall: ") && makefile.contains("\n\t@sh scripts/build.sh install --path .\n"));
}

/// The flags and variables of `command` and its subcommands that `page` does not mention.
fn unmentioned(command: &clap::Command, page: &str) -> BTreeSet<String> {
    let words = command.get_arguments().flat_map(|arg| {
        let flag = arg.get_long().map(|flag| format!("`--{flag}`"));
        flag.into_iter().chain(arg.get_env().map(|variable| format!("`{}`", variable.to_string_lossy())))
    });
    let mut missing: BTreeSet<_> = words.filter(|word| !page.contains(word.as_str())).collect();
    missing.extend(command.get_subcommands().flat_map(|sub| unmentioned(sub, page)));
    missing
}

#[test]
fn every_setting_of_every_command_is_on_its_page() {
    let missing = unmentioned(&staygate::cli::command(), &read(&root().join("docs/configuration.md")));
    assert!(missing.is_empty(), "docs/configuration.md does not mention {missing:?}");
    let command = clap::Command::new("x").arg(clap::Arg::new("y").long("yonder"));
    assert_eq!(unmentioned(&command, "`--listen`"), BTreeSet::from(["`--yonder`".to_owned()]));
}

/// `text` as the shell sends it, with its variables, in capitals, replaced.
fn filled(text: &str) -> String {
    let mut parts = text.split('$');
    let mut filled = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let rest = part.trim_start_matches(|letter: char| letter.is_ascii_uppercase() || letter == '_');
        filled.push(if rest.len() < part.len() { '0' } else { '$' });
        filled.push_str(rest);
    }
    filled
}

/// The operations in the README: those that `gql` sends, those in separate blocks, and those in scripts.
fn operations() -> Vec<String> {
    let sent = blocks(README, "sh").into_iter().flat_map(|block| {
        let starts = block.split("<<END").skip(1);
        let sent = starts.map(|rest| filled(rest.split_once('\n').unwrap().1.split("\nEND").next().unwrap()));
        sent.collect::<Vec<_>>()
    });
    let written = blocks(README, "graphql").into_iter();
    let scripts = ["js", "html"].iter().flat_map(|language| blocks(README, language));
    let scripted = scripts.flat_map(|block| {
        let starts = block.split("query = `").skip(1);
        starts.map(|rest| rest.split('`').next().unwrap().to_owned()).collect::<Vec<_>>()
    });
    sent.chain(written).chain(scripted).collect()
}

#[test]
fn every_operation_in_the_readme_is_valid() {
    let operations = operations();
    assert!(operations.len() >= 8, "the operations of the README were not found: {operations:#?}");
    for operation in operations {
        let faults = graphql_contract::validate(CONTRACT, &operation);
        assert!(faults.is_empty(), "{operation}\n{faults:#?}");
    }
}

#[test]
fn every_operation_for_clients_is_valid() {
    let operations = blocks(&read(&root().join("docs/clients.md")), "graphql");
    assert!(operations.len() >= 4, "the operations for clients were not found: {operations:#?}");
    for operation in operations {
        let faults = graphql_contract::validate(CONTRACT, &operation);
        assert!(faults.is_empty(), "{operation}\n{faults:#?}");
    }
}

#[test]
fn responses_in_the_readme_are_json() {
    let responses = blocks(README, "json");
    assert!(responses.len() >= 6, "the README shows responses");
    for response in responses {
        if let Err(error) = serde_json::from_str::<serde_json::Value>(&response) {
            panic!("{error}\n{response}");
        }
    }
}

#[test]
fn the_data_is_attributed() {
    let flat = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    for page in ["README.md", "fixtures/README.md"] {
        assert!(flat(&read(&root().join(page))).contains(ATTRIBUTION), "{page} does not name the source of the data");
    }
    assert!(import::demo::ATTRIBUTION.starts_with(ATTRIBUTION));
}

#[test]
fn the_checks_find_errors() {
    assert_eq!(links("[a](b.md#c) `x` [d](https://e)"), ["b.md#c", "https://e"]);
    assert!(anchors("## To add a mutation, touch `these`\n").contains("to-add-a-mutation-touch-these"));
    let wrong = |line: &str| unknown(&arguments(line).unwrap());
    assert_eq!(wrong("staygate serve --listen 127.0.0.1:0 --nonsense"), ["serve --nonsense"]);
    assert_eq!(wrong("staygate dance"), ["dance"]);
    assert_eq!(wrong("cargo run -- schema print | head --lines 3"), [""; 0]);
    assert_eq!(arguments("ls src"), None);
    assert_eq!(filled("($id: ID) { a(b: $B, c: \"$KEY-c\") }"), "($id: ID) { a(b: 0, c: \"0-c\") }");
    assert_eq!(blocks("\n```sh\na\n```\n\n```\nb\n```\n", "sh"), ["a\n"]);
}

/// The folder and path of each test that docs/security.md names: ``it `module::name` ``.
fn threat_tests(page: &str) -> Vec<(&'static str, String)> {
    let folders = [("it `", "tests/it"), ("transport `", "tests/transport"), ("lib `", "")];
    let rows = page.lines().filter(|line| line.starts_with("| ") && line.contains("::"));
    let cells = rows.filter_map(|row| row.trim_end_matches(" |").rsplit_once(" | ")).map(|(_, cell)| cell);
    let names = cells.flat_map(|cell| cell.split(", ")).map(|name| {
        let found = folders.iter().find_map(|(start, folder)| Some((*folder, name.strip_prefix(start)?)));
        let (folder, name) = found.unwrap_or_else(|| panic!("{name} has no folder"));
        (folder, name.trim_end_matches('`').to_owned())
    });
    names.collect()
}

#[test]
fn each_threat_names_existing_tests() {
    let named = threat_tests(&read(&root().join("docs/security.md")));
    assert!(named.len() > 40, "the table of threats was not found");
    let sources = crate::style::sources(&["src", "crates", "tests"]);
    let is_there = |folder: &str, test: &str| {
        let (modules, name) = test.rsplit_once("::").unwrap();
        let modules: Vec<_> = modules.split("::").filter(|module| *module != "tests").collect();
        let is_home = |file: &str| {
            let file = file.replace('-', "_");
            file.starts_with(folder) && modules.iter().all(|module| file.contains(module))
        };
        sources.iter().any(|(file, text)| is_home(file) && text.contains(&format!("fn {name}(")))
    };
    let missing: Vec<_> = named.iter().filter(|(folder, test)| !is_there(folder, test)).collect();
    assert!(missing.is_empty(), "docs/security.md names tests that do not exist: {missing:#?}");
}
