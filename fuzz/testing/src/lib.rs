//! Streams of frames, legal and subtly illegal, each with what a strict endpoint has to make of it: for fuzzing any WebSocket stack.
//!
//! [`FrameStream`] knows which rule it breaks, because it broke it on purpose, and shares no code with any decoder.
//! So a fuzz target does not only look for panics but asserts a law. A stack that has found no more and no less than
//! [`heard`](FrameStream::heard), and has ended as [`end`](FrameStream::end) says, keeps to RFC 6455 as far as one stream can tell.
//! The repository's own target `peers` does so with other stacks.
//!
//! ```
//! use arbitrary::{Arbitrary, Unstructured};
//! use websocket_proto_testing::{End, FrameStream, Heard};
//! use websocket_proto::{Connection, Incoming, Limits, Messages, Negotiated, Server, frame::Masking};
//!
//! // In a fuzz target these bytes are the fuzzer's.
//! # let data: Vec<u8> = (0..4000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
//! let stream = FrameStream::of(Masking::Required, &mut Unstructured::new(&data))?;
//!
//! // The stack under test: here our own, as a server. Another one gets the same bytes through its socket.
//! let mut connection = Connection::new(Negotiated::elsewhere(), Server, &Limits::default());
//! let (mut messages, mut bytes, mut out) = (Messages::new(), stream.bytes(), Vec::new());
//! let (mut input, mut heard) = (&mut bytes[..], Vec::new());
//! let end = loop {
//!     match messages.next(&mut connection, &mut input, &mut out) {
//!         Ok(Some(Incoming::Text(text))) => heard.push(Heard::Text(text.into())),
//!         Ok(Some(Incoming::Binary(bytes))) => heard.push(Heard::Binary(bytes.to_vec())),
//!         Ok(Some(Incoming::Ping(payload))) => heard.push(Heard::Ping(payload.to_vec())),
//!         Ok(Some(Incoming::Pong(payload))) => heard.push(Heard::Pong(payload.to_vec())),
//!         Ok(Some(Incoming::Close(frame))) => break End::Closed(*frame),
//!         Ok(Some(other)) => panic!("{other:?}"),
//!         Ok(None) => break End::Open,
//!         Err(error) => break End::Failed(error), // a stack that knows only the code compares `error.close_code()`
//!     }
//! };
//! assert_eq!((heard, end), (stream.heard, stream.end));
//! # Ok::<(), arbitrary::Error>(())
//! ```
//!
//! # Another stack
//!
//! A whole target for cargo-fuzz, which holds a server by tungstenite to what it has to hear. A finding is a stream of few frames, and
//! says in `end` which rule it was about.
//!
//! ```ignore
//! #![no_main]
//!
//! use std::io::{self, Cursor, Read, Write};
//!
//! use libfuzzer_sys::{arbitrary::Unstructured, fuzz_target};
//! use tungstenite::{Message, WebSocket, protocol::Role};
//! use websocket_proto::frame::Masking;
//! use websocket_proto_testing::{FrameStream, Heard};
//!
//! fuzz_target!(|data: &[u8]| {
//!     let Ok(stream) = FrameStream::of(Masking::Required, &mut Unstructured::new(data)) else { return };
//!     let mut server = WebSocket::from_raw_socket(Transport(Cursor::new(stream.bytes())), Role::Server, None);
//!     let mut heard = Vec::new();
//!     loop {
//!         heard.push(match server.read() {
//!             Ok(Message::Text(text)) => Heard::Text(text.as_str().into()),
//!             Ok(Message::Binary(bytes)) => Heard::Binary(bytes.to_vec()),
//!             Ok(Message::Ping(payload)) => Heard::Ping(payload.to_vec()),
//!             Ok(Message::Pong(payload)) => Heard::Pong(payload.to_vec()),
//!             Ok(Message::Close(_) | Message::Frame(_)) | Err(_) => break,
//!         });
//!     }
//!     assert_eq!(heard, stream.heard, "{:?}", stream.end);
//! });
//!
//! /// A peer that has said everything, and takes whatever it is told.
//! struct Transport(Cursor<Vec<u8>>);
//!
//! impl Read for Transport {
//!     fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
//!         self.0.read(room)
//!     }
//! }
//!
//! impl Write for Transport {
//!     fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
//!         Ok(bytes.len())
//!     }
//!
//!     fn flush(&mut self) -> io::Result<()> {
//!         Ok(())
//!     }
//! }
//! ```

mod defect;
mod writer;

use arbitrary::{Arbitrary, Result, Unstructured};
use websocket_proto::frame::Masking;
use websocket_proto::wire::{
    CloseFrame, ControlOpcode, ControlPayload, DataOpcode, MessageKind, Opcode, ProtocolError,
};
use writer::Writer;

/// What a peer sends, frame by frame, and what a strict endpoint hears in it.
///
/// No extension was negotiated, and nothing goes beyond the default [`Limits`](websocket_proto::Limits).
///
/// ```
/// use arbitrary::{Arbitrary, Unstructured};
/// use websocket_proto_testing::{End, FrameStream};
///
/// let nothing = FrameStream::arbitrary(&mut Unstructured::new(&[])).unwrap();
/// assert_eq!((nothing.bytes(), nothing.end), (vec![], End::Open));
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct FrameStream {
    /// Whether a server is to receive it, or a client.
    pub masking: Masking,
    /// The frames' bytes. What follows a violation is whatever came to the generator's mind.
    pub frames: Vec<Vec<u8>>,
    /// What the endpoint hands to its application, in this order. Of an unfinished message it hands out nothing, or a beginning.
    pub heard: Vec<Heard>,
    /// How it ends.
    pub end: End,
}

/// A message or a control frame that is whole.
///
/// ```
/// use websocket_proto_testing::Heard;
///
/// assert_ne!(Heard::Ping(vec![]), Heard::Pong(vec![]));
/// ```
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub enum Heard {
    /// A text message.
    Text(String),
    /// A binary message.
    Binary(Vec<u8>),
    /// A Ping, which is answered by a Pong with the same payload.
    Ping(Vec<u8>),
    /// A Pong.
    Pong(Vec<u8>),
}

/// How a stream ends.
///
/// ```
/// use websocket_proto::ProtocolError;
/// use websocket_proto_testing::End;
///
/// assert_eq!(End::Failed(ProtocolError::Unmasked).close_code().unwrap().get(), 1002);
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum End {
    /// Anything may follow.
    Open,
    /// By a legal Close, which is echoed; what follows it is ignored.
    Closed(CloseFrame),
    /// By a violation, which is answered by a Close with the error's [`close_code`](ProtocolError::close_code).
    Failed(ProtocolError),
}

impl End {
    /// The status code of the Close that the endpoint sends; none where it sends none, or one without.
    pub fn close_code(&self) -> Option<websocket_proto::CloseCode> {
        match self {
            Self::Open => None,
            Self::Closed(frame) => frame.code(),
            Self::Failed(error) => Some(error.close_code()),
        }
    }
}

impl<'a> Arbitrary<'a> for FrameStream {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        Self::of(u.arbitrary()?, u)
    }
}

impl FrameStream {
    /// Makes a stream for a server ([`Masking::Required`]) or a client ([`Masking::Forbidden`]).
    ///
    /// # Errors
    ///
    /// None that comes from the bytes: where they run out, the stream ends.
    pub fn of(masking: Masking, u: &mut Unstructured<'_>) -> Result<Self> {
        let mut writer = Writer::new(masking);
        let mut end = None;
        for _ in 0..MAX_EXCHANGES {
            if u.is_empty() {
                break;
            }
            match u.int_in_range(0..=15)? {
                0..=6 => message(&mut writer, u)?,
                7..=10 => control(&mut writer, u)?,
                11 => {
                    let frame = CloseFrame::arbitrary(u)?;
                    writer.control(ControlOpcode::Close, frame.payload().as_bytes(), u)?;
                    end = Some(End::Closed(frame));
                }
                _ => end = Some(End::Failed(defect::commit(&mut writer, u)?)),
            }
            if end.is_some() {
                // Whatever follows must not be heard.
                writer.heard_len.get_or_insert(writer.heard.len());
                for _ in 0..u.int_in_range(0..=2)? {
                    control(&mut writer, u)?;
                }
                break;
            }
        }
        let Writer { frames, mut heard, heard_len, .. } = writer;
        heard.truncate(heard_len.unwrap_or(usize::MAX));
        Ok(Self { masking, frames, heard, end: end.unwrap_or(End::Open) })
    }

    /// All bytes, to be cut anywhere.
    pub fn bytes(&self) -> Vec<u8> {
        self.frames.concat()
    }
}

/// A message, in fragments or not, with control frames between them.
fn message(writer: &mut Writer, u: &mut Unstructured<'_>) -> Result<()> {
    let (kind, payload, heard) = match u.arbitrary()? {
        MessageKind::Text => {
            let text = writer::text(u)?;
            (MessageKind::Text, text.clone().into_bytes(), Heard::Text(text))
        }
        MessageKind::Binary => {
            let bytes = writer::payload(u)?;
            (MessageKind::Binary, bytes.clone(), Heard::Binary(bytes))
        }
    };
    fragments(writer, u, kind, &payload, usize::MAX)?;
    writer.heard.push(heard);
    Ok(())
}

/// Writes a message's frames. What comes after its byte `fatal` is not heard any more.
fn fragments(
    writer: &mut Writer,
    u: &mut Unstructured<'_>,
    kind: MessageKind,
    payload: &[u8],
    fatal: usize,
) -> Result<()> {
    let (mut rest, mut opcode, mut done) = (payload, DataOpcode::from(kind), 0);
    for _ in 0..u.int_in_range(0..=3)? {
        let (front, back) = rest.split_at(u.int_in_range(0..=rest.len())?);
        writer.data(opcode, false, front, u)?;
        done += front.len();
        (rest, opcode) = (back, DataOpcode::Continuation);
        if done > fatal {
            writer.heard_len.get_or_insert(writer.heard.len());
        }
        if u.ratio(1, 3)? {
            control(writer, u)?;
        }
    }
    writer.data(opcode, true, rest, u)
}

fn control(writer: &mut Writer, u: &mut Unstructured<'_>) -> Result<()> {
    let payload = ControlPayload::arbitrary(u)?.as_bytes().to_vec();
    if u.arbitrary()? {
        writer.control(ControlOpcode::Ping, &payload, u)?;
        writer.heard.push(Heard::Ping(payload));
    } else {
        writer.control(ControlOpcode::Pong, &payload, u)?;
        writer.heard.push(Heard::Pong(payload));
    }
    Ok(())
}

/// Enough for every pair of neighbours, and few enough to be read.
const MAX_EXCHANGES: usize = 8;

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use websocket_proto::{Client, Connection, Incoming, Limits, Messages, Negotiated, Role, Server};

    fn streams() -> impl Iterator<Item = FrameStream> {
        let mut word = 0x9e37_79b9_7f4a_7c15_u64;
        (0..1500).map(move |_| {
            let bytes: Vec<u8> = (0..400)
                .map(|_| {
                    word ^= word << 13;
                    word ^= word >> 7;
                    word ^= word << 17;
                    word.to_le_bytes()[3]
                })
                .collect();
            FrameStream::arbitrary(&mut Unstructured::new(&bytes)).unwrap()
        })
    }

    fn outcome<R: Role>(mut connection: Connection<R>, stream: &FrameStream) -> (Vec<Heard>, End) {
        let (mut messages, mut bytes, mut out) = (Messages::new(), stream.bytes(), Vec::new());
        let (mut input, mut heard) = (&mut bytes[..], Vec::new());
        let end = loop {
            match messages.next(&mut connection, &mut input, &mut out) {
                Ok(Some(Incoming::Text(text))) => heard.push(Heard::Text(text.into())),
                Ok(Some(Incoming::Binary(bytes))) => heard.push(Heard::Binary(bytes.to_vec())),
                Ok(Some(Incoming::Ping(payload))) => heard.push(Heard::Ping(payload.to_vec())),
                Ok(Some(Incoming::Pong(payload))) => heard.push(Heard::Pong(payload.to_vec())),
                Ok(Some(Incoming::Close(frame))) => break End::Closed(*frame),
                Ok(Some(other)) => panic!("{other:?}"),
                Ok(None) => break End::Open,
                Err(error) => break End::Failed(error),
            }
        };
        (heard, end)
    }

    #[test]
    fn our_own_endpoints_hear_what_the_generator_says() {
        for stream in streams() {
            let outcome = match stream.masking {
                Masking::Required => {
                    outcome(Connection::new(Negotiated::elsewhere(), Server, &Limits::DEFAULT), &stream)
                }
                Masking::Forbidden => {
                    let client = Client::from_fn(|| [1, 2, 3, 4]);
                    outcome(Connection::new(Negotiated::elsewhere(), client, &Limits::DEFAULT), &stream)
                }
            };
            assert_eq!(outcome, (stream.heard.clone(), stream.end), "{stream:02x?}");
        }
    }

    #[test]
    fn every_end_occurs() {
        let mut seen = BTreeMap::<String, usize>::new();
        for stream in streams() {
            let name = match stream.end {
                End::Failed(error) => format!("{error:?}").split([' ', '(']).next().unwrap_or_default().into(),
                End::Open | End::Closed(_) => format!("{:?}", stream.end).split('(').next().unwrap_or_default().into(),
            };
            *seen.entry(name).or_default() += 1;
        }
        assert_eq!(seen.len(), 16, "{seen:?}");
        assert!(seen.values().all(|&times| times >= 8), "{seen:?}");
    }
}

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
