//! What a request is answered with.

use std::time::Instant;

use quiche::h3::{Header, NameValue};
use websocket_proto::Server;
use websocket_proto::endpoint::Endpoint;
use websocket_proto::handshake::{ConnectHead, ConnectRequest, Refusal, RequestError, Scheme};

use crate::options::Options;
use crate::server::say;
use crate::stream::Stream;

const PAGE: &[u8] = include_bytes!("../../echo_server/page.html");
const TEXT: (&str, &str) = ("content-type", "text/plain; charset=utf-8");

/// Opens a WebSocket (RFC 9220), or answers with a page or a refusal.
pub fn answer(list: &[Header], now: Instant, options: &Options) -> Stream {
    let pseudo = |wanted: &[u8]| {
        let found = list.iter().find(|field| field.name() == wanted);
        found.map_or("", |field| std::str::from_utf8(field.value()).unwrap_or(""))
    };
    let path = pseudo(b":path");
    match (pseudo(b":method"), path.split('?').next().unwrap_or_default()) {
        ("CONNECT", _) => {}
        (method @ ("GET" | "HEAD"), "/") => {
            return page(
                200,
                &[("content-type", "text/html; charset=utf-8")],
                if method == "GET" { PAGE } else { b"" },
            );
        }
        ("GET", _) => return page(404, &[TEXT], b"There is nothing but the page at /.\n"),
        ("HEAD", _) => return page(404, &[TEXT], b""),
        _ => {
            return page(
                405,
                &[TEXT, ("allow", "GET, HEAD, CONNECT")],
                b"Only GET, HEAD and CONNECT are understood.\n",
            );
        }
    }
    let (protocol, scheme, authority) = (pseudo(b":protocol"), pseudo(b":scheme"), pseudo(b":authority"));
    let fields = list.iter().filter(|field| !field.name().starts_with(b":"));
    // A name that is no text is refused as one that is no token.
    let fields = fields.map(|field| (std::str::from_utf8(field.name()).unwrap_or(""), field.value()));
    let head = ConnectHead::new(protocol, scheme, authority, path);
    match ConnectRequest::from_connect(head, fields) {
        Ok(request) => {
            let allowed: Vec<&str> = options.origins.iter().map(String::as_str).collect();
            if let Err(error) = request.check_same_origin(Scheme::Https, &allowed) {
                return refuse(&error, options);
            }
            let chosen = request.subprotocols().find(|name| options.subprotocols.iter().any(|known| known == name));
            match request.accept().deflate(options.config.deflate).subprotocol(chosen).response() {
                Ok(response) => {
                    let endpoint = Endpoint::new(response.negotiated(), Server, &options.config, &[], now);
                    Stream::open(head_of(response.status(), response.fields()), endpoint)
                }
                Err(error) => {
                    eprintln!("h3_server: can't answer: {error}");
                    page(500, &[], b"")
                }
            }
        }
        Err(error) => refuse(&error, options),
    }
}

fn refuse(error: &RequestError, options: &Options) -> Stream {
    if !options.quiet {
        say(&format!("HTTP/3: refused: {error}"));
    }
    let refusal: Refusal<'_> = error.response_to_connect();
    Stream::page(head_of(refusal.status(), refusal.fields()), refusal.body().to_vec())
}

fn page(status: u16, fields: &[(&str, &str)], body: &[u8]) -> Stream {
    Stream::page(head_of(status, fields.iter().copied()), body.to_vec())
}

fn head_of<'f>(status: u16, fields: impl Iterator<Item = (&'f str, &'f str)>) -> Vec<Header> {
    let status = Header::new(b":status", status.to_string().as_bytes());
    let fields = fields.map(|(name, value)| Header::new(name.to_ascii_lowercase().as_bytes(), value.as_bytes()));
    std::iter::once(status).chain(fields).collect()
}
