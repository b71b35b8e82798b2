//! `host [ ":" port ]`: the value of a `Host` field, and the authority of a URI (RFC 3986 §3.2).

use core::net::Ipv6Addr;

use super::token::{alphanumeric_and, ascii};

/// Splits a host and its port, both as written; none where the value is not a host with or without a port.
///
/// User information (`user@host`) is not part of either (RFC 9110 §4.2.4), and the host must not be empty (RFC 9110 §4.2.1).
pub(crate) fn split_host(value: &[u8]) -> Option<(&[u8], Option<&[u8]>)> {
    let host_len = match value {
        // RFC 3986 §3.2.2: `IP-literal = "[" ( IPv6address / IPvFuture ) "]"`.
        [b'[', literal @ ..] => {
            let len = literal.iter().position(|&byte| byte == b']')?;
            let address = literal.get(..len)?;
            if ipv6(address).is_none() && !is_ip_future(address) {
                return None;
            }
            len.checked_add(2)?
        }
        name => reg_name_len(name)?,
    };
    match value.split_at_checked(host_len)? {
        (host, []) => Some((host, None)),
        (host, [b':', port @ ..]) if port.iter().all(u8::is_ascii_digit) => Some((host, Some(port))),
        _ => None,
    }
}

/// Whether two values name the same host and port, where `default_port` is meant by a port that is missing or empty.
///
/// Both are hosts already. Names compare without ASCII case, and IPv6 addresses by value (RFC 3986 §6.2.2).
pub(crate) fn is_same_host(one: &[u8], other: &[u8], default_port: u16) -> bool {
    let (Some((one, one_port)), Some((other, other_port))) = (split_host(one), split_host(other)) else { return false };
    let port = |digits: Option<&[u8]>| match digits {
        None | Some([]) => Some(default_port),
        Some(digits) => ascii(digits).parse().ok(),
    };
    let same_address = match (literal(one).and_then(ipv6), literal(other).and_then(ipv6)) {
        (Some(one), Some(other)) => one == other,
        _ => one.eq_ignore_ascii_case(other),
    };
    same_address && port(one_port).is_some_and(|one| Some(one) == port(other_port))
}

/// What is between the brackets of an IP literal.
fn literal(host: &[u8]) -> Option<&[u8]> {
    host.strip_prefix(b"[")?.strip_suffix(b"]")
}

/// The address of an IPv6 literal, without its brackets. A zone is not part of it (RFC 9110 §4.2.1 knows none).
pub(crate) fn ipv6(address: &[u8]) -> Option<Ipv6Addr> {
    core::str::from_utf8(address).ok()?.parse().ok()
}

/// RFC 3986 §3.2.2: `IPvFuture = "v" 1*HEXDIG "." 1*( unreserved / sub-delims / ":" )`.
fn is_ip_future(address: &[u8]) -> bool {
    let [b'v' | b'V', rest @ ..] = address else { return false };
    let Some(dot) = rest.iter().position(|&byte| byte == b'.') else { return false };
    let (version, [_, address @ ..]) = rest.split_at_checked(dot).unwrap_or_default() else { return false };
    let is_address_byte = |&byte: &u8| is_reg_name_byte(byte) && byte != b'%' || byte == b':';
    !version.is_empty()
        && version.iter().all(u8::is_ascii_hexdigit)
        && !address.is_empty()
        && address.iter().all(is_address_byte)
}

/// How long the name in front is.
///
/// RFC 3986 §3.2.2: `reg-name = *( unreserved / pct-encoded / sub-delims )`, and §2.1: `pct-encoded = "%" HEXDIG HEXDIG`.
fn reg_name_len(value: &[u8]) -> Option<usize> {
    let len = value.iter().position(|&byte| !is_reg_name_byte(byte)).unwrap_or(value.len());
    let name = value.get(..len)?;
    let is_encoded = |rest: &[u8]| matches!(rest, [a, b, ..] if a.is_ascii_hexdigit() && b.is_ascii_hexdigit());
    let mut after_percent = name.split(|&byte| byte == b'%').skip(1);
    (len > 0 && after_percent.all(is_encoded)).then_some(len)
}

fn is_reg_name_byte(byte: u8) -> bool {
    // A table of all 256 bytes: the lookup cannot fail.
    REG_NAME_BYTES.get(usize::from(byte)).copied().unwrap_or_default()
}

static REG_NAME_BYTES: [bool; 256] = alphanumeric_and(b"-._~%!$&'()*+,;=");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn host_is_a_name_or_an_address_with_perhaps_a_port() {
        assert_eq!(split_host(b"example.com"), Some((&b"example.com"[..], None)));
        assert_eq!(split_host(b"127.0.0.1:8080"), Some((&b"127.0.0.1"[..], Some(&b"8080"[..]))));
        assert_eq!(split_host(b"[::1]:80"), Some((&b"[::1]"[..], Some(&b"80"[..]))));
        assert_eq!(split_host(b"[::ffff:1.2.3.4]"), Some((&b"[::ffff:1.2.3.4]"[..], None)));
        assert_eq!(split_host(b"a_b.example:"), Some((&b"a_b.example"[..], Some(&b""[..]))));
    }

    #[test]
    fn literal_is_an_address_of_ipv6_or_of_a_later_version() {
        for value in [&b"[v1.x]"[..], b"[vF.a:b]", b"[V1F.~]", b"[::]", b"[1:2:3:4:5:6:7:8]", b"[FE80::A]"] {
            assert!(split_host(value).is_some(), "{}", value.escape_ascii());
        }
        for value in [
            &b"[face.cafe]"[..],
            b"[127.0.0.1]",
            b"[:::::::]",
            b"[.]",
            b"[1:2:3:4:5:6:7:8:9]",
            b"[::g]",
            b"[v.x]",
            b"[v1.]",
            b"[v1]",
            b"[vg.x]",
            b"[v1.a%41]",
        ] {
            assert_eq!(split_host(value), None, "{}", value.escape_ascii());
        }
    }

    #[test]
    fn percent_sign_of_a_name_stands_before_two_hexadecimal_digits() {
        assert!(split_host(b"a%41%e4").is_some());
        for value in [&b"a%zz"[..], b"a%4", b"a%", b"%", b"a%4g", b"%%41", b"a%4:80"] {
            assert_eq!(split_host(value), None, "{}", value.escape_ascii());
        }
    }

    #[test]
    fn same_host_has_the_same_name_and_port() {
        let same = |one: &str, other: &str| is_same_host(one.as_bytes(), other.as_bytes(), 443);
        for (one, other) in [("a", "A"), ("a:443", "a"), ("a:", "a"), ("a:0443", "a:443"), ("[::1]", "[0:0::1]:443")] {
            assert!(same(one, other) && same(other, one), "{one} {other}");
        }
        for (one, other) in [("a", "b"), ("a:80", "a"), ("a:444", "a:443"), ("[::1]", "[::2]"), ("a:70000", "a:70000")]
        {
            assert!(!same(one, other) && !same(other, one), "{one} {other}");
        }
    }

    #[test]
    fn anything_else_is_no_host() {
        for value in [
            &b""[..],
            b":80",
            b"a b",
            b"a/b",
            b"user@host",
            b"host:port",
            b"host:80:80",
            b"::1",
            b"[::1",
            b"[]",
            b"[::1]80",
            b"[::1%25eth0]",
            b"h\xc3\xb6st",
            b"a\r\nb",
            b"a, b",
            b"a#b",
        ] {
            assert_eq!(split_host(value), None, "{}", value.escape_ascii());
        }
    }
}
