//! The pages and their files, the contract, and the health endpoints.

use std::sync::atomic::Ordering;

use pages::{DemoAccount, Example, Landing, Role};

use crate::client::send;
use crate::server::Server;

/// The content of the pages, with texts that must be escaped.
pub fn landing() -> Landing {
    Landing {
        name: "Test & Stay".into(),
        tagline: "Books <stays>.".into(),
        version: "0.1.0".into(),
        accounts: vec![DemoAccount {
            name: "Guest".into(),
            role: Role::Guest,
            email: "guest@example.com".into(),
            password: "correct horse".into(),
        }],
        examples: vec![Example {
            name: "Anyone".into(),
            title: "Ask <all>".into(),
            note: "Says \"hello\" & goes.".into(),
            role: Role::Anyone,
            query: "query Anyone { anyone }".into(),
            variables: String::new(),
            finds: vec![("word".into(), "/data/anyone".into())],
        }],
        attribution: Some("Data: nobody's.".into()),
        ..Landing::default()
    }
}

/// The URLs of the assets in a page.
fn files(page: &str) -> Vec<&str> {
    page.split('"').filter(|part| part.starts_with("/assets/")).collect()
}

/// The tags by which a page loads something. Links and attribution are not among them: they lead to
/// other hosts only when they are followed.
fn loading_tags(page: &str) -> Vec<&str> {
    let sources = page.split("src=\"").skip(1).chain(page.split("<link rel=").skip(1));
    sources.map(|rest| rest.split('>').next().unwrap()).collect()
}

#[tokio::test]
async fn the_landing_page_loads_nothing_from_elsewhere() {
    let server = Server::start().await;
    let page = send(server.address, "GET", "/", &[], "").await;
    assert_eq!(page.status, 200);
    assert!(page.body.contains("Test &amp; Stay") && page.body.contains("Books &lt;stays&gt;."));
    assert!(page.body.contains("guest@example.com") && page.body.contains("Data: nobody's."));
    assert!(!page.body.contains("http://") && !page.body.contains("https://"));
    let expected = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; \
                    form-action 'none'; frame-ancestors 'none'";
    assert_eq!(page.header("content-security-policy"), Some(expected));
    assert_eq!(files(&page.body).len(), 5, "an icon, two style sheets and two scripts");
}

/// O11: Visitors need not copy an access token into the headers of each tab; pages have an icon.
#[tokio::test]
async fn a_click_signs_in_and_each_example_opens_its_tab() {
    let server = Server::start().await;
    let home = send(server.address, "GET", "/", &[], "").await.body;
    let account = "[{&quot;name&quot;:&quot;Guest&quot;,&quot;role&quot;:&quot;guest&quot;,";
    assert!(home.contains(&format!("id=\"sign-in\" data-accounts=\"{account}")), "{home}");
    assert!(home.contains("<a href=\"/graphql?tab=Anyone\"><strong>Ask &lt;all&gt;</strong>"), "{home}");
    let explorer = send(server.address, "GET", "/graphql", &[("accept", "text/html")], "").await.body;
    assert!(explorer.contains(&format!("data-accounts=\"{account}")), "{explorer}");
    assert!(explorer.contains("&quot;note&quot;:&quot;Says \\&quot;hello\\&quot; &amp; goes.&quot;"), "{explorer}");
    for page in [home, explorer] {
        let icon = page.split("<link rel=\"icon\" href=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap();
        let reply = send(server.address, "GET", icon, &[], "").await;
        assert_eq!((reply.status, reply.header("content-type")), (200, Some("image/svg+xml")));
        assert!(
            loading_tags(&page).iter().all(|tag| tag.contains("\"/assets/") || tag.starts_with("/assets/")),
            "{page}"
        );
        assert!(
            !page.contains("<style")
                && !page.contains("<script>")
                && !page.contains(" style=")
                && !page.contains(" onclick=")
        );
    }
}

#[tokio::test]
async fn graphiql_is_served_to_browsers_with_its_files() {
    let server = Server::start().await;
    let accept = [("accept", "text/html,application/xhtml+xml,*/*;q=0.8")];
    let page = send(server.address, "GET", "/graphql", &accept, "").await;
    assert_eq!((page.status, page.header("content-type")), (200, Some("text/html; charset=utf-8")));
    assert!(page.header("content-security-policy").unwrap().contains("script-src 'self';"));
    assert_eq!(files(&page.body).len(), 12);
    for file in files(&page.body) {
        let reply = send(server.address, "GET", file, &[], "").await;
        assert_eq!(reply.status, 200, "{file}");
        assert!(reply.header("cache-control").unwrap().contains("immutable"));
        let tag = reply.header("etag").unwrap();
        assert_eq!(send(server.address, "GET", file, &[("if-none-match", tag)], "").await.status, 304);
    }
    assert_eq!(send(server.address, "GET", "/assets/../Cargo.toml", &[], "").await.status, 404);
}

/// The scripts and styles of this repository name no other host. Those of packages are covered by
/// the policy and by `make screenshots`.
#[tokio::test]
async fn the_files_of_the_pages_name_no_other_host() {
    let server = Server::start().await;
    let page = send(server.address, "GET", "/graphql", &[("accept", "text/html")], "").await;
    let own = files(&page.body).into_iter().filter(|file| !file.contains("graphiql.") && !file.contains("/react"));
    let own: Vec<_> = own.collect();
    assert_eq!(own.len(), 8);
    for file in own {
        let body = send(server.address, "GET", file, &[], "").await.body.replace("http://www.w3.org/2000/svg", "");
        for scheme in ["http://", "https://", "ws://", "wss://", "url("] {
            assert!(!body.contains(scheme), "{file} has {scheme}");
        }
    }
}

#[tokio::test]
async fn the_contract_is_served_with_a_tag() {
    let server = Server::start().await;
    let reply = send(server.address, "GET", "/schema.graphql", &[], "").await;
    assert_eq!((reply.status, reply.body.as_str()), (200, server.sdl.as_str()));
    let tag = reply.header("etag").unwrap();
    for known in [tag.to_owned(), format!("W/{tag}"), format!("\"x\", {tag}"), "*".to_owned()] {
        let again = send(server.address, "GET", "/schema.graphql", &[("if-none-match", &known)], "").await;
        assert_eq!((again.status, again.body.as_str()), (304, ""));
    }
    let other = send(server.address, "GET", "/schema.graphql", &[("if-none-match", "\"x\"")], "").await;
    assert_eq!(other.status, 200);
    assert_eq!(send(server.address, "POST", "/schema.graphql", &[], "").await.status, 405);
}

#[tokio::test]
async fn liveness_and_readiness_are_reported() {
    let server = Server::start().await;
    let get = async |path| send(server.address, "GET", path, &[], "").await;
    assert_eq!(get("/healthz").await.body, r#"{"status":"alive"}"#);
    assert_eq!(get("/readyz").await.body, r#"{"status":"ready"}"#);
    server.world.ready.store(false, Ordering::SeqCst);
    let reply = get("/readyz").await;
    assert_eq!(reply.status, 503);
    assert!(!reply.body.contains("database"));
    assert_eq!(get("/healthz").await.status, 200);
}
