//! What a peer can do wrong, and the status code that tells it so.

use core::fmt;

use super::{CloseCode, ControlOpcode, InvalidDeflate, MessageKind, Rsv};

/// A violation of the protocol by the peer, for which the connection fails (§7.1.7).
///
/// It is never the caller's fault, and it is not the peer's Close: that one is an event. [`close_code`](Self::close_code)
/// is the status code of the Close frame that answers it.
///
/// ```
/// use websocket_proto::wire::{CloseCode, ControlOpcode, Header, ProtocolError};
///
/// // A Ping that declares 130 bytes of payload.
/// let error = Header::decode(&[0x89, 0x7e, 0x00, 0x82]).unwrap_err();
/// assert_eq!(error, ProtocolError::ControlTooLong { opcode: ControlOpcode::Ping, len: 130 });
/// assert_eq!(error.close_code(), CloseCode::PROTOCOL_ERROR);
/// assert_eq!(error.to_string(), "Ping frame declares a payload of 130 bytes, but control frames hold at most 125");
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum ProtocolError {
    /// A reserved bit is set that no negotiated extension owns, or on a frame where its owner forbids it (§5.2).
    ReservedBits {
        /// The offending bits.
        rsv: Rsv,
    },
    /// The opcode is one of `%x3-7` or `%xB-F` (§5.2).
    ReservedOpcode {
        /// The opcode seen.
        opcode: u8,
    },
    /// A control frame without FIN (§5.5).
    FragmentedControl {
        /// The control frame's opcode.
        opcode: ControlOpcode,
    },
    /// A control frame with a payload of more than 125 bytes (§5.5).
    ControlTooLong {
        /// The control frame's opcode.
        opcode: ControlOpcode,
        /// The declared length.
        len: u64,
    },
    /// A client's frame without a masking key (§5.1).
    Unmasked,
    /// A server's frame with a masking key (§5.1).
    Masked,
    /// A payload length that a shorter form would have held (§5.2).
    LengthNotMinimal {
        /// The declared length.
        len: u64,
    },
    /// A 64-bit payload length with its most significant bit set (§5.2).
    LengthTopBit {
        /// The declared length.
        len: u64,
    },
    /// A continuation frame without a message to continue (§5.4).
    UnexpectedContinuation,
    /// A new message inside a fragmented one (§5.4).
    ExpectedContinuation {
        /// The kind of the message that broke in.
        kind: MessageKind,
    },
    /// A frame longer than [`Limits::max_frame_len`](super::Limits::max_frame_len).
    FrameTooLong {
        /// The declared length.
        len: u64,
        /// The limit.
        max: u64,
    },
    /// A message longer than [`Limits::max_message_len`](super::Limits::max_message_len).
    MessageTooLong {
        /// The message's length so far, with what the frame declares; saturates.
        len: u64,
        /// The limit.
        max: u64,
    },
    /// A message of more frames than [`Limits::max_fragments`](super::Limits::max_fragments).
    TooManyFragments {
        /// The limit.
        max: u32,
    },
    /// Text that is not UTF-8 (§8.1).
    InvalidUtf8 {
        /// How many bytes of the message are valid before the code point at fault.
        valid_up_to: u64,
    },
    /// A Close frame whose payload is a single byte, half a status code (§5.5.1).
    CloseCodeCut,
    /// A Close frame with a status code that may not be sent (§7.4).
    InvalidCloseCode {
        /// The code seen.
        code: u16,
    },
    /// A Close frame whose reason is not UTF-8 (§5.5.1).
    InvalidCloseReason {
        /// How many bytes of the reason are valid before the code point at fault.
        valid_up_to: usize,
    },
    /// A compressed message that can't be decompressed (RFC 7692 §7.2.2).
    InvalidCompression(InvalidDeflate),
}

impl ProtocolError {
    /// The status code with which the connection is failed (§7.4.1).
    pub const fn close_code(self) -> CloseCode {
        match self {
            Self::ReservedBits { .. }
            | Self::ReservedOpcode { .. }
            | Self::FragmentedControl { .. }
            | Self::ControlTooLong { .. }
            | Self::Unmasked
            | Self::Masked
            | Self::LengthNotMinimal { .. }
            | Self::LengthTopBit { .. }
            | Self::UnexpectedContinuation
            | Self::ExpectedContinuation { .. }
            | Self::CloseCodeCut
            | Self::InvalidCloseCode { .. } => CloseCode::PROTOCOL_ERROR,
            Self::InvalidUtf8 { .. } | Self::InvalidCloseReason { .. } | Self::InvalidCompression(_) => {
                CloseCode::INVALID_PAYLOAD
            }
            Self::FrameTooLong { .. } | Self::MessageTooLong { .. } | Self::TooManyFragments { .. } => {
                CloseCode::MESSAGE_TOO_BIG
            }
        }
    }
}

impl fmt::Display for ProtocolError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::ReservedBits { rsv } => write!(f, "frame sets {rsv}, which nothing that was negotiated allows here"),
            Self::ReservedOpcode { opcode } => write!(f, "frame has the reserved opcode {opcode:#x}"),
            Self::FragmentedControl { opcode } => write!(f, "{opcode:?} frame is fragmented"),
            Self::ControlTooLong { opcode, len } => {
                write!(f, "{opcode:?} frame declares a payload of {len} bytes, but control frames hold at most 125")
            }
            Self::Unmasked => f.write_str("frame from a client is not masked"),
            Self::Masked => f.write_str("frame from a server is masked"),
            Self::LengthNotMinimal { len } => write!(f, "payload length {len} is not in its shortest form"),
            Self::LengthTopBit { len } => write!(f, "payload length {len:#x} has its top bit set"),
            Self::UnexpectedContinuation => f.write_str("continuation frame without a message to continue"),
            Self::ExpectedContinuation { kind } => write!(f, "{kind:?} frame inside a fragmented message"),
            Self::FrameTooLong { len, max } => write!(f, "frame of {len} bytes exceeds the limit of {max}"),
            Self::MessageTooLong { len, max } => {
                write!(f, "message of at least {len} bytes exceeds the limit of {max}")
            }
            Self::TooManyFragments { max } => write!(f, "message has more than {max} frames"),
            Self::InvalidUtf8 { valid_up_to } => write!(f, "text is not UTF-8 behind its byte {valid_up_to}"),
            Self::CloseCodeCut => f.write_str("Close frame has a payload of one byte"),
            Self::InvalidCloseCode { code } => {
                write!(f, "Close frame has the status code {code}, which must not be sent")
            }
            Self::InvalidCloseReason { valid_up_to } => {
                write!(f, "Close frame's reason is not UTF-8 behind its byte {valid_up_to}")
            }
            Self::InvalidCompression(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for ProtocolError {}
