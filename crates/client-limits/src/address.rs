//! Prefixes of client addresses, by which clients are identified.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The common prefix of all addresses of one client: an IPv4 address, or the first 64 bits of an
/// IPv6 address, because each IPv6 client has at least 2^64 addresses. IPv4 addresses within IPv6
/// (`::ffff:0:0/96`, NAT64's `64:ff9b::/96`) count as IPv4 addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AddressPrefix([u8; 16]);

/// NAT64's well-known prefix (RFC 6052).
const NAT64: [u16; 6] = [0x64, 0xff9b, 0, 0, 0, 0];

impl AddressPrefix {
    /// The prefix of `address`. Clients with an unknown address share one.
    pub fn of(address: Option<IpAddr>) -> Self {
        let bits = match address.map(|address| address.to_canonical()) {
            None => Ipv6Addr::UNSPECIFIED,
            Some(IpAddr::V4(address)) => address.to_ipv6_mapped(),
            Some(IpAddr::V6(address)) => match address.segments() {
                [a, b, c, d, e, f, high, low] if [a, b, c, d, e, f] == NAT64 => {
                    let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
                    Ipv4Addr::new(a, b, c, d).to_ipv6_mapped()
                }
                [a, b, c, d, ..] => Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0),
            },
        };
        Self(bits.octets())
    }

    /// The IPv4 address, if it is one.
    pub fn ipv4(&self) -> Option<Ipv4Addr> {
        Ipv6Addr::from(self.0).to_ipv4_mapped()
    }

    /// The network around the client, for people: the first 24 bits of an IPv4 address, as
    /// `192.0.2.0/24`, or the first 48 of an IPv6 address, as `2001:db8:1::/48`. At most 20 bytes of
    /// ASCII; `None` when the address is unknown.
    pub fn network(&self) -> Option<String> {
        if let Some(address) = self.ipv4() {
            let [a, b, c, _] = address.octets();
            return Some(format!("{}/24", Ipv4Addr::new(a, b, c, 0)));
        }
        let address = Ipv6Addr::from(self.0);
        let [a, b, c, ..] = address.segments();
        (!address.is_unspecified()).then(|| format!("{}/48", Ipv6Addr::new(a, b, c, 0, 0, 0, 0, 0)))
    }

    /// The bytes, the same for every address of the client.
    pub fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

/// `192.0.2.7`, `2001:db8:1:2::/64`, or `unknown`.
impl fmt::Display for AddressPrefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match Ipv6Addr::from(self.0) {
            Ipv6Addr::UNSPECIFIED => f.write_str("unknown"),
            address => match address.to_ipv4_mapped() {
                Some(address) => address.fmt(f),
                None => write!(f, "{address}/64"),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prefix(text: &str) -> AddressPrefix {
        AddressPrefix::of(Some(text.parse().unwrap()))
    }

    #[test]
    fn addresses_of_one_client_have_one_prefix() {
        for (one, other) in [
            ("2001:db8:1:2::1", "2001:db8:1:2:ffff:ffff:ffff:ffff"),
            ("192.0.2.7", "::ffff:192.0.2.7"),
            ("192.0.2.7", "64:ff9b::192.0.2.7"),
            ("::1", "::2"),
        ] {
            assert_eq!(prefix(one), prefix(other), "{one} {other}");
        }
    }

    #[test]
    fn a_prefix_is_shown_as_an_address_or_a_network() {
        for (address, text) in
            [("192.0.2.7", "192.0.2.7"), ("64:ff9b::192.0.2.7", "192.0.2.7"), ("2001:db8:1:2::1", "2001:db8:1:2::/64")]
        {
            assert_eq!(prefix(address).to_string(), text);
        }
        assert_eq!(AddressPrefix::of(None).to_string(), "unknown");
    }

    #[test]
    fn a_network_says_less_than_an_address() {
        for (address, network) in [
            ("192.0.2.7", "192.0.2.0/24"),
            ("::ffff:192.0.2.7", "192.0.2.0/24"),
            ("2001:db8:1:2::1", "2001:db8:1::/48"),
            ("fe80:ffff:ffff:ffff::1", "fe80:ffff:ffff::/48"),
        ] {
            assert_eq!(prefix(address).network().as_deref(), Some(network));
        }
        assert!(prefix("ffff:ffff:ffff:ffff::1").network().is_some_and(|network| network.len() <= 20));
        assert_eq!(AddressPrefix::of(None).network(), None);
    }

    #[test]
    fn addresses_of_different_clients_have_different_prefixes() {
        for (one, other) in [
            ("2001:db8:1:2::1", "2001:db8:1:3::1"),
            ("192.0.2.7", "192.0.2.8"),
            ("::ffff:192.0.2.7", "::ffff:192.0.2.8"),
            ("64:ff9b::192.0.2.7", "64:ff9b::192.0.2.8"),
            ("2001:db8::1", "192.0.2.7"),
        ] {
            assert_ne!(prefix(one), prefix(other), "{one} {other}");
        }
    }
}
