//! The few lines of SDP that are read here; the others are str0m's.

/// The fingerprint that an SDP promises (RFC 8122 §5), such as `sha-256 AB:CD…`.
///
/// # Errors
///
/// There is none, or there are several that differ.
pub fn fingerprint(sdp: &str) -> Result<&str, String> {
    let mut all = sdp.lines().filter_map(|line| line.strip_prefix("a=fingerprint:")).map(str::trim);
    let first = all.next().ok_or("expected a fingerprint in the offer or answer, found none")?;
    match all.find(|other| *other != first) {
        None => Ok(first),
        Some(other) => Err(format!("expected one fingerprint, found {first} and {other}")),
    }
}

/// The kind of a candidate (RFC 8839 §5.1), as its line names it.
pub fn kind(line: &str) -> &'static str {
    let is_hub = line.split(' ').nth(4).is_some_and(|address| address.starts_with("2001:db8::"));
    match line.split_once(" typ ").and_then(|(_, rest)| rest.split(' ').next()) {
        _ if is_hub => "hub",
        Some("host") => "host",
        Some("srflx") => "srflx",
        Some("relay") => "relay",
        Some(_) | None => "prflx",
    }
}

/// Whether a candidate is of UDP and of an address, as far as its line can be read: `candidate:FOUNDATION 1 udp PRIORITY ADDRESS PORT typ …`.
pub fn is_usable(line: &str) -> bool {
    let mut words = line.split(' ').skip(2);
    let is_tcp = words.next().is_some_and(|transport| transport.eq_ignore_ascii_case("tcp"));
    !is_tcp && !words.nth(1).is_some_and(|address| address.ends_with(".local"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fingerprint_is_one() {
        assert_eq!(
            fingerprint("v=0\r\na=fingerprint:sha-256 AB:CD\r\na=fingerprint:sha-256 AB:CD\r\n"),
            Ok("sha-256 AB:CD")
        );
        assert!(fingerprint("v=0\r\n").is_err());
        assert!(fingerprint("a=fingerprint:sha-256 AB\r\na=fingerprint:sha-256 CD\r\n").is_err());
    }

    #[test]
    fn kind_is_the_word_after_typ() {
        assert_eq!(kind("candidate:1 1 udp 7 192.0.2.1 5000 typ srflx raddr 0.0.0.0 rport 0"), "srflx");
        assert_eq!(kind("candidate:1 1 udp 7 2001:db8::1 9 typ relay raddr :: rport 0"), "hub");
        assert_eq!(kind("candidate:1"), "prflx");
    }

    #[test]
    fn candidates_of_tcp_and_with_hidden_addresses_are_passed_over() {
        assert!(is_usable("candidate:1 1 udp 7 192.0.2.1 5000 typ host"));
        assert!(!is_usable("candidate:1 1 tcp 7 192.0.2.1 9 typ host tcptype active"));
        assert!(!is_usable("candidate:1 1 udp 7 0b2a3ad4-7d5e.local 5000 typ host"));
        assert!(is_usable("garbage"), "which is a fault, and not passed over");
    }
}
