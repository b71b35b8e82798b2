//! `Connection` with `Messages`, and the handshakes in front of it.

use websocket_proto::extension::deflate::{DeflateConfig, Deflater, Effort};
use websocket_proto::handshake::{
    Answer, ClientConnect, ClientHandshake, ClientRequest, ConnectHead, ConnectRequest, Received, Refusal, Scheme,
    ServerHandshake, WsUrl,
};
use websocket_proto::{
    Client as ClientRole, Connection, Incoming, Messages, Negotiated, ProtocolError, RandomKeys, Role,
    Server as ServerRole,
};
use wsspec::exam::Event;
use wsspec::memory::{Field, Subject};

use super::talk::{Base, Talk, after_the_opening};
use super::{LIMITS, SUBPROTOCOL};

/// What a client's masks come from.
pub type Asking = ClientRole<RandomKeys>;

/// Messages are handed out whole; with `LENDS` large ones are read into the place where they stay.
pub struct Whole<R: Role, const LENDS: bool> {
    base: Base<R>,
    pub(super) messages: Messages,
    pub(super) deflater: Option<Deflater>,
}

impl<R: Role, const LENDS: bool> Talk<R> for Whole<R, LENDS> {
    fn new(negotiated: Negotiated, role: R) -> Self {
        let connection = Connection::new(negotiated, role, &LIMITS);
        let deflater = connection.deflater(Effort::FAST);
        Self { base: Base::new(connection), messages: Messages::new(), deflater }
    }

    fn receive(&mut self, input: &mut [u8], out: &mut Vec<u8>) {
        let Self { base, messages, deflater } = self;
        let (mut rest, mut filled) = (input, None);
        loop {
            if LENDS && filled.is_none() {
                if let Some(space) = messages.space(&base.connection) {
                    let n = space.len().min(rest.len());
                    let (lent, after) = std::mem::take(&mut rest).split_at_mut(n);
                    space[..n].copy_from_slice(lent);
                    (rest, filled) = (after, (n > 0).then_some(n));
                }
            }
            let found = match filled.take() {
                Some(n) => match messages.filled(&mut base.connection, n, out) {
                    Ok(None) if !rest.is_empty() => continue,
                    found => found,
                },
                None => messages.next(&mut base.connection, &mut rest, out),
            };
            if !echo(found, base, deflater, out) {
                break;
            }
        }
        base.write_control(out);
    }

    fn base(&mut self) -> &mut Base<R> {
        &mut self.base
    }

    fn shared(&self) -> &Base<R> {
        &self.base
    }
}

/// Whether there may be more.
fn echo<R: Role>(
    found: Result<Option<Incoming<'_>>, ProtocolError>,
    base: &mut Base<R>,
    deflater: &mut Option<Deflater>,
    out: &mut Vec<u8>,
) -> bool {
    let Base { connection, heard, .. } = base;
    match found {
        Ok(Some(Incoming::Text(text))) => {
            heard.push(Event::Text(text.as_bytes().to_vec()));
            let _ = match deflater {
                Some(deflater) => connection.send_compressed(text, deflater, out),
                None => connection.send(text, out),
            };
        }
        Ok(Some(Incoming::Binary(bytes))) => {
            heard.push(Event::Binary(bytes.to_vec()));
            let _ = match deflater {
                Some(deflater) => connection.send_compressed(&*bytes, deflater, out),
                None => connection.send(&*bytes, out),
            };
        }
        Ok(Some(Incoming::Ping(payload))) => heard.push(Event::Ping(payload.to_vec())),
        Ok(Some(Incoming::Pong(payload))) => heard.push(Event::Pong(payload.to_vec())),
        Ok(Some(_)) => {}
        Ok(None) | Err(_) => return false,
    }
    true
}

/// A server.
pub struct Accepting<T> {
    head: Vec<u8>,
    handshake: ServerHandshake,
    deflate: Option<DeflateConfig>,
    origin: Option<&'static str>,
    talk: Option<T>,
    closed: bool,
}

/// One that hands out whole messages.
pub type Server = Accepting<Whole<ServerRole, false>>;

/// One that reads large messages into their place.
pub fn lending_server() -> Accepting<Whole<ServerRole, true>> {
    Accepting::with(DeflateConfig::DEFAULT)
}

impl<T: Talk<ServerRole>> Accepting<T> {
    /// It waits for a request.
    pub fn new() -> Self {
        Self::with(DeflateConfig::DEFAULT)
    }

    /// With this of permessage-deflate.
    pub fn with(deflate: impl Into<Option<DeflateConfig>>) -> Self {
        Self {
            head: Vec::new(),
            handshake: ServerHandshake::new(&LIMITS),
            deflate: deflate.into(),
            origin: None,
            talk: None,
            closed: false,
        }
    }

    /// For the pages of one origin.
    pub fn of(origin: &'static str) -> Self {
        Self { origin: Some(origin), ..Self::new() }
    }

    /// The answer, and how many bytes of the head were read.
    fn answer(&mut self, out: &mut Vec<u8>) -> Option<usize> {
        let refused = |response: Refusal<'_>, out: &mut Vec<u8>| response.write_to(out).unwrap();
        self.closed = true;
        let request = match self.handshake.receive(&self.head) {
            Ok(None) => {
                self.closed = false;
                return None;
            }
            Ok(Some(Received::Upgrade(request))) => request,
            Ok(Some(Received::Http(request))) => {
                refused(request.upgrade_required(), out);
                return None;
            }
            Err(error) => {
                refused(error.response(), out);
                return None;
            }
        };
        if let Some(Err(error)) = self.origin.map(|origin| request.check_origin(&[origin])) {
            refused(error.response(), out);
            return None;
        }
        self.closed = false;
        let subprotocol = request.subprotocols().find(|name| *name == SUBPROTOCOL);
        let negotiated = request.accept().deflate(self.deflate).subprotocol(subprotocol).write_to(out).unwrap();
        self.talk = Some(T::new(negotiated, ServerRole));
        Some(request.head_len())
    }
}

impl<T: Talk<ServerRole>> Subject for Accepting<T> {
    fn receive(&mut self, bytes: &mut [u8], out: &mut Vec<u8>) {
        if let Some(talk) = &mut self.talk {
            return talk.receive(bytes, out);
        }
        if self.closed {
            return;
        }
        self.head.extend_from_slice(bytes);
        if let Some(len) = self.answer(out) {
            let mut rest = self.head.split_off(len);
            if let Some(talk) = &mut self.talk {
                talk.receive(&mut rest, out);
            }
        }
    }

    after_the_opening!();

    fn connect(&mut self, fields: &[Field]) -> Option<Vec<Field>> {
        let pseudo = |name: &str| {
            fields
                .iter()
                .find(|field| field.0 == name)
                .map_or("", |field| std::str::from_utf8(&field.1).unwrap_or("\0"))
        };
        let others: Vec<&Field> = fields.iter().filter(|field| !field.0.starts_with(':')).collect();
        let others = others.iter().map(|field| (&field.0, &field.1));
        let head = ConnectHead::new(pseudo(":protocol"), pseudo(":scheme"), pseudo(":authority"), pseudo(":path"));
        let request = match ConnectRequest::from_connect(head, others) {
            Ok(request) => request,
            Err(error) => {
                self.closed = true;
                let response = error.response_to_connect();
                return Some(as_fields(response.status(), response.fields()));
            }
        };
        let subprotocol = request.subprotocols().find(|name| *name == SUBPROTOCOL);
        let response = request.accept().deflate(self.deflate).subprotocol(subprotocol).response().unwrap();
        self.talk = Some(T::new(response.negotiated(), ServerRole));
        Some(as_fields(response.status(), response.fields()))
    }
}

pub fn as_fields<'f>(status: u16, fields: impl Iterator<Item = (&'f str, &'f str)>) -> Vec<Field> {
    let status = (":status".to_owned(), status.to_string().into_bytes());
    let field = |(name, value): (&str, &str)| (name.to_ascii_lowercase(), value.as_bytes().to_vec());
    std::iter::once(status).chain(fields.map(field)).collect()
}

/// A client.
pub struct Requesting<T> {
    head: Vec<u8>,
    deflate: Option<DeflateConfig>,
    handshake: Option<ClientHandshake<[&'static str; 1]>>,
    connect: Option<ClientConnect<'static, [&'static str; 1]>>,
    talk: Option<T>,
    closed: bool,
}

/// One that hands out whole messages.
pub type Client = Requesting<Whole<Asking, false>>;

/// One that reads large messages into their place.
pub fn lending_client() -> Requesting<Whole<Asking, true>> {
    Requesting::with(DeflateConfig::DEFAULT)
}

impl<T: Talk<Asking>> Requesting<T> {
    /// It sends its request at once.
    pub fn new() -> Self {
        Self::with(DeflateConfig::DEFAULT)
    }

    /// With this of permessage-deflate.
    pub fn with(deflate: impl Into<Option<DeflateConfig>>) -> Self {
        let deflate = deflate.into();
        Self { head: Vec::new(), deflate, handshake: None, connect: None, talk: None, closed: false }
    }

    fn request<'a>(&self, request: ClientRequest<'a>) -> ClientRequest<'a, [&'static str; 1]> {
        request.subprotocols([SUBPROTOCOL]).deflate(self.deflate)
    }

    fn role() -> Asking {
        ClientRole::new(RandomKeys::from_seed([5; 32]))
    }

    fn response(&mut self) -> Option<usize> {
        let handshake = self.handshake.as_mut()?;
        match handshake.receive(&self.head) {
            Ok(None) => None,
            Ok(Some(Answer::Open(response))) => {
                self.talk = Some(T::new(response.negotiated(), Self::role()));
                Some(response.head_len())
            }
            Ok(Some(Answer::Refused(_))) | Err(_) => {
                self.closed = true;
                None
            }
        }
    }

    /// Asks a host for a target, without a subprotocol.
    pub fn ask(&mut self, host: &str, target: &str, out: &mut Vec<u8>) {
        let request = self.request(ClientRequest::new(host, target));
        self.handshake = Some(request.start([7; 16], &LIMITS, out).unwrap());
    }
}

impl<T: Talk<Asking>> Subject for Requesting<T> {
    fn start(&mut self, out: &mut Vec<u8>) {
        self.ask("server.example.com", "/chat", out);
    }

    fn start_at(&mut self, url: &str, out: &mut Vec<u8>) -> bool {
        let url = WsUrl::parse(url).ok();
        let started = url.map(|url| self.request(ClientRequest::from_url(&url)).start([7; 16], &LIMITS, out));
        match started {
            Some(Ok(handshake)) => self.handshake = Some(handshake),
            _ => self.closed = true,
        }
        true
    }

    fn receive(&mut self, bytes: &mut [u8], out: &mut Vec<u8>) {
        if let Some(talk) = &mut self.talk {
            return talk.receive(bytes, out);
        }
        if self.closed {
            return;
        }
        self.head.extend_from_slice(bytes);
        if let Some(len) = self.response() {
            let mut rest = self.head.split_off(len);
            if let Some(talk) = &mut self.talk {
                talk.receive(&mut rest, out);
            }
        }
    }

    after_the_opening!();

    fn connect(&mut self, fields: &[Field]) -> Option<Vec<Field>> {
        let Some(connect) = self.connect else {
            let request = self.request(ClientRequest::new("server.example.com", "/chat"));
            let connect = request.connect(Scheme::Https).unwrap();
            let field = |(name, value): (&str, &str)| (name.to_owned(), value.as_bytes().to_vec());
            let fields = connect.fields().map(field).collect();
            self.connect = Some(connect);
            return Some(fields);
        };
        let status = fields.iter().find(|field| field.0 == ":status");
        let status = status.and_then(|field| std::str::from_utf8(&field.1).ok()?.parse().ok()).unwrap_or(0);
        let others: Vec<&Field> = fields.iter().filter(|field| !field.0.starts_with(':')).collect();
        match connect.receive(status, others.iter().map(|field| (&field.0, &field.1))) {
            Ok(Answer::Open(response)) => self.talk = Some(T::new(response.negotiated(), Self::role())),
            Ok(Answer::Refused(_)) | Err(_) => self.closed = true,
        }
        Some(Vec::new())
    }
}
