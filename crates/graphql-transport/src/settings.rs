//! What can be set about the wire.

use std::str::FromStr;
use std::time::Duration;

use super::budgets::Rates;

/// Bounds and times of the server. The defaults suit one instance behind a load balancer.
#[derive(Clone, Debug)]
pub struct Settings {
    /// What names of metrics begin with.
    pub name: &'static str,
    /// Bytes of one request's body, and of one websocket message. More is refused while it is being read.
    pub max_body_bytes: usize,
    /// How long a client may take to send the body of a request.
    pub body_timeout: Duration,
    /// How long it may take from the first byte of a request to the first of its answer. Has to be longer than `body_timeout` and
    /// `query_timeout`.
    pub request_timeout: Duration,
    /// How long a connection may stay without any traffic. Has to be longer than `ping_interval`.
    pub idle_timeout: Duration,
    /// How long a query may run. Mutations always run to their end.
    pub query_timeout: Duration,
    /// How long a websocket may stay open without `connection_init`, and how long opening its session may take.
    pub init_timeout: Duration,
    /// How often a websocket is pinged, and an event stream gets a comment. A websocket whose client sends nothing for two intervals is
    /// cut.
    pub ping_interval: Duration,
    /// How long a websocket or event stream may take to accept a message before it is cut, and any client to take 128 KiB of an answer that
    /// it keeps waiting.
    pub write_timeout: Duration,
    /// Operations that run at the same time on one websocket.
    pub max_subscriptions: usize,
    /// Open websockets and event streams at the same time. Further ones are closed with 1013 or answered with 503, which
    /// clients retry.
    pub max_sockets: usize,
    /// Those of them that come from one address, or from one /64 of IPv6.
    pub max_sockets_per_address: usize,
    /// Origins, like `https://app.example.com` or `https://app-*.example.com`, whose pages may call the API: for CORS and for
    /// websockets. Pages of the server's own host always may, and so may clients that send no `Origin`.
    pub allowed_origins: Vec<String>,
    /// Request headers that those pages may send besides the usual ones, in lower case.
    pub allowed_headers: Vec<String>,
    /// Names by which the server may be called, like `api.example.com`; others get 421, except at the health checks. Empty: any name.
    /// A page that points its own name at this server (DNS rebinding) would otherwise count as a page of the server's own host.
    pub allowed_hosts: Vec<String>,
    /// Whether clients reach the server by https only: browsers are then told to remember that.
    pub https: bool,
    /// Whether the contract is served at /schema.graphql.
    pub publishes_contract: bool,
    /// Where a vulnerability can be reported, as a web or mailto address: for /.well-known/security.txt.
    pub security_contact: Option<String>,
    /// How many proxies in front of the server add to `X-Forwarded-For`. With 0 the header is ignored.
    pub trusted_proxies: usize,
    /// How much addresses and viewers may ask for.
    pub budgets: Rates,
    /// Bytes of one answer. A longer one is replaced by an error.
    pub max_answer_bytes: usize,
    /// Bytes that an operation may build in memory, about.
    pub max_built_bytes: usize,
    /// Which operations have a line in the access log.
    pub access_log: AccessLog,
    /// How long the readiness check may take.
    pub readiness_timeout: Duration,
    /// How long open requests, mutations and websockets have to finish when the server stops.
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
            budgets: Rates::default(),
            max_answer_bytes: 8 * 1024 * 1024,
            max_built_bytes: 32 * 1024 * 1024,
            access_log: AccessLog::All,
            readiness_timeout: Duration::from_secs(2),
            drain_timeout: Duration::from_secs(20),
        }
    }
}

/// Which operations have a line in the access log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AccessLog {
    /// All.
    #[default]
    All,
    /// Those that did not end well.
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
