//! Opcodes (§5.2): what a frame is.

use super::ProtocolError;

/// Whether a message is text or binary data (§5.6).
///
/// ```
/// use websocket_proto::wire::{DataOpcode, MessageKind};
///
/// assert_eq!(DataOpcode::from(MessageKind::Text), DataOpcode::Text);
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub enum MessageKind {
    /// UTF-8 text (§8.1).
    Text,
    /// Bytes whose meaning is the application's.
    Binary,
}

/// The opcode of a frame that carries a part of a message (§5.6).
///
/// ```
/// use websocket_proto::wire::{DataOpcode, Opcode};
///
/// assert_eq!(Opcode::decode(0x2), Ok(Opcode::Data(DataOpcode::Binary)));
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[repr(u8)]
pub enum DataOpcode {
    /// `%x0`: a fragment that is not its message's first.
    Continuation = 0x0,
    /// `%x1`: a text message, or its first fragment.
    Text = 0x1,
    /// `%x2`: a binary message, or its first fragment.
    Binary = 0x2,
}

/// The opcode of a frame about the connection itself (§5.5).
///
/// ```
/// use websocket_proto::wire::{ControlOpcode, Opcode};
///
/// assert_eq!(Opcode::decode(0x9), Ok(Opcode::Control(ControlOpcode::Ping)));
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[repr(u8)]
pub enum ControlOpcode {
    /// `%x8` (§5.5.1).
    Close = 0x8,
    /// `%x9` (§5.5.2).
    Ping = 0x9,
    /// `%xA` (§5.5.3).
    Pong = 0xa,
}

/// The opcode of a frame (§5.2); reserved values have no variant.
///
/// ```
/// use websocket_proto::wire::{DataOpcode, Opcode, ProtocolError};
///
/// assert_eq!(Opcode::decode(0x1), Ok(Opcode::Data(DataOpcode::Text)));
/// assert_eq!(Opcode::decode(0x3), Err(ProtocolError::ReservedOpcode { opcode: 0x3 }));
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub enum Opcode {
    /// A data frame.
    Data(DataOpcode),
    /// A control frame.
    Control(ControlOpcode),
}

impl Opcode {
    /// Reads an opcode from the low four bits of a frame's first byte; the high four are ignored.
    ///
    /// # Errors
    ///
    /// [`ProtocolError::ReservedOpcode`] for `%x3-7` and `%xB-F`.
    pub const fn decode(byte: u8) -> Result<Self, ProtocolError> {
        match byte & 0x0f {
            0x0 => Ok(Self::Data(DataOpcode::Continuation)),
            0x1 => Ok(Self::Data(DataOpcode::Text)),
            0x2 => Ok(Self::Data(DataOpcode::Binary)),
            0x8 => Ok(Self::Control(ControlOpcode::Close)),
            0x9 => Ok(Self::Control(ControlOpcode::Ping)),
            0xa => Ok(Self::Control(ControlOpcode::Pong)),
            // §5.2: "If an unknown opcode is received, the receiving endpoint MUST _Fail the WebSocket Connection_."
            opcode => Err(ProtocolError::ReservedOpcode { opcode }),
        }
    }

    /// The opcode's four bits.
    #[inline]
    pub const fn encode(self) -> u8 {
        match self {
            Self::Data(opcode) => opcode as u8,
            Self::Control(opcode) => opcode as u8,
        }
    }
}

impl From<MessageKind> for DataOpcode {
    #[inline]
    fn from(kind: MessageKind) -> Self {
        match kind {
            MessageKind::Text => Self::Text,
            MessageKind::Binary => Self::Binary,
        }
    }
}

impl From<DataOpcode> for Opcode {
    fn from(opcode: DataOpcode) -> Self {
        Self::Data(opcode)
    }
}

impl From<ControlOpcode> for Opcode {
    fn from(opcode: ControlOpcode) -> Self {
        Self::Control(opcode)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sixteen_opcodes_are_read_as_section_5_2_lists_them() {
        for bits in 0..16 {
            match (bits, Opcode::decode(bits)) {
                (0..=2 | 8..=10, Ok(opcode)) => assert_eq!(opcode.encode(), bits),
                (_, result) => assert_eq!(result, Err(ProtocolError::ReservedOpcode { opcode: bits })),
            }
        }
        assert_eq!(Opcode::decode(0xf9), Ok(Opcode::Control(ControlOpcode::Ping)));
    }
}
