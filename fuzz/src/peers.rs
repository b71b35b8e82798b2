//! Other WebSocket stacks, made to listen to the same bytes.

use std::io::{self, Read, Write};
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use futures_core::Stream;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use websocket_proto::{
    Client, Connection, Incoming, Limits, Messages, Negotiated, ProtocolError, Role, Server, frame::Masking,
};
use websocket_proto_testing::Heard;

/// What a stack made of a stream.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Report {
    pub heard: Vec<Heard>,
    pub verdict: Verdict,
}

#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Verdict {
    /// It waits for more.
    Open,
    /// It handed out the peer's Close.
    Closed(Option<u16>, String),
    /// It failed, for a reason that belongs to this status code.
    Failed(u16),
}

/// Bytes of a frame and of a message, everywhere: beyond what the generator makes, and little enough to be reserved.
pub const MAX_LEN: usize = 1 << 17;

/// This crate, with the error it names.
pub fn ours(masking: Masking, pieces: &[&[u8]]) -> (Report, Option<ProtocolError>) {
    let limits = Limits::DEFAULT
        .with_max_frame_len(MAX_LEN as u64)
        .with_max_message_len(MAX_LEN as u64)
        .with_max_fragments(u32::MAX);
    match masking {
        Masking::Required => listen(Connection::new(Negotiated::elsewhere(), Server, &limits), pieces),
        Masking::Forbidden => {
            listen(Connection::new(Negotiated::elsewhere(), Client::from_fn(|| [1, 2, 3, 4]), &limits), pieces)
        }
    }
}

fn listen<R: Role>(mut connection: Connection<R>, pieces: &[&[u8]]) -> (Report, Option<ProtocolError>) {
    let (mut messages, mut out, mut heard) = (Messages::new(), Vec::new(), Vec::new());
    for piece in pieces {
        let mut piece = piece.to_vec();
        let mut input = &mut piece[..];
        loop {
            heard.push(match messages.next(&mut connection, &mut input, &mut out) {
                Ok(None) => break,
                Ok(Some(Incoming::Text(text))) => Heard::Text(text.into()),
                Ok(Some(Incoming::Binary(bytes))) => Heard::Binary(bytes.to_vec()),
                Ok(Some(Incoming::Ping(payload))) => Heard::Ping(payload.to_vec()),
                Ok(Some(Incoming::Pong(payload))) => Heard::Pong(payload.to_vec()),
                Ok(Some(Incoming::Close(frame))) => {
                    let verdict = Verdict::Closed(frame.code().map(u16::from), frame.reason().into());
                    return (Report { heard, verdict }, None);
                }
                Ok(Some(other)) => panic!("{other:?}"),
                Err(error) => {
                    return (Report { heard, verdict: Verdict::Failed(error.close_code().get()) }, Some(error));
                }
            });
        }
    }
    (Report { heard, verdict: Verdict::Open }, None)
}

/// Hands out one piece per read, and then has no more for now; takes everything.
struct Wire<'b> {
    pieces: std::slice::Iter<'b, &'b [u8]>,
    left: &'b [u8],
}

impl<'b> Wire<'b> {
    fn new(pieces: &'b [&'b [u8]]) -> Self {
        Self { pieces: pieces.iter(), left: &[] }
    }

    fn next_bytes(&mut self, max: usize) -> Option<&'b [u8]> {
        while self.left.is_empty() {
            self.left = self.pieces.next()?;
        }
        let (front, back) = self.left.split_at(max.min(self.left.len()));
        self.left = back;
        Some(front)
    }
}

impl Read for Wire<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let bytes = self.next_bytes(buffer.len()).ok_or(io::ErrorKind::WouldBlock)?;
        buffer[..bytes.len()].copy_from_slice(bytes);
        Ok(bytes.len())
    }
}

impl Write for Wire<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl AsyncRead for Wire<'_> {
    fn poll_read(mut self: Pin<&mut Self>, _: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self.next_bytes(buffer.remaining()) {
            None => Poll::Pending,
            Some(bytes) => {
                buffer.put_slice(bytes);
                Poll::Ready(Ok(()))
            }
        }
    }
}

impl AsyncWrite for Wire<'_> {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

pub fn tungstenite(masking: Masking, pieces: &[&[u8]]) -> Report {
    use tungstenite::{
        Error, Message,
        protocol::{Role, WebSocket, WebSocketConfig},
    };

    let role = match masking {
        Masking::Required => Role::Server,
        Masking::Forbidden => Role::Client,
    };
    let config =
        WebSocketConfig::default().read_buffer_size(1024).max_frame_size(Some(MAX_LEN)).max_message_size(Some(MAX_LEN));
    let mut socket = WebSocket::from_raw_socket(Wire::new(pieces), role, Some(config));
    let mut heard = Vec::new();
    let verdict = loop {
        heard.push(match socket.read() {
            Ok(Message::Text(text)) => Heard::Text(text.as_str().into()),
            Ok(Message::Binary(bytes)) => Heard::Binary(bytes.to_vec()),
            Ok(Message::Ping(payload)) => Heard::Ping(payload.to_vec()),
            Ok(Message::Pong(payload)) => Heard::Pong(payload.to_vec()),
            Ok(Message::Close(None)) => break Verdict::Closed(None, String::new()),
            Ok(Message::Close(Some(frame))) => {
                break Verdict::Closed(Some(frame.code.into()), frame.reason.as_str().into());
            }
            Ok(Message::Frame(frame)) => panic!("never read: {frame:?}"),
            Err(Error::Io(error)) if error.kind() == io::ErrorKind::WouldBlock => break Verdict::Open,
            Err(Error::Protocol(_)) => break Verdict::Failed(1002),
            Err(Error::Utf8(_)) => break Verdict::Failed(1007),
            Err(Error::Capacity(_)) => break Verdict::Failed(1009),
            Err(error) => panic!("{error}"),
        });
    };
    Report { heard, verdict }
}

pub fn tokio_websockets(masking: Masking, pieces: &[&[u8]]) -> Report {
    use tokio_websockets::{ClientBuilder, Error, Limits, ServerBuilder, proto::ProtocolError};

    let (limits, wire) = (Limits::default().max_payload_len(Some(MAX_LEN)), Wire::new(pieces));
    let mut stream = match masking {
        Masking::Required => ServerBuilder::new().limits(limits).serve(wire),
        Masking::Forbidden => ClientBuilder::new().limits(limits).take_over(wire),
    };
    let mut context = Context::from_waker(Waker::noop());
    let mut heard = Vec::new();
    let verdict = loop {
        let message = match Pin::new(&mut stream).poll_next(&mut context) {
            Poll::Pending => break Verdict::Open,
            Poll::Ready(Some(Ok(message))) => message,
            Poll::Ready(Some(Err(Error::Protocol(ProtocolError::InvalidUtf8)))) => break Verdict::Failed(1007),
            Poll::Ready(Some(Err(Error::Protocol(_)))) => break Verdict::Failed(1002),
            Poll::Ready(Some(Err(Error::PayloadTooLong { .. }))) => break Verdict::Failed(1009),
            Poll::Ready(end) => panic!("{end:?}"),
        };
        // The payload is looked at as bytes: its text is handed out unchecked, and is not always UTF-8.
        let payload = message.as_payload().to_vec();
        heard.push(match () {
            () if message.is_text() => match String::from_utf8(payload) {
                Ok(text) => Heard::Text(text),
                Err(error) => Heard::Binary(error.into_bytes()),
            },
            () if message.is_binary() => Heard::Binary(payload),
            () if message.is_ping() => Heard::Ping(payload),
            () if message.is_pong() => Heard::Pong(payload),
            () => match payload[..] {
                [high, low, ref reason @ ..] => {
                    let reason = String::from_utf8_lossy(reason).into_owned();
                    break Verdict::Closed(Some(u16::from_be_bytes([high, low])), reason);
                }
                _ => break Verdict::Closed(None, String::new()),
            },
        });
    };
    Report { heard, verdict }
}
