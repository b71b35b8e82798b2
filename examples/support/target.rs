//! What a request asks for.

/// The path of a target, without its query. RFC 9112 §3.2.2: a server "MUST accept the absolute-form in requests even though most
/// HTTP/1.1 clients will only send the absolute-form to a proxy".
pub fn path(target: &str) -> &str {
    let relative = match target.split_once("://") {
        Some((scheme, rest)) if !scheme.contains(['/', '?']) => &rest[rest.find(['/', '?']).unwrap_or(rest.len())..],
        Some(_) | None => target,
    };
    match relative.split('?').next() {
        None | Some("") => "/",
        Some(path) => path,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn path_is_found_in_either_form() {
        for target in ["/", "/?x", "/?", "http://a/", "http://a", "http://a?x=/y", "HTTP://a:80/?x"] {
            assert_eq!(path(target), "/", "{target}");
        }
        for (target, expected) in [("/x?y=http://a/", "/x"), ("http://a/x", "/x"), ("*", "*"), ("/a://b", "/a://b")] {
            assert_eq!(path(target), expected, "{target}");
        }
    }
}
