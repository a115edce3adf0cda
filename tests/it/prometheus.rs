//! A real Prometheus, configured as docs/operating.md says, reads the metrics of a running server.

use std::{
    net::TcpListener,
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};

use serde_json::{Value, json};

use crate::harness::{
    database::TestDatabase,
    server::{Server, TIMEOUT},
    wire,
};

const DOCUMENT: &str = include_str!("../../docs/operating.md");
const TARGET: &str = "127.0.0.1:9090";

/// The block of the document that begins with this text.
fn block(start: &str) -> &'static str {
    DOCUMENT.split("```yaml\n").find(|block| block.starts_with(start)).unwrap().split("```").next().unwrap()
}

/// The names in the first column of the table of metrics, those of the process included.
fn documented() -> impl Iterator<Item = &'static str> {
    let rows = DOCUMENT.lines().filter(|line| line.starts_with("| `staygate_") || line.starts_with("| `process_"));
    rows.flat_map(|row| row.split('|').nth(1).unwrap().split(',')).map(|name| name.trim().trim_matches('`'))
}

struct Prometheus {
    process: Child,
    address: String,
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Prometheus {
    /// Starts the program with the documented configuration and rules, which then read from `target`, and often.
    fn start(program: &str, folder: &Path, target: &str) -> Self {
        let often = "global:\n  scrape_interval: 250ms\n  evaluation_interval: 250ms\nrule_files: [rules.yml]\n";
        let scrape = block("scrape_configs:").replace(TARGET, target);
        std::fs::write(folder.join("prometheus.yml"), format!("{often}{scrape}")).unwrap();
        std::fs::write(folder.join("rules.yml"), block("groups:")).unwrap();
        let free = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = free.local_addr().unwrap().to_string();
        drop(free);
        let process = Command::new(program)
            .arg(format!("--config.file={}", folder.join("prometheus.yml").display()))
            .arg(format!("--storage.tsdb.path={}", folder.join("data").display()))
            .arg(format!("--web.listen-address={address}"))
            .arg("--log.level=warn")
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        Self { process, address }
    }

    async fn run_query(&self, path: &str) -> Option<Value> {
        let (status, text) = wire::text(&self.address, path).await.ok()?;
        let answer: Value = serde_json::from_str(&text).ok()?;
        (status == 200 && answer["status"] == "success").then(|| answer["data"].clone())
    }

    /// The value of an expression, as soon as one fits.
    async fn value(&self, expression: &str, fits: impl Fn(f64) -> bool) -> f64 {
        let encoded: String = expression.bytes().map(|byte| format!("%{byte:02X}")).collect();
        let path = format!("/api/v1/query?query={encoded}");
        let found = async {
            loop {
                let data = self.run_query(&path).await.unwrap_or_default();
                let value = data["result"][0]["value"][1].as_str().and_then(|value| value.parse().ok());
                match value {
                    Some(value) if fits(value) => return value,
                    _ => tokio::time::sleep(Duration::from_millis(50)).await,
                }
            }
        };
        tokio::time::timeout(TIMEOUT, found).await.unwrap_or_else(|_| panic!("{expression} never fits"))
    }

    /// The rules, once each was evaluated.
    async fn rules(&self) -> Vec<Value> {
        let evaluated = async {
            loop {
                let data = self.run_query("/api/v1/rules").await.unwrap_or_default();
                let rules = data["groups"][0]["rules"].as_array().cloned().unwrap_or_default();
                if !rules.is_empty() && rules.iter().all(|rule| rule["health"] != "unknown") {
                    return rules;
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        tokio::time::timeout(TIMEOUT, evaluated).await.expect("no rule is evaluated")
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs a Prometheus; make prove"]
async fn prometheus_reads_every_documented_metric_and_evaluates_every_documented_rule() {
    let program = std::env::var("STAYGATE_PROMETHEUS").expect("STAYGATE_PROMETHEUS names no program");
    let test = TestDatabase::new().await;
    let server = Server::with_flags(&test.url, "off", &["--metrics-listen", "127.0.0.1:0"]).await;
    let line = server.log_line(|line| line.contains("metrics: http://")).await;
    let target = line.split("metrics: http://").nth(1).unwrap().split('/').next().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let prometheus = Prometheus::start(&program, folder.path(), target);
    prometheus.value(r#"up{job="staygate"}"#, |up| up == 1.0).await;
    for _ in 0..3 {
        wire::post(server.address(), "", "query Hello { __typename }", &json!({})).await.unwrap();
    }
    prometheus.value(r#"staygate_operations_total{operation="Hello",code="OK"}"#, |count| count == 3.0).await;
    let median =
        r#"histogram_quantile(0.5, sum by (le) (staygate_operation_duration_seconds_bucket{operation="Hello"}))"#;
    assert!(prometheus.value(median, |seconds| seconds > 0.0).await < 10.0);
    for name in documented() {
        // In the OpenMetrics format a counter is declared without its ending.
        let path = format!("/api/v1/metadata?metric={}", name.trim_end_matches("_total"));
        let declared = prometheus.run_query(&path).await.unwrap();
        assert!(declared.as_object().is_some_and(|kinds| !kinds.is_empty()), "{name} is not known");
    }
    for rule in prometheus.rules().await {
        assert_eq!(rule["health"], "ok", "{rule}");
        assert_eq!(rule["state"], "inactive", "{rule}");
    }
    server.stop().await;
    prometheus.value(r#"up{job="staygate"}"#, |up| up == 0.0).await;
}
