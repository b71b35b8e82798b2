//! Runs the crate over a stream that is cut into pieces, and writes down what happens as the reference does.

use websocket_proto::{
    Client, CloseCode, Connection, Event, FnKeys, Incoming, Limits, MessageKind, Messages, Negotiated, Part,
    ProtocolError, Role, Server, State,
};

use super::reference::{CLIENT_KEY, Endpoint, Outcome, Side, Step};

pub fn server(limits: &Limits) -> Connection<Server> {
    server_at(&Endpoint::new(Side::Server, *limits))
}

type Keys = FnKeys<fn() -> [u8; 4]>;

pub fn client(limits: &Limits) -> Connection<Client<Keys>> {
    client_at(&Endpoint::new(Side::Client, *limits))
}

fn server_at(endpoint: &Endpoint) -> Connection<Server> {
    Connection::new(negotiated(endpoint), Server, &endpoint.limits)
}

fn client_at(endpoint: &Endpoint) -> Connection<Client<Keys>> {
    Connection::new(negotiated(endpoint), Client::from_fn(|| CLIENT_KEY), &endpoint.limits)
}

fn negotiated(endpoint: &Endpoint) -> Negotiated {
    #[cfg(feature = "deflate")]
    if let Some(peer) = endpoint.deflate {
        let mut params = websocket_proto::extension::deflate::DeflateParams::default();
        match endpoint.side {
            Side::Server => params.client = peer,
            Side::Client => params.server = peer,
        }
        return Negotiated::elsewhere().with_deflate(params);
    }
    let _ = endpoint;
    Negotiated::elsewhere()
}

/// What [`Connection::receive`] makes of the pieces, its own pieces put together.
pub fn receive<'p>(endpoint: &Endpoint, pieces: impl IntoIterator<Item = &'p [u8]>) -> Outcome {
    match endpoint.side {
        Side::Server => receive_with(endpoint, server_at(endpoint), pieces),
        Side::Client => receive_with(endpoint, client_at(endpoint), pieces),
    }
}

/// What [`Messages::next`] makes of the pieces; of an unfinished message it tells nothing.
pub fn messages<'p>(endpoint: &Endpoint, pieces: impl IntoIterator<Item = &'p [u8]>) -> Vec<Step> {
    match endpoint.side {
        Side::Server => messages_with(endpoint, server_at(endpoint), pieces, false),
        Side::Client => messages_with(endpoint, client_at(endpoint), pieces, false),
    }
}

/// What [`Messages::advance`] makes of the pieces, with [`Messages::take`] where it gives something, else [`Messages::next`].
pub fn two_steps<'p>(endpoint: &Endpoint, pieces: impl IntoIterator<Item = &'p [u8]>) -> Vec<Step> {
    match endpoint.side {
        Side::Server => messages_with(endpoint, server_at(endpoint), pieces, true),
        Side::Client => messages_with(endpoint, client_at(endpoint), pieces, true),
    }
}

/// What both layers make of the whole of the bytes; they have to agree.
pub fn steps(endpoint: &Endpoint, bytes: &[u8]) -> Vec<Step> {
    let steps = receive(endpoint, [bytes]).steps;
    assert_eq!(messages(endpoint, [bytes]), steps);
    steps
}

/// That the bytes fail the connection, and with which status code.
pub fn failure(endpoint: &Endpoint, bytes: &[u8]) -> (ProtocolError, u16) {
    match &steps(endpoint, bytes)[..] {
        [.., Step::Fail(error), Step::Send(close)] => {
            let code = match endpoint.side {
                Side::Server => [close[2], close[3]],
                Side::Client => [close[6] ^ CLIENT_KEY[0], close[7] ^ CLIENT_KEY[1]],
            };
            (*error, u16::from_be_bytes(code))
        }
        other => panic!("{other:?}"),
    }
}

pub fn text(text: &str) -> Step {
    Step::Message(MessageKind::Text, text.as_bytes().to_vec())
}

pub fn binary(bytes: &[u8]) -> Step {
    Step::Message(MessageKind::Binary, bytes.to_vec())
}

/// What [`Messages`] makes of the pieces when each is read into the lent place wherever one is lent.
pub fn lent<'p>(endpoint: &Endpoint, pieces: impl IntoIterator<Item = &'p [u8]>) -> Vec<Step> {
    match endpoint.side {
        Side::Server => lent_with(server_at(endpoint), pieces),
        Side::Client => lent_with(client_at(endpoint), pieces),
    }
}

fn lent_with<'p, R: Role>(mut connection: Connection<R>, pieces: impl IntoIterator<Item = &'p [u8]>) -> Vec<Step> {
    let (mut messages, mut steps, mut out) = (Messages::new(), Vec::new(), Vec::new());
    for piece in pieces {
        let mut piece = piece.to_vec();
        let mut input = &mut piece[..];
        while let Some(space) = messages.space(&connection) {
            let len = space.len().min(input.len());
            let (read, rest) = std::mem::take(&mut input).split_at_mut(len);
            space[..len].copy_from_slice(read);
            input = rest;
            step(messages.filled(&mut connection, len, &mut out), &mut steps);
            steps.extend((!out.is_empty()).then(|| Step::Send(std::mem::take(&mut out))));
            if input.is_empty() {
                break;
            }
        }
        while step(messages.next(&mut connection, &mut input, &mut out), &mut steps) {
            steps.extend((!out.is_empty()).then(|| Step::Send(std::mem::take(&mut out))));
        }
        steps.extend((!out.is_empty()).then(|| Step::Send(std::mem::take(&mut out))));
    }
    steps
}

/// Writes down what was found, and says whether anything was.
fn step(found: Result<Option<Incoming<'_>>, ProtocolError>, steps: &mut Vec<Step>) -> bool {
    steps.push(match found {
        Ok(None) => return false,
        Ok(Some(Incoming::Progress)) => return true,
        Ok(Some(Incoming::Text(bytes))) => text(bytes),
        Ok(Some(Incoming::Binary(bytes))) => binary(bytes),
        Ok(Some(Incoming::Ping(payload))) => Step::Ping(payload.to_vec()),
        Ok(Some(Incoming::Pong(payload))) => Step::Pong(payload.to_vec()),
        Ok(Some(Incoming::Close(frame))) => Step::Close(frame.code().map(u16::from), frame.reason().to_string()),
        Ok(Some(other)) => panic!("{other:?}"),
        Err(error) if steps.contains(&Step::Fail(error)) => return false,
        Err(error) => {
            steps.push(Step::Fail(error));
            return false;
        }
    });
    true
}

fn receive_with<'p, R: Role>(
    endpoint: &Endpoint,
    mut connection: Connection<R>,
    pieces: impl IntoIterator<Item = &'p [u8]>,
) -> Outcome {
    send_close(endpoint, &mut connection);
    let mut outcome = Outcome::default();
    let mut message: Option<Begun> = None;
    let mut over = false;
    for piece in pieces {
        let mut piece = piece.to_vec();
        let mut input = &mut piece[..];
        loop {
            let event = match connection.receive(&mut input) {
                Ok(None) => {
                    assert!(input.is_empty(), "`None` says that all of the input is used up");
                    break;
                }
                Ok(Some(event)) => event,
                Err(error) => {
                    assert_eq!(connection.failure(), Some(error));
                    if !std::mem::replace(&mut over, true) {
                        outcome.steps.push(Step::Fail(error));
                    }
                    write(&mut connection, &mut outcome.steps);
                    break;
                }
            };
            assert!(!over, "{event:?} after the end");
            match event {
                Event::Text(text, part) => {
                    add(&mut message, MessageKind::Text, false, text.as_bytes(), part, &mut outcome);
                }
                Event::Char(char, part) => {
                    add(&mut message, MessageKind::Text, false, char.to_string().as_bytes(), part, &mut outcome);
                }
                Event::Binary(bytes, part) => {
                    add(&mut message, MessageKind::Binary, false, bytes, part, &mut outcome);
                }
                Event::Compressed(kind, bytes, part) => add(&mut message, kind, true, bytes, part, &mut outcome),
                Event::Ping => outcome.steps.push(Step::Ping(connection.control_payload().as_bytes().to_vec())),
                Event::Pong => outcome.steps.push(Step::Pong(connection.control_payload().as_bytes().to_vec())),
                Event::Close => {
                    let frame = connection.peer_close().expect("the Close that the event tells of");
                    assert!(input.is_empty(), "what follows a Close is dropped");
                    over = true;
                    message = None;
                    let (code, reason) = (frame.code().map(u16::from), frame.reason().to_string());
                    outcome.steps.push(Step::Close(code, reason));
                }
                other => panic!("{other:?}, which was not negotiated"),
            }
            write(&mut connection, &mut outcome.steps);
        }
    }
    outcome.unfinished = message.map(|begun| begun.bytes).unwrap_or_default();
    outcome.remaining = if over { 0 } else { connection.payload_remaining() };
    expect_state(endpoint, &connection, over);
    expect_silence(&mut connection, |connection, input| connection.receive(input).map(|event| event.is_none()));
    outcome
}

fn messages_with<'p, R: Role>(
    endpoint: &Endpoint,
    mut connection: Connection<R>,
    pieces: impl IntoIterator<Item = &'p [u8]>,
    two_steps: bool,
) -> Vec<Step> {
    send_close(endpoint, &mut connection);
    let (mut messages, mut steps, mut over) = (Messages::new(), Vec::new(), false);
    let mut out = Vec::new();
    for piece in pieces {
        let mut piece = piece.to_vec();
        let mut input = &mut piece[..];
        loop {
            if two_steps {
                let found = messages.advance(&mut connection, &mut input, &mut out);
                let left = input.len();
                assert_eq!(messages.advance(&mut connection, &mut input, &mut out), found, "a second time");
                assert_eq!(input.len(), left, "a second time it takes nothing");
                // Every other message, so that both ways are tried.
                let taken = if steps.len() % 2 == 0 { messages.take() } else { None };
                if let Some(message) = taken {
                    steps.push(Step::Message(message.kind(), message.into_payload()));
                    continue;
                }
                if !found {
                    assert!(input.is_empty(), "`false` says that all of the input is used up");
                }
            }
            let next = messages.next(&mut connection, &mut input, &mut out);
            assert!(!over || !matches!(next, Ok(Some(_))), "{next:?} after the end");
            match next {
                Ok(None) => {
                    assert!(input.is_empty(), "`None` says that all of the input is used up");
                    break;
                }
                Ok(Some(Incoming::Progress)) => {}
                Ok(Some(Incoming::Text(text))) => {
                    steps.push(Step::Message(MessageKind::Text, text.as_bytes().to_vec()))
                }
                Ok(Some(Incoming::Binary(bytes))) => steps.push(Step::Message(MessageKind::Binary, bytes.to_vec())),
                Ok(Some(Incoming::Ping(payload))) => steps.push(Step::Ping(payload.to_vec())),
                Ok(Some(Incoming::Pong(payload))) => steps.push(Step::Pong(payload.to_vec())),
                Ok(Some(Incoming::Close(frame))) => {
                    over = true;
                    steps.push(Step::Close(frame.code().map(u16::from), frame.reason().to_string()));
                }
                Ok(Some(other)) => panic!("{other:?}"),
                Err(error) => {
                    if !std::mem::replace(&mut over, true) {
                        steps.push(Step::Fail(error));
                    }
                    assert_eq!(connection.failure(), Some(error));
                    if !out.is_empty() {
                        steps.push(Step::Send(std::mem::take(&mut out)));
                    }
                    break;
                }
            }
            assert!(!connection.wants_write(), "replies are in the output before `next` returns");
            if !out.is_empty() {
                steps.push(Step::Send(std::mem::take(&mut out)));
            }
        }
    }
    expect_state(endpoint, &connection, over);
    expect_silence(&mut connection, |connection, input| {
        messages.next(connection, input, &mut out).map(|incoming| incoming.is_none())
    });
    assert!(out.is_empty(), "nothing is sent after the end");
    steps
}

fn send_close<R: Role>(endpoint: &Endpoint, connection: &mut Connection<R>) {
    if endpoint.close_sent {
        connection.close(CloseCode::NORMAL).unwrap();
        connection.take_control().unwrap();
    }
}

/// A message that has begun.
struct Begun {
    kind: MessageKind,
    compressed: bool,
    bytes: Vec<u8>,
}

/// The part that a piece claims to be has to fit those before it.
fn add(
    message: &mut Option<Begun>,
    kind: MessageKind,
    compressed: bool,
    bytes: &[u8],
    part: Part,
    outcome: &mut Outcome,
) {
    assert_eq!(part.is_first(), message.is_none(), "exactly one piece of a message is its first: {part:?}");
    let begun = message.get_or_insert(Begun { kind, compressed, bytes: Vec::new() });
    assert_eq!((begun.kind, begun.compressed), (kind, compressed), "all pieces of a message are of one kind");
    begun.bytes.extend_from_slice(bytes);
    assert!(part.is_last() || !bytes.is_empty(), "only the last piece may be empty");
    if part.is_last() {
        let Begun { kind, compressed, bytes } = message.take().expect("begun above");
        outcome.steps.push(if compressed { Step::Compressed(kind, bytes) } else { Step::Message(kind, bytes) });
    }
}

fn write<R: Role>(connection: &mut Connection<R>, steps: &mut Vec<Step>) {
    while let Some(frame) = connection.take_control() {
        steps.push(Step::Send(frame.as_bytes().to_vec()));
    }
    assert!(!connection.wants_write());
}

fn expect_state<R: Role>(endpoint: &Endpoint, connection: &Connection<R>, over: bool) {
    let state = match (over, endpoint.close_sent) {
        (true, _) => State::Closed,
        (false, true) => State::CloseSent,
        (false, false) => State::Open,
    };
    assert_eq!(connection.state(), state);
}

/// After an error or a Close, neither a good frame nor no bytes at all change the answer.
fn expect_silence<R: Role>(
    connection: &mut Connection<R>,
    mut is_none: impl FnMut(&mut Connection<R>, &mut &mut [u8]) -> Result<bool, ProtocolError>,
) {
    if connection.state() != State::Closed {
        return;
    }
    let expected = connection.failure().map_or(Ok(true), Err);
    let masked = [&[0x82, 0xfe, 0, 126][..], &[0; 4], &[0; 126]].concat();
    let unmasked = [&[0x82, 126, 0, 126][..], &[0; 126]].concat();
    for good in [&[][..], &[0x81, 0x80, 0, 0, 0, 0], &[0x81, 0x00], &masked, &unmasked] {
        let mut bytes = good.to_vec();
        let answer = is_none(connection, &mut &mut bytes[..]);
        assert_eq!(answer, expected, "after an error or a Close, asked again with {good:02x?}");
        assert!(!connection.wants_write());
    }
}
