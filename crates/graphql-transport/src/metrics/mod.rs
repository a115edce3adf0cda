//! What is counted on the wire, and how all that is measured is read: in the OpenMetrics text format, which Prometheus understands,
//! on a listener of its own, so that no client of the API can reach it.

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

use super::connection::{Bounds, Door};
use super::health::Ready;
use super::serving::Serving;
use super::shared::Shared;
pub(super) use operations::{Done, Operations};
use telemetry::{CLASSES, Distribution, Labels, Measure, Readings};

const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Connections that may read the metrics at the same time.
const MAX_READERS: usize = 50;

/// What is counted on the wire.
#[derive(Default)]
pub(super) struct Metrics {
    pub operations: Operations,
    /// Answers over HTTP by the first digit of their status.
    statuses: [AtomicU64; 5],
}

impl Metrics {
    /// An answer over HTTP was begun.
    pub fn note_status(&self, status: StatusCode) {
        let class = usize::from(status.as_u16() / 100);
        if let Some(count) = class.checked_sub(1).and_then(|class| self.statuses.get(class)) {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn measures(&self) -> Vec<Measure> {
        let mut measures = self.operations.measures();
        let status = |(class, count): (usize, &AtomicU64)| {
            (vec![("status", format!("{}xx", class + 1))], count.load(Ordering::Relaxed))
        };
        let help = "Responses over HTTP, including pages and health checks";
        let readings = Readings::Counts(self.statuses.iter().enumerate().map(status).collect());
        measures.push(Measure { name: "http_answers", help, readings });
        measures
    }
}

/// Serves /metrics, and /readyz with details, as long as the server runs; without a listener nothing happens. Ends only when that fails.
pub(super) async fn serve(listener: Option<TcpListener>, shared: Arc<Shared>) -> io::Result<()> {
    let Some(listener) = listener else { return pending().await };
    let idle = shared.settings.idle_timeout;
    let bounds = Bounds { connections: MAX_READERS, per_address: MAX_READERS, ..Bounds::of(&shared.settings) };
    let door = Door::new(listener, bounds, Arc::default())?;
    let ready = Ready { shared: Arc::clone(&shared), has_details: true };
    let routes = Route::new().at("/readyz", get(ready)).at("/metrics", get(Exporter(shared))).map_to_response();
    Serving { idle, drain: Duration::ZERO, max_streams: 1 }.run(door, routes, pending()).await;
    Ok(())
}

/// GET /metrics.
struct Exporter(Arc<Shared>);

impl Endpoint for Exporter {
    type Output = Response;

    async fn call(&self, _: Request) -> poem::Result<Response> {
        let shared = &self.0;
        let version = vec![(vec![("version", env!("CARGO_PKG_VERSION").to_owned())], 1.0)];
        let mut measures = vec![Measure {
            name: "build_info",
            help: "The running version; always 1",
            readings: Readings::Levels(version),
        }];
        measures.extend(shared.metrics.measures());
        measures.extend(shared.measures());
        measures.extend(shared.readiness.measures());
        Ok(match render(shared.settings.name, measures) {
            Ok(body) => Response::builder().content_type(OPEN_METRICS).header("cache-control", "no-store").body(body),
            Err(fmt::Error) => StatusCode::INTERNAL_SERVER_ERROR.into(),
        })
    }
}

/// Everything as text.
fn render(name: &str, measures: Vec<Measure>) -> Result<String, fmt::Error> {
    let mut ours = Registry::with_prefix(name);
    ours.register_collector(Box::new(Read(measures)));
    let mut process = Registry::with_prefix("process");
    process.register_collector(Box::new(Read(process::measures())));
    let mut body = String::new();
    text::encode_registry(&mut body, &process)?;
    text::encode(&mut body, &ours)?;
    Ok(body)
}

/// What was read for one scrape.
#[derive(Debug)]
struct Read(Vec<Measure>);

impl Collector for Read {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|measure| {
            let kind = match measure.readings {
                Readings::Counts(_) | Readings::Sums(_) => MetricType::Counter,
                Readings::Levels(_) => MetricType::Gauge,
                Readings::Times(_) => MetricType::Histogram,
            };
            let family = encoder.encode_descriptor(measure.name, measure.help, None, kind)?;
            encode(family, &measure.readings)
        })
    }
}

fn encode(mut family: MetricEncoder<'_>, readings: &Readings) -> fmt::Result {
    match readings {
        Readings::Counts(counts) => {
            each(&mut family, counts, |one, count| one.encode_counter::<NoLabelSet, u64, u64>(count, None))
        }
        Readings::Sums(sums) => {
            each(&mut family, sums, |one, sum| one.encode_counter::<NoLabelSet, f64, f64>(sum, None))
        }
        Readings::Levels(levels) => each(&mut family, levels, |one, level| one.encode_gauge(level)),
        Readings::Times(times) => each(&mut family, times, encode_times),
    }
}

fn each<T>(
    family: &mut MetricEncoder<'_>,
    readings: &[(Labels, T)],
    encode: impl Fn(&mut MetricEncoder<'_>, &T) -> fmt::Result,
) -> fmt::Result {
    readings.iter().try_for_each(|(labels, value)| match labels.is_empty() {
        true => encode(family, value),
        false => encode(&mut family.encode_family(labels)?, value),
    })
}

fn encode_times(one: &mut MetricEncoder<'_>, times: &Distribution) -> fmt::Result {
    let within: u64 = times.classes.iter().sum();
    // What was counted between two reads is left for the next scrape.
    let count = times.count.max(within);
    let mut classes: Vec<_> = CLASSES.into_iter().zip(times.classes).collect();
    classes.push((f64::INFINITY, count - within));
    one.encode_histogram::<NoLabelSet>(times.seconds, count, &classes, None)
}

#[cfg(test)]
mod tests {
    use super::*;
    use telemetry::Durations;

    #[test]
    fn the_text_is_what_prometheus_reads() {
        let times = Durations::default();
        times.note(Duration::from_millis(2));
        times.note(Duration::from_secs(60));
        let text = render(
            "books",
            vec![
                Measure::count("sent", "Things sent", 7),
                Measure::numbers("held", "Things held", "by", &[("a\"b\n", 2)]),
                Measure::times("took_seconds", "How long it took", times.read()),
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
