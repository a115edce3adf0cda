//! Texts of users (S13, C22).

use serde_json::{Value, json};

use crate::harness::{
    actors::{CREATE_LISTING, DECLINE, REGISTER, home},
    app::{TestApp, instant},
};

const INVISIBLE: [&str; 5] = ["\u{200b}", "\u{2060}\u{ad}", "\u{202e}\u{2066}", "\u{2028}\u{a0}", "\u{3164}"];
const LISTING: &str =
    "query ($id: ID!) { listing(id: $id) { title description place { city neighborhood region } amenities { name }
    photos { caption } } }";

async fn register(app: &TestApp, name: &str) -> Value {
    let email = format!("someone{}@example.net", app.number());
    let input = json!({ "email": email, "password": "correct horse", "displayName": name });
    let answer = app.run(None, REGISTER, json!({ "input": input })).await;
    serde_json::to_value(answer.data).unwrap()["registerUser"].clone()
}

#[tokio::test]
async fn a_name_has_something_to_see() {
    let app = TestApp::new().await;
    for name in INVISIBLE {
        let answer = register(&app, name).await;
        assert_eq!((&answer["code"], &answer["path"]), (&json!("INVALID_INPUT"), &json!(["input", "displayName"])));
    }
    for (name, shown) in [
        ("Ann        (verified host)", "Ann (verified host)"),
        ("\u{202e}Ann\u{202c}\u{2028}Lee\u{200b}", "Ann Lee"),
        ("Zoe\u{308}", "Zo\u{eb}"),
    ] {
        let answer = register(&app, name).await;
        let id = answer["me"]["id"].as_str().unwrap_or_else(|| panic!("{answer}")).replacen("me_", "usr_", 1);
        let node = "query ($id: ID!) { node(id: $id) { ... on User { displayName } } }";
        let user = serde_json::to_value(app.run(None, node, json!({ "id": id })).await.data).unwrap();
        assert_eq!(user["node"]["displayName"], shown);
    }
}

/// Many combining marks on a letter (Zalgo) covered the lines around a name.
#[tokio::test]
async fn marks_on_a_letter_are_limited() {
    let app = TestApp::new().await;
    let marks =
        |number: usize| ['\u{30d}', '\u{337}', '\u{489}', '\u{e47}'].iter().cycle().take(number).collect::<String>();
    let piled: String = "Zed".chars().map(|letter| format!("{letter}{}", marks(12))).collect();
    let seen = app
        .run(
            None,
            REGISTER,
            json!({ "input": { "email": "zed@example.net", "password": "correct horse",
        "displayName": piled } }),
        )
        .await;
    let answer = serde_json::to_value(seen.data).unwrap()["registerUser"].clone();
    let id = answer["me"]["id"].as_str().unwrap_or_else(|| panic!("{answer}")).replacen("me_", "usr_", 1);
    let node = "query ($id: ID!) { node(id: $id) { ... on User { displayName } } }";
    let user = serde_json::to_value(app.run(None, node, json!({ "id": id })).await.data).unwrap();
    let name = user["node"]["displayName"].as_str().unwrap();
    assert!(name.starts_with('Z') && name.chars().count() <= 3 * (1 + 6), "{name}");
    let host = app.host().await;
    let id = host
        .listing(|input| {
            input["title"] = format!("F{}lat", marks(80)).into();
            input["description"] = format!("One{}.", marks(500)).into();
        })
        .await;
    let seen = host.run(LISTING, json!({ "id": id })).await["listing"].clone();
    for (field, letters) in [("title", 4), ("description", 4)] {
        let text = seen[field].as_str().unwrap();
        assert!((letters + 1..=letters + 6).contains(&text.chars().count()), "{text}");
    }
}

#[tokio::test]
async fn texts_of_a_listing_are_what_they_appear_to_be() {
    let app = TestApp::new().await;
    let host = app.host().await;
    for (path, field) in [("/title", "title"), ("/place/city", "city")] {
        for text in INVISIBLE {
            let mut input = home();
            *input.pointer_mut(path).unwrap() = text.into();
            let answer = host.mutate(CREATE_LISTING, input).await;
            assert_eq!(answer["code"], "INVALID_INPUT", "{text:?}: {answer}");
            assert_eq!(answer["path"].as_array().unwrap().last().unwrap(), field);
        }
    }
    let dirty = |text: &str| format!("\u{202e}{text}\u{202c}\u{200b}    \u{2028}B\u{ad}");
    let id = host
        .listing(|input| {
            input["title"] = dirty("Flat").into();
            input["description"] = "One.\r\nTwo.\u{202e}\tThree.".into();
            input["place"]["city"] = dirty("City").into();
            input["place"]["neighborhood"] = dirty("Quarter").into();
            input["place"]["region"] = "\u{200b}".into();
            input["amenities"] = json!([dirty("Pool")]);
            input["photos"][0]["caption"] = dirty("View").into();
        })
        .await;
    let seen = host.run(LISTING, json!({ "id": id })).await["listing"].clone();
    assert_eq!((&seen["title"], &seen["place"]["city"]), (&json!("Flat B"), &json!("City B")), "{seen}");
    assert_eq!((&seen["place"]["neighborhood"], &seen["place"]["region"]), (&json!("Quarter B"), &Value::Null));
    assert_eq!(seen["description"], "One.\nTwo. Three.");
    assert_eq!((&seen["amenities"][0]["name"], &seen["photos"][0]["caption"]), (&json!("Pool B"), &json!("View B")));
}

/// C22: reviews are cleaned like descriptions.
#[tokio::test]
async fn a_review_takes_line_ends_of_all_kinds_and_tabs() {
    const WRITE: &str = "mutation ($input: WriteReviewInput!) { writeReview(input: $input) {
        ... on WriteReviewSuccess { review { text } } ... on UserError { code path } } }";
    let app = TestApp::new().await;
    let (host, guest) = (app.host().await, app.guest().await);
    let listing = host.listing(|_| {}).await;
    let booking = guest.book_and_pay(&listing, "2026-04-01", "2026-04-07").await;
    app.clock.set(instant("2026-04-07T03:00:00Z"));
    let ratings =
        json!({ "cleanliness": 5, "accuracy": 5, "checkIn": 5, "communication": 5, "location": 5, "value": 3 });
    let review = |text: &str| json!({ "bookingId": booking, "rating": 5, "ratings": ratings, "text": text });
    for invisible in INVISIBLE {
        assert_eq!(guest.mutate(WRITE, review(invisible)).await["path"], json!(["input", "text"]), "{invisible:?}");
    }
    let written = guest.mutate(WRITE, review("a\r\nb\tc\u{202e}\u{2028}d\re")).await;
    assert_eq!(written["review"]["text"], "a\nb c\nd\ne", "{written}");
}

#[tokio::test]
async fn a_message_to_a_guest_is_bounded_and_plain() {
    let app = TestApp::new().await;
    let (host, guest) = (app.host().await, app.guest().await);
    let listing = host.listing(|input| input["instantBook"] = false.into()).await;
    let booking = guest.book_and_pay(&listing, "2026-04-01", "2026-04-07").await;
    let decline = |message: String| json!({ "bookingId": booking, "idempotencyKey": app.key(), "message": message });
    for wrong in ["x".repeat(1_001), "a\u{7}b".to_owned()] {
        let refused = host.mutate(DECLINE, decline(wrong)).await;
        assert_eq!(refused["path"], json!(["input", "message"]), "{refused}");
    }
    let declined = host.mutate(DECLINE, decline("\u{202e}Sorry,\r\nfull.".to_owned())).await;
    assert_eq!(declined["booking"]["status"], "DECLINED", "{declined}");
}
