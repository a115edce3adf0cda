//! Servers that are compared give equal answers.

use anyhow::bail;
use serde_json::Value;

use super::{
    client::{self, Call},
    contender::Contender,
    request_kind::RequestKind,
    server::Server,
    world::{Load, World},
};

/// Requests that are compared.
const COMPARED: usize = 20;

/// Compares the first answers of all servers to the same requests. A quote can be booked only once, so bookings are not compared.
pub async fn check(world: &World, contenders: &[Contender], kind: RequestKind, load: &Load) -> anyhow::Result<()> {
    let mut answers: Vec<(&str, Vec<Value>)> = Vec::new();
    for contender in contenders {
        let Contender::Server(server) = contender else { continue };
        if kind == RequestKind::Book {
            continue;
        }
        let mut own = Vec::new();
        for call in client::calls(world, server, load)?.iter().take(COMPARED) {
            own.push(comparable(ask(world, server, kind, call).await?, kind));
        }
        answers.push((&server.name, own));
    }
    let Some((first, expected)) = answers.first() else { return Ok(()) };
    for (name, own) in &answers[1..] {
        if let Some((left, right)) = expected.iter().zip(own).find(|(left, right)| left != right) {
            bail!("{}: {first} and {name} answer differently:\n{left}\n{right}", kind.name());
        }
    }
    Ok(())
}

async fn ask(world: &World, server: &Server, kind: RequestKind, call: &Call) -> anyhow::Result<Value> {
    server.ask(world.documents.of(kind), &call.variables, call.token.as_deref()).await
}

/// Without what is each server's own: cursors, the id of `me`, and the id and time of a quote.
fn comparable(mut answer: Value, kind: RequestKind) -> Value {
    if kind == RequestKind::Trips {
        answer["me"]["id"].take();
    }
    let own: &[&str] = if kind == RequestKind::Quote { &["id", "expiresAt"] } else { &["endCursor"] };
    remove(&mut answer, own);
    answer
}

fn remove(value: &mut Value, names: &[&str]) {
    match value {
        Value::Object(fields) => {
            fields.retain(|name, _| !names.contains(&name.as_str()));
            fields.values_mut().for_each(|field| remove(field, names));
        }
        Value::Array(items) => items.iter_mut().for_each(|item| remove(item, names)),
        // 5 and 5.0 are the same number to a client.
        Value::Number(number) => *value = number.as_f64().map_or(Value::Null, Value::from),
        _ => {}
    }
}
