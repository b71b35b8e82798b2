//! What a client asks for, given a URL (RFC 6455 §3).

use crate::wire::head::Head;

/// What is wrong with the request for it, if anything is.
pub(super) fn fault(url: &str, request: &Head) -> Option<String> {
    let (authority, target) = parts(url)?;
    let words: Vec<&[u8]> = request.first.split(|&byte| byte == b' ').collect();
    let found = words.get(1).copied().unwrap_or_default();
    // RFC 9112 §3.2.2: a server takes the absolute form, too.
    let absolute = ["ws://", "http://"]
        .iter()
        .any(|scheme| found == [scheme.as_bytes(), authority.as_bytes(), target.as_bytes()].concat());
    if found != target.as_bytes() && !absolute {
        return Some(format!("expected the target {target}, found {}", found.escape_ascii()));
    }
    let hosts = request.values("Host");
    let named = |host: &str| hosts.first().is_some_and(|found| found.eq_ignore_ascii_case(host.as_bytes()));
    // The port "when not using the default port".
    let without = authority.strip_suffix(":80").unwrap_or(&authority);
    if !named(&authority) && !named(without) {
        let found = hosts.first().map(|host| host.escape_ascii().to_string());
        return Some(format!("expected the host {without}, found {}", found.unwrap_or_default()));
    }
    None
}

/// The authority, and the resource name as it has to be written.
fn parts(url: &str) -> Option<(String, String)> {
    let (_, rest) = url.split_once("://")?;
    let rest = rest.split('#').next()?;
    let (authority, rest) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
    let slash = if rest.starts_with('/') { "" } else { "/" };
    let escaped = rest.bytes().map(|byte| match byte {
        b'!'..=b'~' => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    });
    Some((authority.to_owned(), format!("{slash}{}", escaped.collect::<String>())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(url: &str, head: &str) -> Option<String> {
        fault(url, &Head::read(format!("{head}\r\n\r\n").as_bytes()).unwrap())
    }

    #[test]
    fn what_is_asked_for_follows_from_the_url() {
        for (url, head) in [
            ("ws://a", "GET / HTTP/1.1\r\nHost: a"),
            ("ws://a?b", "GET /?b HTTP/1.1\r\nHost: a"),
            ("ws://a:80/b", "GET /b HTTP/1.1\r\nHost: a"),
            ("ws://a:80/b", "GET /b HTTP/1.1\r\nHost: a:80"),
            ("ws://A:81/b", "GET /b HTTP/1.1\r\nHost: a:81"),
            ("ws://a/b", "GET http://a/b HTTP/1.1\r\nHost: a"),
            ("ws://a/ä b#c", "GET /%C3%A4%20b HTTP/1.1\r\nHost: a"),
        ] {
            assert_eq!(of(url, head), None, "{url} {head}");
        }
        for (url, head) in [
            ("ws://a/b", "GET / HTTP/1.1\r\nHost: a"),
            ("ws://a?b", "GET ?b HTTP/1.1\r\nHost: a"),
            ("ws://a/b?c", "GET /b HTTP/1.1\r\nHost: a"),
            ("ws://a/b#c", "GET /b#c HTTP/1.1\r\nHost: a"),
            ("ws://a:81/", "GET / HTTP/1.1\r\nHost: a"),
            ("ws://a/", "GET / HTTP/1.1\r\nHost: b"),
            ("ws://a/", "GET / HTTP/1.1\r\nX: a"),
        ] {
            assert!(of(url, head).is_some(), "{url} {head}");
        }
    }
}
