//! Which internet addresses are public: what a server may be asked to connect to by somebody outside.
//!
//! By the IANA special-purpose address registries for IPv4 and IPv6 (RFC 6890 and its updates). What is in doubt is
//! not public.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Whether an address belongs to the public internet: neither loopback, private, link-local, shared, multicast, reserved,
/// for documentation or benchmarks, nor another protocol's cover for an IPv4 address.
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let is_special = address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_multicast()
        || address.is_documentation()
        // "This network".
        || a == 0
        // Reserved, and the limited broadcast.
        || a >= 240
        // Shared address space of carriers (RFC 6598), where clouds keep metadata services too.
        || (a == 100 && (64..128).contains(&b))
        // Benchmarks (RFC 2544).
        || (a == 198 && (b == 18 || b == 19))
        // Protocol assignments (RFC 6890).
        || (a == 192 && b == 0 && c == 0)
        // The former 6to4 relay (RFC 7526).
        || (a == 192 && b == 88 && c == 99);
    !is_special
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let [a, b, ..] = address.segments();
    // Only global unicast is given out (RFC 4291): this leaves out mapped, NAT64, local, multicast and discard addresses.
    let is_global_unicast = a & 0xe000 == 0x2000;
    let is_special = match a {
        // Protocol assignments: Teredo, ORCHID, benchmarks, anycast services (RFC 2928 and others).
        0x2001 if b < 0x200 => true,
        // Documentation (RFC 3849, RFC 9637).
        0x2001 if b == 0xdb8 => true,
        0x3fff if b < 0x1000 => true,
        // 6to4 carries an IPv4 address (RFC 3056).
        0x2002 => true,
        _ => false,
    };
    is_global_unicast && !is_special
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_the_public_internet_pass() {
        for text in ["1.1.1.1", "93.184.216.34", "192.0.1.1", "198.20.0.1", "100.128.0.1", "2606:4700::1111"]
        {
            assert!(is_public(text.parse().unwrap()), "{text}");
        }
    }

    #[test]
    fn special_addresses_of_ipv4_do_not_pass() {
        for text in [
            "0.0.0.0",
            "0.1.2.3",
            "10.0.0.1",
            "100.64.0.1",
            "100.127.255.254",
            "127.0.0.1",
            "127.255.0.1",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.8",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.1.1",
            "198.18.0.1",
            "198.19.255.255",
            "198.51.100.7",
            "203.0.113.9",
            "224.0.0.1",
            "239.1.2.3",
            "240.0.0.1",
            "255.255.255.255",
        ] {
            assert!(!is_public(text.parse().unwrap()), "{text}");
        }
    }

    #[test]
    fn special_addresses_of_ipv6_and_covers_for_ipv4_do_not_pass() {
        for text in [
            "::",
            "::1",
            "::ffff:1.1.1.1",
            "::127.0.0.1",
            "64:ff9b::a00:1",
            "64:ff9b:1::1",
            "100::1",
            "2001::1",
            "2001:20::1",
            "2001:db8::1",
            "2002:a00:1::",
            "3fff::1",
            "5f00::1",
            "fc00::1",
            "fd00:ec2::254",
            "fe80::1",
            "fec0::1",
            "ff02::1",
        ] {
            assert!(!is_public(text.parse().unwrap()), "{text}");
        }
    }
}
