//! Laws of compression, for whatever comes (RFC 7692).
#![cfg(feature = "deflate")]

use proptest::{collection::vec, prelude::*};
use testkit::strategies::{
    self,
    deflate::{compression, config, offers, parts},
};
use websocket_proto::extension::deflate::{Compression, DeflateConfig, DeflateParams, Effort, WindowBits};
use websocket_proto::extension::{Extension, Extensions};
use websocket_proto::handshake::{Answer, ClientConnect, ClientRequest, ConnectHead, ConnectRequest, Scheme};
use websocket_proto::{
    Client, Connection, Incoming, Limits, Message, Messages, Negotiated, Part, ProtocolError, Server,
};

/// A server's answer, by the shortest way there is.
fn answer(config: DeflateConfig, offers: &str) -> Option<(String, DeflateParams)> {
    let head = ConnectHead::new("websocket", "https", "a", "/");
    let fields = [("sec-websocket-version", &b"13"[..]), ("sec-websocket-extensions", offers.as_bytes())];
    let request = ConnectRequest::from_connect(head, fields.into_iter()).unwrap();
    let response = request.accept().deflate(config).response().unwrap();
    let answer = response.fields().find(|(name, _)| *name == "sec-websocket-extensions");
    assert_eq!(answer.is_some(), response.negotiated().deflate().is_some());
    Some((answer?.1.to_string(), response.negotiated().deflate()?))
}

fn offered(client: &ClientConnect<'_>) -> String {
    client.fields().find(|(name, _)| *name == "sec-websocket-extensions").unwrap().1.to_string()
}

/// A parameter's value, `Some(None)` where it has none, and `None` where it is not there once.
fn param(extension: &Extension<'_>, name: &str) -> Option<Option<String>> {
    let mut params = extension.params().filter(|param| param.name() == name);
    let found = params.next()?;
    assert!(params.next().is_none(), "{name} comes twice");
    Some(found.value().map(|value| value.to_string()))
}

/// §7.1, read as a checklist: whether an answer is one to this offer.
fn satisfies(answer: &Extension<'_>, offer: &Extension<'_>) -> bool {
    let names: Vec<&str> = offer.params().map(|param| param.name()).collect();
    let unique = names.iter().all(|name| names.iter().filter(|other| other == &name).count() == 1);
    let known = offer.params().all(|param| {
        let bits = param.value().is_some_and(|value| (8..=15).any(|bits| value == bits.to_string().as_str()));
        match param.name() {
            "server_no_context_takeover" | "client_no_context_takeover" => param.value().is_none(),
            "server_max_window_bits" => bits,
            "client_max_window_bits" => bits || param.value().is_none(),
            _ => false,
        }
    });
    if offer.name() != "permessage-deflate" || !unique || !known {
        return false;
    }
    let number = |value: Option<Option<String>>| value.map(|value| value.unwrap().parse::<u8>().unwrap());
    let server_window = match number(param(offer, "server_max_window_bits")) {
        Some(most) => number(param(answer, "server_max_window_bits")).is_some_and(|bits| bits <= most),
        None => true,
    };
    let client_window =
        param(answer, "client_max_window_bits").is_none() || param(offer, "client_max_window_bits").is_some();
    let server_takeover = param(offer, "server_no_context_takeover").is_none()
        || param(answer, "server_no_context_takeover") == Some(None);
    server_window && client_window && server_takeover
}

#[derive(Debug, PartialEq)]
enum Got {
    Message(Vec<u8>),
    Ping,
    Failed(ProtocolError),
}

fn receive(connection: &mut Connection<Server>, bytes: &[u8], cuts: &[usize]) -> Vec<Got> {
    let (mut messages, mut got, mut rest) = (Messages::new(), Vec::new(), bytes);
    for &cut in cuts.iter().chain(&[usize::MAX]) {
        let (piece, after) = rest.split_at(cut.min(rest.len()));
        rest = after;
        let mut piece = piece.to_vec();
        let mut input = &mut piece[..];
        loop {
            match messages.next(connection, &mut input, &mut Vec::new()) {
                Ok(None) => break,
                Ok(Some(Incoming::Binary(bytes))) => got.push(Got::Message(bytes.to_vec())),
                Ok(Some(Incoming::Text(text))) => got.push(Got::Message(text.as_bytes().to_vec())),
                Ok(Some(_)) => got.push(Got::Ping),
                Err(error) => {
                    got.push(Got::Failed(error));
                    return got;
                }
            }
        }
        if cut % 3 == 0 {
            messages.hibernate();
        }
    }
    got
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: strategies::persistence(), ..ProptestConfig::with_cases(400) })]

    #[test]
    fn answer_satisfies_an_offer_and_the_configuration(config in config(), offers in offers()) {
        let parsed: Vec<Extension<'_>> = Extensions::new(offers.as_bytes()).map(Result::unwrap).collect();
        if let Some((text, params)) = answer(config, &offers) {
            let answer = Extensions::new(text.as_bytes()).next().unwrap().unwrap();
            prop_assert!(parsed.iter().any(|offer| satisfies(&answer, offer)), "{text}");
            prop_assert!(params.server.window_bits <= config.own.window_bits);
            prop_assert!(config.own.context_takeover || !params.server.context_takeover);
            prop_assert!(config.peer.context_takeover || !params.client.context_takeover);
            prop_assert!(config.fallback || params.client.window_bits <= config.peer.window_bits);
        } else if config.fallback {
            let empty = Extensions::new(b"permessage-deflate; server_no_context_takeover; server_max_window_bits=8");
            let least = empty.map(Result::unwrap).next().unwrap();
            prop_assert!(!parsed.iter().any(|offer| satisfies(&least, offer)), "a good offer was declined");
        }
    }

    #[test]
    fn client_accepts_every_answer_of_our_server(client in config(), server in config()) {
        let request = ClientRequest::new("a", "/").deflate(client).connect(Scheme::Https).unwrap();
        let Some((text, at_server)) = answer(server, &offered(&request)) else { return Ok(()) };
        let fields = [("sec-websocket-extensions", text.as_bytes())];
        let response = match request.receive(200, fields.into_iter()) {
            Ok(Answer::Open(response)) => response,
            other => panic!("{other:?}"),
        };
        let at_client = response.negotiated().deflate().unwrap();
        prop_assert_eq!(at_client.server, at_server.server);
        // The client may do with less than what the server is ready for.
        prop_assert!(at_client.client.window_bits <= at_server.client.window_bits);
        prop_assert!(at_server.client.context_takeover || !at_client.client.context_takeover);
    }

    #[test]
    fn what_was_sent_arrives(
        client in compression(),
        level in 0..=9_u8,
        memory in 1..=9_u8,
        messages in vec((parts(), any::<bool>()), 1..6),
        cuts in vec(0..500_usize, 0..40),
    ) {
        let agreed = Negotiated::elsewhere().with_deflate(DeflateParams::default().with_client(client));
        let mut sender = Connection::new(agreed, Client::from_fn(|| [0x5a, 0, 0xff, 7]), &Limits::default());
        let mut deflater = sender.deflater(Effort::new(level, memory)).unwrap().with_threshold(0);
        let (mut wire, mut expected) = (Vec::new(), Vec::new());
        for (parts, compressed) in &messages {
            let last = parts.len() - 1;
            for (n, (bytes, ping)) in parts.iter().enumerate() {
                let part = match (n == 0, n == last) {
                    (true, true) => Part::Whole,
                    (true, false) => Part::First,
                    (false, false) => Part::Middle,
                    (false, true) => Part::Last,
                };
                let message = Message::from(&bytes[..]);
                if *compressed {
                    sender.send_compressed_part(message, part, &mut deflater, &mut wire).unwrap();
                } else {
                    sender.send_part(message, part, &mut wire).unwrap();
                }
                if *ping {
                    sender.ping(b"", &mut wire).unwrap();
                    if n < last {
                        expected.push(Got::Ping);
                    }
                }
            }
            expected.push(Got::Message(parts.iter().flat_map(|(bytes, _)| bytes.clone()).collect()));
            if parts[last].1 {
                expected.push(Got::Ping);
            }
            if level == 5 {
                deflater.hibernate();
            }
        }
        let mut receiver = Connection::new(agreed, Server, &Limits::default());
        prop_assert_eq!(receive(&mut receiver, &wire, &cuts), expected);
    }

    #[test]
    fn garbage_fails_the_same_way_however_it_is_cut(
        text in any::<bool>(),
        mut payload in vec(prop_oneof![Just(0), Just(0xff), any::<u8>()], 1..100),
        valid in 0..40_usize,
        cuts in vec(1..9_usize, 0..40),
        bits in 8..=15_u8,
    ) {
        let client = Compression::new(WindowBits::new(bits).unwrap(), true);
        let agreed = Negotiated::elsewhere().with_deflate(DeflateParams::default().with_client(client));
        let limits = Limits::default().with_max_message_len(700);
        // Valid as far as it goes.
        let mut deflater = Connection::new(agreed, Client::from_fn(|| [0; 4]), &limits).deflater(Effort::SMALL).unwrap();
        let start = deflater.deflate(&b"garbage in, garbage out; ".repeat(20), true).to_vec();
        payload.splice(0..0, start.into_iter().take(valid));
        let len = u8::try_from(payload.len().min(125)).unwrap();
        let first = if text { 0xc1 } else { 0xc2 };
        let frame = [&[first, 0x80 | len, 0, 0, 0, 0][..], &payload[..usize::from(len)]].concat();
        let bytes = [&frame[..], &frame].concat();
        let whole = receive(&mut Connection::new(agreed, Server, &limits), &bytes, &[]);
        prop_assert_eq!(receive(&mut Connection::new(agreed, Server, &limits), &bytes, &cuts), whole);
    }
}
