//! A place to read the rest of a large frame into.

use super::incoming::{Held, Ready};
use super::{Incoming, Messages};
use crate::connection::{Connection, Role};
use crate::frame::Content;
use crate::wire::{Output, ProtocolError, widened};

impl Messages {
    /// Lends the place where the rest of a large frame belongs, to read from the transport right into it; `None` unless at least
    /// [`LEAST_SPACE`](Self::LEAST_SPACE) bytes of a frame are still to come.
    ///
    /// Then no byte of it is copied after the transport wrote it. What was read is reported to [`filled`](Self::filled); reading
    /// nothing and asking [`next`](Self::next) instead is fine too. The place grows with what has arrived, not with what was declared.
    ///
    /// ```
    /// use std::io::{self, Read};
    /// use websocket_proto::{Connection, Incoming, Limits, Messages, Negotiated, Server};
    ///
    /// fn receive(mut socket: impl Read) -> io::Result<usize> {
    ///     let mut connection = Connection::new(Negotiated::elsewhere(), Server, &Limits::default());
    ///     let (mut messages, mut out, mut read) = (Messages::new(), Vec::new(), vec![0; 4096]);
    ///     let mut largest = 0;
    ///     loop {
    ///         let mut input = &mut [][..];
    ///         let mut incoming = if let Some(space) = messages.space(&connection) {
    ///             let n = socket.read(space)?;
    ///             if n == 0 { return Ok(largest) }
    ///             messages.filled(&mut connection, n, &mut out)
    ///         } else {
    ///             let n = socket.read(&mut read)?;
    ///             if n == 0 { return Ok(largest) }
    ///             input = &mut read[..n];
    ///             messages.next(&mut connection, &mut input, &mut out)
    ///         };
    ///         while let Some(found) = incoming.map_err(io::Error::other)? {
    ///             if let Incoming::Binary(bytes) = found {
    ///                 largest = largest.max(bytes.len());
    ///             }
    ///             incoming = messages.next(&mut connection, &mut input, &mut out);
    ///         }
    ///     }
    /// }
    ///
    /// // One binary message of 65,536 bytes, masked with the key 0.
    /// let mut frame = vec![0; 14 + 65_536];
    /// frame[..10].copy_from_slice(&[0x82, 0xff, 0, 0, 0, 0, 0, 1, 0, 0]);
    /// assert_eq!(receive(&frame[..]).unwrap(), 65_536);
    /// ```
    #[inline]
    pub fn space<R: Role>(&mut self, connection: &Connection<R>) -> Option<&mut [u8]> {
        // Between messages nothing is missing.
        if connection.takes_short_frames() { None } else { self.space_within(connection) }
    }

    #[inline(never)]
    fn space_within<R: Role>(&mut self, connection: &Connection<R>) -> Option<&mut [u8]> {
        let awaited = connection.awaited()?;
        let missing = usize::try_from(connection.payload_remaining()).unwrap_or(usize::MAX);
        if missing < Self::LEAST_SPACE {
            return None;
        }
        if awaited.begins_message() {
            self.buffer.clear(self.kept_capacity, &mut self.retention);
            self.hold(Held::Nothing);
        }
        Some(self.buffer.space(missing))
    }

    /// Takes the first `n` bytes of what was lent by [`space`](Self::space) as read, and hands out the message if it is whole.
    ///
    /// There is no need to drain anything afterwards: the bytes are all used up.
    ///
    /// # Errors
    ///
    /// As [`next`](Self::next).
    pub fn filled<R: Role>(
        &mut self,
        connection: &mut Connection<R>,
        n: usize,
        out: &mut impl Output,
    ) -> Result<Option<Incoming<'_>>, ProtocolError> {
        let found = self.fill(connection, n, out)?;
        Ok(found.map(|ready| self.lend(ready)))
    }

    /// Takes the first `n` bytes of what was lent as read, as [`filled`](Self::filled), but leaves a message that is whole for
    /// [`next`](Self::next) to hand out: the first step of two, as [`advance`](Self::advance).
    ///
    /// True if `next` has something to hand out, a failure included.
    #[must_use = "what was found waits for `next`"]
    pub fn advance_filled<R: Role>(&mut self, connection: &mut Connection<R>, n: usize, out: &mut impl Output) -> bool {
        let found = self.fill(connection, n, out);
        if let Ok(Some(ready)) = found {
            self.hold(Held::Ready(ready));
        }
        !matches!(found, Ok(None))
    }

    fn fill<R: Role>(
        &mut self,
        connection: &mut Connection<R>,
        n: usize,
        out: &mut impl Output,
    ) -> Result<Option<Ready>, ProtocolError> {
        let Some(piece) = connection.awaited() else { return Ok(None) };
        let Content::Message { kind, .. } = piece.content else { return Ok(None) };
        let (before, level, key, missing) =
            (self.buffer.len(), connection.level(), piece.key(), connection.payload_remaining());
        let n = n.min(usize::try_from(missing).unwrap_or(usize::MAX));
        let valid = self.buffer.filled(kind, level, n, key);
        // More than was lent can't have been read.
        let n = self.buffer.len().saturating_sub(before);
        connection.pass(n);
        let ends = piece.header.fin() && widened(n) == missing;
        if let Err(error) = self.judge(connection, kind, ends, valid) {
            return Err(self.failed(connection, error, &mut &mut [][..], out));
        }
        if !ends {
            self.drained(connection, out);
            return Ok(None);
        }
        let _ = connection.write_control(out);
        Ok(Some(Ready::Message(kind)))
    }
}
