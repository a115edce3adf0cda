//! Sessions: what their owner sees, and how they end.

use std::collections::BTreeSet;

use chrono::Duration;
use diesel_async::SimpleAsyncConnection as _;
use domain::{accounts, retention::Sweeper, sessions};
use futures_util::future::join_all;
use serde_json::{Value, json};
use tokio::{io::AsyncReadExt as _, net::TcpStream};
use types::{Email, SessionId};

use super::{EMAIL, PASSWORD, REFRESH, SIGN_IN, SIGN_OUT, execute, register, register_ada};
use crate::harness::{
    actors::{Actor, REGISTER},
    app::{Served, TestApp},
    database::TestDatabase,
    server::Server,
    socket::Socket,
    wire,
};

const LIST: &str = "query ($first: Int, $after: Cursor) { me { sessions(first: $first, after: $after) {
    nodes { id device network signedInAt lastUsedAt isCurrent } pageInfo { hasNextPage endCursor } } } }";
const NODE: &str = "query ($id: ID!) { node(id: $id) { ... on Session { id isCurrent } } }";
const END: &str = "mutation ($input: EndSessionInput!) { endSession(input: $input) { __typename
    ... on EndSessionSuccess { id } ... on UserError { code message path } } }";
const END_OTHERS: &str = "mutation ($input: EndOtherSessionsInput!) { endOtherSessions(input: $input) { __typename
    ... on EndOtherSessionsSuccess { count } ... on UserError { code } } }";
const EVENTS: &str = "subscription { event: myTripEvents { id } }";

/// A new session of Ada's.
async fn ada(app: &TestApp) -> Actor {
    app.pass(Duration::seconds(1));
    Actor::sign_in(app, EMAIL, PASSWORD).await
}

/// An application with several sessions of Ada's, besides the first one.
async fn adas<const N: usize>() -> (TestApp, [Actor; N]) {
    let app = TestApp::new().await;
    register_ada(&app).await;
    let mut sessions = Vec::new();
    for _ in 0..N {
        sessions.push(ada(&app).await);
    }
    (app, sessions.try_into().unwrap_or_else(|_| unreachable!()))
}

fn id(actor: &Actor) -> String {
    actor.member.session().to_string()
}

async fn end(actor: &Actor, id: &str) -> Value {
    actor.mutate(END, json!({ "sessionId": id })).await
}

async fn listed(actor: &Actor) -> Vec<Value> {
    let page = actor.run(LIST, json!({})).await["me"]["sessions"].clone();
    page["nodes"].as_array().unwrap_or_else(|| panic!("{page}")).clone()
}

async fn ids(actor: &Actor) -> Vec<String> {
    listed(actor).await.iter().map(|session| session["id"].as_str().unwrap().to_owned()).collect()
}

/// What a server says to a token: nothing, or the code and the message of its refusal.
async fn refusal(served: &Served, token: &str) -> Option<(String, String)> {
    refusal_at(&served.address.to_string(), token).await
}

async fn refusal_at(to: &str, token: &str) -> Option<(String, String)> {
    let reply = wire::post(to, token, "{ me { id } }", &json!({})).await.unwrap();
    let code = reply.code()?.to_owned();
    assert_eq!(reply.status, 401);
    Some((code, reply.body["errors"][0]["message"].as_str().unwrap().to_owned()))
}

fn ended() -> Option<(String, String)> {
    Some(("UNAUTHENTICATED".to_owned(), "the session has ended".to_owned()))
}

#[tokio::test]
async fn a_member_sees_their_sessions_last_used_first() {
    let app = TestApp::new().await;
    register_ada(&app).await;
    let served = app.serve_with(|settings| settings.trusted_proxies = 1).await;
    let input = json!({ "input": { "email": EMAIL, "password": PASSWORD } });
    let long = format!("Firefox \u{202e}  {}", "x".repeat(300));
    let mut actors = Vec::new();
    for (agent, address) in [("curl/8.5.0", "203.0.113.77"), (long.as_str(), "2001:db8:1:2::3"), ("", "203.0.113.77")] {
        app.pass(Duration::minutes(1));
        let headers = [("user-agent", agent), ("x-forwarded-for", address)];
        let headers = if agent.is_empty() { &headers[1..] } else { &headers };
        let reply = wire::post_with(&served.address.to_string(), "", headers, SIGN_IN, &input).await.unwrap();
        actors.push(Actor::of(&app, reply.field()));
    }
    app.pass(Duration::minutes(1));
    assert_eq!(execute(&app, REFRESH, json!({ "refreshToken": actors[0].refresh })).await["code"], Value::Null);
    let sessions = listed(&actors[1]).await;
    let part = |name: &str| -> Vec<Value> { sessions.iter().map(|session| session[name].clone()).collect() };
    assert_eq!(part("id")[..3], [0, 2, 1].map(|number| json!(id(&actors[number]))), "and the registration");
    assert_eq!(part("isCurrent"), [false, false, true, false].map(Value::from));
    let firefox = format!("Firefox {}", "x".repeat(192));
    let devices = ["curl/8.5.0", "Unknown device", &firefox, "Unknown device"];
    assert_eq!(part("device"), devices.map(Value::from));
    let network = "203.0.113.0/24";
    assert_eq!(part("network"), [Some(network), Some(network), Some("2001:db8:1::/48"), None].map(|it| json!(it)));
    let minute = |number: u32| json!(format!("2026-03-02T04:0{number}:00Z"));
    assert_eq!(part("signedInAt"), [1, 3, 2, 0].map(minute));
    assert_eq!(part("lastUsedAt"), [4, 3, 2, 0].map(minute));
}

#[tokio::test]
async fn sessions_are_paged() {
    let (_, [one, two, three, four]) = adas().await;
    let page =
        async |after: &Value| four.run(LIST, json!({ "first": 2, "after": after })).await["me"]["sessions"].clone();
    let first = page(&Value::Null).await;
    let second = page(&first["pageInfo"]["endCursor"]).await;
    let third = page(&second["pageInfo"]["endCursor"]).await;
    let of = |page: &Value, number: usize| page["nodes"][number]["id"].as_str().unwrap_or_default().to_owned();
    let found = [of(&first, 0), of(&first, 1), of(&second, 0), of(&second, 1)];
    assert_eq!(found, [&four, &three, &two, &one].map(id));
    assert_eq!([&first, &second, &third].map(|page| page["pageInfo"]["hasNextPage"] == true), [true, true, false]);
    assert_eq!(third["nodes"].as_array().unwrap().len(), 1, "the registration");
}

#[tokio::test]
async fn only_live_sessions_are_listed_and_found() {
    let (app, [one, two, three]) = adas().await;
    app.pass(Duration::days(20));
    let input = json!({ "refreshToken": one.refresh });
    assert_eq!(execute(&app, REFRESH, input).await["__typename"], "RefreshSessionSuccess");
    assert_eq!(end(&one, &id(&three)).await["id"], id(&three));
    assert_eq!(ids(&one).await[..2], [id(&one), id(&two)]);
    app.pass(Duration::days(11));
    assert_eq!(ids(&one).await, [id(&one)], "the others have expired");
    for gone in [&two, &three] {
        assert!(one.run(NODE, json!({ "id": id(gone) })).await["node"].is_null());
        assert_eq!(end(&one, &id(gone)).await["code"], "NOT_FOUND");
    }
    let found = one.run(NODE, json!({ "id": id(&one) })).await["node"].clone();
    assert_eq!(found, json!({ "id": id(&one), "isCurrent": true }));
}

#[tokio::test]
async fn a_session_that_is_always_used_ends_after_half_a_year() {
    let (app, [mut ada]) = adas().await;
    let end = app.app.now() + app.app.terms.session;
    let refresh = async |actor: &Actor| execute(&app, REFRESH, json!({ "refreshToken": actor.refresh })).await;
    for _ in 0..8 {
        app.pass(Duration::days(22));
        ada = Actor::of(&app, &refresh(&ada).await);
    }
    app.pass(Duration::days(4) - Duration::minutes(5));
    ada = Actor::of(&app, &refresh(&ada).await);
    let (_, expires_at) = app.app.keys.verify(&ada.access, app.app.now()).unwrap();
    assert_eq!(expires_at, end.whole_seconds(), "no token outlives it");
    assert_eq!(ids(&ada).await, [id(&ada)]);
    app.pass(Duration::minutes(5));
    assert_eq!(refresh(&ada).await["code"], "INVALID_SESSION");
    assert!(app.app.keys.verify(&ada.access, app.app.now()).is_err());
}

#[tokio::test]
async fn a_session_of_another_member_is_not_found() {
    let (app, [ada, other]) = adas().await;
    let eve = Actor::of(&app, &register(&app, "eve@example.org", PASSWORD).await);
    for session in [id(&ada), id(&other), "ses_0".to_owned(), ada.member.id().to_string()] {
        let refused = end(&eve, &session).await;
        assert_eq!((&refused["code"], &refused["path"]), (&json!("NOT_FOUND"), &json!(["input", "sessionId"])));
    }
    assert!(eve.run(NODE, json!({ "id": id(&ada) })).await["node"].is_null());
    assert_eq!(eve.mutate(END_OTHERS, json!({})).await["count"], 0);
    assert_eq!(ids(&eve).await, [id(&eve)]);
    assert_eq!(ids(&ada).await.len(), 3);
    let nobody = app.run(None, END, json!({ "input": { "sessionId": id(&ada) } })).await;
    assert_eq!(nobody.errors.len(), 1, "{nobody:?}");
}

/// Every way in which a session ends before its time.
#[derive(Debug, Clone, Copy)]
enum Way {
    EndSession,
    EndOtherSessions,
    EndCurrent,
    SignOut,
    ReusedToken,
    LockedAccount,
}

impl Way {
    async fn end(self, app: &TestApp, actor: &Actor) {
        match self {
            Self::EndSession => drop(end(&ada(app).await, &id(actor)).await),
            Self::EndCurrent => drop(end(actor, &id(actor)).await),
            Self::EndOtherSessions => drop(ada(app).await.mutate(END_OTHERS, json!({})).await),
            Self::SignOut => drop(execute(app, SIGN_OUT, json!({ "refreshToken": actor.refresh })).await),
            Self::ReusedToken => {
                let input = json!({ "refreshToken": actor.refresh });
                assert_eq!(execute(app, REFRESH, input.clone()).await["__typename"], "RefreshSessionSuccess");
                app.pass(Duration::minutes(1));
                assert_eq!(execute(app, REFRESH, input).await["code"], "INVALID_SESSION");
            }
            Self::LockedAccount => {
                let email: Email = EMAIL.parse().unwrap();
                accounts::lock(&app.app, &email).await.unwrap();
            }
        }
    }
}

#[tokio::test]
async fn an_ended_session_is_refused_here_at_once_and_elsewhere_after_a_tick() {
    let (app, []) = adas().await;
    let other = app.second_instance().await;
    let (here, there) = (app.serve().await, other.serve().await);
    sessions::notice_ends(&other.app).await.unwrap();
    for way in
        [Way::EndSession, Way::EndCurrent, Way::EndOtherSessions, Way::SignOut, Way::ReusedToken, Way::LockedAccount]
    {
        let actor = ada(&app).await;
        assert_eq!(
            (refusal(&here, &actor.access).await, refusal(&there, &actor.access).await),
            (None, None),
            "{way:?}"
        );
        way.end(&app, &actor).await;
        assert_eq!(refusal(&here, &actor.access).await, ended(), "{way:?}");
        assert_eq!(refusal(&there, &actor.access).await, None, "{way:?}: not yet");
        sessions::notice_ends(&other.app).await.unwrap();
        assert_eq!(refusal(&there, &actor.access).await, ended(), "{way:?}");
        let refresh = execute(&other, REFRESH, json!({ "refreshToken": actor.refresh })).await;
        assert_eq!(refresh["code"], "INVALID_SESSION", "{way:?}");
    }
}

#[tokio::test]
async fn a_server_that_starts_knows_what_has_ended_and_keeps_it_without_a_database() {
    let (app, [one, two]) = adas().await;
    end(&two, &id(&one)).await;
    let other = app.second_instance().await;
    sessions::notice_ends(&other.app).await.unwrap();
    let there = other.serve().await;
    assert_eq!(refusal(&there, &one.access).await, ended());
    other.app.database.close();
    assert!(sessions::notice_ends(&other.app).await.is_err());
    assert_eq!(refusal(&there, &one.access).await, ended());
    assert_eq!(other.app.ended_sessions.number(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_program_knows_what_has_ended_before_it_is_ready() {
    let test = TestDatabase::new().await;
    let first = Server::on(&test.url, "off").await;
    let input = json!({ "input": { "email": EMAIL, "password": PASSWORD, "displayName": "Ada" } });
    let registered = wire::post(first.address(), "", REGISTER, &input).await.unwrap();
    let text = |name: &str| registered.field()["tokens"][name].as_str().unwrap().to_owned();
    let (access, refresh) = (text("accessToken"), text("refreshToken"));
    assert_eq!(refusal_at(first.address(), &access).await, None);
    let input = json!({ "input": { "refreshToken": refresh } });
    assert_eq!(wire::post(first.address(), "", SIGN_OUT, &input).await.unwrap().field()["ended"], true);
    let second = Server::on(&test.url, "off").await;
    assert_eq!(refusal_at(second.address(), &access).await, ended());
    assert_eq!(refusal_at(first.address(), &access).await, ended());
}

/// What is read every 2 seconds.
#[tokio::test]
async fn a_look_for_ended_sessions_is_one_statement_and_finds_what_was_committed_late() {
    let (app, [two]) = adas().await;
    let one = Actor::of(&app, &register(&app, "eve@example.org", PASSWORD).await);
    let other = app.second_instance().await;
    sessions::notice_ends(&other.app).await.unwrap();
    let mut late = app.conn().await;
    late.batch_execute("START TRANSACTION").await.unwrap();
    store::sessions::end(&mut late, &[one.member.session()], app.app.now()).await.unwrap();
    end(&two, &id(&two)).await;
    let recording = other.app.database.statements().record();
    sessions::notice_ends(&other.app).await.unwrap();
    assert_eq!(recording.texts().len(), 1, "{:?}", recording.texts());
    let knows = |id: SessionId| other.app.ended_sessions.contains(id);
    assert_eq!((knows(one.member.session()), knows(two.member.session())), (false, true));
    late.batch_execute("COMMIT").await.unwrap();
    sessions::notice_ends(&other.app).await.unwrap();
    assert!(knows(one.member.session()));
}

/// What is received up to `part`.
async fn until(stream: &mut TcpStream, part: &str) -> String {
    let mut text = String::new();
    while !text.contains(part) {
        let mut bytes = [0; 1_024];
        let count = stream.read(&mut bytes).await.unwrap();
        assert!(count > 0, "it ended before {part:?}: {text}");
        text += &String::from_utf8_lossy(&bytes[..count]);
    }
    text
}

#[tokio::test]
async fn the_streams_of_an_ended_session_end_and_those_of_others_stay() {
    let (app, [one, two]) = adas().await;
    let other = app.second_instance().await;
    sessions::notice_ends(&other.app).await.unwrap();
    for (server, is_here) in [(&app, true), (&other, false)] {
        let served = server.serve().await;
        let to = served.address.to_string();
        let actor = ada(&app).await;
        let mut socket = Socket::open(&to, &actor.access).await;
        socket.subscribe(1, EVENTS, &json!({})).await;
        let mut stays = Socket::open(&to, &one.access).await;
        let bearer = format!("Bearer {}", actor.access);
        let headers =
            [("accept", "text/event-stream"), ("authorization", bearer.as_str()), wire::JSON, ("connection", "close")];
        let body = json!({ "query": EVENTS }).to_string();
        let mut events = wire::request(&to, wire::POST, &headers, &body).await.unwrap();
        let head = until(&mut events, ":\n\n").await;
        assert!(head.contains("200 OK") && head.contains("text/event-stream"), "{head}");
        end(&two, &id(&actor)).await;
        if !is_here {
            sessions::notice_ends(&other.app).await.unwrap();
        }
        assert_eq!(socket.closed().await, (4403, "Forbidden: the session has ended".to_owned()));
        let rest = wire::letters(events).await.unwrap();
        assert!(!rest.contains("complete"), "{rest}");
        stays.subscribe(1, "{ me { id } }", &json!({})).await;
        assert_eq!(stays.receive().await["type"], "next");
    }
}

#[tokio::test]
async fn of_two_ends_of_one_session_at_once_one_finds_it() {
    let (app, [one, two, three]) = adas().await;
    let other = app.second_instance().await;
    let (there, session) = (two.at(&other), id(&three));
    let (here, there) = tokio::join!(end(&one, &session), end(&there, &session));
    let codes: BTreeSet<_> = [&here, &there].map(|answer| answer["code"].as_str().unwrap_or("ok")).into();
    assert_eq!(codes, BTreeSet::from(["NOT_FOUND", "ok"]), "{here} {there}");
}

#[tokio::test]
async fn of_sessions_that_end_all_others_at_once_one_survives() {
    let (app, [one, two, three, four]) = adas().await;
    let other = app.second_instance().await;
    let all = [one.clone(), two.at(&other), three.clone(), four.at(&other)];
    let variables = json!({ "input": {} });
    let answers =
        join_all(all.iter().map(|actor| actor.app.run(Some(&actor.member), END_OTHERS, variables.clone()))).await;
    let counts: Vec<_> = answers
        .iter()
        .filter(|answer| answer.errors.is_empty())
        .map(|answer| serde_json::to_value(&answer.data).unwrap()["endOtherSessions"]["count"].clone())
        .collect();
    assert_eq!(counts, [json!(4)], "all but one had ended: {answers:?}");
    let winner = answers.iter().position(|answer| answer.errors.is_empty()).unwrap();
    assert_eq!(ids(&all[winner]).await, [id(&all[winner])]);
    let code = |answer: &async_graphql::Response| {
        serde_json::to_value(&answer.errors[0]).unwrap()["extensions"]["code"].clone()
    };
    assert!(answers.iter().filter(|answer| !answer.errors.is_empty()).all(|answer| code(answer) == "UNAUTHENTICATED"));
    let refused = all[(winner + 1) % 4].app.run(
        Some(&all[(winner + 1) % 4].member),
        END,
        json!({ "input": { "sessionId": id(&all[winner]) } }),
    );
    assert_eq!(code(&refused.await), "UNAUTHENTICATED", "an ended session ends no other");
}

#[tokio::test]
async fn the_devices_of_other_sessions_are_forgotten_on_request() {
    let app = TestApp::new().await;
    register_ada(&app).await;
    let input = json!({ "email": EMAIL, "password": PASSWORD });
    let [lost, own] = [execute(&app, SIGN_IN, input.clone()).await, execute(&app, SIGN_IN, input).await];
    let known = async |answer: &Value| {
        let input = json!({ "email": EMAIL, "password": PASSWORD, "deviceToken": answer["deviceToken"] });
        execute(&app, SIGN_IN, input).await["deviceToken"] == answer["deviceToken"]
    };
    let ada = Actor::of(&app, &own);
    assert_eq!(ada.mutate(END_OTHERS, json!({ "forgetDevices": null })).await["count"], 2);
    assert_eq!((known(&lost).await, known(&own).await), (true, true));
    assert_eq!(ada.mutate(END_OTHERS, json!({ "forgetDevices": true })).await["count"], 2);
    assert_eq!((known(&lost).await, known(&own).await), (false, true), "one session was on the own device");
}

#[tokio::test]
async fn ended_sessions_are_deleted_as_others_are() {
    let (app, [one, two]) = adas().await;
    end(&one, &id(&two)).await;
    app.pass(Duration::days(38));
    Sweeper::default().sweep(&app.app).await.unwrap();
    let conn = &mut app.conn().await;
    assert!(store::sessions::lock_all(conn, one.member.id()).await.unwrap().is_empty());
    assert!(store::sessions::recent_ends(conn, 3_600, 10).await.unwrap().is_empty(), "it was deleted");
}
