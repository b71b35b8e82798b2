//! tungstenite's `WebSocketContext` on websocket-proto: the whole of the protocol, between its types and a stream.

use super::frame::{
    Frame,
    coding::{Control, Data, OpCode},
};
use super::output::Output;
use super::{CloseFrame, Message, Role, WebSocket, WebSocketConfig, values};
use crate::error::{Error, ProtocolError, Result};
use std::{
    fmt,
    io::{self, Read, Write},
    ops::Range,
};
use websocket_proto::extension::deflate::{Deflater, Effort};
use websocket_proto::{
    Client, Connection, Ending, Limits, MessageKind, Messages, Negotiated, Part, RandomKeys, Server, State, Transport,
};

/// A WebSocket between tungstenite's types and a stream.
pub struct WebSocketContext {
    side: Side,
    messages: Messages,
    deflater: Option<Deflater>,
    /// What was read; `unread` of it is still to be taken.
    input: Vec<u8>,
    unread: Range<usize>,
    /// What is to be written.
    output: Output,
    /// Whether an automatic reply was not flushed yet.
    reply_waits: bool,
    /// The kind of the message whose fragments the caller sends.
    fragments: MessageKind,
    terminated: bool,
    config: WebSocketConfig,
}

enum Side {
    Server(Connection<Server>),
    Client(Connection<Client<RandomKeys>>),
}

/// The same expression for either side.
macro_rules! on {
    ($side:expr, $connection:ident => $expression:expr) => {
        match $side {
            Side::Server($connection) => $expression,
            Side::Client($connection) => $expression,
        }
    };
}

impl WebSocketContext {
    /// A context after a handshake without extensions.
    ///
    /// # Panics
    ///
    /// If `max_write_buffer_size` is not greater than `write_buffer_size`.
    pub fn new(role: Role, config: Option<WebSocketConfig>) -> Self {
        Self::from_partially_read(Vec::new(), role, config)
    }

    /// The same, with bytes that were read after the handshake already.
    ///
    /// # Panics
    ///
    /// As [`new`](Self::new).
    pub fn from_partially_read(part: Vec<u8>, role: Role, config: Option<WebSocketConfig>) -> Self {
        Self::negotiated(part, role, config, Negotiated::elsewhere())
    }

    fn negotiated(part: Vec<u8>, role: Role, config: Option<WebSocketConfig>, negotiated: Negotiated) -> Self {
        let config = config.unwrap_or_default();
        config.assert_valid();
        let limit = |size: Option<usize>| size.map_or(u64::MAX, |size| size as u64);
        // tungstenite has no bound on the number of fragments; memory is bounded by the message.
        let limits = Limits::DEFAULT
            .with_max_frame_len(limit(config.max_frame_size))
            .with_max_message_len(limit(config.max_message_size))
            .with_max_fragments(u32::MAX);
        let side = match role {
            Role::Server => Side::Server(Connection::new(negotiated, Server, &limits)),
            Role::Client => {
                let keys = RandomKeys::from_os().expect("the operating system gives random bytes");
                Side::Client(Connection::new(negotiated, Client::new(keys), &limits))
            }
        };
        Self {
            deflater: on!(&side, connection => connection.deflater(Effort::FAST)),
            side,
            messages: Messages::new(),
            unread: 0..part.len(),
            input: part,
            output: Output::default(),
            reply_waits: false,
            fragments: MessageKind::Binary,
            terminated: false,
            config,
        }
    }

    /// Changes the configuration of the output. The limits of the input are those that the context was made with.
    ///
    /// # Panics
    ///
    /// As [`new`](Self::new).
    pub fn set_config(&mut self, set_func: impl FnOnce(&mut WebSocketConfig)) {
        set_func(&mut self.config);
        self.config.assert_valid();
    }

    /// The configuration.
    pub fn get_config(&self) -> &WebSocketConfig {
        &self.config
    }

    /// Whether messages may still come.
    pub fn can_read(&self) -> bool {
        !self.terminated && matches!(self.state(), State::Open | State::CloseSent)
    }

    /// Whether messages may still be sent.
    pub fn can_write(&self) -> bool {
        !self.terminated && self.state() == State::Open
    }

    /// Reads the next message, and writes the replies that are due; it never waits to write.
    pub fn read<Stream: Read + Write>(&mut self, stream: &mut Stream) -> Result<Message> {
        self.check_not_terminated()?;
        loop {
            if self.reply_waits || on!(&self.side, connection => connection.wants_write()) {
                match self.flush(stream) {
                    Err(Error::Io(error)) if error.kind() == io::ErrorKind::WouldBlock => self.reply_waits = true,
                    flushed => flushed?,
                }
            }
            self.check_open()?;
            match self.next() {
                Ok(Some(message)) => return Ok(message),
                Ok(None) => {}
                Err(error) => {
                    // §7.1.7: the Close that tells the peer why. Whether it can be written or not, the violation is what is reported.
                    let _ = self.flush(stream);
                    return Err(error);
                }
            }
            self.fill(stream)?;
        }
    }

    /// Takes the next message from what was read.
    fn next(&mut self) -> Result<Option<Message>> {
        let Self { side, messages, input, unread, output, .. } = self;
        let output = output.end();
        let waiting = output.len();
        let mut rest = &mut input[unread.clone()];
        let found = on!(side, connection => loop {
            if !messages.advance(connection, &mut rest, output) {
                break Ok(None);
            }
            if let Some(message) = messages.take() {
                break Ok(Some(values::owned(message)));
            }
            match messages.next(connection, &mut rest, output) {
                // One that tungstenite has no name for is left out.
                Ok(incoming) => match incoming.and_then(values::copied) {
                    None => {}
                    message => break Ok(message),
                },
                Err(error) => break Err(error),
            }
        });
        unread.start = unread.end - rest.len();
        self.reply_waits |= output.len() > waiting;
        Ok(found?)
    }

    /// Reads once: straight into a message of which much is missing, else into the buffer, all of which was taken.
    fn fill(&mut self, stream: &mut impl Read) -> Result<()> {
        let Self { side, messages, input, output, .. } = self;
        let read = on!(side, connection => match messages.space(connection) {
            Some(space) => stream.read(space).inspect(|&n| {
                let _ = messages.advance_filled(connection, n, output.end());
            }),
            None => {
                let size = self.config.read_buffer_size.max(1);
                if input.len() < size {
                    input.resize(size, 0);
                }
                let read = stream.read(input);
                self.unread = 0..*read.as_ref().unwrap_or(&0);
                read
            }
        });
        match read {
            Ok(0) => {
                self.terminated = true;
                Err(match on!(&mut self.side, connection => connection.receive_eof()) {
                    Ending::Clean => Error::ConnectionClosed,
                    Ending::Unclean => ProtocolError::ResetWithoutClosingHandshake.into(),
                })
            }
            Ok(_) => Ok(()),
            Err(error) => Err(self.failed(error)),
        }
    }

    /// Queues a message, and writes if enough is queued.
    pub fn write<Stream: Read + Write>(&mut self, stream: &mut Stream, message: Message) -> Result<()> {
        self.check_not_terminated()?;
        if self.state() != State::Open {
            return Err(ProtocolError::SendAfterClosing.into());
        }
        let message = match message {
            Message::Close(frame) => return self.close(stream, frame),
            Message::Frame(frame) if frame.header().opcode == OpCode::Control(Control::Close) => {
                return self.close(stream, frame.into_close()?);
            }
            message => self.check_room(message)?,
        };
        let Self { side, deflater, output, .. } = self;
        let kind = if message.is_text() { MessageKind::Text } else { MessageKind::Binary };
        if let (Side::Server(connection), None, Message::Text(_) | Message::Binary(_), Output::LONG..) =
            (&mut *side, &*deflater, &message, message.len())
        {
            let header = connection.send_header_of(kind, message.len() as u64, Part::Whole)?;
            output.push(&header, message.into_data());
            return self.write_queued(stream);
        }
        let output = output.end();
        on!(side, connection => match (&message, deflater) {
            (Message::Text(text), Some(deflater)) => connection.send_compressed(text.as_str(), deflater, output),
            (Message::Text(text), None) => connection.send(text.as_str(), output),
            (Message::Binary(data), Some(deflater)) => connection.send_compressed(&data[..], deflater, output),
            (Message::Binary(data), None) => connection.send(&data[..], output),
            (Message::Ping(data), _) => connection.ping(data, output),
            (Message::Pong(data), _) => connection.pong(data, output),
            (Message::Frame(frame), _) => return self.write_frame(stream, frame),
            (Message::Close(_), _) => Ok(()),
        })?;
        self.write_queued(stream)
    }

    /// Writes if enough is queued, or a reply waits.
    fn write_queued<Stream: Read + Write>(&mut self, stream: &mut Stream) -> Result<()> {
        if self.reply_waits { self.flush(stream) } else { self.write_from(stream, self.config.write_buffer_size) }
    }

    /// Sends a frame that the caller has made, if the protocol allows it where the connection stands.
    fn write_frame<Stream: Read + Write>(&mut self, stream: &mut Stream, frame: &Frame) -> Result<()> {
        let header = frame.header();
        if header.rsv1 || header.rsv2 || header.rsv3 {
            return Err(ProtocolError::NonZeroReservedBits.into());
        }
        let (kind, part) = match (header.opcode, header.is_final) {
            (OpCode::Data(Data::Continue), true) => (self.fragments, Part::Last),
            (OpCode::Data(Data::Continue), false) => (self.fragments, Part::Middle),
            (OpCode::Data(Data::Text), true) => (MessageKind::Text, Part::Whole),
            (OpCode::Data(Data::Text), false) => (MessageKind::Text, Part::First),
            (OpCode::Data(Data::Binary), true) => (MessageKind::Binary, Part::Whole),
            (OpCode::Data(Data::Binary), false) => (MessageKind::Binary, Part::First),
            (OpCode::Control(_), false) => return Err(ProtocolError::FragmentedControlFrame.into()),
            (OpCode::Control(Control::Ping), true) => {
                return self.write(stream, Message::Ping(frame.clone().into_payload()));
            }
            (OpCode::Control(Control::Pong), true) => {
                return self.write(stream, Message::Pong(frame.clone().into_payload()));
            }
            (opcode, _) => return Err(ProtocolError::InvalidOpcode(opcode.into()).into()),
        };
        let output = self.output.end();
        on!(&mut self.side, connection => connection.send_bytes(kind, frame.payload(), part, output))?;
        self.fragments = kind;
        self.write_from(stream, self.config.write_buffer_size)
    }

    /// Writes and flushes all that is queued.
    pub fn flush<Stream: Read + Write>(&mut self, stream: &mut Stream) -> Result<()> {
        // A Pong waits while there is much output, so it may need another turn.
        loop {
            let output = self.output.end();
            let _ = on!(&mut self.side, connection => connection.write_control(output));
            self.write_from(stream, 0)?;
            if !on!(&self.side, connection => connection.wants_write()) {
                break;
            }
        }
        stream.flush()?;
        self.reply_waits = false;
        self.check_open()
    }

    /// Writes all of the output, if there is more of it than `threshold`.
    fn write_from(&mut self, stream: &mut impl Write, threshold: usize) -> Result<()> {
        if self.output.len() <= threshold {
            return Ok(());
        }
        let result = loop {
            match self.output.front() {
                [] => break Ok(()),
                front => match stream.write(front) {
                    Ok(0) => break Err(io::Error::from(io::ErrorKind::ConnectionReset)),
                    Ok(n) => self.output.wrote(n),
                    Err(error) => break Err(error),
                },
            }
        };
        self.output.compact();
        result.map_err(|error| self.failed(error))
    }

    /// Queues a Close, and writes it; after a Close of either side it only writes what is queued.
    pub fn close<Stream: Read + Write>(&mut self, stream: &mut Stream, frame: Option<CloseFrame>) -> Result<()> {
        if self.state() == State::Open {
            let frame = values::close_frame(frame)?;
            on!(&mut self.side, connection => connection.close(frame))?;
        }
        self.flush(stream)
    }

    fn state(&self) -> State {
        on!(&self.side, connection => connection.state())
    }

    /// Refuses a message for which the output has no room, and gives it back.
    fn check_room(&self, message: Message) -> Result<Message> {
        let header_len = values::header_len(message.len(), matches!(self.side, Side::Client(_)));
        let frame_len = match &message {
            Message::Frame(frame) => frame.len(),
            message => message.len().saturating_add(header_len),
        };
        if self.output.len().saturating_add(frame_len) <= self.config.max_write_buffer_size {
            Ok(message)
        } else {
            Err(Error::WriteBufferFull(Message::Frame(values::frame(message)).into()))
        }
    }

    fn check_not_terminated(&self) -> Result<()> {
        if self.terminated { Err(Error::AlreadyClosed) } else { Ok(()) }
    }

    /// §7.1.1: the server closes the transport first; tungstenite's callers do so when they see this error.
    fn check_open(&mut self) -> Result<()> {
        let closes = on!(&self.side, connection => connection.transport()) == Transport::Close;
        if closes && self.output.is_empty() {
            self.terminated = true;
            return Err(Error::ConnectionClosed);
        }
        Ok(())
    }

    /// A reset by a peer whose Close has come is no failure any more.
    fn failed(&mut self, error: io::Error) -> Error {
        if error.kind() == io::ErrorKind::ConnectionReset && !self.can_read() {
            self.terminated = true;
            return Error::ConnectionClosed;
        }
        error.into()
    }
}

impl<Stream> WebSocket<Stream> {
    /// A connection whose handshake has agreed on something.
    #[allow(dead_code)] // Until the handshake is exchanged, too.
    pub(crate) fn negotiated(
        socket: Stream,
        part: Vec<u8>,
        role: Role,
        config: Option<WebSocketConfig>,
        negotiated: Negotiated,
    ) -> Self {
        Self { socket, context: WebSocketContext::negotiated(part, role, config, negotiated) }
    }
}

impl fmt::Debug for WebSocketContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebSocketContext").field("state", &self.state()).finish_non_exhaustive()
    }
}
