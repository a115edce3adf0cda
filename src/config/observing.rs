//! Settings of the access log, metrics and traces.

use std::net::SocketAddr;

use clap::Args;
use graphql_transport::AccessLog;

use super::{PublicUrl, values};

/// Settings of the access log, metrics and traces.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Observing")]
pub struct Observing {
    /// Which operations are logged: `all`, those that `failed`, or none (`off`).
    #[arg(long, env = "STAYGATE_ACCESS_LOG", value_name = "WHICH", default_value = "all")]
    pub access_log: AccessLog,

    /// The address and port at which Prometheus reads /metrics. It must differ from --listen: keep
    /// it in a private network.
    #[arg(long, env = "STAYGATE_METRICS_LISTEN", value_name = "ADDR", value_parser = values::listen)]
    pub metrics_listen: Option<SocketAddr>,

    /// The OpenTelemetry collector to send traces to, over HTTP: `http://127.0.0.1:4318`. By
    /// default nothing is traced.
    #[arg(long, env = "OTEL_EXPORTER_OTLP_ENDPOINT", value_name = "URL")]
    pub otlp_endpoint: Option<PublicUrl>,

    /// The share of operations that are traced, from 0 to 1.
    #[arg(long, env = "OTEL_TRACES_SAMPLER_ARG", value_name = "RATIO", default_value = "1", value_parser = ratio)]
    pub trace_ratio: f64,
}

fn ratio(text: &str) -> Result<f64, String> {
    let ratio = text.trim().parse().ok().filter(|ratio| (0.0..=1.0).contains(ratio));
    ratio.ok_or_else(|| "a number from 0 to 1, such as 0.1".to_owned())
}
