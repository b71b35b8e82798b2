//! What a connection hands to its application.

use core::{fmt, mem::size_of};

use crate::wire::{MessageKind, ProtocolError, Redacted, Rsv};

/// What [`Connection::receive`](super::Connection::receive) found in its input.
///
/// Pieces borrow the input, never the connection: a reply can be sent while an event is held. Match the event where it is
/// received and pass its parts on; an event that is moved as a whole into a function which is not inlined costs several times what
/// receiving it did.
///
/// ```
/// use websocket_proto::{Connection, Event, Limits, Negotiated, Part, Server};
///
/// let mut connection = Connection::new(Negotiated::elsewhere(), Server, &Limits::default());
/// // §5.7: "A single-frame masked text message".
/// let mut bytes = [0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58];
/// let mut input = &mut bytes[..];
/// match connection.receive(&mut input).unwrap() {
///     Some(Event::Text(text, part)) => assert_eq!((text, part), ("Hello", Part::Whole)),
///     other => panic!("{other:?}"),
/// }
/// ```
#[derive(Eq, PartialEq)]
#[non_exhaustive]
pub enum Event<'i> {
    /// A piece of a text message: valid UTF-8, cut between code points.
    Text(&'i str, Part),
    /// A code point of a text message whose bytes did not lie side by side in one input. It comes before the next piece.
    Char(char, Part),
    /// A piece of a binary message.
    Binary(&'i mut [u8], Part),
    /// A piece of a message as permessage-deflate has compressed it, for callers that inflate it themselves; it comes only
    /// where the extension was negotiated. Neither its text nor its inflated length has been judged. A piece has at most 16 KiB, so that to
    /// inflate it takes no longer than a caller wants to be busy with one connection.
    Compressed(MessageKind, &'i mut [u8], Part),
    /// A piece of a message that extensions have transformed, the application's own or these and permessage-deflate; it comes only
    /// where one was negotiated. Neither its text nor its length has been judged. [`Messages`](crate::Messages) undoes it by itself.
    Transformed {
        /// The kind of the message.
        kind: MessageKind,
        /// The reserved bits of its first frame, which say what has transformed it.
        rsv: Rsv,
        /// The piece.
        payload: &'i mut [u8],
        /// Which part of the message it is.
        part: Part,
    },
    /// A Ping; while the connection is [open](super::State::Open), the Pong that answers it is queued already (§5.5.2). After a Close
    /// of this side there is no answer, deliberately: peers take a frame after a Close for an error, see [`State`](super::State).
    /// [`control_payload`](super::Connection::control_payload) lends its payload.
    Ping,
    /// A Pong, asked for or not (§5.5.3), with its payload as a Ping's.
    Pong,
    /// The peer's Close; the Close that answers it, if one is due, is queued already (§5.5.1). Nothing follows it.
    /// [`peer_close`](super::Connection::peer_close) gives it.
    Close,
}

/// Without the payload: it may be secret, and large.
impl fmt::Debug for Event<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text, part) => f.debug_tuple("Text").field(&Redacted(text.len())).field(part).finish(),
            Self::Char(char, part) => f.debug_tuple("Char").field(&Redacted(char.len_utf8())).field(part).finish(),
            Self::Binary(bytes, part) => f.debug_tuple("Binary").field(&Redacted(bytes.len())).field(part).finish(),
            Self::Compressed(kind, bytes, part) => {
                f.debug_tuple("Compressed").field(kind).field(&Redacted(bytes.len())).field(part).finish()
            }
            Self::Transformed { kind, rsv, payload, part } => f
                .debug_struct("Transformed")
                .field("kind", kind)
                .field("rsv", rsv)
                .field("payload", &Redacted(payload.len()))
                .field("part", part)
                .finish(),
            Self::Ping => f.write_str("Ping"),
            Self::Pong => f.write_str("Pong"),
            Self::Close => f.write_str("Close"),
        }
    }
}

/// Which part of a message a piece is: of a received one, however the transport cut it, or of one that is sent in fragments.
///
/// ```
/// use websocket_proto::Part;
///
/// assert!(Part::Whole.is_first() && Part::Whole.is_last());
/// assert!(!Part::Middle.is_first() && !Part::Middle.is_last());
/// ```
// A word, because a byte beside the event's tag would be stored apart and loaded together with it, which stalls.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[repr(usize)]
pub enum Part {
    /// The whole message.
    Whole,
    /// The first of several pieces.
    First,
    /// Neither the first piece nor the last.
    Middle,
    /// The last of several pieces; it may be empty.
    Last,
}

impl Part {
    /// Whether a message begins with this piece.
    pub const fn is_first(self) -> bool {
        matches!(self, Self::Whole | Self::First)
    }

    /// Whether a message ends with this piece.
    pub const fn is_last(self) -> bool {
        matches!(self, Self::Whole | Self::Last)
    }

    pub(crate) const fn new(first: bool, last: bool) -> Self {
        match (first, last) {
            (true, true) => Self::Whole,
            (true, false) => Self::First,
            (false, false) => Self::Middle,
            (false, true) => Self::Last,
        }
    }
}

const _: () = assert!(size_of::<Part>() == size_of::<usize>());
const _: () = assert!(size_of::<Result<Option<Event<'_>>, ProtocolError>>() <= 4 * size_of::<u64>());
