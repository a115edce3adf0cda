//! Network settings.

use std::net::SocketAddr;

use clap::Args;

use super::{Contact, HeaderName, Host, Origin, PublicUrl, Size, between, values};

/// Network settings.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Network")]
pub struct Network {
    /// The address and port to listen on. `0.0.0.0` or `[::]` make it reachable from other
    /// machines; a port alone listens on this machine only.
    #[arg(long, env = "STAYGATE_LISTEN", value_name = "ADDR", default_value = "127.0.0.1:8080", value_parser = values::listen)]
    pub listen: SocketAddr,

    /// The URL by which clients reach this server when it is behind a proxy:
    /// `https://api.example.com`. By default links use the listen address.
    #[arg(long, env = "STAYGATE_PUBLIC_URL", value_name = "URL")]
    pub public_url: Option<PublicUrl>,

    /// Origins of web pages that may call the API, in addition to the server's own, separated by
    /// commas: `https://example.com`; `https://app-*.example.com` for preview deployments.
    #[arg(long, env = "STAYGATE_ALLOWED_ORIGINS", value_name = "ORIGINS", value_delimiter = ',')]
    pub allowed_origins: Vec<Origin>,

    /// Origins of web pages that may also keep their session in cookies, in addition to the server's
    /// own, separated by commas: `https://example.com`, without patterns. Browsers send the cookies
    /// only to a server of the same site, such as `https://api.example.com`.
    #[arg(long, env = "STAYGATE_COOKIE_ORIGINS", value_name = "ORIGINS", value_delimiter = ',', value_parser = values::exact_origin)]
    pub cookie_origins: Vec<Origin>,

    /// Request headers that those pages may send, in addition to those of common clients, separated
    /// by commas.
    #[arg(long, env = "STAYGATE_ALLOWED_HEADERS", value_name = "NAMES", value_delimiter = ',')]
    pub allowed_headers: Vec<HeaderName>,

    /// The host names by which clients may call this server, separated by commas:
    /// `api.example.com`. Requests for other hosts are refused, except health checks. Default: any;
    /// with --production, that of --public-url.
    #[arg(long, env = "STAYGATE_ALLOWED_HOSTS", value_name = "NAMES", value_delimiter = ',')]
    pub allowed_hosts: Vec<Host>,

    /// Where to report a vulnerability, for /.well-known/security.txt:
    /// `mailto:security@example.com` or `https://…`.
    #[arg(long, env = "STAYGATE_SECURITY_CONTACT", value_name = "ADDRESS")]
    pub security_contact: Option<Contact>,

    /// The largest request body, such as 256KiB or 1MiB.
    #[arg(long, env = "STAYGATE_MAX_BODY", value_name = "SIZE", default_value = "256KiB")]
    pub max_body: Size,

    /// How many proxies in front of this server add the client's address to X-Forwarded-For. With 0
    /// the header is ignored, and limits per address see the address of the connection.
    #[arg(long, env = "STAYGATE_TRUSTED_PROXIES", value_name = "N", default_value_t = 0, value_parser = between(0, 10))]
    pub trusted_proxies: u32,

    /// How long requests in progress may take to finish after the signal to stop, in seconds.
    #[arg(long, env = "STAYGATE_DRAIN_SECONDS", value_name = "S", default_value_t = 20, value_parser = between(0, 600))]
    pub drain_seconds: u32,
}

impl Network {
    /// Whether the server is meant to be reached only from this machine.
    pub fn is_local(&self) -> bool {
        self.listen.ip().to_canonical().is_loopback() && self.public_url.is_none() && self.trusted_proxies == 0
    }

    /// The origins whose pages may use cookies, in addition to the host of each request: also that
    /// of --public-url, because a proxy may change the host.
    pub fn cookie_origins(&self) -> Vec<String> {
        let named = self.cookie_origins.iter().map(|origin| origin.as_str().to_owned());
        named.chain(self.public_url.as_ref().map(ToString::to_string)).collect()
    }

    /// The URL of the server for clients, without a slash at its end.
    pub fn public_url(&self) -> String {
        self.public_url.as_ref().map_or_else(|| format!("http://{}", self.listen), ToString::to_string)
    }
}
