//! Why something was not sent.

use super::State;
use crate::frame::OutOfSequence;
use crate::wire::{ControlOpcode, ControlPayload, LengthTooLarge, MessageKind, OutputFull, Rsv, error_type};

error_type! {
    /// Why something was not sent: the caller's fault. Nothing was written, and the connection is as before.
    ///
    /// ```
    /// use websocket_proto::{CloseCode, Connection, Limits, Negotiated, SendError, Server, State};
    ///
    /// let mut connection = Connection::new(Negotiated::elsewhere(), Server, &Limits::default());
    /// connection.close(CloseCode::NORMAL).unwrap();
    /// let error = connection.send("too late", &mut Vec::new()).unwrap_err();
    /// assert_eq!(error, SendError::NotOpen { state: State::CloseSent });
    /// ```
    #[non_exhaustive]
    pub enum SendError {
        /// A Close was sent or received, or the connection has failed or ended (§5.5.1).
        NotOpen {
            /// Where the connection stands.
            state: State,
        } => "expected an open connection, found one that is {state}";
        /// A fragment that continues nothing, or a message inside an unfinished one (§5.4).
        OutOfSequence(error: OutOfSequence) => "{error}";
        /// A fragment of another kind than its message's first.
        OtherKind {
            /// The kind of the message that was begun.
            begun: MessageKind,
        } => "expected a fragment of a {begun:?} message, found one of the other kind";
        /// A compressed fragment of a message that is not compressed, or the other way round (RFC 7692 §6.1).
        OtherForm {
            /// Whether the message was begun compressed.
            begun_compressed: bool,
        } => "{}", other_form(*begun_compressed);
        /// A fragment that other extensions have transformed than its message's first.
        OtherTransformation {
            /// The reserved bits of the first, which say what has transformed it.
            begun: Rsv,
        } => "expected a fragment of a message begun with {begun}, found one with other bits";
        /// Reserved bits that no extension of the application's own has been given (§5.2).
        ReservedBits {
            /// The bits.
            rsv: Rsv,
        } => "expected reserved bits of an extension of the application's own that is in use, found {rsv}";
        /// A compressor that does what the peer need not be ready to read: a larger window than was agreed on, or context takeover
        /// where there is none (RFC 7692 §7.1).
        CompressionNotAgreed => "expected a compressor within what was agreed on with the peer, found one beyond it";
        /// A control frame with more than 125 bytes of payload (§5.5).
        ControlTooLong {
            /// Ping or Pong.
            opcode: ControlOpcode,
            /// How many bytes there were.
            len: usize,
        } => "expected at most {} bytes in a {opcode:?}, found {len}", ControlPayload::MAX_LEN;
        /// Bytes that should be text and are not UTF-8 (§5.6).
        NotUtf8 {
            /// How many bytes are valid.
            valid_up_to: usize,
        } => "expected UTF-8 in a text message, found other bytes after {valid_up_to} valid ones";
        /// A payload of 2⁶³ bytes or more (§5.2).
        TooLarge(error: LengthTooLarge) => "{error}";
        /// The output has no room.
        OutputFull(error: OutputFull) => "{error}";
    }
}

const fn other_form(begun_compressed: bool) -> &'static str {
    match begun_compressed {
        true => "expected a compressed fragment of a compressed message, found one that is not",
        false => "expected a plain fragment of a plain message, found a compressed one",
    }
}
