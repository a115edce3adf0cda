//! Web addresses that users submit and browsers of others open.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use url::{Host, Url};

use client_limits::AddressPrefix;

/// Names of the machine itself and of private networks (RFC 6761, 6762, 8375, 9476; `internal` is
/// reserved by ICANN).
const PRIVATE_NAMES: [&str; 7] = ["localhost", "local", "internal", "home.arpa", "alt", "localdomain", "lan"];

/// Whether a URL is on the public web: without a user name or password, and with a host that is
/// neither this machine nor in a private network, according to the URL itself.
pub fn is_public(address: &str) -> bool {
    let Ok(url) = Url::parse(address) else { return false };
    let is_anonymous = url.username().is_empty() && url.password().is_none();
    is_anonymous
        && match url.host() {
            Some(Host::Domain(name)) => is_public_name(name),
            Some(Host::Ipv4(address)) => is_public_v4(address),
            Some(Host::Ipv6(address)) => is_public_v6(address),
            None => false,
        }
}

fn is_public_name(name: &str) -> bool {
    let name = name.strip_suffix('.').unwrap_or(name);
    let is_below =
        |parent: &&str| name.strip_suffix(*parent).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
    // A name with one label is known only to the machine or its network.
    name.contains('.') && !PRIVATE_NAMES.iter().any(is_below)
}

/// Addresses that the IANA registry of special-purpose addresses lists as globally reachable.
fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let is_shared = a == 100 && b & 0xc0 == 64;
    let is_protocol = (a, b, c) == (192, 0, 0) || (a == 198 && b & 0xfe == 18);
    let is_special =
        address.is_private() || address.is_loopback() || address.is_link_local() || address.is_documentation();
    !(is_special || is_shared || is_protocol || a == 0 || a >= 224)
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let [a, b, c, ..] = address.segments();
    // An embedded IPv4 address: mapped, NAT64, or 6to4.
    if let Some(inside) = AddressPrefix::of(Some(IpAddr::V6(address))).ipv4() {
        return is_public_v4(inside);
    }
    if a == 0x2002 {
        let ([b, c], [d, e]) = (b.to_be_bytes(), c.to_be_bytes());
        return is_public_v4(Ipv4Addr::new(b, c, d, e));
    }
    // Global unicast, without Teredo and the addresses for documentation.
    a & 0xe000 == 0x2000 && !(a == 0x2001 && matches!(b, 0 | 0xdb8)) && !(a == 0x3fff && b < 0x1000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[expect(clippy::too_many_lines, reason = "a table")]
    fn public_addresses_are_distinguished_from_others() {
        for public in [
            "https://example.org/a.jpg",
            "http://xn--sterreich-z7a.example./a.jpg",
            "https://localhost.example.org/",
            "https://93.184.215.14:8443/a",
            "https://[2606:4700::1111]/a",
            "https://[64:ff9b::5db8:d70e]/a",
            "https://172.32.0.1/",
        ] {
            assert!(is_public(public), "{public}");
        }
        for private in [
            "https://user:pass@example.org/a.jpg",
            "https://user@example.org/a.jpg",
            "https://:pass@example.org/a.jpg",
            "http://localhost/a.jpg",
            "http://LOCALHOST.:8080/",
            "http://photos.localhost/",
            "http://printer.local/",
            "http://db.internal/",
            "http://nas.home.arpa/",
            "http://intranet/",
            "http://127.0.0.1/",
            "http://127.1/",
            "http://2130706433/",
            "http://0x7f.0.0.1/",
            "http://0/",
            "http://10.1.2.3/",
            "http://172.16.0.1/",
            "http://192.168.0.1/",
            "http://169.254.169.254/latest/meta-data",
            "http://100.64.0.1/",
            "http://198.18.0.1/",
            "http://224.0.0.1/",
            "http://255.255.255.255/",
            "http://[::1]/",
            "http://[::]/",
            "http://[::ffff:127.0.0.1]/",
            "http://[64:ff9b::7f00:1]/",
            "http://[2002:7f00:1::]/",
            "http://[fe80::1]/",
            "http://[fd00::1]/",
            "http://[ff02::1]/",
            "/a.jpg",
        ] {
            assert!(!is_public(private), "{private}");
        }
    }
}
