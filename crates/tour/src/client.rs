//! A minimal client for GraphQL over HTTP, written as any client would be.

use anyhow::{Context as _, bail, ensure};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Bytes;
use hyper::{Method, Request, StatusCode, Uri, header};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use std::time::Duration;
use tokio::net::TcpStream;

/// Maximum time of any request.
pub(super) const TIMEOUT: Duration = Duration::from_secs(30);

/// A client of one server.
pub(super) struct Client {
    host: String,
    port: u16,
    authority: String,
    base_path: String,
}

impl Client {
    /// A client of the server at `url`, which is an `http://` URL.
    pub fn new(url: &str) -> anyhow::Result<Self> {
        let uri: Uri = url.parse().with_context(|| format!("--url: {url} is not a URL"))?;
        match uri.scheme_str() {
            Some("http") => {}
            Some("https") => bail!(
                "--url: {url}: the tour does not support TLS. Run it on the server's machine with its http:// URL"
            ),
            _ => bail!("--url: {url}: a URL must begin with http://"),
        }
        let authority = uri.authority().with_context(|| format!("--url: {url} has no host"))?;
        let host = authority.host().trim_start_matches('[').trim_end_matches(']').to_owned();
        let base_path = uri.path().trim_end_matches('/').to_owned();
        Ok(Self { host, port: authority.port_u16().unwrap_or(80), authority: authority.to_string(), base_path })
    }

    /// The URL for websockets.
    pub fn socket_url(&self) -> String {
        format!("ws://{}{}/graphql", self.authority, self.base_path)
    }

    /// Status and body of `GET path`.
    pub async fn get(&self, path: &str) -> anyhow::Result<(StatusCode, String)> {
        let request = self.request(Method::GET, path).body(Full::default())?;
        let (status, body) = self.send(request).await?;
        Ok((status, String::from_utf8_lossy(&body).into_owned()))
    }

    /// The whole response to an operation.
    pub async fn graphql(&self, token: Option<&str>, query: &str, variables: &Value) -> anyhow::Result<Value> {
        let body = json!({ "query": query, "variables": variables }).to_string();
        let mut request = self
            .request(Method::POST, "/graphql")
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::ACCEPT, "application/graphql-response+json");
        if let Some(token) = token {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        let (status, body) = self.send(request.body(Full::from(body))?).await?;
        let response: Value = serde_json::from_slice(&body)
            .with_context(|| format!("expected JSON, got {status} {}", String::from_utf8_lossy(&body).trim()))?;
        ensure!(response.is_object(), "expected a GraphQL response, got {response}");
        Ok(response)
    }

    fn request(&self, method: Method, path: &str) -> hyper::http::request::Builder {
        let target = format!("{}{path}", self.base_path);
        Request::builder().method(method).uri(target).header(header::HOST, self.authority.as_str())
    }

    async fn send(&self, request: Request<Full<Bytes>>) -> anyhow::Result<(StatusCode, Bytes)> {
        let exchange = tokio::time::timeout(TIMEOUT, self.exchange(request)).await;
        exchange.with_context(|| format!("no response within {} s", TIMEOUT.as_secs()))?
    }

    async fn exchange(&self, request: Request<Full<Bytes>>) -> anyhow::Result<(StatusCode, Bytes)> {
        let stream = TcpStream::connect((self.host.as_str(), self.port)).await.with_context(|| {
            format!("no server on {}: start one with `make run` or `staygate serve`", self.authority)
        })?;
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
        let driver = tokio::spawn(connection);
        let response = sender.send_request(request).await?;
        let status = response.status();
        let body = response.into_body().collect().await?.to_bytes();
        driver.abort();
        Ok((status, body))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(url: &str) -> String {
        Client::new(url).err().map(|error| format!("{error:#}")).unwrap_or_default()
    }

    #[test]
    fn urls_are_parsed() {
        let client = Client::new("http://[::1]:8080/api/").unwrap();
        assert_eq!((client.host.as_str(), client.port, client.base_path.as_str()), ("::1", 8080, "/api"));
        assert_eq!(client.socket_url(), "ws://[::1]:8080/api/graphql");
        assert_eq!(Client::new("http://example.com").unwrap().port, 80);
    }

    #[test]
    fn other_schemes_are_rejected_with_a_reason() {
        assert!(refusal("https://example.com").contains("does not support TLS"));
        assert!(refusal("ftp://example.com").contains("http://"));
        assert!(refusal("not a url").contains("is not a URL"));
    }
}
