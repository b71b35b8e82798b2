//! Messages that do not lie in the input whole are put together here.

use super::Messages;
use super::incoming::{LastControl, Ready};
use crate::connection::{Connection, Role};
use crate::frame::{Content, Piece};
use crate::wire::{CloseFrame, ControlOpcode, MessageKind, ProtocolError, Rsv};

impl Messages {
    /// Adds a piece to the message that is under way, or acts on a control frame and stores it; tells whether there is something to
    /// hand out.
    pub(super) fn keep<R: Role>(
        &mut self,
        connection: &mut Connection<R>,
        piece: Piece<'_>,
        input: &mut &mut [u8],
    ) -> Result<Option<Ready>, ProtocolError> {
        let ends = piece.ends_message();
        Ok(match piece.content {
            Content::Message { kind, rsv } => {
                if piece.begins_message() {
                    self.buffer.clear(self.kept_capacity, &mut self.retention);
                }
                match rsv {
                    Rsv::NONE => self.assemble(connection, kind, piece)?,
                    #[cfg(feature = "inflate")]
                    rsv if rsv == connection.deflate_rsv() => self.inflate(connection, kind, piece)?,
                    rsv => self.decode(connection, kind, rsv, piece)?,
                }
                ends.then_some(Ready::Message(kind))
            }
            Content::Control(opcode) => Some(self.keep_control(connection, opcode, input)?),
        })
    }

    #[inline(never)]
    fn keep_control<R: Role>(
        &mut self,
        connection: &mut Connection<R>,
        opcode: ControlOpcode,
        input: &mut &mut [u8],
    ) -> Result<Ready, ProtocolError> {
        connection.act_on(opcode, input)?;
        self.control = match opcode {
            ControlOpcode::Ping => LastControl::Ping(*connection.control_payload()),
            ControlOpcode::Pong => LastControl::Pong(*connection.control_payload()),
            ControlOpcode::Close => {
                // The unfinished message, if there is one, will never be finished.
                self.buffer.clear(self.kept_capacity, &mut self.retention);
                LastControl::Close(connection.peer_close().unwrap_or(CloseFrame::EMPTY))
            }
        };
        Ok(Ready::Control)
    }

    /// Adds a piece to the message.
    fn assemble<R: Role>(
        &mut self,
        connection: &mut Connection<R>,
        kind: MessageKind,
        piece: Piece<'_>,
    ) -> Result<(), ProtocolError> {
        let (level, key) = (connection.level(), piece.key());
        let valid = match kind {
            MessageKind::Text => self.buffer.push_text(level, piece.payload, key),
            MessageKind::Binary => {
                self.buffer.push_binary(level, piece.payload, key);
                Ok(())
            }
        };
        self.judge(connection, kind, piece.ends_message(), valid)
    }

    /// Fails the connection if the assembled text can't become UTF-8, or ends before it has.
    pub(super) fn judge<R: Role>(
        &self,
        connection: &mut Connection<R>,
        kind: MessageKind,
        ends: bool,
        valid: Result<(), usize>,
    ) -> Result<(), ProtocolError> {
        // §8.1: a message that ends inside a code point is not UTF-8.
        let whole = if ends && kind == MessageKind::Text { self.buffer.text().map(drop) } else { Ok(()) };
        valid.and(whole).map_err(|valid_up_to| connection.fail_text(valid_up_to))
    }
}
