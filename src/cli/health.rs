use anyhow::{Context, bail};
use clap::Args;
use http_body_util::{BodyExt, Empty};
use hyper::body::Bytes;
use hyper::{Request, StatusCode, Uri, header};
use hyper_util::rt::TokioIo;
use std::process::ExitCode;
use std::time::Duration;
use tokio::net::TcpStream;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The URL of the server.
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:8080")]
    url: String,
    /// How long to wait for a response, in seconds.
    #[arg(long, value_name = "S", default_value_t = 5)]
    timeout: u64,
}

pub(super) async fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let limit = Duration::from_secs(arguments.timeout);
    let response = tokio::time::timeout(limit, check(&arguments.url)).await;
    let body =
        response.with_context(|| format!("no response from {} within {} s", arguments.url, arguments.timeout))??;
    println!("{}", body.trim());
    Ok(ExitCode::SUCCESS)
}

/// The body of `GET /healthz` at `base`, which is an `http://` URL.
pub(super) async fn check(base: &str) -> anyhow::Result<String> {
    let uri: Uri =
        format!("{}/healthz", base.trim_end_matches('/')).parse().with_context(|| format!("{base} is not a URL"))?;
    if uri.scheme_str() != Some("http") {
        bail!("{base}: // addresses can be asked");
    }
    let authority = uri.authority().with_context(|| format!("{base} has no host"))?;
    let port = authority.port_u16().unwrap_or(80);
    let host = authority.host().trim_start_matches('[').trim_end_matches(']');
    let stream = TcpStream::connect((host, port)).await.with_context(|| format!("no server on {authority}"))?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    let driver = tokio::spawn(connection);
    let request = Request::get(uri.path()).header(header::HOST, authority.as_str()).body(Empty::<Bytes>::new())?;
    let response = sender.send_request(request).await?;
    let status = response.status();
    let body = response.into_body().collect().await?.to_bytes();
    driver.abort();
    let body = String::from_utf8_lossy(&body).into_owned();
    if status != StatusCode::OK {
        bail!("{base} is not healthy: {status} {}", body.trim());
    }
    Ok(body)
}
