//! Law: a request that is made by the grammar of RFC 6455 §4.1, RFC 9110 and RFC 9112 is accepted, and means what was meant.
#![no_main]

use arbitrary::{Arbitrary, Result, Unstructured};
use base64::{Engine, engine::general_purpose::STANDARD};
use libfuzzer_sys::fuzz_target;
use websocket_proto::Limits;
use websocket_proto::handshake::{Received, ServerHandshake};

/// A request, and what it asks for.
#[derive(Debug)]
struct Good {
    bytes: Vec<u8>,
    target: String,
    host: String,
    subprotocols: Vec<String>,
    extensions: Vec<String>,
}

fuzz_target!(|good: Good| {
    let limits = Limits::DEFAULT.with_max_head_len(usize::MAX).with_max_head_fields(usize::MAX);
    let mut handshake = ServerHandshake::new(&limits);
    match handshake.receive(&good.bytes) {
        Ok(Some(Received::Upgrade(request))) => {
            assert_eq!((request.target(), request.host()), (&*good.target, &*good.host));
            assert_eq!(request.head_len(), good.bytes.len());
            assert!(request.subprotocols().eq(good.subprotocols.iter()));
            assert!(request.extensions().map(|extension| extension.name()).eq(good.extensions.iter()));
        }
        other => panic!("{}: {other:?}", good.bytes.escape_ascii()),
    }
});

impl<'a> Arbitrary<'a> for Good {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let path = path(u)?;
        let (own, other) = (host(u)?, host(u)?);
        // RFC 9112 §3.2.2: the host of an absolute target stands above the field's.
        let (target, meant) = if u.ratio(1, 4)? {
            (format!("{}://{other}{path}", u.choose(&["http", "HTTPS", "ws", "wss"])?), other)
        } else {
            (path, own.clone())
        };
        let (subprotocols, extensions) = (tokens(u)?, tokens(u)?);
        let key: [u8; 16] = u.arbitrary()?;

        let mut lines: Vec<(String, Vec<u8>)> = vec![
            ("Host".into(), own.into()),
            ("Sec-WebSocket-Key".into(), STANDARD.encode(key).into()),
            ("Sec-WebSocket-Version".into(), b"13".into()),
        ];
        for (name, token) in [("Upgrade", "websocket"), ("Connection", "upgrade")] {
            let mut elements = tokens(u)?;
            elements.push(mixed_case(u, token)?);
            lines.extend(list(u, name, &elements)?);
        }
        if !subprotocols.is_empty() {
            lines.extend(list(u, "Sec-WebSocket-Protocol", &subprotocols)?);
        }
        if !extensions.is_empty() {
            let with_params: Vec<String> = extensions.iter().map(|name| params(u, name)).collect::<Result<_>>()?;
            lines.extend(list(u, "Sec-WebSocket-Extensions", &with_params)?);
        }
        if u.arbitrary()? {
            lines.push(("Origin".into(), format!("https://{}", host(u)?).into()));
        }
        if u.ratio(1, 8)? {
            lines.push(("Content-Length".into(), b"0".into()));
        }
        for _ in 0..u.int_in_range(0..=4)? {
            let value: Vec<u8> =
                u.arbitrary::<Vec<u8>>()?.into_iter().filter(|&byte| byte >= b' ' && byte != 0x7f).collect();
            lines.push((format!("X-{}", token(u)?), value));
        }
        // Fields of different names come in any order; those of one name keep theirs.
        for at in (1..lines.len()).rev() {
            let other = u.int_in_range(0..=at)?;
            if !lines[other..=at].iter().any(|(name, _)| name.starts_with("Sec-WebSocket-")) {
                lines.swap(at, other);
            }
        }

        let mut bytes = b"\r\n".repeat(u.int_in_range(0..=2)?);
        bytes.extend_from_slice(format!("GET {target} HTTP/1.{}\r\n", u.int_in_range(1..=9)?).as_bytes());
        for (name, value) in &lines {
            bytes.extend_from_slice(mixed_case(u, name)?.as_bytes());
            bytes.push(b':');
            bytes.extend_from_slice(space(u)?.as_bytes());
            bytes.extend_from_slice(value);
            bytes.extend_from_slice(space(u)?.as_bytes());
            bytes.extend_from_slice(b"\r\n");
        }
        bytes.extend_from_slice(b"\r\n");
        Ok(Self { bytes, target, host: meant, subprotocols, extensions })
    }
}

/// RFC 3986 §3.3 and §3.4.
fn path(u: &mut Unstructured<'_>) -> Result<String> {
    let mut path = String::from("/");
    for _ in 0..u.int_in_range(0..=6)? {
        path.push_str(u.choose(&["a", "/", "%20", "~", "..", ":", "@", "!$&'()*+,;=", "chat", "?", "b=c"])?);
    }
    Ok(path)
}

/// RFC 3986 §3.2.2 and §3.2.3.
fn host(u: &mut Unstructured<'_>) -> Result<String> {
    let mut host = match u.int_in_range(0..=4)? {
        0 => std::net::Ipv4Addr::from(u.arbitrary::<u32>()?).to_string(),
        1 => format!("[{}]", std::net::Ipv6Addr::from(u.arbitrary::<u128>()?)),
        2 => "[v1F.a:b]".into(),
        3 => "a%41-b_c.example".into(),
        _ => format!("{}.example", u.int_in_range(0..=9)?),
    };
    match u.int_in_range(0..=2)? {
        0 => host.push(':'),
        1 => host.push_str(&format!(":{}", u.arbitrary::<u16>()?)),
        _ => {}
    }
    Ok(host)
}

/// RFC 9110 §5.6.2.
fn token(u: &mut Unstructured<'_>) -> Result<String> {
    let all: Vec<u8> = (b'!'..=b'~').filter(|byte| !b"\"(),/:;<=>?@[\\]{}".contains(byte)).collect();
    let len = u.int_in_range(1..=6)?;
    (0..len).map(|_| u.choose(&all).map(|&byte| char::from(byte))).collect()
}

fn tokens(u: &mut Unstructured<'_>) -> Result<Vec<String>> {
    (0..u.int_in_range(0..=3)?).map(|_| token(u)).collect()
}

/// RFC 9110 §5.6.1: lists with empty elements, and over several lines.
fn list(u: &mut Unstructured<'_>, name: &str, elements: &[String]) -> Result<Vec<(String, Vec<u8>)>> {
    let mut lines = vec![String::new()];
    for element in elements {
        if u.ratio(1, 3)? {
            lines.push(String::new());
        }
        let line = lines.last_mut().expect("a line");
        if !line.is_empty() || u.ratio(1, 5)? {
            line.push_str(&format!("{},{}", space(u)?, space(u)?));
        }
        line.push_str(element);
        if u.ratio(1, 5)? {
            line.push(',');
        }
    }
    Ok(lines.into_iter().map(|value| (name.into(), value.trim().as_bytes().to_vec())).collect())
}

/// RFC 6455 §9.1: `extension = extension-token *( ";" extension-param )`.
fn params(u: &mut Unstructured<'_>, name: &str) -> Result<String> {
    let mut extension = String::from(name);
    for _ in 0..u.int_in_range(0..=2)? {
        extension.push_str(&format!("{};{}{}", space(u)?, space(u)?, token(u)?));
        match u.int_in_range(0..=2)? {
            0 => extension.push_str(&format!("={}", token(u)?)),
            1 => extension.push_str(&format!("=\"{}\"", token(u)?)),
            _ => {}
        }
    }
    Ok(extension)
}

fn space(u: &mut Unstructured<'_>) -> Result<&'static str> {
    u.choose(&["", " ", "\t", "  "]).copied()
}

fn mixed_case(u: &mut Unstructured<'_>, word: &str) -> Result<String> {
    word.chars().map(|c| Ok(if u.arbitrary()? { c.to_ascii_uppercase() } else { c.to_ascii_lowercase() })).collect()
}
