//! The opening handshake, as two others have made it (RFC 6455 §4, RFC 8441 §5).

use websocket_proto::Limits;
use websocket_proto::extension::Extensions;
use websocket_proto::extension::deflate::DeflateParams;
use websocket_proto::handshake::{
    ConnectHead, ConnectRequest, Key, Parts, ResponseError, ResponseParts, Violation, observe,
};

use crate::finding::Finding;
use crate::http::Head;

/// What was agreed on, and what is wrong with how.
#[derive(Debug, Default)]
pub struct Agreed {
    pub deflate: Option<DeflateParams>,
    /// Whether the accept token fits the key; `None` without a key.
    pub accept: Option<bool>,
    pub extensions: Vec<String>,
    pub subprotocol: Option<String>,
    pub findings: Vec<Finding>,
}

/// What is wrong with a request that asks for WebSocket.
pub fn request(head: &Head) -> Vec<Finding> {
    let limits = Limits::UNLIMITED.with_max_head_len(usize::MAX);
    let mut findings = Vec::new();
    if let Err(error) = Parts::from_bytes(&head.bytes, &limits) {
        findings.push(Finding::new("RFC 9112", error.to_string()));
    }
    let mut violations = Vec::new();
    let unanswered: &[(String, Vec<u8>)] = &[];
    let _ = observe(parts(head), ResponseParts::new(0, (1, 1), unanswered), &mut violations);
    findings.extend(violations.into_iter().map(Finding::from));
    findings
}

/// What a response with status 101 agrees on.
pub fn response(request: Option<&Head>, head: &Head) -> Agreed {
    // Of a request that is not in the capture, nothing can be said but that it must have been one.
    let assumed = request.is_none().then(|| assumed_request(head));
    let asked = request.or(assumed.as_ref());
    let mut violations = Vec::new();
    let answer = ResponseParts::new(head.status().unwrap_or(0), head.version(), &head.fields[..]);
    let negotiated = asked.and_then(|asked| observe(parts(asked), answer, &mut violations));
    let wrong: Vec<_> =
        violations.into_iter().filter(|violation| matches!(violation, Violation::Response(_))).collect();
    let has_key =
        request.and_then(|request| request.field("sec-websocket-key")).is_some_and(|key| Key::new(key).is_ok());
    let accept_wrong = wrong.iter().any(|violation| {
        let Violation::Response(error) = violation else { return false };
        matches!(error, ResponseError::AcceptWrong | ResponseError::AcceptMissing | ResponseError::AcceptRepeated)
    });
    Agreed {
        deflate: negotiated.and_then(|negotiated| negotiated.deflate()),
        accept: has_key.then_some(!accept_wrong),
        extensions: extensions(head),
        subprotocol: head.members("sec-websocket-protocol").next(),
        findings: wrong.into_iter().map(Finding::from).collect(),
    }
}

/// What is wrong with an extended CONNECT.
pub fn connect(head: &Head) -> Vec<Finding> {
    let text = |name| head.field(name).and_then(|value| std::str::from_utf8(value).ok()).unwrap_or_default();
    let pseudo = ConnectHead::new(text(":protocol"), text(":scheme"), text(":authority"), text(":path"));
    let fields: Vec<_> = head.fields.iter().filter(|(name, _)| !name.starts_with(':')).cloned().collect();
    match ConnectRequest::from_connect(pseudo, &fields[..]) {
        Err(error) => vec![Violation::Request(error).into()],
        Ok(_) => Vec::new(),
    }
}

/// What a response with a status of 2xx to an extended CONNECT agrees on: the fields about extensions and subprotocols mean what they mean
/// in HTTP/1.1, and the others don't exist (RFC 8441 §5).
pub fn connected(request: &Head, head: &Head) -> Agreed {
    const HOP: [&str; 3] = ["upgrade", "connection", "sec-websocket-accept"];
    let kept = |head: &Head| -> Vec<(String, Vec<u8>)> {
        let hop =
            |name: &str| name.starts_with(':') || name == "host" || name == "sec-websocket-key" || HOP.contains(&name);
        head.fields.iter().filter(|(name, _)| !hop(name)).cloned().collect()
    };
    let field = |name: &str, value: &str| (name.to_owned(), value.as_bytes().to_vec());
    let upgrade = [field("upgrade", "websocket"), field("connection", "Upgrade")];
    let key = [field("host", "example.com"), field("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==")];
    let accept = [field("sec-websocket-accept", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")];
    let asked = Head::of_request("GET / HTTP/1.1", [kept(request), upgrade.to_vec(), key.to_vec()].concat());
    let answered = Head::of_request("HTTP/1.1 101 Up", [kept(head), upgrade.to_vec(), accept.to_vec()].concat());
    let mut agreed = response(Some(&asked), &answered);
    agreed.accept = None;
    for name in HOP.iter().filter(|&&name| name != "sec-websocket-accept" && head.field(name).is_some()) {
        let text = format!("expected no field {name} in HTTP/2, found one");
        agreed.findings.push(Finding::new("RFC 9113 §8.2.2", text));
    }
    agreed
}

fn parts(head: &Head) -> Parts<'_, &[(String, Vec<u8>)]> {
    Parts::new(head.method(), head.target(), head.version(), &head.fields)
}

/// A request that offers what was accepted.
fn assumed_request(response: &Head) -> Head {
    let mut fields = vec![("upgrade".to_owned(), b"websocket".to_vec())];
    for name in ["sec-websocket-extensions", "sec-websocket-protocol"] {
        fields.extend(response.fields(name).map(|value| (name.to_owned(), value.to_vec())));
    }
    Head::of_request("GET / HTTP/1.1", fields)
}

/// The extensions that were accepted, each with its parameters.
fn extensions(head: &Head) -> Vec<String> {
    let text = |value: &[u8]| String::from_utf8_lossy(value).into_owned();
    let accepted = head.fields("sec-websocket-extensions").flat_map(Extensions::new).filter_map(Result::ok);
    accepted
        .map(|extension| {
            let params = extension.params().map(|param| {
                let value = param.value().map(|value| format!("={}", text(&value.bytes().collect::<Vec<_>>())));
                format!("; {}{}", param.name(), value.unwrap_or_default())
            });
            params.fold(extension.name().to_owned(), |line, param| line + &param)
        })
        .collect()
}
