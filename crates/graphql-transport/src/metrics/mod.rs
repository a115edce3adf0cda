//! The metrics of the transport, and the endpoint for all metrics: in the OpenMetrics text format,
//! which Prometheus reads, on a separate listener that clients of the API cannot reach.

mod operations;
mod process;

use std::fmt;
use std::future::pending;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use poem::http::StatusCode;
use poem::{Endpoint, EndpointExt as _, Request, Response, Route, get};
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, MetricEncoder, NoLabelSet, text};
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::Registry;
use tokio::net::TcpListener;

use super::connection::{ConnectionLimits, ConnectionListener};
use super::health::Ready;
use super::server::Server;
use super::shared::Shared;
pub(super) use operations::{FinishedOperation, Operations};
use telemetry::{BUCKETS, HistogramSnapshot, Labels, Metric, Samples};

const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Maximum number of connections to the metrics endpoint.
const MAX_CONNECTIONS: usize = 50;

/// The metrics of the transport.
#[derive(Default)]
pub(super) struct Metrics {
    pub operations: Operations,
    /// HTTP responses by the first digit of their status.
    statuses: [AtomicU64; 5],
}

impl Metrics {
    /// Counts an HTTP response.
    pub fn count_status(&self, status: StatusCode) {
        let class = usize::from(status.as_u16() / 100);
        if let Some(count) = class.checked_sub(1).and_then(|class| self.statuses.get(class)) {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn metrics(&self) -> Vec<Metric> {
        let mut metrics = self.operations.metrics();
        let status = |(class, count): (usize, &AtomicU64)| {
            (vec![("status", format!("{}xx", class + 1))], count.load(Ordering::Relaxed))
        };
        let help = "Responses over HTTP, including pages and health checks";
        let samples = Samples::Counters(self.statuses.iter().enumerate().map(status).collect());
        metrics.push(Metric { name: "http_answers", help, samples });
        metrics
    }
}

/// Serves /metrics, and /readyz with details, as long as the server runs; does nothing without a
/// listener. Returns only on failure.
pub(super) async fn serve(listener: Option<TcpListener>, shared: Arc<Shared>) -> io::Result<()> {
    let Some(listener) = listener else { return pending().await };
    let idle = shared.settings.idle_timeout;
    let limits = ConnectionLimits {
        connections: MAX_CONNECTIONS,
        per_address: MAX_CONNECTIONS,
        ..ConnectionLimits::of(&shared.settings)
    };
    let connections = ConnectionListener::new(listener, limits, Arc::default())?;
    let ready = Ready { shared: Arc::clone(&shared), has_details: true };
    let routes = Route::new().at("/readyz", get(ready)).at("/metrics", get(Exporter(shared))).map_to_response();
    Server { idle, drain: Duration::ZERO, max_streams: 1 }.run(connections, routes, pending()).await;
    Ok(())
}

/// GET /metrics.
struct Exporter(Arc<Shared>);

impl Endpoint for Exporter {
    type Output = Response;

    async fn call(&self, _: Request) -> poem::Result<Response> {
        let shared = &self.0;
        let version = vec![(vec![("version", env!("CARGO_PKG_VERSION").to_owned())], 1.0)];
        let mut metrics = vec![Metric {
            name: "build_info",
            help: "The running version; always 1",
            samples: Samples::Gauges(version),
        }];
        metrics.extend(shared.metrics.metrics());
        metrics.extend(shared.metrics());
        metrics.extend(shared.readiness.metrics());
        Ok(match render(shared.settings.name, metrics) {
            Ok(body) => Response::builder().content_type(OPEN_METRICS).header("cache-control", "no-store").body(body),
            Err(fmt::Error) => StatusCode::INTERNAL_SERVER_ERROR.into(),
        })
    }
}

/// All metrics as text.
fn render(name: &str, metrics: Vec<Metric>) -> Result<String, fmt::Error> {
    let mut ours = Registry::with_prefix(name);
    ours.register_collector(Box::new(Scrape(metrics)));
    let mut process = Registry::with_prefix("process");
    process.register_collector(Box::new(Scrape(process::metrics())));
    let mut body = String::new();
    text::encode_registry(&mut body, &process)?;
    text::encode(&mut body, &ours)?;
    Ok(body)
}

/// The metrics of one scrape.
#[derive(Debug)]
struct Scrape(Vec<Metric>);

impl Collector for Scrape {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|metric| {
            let kind = match metric.samples {
                Samples::Counters(_) | Samples::Sums(_) => MetricType::Counter,
                Samples::Gauges(_) => MetricType::Gauge,
                Samples::Histograms(_) => MetricType::Histogram,
            };
            let family = encoder.encode_descriptor(metric.name, metric.help, None, kind)?;
            encode(family, &metric.samples)
        })
    }
}

fn encode(mut family: MetricEncoder<'_>, samples: &Samples) -> fmt::Result {
    match samples {
        Samples::Counters(counts) => {
            encode_each(&mut family, counts, |one, count| one.encode_counter::<NoLabelSet, u64, u64>(count, None))
        }
        Samples::Sums(sums) => {
            encode_each(&mut family, sums, |one, sum| one.encode_counter::<NoLabelSet, f64, f64>(sum, None))
        }
        Samples::Gauges(gauges) => encode_each(&mut family, gauges, |one, level| one.encode_gauge(level)),
        Samples::Histograms(times) => encode_each(&mut family, times, encode_histogram),
    }
}

fn encode_each<T>(
    family: &mut MetricEncoder<'_>,
    samples: &[(Labels, T)],
    encode: impl Fn(&mut MetricEncoder<'_>, &T) -> fmt::Result,
) -> fmt::Result {
    samples.iter().try_for_each(|(labels, value)| match labels.is_empty() {
        true => encode(family, value),
        false => encode(&mut family.encode_family(labels)?, value),
    })
}

fn encode_histogram(one: &mut MetricEncoder<'_>, times: &HistogramSnapshot) -> fmt::Result {
    let within: u64 = times.buckets.iter().sum();
    // A value recorded between two reads may be missing; the next scrape has it.
    let count = times.count.max(within);
    let mut buckets: Vec<_> = BUCKETS.into_iter().zip(times.buckets).collect();
    buckets.push((f64::INFINITY, count - within));
    one.encode_histogram::<NoLabelSet>(times.seconds, count, &buckets, None)
}

#[cfg(test)]
mod tests {
    use super::*;
    use telemetry::Histogram;

    #[test]
    fn the_text_has_the_format_of_prometheus() {
        let times = Histogram::default();
        times.record(Duration::from_millis(2));
        times.record(Duration::from_secs(60));
        let text = render(
            "books",
            vec![
                Metric::counter("sent", "Things sent", 7),
                Metric::count_gauges("held", "Things held", "by", &[("a\"b\n", 2)]),
                Metric::histogram("took_seconds", "How long it took", times.snapshot()),
            ],
        );
        let text = text.unwrap();
        for line in [
            "# TYPE books_sent counter",
            "books_sent_total 7",
            r#"books_held{by="a\"b\n"} 2.0"#,
            r#"books_took_seconds_bucket{le="0.0025"} 1"#,
            r#"books_took_seconds_bucket{le="10.0"} 1"#,
            r#"books_took_seconds_bucket{le="+Inf"} 2"#,
            "books_took_seconds_sum 60.002",
            "books_took_seconds_count 2",
        ] {
            assert!(text.lines().any(|found| found == line), "{line} is not in\n{text}");
        }
        assert!(text.ends_with("# EOF\n"));
    }
}
