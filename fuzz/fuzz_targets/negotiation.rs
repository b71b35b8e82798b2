//! Law: whatever is offered, a server answers or declines; what it answers, a client that made the offer accepts, and both ends then
//! compress as the other is ready to read; and what a peer writes into an answer is understood or refused, but never goes beyond what the
//! client asked for.
#![no_main]

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use websocket_proto::extension::deflate::{Compression, DeflateConfig, DeflateParams};
use websocket_proto::handshake::{Answer, ClientConnect, ClientRequest, ConnectHead, ConnectRequest, Scheme};

#[derive(Arbitrary, Debug)]
struct Input<'a> {
    client: DeflateConfig,
    server: DeflateConfig,
    /// What another client offers, and another server answers.
    text: Text<'a>,
}

#[derive(Arbitrary, Debug)]
enum Text<'a> {
    Raw(&'a [u8]),
    Shaped(Vec<Vec<(Name, Value)>>),
}

#[derive(Arbitrary, Clone, Copy, Debug)]
enum Name {
    ServerTakeover,
    ClientTakeover,
    ServerWindow,
    ClientWindow,
    Unknown,
}

#[derive(Arbitrary, Clone, Copy, Debug)]
enum Value {
    None,
    Number(u8),
    Quoted(u8),
    Signed(i8),
    Huge(u64),
}

impl Text<'_> {
    fn bytes(&self) -> Vec<u8> {
        match self {
            Self::Raw(bytes) => bytes.to_vec(),
            Self::Shaped(offers) => offers.iter().map(|params| shaped(params)).collect::<Vec<_>>().join(", ").into(),
        }
    }
}

fn shaped(params: &[(Name, Value)]) -> String {
    let param = |&(name, value): &(Name, Value)| {
        let name = match name {
            Name::ServerTakeover => "server_no_context_takeover",
            Name::ClientTakeover => "client_no_context_takeover",
            Name::ServerWindow => "server_max_window_bits",
            Name::ClientWindow => "client_max_window_bits",
            Name::Unknown => "unknown",
        };
        match value {
            Value::None => format!("; {name}"),
            Value::Number(n) => format!("; {name}={n}"),
            Value::Quoted(n) => format!("; {name}=\"{n}\""),
            Value::Signed(n) => format!("; {name}={n:+}"),
            Value::Huge(n) => format!("; {name}={n}"),
        }
    };
    "permessage-deflate".to_string() + &params.iter().map(param).collect::<String>()
}

fuzz_target!(|input: Input<'_>| {
    let Input { client, server, text } = input;
    let text = text.bytes();

    // Our client and our server.
    let request = start(client);
    let offers = request.fields().find(|(name, _)| *name == FIELD).expect("an offer").1.to_string();
    let answer = answer(server, offers.as_bytes()).expect("our own offer is one");
    match answer {
        None => {
            // An offer of ours is good, so the server does not want to read what it would have to.
            assert!(
                !server.fallback && server.peer.window_bits < Compression::DEFAULT.window_bits && !client.adjustable
            );
        }
        Some((answer, at_server)) => {
            let at_client = check(request, answer.as_bytes()).expect("accepted").expect("agreed on");
            assert_eq!(at_client.server, at_server.server, "what the server sends");
            assert!(reads(at_server.client, at_client.client), "the server is ready for what the client sends");
            assert!(reads(client.own, at_client.client) && reads(server.own, at_server.server));
            assert!(client.fallback || reads(client.peer, at_client.server), "and the client for what it demanded");
            assert!(server.fallback || at_server.client.window_bits <= server.peer.window_bits);
        }
    }

    // Another client: its offer is answered, declined or no list of extensions; never above what the server is.
    if let Ok(Some((answer, params))) = self::answer(server, &text) {
        assert!(reads(server.own, params.server));
        assert!(server.peer.context_takeover || !params.client.context_takeover);
        // What was answered, a client that asks for nothing can read.
        let any = DeflateConfig::DEFAULT.with_fallback(true);
        assert_eq!(check(start(any), answer.as_bytes()), Some(Some(params)));
    }

    // Another server.
    if let Some(Some(params)) = check(start(client), &text) {
        assert!(reads(client.own, params.client));
        assert!(client.fallback || reads(client.peer, params.server));
    }
});

/// Whether who is ready to read `agreed` can read `sent`.
fn reads(agreed: Compression, sent: Compression) -> bool {
    sent.window_bits <= agreed.window_bits && (agreed.context_takeover || !sent.context_takeover)
}

fn start(config: DeflateConfig) -> ClientConnect<'static> {
    ClientRequest::new("a", "/").deflate(config).connect(Scheme::Https).expect("a request")
}

/// The server's answer, if it gives one; an error where the offers are no list of extensions.
fn answer(config: DeflateConfig, offers: &[u8]) -> Result<Option<(String, DeflateParams)>, ()> {
    let head = ConnectHead::new("websocket", "https", "a", "/");
    let fields = [("sec-websocket-version", &b"13"[..]), (FIELD, offers)];
    let request = ConnectRequest::from_connect(head, fields.into_iter()).map_err(|_| ())?;
    let response = request.accept().deflate(config).response().expect("every request can be accepted");
    let answer = response.fields().find(|(name, _)| *name == FIELD).map(|(_, value)| value.to_string());
    assert_eq!(answer.is_some(), response.negotiated().deflate().is_some());
    Ok(answer.zip(response.negotiated().deflate()))
}

/// What the client makes of an answer; none where it fails the connection.
fn check(request: ClientConnect<'_>, answer: &[u8]) -> Option<Option<DeflateParams>> {
    match request.receive(200, [(FIELD, answer)].into_iter()) {
        Ok(Answer::Open(response)) => Some(response.negotiated().deflate()),
        Ok(Answer::Refused(_)) => panic!("200 is no refusal"),
        Err(_) => None,
    }
}

const FIELD: &str = "sec-websocket-extensions";
