//! What a peer can do wrong, and the status code that tells it so.

use super::{CloseCode, ControlOpcode, InvalidDeflate, MessageKind, Rsv, error_type};

error_type! {
    /// A violation of the protocol by the peer, for which the connection fails (§7.1.7).
    ///
    /// It is never the caller's fault, and it is not the peer's Close: that one is an event. [`close_code`](Self::close_code)
    /// is the status code of the Close frame that answers it.
    ///
    /// ```
    /// use websocket_proto::wire::{CloseCode, ControlOpcode, Header, ProtocolError};
    ///
    /// // A Ping with a payload length of 16 bits: the second byte says so.
    /// let error = Header::decode(&[0x89, 0x7e]).unwrap_err();
    /// assert_eq!(error, ProtocolError::ControlTooLong { opcode: ControlOpcode::Ping });
    /// assert_eq!(error.close_code(), CloseCode::PROTOCOL_ERROR);
    /// assert_eq!(error.to_string(), "expected at most 125 bytes of payload in a Ping frame, found an extended payload length");
    /// ```
    #[non_exhaustive]
    pub enum ProtocolError: CloseCode {
        /// A reserved bit is set that no negotiated extension owns, or on a frame where its owner forbids it (§5.2).
        ReservedBits {
            /// The offending bits.
            rsv: Rsv,
        } [CloseCode::PROTOCOL_ERROR] => "expected no reserved bit beyond what was negotiated, found {rsv}";
        /// The opcode is one of `%x3-7` or `%xB-F` (§5.2).
        ReservedOpcode {
            /// The opcode seen.
            opcode: u8,
        } [CloseCode::PROTOCOL_ERROR] => "expected an opcode in use, found the reserved {opcode:#x}";
        /// A control frame without FIN (§5.5).
        FragmentedControl {
            /// The control frame's opcode.
            opcode: ControlOpcode,
        } [CloseCode::PROTOCOL_ERROR] => "expected a whole {opcode:?} frame, found a fragment";
        /// A control frame with an extended payload length, so with more than 125 bytes of payload (§5.5). The second byte of the header
        /// tells; the length itself is not awaited.
        ControlTooLong {
            /// The control frame's opcode.
            opcode: ControlOpcode,
        } [CloseCode::PROTOCOL_ERROR] => "expected at most 125 bytes of payload in a {opcode:?} frame, found an extended payload length";
        /// A client's frame without a masking key (§5.1).
        Unmasked [CloseCode::PROTOCOL_ERROR] => "expected a masked frame from a client, found an unmasked one";
        /// A server's frame with a masking key (§5.1).
        Masked [CloseCode::PROTOCOL_ERROR] => "expected an unmasked frame from a server, found a masked one";
        /// A payload length that a shorter form would have held (§5.2).
        LengthNotMinimal {
            /// The declared length.
            len: u64,
        } [CloseCode::PROTOCOL_ERROR] => "expected a payload length in its shortest form, found {len} in a longer one";
        /// A 64-bit payload length with its most significant bit set (§5.2). The first byte of the length tells; the others are not
        /// awaited.
        LengthTopBit {
            /// The first byte of the length.
            first_byte: u8,
        } [CloseCode::PROTOCOL_ERROR] => "expected a payload length below 2^63, found one with the first byte {first_byte:#04x}";
        /// A continuation frame without a message to continue (§5.4).
        UnexpectedContinuation [CloseCode::PROTOCOL_ERROR] => "expected the first frame of a message, found a continuation frame";
        /// A new message inside a fragmented one (§5.4).
        ExpectedContinuation {
            /// The kind of the message that broke in.
            kind: MessageKind,
        } [CloseCode::PROTOCOL_ERROR] => "expected a continuation frame, found a {kind:?} frame";
        /// A frame longer than [`Limits::max_frame_len`](super::Limits::max_frame_len).
        FrameTooLong {
            /// The declared length.
            len: u64,
            /// The limit.
            max: u64,
        } [CloseCode::MESSAGE_TOO_BIG] => "expected a frame of at most {max} bytes, found {len}";
        /// A message longer than [`Limits::max_message_len`](super::Limits::max_message_len).
        MessageTooLong {
            /// The message's length so far, with what the frame declares; saturates.
            len: u64,
            /// The limit.
            max: u64,
        } [CloseCode::MESSAGE_TOO_BIG] => "expected a message of at most {max} bytes, found {len} or more";
        /// A message of more frames than [`Limits::max_fragments`](super::Limits::max_fragments).
        TooManyFragments {
            /// The limit.
            max: u32,
        } [CloseCode::MESSAGE_TOO_BIG] => "expected a message of at most {max} frames, found one more";
        /// Text that is not UTF-8 (§8.1).
        InvalidUtf8 {
            /// How many bytes of the message are valid before the code point at fault.
            valid_up_to: u64,
        } [CloseCode::INVALID_PAYLOAD] => "expected UTF-8 in a text message, found other bytes after {valid_up_to} valid ones";
        /// A Close frame whose payload is a single byte, half a status code (§5.5.1).
        CloseCodeCut [CloseCode::PROTOCOL_ERROR] => "expected no payload or at least a status code in a Close frame, found one byte";
        /// A Close frame with a status code that may not be sent (§7.4).
        InvalidCloseCode {
            /// The code seen.
            code: u16,
        } [CloseCode::PROTOCOL_ERROR] => "expected a status code that may be sent in a Close frame, found {code}";
        /// A Close frame whose reason is not UTF-8 (§5.5.1).
        InvalidCloseReason {
            /// How many bytes of the reason are valid before the code point at fault.
            valid_up_to: usize,
        } [CloseCode::INVALID_PAYLOAD] => "expected UTF-8 in the reason of a Close frame, found other bytes after {valid_up_to} valid ones";
        /// A compressed message that can't be decompressed (RFC 7692 §7.2.2).
        InvalidCompression(error: InvalidDeflate) [CloseCode::INVALID_PAYLOAD] => "{error}";
        /// A message that an extension of the application's own can't have transformed: see [`Decode`](crate::extension::Decode).
        InvalidTransformation {
            /// The extension's reserved bits.
            rsv: Rsv,
        } [CloseCode::INVALID_PAYLOAD] =>
            "expected a payload that the extension with {rsv} has transformed, found one that it can't decode";
    }
}

impl ProtocolError {
    /// The status code with which the connection is failed (§7.4.1).
    pub const fn close_code(self) -> CloseCode {
        self.facts()
    }
}
