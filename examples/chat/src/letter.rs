//! A message for many, framed once.

use websocket_proto::{Connection, Limits, Message, Negotiated, Prepared, SendError, Server};

/// A message as it goes over the wire to every client: what a room keeps, and what all its connections write from.
///
/// Each connection writes from this one place, so that a message for a thousand receivers is framed once and copied never.
#[derive(Debug)]
pub struct Letter {
    frame: Prepared,
    len: usize,
}

impl Letter {
    /// Frames a message. This is also the one place to compress it, once for all connections that have agreed on compression
    /// without context: a second frame beside the first, between which [`admit`](Self::admit) chooses.
    pub fn new<'m>(message: impl Into<Message<'m>>) -> Self {
        let frame = Prepared::new(message).expect("no message here is that large");
        let len = bytes_of(&frame).len();
        Self { frame, len }
    }

    /// Asks a connection whether it may be sent now.
    pub fn admit(&self, connection: &mut Connection<Server>) -> Result<(), SendError> {
        connection.send_prepared(&self.frame).map(|_| ())
    }

    /// The bytes to write, of one that was admitted.
    pub fn bytes(&self) -> &[u8] {
        bytes_of(&self.frame)
    }

    /// How many bytes it has.
    pub fn len(&self) -> usize {
        self.len
    }
}

/// A connection lends these bytes only while it is open, but what was admitted is still written after it began to close. So they are
/// borrowed from one that has nothing else to do.
fn bytes_of(frame: &Prepared) -> &[u8] {
    let mut open = Connection::new(Negotiated::elsewhere(), Server, &Limits::DEFAULT);
    open.send_prepared(frame).expect("a new connection is open")
}

#[cfg(test)]
mod tests {
    use super::*;
    use websocket_proto::CloseCode;

    #[test]
    fn letter_is_a_frame_as_a_server_sends_it() {
        let letter = Letter::new("Hello");
        assert_eq!((letter.bytes(), letter.len()), (&b"\x81\x05Hello"[..], 7));
    }

    #[test]
    fn connection_that_closes_admits_none() {
        let mut connection = Connection::new(Negotiated::elsewhere(), Server, &Limits::DEFAULT);
        let letter = Letter::new("Hello");
        assert!(letter.admit(&mut connection).is_ok());
        connection.close(CloseCode::NORMAL.into()).unwrap();
        assert!(letter.admit(&mut connection).is_err());
        assert_eq!(letter.bytes(), b"\x81\x05Hello", "what was admitted before is still to be written");
    }
}
