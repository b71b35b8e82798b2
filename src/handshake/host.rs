//! `host [ ":" port ]`: the value of a `Host` field, and the authority of a URI (RFC 3986 §3.2).

use crate::extension::token::alphanumeric_and;

/// Splits a host and its port, both as written; none where it is not a host with perhaps a port.
///
/// User information (`user@host`) is not part of either (RFC 9110 §4.2.4), and an empty host names nobody.
pub(super) fn split_host(value: &[u8]) -> Option<(&[u8], Option<&[u8]>)> {
    let host_len = match value {
        // RFC 3986 §3.2.2: `IP-literal = "[" ( IPv6address / IPvFuture ) "]"`; what is inside is the resolver's to judge.
        [b'[', address @ ..] => {
            let len = address
                .iter()
                .position(|byte| !matches!(byte, b'0'..=b'9' | b'a'..=b'f' | b'A'..=b'F' | b':' | b'.'))?;
            if len == 0 || address.get(len) != Some(&b']') {
                return None;
            }
            len.checked_add(2)?
        }
        name => match name.iter().position(|&byte| !is_reg_name_byte(byte)).unwrap_or(name.len()) {
            0 => return None,
            len => len,
        },
    };
    match value.split_at_checked(host_len)? {
        (host, []) => Some((host, None)),
        (host, [b':', port @ ..]) if port.iter().all(u8::is_ascii_digit) => Some((host, Some(port))),
        _ => None,
    }
}

/// RFC 3986 §3.2.2: `reg-name = *( unreserved / pct-encoded / sub-delims )`.
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
