//! What is handed out.

use crate::wire::{CloseFrame, MessageKind};

/// What [`Messages::next`](super::Messages::next) found: a message as a whole, or a control frame.
///
/// ```
/// use websocket_proto::Incoming;
///
/// fn describe(incoming: Incoming<'_>) -> String {
///     match incoming {
///         Incoming::Text(text) => format!("text of {} bytes", text.len()),
///         Incoming::Binary(bytes) => format!("{} bytes", bytes.len()),
///         Incoming::Ping(payload) | Incoming::Pong(payload) => format!("control frame with {payload:?}"),
///         Incoming::Close(frame) => format!("Close with {:?}", frame.code()),
///     }
/// }
/// assert_eq!(describe(Incoming::Text("Hello")), "text of 5 bytes");
/// ```
#[derive(Debug, Eq, PartialEq)]
pub enum Incoming<'m> {
    /// A text message.
    Text(&'m str),
    /// A binary message.
    Binary(&'m mut [u8]),
    /// A Ping, answered already.
    Ping(&'m [u8]),
    /// A Pong.
    Pong(&'m [u8]),
    /// The peer's Close, answered already if an answer was due. Nothing follows it.
    Close(&'m CloseFrame),
}

/// The same before it borrows: assembled messages and control payloads lie in [`Messages`](super::Messages) by now.
pub(super) enum Found<'i> {
    Text(&'i str),
    Binary(&'i mut [u8]),
    Assembled(MessageKind),
    Ping,
    Pong,
    Close,
}
