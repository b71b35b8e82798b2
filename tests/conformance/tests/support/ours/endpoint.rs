//! `Endpoint`, with a clock that is moved by hand.

use std::time::Duration;

use websocket_proto::endpoint::{Accepting, Asking, Config, Endpoint, Framer, Opening, Sender, Status};
use websocket_proto::extension::deflate::DeflateConfig;
use websocket_proto::handshake::{ClientRequest, Received, WsUrl};
use websocket_proto::{
    Client as ClientRole, Incoming, Message, Prepared, RandomKeys, Role, SendError, Server as ServerRole, Timeouts,
};
use wsspec::case::Command;
use wsspec::exam::Event;
use wsspec::memory::Subject;

use super::reads::Reads;
use super::talk::{bytes, close_frame, event, taken};
use super::{LIMITS, SUBPROTOCOL, own_heard};

/// Milliseconds.
type Millis = u64;

fn config() -> Config<Millis> {
    let timeouts = Timeouts::none().with_handshake(10_000_u64).with_idle(30_000).with_pong(20_000);
    let mut config = Config::with_timeouts(timeouts.with_close(5_000).with_write(30_000));
    config.limits = LIMITS;
    config.deflate = Some(DeflateConfig::DEFAULT);
    config.max_fragment_len = 1_000;
    config.read_len = 512;
    config
}

type Sends<R> = fn(Sender<'_, R>, Message<'_>) -> Result<(), SendError>;

/// As to many connections.
fn prepared(mut sender: Sender<'_, ServerRole>, message: Message<'_>) -> Result<(), SendError> {
    sender.send_prepared(&Prepared::new(message).unwrap())
}

/// A connection that echoes.
struct Echo<R: Role> {
    endpoint: Endpoint<R, Millis, Millis>,
    reads: Reads,
    /// How a message is sent where it is taken in steps.
    sends: Sends<R>,
    framer: Option<Framer<R>>,
    heard: Vec<Event>,
    closed: bool,
}

impl<R: Role> Echo<R> {
    fn new(endpoint: Endpoint<R, Millis, Millis>, reads: Reads, sends: Sends<R>, role: R) -> Self {
        let mut endpoint = endpoint;
        let framer = (reads == Reads::Framed).then(|| endpoint.framer(role, &config()));
        Self { endpoint, reads, sends, framer, heard: Vec::new(), closed: false }
    }

    fn receive(&mut self, mut input: &[u8], now: Millis, out: &mut Vec<u8>) {
        self.settle(now, out);
        while !input.is_empty() {
            if !self.endpoint.status().reads() {
                self.settle(now, out);
                if !self.endpoint.status().reads() {
                    break;
                }
            }
            match self.reads {
                Reads::Shared => {
                    let space = self.endpoint.space().map(|space| {
                        let n = space.len().min(input.len());
                        space[..n].copy_from_slice(&input[..n]);
                        n
                    });
                    match space {
                        Some(n) => {
                            self.endpoint.filled(n);
                            input = &input[n..];
                        }
                        None => {
                            let mut shared = std::mem::take(&mut input).to_vec();
                            self.shared(&mut shared);
                        }
                    }
                }
                Reads::Room | Reads::Steps | Reads::Framed => {
                    let room = self.endpoint.room();
                    let n = room.len().min(input.len());
                    room[..n].copy_from_slice(&input[..n]);
                    self.endpoint.filled(n);
                    input = &input[n..];
                }
                Reads::OneByOne => {
                    let mut shared = std::mem::take(&mut input).to_vec();
                    let message = self.endpoint.receive(&mut shared).take();
                    if let Some(message) = message {
                        self.send(&taken(message));
                    }
                    self.closed |= self.endpoint.status() == Status::Close;
                    return;
                }
                Reads::Drips => {
                    let room = self.endpoint.room();
                    let n = room.len().min(input.len()).min(DRIP.max(input.len() / 4));
                    room[..n].copy_from_slice(&input[..n]);
                    self.endpoint.filled(n);
                    input = &input[n..];
                    // What is written now is less than what waits: it goes out in between.
                    self.turn(now, out);
                    continue;
                }
            }
            self.settle(now, out);
        }
        if !self.reads.waits() {
            self.settle(now, out);
        }
    }

    fn shared(&mut self, shared: &mut [u8]) {
        let mut received = self.endpoint.receive(shared);
        while let Some((incoming, mut sender)) = received.next() {
            self.heard.extend(event(&incoming));
            let _ = match incoming {
                // What waits when the peer's Close comes is not sent any more: above the mark, messages wait.
                Incoming::Binary(bytes) if bytes.len() < 16_384 => sender.send_owned(bytes.to_vec()),
                Incoming::Text(text) => sender.send(text),
                Incoming::Binary(bytes) => sender.send(&*bytes),
                _ => Ok(()),
            };
        }
    }

    fn answer(&mut self) {
        match self.reads {
            Reads::Room | Reads::Shared => {
                while let Some((incoming, mut sender)) = self.endpoint.next() {
                    self.heard.extend(event(&incoming));
                    let _ = match incoming {
                        Incoming::Text(text) => sender.send(text),
                        Incoming::Binary(bytes) => sender.send(&*bytes),
                        _ => Ok(()),
                    };
                }
            }
            Reads::Steps | Reads::Framed | Reads::OneByOne | Reads::Drips => {
                while self.endpoint.advance() {
                    let heard = if self.reads.waits() {
                        self.endpoint.take().map(taken)
                    } else {
                        self.endpoint.message().and_then(|incoming| event(&incoming))
                    };
                    if let Some(framer) = &mut self.framer {
                        let framed = match &heard {
                            Some(Event::Text(text)) => framer.frame(std::str::from_utf8(text).unwrap()),
                            Some(Event::Binary(bytes)) => framer.frame(&**bytes),
                            _ => Ok(()),
                        };
                        let _ = framed.and_then(|()| self.endpoint.append(framer));
                        self.heard.extend(heard);
                        continue;
                    }
                    if let Some(event) = &heard {
                        self.send(event);
                    }
                    self.heard.extend(heard);
                }
            }
        }
    }

    fn send(&mut self, event: &Event) {
        let _ = match event {
            Event::Text(text) => (self.sends)(self.endpoint.sender(), std::str::from_utf8(text).unwrap().into()),
            Event::Binary(bytes) => (self.sends)(self.endpoint.sender(), (&**bytes).into()),
            _ => Ok(()),
        };
    }

    /// Takes what there is, and writes once. False: there was nothing to write.
    fn turn(&mut self, now: Millis, out: &mut Vec<u8>) -> bool {
        self.answer();
        if self.endpoint.status() == Status::Close {
            return false;
        }
        let begun = out.len();
        if self.reads == Reads::Drips {
            let output = self.endpoint.output();
            out.extend(&output[..output.len().min(DRIP.max(output.len() / 4))]);
        } else {
            out.extend(self.endpoint.output_slices().flatten());
        }
        self.endpoint.tick(now);
        let written = out.len() - begun;
        if written == 0 && self.endpoint.output().is_empty() {
            return false;
        }
        self.endpoint.written(written);
        true
    }

    /// Takes what there is, and writes what is due.
    fn settle(&mut self, now: Millis, out: &mut Vec<u8>) {
        while self.turn(now, out) {}
        if self.endpoint.status() == Status::HalfClose {
            self.endpoint.half_closed();
            self.closed = true;
        }
        self.closed |= self.endpoint.status() == Status::Close;
    }

    fn elapse(&mut self, from: Millis, to: Millis, out: &mut Vec<u8>) {
        let mut now = from;
        loop {
            let due = self.endpoint.tick(now);
            self.settle(now, out);
            if now == to {
                return;
            }
            now = due.filter(|due| *due > now).map_or(to, |due| due.min(to));
        }
    }

    fn command(&mut self, command: &Command, now: Millis, out: &mut Vec<u8>) {
        let mut sender = self.endpoint.sender();
        // What is refused after a Close is not sent: that is what is wanted.
        let _ = match command {
            Command::Close { code, reason } => sender.close(close_frame(*code, reason)),
            Command::Text(text) => sender.send(std::str::from_utf8(&bytes(text)).unwrap()),
            Command::Binary(data) => sender.send(&*bytes(data)),
            Command::Ping(payload) => sender.ping(&bytes(payload)),
            Command::Pong(_) => Ok(()),
        };
        self.settle(now, out);
    }
}

/// How much a slow transport moves at least, if there is so much.
const DRIP: usize = 5;

macro_rules! subject {
    ($name:ident, $role:ty, $side:ty, $sends:expr, $own:expr, { $($start:item)* }, |$opening:ident| $next:expr) => {
        /// An endpoint from its opening on.
        pub struct $name {
            opening: Option<Opening<$side, Millis, Millis>>,
            echo: Option<Echo<$role>>,
            reads: Reads,
            now: Millis,
            closed: bool,
        }

        impl $name {
            fn settle(&mut self, out: &mut Vec<u8>) {
                let Some($opening) = &mut self.opening else { return };
                let opened = $next;
                $opening.tick(self.now);
                out.extend($opening.output());
                let n = $opening.output().len();
                $opening.written(n);
                if let Some(endpoint) = opened {
                    let mut echo = Echo::new(endpoint, self.reads, $sends, $own);
                    echo.settle(self.now, out);
                    (self.opening, self.echo) = (None, Some(echo));
                } else {
                    self.closed |= matches!($opening.status(), Status::HalfClose | Status::Close);
                }
            }
        }

        impl Subject for $name {
            $($start)*

            fn receive(&mut self, bytes: &mut [u8], out: &mut Vec<u8>) {
                let mut rest = &*bytes;
                while let (Some(opening), false, false) = (&mut self.opening, rest.is_empty(), self.closed) {
                    let room = opening.room();
                    let n = room.len().min(rest.len());
                    room[..n].copy_from_slice(&rest[..n]);
                    opening.filled(n);
                    rest = &rest[n..];
                    self.settle(out);
                }
                if let Some(echo) = &mut self.echo {
                    echo.receive(rest, self.now, out);
                }
            }

            fn receive_eof(&mut self, out: &mut Vec<u8>) {
                if let Some(opening) = &mut self.opening {
                    opening.filled(0);
                    self.settle(out);
                }
                if let Some(echo) = &mut self.echo {
                    echo.endpoint.filled(0);
                    echo.closed |= echo.endpoint.status() == Status::Close;
                    if !echo.reads.waits() {
                        echo.settle(self.now, out);
                    }
                }
            }

            fn write_on(&mut self, out: &mut Vec<u8>) {
                if let Some(echo) = &mut self.echo {
                    echo.settle(self.now, out);
                }
            }

            fn is_closed(&self) -> bool {
                self.closed || self.echo.as_ref().is_some_and(|echo| echo.closed)
            }

            fn heard(&mut self) -> Option<Vec<Event>> {
                let heard = self.echo.as_ref().map(|echo| own_heard(&echo.heard)).unwrap_or_default();
                (!self.reads.waits()).then_some(heard)
            }

            fn elapse(&mut self, span: Duration, out: &mut Vec<u8>) -> bool {
                let to = self.now + u64::try_from(span.as_millis()).unwrap();
                let from = std::mem::replace(&mut self.now, to);
                self.settle(out);
                if let Some(echo) = &mut self.echo {
                    echo.elapse(from, to, out);
                }
                true
            }

            fn command(&mut self, command: &Command, out: &mut Vec<u8>) -> bool {
                // It sends none by itself.
                if matches!(command, Command::Pong(_)) {
                    return false;
                }
                self.echo.as_mut().map(|echo| echo.command(command, self.now, out)).is_some()
            }
        }
    };
}

subject!(Server, ServerRole, Accepting, prepared, ServerRole, {}, |opening| {
    opening.next_with(|received, answer| match received {
        Received::Upgrade(request) => {
            let subprotocol = request.subprotocols().find(|name| *name == SUBPROTOCOL);
            answer.accept(request.accept().subprotocol(subprotocol));
        }
        Received::Http(request) => answer.respond(request.upgrade_required()),
    })
});

impl Server {
    pub fn new(reads: Reads) -> Self {
        Self { opening: Some(Opening::server(&config(), 0)), echo: None, reads, now: 0, closed: false }
    }
}

type ClientSide = Asking<RandomKeys, [&'static str; 1]>;

subject!(
    Client,
    ClientRole<RandomKeys>,
    ClientSide,
    |mut sender, message| sender.send(message),
    ClientRole::new(RandomKeys::from_seed([9; 32])),
    {
        fn start(&mut self, out: &mut Vec<u8>) {
            self.ask(ClientRequest::new("server.example.com", "/chat"), out);
        }

        fn start_at(&mut self, url: &str, out: &mut Vec<u8>) -> bool {
            match WsUrl::parse(url) {
                Ok(url) => self.ask(ClientRequest::from_url(&url), out),
                Err(_) => self.closed = true,
            }
            true
        }
    },
    |opening| opening.next()
);

impl Client {
    pub fn new(reads: Reads) -> Self {
        Self { opening: None, echo: None, reads, now: 0, closed: false }
    }

    fn ask(&mut self, request: ClientRequest<'_>, out: &mut Vec<u8>) {
        let role = ClientRole::new(RandomKeys::from_seed([8; 32]));
        let opening = Opening::client(request.subprotocols([SUBPROTOCOL]), [8; 16], role, &config(), self.now);
        self.opening = opening.ok();
        self.closed = self.opening.is_none();
        self.settle(out);
    }
}
