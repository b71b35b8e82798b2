//! Heads that another HTTP stack parses and writes: that of the judge stands in for it.

use websocket_proto::extension::deflate::DeflateConfig;
use websocket_proto::handshake::{Answer, ClientRequest, ClientUpgrade, Parts, Received};
use websocket_proto::{Client as ClientRole, RandomKeys, Server as ServerRole};
use wsspec::memory::{Field, Subject};
use wsspec::wire::head::Head;

use super::SUBPROTOCOL;
use super::messages::{Asking, Whole, as_fields};
use super::talk::{Talk, after_the_opening};

fn write(first: &str, fields: &[Field], out: &mut Vec<u8>) {
    out.extend(first.as_bytes());
    for (name, value) in fields {
        out.extend([b"\r\n", name.as_bytes(), b": ", value].concat());
    }
    out.extend(b"\r\n\r\n");
}

/// A server.
pub struct Server {
    head: Vec<u8>,
    talk: Option<Whole<ServerRole, false>>,
    closed: bool,
}

impl Server {
    pub fn new() -> Self {
        Self { head: Vec::new(), talk: None, closed: false }
    }

    fn answer(&mut self, head: &Head, out: &mut Vec<u8>) {
        let line = String::from_utf8_lossy(&head.first).into_owned();
        let words: Vec<&str> = line.split(' ').collect();
        let fields = head.fields.iter().map(|(name, value)| (name, value));
        let minor = |version: &str| version.strip_prefix("HTTP/1.").and_then(|minor| minor.parse().ok());
        let refused = |status: u16, fields: Vec<Field>, body: &[u8], out: &mut Vec<u8>| {
            write(&format!("HTTP/1.1 {status} No"), &fields[1..], out);
            out.extend(body);
        };
        let ([method, target, version], true) = (&words[..], head.faults.is_empty()) else {
            self.closed = true;
            return refused(400, as_fields(400, std::iter::empty()), b"", out);
        };
        let version = minor(version).map_or((0, 9), |minor| (1, minor));
        match Received::from_parts(Parts::new(method, target, version, fields)) {
            Ok(Received::Upgrade(request)) => {
                let subprotocol = request.subprotocols().find(|name| *name == SUBPROTOCOL);
                let accept = request.accept().deflate(DeflateConfig::DEFAULT).subprotocol(subprotocol);
                let response = accept.response().unwrap();
                self.talk = Some(Talk::new(response.negotiated(), ServerRole));
                let fields = as_fields(response.status(), response.fields());
                write(&format!("HTTP/1.1 {} Switching Protocols", response.status()), &fields[1..], out);
            }
            Ok(Received::Http(request)) => {
                self.closed = true;
                let response = request.upgrade_required();
                refused(response.status(), as_fields(response.status(), response.fields()), response.body(), out);
            }
            Err(error) => {
                self.closed = true;
                let response = error.response();
                refused(response.status(), as_fields(response.status(), response.fields()), response.body(), out);
            }
        }
    }
}

impl Subject for Server {
    fn receive(&mut self, bytes: &mut [u8], out: &mut Vec<u8>) {
        if let Some(talk) = &mut self.talk {
            return talk.receive(bytes, out);
        }
        self.head.extend_from_slice(bytes);
        if self.closed {
            return;
        }
        if let Some(head) = Head::read(&self.head) {
            self.answer(&head, out);
            let mut rest = self.head.split_off(head.len);
            if let Some(talk) = &mut self.talk {
                talk.receive(&mut rest, out);
            }
        }
    }

    after_the_opening!();
}

/// A client.
pub struct Client {
    head: Vec<u8>,
    upgrade: Option<ClientUpgrade<'static, [&'static str; 1]>>,
    talk: Option<Whole<Asking, false>>,
    closed: bool,
}

impl Client {
    pub fn new() -> Self {
        Self { head: Vec::new(), upgrade: None, talk: None, closed: false }
    }

    /// Whether an answer that is not the last one was passed over.
    fn answer(&mut self, head: &Head) -> bool {
        let Some(upgrade) = &self.upgrade else { return false };
        let Some((version, status)) = head.status() else {
            self.closed = true;
            return false;
        };
        if status / 100 == 1 && status != 101 {
            return true;
        }
        let minor = version.last().map_or(0, |digit| digit.wrapping_sub(b'0'));
        let major = if version.starts_with(b"HTTP/1.") { 1 } else { 2 };
        let fields = head.fields.iter().map(|(name, value)| (name, value));
        match upgrade.receive(status, (major, minor), fields) {
            Ok(Answer::Open(response)) if head.faults.is_empty() => {
                let role = ClientRole::new(RandomKeys::from_seed([6; 32]));
                self.talk = Some(Talk::new(response.negotiated(), role));
            }
            _ => self.closed = true,
        }
        false
    }
}

impl Subject for Client {
    fn start(&mut self, out: &mut Vec<u8>) {
        let request = ClientRequest::new("server.example.com", "/chat");
        let request = request.subprotocols([SUBPROTOCOL]).deflate(DeflateConfig::DEFAULT);
        let upgrade = request.upgrade([9; 16]).unwrap();
        let fields: Vec<Field> =
            upgrade.fields().map(|(name, value)| (name.to_owned(), value.as_bytes().to_vec())).collect();
        write(&format!("GET {} HTTP/1.1", upgrade.target()), &fields, out);
        self.upgrade = Some(upgrade);
    }

    fn receive(&mut self, bytes: &mut [u8], out: &mut Vec<u8>) {
        if let Some(talk) = &mut self.talk {
            return talk.receive(bytes, out);
        }
        self.head.extend_from_slice(bytes);
        while let (Some(head), false, true) = (Head::read(&self.head), self.closed, self.talk.is_none()) {
            self.answer(&head);
            self.head.drain(..head.len);
        }
        if let Some(talk) = &mut self.talk {
            talk.receive(&mut std::mem::take(&mut self.head), out);
        }
    }

    after_the_opening!();
}
