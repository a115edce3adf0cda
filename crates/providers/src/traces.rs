//! Traces for a collector: OpenTelemetry's protocol (OTLP) over HTTP, as protobuf.
//!
//! Spans wait in a bounded queue and are sent in batches by a thread of the library. An unavailable collector loses spans, but never delays
//! a response.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::Context as _;
use async_graphql::async_trait::async_trait;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};
use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig as _, WithHttpConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{Sampler, SdkTracerProvider};
use tokio::runtime::Handle;
use tracing::Subscriber;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::registry::LookupSpan;

use telemetry::logs;

/// Timeout for sending one batch of spans.
const BATCH_TIMEOUT: Duration = Duration::from_secs(10);
/// Timeout for sending the last spans when the program ends.
const STOP_TIMEOUT: Duration = Duration::from_secs(5);
/// The most bytes of a collector's response.
const MAX_RESPONSE: usize = 64 * 1024;

/// Sends the spans of this process to a collector.
pub struct Traces(SdkTracerProvider);

impl Traces {
    /// Starts to send `ratio` of all traces to the collector at `endpoint`, a URL without a path. Headers for it, such as a key, come from
    /// `OTEL_EXPORTER_OTLP_HEADERS`, as OpenTelemetry defines it.
    ///
    /// # Errors
    /// The URL is invalid, or this machine's certificates cannot be read.
    pub fn start(endpoint: &str, ratio: f64, runtime: &Handle) -> anyhow::Result<Self> {
        let connector = HttpsConnectorBuilder::new()
            .with_native_roots()
            .context("the certificates that this machine trusts")?
            .https_or_http()
            .enable_http1()
            .build();
        let client = Collector {
            runtime: runtime.clone(),
            client: Client::builder(TokioExecutor::new()).build(connector),
            is_away: AtomicBool::new(false),
        };
        let exporter = SpanExporter::builder()
            .with_http()
            .with_http_client(client)
            .with_protocol(Protocol::HttpBinary)
            .with_endpoint(format!("{}/v1/traces", endpoint.trim_end_matches('/')))
            .with_timeout(BATCH_TIMEOUT)
            .build()
            .context("the exporter of traces")?;
        let version = opentelemetry::KeyValue::new("service.version", env!("CARGO_PKG_VERSION"));
        let resource = Resource::builder().with_service_name("staygate").with_attribute(version).build();
        // Sampled by the trace's id, which is random.
        let sampler = Sampler::TraceIdRatioBased(ratio);
        let provider =
            SdkTracerProvider::builder().with_batch_exporter(exporter).with_sampler(sampler).with_resource(resource);
        Ok(Self(provider.build()))
    }

    /// The layer that exports the spans under [`logs::TRACE`].
    pub fn layer<S>(&self) -> impl Layer<S> + use<S>
    where
        S: Subscriber + for<'span> LookupSpan<'span> + Send + Sync,
    {
        tracing_opentelemetry::layer()
            .with_tracer(self.0.tracer("staygate"))
            .with_location(false)
            .with_threads(false)
            .with_target(false)
            .with_level(false)
            .with_tracked_inactivity(false)
            .with_filter::<Targets>(Targets::new().with_target(logs::TRACE, LevelFilter::TRACE))
    }

    /// Sends the remaining spans. Blocks for a few seconds at most.
    pub fn stop(self) {
        if let Err(error) = self.0.shutdown_with_timeout(STOP_TIMEOUT) {
            tracing::warn!(%error, "the last traces were not exported");
        }
    }
}

/// The library's thread has no runtime, so requests run on ours.
#[derive(Debug)]
struct Collector {
    runtime: Handle,
    client: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
    is_away: AtomicBool,
}

impl Collector {
    /// Logs once that the collector is unavailable, and once that it is available again.
    fn note(&self, failure: Option<&str>) {
        let was_away = self.is_away.swap(failure.is_some(), Ordering::Relaxed);
        match failure {
            Some(failure) if !was_away => tracing::warn!(failure, "traces cannot be exported and are lost"),
            None if was_away => tracing::info!("traces are exported again"),
            _ => {}
        }
    }
}

#[async_trait]
impl HttpClient for Collector {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let sending = self.client.request(request.map(Full::new));
        let sending = async move {
            let (parts, body) = tokio::time::timeout(BATCH_TIMEOUT, sending).await??.into_parts();
            let body = Limited::new(body, MAX_RESPONSE).collect().await?.to_bytes();
            Ok::<_, HttpError>(Response::from_parts(parts, body))
        };
        let answer = self.runtime.spawn(sending).await.map_err(HttpError::from).flatten();
        match &answer {
            Ok(answer) if answer.status().is_success() => self.note(None),
            Ok(answer) => self.note(Some(answer.status().as_str())),
            Err(error) => self.note(Some(&format!("{error:?}"))),
        }
        answer
    }
}
