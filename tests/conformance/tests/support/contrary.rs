//! Subjects that do the contrary of what is asked for: what has to fail goes on, what has to go on fails. They share nothing with the crate
//! that is examined elsewhere.

use wsspec::case::{Command, Role};
use wsspec::memory::{Field, Subject};
use wsspec::wire::frame::{Form, Reader, header, mask};
use wsspec::wire::head::Head;
use wsspec::wire::inflate::{Inflater, Parameters};
use wsspec::wire::{accept, key};

/// In which way it is contrary.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Way {
    /// It accepts every head, and goes on after every violation.
    TakesEverything,
    /// It refuses every head that is not the plainest one.
    RefusesHeads,
    /// It sends other messages than it got.
    Garbles,
    /// It closes after each frame, with 1002.
    Fails,
    /// It answers neither Ping nor Close.
    Silent,
    /// It answers, but never ends the connection.
    StaysOpen,
    /// It sends a message and a Pong after each Close, and after each violation.
    TalksOn,
    /// It accepts heads, and uses what was not agreed.
    Invents,
}

impl Way {
    pub const ALL: [Self; 8] = [
        Self::TakesEverything,
        Self::RefusesHeads,
        Self::Garbles,
        Self::Fails,
        Self::Silent,
        Self::StaysOpen,
        Self::TalksOn,
        Self::Invents,
    ];
}

/// An endpoint that understands everything somehow.
pub struct Contrary {
    way: Way,
    role: Role,
    head: Vec<u8>,
    open: bool,
    closed: bool,
    reader: Reader,
    message: Option<(u8, bool, Vec<u8>)>,
    inflater: Option<Inflater>,
    keys: u8,
}

impl Contrary {
    pub fn new(way: Way, role: Role) -> Self {
        let reader = Reader::default();
        Self { way, role, head: Vec::new(), open: false, closed: false, reader, message: None, inflater: None, keys: 0 }
    }

    fn frame(&mut self, opcode: u8, payload: &[u8], out: &mut Vec<u8>) {
        self.keys = self.keys.wrapping_add(1);
        let key = (self.role == Role::Client).then_some([1, 2, 3, self.keys]);
        let len = payload.len() as u64;
        out.extend(header(0x80 | opcode, Form::shortest(len), len, key));
        let mut payload = payload.to_vec();
        mask(&mut payload, key.unwrap_or_default(), 0);
        out.extend(payload);
    }

    fn opened(&mut self, head: &Head) {
        self.open = true;
        let compresses = head.fields.iter().any(|(name, value)| {
            name.eq_ignore_ascii_case("Sec-WebSocket-Extensions")
                && value.windows(18).any(|part| part == b"permessage-deflate")
        });
        self.inflater = compresses.then(|| Inflater::new(Parameters { window_bits: 15, takeover: true }));
    }

    /// A head is there.
    fn head(&mut self, head: &Head, out: &mut Vec<u8>) {
        let plain = match self.role {
            Role::Server => {
                head.first == b"GET /chat HTTP/1.1" && head.fields.iter().all(is_plain) && head.fields.len() < 7
            }
            Role::Client => {
                head.status().is_some_and(|(_, status)| status == 101)
                    && head.fields.iter().all(is_plain)
                    && head.fields.len() < 5
            }
        };
        if self.way == Way::RefusesHeads && !plain {
            self.closed = true;
            if self.role == Role::Server {
                out.extend(b"HTTP/1.1 400 No\r\n\r\n");
            }
            return;
        }
        if self.role == Role::Server {
            let accept = accept(head.values("Sec-WebSocket-Key").first().unwrap_or(&&b""[..]));
            let offer = head
                .values("Sec-WebSocket-Extensions")
                .first()
                .map(|offer| String::from_utf8_lossy(offer).into_owned());
            // What is asked of it, it agrees to.
            let agreed = offer.map(|offer| {
                if offer.contains('=') || offer.contains("takeover") { offer } else { "permessage-deflate".to_owned() }
            });
            let mut more = agreed.map_or(String::new(), |agreed| format!("Sec-WebSocket-Extensions: {agreed}\r\n"));
            if self.way == Way::Invents {
                more = "Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=9; client_max_window_bits=9\r\n\
                    Sec-WebSocket-Protocol: invented\r\n"
                    .to_owned();
            }
            let fields =
                format!("Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {accept}\r\n{more}");
            out.extend(format!("HTTP/1.1 101 Yes\r\n{fields}\r\n").bytes());
        } else if self.way == Way::TakesEverything {
            // It takes itself to be connected.
            self.frame(1, b"connected", out);
        }
        self.opened(head);
    }

    fn frames(&mut self, out: &mut Vec<u8>) {
        while let Some(frame) = self.reader.next_frame() {
            if self.way == Way::Fails {
                self.frame(8, &1002_u16.to_be_bytes(), out);
                self.closed = true;
                return;
            }
            match frame.opcode {
                8 if self.way == Way::Silent => {}
                8 => {
                    self.frame(8, &frame.payload, out);
                    if self.way == Way::TalksOn {
                        self.frame(1, b"and another thing", out);
                    }
                    self.closed = self.way != Way::StaysOpen;
                    return;
                }
                9 if self.way == Way::Silent => {}
                9 => self.frame(10, &frame.payload, out),
                10 => {}
                opcode => {
                    let (kind, compressed, mut data) = self.message.take().unwrap_or((
                        if opcode == 1 { 1 } else { 2 },
                        frame.rsv & 4 != 0,
                        Vec::new(),
                    ));
                    data.extend(frame.payload);
                    if !frame.fin {
                        self.message = Some((kind, compressed, data));
                        continue;
                    }
                    if let (true, Some(inflater)) = (compressed, &mut self.inflater) {
                        data = inflater.message(&data, 1 << 24).unwrap_or_default();
                    }
                    match self.way {
                        Way::Garbles => self.frame(3 - kind, b"something else", out),
                        Way::Silent => {}
                        _ => self.frame(kind, &data, out),
                    }
                }
            }
        }
    }
}

/// What stands in every good head of the judge.
fn is_plain((name, value): &(String, Vec<u8>)) -> bool {
    match &**name {
        "Host" | "Sec-WebSocket-Key" | "Sec-WebSocket-Accept" => true,
        "Upgrade" => value == b"websocket",
        "Connection" => value == b"Upgrade",
        "Sec-WebSocket-Version" => value == b"13",
        "Sec-WebSocket-Extensions" => value == b"permessage-deflate",
        _ => false,
    }
}

impl Subject for Contrary {
    fn start(&mut self, out: &mut Vec<u8>) {
        if self.role == Role::Server {
            return;
        }
        let key = key([self.keys; 16]);
        let request = format!(
            "GET /chat HTTP/1.1\r\nHost: server.example.com\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: {key}\r\n\
            Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: chat\r\nSec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n\r\n"
        );
        out.extend(request.bytes());
    }

    fn start_at(&mut self, url: &str, out: &mut Vec<u8>) -> bool {
        // As it stands, with whatever is in it.
        let target = url.splitn(4, '/').nth(3).unwrap_or_default();
        let key = key([self.keys; 16]);
        let request = format!(
            "GET {target} HTTP/1.1\r\nHost: elsewhere\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: {key}\r\n\
            Sec-WebSocket-Version: 13\r\n\r\n"
        );
        out.extend(request.bytes());
        true
    }

    fn connect(&mut self, fields: &[Field]) -> Option<Vec<Field>> {
        let field = |name: &str, value: &str| (name.to_owned(), value.as_bytes().to_vec());
        if self.role == Role::Client && fields.is_empty() {
            return Some(vec![
                field(":method", "CONNECT"),
                field(":protocol", "websocket"),
                field(":scheme", "https"),
                field(":path", "/chat"),
                field(":authority", "server.example.com"),
                field("sec-websocket-version", "13"),
            ]);
        }
        let refuses = self.way == Way::RefusesHeads;
        if self.role == Role::Client {
            self.closed = refuses;
            let mut answer = Vec::new();
            if !refuses {
                self.open = true;
                self.frame(1, b"connected", &mut answer);
                self.head = answer;
            }
            return Some(Vec::new());
        }
        (self.open, self.closed) = (!refuses, refuses);
        let mut answer = vec![field(":status", if refuses { "400" } else { "200" })];
        if !refuses {
            answer.push(field("Sec-WebSocket-Accept", "needless"));
            answer.push(field("Sec-WebSocket-Extensions", "invented"));
        }
        Some(answer)
    }

    fn receive(&mut self, bytes: &mut [u8], out: &mut Vec<u8>) {
        if self.closed {
            return;
        }
        if self.open {
            out.append(&mut self.head);
            self.reader.push(bytes);
            return self.frames(out);
        }
        self.head.extend_from_slice(bytes);
        // Whatever ends its lines, and whatever comes before it.
        if let Some(head) = Head::read(&self.head) {
            let rest = self.head.split_off(head.len);
            self.head.clear();
            self.head(&head, out);
            if self.open {
                self.reader.push(&rest);
                self.frames(out);
            }
        }
    }

    fn receive_eof(&mut self, _: &mut Vec<u8>) {
        self.closed = self.way != Way::StaysOpen;
    }

    fn is_closed(&self) -> bool {
        self.closed
    }

    fn command(&mut self, command: &Command, out: &mut Vec<u8>) -> bool {
        match command {
            Command::Close { .. } => self.frame(1, b"not yet", out),
            Command::Text(_) | Command::Binary(_) => self.frame(1, b"still here", out),
            Command::Ping(_) | Command::Pong(_) => {}
        }
        true
    }
}
