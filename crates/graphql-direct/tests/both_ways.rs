//! A small schema, whose answers are the same in both ways.
#![expect(clippy::unwrap_used, reason = "a failed test panics")]

use async_graphql::{
    Context, EmptyMutation, EmptySubscription, Enum, ID, Object, Request, Response, Result, Schema, SimpleObject, Value,
};
use graphql_direct::{Direct, Enabled, InMemory, Indirect, Output, Plan, WriteDirect, direct};
use serde_json::json;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
enum Genre {
    Essay,
}

impl WriteDirect for Genre {
    fn write<'a>(&self, _: &Plan<'a>, out: &mut Output<'a>) -> Result<(), Indirect> {
        out.name("ESSAY");
        Ok(())
    }
}

#[derive(Debug, Clone, SimpleObject, WriteDirect)]
struct Author {
    display_name: String,
    #[graphql(name = "bornIn")]
    born: Option<i32>,
}

#[derive(Debug, Clone)]
struct Book {
    number: u32,
    in_memory: bool,
}

fn kept_pages(book: &Book, ctx: &Context<'_>) -> InMemory<Vec<String>> {
    let (_, first) = ctx.param_value("first", Some(|| 2)).map_err(|_| Indirect)?;
    if book.in_memory { Ok(pages(book, first)) } else { Err(Indirect) }
}

fn pages(book: &Book, first: i32) -> Vec<String> {
    (0..first).map(|page| format!("\"{}\"\n{page}", book.number)).collect()
}

#[direct]
#[Object]
impl Book {
    async fn id(&self) -> ID {
        self.number.into()
    }

    async fn genre(&self) -> Genre {
        Genre::Essay
    }

    async fn price(&self) -> Option<f64> {
        (self.number > 1).then_some(4.0)
    }

    async fn authors(&self) -> Vec<Author> {
        (0..self.number).map(|n| Author { display_name: format!("Ada {n}"), born: (n > 0).then_some(1815) }).collect()
    }

    /// Fails for a book.
    async fn blurb(&self) -> Result<Option<String>> {
        if self.number == 3 { Err("no blurb".into()) } else { Ok(None) }
    }

    #[direct(in_memory = kept_pages, of = Vec<String>)]
    async fn pages(&self, #[graphql(default = 2)] first: i32) -> Vec<String> {
        pages(self, first)
    }

    async fn later(&self, ctx: &Context<'_>) -> bool {
        ctx.data_opt::<u8>().is_some()
    }

    #[direct(skip)]
    async fn left_out(&self) -> bool {
        true
    }
}

struct Query;

#[Object]
impl Query {
    async fn books(&self, #[graphql(default = true)] in_memory: bool) -> Option<Direct<Vec<Book>>> {
        Some(Direct((1..4).map(|number| Book { number, in_memory }).collect()))
    }
}

fn has_json(value: &Value) -> bool {
    let Value::Object(fields) = value else { return false };
    fields.values().any(|field| matches!(field, Value::Binary(_)))
}

/// The data with what has written itself as values, and the errors.
fn as_values(response: &Response) -> serde_json::Value {
    let Value::Object(fields) = &response.data else { return json!([null, response.errors]) };
    let value = |value: &Value| match value {
        Value::Binary(json) => serde_json::from_slice(json).unwrap(),
        other => serde_json::to_value(other).unwrap(),
    };
    let data: serde_json::Map<_, _> = fields.iter().map(|(name, field)| (name.to_string(), value(field))).collect();
    json!([data, response.errors])
}

/// Runs a query in both ways; whether it has written itself.
async fn is_direct(query: &str) -> bool {
    let schema = Schema::new(Query, EmptyMutation, EmptySubscription);
    let resolved = schema.execute(Request::new(query)).await;
    let direct = schema.execute(Request::new(query).data(Enabled)).await;
    assert!(!has_json(&resolved.data), "only if it is enabled");
    assert_eq!(as_values(&direct), as_values(&resolved), "{query}");
    has_json(&direct.data)
}

#[tokio::test]
async fn what_is_in_memory_writes_itself() {
    for selection in [
        "id genre price",
        "__typename kind: __typename id authors { displayName bornIn }",
        "authors { displayName } ... on Book { authors { bornIn } id } ...More id",
        "pages one: pages(first: 1) none: pages(first: 0)",
    ] {
        let query = format!("{{ books {{ {selection} }} }} fragment More on Book {{ genre authors {{ __typename }} }}");
        let query =
            if selection.contains("...More") { query } else { query.split(" fragment").next().unwrap().to_owned() };
        assert!(is_direct(&query).await, "{query}");
    }
}

#[tokio::test]
async fn the_rest_is_resolved_as_always() {
    for selection in ["later", "id leftOut", "authors { displayName } blurb", "pages(first: -1) later"] {
        assert!(!is_direct(&format!("{{ books {{ {selection} }} }}")).await, "{selection}");
    }
    assert!(!is_direct("{ books(inMemory: false) { id pages } }").await, "a row is not in memory");
    assert!(is_direct("{ books(inMemory: false) { id } }").await);
}
