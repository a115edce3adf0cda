//! Pages, files, health.

use std::sync::atomic::Ordering;

use crate::client::send;
use crate::server::Server;

#[tokio::test]
async fn the_landing_page_loads_nothing_from_elsewhere() {
    let server = Server::start().await;
    let page = send(server.address, "GET", "/", &[], "").await;
    assert_eq!(page.status, 200);
    assert!(page.body.contains("Test &amp; Stay") && page.body.contains("Books &lt;stays&gt;."));
    assert!(page.body.contains("guest@example.com") && page.body.contains("Data: nobody&#39;s."));
    assert!(!page.body.contains("http://") && !page.body.contains("https://"));
    assert!(page.header("content-security-policy").unwrap().starts_with("default-src 'none'"));
}

#[tokio::test]
async fn graphiql_is_for_browsers_and_its_files_are_here() {
    let server = Server::start().await;
    let accept = [("accept", "text/html,application/xhtml+xml,*/*;q=0.8")];
    let page = send(server.address, "GET", "/graphql", &accept, "").await;
    assert_eq!((page.status, page.header("content-type")), (200, Some("text/html; charset=utf-8")));
    assert!(page.header("content-security-policy").unwrap().contains("script-src 'self';"));
    let files: Vec<&str> = page.body.split('"').filter(|part| part.starts_with("/assets/")).collect();
    assert_eq!(files.len(), 6);
    for file in files {
        let reply = send(server.address, "GET", file, &[], "").await;
        assert_eq!(reply.status, 200, "{file}");
        assert!(reply.header("cache-control").unwrap().contains("immutable"));
        let tag = reply.header("etag").unwrap();
        assert_eq!(send(server.address, "GET", file, &[("if-none-match", tag)], "").await.status, 304);
    }
    assert_eq!(send(server.address, "GET", "/assets/../Cargo.toml", &[], "").await.status, 404);
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
async fn health_is_alive_and_ready() {
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
