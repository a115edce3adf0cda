//! The commands of the program, as scripts and people run them.

use std::{
    path::Path,
    process::{Command, Output, Stdio},
};

use chrono::Duration;
use serde_json::{Value, json};
use types::StaffRole;

use crate::{
    desk::act,
    harness::{actors::Actor, app::TestApp},
    privacy::delete,
};

/// Runs the program with its own settings, independent of the environment, and without a terminal.
fn staygate(arguments: &[&str], data_dir: &Path) -> Output {
    program(arguments).env("STAYGATE_DATA_DIR", data_dir).output().unwrap()
}

fn program(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_staygate"));
    for (name, _) in std::env::vars_os().filter(|(name, _)| {
        let name = name.to_string_lossy();
        name.starts_with("STAYGATE_") || name.starts_with("DATABASE_URL")
    }) {
        command.env_remove(name);
    }
    command.args(arguments).stdin(Stdio::null());
    command
}

fn text_of(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

fn is_empty(folder: &Path) -> bool {
    std::fs::read_dir(folder).unwrap().next().is_none()
}

/// O2: a check in an empty folder created a database of 110 MB there.
#[test]
fn doctor_leaves_nothing_behind_in_an_empty_folder() {
    let dir = tempfile::tempdir().unwrap();
    let output = staygate(&["doctor", "--listen", "127.0.0.1:0"], dir.path());
    assert!(output.status.success(), "{}", text_of(&output));
    assert!(is_empty(dir.path()), "{:?}", std::fs::read_dir(dir.path()).unwrap().collect::<Vec<_>>());
    let missing = dir.path().join("a/b");
    let output = staygate(&["doctor", "--listen", "127.0.0.1:0"], &missing);
    assert!(output.status.success() && is_empty(dir.path()), "{}", text_of(&output));
}

/// As O2: commands that only read created a database too.
#[test]
fn commands_that_read_a_database_leave_nothing_behind_in_an_empty_folder() {
    let dir = tempfile::tempdir().unwrap();
    for command in [
        &["audit", "verify"][..],
        &["audit", "export"],
        &["cases"],
        &["migrate", "status"],
        &["migrate", "down", "1", "--yes"],
    ] {
        let output = staygate(command, dir.path());
        let text = text_of(&output);
        assert!(!output.status.success() && text.contains("there is no database in"), "{command:?}: {text}");
        assert!(is_empty(dir.path()), "{command:?}");
    }
}

/// O2: with the settings of a running server it reported success, although another `serve` would fail.
#[test]
fn doctor_reports_a_port_that_is_taken() {
    let dir = tempfile::tempdir().unwrap();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let output = staygate(&["doctor", "--listen", &address], dir.path());
    let text = text_of(&output);
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(text.contains("FAIL  port") && text.contains(&address), "{text}");
}

/// M9: which time zone rules the server would use, and that they are old.
#[test]
fn doctor_reports_the_version_and_age_of_the_time_zone_rules() {
    let dir = tempfile::tempdir().unwrap();
    let doctor = |folder: &str| {
        let output = staygate(&["doctor", "--listen", "127.0.0.1:0", "--tzdata-dir", folder], dir.path());
        (output.status.code(), text_of(&output))
    };
    let (code, text) = doctor(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/tzdata/2025b"));
    assert_eq!(code, Some(0), "{text}");
    assert!(text.contains("warn  time zones") && text.contains("rules 2025b, from "), "{text}");
    let (code, text) = doctor("/nowhere");
    assert_eq!(code, Some(1), "{text}");
    assert!(text.contains("FAIL  time zones     /nowhere has no tzdata.zi"), "{text}");
    let output = staygate(&["doctor", "--listen", "127.0.0.1:0"], dir.path());
    assert!(text_of(&output).contains("time zones     rules 20"), "{}", text_of(&output));
}

/// O3: a misspelled level turned the log off.
#[test]
fn an_unknown_log_level_is_refused_with_its_name() {
    let dir = tempfile::tempdir().unwrap();
    let output = staygate(&["--log-level", "loud", "doctor"], dir.path());
    assert_eq!(output.status.code(), Some(2));
    assert!(text_of(&output).contains("`loud` is not a level"), "{}", text_of(&output));
}

/// O6: the message did not say which of the two files cannot be read.
#[test]
fn a_diff_of_contracts_names_the_file_that_is_broken() {
    let dir = tempfile::tempdir().unwrap();
    let [good, bad] = ["good.graphql", "bad.graphql"].map(|name| dir.path().join(name).display().to_string());
    std::fs::write(&good, "type Query { a: Int }").unwrap();
    std::fs::write(&bad, "type Query { a: ").unwrap();
    for order in [["schema", "diff", &good, &bad], ["schema", "diff", &bad, &good]] {
        let output = staygate(&order, dir.path());
        assert_eq!(output.status.code(), Some(2));
        assert!(
            text_of(&output).contains("bad.graphql") && !text_of(&output).contains("good.graphql"),
            "{}",
            text_of(&output)
        );
    }
}

/// O6: migrations were undone, and their data deleted, without a confirmation.
#[test]
fn migrations_are_not_undone_without_a_yes() {
    let dir = tempfile::tempdir().unwrap();
    let output = staygate(&["migrate", "down", "1"], dir.path());
    assert_eq!(output.status.code(), Some(2), "{}", text_of(&output));
    assert!(text_of(&output).contains("migrate down 1 --yes"), "{}", text_of(&output));
    assert!(is_empty(dir.path()), "not even a database was started");
}

#[test]
fn a_server_unfit_for_production_reports_everything_it_lacks() {
    let dir = tempfile::tempdir().unwrap();
    let output = staygate(&["serve", "--production", "--listen", "0"], dir.path());
    let text = text_of(&output);
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(text.contains("--public-url") && text.contains("STAYGATE_JWT_SECRET"), "{text}");
    let output = staygate(&["doctor", "--production", "--listen", "0"], dir.path());
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stdout).contains("FAIL  production"));
    assert!(is_empty(dir.path()));
}

/// M4: failed refunds were not visible to operators.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cases_are_listed_retried_and_closed() {
    let app = TestApp::new().await;
    let (host, guest) = (app.host().await, app.guest().await);
    let listing = host.listing(|_| {}).await;
    let booking = guest.book(&listing, "2026-04-01", "2026-04-07").await;
    app.bank.close_account(guest.pay(&booking).await.parse().unwrap(), true);
    guest.cancel(&booking).await;
    let refund = guest.booking(&booking).await["refunds"][0]["id"].as_str().unwrap().to_owned();
    let cases = |arguments: &[&str]| {
        let output = program(&[&["cases"], arguments].concat()).env("DATABASE_URL", app.url()).output().unwrap();
        (output.status.code(), text_of(&output))
    };
    let (code, text) = cases(&[]);
    assert_eq!(code, Some(0), "{text}");
    let opened = text.lines().find(|line| line.contains("EFFECT_FAILED")).unwrap_or_else(|| panic!("{text}"));
    assert!(opened.contains(&booking) && opened.contains("the card account is closed"), "{text}");
    assert!(text.contains(&format!("SEND_REFUND {refund} after 1 attempts")), "{text}");
    let case = opened.split(' ').next().unwrap();
    for (arguments, code, expected) in [
        (["retry", "rf_1"], 1, "is no id of a payment"),
        (["close", "case_1"], 2, "invalid value"),
        (["close", case], 0, "is closed"),
        (["close", case], 1, "is not an open case"),
        (["retry", &refund], 0, "A running server tries it"),
        (["retry", &refund], 1, "has failed"),
        (["retry", &refund.replace("rf_", "pay_")], 1, "has failed"),
    ] {
        let (found, text) = cases(&arguments);
        assert!(found == Some(code) && text.contains(expected), "{arguments:?}: {found:?} {text}");
    }
    assert!(cases(&["list"]).1.contains("No open cases"), "{}", cases(&[]).1);
    app.bank.recover();
    // The command uses the real clock.
    app.pass(Duration::days(3_650));
    app.work().await;
    assert_eq!(guest.booking(&booking).await["refunds"][0]["status"], "SUCCEEDED");
    assert_eq!(app.bank.balance(), 0);
}

#[test]
fn mails_can_be_looked_at_in_each_language() {
    let dir = tempfile::tempdir().unwrap();
    let all = staygate(&["mail", "preview", "--locale", "de"], dir.path());
    let text = text_of(&all);
    assert!(all.status.success() && text.contains("# reset_password") && text.contains("Guten Tag"), "{text}");
    let html = staygate(&["mail", "preview", "reset_password", "--html"], dir.path());
    assert!(text_of(&html).starts_with("<!DOCTYPE html>"), "{}", text_of(&html));
    let unknown = staygate(&["mail", "preview", "greeting"], dir.path());
    assert!(!unknown.status.success() && text_of(&unknown).contains("confirm_email"), "{}", text_of(&unknown));
}

/// The first admin cannot be made by another.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_first_admin_is_made_on_the_command_line_and_recorded() {
    let app = TestApp::new().await;
    let run = |arguments: &[&str]| {
        let output = program(arguments).env("DATABASE_URL", app.url()).output().unwrap();
        (output.status.code(), text_of(&output))
    };
    let (code, text) = run(&["admin", "create", "--email", "Ada@example.org", "--name", "Ada"]);
    assert!(code == Some(0) && text.contains("ada@example.org (usr_"), "{text}");
    let password = text.split_once("The password is ").unwrap().1.lines().next().unwrap().to_owned();
    // The command uses the real clock.
    app.pass(Duration::days(3_650));
    let ada = Actor::sign_in(&app, "ada@example.org", &password).await;
    let log = "{ desk { roles auditLog { nodes { action actor { id } request subject } } } }";
    let entry = json!({ "action": "ROLE_GRANTED", "actor": null, "request": "staygate admin create",
        "subject": ada.member.id().to_string() });
    let desk = json!({ "roles": ["ADMIN"], "auditLog": { "nodes": [entry] } });
    assert_eq!(ada.run(log, json!({})).await["desk"], desk);
    let (code, text) = run(&["admin", "create", "--email", "ada@example.org"]);
    assert!(code == Some(1) && text.contains("has the role ADMIN already"), "{text}");
    let known = app.guest().await;
    let email = known.run("{ me { email } }", json!({})).await["me"]["email"].as_str().unwrap().to_owned();
    let (code, text) = run(&["admin", "create", "--email", &email]);
    assert!(code == Some(0) && !text.contains("password"), "{text}");
    let (code, text) = run(&["audit", "verify"]);
    assert!(code == Some(0) && text.contains("2 entries, none is broken"), "{text}");
    let end = text.split_once("The end is ").unwrap().1.lines().next().unwrap().to_owned();
    assert_eq!(run(&["audit", "verify", "--known", &end]).0, Some(0));
    let (code, text) = run(&["audit", "verify", "--known", &format!("1:{}", "0".repeat(64))]);
    assert!(code == Some(1) && text.contains("BROKEN: entry 1 is not the one that is known"), "{text}");
}

/// A log of more than one page: two grants, a suspension and a restoration of somebody who is erased then, and 600 looks at an email.
async fn long_log() -> TestApp {
    let app = TestApp::new().await;
    let admin = Actor::staff(&app, StaffRole::Admin).await;
    let staff = app.guest().await.member.id().to_string();
    for role in ["SUPPORT", "FINANCE"] {
        act(&admin, "grantRole", json!({ "personId": staff, "role": role })).await;
    }
    let person = app.guest().await;
    let email = person.run("{ me { email } }", json!({})).await["me"]["email"].as_str().unwrap().to_owned();
    for field in ["suspendPerson", "restorePerson"] {
        act(&admin, field, json!({ "personId": person.member.id().to_string() })).await;
    }
    delete(&Actor::sign_in(&app, &email, "correct horse").await).await;
    app.pass(Duration::hours(1));
    let support = domain::role_grants::require_staff(&app.app, &admin.member, StaffRole::Support).await.unwrap();
    let look = (support.support().unwrap(), admin.member.id());
    domain::desk::record_views(&app.app, &admin.member, &[look; 600]).await.unwrap();
    app
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_audit_log_is_exported_as_lines_of_json_with_its_reasons() {
    let app = Box::pin(long_log()).await;
    let run = |arguments: &[&str], keys: Option<&str>| {
        let mut command = program(&[&["audit"], arguments].concat());
        let output =
            command.env("DATABASE_URL", app.url()).envs(keys.map(|keys| ("STAYGATE_JWT_SECRET", keys))).output();
        let output = output.unwrap();
        (output.status.code(), String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap())
    };
    let keys = format!("test:{}", "\u{7}".repeat(32));
    let export = |arguments: &[&str]| -> Vec<Value> {
        let (code, text, problems) = run(&[&["export"], arguments].concat(), Some(&keys));
        assert_eq!((code, &*problems), (Some(0), ""), "{text}");
        text.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("{line}"))).collect()
    };
    let all = export(&[]);
    let numbers: Vec<_> = all.iter().map(|entry| entry["number"].as_u64().unwrap()).collect();
    assert_eq!(numbers, (1..=604).collect::<Vec<_>>(), "oldest first, each once");
    let actions: Vec<_> = all[..5].iter().map(|entry| entry["action"].as_str().unwrap()).collect();
    assert_eq!(actions, ["ROLE_GRANTED", "ROLE_GRANTED", "PERSON_SUSPENDED", "PERSON_RESTORED", "PERSON_VIEWED"]);
    let reasons: Vec<_> = all[..5].iter().map(|entry| entry["reason"].clone()).collect();
    assert_eq!(
        reasons,
        [json!("for a test"), json!("for a test"), Value::Null, Value::Null, json!("")],
        "erased ones are null"
    );
    let fields: Vec<_> = all[1].as_object().unwrap().keys().map(String::as_str).collect();
    let expected =
        ["action", "actor", "after", "at", "before", "hash", "number", "onBehalfOf", "reason", "request", "subject"];
    assert_eq!(fields.into_iter().collect::<std::collections::BTreeSet<_>>(), expected.into_iter().collect());
    assert_eq!((&all[1]["at"], &all[1]["after"]["role"]), (&json!("2026-03-02T04:00:00Z"), &json!("FINANCE")));
    let end = format!("604:{}", all[603]["hash"].as_str().unwrap());
    assert_eq!(run(&["verify", "--known", &end], None).0, Some(0), "the hashes are those of the chain");
    let hour = "2026-03-02T05:00:00Z";
    assert_eq!(export(&["--from", hour]).len(), 600);
    assert_eq!(export(&["--to", hour, "--from", "2026-03-02T04:00:00Z"]), all[..4]);
    let (code, text, problems) = run(&["export"], None);
    assert!(code == Some(1) && text.is_empty() && problems.contains("STAYGATE_JWT_SECRET"), "{problems}");
    assert_eq!(run(&["export", "--from", "yesterday"], Some(&keys)).0, Some(2));
}
