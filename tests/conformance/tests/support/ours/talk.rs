//! What the ways to use a `Connection` have in common.

use websocket_proto::{CloseCode, CloseFrame, Connection, Incoming, Negotiated, OwnedMessage, Role, Transport};
use wsspec::case::{Command, Literal};
use wsspec::exam::Event;

use super::context;

/// A connection that echoes.
pub trait Talk<R: Role> {
    fn new(negotiated: Negotiated, role: R) -> Self;
    fn receive(&mut self, input: &mut [u8], out: &mut Vec<u8>);
    fn base(&mut self) -> &mut Base<R>;
    fn shared(&self) -> &Base<R>;
}

/// What each of them has.
pub struct Base<R: Role> {
    pub connection: Connection<R>,
    pub heard: Vec<Event>,
}

impl<R: Role> Base<R> {
    pub fn new(connection: Connection<R>) -> Self {
        Self { connection, heard: Vec::new() }
    }

    /// What waits for room in the output has it now: everything before is written.
    pub fn write_control(&mut self, out: &mut Vec<u8>) {
        while self.connection.wants_write() {
            let mut more = Vec::new();
            self.connection.write_control(&mut more).unwrap();
            out.extend(more);
        }
    }

    pub fn receive_eof(&mut self, out: &mut Vec<u8>) {
        self.connection.receive_eof();
        self.write_control(out);
    }

    pub fn is_closed(&self) -> bool {
        matches!(self.connection.transport(), Transport::HalfClose | Transport::Close)
    }

    pub fn command(&mut self, command: &Command, out: &mut Vec<u8>) {
        let done = match command {
            Command::Close { code, reason } => {
                let done = self.connection.close(close_frame(*code, reason));
                self.connection.write_control(out).unwrap();
                done
            }
            Command::Text(text) => self.connection.send(std::str::from_utf8(&bytes(text)).unwrap(), out),
            Command::Binary(data) => self.connection.send(&*bytes(data), out),
            Command::Ping(payload) => self.connection.ping(&bytes(payload), out),
            Command::Pong(payload) => self.connection.pong(&bytes(payload), out),
        };
        // What is refused after a Close is not sent: that is what is wanted.
        let _ = done;
    }
}

/// What a subject does by itself before its opening has ended, and by its connection afterwards: for one with `talk`, an `Option` of a
/// [`Talk`], and `closed`.
macro_rules! after_the_opening {
    () => {
        fn receive_eof(&mut self, out: &mut Vec<u8>) {
            match &mut self.talk {
                Some(talk) => talk.base().receive_eof(out),
                None => self.closed = true,
            }
        }

        fn is_closed(&self) -> bool {
            self.closed || self.talk.as_ref().is_some_and(|talk| talk.shared().is_closed())
        }

        fn heard(&mut self) -> Option<Vec<wsspec::exam::Event>> {
            Some(self.talk.as_ref().map(|talk| super::own_heard(&talk.shared().heard)).unwrap_or_default())
        }

        fn command(&mut self, command: &wsspec::case::Command, out: &mut Vec<u8>) -> bool {
            self.talk.as_mut().map(|talk| talk.base().command(command, out)).is_some()
        }
    };
}
pub(super) use after_the_opening;

pub fn bytes(literal: &Literal) -> Vec<u8> {
    literal.bytes(&context().limits).unwrap_or_default()
}

pub fn close_frame(code: Option<u16>, reason: &Literal) -> CloseFrame {
    match code {
        Some(code) => {
            CloseFrame::new(CloseCode::new(code).unwrap(), std::str::from_utf8(&bytes(reason)).unwrap()).unwrap()
        }
        None => CloseFrame::EMPTY,
    }
}

/// What is heard of it.
pub fn event(incoming: &Incoming<'_>) -> Option<Event> {
    Some(match incoming {
        Incoming::Text(text) => Event::Text(text.as_bytes().to_vec()),
        Incoming::Binary(bytes) => Event::Binary(bytes.to_vec()),
        Incoming::Ping(payload) => Event::Ping(payload.to_vec()),
        Incoming::Pong(payload) => Event::Pong(payload.to_vec()),
        _ => return None,
    })
}

pub fn taken(message: OwnedMessage) -> Event {
    match message {
        OwnedMessage::Text(text) => Event::Text(text.into()),
        OwnedMessage::Binary(bytes) => Event::Binary(bytes),
    }
}
