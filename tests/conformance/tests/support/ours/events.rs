//! `Connection` alone: pieces as they come, and messages that go out in fragments.

use websocket_proto::extension::deflate::DeflateConfig;
use websocket_proto::wire::FixedOutput;
use websocket_proto::{Connection, Event as Found, MessageKind, Negotiated, Part, Role, Server as ServerRole};
use wsspec::exam::Event;

use super::LIMITS;
use super::messages::{Accepting, Asking, Requesting};
use super::talk::{Base, Talk};

/// Without compression.
const NONE: Option<DeflateConfig> = None;

pub fn server() -> Accepting<Pieces<ServerRole>> {
    Accepting::with(NONE)
}

pub fn client() -> Requesting<Pieces<Asking>> {
    Requesting::with(NONE)
}

/// Pieces are put together here.
pub struct Pieces<R: Role> {
    base: Base<R>,
    message: Vec<u8>,
}

impl<R: Role> Talk<R> for Pieces<R> {
    fn new(negotiated: Negotiated, role: R) -> Self {
        Self { base: Base::new(Connection::new(negotiated, role, &LIMITS)), message: Vec::new() }
    }

    fn receive(&mut self, mut input: &mut [u8], out: &mut Vec<u8>) {
        let Base { connection, heard, .. } = &mut self.base;
        loop {
            let mut place = [0; 4];
            let (kind, piece, part) = match connection.receive(&mut input) {
                Ok(Some(Found::Text(text, part))) => (MessageKind::Text, text.as_bytes(), part),
                Ok(Some(Found::Char(char, part))) => (MessageKind::Text, char.encode_utf8(&mut place).as_bytes(), part),
                Ok(Some(Found::Binary(bytes, part))) => (MessageKind::Binary, &*bytes, part),
                Ok(Some(Found::Ping)) => {
                    heard.push(Event::Ping(connection.control_payload().as_bytes().to_vec()));
                    connection.write_control(out).unwrap();
                    continue;
                }
                Ok(Some(Found::Pong)) => {
                    heard.push(Event::Pong(connection.control_payload().as_bytes().to_vec()));
                    continue;
                }
                Ok(Some(_)) => continue,
                Ok(None) | Err(_) => break,
            };
            assert_eq!(part.is_first(), part.is_first() && self.message.is_empty(), "a piece in its place");
            self.message.extend(piece);
            if !part.is_last() {
                continue;
            }
            let message = std::mem::take(&mut self.message);
            // Cut anywhere, also within a code point.
            let (first, last) = message.split_at(message.len() / 2);
            let mut place = vec![0; message.len() + 28];
            let mut fixed = FixedOutput::new(&mut place);
            if connection.send_bytes(kind, first, Part::First, &mut fixed).is_ok() {
                connection.send_bytes(kind, last, Part::Last, &mut fixed).unwrap();
            }
            out.extend(fixed.written());
            heard.push(match kind {
                MessageKind::Text => Event::Text(message),
                MessageKind::Binary => Event::Binary(message),
            });
        }
        self.base.write_control(out);
    }

    fn base(&mut self) -> &mut Base<R> {
        &mut self.base
    }

    fn shared(&self) -> &Base<R> {
        &self.base
    }
}
