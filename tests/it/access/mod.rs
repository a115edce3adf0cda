//! Access control: every root field of the contract, for every kind of viewer.

mod accounts;
mod co_hosts;
mod desk;
mod passkeys;
mod private;
mod providers;
pub mod stage;
pub mod world;

use std::{collections::BTreeSet, fmt::Write as _, time::Duration};

use futures_util::StreamExt as _;
use serde_json::Value;

use self::{
    stage::{ROWS, stage},
    world::{CASE, DRAFT, EXACT, HIDDEN, WISHLIST, World},
};
use crate::{
    harness::actors::Actor,
    operations::{Example, of_field, root_fields},
};

/// The columns of staff.
const STAFF: [&str; 3] = ["support", "finance", "admin"];

/// Outcomes of viewers without access: nothing has changed.
const NO_ACCESS: [&str; 5] = ["UNAUTHENTICATED", "EMAIL_NOT_VERIFIED", "ROLE_REQUIRED", "IMPERSONATED", "NOT_FOUND"];

/// Timeout of a stream that should have an event.
const TIMEOUT: Duration = Duration::from_secs(30);

#[test]
fn every_root_field_has_a_decision() {
    let decided: BTreeSet<_> = ROWS.iter().map(|row| row.field).collect();
    let fields = root_fields();
    let fields: BTreeSet<_> = fields.iter().map(|(field, _)| field.as_str()).collect();
    assert_eq!(decided, fields, "add a row to `ROWS`, and a stage for it");
}

/// A change of access is a changed line in the snapshot. Review it as a decision.
#[tokio::test]
async fn every_viewer_has_the_access_of_the_table() {
    let world = Box::pin(World::impersonated()).await;
    let secrets = secrets(&world).await;
    let keywords = root_fields();
    let mut table = String::new();
    let names: Vec<_> = world.viewers().into_iter().map(|(name, _)| name.to_owned()).collect();
    line(&mut table, "root field", &names);
    for row in ROWS {
        let keyword = &keywords.iter().find(|(field, _)| field == row.field).unwrap().1;
        let (mut outcomes, mut unchanged) = (Vec::new(), None);
        for (name, viewer) in world.viewers() {
            if (name == "unverified" || STAFF.contains(&name) || name.starts_with("co-host"))
                && ["myTripEvents", "myHostingEvents"].contains(&row.field)
            {
                outcomes.push("no events yet".to_owned());
                continue;
            }
            // Created again after each change, so that outcomes differ only by access.
            let variables = match unchanged.take() {
                Some(variables) => variables,
                None => Box::pin(stage(&world, row)).await,
            };
            // What the viewer has sent, such as an email, is no secret.
            let sent = variables.to_string();
            let answer = Box::pin(execute(&world, keyword, viewer, &of_field(row.field), variables.clone())).await;
            let sees_private =
                ["guest", "host", "as guest", "as host"].contains(&name) || (STAFF.contains(&name) && row.is_of_desk());
            if !sees_private && !row.needs_password() {
                let text = answer.to_string();
                let is_told = |secret: &&String| text.contains(secret.as_str()) && !sent.contains(*secret);
                let leak = secrets.iter().filter(|secret| !co_hosts::may_know(name, secret)).find(is_told);
                assert_eq!(leak, None, "{} told {name} a secret: {text}", row.field);
            }
            let outcome = outcome(&answer, row.field);
            unchanged = Some(variables).filter(|_| keyword == "query" || NO_ACCESS.contains(&outcome.as_str()));
            outcomes.push(outcome);
        }
        line(&mut table, &row.to_string(), &outcomes);
    }
    insta::assert_snapshot!("access", table);
}

/// Data that only guest and host can read.
async fn secrets(world: &World) -> Vec<String> {
    let mut secrets = vec![world.email(&world.guest).await, world.email(&world.host).await];
    secrets.extend(EXACT.into_iter().chain([CASE, DRAFT, HIDDEN, WISHLIST]).map(str::to_owned));
    secrets
}

/// The response, or the first one of a stream.
async fn execute(world: &World, keyword: &str, viewer: Option<&Actor>, example: &Example, variables: Value) -> Value {
    let member = viewer.map(|actor| &actor.member);
    if keyword != "subscription" {
        return serde_json::to_value(world.app.run(member, &example.text, variables).await).unwrap();
    }
    let mut stream = Box::pin(world.app.stream(member, &example.text, variables));
    let first = tokio::time::timeout(TIMEOUT, stream.next()).await;
    first.unwrap_or_else(|_| panic!("the stream of {} has no event", example.name)).unwrap_or(Value::Null)
}

/// The outcome: a code, `ok`, or `null`.
fn outcome(answer: &Value, field: &str) -> String {
    let value = &answer["data"][field];
    if let Some(error) = answer["errors"].as_array().and_then(|errors| errors.first()) {
        assert_eq!(value, &Value::Null, "half an answer: {answer}");
        return error["extensions"]["code"].as_str().unwrap_or("an error without a code").to_owned();
    }
    match value {
        Value::Null => "null".into(),
        Value::Array(things) => {
            let seen = things.iter().filter(|thing| !thing.is_null()).count();
            format!("{seen} of {}", things.len())
        }
        event if event["kind"].is_string() && event["booking"].is_null() => "event alone".into(),
        value => value["code"].as_str().unwrap_or("ok").to_owned(),
    }
}

fn line(table: &mut String, head: &str, cells: &[String]) {
    let mut text = format!("{head:<38}");
    for cell in cells {
        write!(text, "{cell:<20} ").unwrap();
    }
    writeln!(table, "{}", text.trim_end()).unwrap();
}
