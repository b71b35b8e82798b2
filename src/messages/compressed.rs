//! Messages that come compressed (RFC 7692 §6.2).

use super::Messages;
use super::transformed::push;
use crate::connection::{Connection, Role};
use crate::extension::deflate::Inflater;
use crate::frame::Piece;
use crate::kernel;
use crate::wire::{InvalidDeflate, MessageKind, ProtocolError};

impl Messages {
    /// The place of the decompressor, which is there from the first compressed message on.
    ///
    /// It may be taken out between messages and put back, or serve another connection: a connection that finds one that has worked for
    /// another begins without a history. Where its peer works with context takeover, and so refers to earlier messages, it needs the one
    /// that has decompressed those.
    pub const fn inflater_mut(&mut self) -> &mut Option<Inflater> {
        &mut self.inflater
    }

    /// Decompresses a piece and adds the result to the message. It is bounded and validated as it comes out.
    pub(super) fn inflate<R: Role>(
        &mut self,
        connection: &mut Connection<R>,
        kind: MessageKind,
        piece: Piece<'_>,
    ) -> Result<(), ProtocolError> {
        let (level, begins, ends, key) =
            (connection.level(), piece.begins_message(), piece.ends_message(), piece.key());
        let payload = piece.payload;
        kernel::xor(level, payload, key);
        let Some(inflater) = connection.inflater_in(&mut self.inflater, payload, begins) else {
            // The message was begun in another `Messages`, or this one has served another connection since.
            return Err(connection.fail(ProtocolError::InvalidCompression(InvalidDeflate::Corrupt)));
        };
        let mut input = &*payload;
        let max = usize::try_from(connection.max_message_len()).unwrap_or(usize::MAX);
        loop {
            let room = max.saturating_sub(self.buffer.len()).saturating_add(1);
            let done = match inflater.inflate(&mut input, ends, room) {
                Ok(Some(piece)) => push(&mut self.buffer, connection, kind, piece),
                Ok(None) => break,
                Err(error) => Err(ProtocolError::InvalidCompression(error)),
            };
            done.map_err(|error| connection.fail(error))?;
        }
        self.judge(connection, kind, ends, Ok(()))
    }
}
