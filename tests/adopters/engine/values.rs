//! Messages and errors of websocket-proto as tungstenite's, and the other way round.

use super::frame::coding::{Data, OpCode};
use super::{CloseFrame, Message, frame::Frame};
use crate::error::{CapacityError, Error, ProtocolError, Result};
use bytes::Bytes;
use std::io;
use websocket_proto::{self as proto, CloseCode, Incoming, MessageKind, OwnedMessage, SendError};

/// A message whose memory is handed over.
pub(super) fn owned(message: OwnedMessage) -> Message {
    match message {
        OwnedMessage::Text(text) => Message::text(text),
        OwnedMessage::Binary(bytes) => Message::binary(bytes),
    }
}

/// A message that was lent; `None` for one that tungstenite has no name for.
pub(super) fn copied(incoming: Incoming<'_>) -> Option<Message> {
    Some(match incoming {
        Incoming::Text(text) => Message::text(text),
        Incoming::Binary(bytes) => Message::Binary(Bytes::copy_from_slice(bytes)),
        Incoming::Ping(payload) => Message::Ping(Bytes::copy_from_slice(payload)),
        Incoming::Pong(payload) => Message::Pong(Bytes::copy_from_slice(payload)),
        Incoming::Close(frame) => Message::Close(
            frame.code().map(|code| CloseFrame { code: code.get().into(), reason: frame.reason().into() }),
        ),
        _ => return None,
    })
}

/// The frame of a message.
pub(super) fn frame(message: Message) -> Frame {
    match message {
        Message::Text(data) => Frame::message(data, OpCode::Data(Data::Text), true),
        Message::Binary(data) => Frame::message(data, OpCode::Data(Data::Binary), true),
        Message::Ping(data) => Frame::ping(data),
        Message::Pong(data) => Frame::pong(data),
        Message::Close(frame) => Frame::close(frame),
        Message::Frame(frame) => frame,
    }
}

/// How long a frame's header is.
pub(super) fn header_len(payload_len: usize, masked: bool) -> usize {
    let length = match payload_len {
        0..=125 => 2,
        126..=65_535 => 4,
        _ => 10,
    };
    if masked { length + 4 } else { length }
}

/// What the peer did wrong. tungstenite has no name for a length that is not minimal, nor for one of 2⁶³ and more.
impl From<proto::ProtocolError> for Error {
    fn from(error: proto::ProtocolError) -> Self {
        use proto::ProtocolError as Found;
        let error = match error {
            Found::ReservedBits { .. } => ProtocolError::NonZeroReservedBits,
            Found::ReservedOpcode { opcode } => ProtocolError::InvalidOpcode(opcode),
            Found::FragmentedControl { .. } => ProtocolError::FragmentedControlFrame,
            Found::ControlTooLong { .. } => ProtocolError::ControlFrameTooBig,
            Found::Unmasked => ProtocolError::UnmaskedFrameFromClient,
            Found::Masked => ProtocolError::MaskedFrameFromServer,
            Found::UnexpectedContinuation => ProtocolError::UnexpectedContinueFrame,
            Found::ExpectedContinuation { kind: MessageKind::Text } => ProtocolError::ExpectedFragment(Data::Text),
            Found::ExpectedContinuation { kind: MessageKind::Binary } => ProtocolError::ExpectedFragment(Data::Binary),
            Found::CloseCodeCut | Found::InvalidCloseCode { .. } => ProtocolError::InvalidCloseSequence,
            Found::FrameTooLong { len, max } | Found::MessageTooLong { len, max } => {
                let size = |len| usize::try_from(len).unwrap_or(usize::MAX);
                return CapacityError::MessageTooLong { size: size(len), max_size: size(max) }.into();
            }
            Found::InvalidUtf8 { .. } | Found::InvalidCloseReason { .. } => return Error::Utf8(error.to_string()),
            other => return io::Error::new(io::ErrorKind::InvalidData, other).into(),
        };
        error.into()
    }
}

/// What the caller did wrong.
impl From<SendError> for Error {
    fn from(error: SendError) -> Self {
        match error {
            SendError::NotOpen { .. } => ProtocolError::SendAfterClosing.into(),
            SendError::ControlTooLong { .. } => ProtocolError::ControlFrameTooBig.into(),
            SendError::NotUtf8 { .. } => Error::Utf8(error.to_string()),
            other => io::Error::new(io::ErrorKind::InvalidInput, other).into(),
        }
    }
}

/// The Close to be sent. 1005 means that there is no status code (§7.4.1), so none goes out.
pub(super) fn close_frame(frame: Option<CloseFrame>) -> Result<proto::CloseFrame> {
    let Some(CloseFrame { code, reason }) = frame else { return Ok(proto::CloseFrame::EMPTY) };
    let code = match u16::from(code) {
        proto::Ending::NO_STATUS_RECEIVED if reason.is_empty() => return Ok(proto::CloseFrame::EMPTY),
        code => CloseCode::new(code).map_err(|_| ProtocolError::InvalidCloseSequence)?,
    };
    Ok(proto::CloseFrame::new(code, &reason).map_err(|_| ProtocolError::ControlFrameTooBig)?)
}
