//! Messages that come compressed (RFC 7692 §6.2).

use super::Messages;
use super::transformed::push;
use crate::connection::{Connection, Role};
use crate::extension::Decode;
use crate::extension::deflate::Inflater;
use crate::frame::Piece;
use crate::kernel;
use crate::wire::{MessageKind, ProtocolError};

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
        let (begins, ends, key) = (piece.begins_message(), piece.ends_message(), piece.key());
        let payload = piece.payload;
        kernel::xor(connection.level(), payload, key);
        let inflater = connection.inflater_in(&mut self.inflater, payload, begins)?;
        let buffer = &mut self.buffer;
        let inflated = inflater.decode(payload, ends, &mut |piece| push(buffer, connection, kind, piece));
        inflated.map_err(|error| connection.fail(error))?;
        self.judge(connection, kind, ends, Ok(()))
    }
}
