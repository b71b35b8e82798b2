//! Law: a WebSocket URI is taken apart as RFC 3986 §3 has it, what it names is what a request asks for, and what is shown of it means the
//! same. What is refused has a byte or a part that no WebSocket URI has.
#![no_main]

use libfuzzer_sys::fuzz_target;
use websocket_proto::Limits;
use websocket_proto::handshake::{ClientRequest, InvalidUrl, Received, ServerHandshake, WsUrl};

fuzz_target!(|text: &str| {
    match WsUrl::parse(text) {
        Ok(url) => check(text, &url),
        Err(error) => {
            let authority =
                || text.split_once("://").map(|(_, rest)| rest.split(['/', '?']).next().unwrap_or_default());
            match error {
                InvalidUrl::Byte { byte } => assert!(text.as_bytes().contains(&byte) && !byte.is_ascii_graphic()),
                InvalidUrl::Fragment => assert!(text.contains('#')),
                InvalidUrl::Scheme => {
                    let lower = text.to_ascii_lowercase();
                    assert!(!lower.starts_with("ws://") && !lower.starts_with("wss://"));
                }
                InvalidUrl::UserInfo => assert!(authority().is_some_and(|authority| authority.contains('@'))),
                InvalidUrl::Host => {
                    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'.';
                    assert!(!authority().is_some_and(|host| !host.is_empty() && host.bytes().all(is_plain)));
                }
                InvalidUrl::Port => {
                    let (_, port) = authority().and_then(|authority| authority.rsplit_once(':')).expect("a port");
                    assert!(port.parse::<u16>().is_err());
                }
                _ => panic!("{error}"),
            }
        }
    }
});

fn check(text: &str, url: &WsUrl<'_>) {
    assert!(text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'#'));
    let (scheme, rest) = text.split_once("://").expect("a scheme");
    assert_eq!(scheme.to_ascii_lowercase(), if url.is_secure() { "wss" } else { "ws" });
    let (authority, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
    assert!(!authority.contains('@'));

    // What is resolved as a name never stood in brackets.
    assert!(!url.host().is_empty() && !url.host().contains(['/', '?', '@']));
    match url.host().contains(':') {
        true => assert!(authority.starts_with('[')),
        false => assert!(authority.starts_with(url.host())),
    }
    let default = if url.is_secure() { 443 } else { 80 };
    let named = authority.rsplit_once(':').filter(|(_, port)| port.bytes().all(|byte| byte.is_ascii_digit()));
    match named {
        Some((_, port)) if !port.is_empty() => assert_eq!(port.parse(), Ok(url.port())),
        _ => assert_eq!(url.port(), default),
    }
    assert!(authority.starts_with(url.host_field()));
    assert_eq!(url.host_field().len() < authority.len(), url.port() == default && named.is_some());
    assert!(path == url.path_and_query() || path.strip_suffix('?') == Some(url.path_and_query()));

    let shown = url.to_string();
    assert_eq!(WsUrl::parse(&shown), Ok(*url), "{shown}");

    let mut out = Vec::new();
    let limits = Limits::DEFAULT.with_max_head_len(usize::MAX);
    let _handshake = ClientRequest::from_url(url).start([7; 16], &limits, &mut out).expect("a URI can be asked for");
    let Ok(Some(Received::Upgrade(request))) = ServerHandshake::new(&limits).receive(&out) else {
        panic!("{}", out.escape_ascii())
    };
    assert_eq!(request.host(), url.host_field());
    assert_eq!(request.target().trim_start_matches('/'), url.path_and_query().trim_start_matches('/'));
}
