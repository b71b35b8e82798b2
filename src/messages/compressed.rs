//! Messages that come compressed (RFC 7692 §6.2).

use super::Messages;
use crate::connection::{Connection, RawData, Role};
use crate::extension::deflate::Inflater;
use crate::simd;
use crate::wire::{MessageKind, ProtocolError, widened};

impl Messages {
    /// The place of the decompressor, which is there from the first compressed message on.
    ///
    /// Where no context takeover was agreed on for what the peer sends, it may be taken out between messages and lent to another
    /// connection with the same agreement; with context takeover it belongs to this connection alone.
    pub const fn inflater_mut(&mut self) -> &mut Option<Inflater> {
        &mut self.inflater
    }

    /// Decompresses a piece and adds the result to the message. It is bounded and validated as it comes out.
    pub(super) fn inflate<R: Role>(
        &mut self,
        connection: &mut Connection<R>,
        data: RawData<'_>,
    ) -> Result<(), ProtocolError> {
        let RawData { kind, payload, key, begins, ends, .. } = data;
        if begins {
            self.assembly.clear(self.kept_capacity);
        }
        if self.inflater.is_none() {
            self.inflater = connection.inflater();
        }
        // The bit that says so passes only where an inflater was agreed on.
        let Some(inflater) = &mut self.inflater else { return Ok(()) };
        let level = connection.level();
        simd::xor(level, payload, key);
        let (mut input, limit) = (&*payload, connection.max_message_len());
        let max = usize::try_from(limit).unwrap_or(usize::MAX);
        loop {
            let room = max.saturating_sub(self.assembly.len());
            let piece = match inflater.inflate(&mut input, ends, room.saturating_add(1)) {
                Ok(Some(piece)) => piece,
                Ok(None) => break,
                Err(error) => return Err(connection.fail(ProtocolError::InvalidCompression(error))),
            };
            let fitting = piece.get(..room).unwrap_or(piece);
            let is_too_long = fitting.len() < piece.len();
            self.assembly.grow(fitting.len(), max);
            let valid = match kind {
                MessageKind::Text => self.assembly.push_text(level, fitting, 0),
                MessageKind::Binary => {
                    self.assembly.push_binary(level, fitting, 0);
                    Ok(())
                }
            };
            if let Err(valid_up_to) = valid {
                return Err(connection.fail(ProtocolError::InvalidUtf8 { valid_up_to: widened(valid_up_to) }));
            }
            if is_too_long {
                return Err(connection.fail(ProtocolError::MessageTooLong { len: limit.saturating_add(1), max: limit }));
            }
        }
        self.judge(connection, kind, ends, Ok(()))
    }
}
