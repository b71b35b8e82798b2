//! What lies in the input whole, and is lent from there.

use super::{Incoming, Messages};
use crate::connection::{Connection, Role};
use crate::frame::{Content, Piece};
use crate::kernel;
use crate::wire::{ControlOpcode, MessageKind, Output, ProtocolError};

impl Messages {
    /// Lends what lies in the input whole: a message, a Ping or a Pong.
    #[inline(always)] // The piece then stays in registers: `benches/instructions`, next-binary-1024.
    pub(super) fn lend_whole<'i, R: Role>(
        &mut self,
        connection: &mut Connection<R>,
        piece: Piece<'i>,
        input: &mut &'i mut [u8],
        out: &mut impl Output,
    ) -> Result<Option<Incoming<'i>>, ProtocolError> {
        let key = piece.key();
        let opcode = match piece.content {
            Content::Message { kind: MessageKind::Text, .. } => {
                return self.whole_text(connection, piece.payload, key, input, out);
            }
            Content::Message { kind: MessageKind::Binary, .. } => {
                kernel::xor(connection.level(), piece.payload, key);
                return Ok(Some(Incoming::Binary(piece.payload)));
            }
            Content::Control(opcode) => opcode,
        };
        kernel::xor_short(piece.payload, key);
        Ok(Some(match opcode {
            ControlOpcode::Ping => {
                connection.answer_ping(piece.payload, out);
                Incoming::Ping(piece.payload)
            }
            ControlOpcode::Pong | ControlOpcode::Close => Incoming::Pong(piece.payload),
        }))
    }

    /// A text message that lies in the input whole.
    pub(super) fn whole_text<'i, R: Role>(
        &mut self,
        connection: &mut Connection<R>,
        payload: &'i mut [u8],
        key: u32,
        input: &mut &'i mut [u8],
        out: &mut impl Output,
    ) -> Result<Option<Incoming<'i>>, ProtocolError> {
        let len = payload.len();
        let valid = kernel::unmask_whole_text(connection.level(), payload, key);
        if valid.len() == len {
            return Ok(Some(Incoming::Text(valid)));
        }
        let error = connection.fail_text(valid.len());
        Err(self.failed(connection, error, input, out))
    }
}
