//! Faults of the library that document preparation works around.
//!
//! Every test here shows a fault. If one fails after an upgrade, that part of
//! `graphql-contract/documents` may no longer be needed.

use std::sync::Arc;

use async_graphql::{Object, Request, Response, Schema, Variables};
use serde_json::{Value, json};

use crate::server::{Events, Mutation, Query, World};

/// Fields that fail.
pub struct Shelf;

#[Object]
impl Shelf {
    async fn width(&self) -> i32 {
        80
    }

    /// A nullable field that can fail, written as in this project.
    async fn label(&self) -> Option<async_graphql::Result<String>> {
        Some(Err("it is not legible".into()))
    }

    /// A nullable field that can fail, written in a way that nulls its parent.
    async fn price(&self) -> async_graphql::Result<Option<i32>> {
        Err("there is none".into())
    }

    async fn owner(&self) -> async_graphql::Result<String> {
        Err("nobody's".into())
    }
}

/// The schema of the test server without document preparation, used as in the manual of the
/// library.
struct PlainSchema {
    schema: Schema<Query, Mutation, Events>,
    world: Arc<World>,
}

impl PlainSchema {
    fn new() -> Self {
        let world = Arc::new(World::new());
        Self { schema: Schema::build(Query, Mutation, Events).data(world.clone()).finish(), world }
    }

    async fn run(&self, query: &str, variables: Value) -> Response {
        self.schema.execute(Request::new(query).variables(Variables::from_json(variables))).await
    }
}

fn data(response: Response) -> Value {
    assert!(response.errors.is_empty(), "{:?}", response.errors);
    response.data.into_json().unwrap()
}

#[tokio::test]
async fn a_field_selected_twice_runs_twice() {
    let plain = PlainSchema::new();
    let mutation = "mutation { add(amount: 1) ...A ...B } fragment A on Mutation { add(amount: 1) } fragment B on Mutation { add(amount: 1) }";
    data(plain.run(mutation, json!({})).await);
    assert_eq!(plain.world.runs(), 3);
    data(plain.run("{ book { id } book { title } }", json!({})).await);
    assert_eq!(plain.world.runs(), 5);
}

#[tokio::test]
async fn doubled_fragments_double_the_work() {
    for levels in [1, 4, 8] {
        let plain = PlainSchema::new();
        let mut text = String::from("{ ...F0 }");
        for level in 0..levels {
            text += &format!(" fragment F{level} on Query {{ ...F{0} ...F{0} }}", level + 1);
        }
        text += &format!(" fragment F{levels} on Query {{ book {{ id }} }}");
        data(plain.run(&text, json!({})).await);
        assert_eq!(plain.world.runs(), 1 << levels, "{levels} levels");
    }
}

#[tokio::test]
async fn ten_thousand_aliases_run_ten_thousand_fields() {
    let plain = PlainSchema::new();
    let text: String = (0..10_000).map(|n| format!("a{n}: book {{ id }} ")).collect();
    assert_eq!(data(plain.run(&format!("{{ {text} }}"), json!({})).await).as_object().unwrap().len(), 10_000);
    assert_eq!(plain.world.runs(), 10_000);
}

#[tokio::test]
async fn ten_thousand_typenames_are_accepted_and_ten_thousand_directives_give_as_many_errors() {
    let plain = PlainSchema::new();
    let text = format!("{{ {} }}", "__typename ".repeat(10_000));
    assert_eq!(data(plain.run(&text, json!({})).await), json!({ "__typename": "Query" }));
    let text = format!("{{ book {{ id {} }} }}", "@skip(if: false) ".repeat(10_000));
    assert_eq!(plain.run(&text, json!({})).await.errors.len(), 9_999);
}

#[tokio::test]
async fn an_error_quotes_a_name_of_any_length() {
    let response = PlainSchema::new().run(&format!("{{ {} }}", "x".repeat(1_000_000)), json!({})).await;
    assert!(response.errors[0].message.len() > 1_000_000, "{} bytes", response.errors[0].message.len());
}

#[tokio::test]
async fn a_nullable_field_that_fails_nulls_its_parent() {
    let response = PlainSchema::new().run("{ shelf { width price } }", json!({})).await;
    assert_eq!(response.errors[0].path.len(), 2);
    assert_eq!(response.data.into_json().unwrap(), json!({ "shelf": null }));
}

#[tokio::test]
async fn a_missing_variable_is_not_named() {
    let response = PlainSchema::new().run("query($wanted: Int!) { book(id: $wanted) { id } }", json!({})).await;
    assert!(!response.errors[0].message.contains("$wanted"), "{:?}", response.errors);
}
