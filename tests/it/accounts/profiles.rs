//! What others see of a person, and how it is changed.

use diesel_async::RunQueryDsl as _;
use serde_json::{Value, json};

use crate::harness::{actors::Actor, app::TestApp, database::Name};

const UPDATE: &str = "mutation ($input: UpdateProfileInput!) { updateProfile(input: $input) { __typename
    ... on UpdateProfileSuccess { me { user { displayName about location avatarUrl languages } } }
    ... on InvalidInputProblem { fields { path message } } } }";
const PERSON: &str =
    "query ($id: ID!) { node(id: $id) { ... on User { displayName about location avatarUrl languages } } }";

async fn update(actor: &Actor, input: Value) -> Value {
    actor.mutate(UPDATE, input).await
}

#[tokio::test]
async fn each_field_of_a_profile_changes_alone_and_others_see_it() {
    let app = TestApp::new().await;
    let (ada, eve) = (app.guest().await, app.guest().await);
    let all = json!({ "displayName": "Ada L.", "about": "I like\n\ntrains.", "location": "Lisbon, Portugal",
        "avatarUrl": "https://photos.example.org/ada.jpg", "languages": ["pt-PT", "en", "EN"] });
    let changed = update(&ada, all).await;
    let mut expected = json!({ "displayName": "Ada L.", "about": "I like\n\ntrains.", "location": "Lisbon, Portugal",
        "avatarUrl": "https://photos.example.org/ada.jpg", "languages": ["pt-PT", "en"] });
    assert_eq!(changed["me"]["user"], expected, "{changed}");
    for (field, input, value) in [
        ("about", json!(null), json!(null)),
        ("location", json!("  "), json!(null)),
        ("avatarUrl", json!(null), json!(null)),
        ("languages", json!(null), json!([])),
        ("displayName", json!("  Ada  "), json!("Ada")),
    ] {
        expected[field] = value;
        assert_eq!(update(&ada, json!({ field: input })).await["me"]["user"], expected, "{field}");
    }
    let id = ada.member.id().to_string();
    assert_eq!(eve.run(PERSON, json!({ "id": id })).await["node"], expected);
    assert_eq!(update(&ada, json!({})).await["me"]["user"], expected, "nothing to change");
}

#[tokio::test]
async fn every_invalid_field_is_reported_and_nothing_changes() {
    let app = TestApp::new().await;
    let ada = app.guest().await;
    let before = update(&ada, json!({})).await["me"]["user"].clone();
    let refused = update(
        &ada,
        json!({ "displayName": "", "about": "a".repeat(2_001), "location": "b".repeat(101),
        "avatarUrl": "http://10.0.0.1/me.jpg", "languages": ["en", "no language!"] }),
    )
    .await;
    let paths: Vec<&Value> = refused["fields"].as_array().unwrap().iter().map(|field| &field["path"]).collect();
    let expected = [
        json!(["input", "displayName"]),
        json!(["input", "about"]),
        json!(["input", "location"]),
        json!(["input", "avatarUrl"]),
        json!(["input", "languages", "1"]),
    ];
    assert_eq!(paths, expected.iter().collect::<Vec<_>>(), "{refused}");
    let many: Vec<String> = (0..11).map(|number| format!("en-{number}")).collect();
    for input in [json!({ "languages": many }), json!({ "displayName": null }), json!({ "avatarUrl": "me.jpg" })] {
        assert_eq!(update(&ada, input.clone()).await["__typename"], "InvalidInputProblem", "{input}");
    }
    assert_eq!(update(&ada, json!({})).await["me"]["user"], before);
}

#[tokio::test]
async fn a_change_of_a_profile_is_an_event_of_the_person() {
    let app = TestApp::new().await;
    let ada = app.guest().await;
    let changes = async || {
        let count = "SELECT CAST(COUNT(*) AS CHAR) AS name FROM events WHERE kind = 'PROFILE_CHANGED'";
        diesel::sql_query(count).get_result::<Name>(&mut app.conn().await).await.unwrap().name
    };
    assert_eq!(changes().await, "0");
    for _ in 0..2 {
        update(&ada, json!({ "location": "Lisbon" })).await;
        assert_eq!(changes().await, "1", "the second changes nothing");
    }
}
