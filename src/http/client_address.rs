//! Whose address a request counts against: the peer's, or what a trusted proxy says of it.
//!
//! A header is believed only as far as trusted proxies wrote it: from the right, the first hop that is not one of them.

use std::net::IpAddr;

use actix_web::HttpRequest;
use actix_web::http::header::{FORWARDED, HeaderMap, HeaderName};
use ipnet::IpNet;

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The client's address; none where there is no peer, as in tests without a socket.
pub fn client_address(request: &HttpRequest, trusted: &[IpNet]) -> Option<IpAddr> {
    let peer = request.peer_addr()?.ip().to_canonical();
    Some(behind(peer, request.headers(), trusted))
}

fn behind(peer: IpAddr, headers: &HeaderMap, trusted: &[IpNet]) -> IpAddr {
    let is_trusted = |address: IpAddr| trusted.iter().any(|network| network.contains(&address));
    let mut client = peer;
    // A hop that does not parse ends the walk: whatever is left of it, anybody may have written.
    for hop in hops(headers).into_iter().rev() {
        if !is_trusted(client) {
            break;
        }
        match hop {
            Some(address) => client = address,
            None => break,
        }
    }
    client
}

/// The addresses of `Forwarded` (RFC 7239), or of `X-Forwarded-For` where there is none, in the order of the headers.
fn hops(headers: &HeaderMap) -> Vec<Option<IpAddr>> {
    let lines = |name: HeaderName| {
        let values: Vec<&str> = headers.get_all(name).map(|value| value.to_str().unwrap_or("?")).collect();
        values.join(",")
    };
    if headers.contains_key(FORWARDED) {
        return lines(FORWARDED).split(',').map(forwarded_for).collect();
    }
    if headers.contains_key(X_FORWARDED_FOR) {
        return lines(X_FORWARDED_FOR).split(',').map(address).collect();
    }
    vec![]
}

fn forwarded_for(element: &str) -> Option<IpAddr> {
    let pairs = element.split(';').filter_map(|pair| pair.split_once('='));
    let mut given = pairs.filter(|(name, _)| name.trim().eq_ignore_ascii_case("for"));
    let (_, value) = given.next()?;
    address(value.trim().trim_matches('"'))
}

/// An address with or without a port, IPv6 with or without brackets.
fn address(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let bare = text.parse().ok();
    let bracketed = || text.strip_prefix('[')?.split_once(']')?.0.parse().ok();
    let with_port = || text.parse().map(|socket: std::net::SocketAddr| socket.ip()).ok();
    bare.or_else(bracketed).or_else(with_port).map(|address: IpAddr| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderValue;

    use super::*;

    fn client(peer: &str, lines: &[(&'static str, &str)]) -> String {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(HeaderName::from_static(name), HeaderValue::from_str(value).unwrap());
        }
        let trusted = ["10.0.0.0/8".parse().unwrap(), "::1/128".parse().unwrap()];
        behind(peer.parse().unwrap(), &headers, &trusted).to_string()
    }

    #[test]
    fn nobody_is_believed_but_a_trusted_proxy() {
        let spoofed = [("x-forwarded-for", "203.0.113.9"), ("forwarded", "for=203.0.113.8")];
        assert_eq!(client("198.51.100.1", &spoofed), "198.51.100.1");
        assert_eq!(client("10.0.0.1", &[]), "10.0.0.1");
    }

    #[test]
    fn the_rightmost_hop_that_is_no_proxy_is_the_client() {
        let said = [("x-forwarded-for", "1.2.3.4, 203.0.113.9, 10.0.0.2")];
        assert_eq!(client("10.0.0.1", &said), "203.0.113.9");
        let in_lines = [("x-forwarded-for", "1.2.3.4"), ("x-forwarded-for", "203.0.113.9")];
        assert_eq!(client("::1", &in_lines), "203.0.113.9");
        assert_eq!(client("10.0.0.1", &[("x-forwarded-for", "10.0.0.3, 10.0.0.2")]), "10.0.0.3");
    }

    #[test]
    fn every_form_of_an_address_is_read() {
        for (form, expected) in [
            ("for=192.0.2.43", "192.0.2.43"),
            ("For=\"192.0.2.43:4711\";proto=https", "192.0.2.43"),
            ("proto=https;for=\"[2001:db8:cafe::17]\"", "2001:db8:cafe::17"),
            ("for=\"[2001:db8:cafe::17]:4711\"", "2001:db8:cafe::17"),
            ("for=\"[::ffff:192.0.2.43]\"", "192.0.2.43"),
        ] {
            assert_eq!(client("10.0.0.1", &[("forwarded", form)]), expected, "{form}");
        }
        assert_eq!(client("10.0.0.1", &[("x-forwarded-for", "2001:db8::1")]), "2001:db8::1");
    }

    #[test]
    fn what_does_not_parse_is_nobody_and_hides_nobody() {
        for form in ["for=unknown", "for=_hidden", "by=1.2.3.4", "", ";;;", "for=1.2.3.4.5", "for=\u{7f}x"] {
            let Ok(_) = HeaderValue::from_str(form) else { continue };
            assert_eq!(client("10.0.0.1", &[("forwarded", form)]), "10.0.0.1", "{form}");
        }
        let hidden = [("x-forwarded-for", "203.0.113.9, rubbish, 10.0.0.2")];
        assert_eq!(client("10.0.0.1", &hidden), "10.0.0.2");
    }
}
