//! `websocket-proto` as a subject: `Connection` with `Messages`, echoing, both roles.

use websocket_proto::extension::deflate::{DeflateConfig, Deflater, Effort};
use websocket_proto::handshake::{Answer, ClientHandshake, ClientRequest, Received, ServerHandshake};
use websocket_proto::{
    Client as ClientRole, CloseCode, CloseFrame, Connection, Incoming, Limits, Messages, RandomKeys, Role,
    Server as ServerRole, Transport,
};
use wsspec::case::{Command, Limit};
use wsspec::exam::{Context, Event};
use wsspec::memory::Subject;

const LIMITS: Limits =
    Limits::DEFAULT.with_max_message_len(1 << 20).with_max_frame_len(1 << 20).with_max_fragments(5_000);

/// What these subjects declare.
pub fn context() -> Context {
    let mut context = Context {
        host: "server.example.com".to_owned(),
        target: "/chat".to_owned(),
        subprotocol: Some("chat".to_owned()),
        commands: true,
        ..Context::default()
    };
    context.limits.set(Limit::Message, LIMITS.max_message_len);
    context.limits.set(Limit::Frame, LIMITS.max_frame_len);
    context.limits.set(Limit::Fragments, LIMITS.max_fragments.into());
    context.limits.set(Limit::Head, LIMITS.max_head_len as u64);
    context.limits.set(Limit::Fields, LIMITS.max_head_fields as u64);
    context
}

/// A connection that echoes.
struct Echo<R: Role> {
    connection: Connection<R>,
    messages: Messages,
    deflater: Option<Deflater>,
    heard: Vec<Event>,
    eof: bool,
}

impl<R: Role> Echo<R> {
    fn new(connection: Connection<R>) -> Self {
        let deflater = connection.deflater(Effort::FAST);
        Self { connection, messages: Messages::new(), deflater, heard: Vec::new(), eof: false }
    }

    fn receive(&mut self, mut input: &mut [u8], out: &mut Vec<u8>) {
        loop {
            match self.messages.next(&mut self.connection, &mut input, out) {
                Ok(Some(Incoming::Text(text))) => {
                    self.heard.push(Event::Text(text.as_bytes().to_vec()));
                    let _ = match &mut self.deflater {
                        Some(deflater) => self.connection.send_compressed(text, deflater, out),
                        None => self.connection.send(text, out),
                    };
                }
                Ok(Some(Incoming::Binary(bytes))) => {
                    self.heard.push(Event::Binary(bytes.to_vec()));
                    let _ = match &mut self.deflater {
                        Some(deflater) => self.connection.send_compressed(&*bytes, deflater, out),
                        None => self.connection.send(&*bytes, out),
                    };
                }
                Ok(Some(Incoming::Ping(payload))) => self.heard.push(Event::Ping(payload.to_vec())),
                Ok(Some(Incoming::Pong(payload))) => self.heard.push(Event::Pong(payload.to_vec())),
                Ok(Some(_)) => {}
                Ok(None) | Err(_) => break,
            }
        }
        // What waits for room in the output has it now: everything before is written.
        while self.connection.wants_write() {
            let mut more = Vec::new();
            self.connection.write_control(&mut more).unwrap();
            out.extend(more);
        }
    }

    fn receive_eof(&mut self) {
        self.connection.receive_eof();
        self.eof = true;
    }

    fn is_closed(&self) -> bool {
        match self.connection.transport() {
            Transport::HalfClose | Transport::Close => true,
            _ => self.eof,
        }
    }

    fn command(&mut self, command: &Command, out: &mut Vec<u8>) -> bool {
        let bytes = |literal: &wsspec::case::Literal| literal.bytes(&context().limits).unwrap_or_default();
        let done = match command {
            Command::Close { code, reason } => {
                let code = code.map(|code| CloseCode::new(code).unwrap());
                let frame = match code {
                    Some(code) => CloseFrame::new(code, std::str::from_utf8(&bytes(reason)).unwrap()).unwrap(),
                    None => CloseFrame::EMPTY,
                };
                let done = self.connection.close(frame);
                self.connection.write_control(out).unwrap();
                done
            }
            Command::Text(text) => self.connection.send(std::str::from_utf8(&bytes(text)).unwrap(), out),
            Command::Binary(data) => self.connection.send(&*bytes(data), out),
            Command::Ping(payload) => self.connection.ping(&bytes(payload), out),
            Command::Pong(payload) => self.connection.pong(&bytes(payload), out),
        };
        // What is refused after a Close is not sent: that is what is wanted.
        let _ = done;
        true
    }
}

/// A server.
pub struct Server {
    head: Vec<u8>,
    handshake: ServerHandshake,
    echo: Option<Echo<ServerRole>>,
    closed: bool,
}

impl Server {
    /// It waits for a request.
    pub fn new() -> Self {
        Self { head: Vec::new(), handshake: ServerHandshake::new(&LIMITS), echo: None, closed: false }
    }

    /// The answer, and how many bytes of the head were read.
    fn answer(&mut self, out: &mut Vec<u8>) -> Option<usize> {
        let request = match self.handshake.receive(&self.head) {
            Ok(None) => return None,
            Ok(Some(Received::Upgrade(request))) => request,
            Ok(Some(Received::Http(request))) => {
                request.upgrade_required().write_to(out).unwrap();
                self.closed = true;
                return None;
            }
            Err(error) => {
                error.response().write_to(out).unwrap();
                self.closed = true;
                return None;
            }
        };
        let mut accept = request.accept().deflate(DeflateConfig::DEFAULT);
        if let Some(name) = request.subprotocols().find(|name| *name == "chat") {
            accept = accept.subprotocol(name);
        }
        let negotiated = accept.write_to(out).unwrap();
        self.echo = Some(Echo::new(Connection::new(negotiated, ServerRole, &LIMITS)));
        Some(request.head_len())
    }
}

impl Subject for Server {
    fn receive(&mut self, bytes: &mut [u8], out: &mut Vec<u8>) {
        if let Some(echo) = &mut self.echo {
            return echo.receive(bytes, out);
        }
        if self.closed {
            return;
        }
        self.head.extend_from_slice(bytes);
        if let Some(len) = self.answer(out) {
            let mut rest = self.head.split_off(len);
            if let Some(echo) = &mut self.echo {
                echo.receive(&mut rest, out);
            }
        }
    }

    fn receive_eof(&mut self, _: &mut Vec<u8>) {
        match &mut self.echo {
            Some(echo) => echo.receive_eof(),
            None => self.closed = true,
        }
    }

    fn is_closed(&self) -> bool {
        self.closed || self.echo.as_ref().is_some_and(Echo::is_closed)
    }

    fn heard(&mut self) -> Option<Vec<Event>> {
        Some(self.echo.as_ref().map(|echo| own_heard(&echo.heard)).unwrap_or_default())
    }

    fn command(&mut self, command: &Command, out: &mut Vec<u8>) -> bool {
        self.echo.as_mut().is_some_and(|echo| echo.command(command, out))
    }
}

/// A client.
pub struct Client {
    head: Vec<u8>,
    handshake: Option<ClientHandshake<[&'static str; 1]>>,
    echo: Option<Echo<ClientRole<RandomKeys>>>,
    closed: bool,
}

impl Client {
    /// It sends its request at once.
    pub fn new() -> Self {
        Self { head: Vec::new(), handshake: None, echo: None, closed: false }
    }

    fn response(&mut self) -> Option<usize> {
        let handshake = self.handshake.as_mut()?;
        match handshake.receive(&self.head) {
            Ok(None) => None,
            Ok(Some(Answer::Open(response))) => {
                let keys = ClientRole::new(RandomKeys::from_seed([5; 32]));
                self.echo = Some(Echo::new(Connection::new(response.negotiated(), keys, &LIMITS)));
                Some(response.head_len())
            }
            Ok(Some(Answer::Refused(_))) | Err(_) => {
                self.closed = true;
                None
            }
        }
    }
}

impl Subject for Client {
    fn start(&mut self, out: &mut Vec<u8>) {
        let request =
            ClientRequest::new("server.example.com", "/chat").subprotocols(["chat"]).deflate(DeflateConfig::DEFAULT);
        self.handshake = Some(request.start([7; 16], &LIMITS, out).unwrap());
    }

    fn receive(&mut self, bytes: &mut [u8], out: &mut Vec<u8>) {
        if let Some(echo) = &mut self.echo {
            return echo.receive(bytes, out);
        }
        if self.closed {
            return;
        }
        self.head.extend_from_slice(bytes);
        if let Some(len) = self.response() {
            let mut rest = self.head.split_off(len);
            if let Some(echo) = &mut self.echo {
                echo.receive(&mut rest, out);
            }
        }
    }

    fn receive_eof(&mut self, _: &mut Vec<u8>) {
        match &mut self.echo {
            Some(echo) => echo.receive_eof(),
            None => self.closed = true,
        }
    }

    fn is_closed(&self) -> bool {
        self.closed || self.echo.as_ref().is_some_and(Echo::is_closed)
    }

    fn heard(&mut self) -> Option<Vec<Event>> {
        Some(self.echo.as_ref().map(|echo| own_heard(&echo.heard)).unwrap_or_default())
    }

    fn command(&mut self, command: &Command, out: &mut Vec<u8>) -> bool {
        self.echo.as_mut().is_some_and(|echo| echo.command(command, out))
    }
}

/// Without the judge's own question.
fn own_heard(heard: &[Event]) -> Vec<Event> {
    let asks = |event: &&Event| !matches!(event, Event::Ping(payload) if payload.starts_with(b"wsspec: "));
    heard.iter().filter(asks).cloned().collect()
}
