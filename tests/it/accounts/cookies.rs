//! Sessions in cookies, for single-page apps.

use chrono::Duration;
use futures_util::future::join_all;
use graphql::cookies::SessionCookies;
use graphql_contract::documents::Limits;
use serde_json::{Value, json};
use staygate::gateway;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use super::{EMAIL, PASSWORD, REFRESH, SIGN_IN, SIGN_OUT, register_ada};
use crate::harness::{
    actors::{REGISTER, VERIFY_EMAIL},
    app::{Served, TestApp},
    browser::{Browser, Page},
    mailbox::code_in,
    socket::Socket,
    wire,
};

const ME: &str = "{ me { email emailVerified sessions { nodes { id isCurrent } } } }";
const END: &str = "mutation ($input: EndSessionInput!) { endSession(input: $input) { __typename } }";
const CHANGE: &str = "mutation ($input: ChangePasswordInput!) { changePassword(input: $input) { __typename } }";
const RESET: &str = "mutation ($input: ResetPasswordInput!) { resetPassword(input: $input) { __typename
    ... on ResetPasswordSuccess { deviceToken tokens { accessToken refreshToken refreshTokenExpiresAt } } } }";
const EVENTS: &str = "subscription { event: myTripEvents { id } }";
const APP: &str = "https://app.example.org";

/// A server with Ada's account, and a browser in which she is signed in.
async fn signed_in() -> (TestApp, Served, Browser) {
    let app = TestApp::new().await;
    register_ada(&app).await;
    let served = app.serve_with_cookies(&[APP]).await;
    let browser = Browser::new(served.address);
    sign_in(&browser).await;
    (app, served, browser)
}

async fn sign_in(browser: &Browser) -> Page {
    let input = json!({ "email": EMAIL, "password": PASSWORD });
    let page = browser.run(SIGN_IN, json!({ "input": input })).await;
    assert_eq!(page.field()["__typename"], "SignInSuccess");
    page
}

async fn email(browser: &Browser) -> Value {
    browser.run_with(&[], ME, json!({})).await.field()["email"].clone()
}

/// Whether nothing that a script can read is a token.
fn is_without_tokens(page: &Page) -> bool {
    let text = page.body.to_string();
    !["rt_", "dev_", "eyJ"].iter().any(|start| text.contains(start))
}

#[tokio::test]
async fn tokens_are_in_cookies_that_scripts_cannot_read() {
    let (_app, _served, browser) = signed_in().await;
    let page = sign_in(&browser).await;
    assert!(is_without_tokens(&page), "{page:?}");
    let payload = page.field();
    assert_eq!((&payload["deviceToken"], &payload["tokens"]["accessToken"]), (&Value::Null, &Value::Null));
    assert_eq!(payload["tokens"]["accessTokenExpiresAt"], "2026-03-02T04:15:00Z", "when to refresh is no secret");
    let names: Vec<_> = page.set.iter().filter_map(|set| set.split('=').next()).collect();
    assert_eq!(names, ["__Host-staygate-access", "__Host-staygate-refresh", "__Host-staygate-device"]);
    for (set, days) in page.set.iter().zip([30, 30, 180]) {
        let attributes = set.split_once("; ").map(|(_, attributes)| attributes);
        let expected = format!("Path=/; Max-Age={}; HttpOnly; SameSite=Strict; Secure", days * 24 * 60 * 60);
        assert_eq!(attributes, Some(expected.as_str()), "{set}");
    }
    assert_eq!(email(&browser).await, EMAIL);
    assert_eq!(email(&browser.at(APP)).await, EMAIL, "also from the listed origin");
}

#[tokio::test]
async fn without_tls_cookies_are_plain() {
    let app = TestApp::new().await;
    register_ada(&app).await;
    let plain = gateway::with_limits(&app.app, Limits::default(), SessionCookies::new(false)).unwrap();
    let served = app.serve_gateway(|gateway| *gateway = plain).await;
    let browser = Browser::new(served.address);
    let page = sign_in(&browser).await;
    let access = page.set.iter().find(|set| set.starts_with("staygate-access=")).unwrap();
    assert!(access.ends_with("; HttpOnly; SameSite=Strict"), "{access}");
    assert_eq!(email(&browser).await, EMAIL);
}

#[tokio::test]
async fn without_the_header_a_sign_in_sets_no_cookies_and_does_not_show_those_there_are() {
    let (_app, _served, browser) = signed_in().await;
    let device = browser.cookie("device").unwrap();
    let input = json!({ "input": { "email": EMAIL, "password": PASSWORD } });
    let page = browser.run_with(&[], SIGN_IN, input).await;
    assert!(page.set.is_empty() && page.field()["tokens"]["refreshToken"].is_string(), "{page:?}");
    assert_ne!(page.field()["deviceToken"], device);
    // A script that was injected into the page asks for the tokens without the header.
    let refreshed = browser.run_with(&[], REFRESH, json!({ "input": {} })).await;
    assert_eq!((refreshed.field()["__typename"].as_str(), refreshed.set.len()), (Some("RefreshSessionSuccess"), 2));
    assert!(is_without_tokens(&refreshed), "{refreshed:?}");
}

#[tokio::test]
async fn other_pages_can_neither_use_nor_set_the_cookies() {
    let (_app, served, browser) = signed_in().await;
    let before = browser.cookies();
    let sign_in = json!({ "input": { "email": EMAIL, "password": PASSWORD } });
    for origin in ["https://evil.example", "null", "https://app.example.org.evil.example", "http://app.example.org"] {
        let evil = browser.at(origin);
        for (query, variables) in [
            (ME, json!({})),
            (REFRESH, json!({ "input": {} })),
            (SIGN_OUT, json!({ "input": {} })),
            // Login CSRF: the victim would go on in an account of the attacker's.
            (SIGN_IN, sign_in.clone()),
        ] {
            for headers in [&[][..], &[("staygate-session", "cookie")], &[("accept", "text/event-stream")]] {
                let page = evil.run_with(headers, query, variables.clone()).await;
                assert_eq!((page.status, page.code()), (403, Some("BAD_REQUEST")), "{origin}: {page:?}");
                assert!(page.set.is_empty());
            }
        }
    }
    let visitor = Browser::new(served.address).at("https://evil.example");
    assert_eq!(visitor.run(SIGN_IN, sign_in).await.status, 403, "also without cookies");
    let reply =
        wire::post_with(&served.address.to_string(), "", &[("cookie", &browser.header())], ME, &json!({})).await;
    assert_eq!(reply.unwrap().status, 403, "a request that does not say which page it is from");
    assert_eq!(browser.cookies(), before);
    assert_eq!(browser.mutate(REFRESH, json!({})).await["__typename"], "RefreshSessionSuccess", "nothing happened");
}

/// The next request on the connection was lost, without a warning.
#[tokio::test]
async fn a_request_that_is_refused_before_its_body_came_closes_the_connection_and_says_so() {
    let (_app, served, browser) = signed_in().await;
    let to = served.address.to_string();
    for (header, status) in [(("cookie", browser.header().as_str()), "403"), (("accept", "image/png"), "406")] {
        let mut stream = TcpStream::connect(&to).await.unwrap();
        let head =
            format!("{}\r\nhost: {to}\r\n{}: {}\r\ncontent-length: 10000\r\n\r\n", wire::POST, header.0, header.1);
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        let head = answer.split_once("\r\n\r\n").unwrap().0;
        assert!(head.contains(status) && head.contains("connection: close"), "{head}");
    }
}

#[tokio::test]
async fn a_session_is_refreshed_by_its_cookie() {
    let (app, _served, browser) = signed_in().await;
    let first = browser.cookies();
    app.pass(Duration::minutes(16));
    let stale = browser.run(ME, json!({})).await;
    assert_eq!((stale.status, stale.code()), (401, Some("UNAUTHENTICATED")), "the sign to refresh");
    let page = browser.run(REFRESH, json!({ "input": { "refreshToken": null } })).await;
    assert!(is_without_tokens(&page) && page.field()["tokens"]["refreshTokenExpiresAt"].is_string(), "{page:?}");
    let names = |browser: &Browser| browser.cookies().into_keys().collect::<Vec<_>>();
    assert_eq!(names(&browser).len(), 3);
    assert!(browser.cookie("refresh") != first.get("__Host-staygate-refresh").cloned());
    assert_eq!(email(&browser).await, EMAIL);
    browser.forget("access");
    assert_eq!(browser.run(ME, json!({})).await.code(), Some("UNAUTHENTICATED"), "not a visitor");
    assert_eq!(browser.mutate(REFRESH, json!({})).await["__typename"], "RefreshSessionSuccess");
    app.pass(Duration::days(31));
    let over = browser.run(REFRESH, json!({ "input": {} })).await;
    assert_eq!((over.field()["code"].as_str(), names(&browser).len()), (Some("INVALID_SESSION"), 1), "{over:?}");
    assert_eq!(email(&browser).await, Value::Null, "a visitor again, on a known device");
    assert_eq!(browser.mutate(REFRESH, json!({})).await["code"], "INVALID_SESSION", "there is no cookie");
}

#[tokio::test]
async fn tabs_that_refresh_at_once_keep_one_session_also_from_two_networks() {
    let (app, _served, _) = signed_in().await;
    let served = app.serve_with(|settings| settings.trusted_proxies = 1).await;
    let browser = Browser::new(served.address);
    sign_in(&browser).await;
    let tabs = (0..6).map(|tab| {
        let tab_of = browser.copied();
        async move {
            let address = format!("192.0.2.{tab}");
            let headers = [("staygate-session", "cookie"), ("x-forwarded-for", address.as_str())];
            let page = tab_of.run_with(&headers, REFRESH, json!({ "input": {} })).await;
            (page.field()["__typename"].clone(), page.set)
        }
    });
    let pages = join_all(tabs).await;
    assert_eq!(pages[0].0, "RefreshSessionSuccess");
    assert!(pages.iter().all(|page| *page == pages[0]), "{pages:?}");
}

#[tokio::test]
async fn a_copied_refresh_cookie_that_is_used_twice_ends_the_session() {
    let (app, served, browser) = signed_in().await;
    let thief = browser.copied();
    assert_eq!(browser.mutate(REFRESH, json!({})).await["__typename"], "RefreshSessionSuccess");
    let mut socket = Socket::of_browser(&served.address.to_string(), &browser.header(), None).await;
    app.pass(Duration::minutes(1));
    assert_eq!(thief.mutate(REFRESH, json!({})).await["code"], "INVALID_SESSION");
    assert!(thief.cookie("access").is_none() && thief.cookie("refresh").is_none());
    assert_eq!(socket.closed().await.0, 4403);
    assert_eq!(browser.run(ME, json!({})).await.code(), Some("UNAUTHENTICATED"));
    assert_eq!(browser.mutate(REFRESH, json!({})).await["code"], "INVALID_SESSION", "both are out");
}

#[tokio::test]
async fn signing_out_removes_the_cookies_and_keeps_the_device() {
    let (_app, served, browser) = signed_in().await;
    let copied = browser.copied();
    let page = browser.run(SIGN_OUT, json!({ "input": {} })).await;
    assert_eq!(page.field()["ended"], true);
    let expected = |name: &str| format!("{name}=; Path=/; Max-Age=0; HttpOnly; SameSite=Strict; Secure");
    assert_eq!(page.set, ["__Host-staygate-access", "__Host-staygate-refresh"].map(expected));
    assert_eq!(browser.cookies().into_keys().collect::<Vec<_>>(), ["__Host-staygate-device"]);
    assert_eq!(copied.run(ME, json!({})).await.code(), Some("UNAUTHENTICATED"), "the session is over");
    assert_eq!(browser.mutate(SIGN_OUT, json!({})).await["ended"], false);
    let without = Browser::new(served.address).run_with(&[], SIGN_OUT, json!({ "input": {} })).await;
    assert_eq!(without.field()["code"], "INVALID_INPUT");
    let device = browser.cookie("device");
    sign_in(&browser).await;
    assert_eq!(browser.cookie("device"), device, "a known device stays the same");
    let current = browser.run(ME, json!({})).await.field()["sessions"]["nodes"].clone();
    let current = current.as_array().unwrap().iter().find(|session| session["isCurrent"] == true).unwrap().clone();
    assert_eq!(browser.mutate(END, json!({ "sessionId": current["id"] })).await["__typename"], "EndSessionSuccess");
    assert_eq!(email(&browser).await, Value::Null, "ended by its own page");
}

#[tokio::test]
async fn an_account_begins_in_a_browser_and_changes_its_password_there() {
    let app = TestApp::new().await;
    let served = app.serve_with_cookies(&[APP]).await;
    let (browser, other) = (Browser::new(served.address), Browser::new(served.address));
    let input = json!({ "email": EMAIL, "password": PASSWORD, "displayName": "Ada" });
    let page = browser.run(REGISTER, json!({ "input": input })).await;
    assert!(is_without_tokens(&page) && browser.cookies().len() == 3, "{page:?}");
    app.work().await;
    let code = code_in(&app.mailbox.last_to(EMAIL));
    let (access, refresh) = (browser.cookie("access"), browser.cookie("refresh"));
    let page = browser.run_with(&[], VERIFY_EMAIL, json!({ "input": { "code": code } })).await;
    assert!(is_without_tokens(&page) && page.field()["accessToken"].is_null(), "{page:?}");
    assert!(browser.cookie("access") != access && browser.cookie("refresh") == refresh);
    assert_eq!(browser.run(ME, json!({})).await.field()["emailVerified"], true);
    sign_in(&other).await;
    let passwords = json!({ "currentPassword": PASSWORD, "newPassword": "another fine horse" });
    assert_eq!(browser.mutate(CHANGE, passwords).await["__typename"], "ChangePasswordSuccess");
    assert_eq!(email(&browser).await, EMAIL, "the session continues");
    assert_eq!(other.run(ME, json!({})).await.code(), Some("UNAUTHENTICATED"));
    assert_eq!(other.mutate(REFRESH, json!({})).await["code"], "INVALID_SESSION");
    app.pass(Duration::minutes(2));
    let request =
        "mutation ($input: RequestPasswordResetInput!) { requestPasswordReset(input: $input) { __typename } }";
    other.mutate(request, json!({ "email": EMAIL })).await;
    app.work().await;
    let input = json!({ "code": code_in(&app.mailbox.last_to(EMAIL)), "newPassword": "yet another horse" });
    let page = other.run(RESET, json!({ "input": input })).await;
    assert!(is_without_tokens(&page) && page.set.len() == 3, "{page:?}");
    assert_eq!(email(&other).await, EMAIL);
    assert_eq!(browser.run(ME, json!({})).await.code(), Some("UNAUTHENTICATED"), "a reset ends the others");
}

#[tokio::test]
async fn a_token_leaves_the_cookies_alone() {
    let (app, served, browser) = signed_in().await;
    let gina = app.guest().await;
    let bearer = format!("Bearer {}", gina.access);
    let authorization = ("authorization", bearer.as_str());
    let page = browser.run_with(&[authorization], ME, json!({})).await;
    assert_ne!(page.field()["email"], EMAIL);
    let page = browser.run_with(&[authorization], REFRESH, json!({ "input": {} })).await;
    assert_eq!((page.field()["code"].as_str(), page.set.len()), (Some("INVALID_SESSION"), 0), "not Ada's");
    let page = browser.run_with(&[authorization], SIGN_OUT, json!({ "input": {} })).await;
    assert_eq!((page.field()["code"].as_str(), page.set.len()), (Some("INVALID_INPUT"), 0));
    let both = [authorization, ("staygate-session", "cookie")];
    assert_eq!(browser.run_with(&both, ME, json!({})).await.status, 400);
    assert_eq!(email(&browser).await, EMAIL);
    let mut socket = Socket::of_browser(&served.address.to_string(), &browser.header(), Some(&gina.access)).await;
    socket.subscribe(1, ME, &json!({})).await;
    assert_ne!(socket.receive().await["payload"]["data"]["me"]["email"], EMAIL);
}

#[tokio::test]
async fn a_websocket_has_the_session_of_the_cookie_but_cannot_renew_it() {
    let (app, served, browser) = signed_in().await;
    let to = served.address.to_string();
    let mut socket = Socket::of_browser(&to, &browser.header(), None).await;
    socket.subscribe(1, ME, &json!({})).await;
    assert_eq!(socket.receive().await["payload"]["data"]["me"]["email"], EMAIL);
    assert_eq!(socket.receive().await["type"], "complete");
    for (id, mutation) in [(2, REFRESH), (3, SIGN_OUT)] {
        socket.subscribe(id, mutation, &json!({ "input": {} })).await;
        let message = socket.receive().await;
        assert_eq!(message["payload"]["errors"][0]["extensions"]["code"], "BAD_USER_INPUT", "{message}");
        assert_eq!(socket.receive().await["type"], "complete");
    }
    let events = [("accept", "text/event-stream"), ("staygate-session", "cookie")];
    let input = json!({ "input": { "email": EMAIL, "password": PASSWORD } });
    let stream = browser.run_with(&events, SIGN_IN, input).await;
    assert!(stream.body.to_string().contains("BAD_USER_INPUT") && is_without_tokens(&stream), "{stream:?}");
    socket.subscribe(4, EVENTS, &json!({})).await;
    assert_eq!(browser.mutate(REFRESH, json!({})).await["__typename"], "RefreshSessionSuccess", "it was not used up");
    assert_eq!(browser.mutate(SIGN_OUT, json!({})).await["ended"], true);
    assert_eq!(socket.closed().await.0, 4403);
    sign_in(&browser).await;
    app.pass(Duration::minutes(16));
    assert_eq!(Socket::refused_of_browser(&to, &browser.header()).await, 4403, "the sign to refresh");
}
