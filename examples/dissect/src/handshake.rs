//! The opening handshake, as two others have made it (RFC 6455 §4).

use websocket_proto::Limits;
use websocket_proto::extension::Extensions;
use websocket_proto::extension::deflate::{Compression, DeflateParams, WindowBits};
use websocket_proto::handshake::{Key, ServerHandshake};

use crate::finding::Finding;
use crate::http::Head;

/// What was agreed on, and what is wrong with how.
#[derive(Debug, Default)]
pub struct Agreed {
    pub deflate: Option<DeflateParams>,
    pub extensions: Vec<String>,
    pub subprotocol: Option<String>,
    pub findings: Vec<Finding>,
}

/// What is wrong with a request that asks for WebSocket: what a strict server would say.
pub fn request(head: &Head) -> Vec<Finding> {
    let limits = Limits::UNLIMITED.with_max_head_len(usize::MAX);
    match ServerHandshake::new(&limits).receive(&head.bytes) {
        Err(error) => vec![Finding::new("RFC 6455 §4.2.1", error.to_string())],
        Ok(_) => Vec::new(),
    }
}

/// What a response with status 101 agrees on.
pub fn response(request: Option<&Head>, head: &Head) -> Agreed {
    const SECTION: &str = "RFC 6455 §4.1";
    let mut agreed = Agreed::default();
    let mut wrong = |text: String| agreed.findings.push(Finding::new(SECTION, text));
    if !head.lists("upgrade", "websocket") {
        wrong("expected Upgrade: websocket in the response, found none".into());
    }
    if !head.lists("connection", "upgrade") {
        wrong("expected Connection: Upgrade in the response, found none".into());
    }
    let accept = head.field("sec-websocket-accept").map(|value| String::from_utf8_lossy(value).into_owned());
    if let Some(key) = request.and_then(|request| request.field("sec-websocket-key")) {
        let right = Key::new(key).map(|key| key.accept());
        match (&accept, right) {
            (None, _) => wrong("expected a Sec-WebSocket-Accept, found none".into()),
            (Some(accept), Ok(right)) if accept != right.as_str() => {
                wrong(format!("expected Sec-WebSocket-Accept {}, found {accept:?}", right.as_str()));
            }
            (Some(_), _) => {}
        }
    }
    agreed.subprotocol = head.members("sec-websocket-protocol").next();
    if let (Some(chosen), Some(request)) = (&agreed.subprotocol, request)
        && !request.members("sec-websocket-protocol").any(|offered| &offered == chosen)
    {
        wrong(format!("expected a subprotocol that was offered, found {chosen:?}"));
    }
    for value in head.fields("sec-websocket-extensions") {
        for extension in Extensions::new(value) {
            let extension = match extension {
                Ok(extension) => extension,
                Err(error) => {
                    agreed.findings.push(Finding::new("RFC 6455 §9.1", error.to_string()));
                    break;
                }
            };
            let offered = request.is_none_or(|request| {
                let mut offers = request.fields("sec-websocket-extensions").flat_map(Extensions::new);
                offers.any(|offer| offer.is_ok_and(|offer| offer.name() == extension.name()))
            });
            if !offered {
                let text = format!("expected an extension that was offered, found {:?}", extension.name());
                agreed.findings.push(Finding::new("RFC 6455 §9.1", text));
            }
            let mut line = extension.name().to_owned();
            let mut params = DeflateParams::new(Compression::DEFAULT, Compression::DEFAULT);
            for param in extension.params() {
                let value =
                    param.value().map(|value| String::from_utf8_lossy(&value.bytes().collect::<Vec<_>>()).into_owned());
                line += &format!("; {}", param.name());
                line += &value.as_ref().map(|value| format!("={value}")).unwrap_or_default();
                let bits = value
                    .as_deref()
                    .and_then(|value| value.parse().ok())
                    .and_then(WindowBits::new)
                    .unwrap_or(WindowBits::MAX);
                match param.name() {
                    "server_no_context_takeover" => params.server = params.server.with_context_takeover(false),
                    "client_no_context_takeover" => params.client = params.client.with_context_takeover(false),
                    "server_max_window_bits" => params.server = params.server.with_window_bits(bits),
                    "client_max_window_bits" => params.client = params.client.with_window_bits(bits),
                    other if extension.name() == "permessage-deflate" => {
                        let text = format!("expected a parameter of {}, found {other:?}", extension.name());
                        agreed.findings.push(Finding::new("RFC 7692 §7.1", text));
                    }
                    _ => {}
                }
            }
            if extension.name() == "permessage-deflate" {
                agreed.deflate = Some(params);
            }
            agreed.extensions.push(line);
        }
    }
    agreed
}
