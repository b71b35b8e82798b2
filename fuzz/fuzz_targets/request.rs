//! Law: however a request is cut, it is accepted or refused alike, and as early as its bytes allow. What is accepted is what another
//! parser sees, keeps to §4.2.1 as a plain reader judges it, can be accepted, and our own client understands the answer. What is
//! refused has the fault that it is refused for, and is answered with a response that is whole. After a result the handshake is as new.
#![no_main]

use arbitrary::Arbitrary;
use base64::{
    Engine, alphabet,
    engine::general_purpose::{GeneralPurpose, PAD, STANDARD},
};
use libfuzzer_sys::fuzz_target;
use testkit::{Cuts, heads};
use websocket_proto::Limits;
use websocket_proto::handshake::{Answer, ClientRequest, Received, Request, RequestError, ServerHandshake};

#[derive(Arbitrary, Debug)]
struct Input<'a> {
    /// Whether the limits are 300 bytes and 8 fields.
    tight: bool,
    cuts: Cuts,
    bytes: &'a [u8],
}

fuzz_target!(|input: Input<'_>| {
    let Input { tight, cuts, bytes } = input;
    let limits = if tight { Limits::DEFAULT.with_max_head_len(300).with_max_head_fields(8) } else { Limits::DEFAULT };

    let whole = ServerHandshake::new(&limits).receive(bytes);
    let outcome = describe(&whole);
    for ends in [cuts.ends(bytes), (0..=bytes.len()).collect()] {
        let mut handshake = ServerHandshake::new(&limits);
        for end in ends {
            let so_far = handshake.receive(&bytes[..end]);
            if !matches!(so_far, Ok(None)) {
                assert_eq!(describe(&so_far), outcome, "at byte {end}");
                // It is as new: what comes next is read like the first, the same bytes included.
                assert_eq!(format!("{handshake:?}"), format!("{:?}", ServerHandshake::new(&limits)), "at byte {end}");
                assert_eq!(describe(&handshake.receive(bytes)), outcome, "again, at byte {end}");
                break;
            }
            assert!(end < bytes.len() || matches!(whole, Ok(None)), "the pieces are waited for, the whole is not");
        }
    }

    match whole {
        Ok(None) => assert!(bytes.len() < limits.max_head_len),
        Ok(Some(Received::Http(request))) => {
            let head = &bytes[..request.head_len()];
            check_fields(head, &limits);
            let (line, fields) = heads::fields(head);
            assert!(line.ends_with(&format!(" HTTP/{}.{}", request.version().0, request.version().1)));
            assert!(!heads::has_token(&heads::values(&fields, "upgrade"), "websocket"));
        }
        Ok(Some(Received::Upgrade(request))) => {
            let head = &bytes[..request.head_len()];
            check_fields(head, &limits);
            check_upgrade(&request, head);
            check_answer(&request);
        }
        Err(error) => {
            check_refusal(&error);
            check_deserved(&error, bytes);
        }
    }
});

fn describe(received: &Result<Option<Received<'_>>, RequestError>) -> String {
    match received {
        Ok(None) => String::new(),
        Ok(Some(Received::Upgrade(request))) => format!("{} {:?}", request.head_len(), request.target()),
        Ok(Some(Received::Http(request))) => format!("plain, {} {:?}", request.head_len(), request.target()),
        Err(error) => format!("{error:?}"),
    }
}

fn check_fields(head: &[u8], limits: &Limits) {
    let (line, fields) = heads::fields(head);
    assert!(head.len() <= limits.max_head_len && fields.len() <= limits.max_head_fields);
    let (len, method, target, theirs) = heads::httparse_request(head).expect("what is accepted, httparse reads");
    assert_eq!((len, theirs), (head.len(), fields));
    assert!(line.starts_with(&format!("{method} {target} HTTP/1.")));
}

/// §4.2.1, point by point.
fn check_upgrade(request: &Request<'_>, head: &[u8]) {
    let (line, fields) = heads::fields(head);
    assert!(line.starts_with("GET ") && !line.ends_with(" HTTP/1.0"));
    let values = |name| heads::values(&fields, name);
    assert_eq!(values("host").len(), 1);
    assert!(heads::has_token(&values("upgrade"), "websocket"));
    assert!(heads::has_token(&values("connection"), "upgrade"));
    let [key] = values("sec-websocket-key")[..] else { panic!("one key") };
    assert_eq!(DECODER.decode(key).map(|nonce| nonce.len()), Ok(16));
    assert_eq!(values("sec-websocket-version"), [b"13"]);
    // A body would be read as frames.
    assert!(values("transfer-encoding").is_empty());
    assert!(values("content-length").iter().all(|len| len.iter().all(|&digit| digit == b'0')));
    assert!(values("origin").len() <= 1);
    assert_eq!(request.origin(), values("origin").first().copied());
    // No fragment, no space: what was one word for the client is one for whoever routes by it.
    assert!(request.target().bytes().all(|byte| byte.is_ascii_graphic() && byte != b'#'));
    assert!(request.path().starts_with('/'));
}

fn check_answer(request: &Request<'_>) {
    let mut offered: Vec<&str> = request.subprotocols().collect();
    let chosen = offered.last().copied();
    let mut out = Vec::new();
    let accept = request.accept();
    let accept = if let Some(chosen) = chosen { accept.subprotocol(chosen) } else { accept };
    let _negotiated = accept.write_to(&mut out).expect("every request can be accepted");

    let key = request.field("Sec-WebSocket-Key").next().expect("a key");
    // A client of ours encodes its nonce with zeros in the unused bits.
    let Ok(nonce) = STANDARD.decode(key) else { return };
    let nonce = nonce.try_into().expect("16 bytes");
    // A client offers each once.
    let mut seen = Vec::new();
    offered.retain(|name| {
        !seen.contains(name) && {
            seen.push(*name);
            true
        }
    });
    let mut sent = Vec::new();
    let client = ClientRequest::new("a", "/").subprotocols(&offered);
    let mut client = client.start(nonce, &Limits::UNLIMITED, &mut sent).expect("a request");
    match client.receive(&out) {
        Ok(Some(Answer::Open(response))) => {
            assert_eq!((response.subprotocol(), response.head_len()), (chosen, out.len()))
        }
        answer => panic!("{answer:?}"),
    }
}

fn check_refusal(error: &RequestError) {
    let mut out = Vec::new();
    error.response().write_to(&mut out).expect("room");
    let (len, status, fields) = heads::httparse_response(&out).expect("a whole response");
    assert!((400..=599).contains(&status) && status == error.response().status());
    assert_eq!(heads::values(&fields, "content-length"), [(out.len() - len).to_string().as_bytes()]);
    assert!(heads::has_token(&heads::values(&fields, "connection"), "close"));
    // Whatever the peer wrote, the body is one line of visible text.
    let (last, line) = out[len..].split_last().expect("a body");
    assert!(*last == b'\n' && line.iter().all(|&byte| byte.is_ascii_graphic() || byte == b' '));
}

/// The unused bits of a key may be anything.
const DECODER: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, PAD.with_decode_allow_trailing_bits(true));

/// What is refused has that fault, as a plain reader sees it: a change that refuses what is right is found here.
fn check_deserved(error: &RequestError, bytes: &[u8]) {
    if let RequestError::Head(_) = error {
        return;
    }
    // Every other error is about a whole head.
    let (len, method, target, _) = heads::httparse_request(&known_version(bytes)).expect("a whole head");
    let (line, fields) = heads::fields(&bytes[..len]);
    let values = |name| heads::values(&fields, name);
    let version = line.rsplit_once("HTTP/").expect("a version").1;
    if let RequestError::HttpVersion { .. } = error {
        assert!(!version.starts_with("1.") || version == "1.0");
        return;
    }
    assert!(heads::has_token(&values("upgrade"), "websocket"), "plain HTTP is no error: {error}");
    match *error {
        RequestError::Method { .. } => assert_ne!(method, "GET"),
        RequestError::Target { .. } => {
            let known = ["http://", "https://", "ws://", "wss://"];
            assert!(
                !target.starts_with('/') && !known.iter().any(|scheme| target.to_ascii_lowercase().starts_with(scheme))
            );
        }
        RequestError::HostMissing => assert!(values("host").is_empty()),
        RequestError::HostRepeated => assert!(values("host").len() > 1),
        RequestError::InvalidHost { .. } => {
            let is_plain =
                |host: &str| !host.is_empty() && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'.');
            let authority = target.split_once("://").map(|(_, rest)| rest.split(['/', '?']).next().unwrap_or_default());
            let hosts = values("host").into_iter().map(String::from_utf8_lossy).map(|host| host.into_owned());
            let mut hosts = hosts.chain(authority.map(str::to_owned));
            assert!(hosts.any(|host| !is_plain(&host)), "a name of letters, digits and dots is a host");
        }
        RequestError::Body => assert!(
            !values("transfer-encoding").is_empty() || !matches!(values("content-length")[..], [] | [b"0"]),
            "there is no body"
        ),
        RequestError::ConnectionWithoutUpgrade => assert!(!heads::has_token(&values("connection"), "upgrade")),
        RequestError::VersionMissing => assert!(values("sec-websocket-version").is_empty()),
        RequestError::VersionRepeated => assert!(values("sec-websocket-version").len() > 1),
        RequestError::UnsupportedVersion { .. } => assert_ne!(values("sec-websocket-version"), [b"13"]),
        RequestError::KeyMissing => assert!(values("sec-websocket-key").is_empty()),
        RequestError::KeyRepeated => assert!(values("sec-websocket-key").len() > 1),
        RequestError::InvalidKey(_) => {
            assert_ne!(DECODER.decode(values("sec-websocket-key")[0]).map(|nonce| nonce.len()), Ok(16));
        }
        RequestError::OriginRepeated => assert!(values("origin").len() > 1),
        RequestError::SubprotocolsEmpty => {
            assert!(
                values("sec-websocket-protocol").iter().all(|value| value.iter().all(|byte| b", \t".contains(byte)))
            );
        }
        RequestError::ExtensionsEmpty => {
            assert!(
                values("sec-websocket-extensions").iter().all(|value| value.iter().all(|byte| b", \t".contains(byte)))
            );
        }
        RequestError::InvalidSubprotocol { .. } => {
            let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || b", \t".contains(byte);
            assert!(
                !values("sec-websocket-protocol")
                    .iter()
                    .all(|value| value.iter().all(is_plain) && !value.contains(&b' '))
            );
        }
        RequestError::InvalidExtension(_) => {
            let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b',';
            assert!(!values("sec-websocket-extensions").iter().all(|value| value.iter().all(is_plain)));
        }
        _ => panic!("no error of a request that came as bytes: {error}"),
    }
}

/// `httparse` knows no other major version than 1.
fn known_version(bytes: &[u8]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    if let Some(at) = bytes.windows(6).position(|word| word == b" HTTP/")
        && let Some(major) = bytes.get_mut(at + 6).filter(|major| major.is_ascii_digit())
    {
        *major = b'1';
    }
    bytes
}
