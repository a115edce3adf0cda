//! The settings of the transport.

use std::str::FromStr;
use std::time::Duration;

use super::budgets::BudgetSettings;

/// Limits and timeouts. The defaults suit one instance behind a load balancer.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Prefix of the names of metrics.
    pub name: &'static str,
    /// Maximum bytes of the body of a request, and of a websocket message. More is rejected while
    /// it is read.
    pub max_body_bytes: usize,
    /// How long a client may take to send the body of a request.
    pub body_timeout: Duration,
    /// Maximum time from the first byte of a request to the first byte of its response. Must be
    /// longer than `body_timeout` and `query_timeout`.
    pub request_timeout: Duration,
    /// How long a connection may have no traffic. Must be longer than `ping_interval`.
    pub idle_timeout: Duration,
    /// How long a query may run. Mutations always run to completion.
    pub query_timeout: Duration,
    /// How long a websocket may stay open without `connection_init`, and how long opening its
    /// session may take.
    pub init_timeout: Duration,
    /// Interval of pings on a websocket, and of comments on an event stream. A websocket whose
    /// client sends nothing for two intervals is disconnected.
    pub ping_interval: Duration,
    /// How long a websocket or event stream may take to accept a message, and any client to read
    /// 128 KiB of a response, before it is disconnected.
    pub write_timeout: Duration,
    /// Maximum number of concurrent operations on one websocket.
    pub max_subscriptions: usize,
    /// Maximum number of open websockets and event streams. Further ones are closed with 1013 or
    /// get a 503, which clients retry.
    pub max_sockets: usize,
    /// Maximum number of them from one address, or one /64 network of IPv6.
    pub max_sockets_per_address: usize,
    /// Origins, such as `https://app.example.com` or `https://app-*.example.com`, whose pages may
    /// call the API, for CORS and websockets. Pages of the server's own host, and clients that send
    /// no `Origin`, are always allowed.
    pub allowed_origins: Vec<String>,
    /// Additional request headers that those pages may send, in lower case.
    pub allowed_headers: Vec<String>,
    /// Host names under which the server may be called, such as `api.example.com`; others get a
    /// 421, except for health checks. Empty: any name. Without a list, a page that points its own
    /// name to this server (DNS rebinding) counts as a page of the server's own host.
    pub allowed_hosts: Vec<String>,
    /// Whether clients use only HTTPS: browsers are then told to remember that.
    pub https: bool,
    /// Whether the contract is served at /schema.graphql.
    pub publishes_contract: bool,
    /// Where to report a vulnerability, as a web or mailto address: for /.well-known/security.txt.
    pub security_contact: Option<String>,
    /// The number of proxies in front of the server that add to `X-Forwarded-For`. With 0 the
    /// header is ignored.
    pub trusted_proxies: usize,
    /// The budgets of addresses and viewers.
    pub budgets: BudgetSettings,
    /// Maximum bytes of a response. A longer one is replaced by an error.
    pub max_response_bytes: usize,
    /// Maximum memory of a running operation, in bytes, approximately.
    pub max_built_bytes: usize,
    /// Which operations are in the access log.
    pub access_log: AccessLog,
    /// How long the readiness check may take.
    pub readiness_timeout: Duration,
    /// How long requests, mutations and websockets may take to finish when the server stops.
    pub drain_timeout: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            name: "graphql",
            max_body_bytes: 256 * 1024,
            body_timeout: Duration::from_secs(15),
            request_timeout: Duration::from_secs(60),
            idle_timeout: Duration::from_secs(75),
            query_timeout: Duration::from_secs(30),
            init_timeout: Duration::from_secs(10),
            ping_interval: Duration::from_secs(25),
            write_timeout: Duration::from_secs(10),
            max_subscriptions: 50,
            max_sockets: 10_000,
            max_sockets_per_address: 1_000,
            allowed_origins: Vec::new(),
            allowed_headers: Vec::new(),
            allowed_hosts: Vec::new(),
            https: false,
            publishes_contract: true,
            security_contact: None,
            trusted_proxies: 0,
            budgets: BudgetSettings::default(),
            max_response_bytes: 8 * 1024 * 1024,
            max_built_bytes: 32 * 1024 * 1024,
            access_log: AccessLog::All,
            readiness_timeout: Duration::from_secs(2),
            drain_timeout: Duration::from_secs(20),
        }
    }
}

/// Which operations are in the access log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AccessLog {
    /// All.
    #[default]
    All,
    /// Those that failed.
    Failed,
    /// None.
    Off,
}

impl FromStr for AccessLog {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "all" => Ok(Self::All),
            "failed" => Ok(Self::Failed),
            "off" => Ok(Self::Off),
            _ => Err("all, failed or off"),
        }
    }
}
