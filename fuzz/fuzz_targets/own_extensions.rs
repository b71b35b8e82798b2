//! Law: what an extension of the application's own has made of messages arrives as it was, beside plain and compressed ones, by
//! `Connection`, `Messages` and `Endpoint` alike, however it is cut; and whatever a peer sends after that, `Messages` and `Endpoint` hear the
//! same of it.
#![no_main]

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use testkit::invert::{Invert, inverted};
use websocket_proto::endpoint::{Config, Endpoint, Failure};
use websocket_proto::extension::deflate::{DeflateParams, Effort};
use websocket_proto::wire::Rsv;
use websocket_proto::{
    Client, Connection, Event, Limits, Message, MessageKind, Messages, Negotiated, OwnedMessage, Part, ProtocolError,
    Server, Timeouts,
};

#[derive(Arbitrary, Debug)]
struct Input<'a> {
    /// Whether permessage-deflate is in use, too, and whether the response names it first.
    deflate: Option<bool>,
    messages: Vec<Sent<'a>>,
    reads: [u8; 4],
    /// What comes after the messages.
    tail: &'a [u8],
}

#[derive(Arbitrary, Debug)]
struct Sent<'a> {
    form: Form,
    text: bool,
    /// Where it is cut into two fragments.
    cut: Option<u8>,
    payload: &'a [u8],
}

#[derive(Arbitrary, Clone, Copy, Debug)]
enum Form {
    Plain,
    Inverted,
    Compressed,
}

fuzz_target!(|input: Input<'_>| {
    let negotiated = match input.deflate {
        None => Negotiated::elsewhere().with_extension(Rsv::RSV2),
        Some(true) => Negotiated::elsewhere().with_deflate(DeflateParams::default()).with_extension(Rsv::RSV2),
        Some(false) => Negotiated::elsewhere().with_extension(Rsv::RSV2).with_deflate(DeflateParams::default()),
    };
    let (mut wire, sent) = input.sent(negotiated);
    assert_eq!(by_events(negotiated, &wire, input.reads), sent, "by events");
    assert_eq!(by_messages(negotiated, &wire, input.reads), (sent, None), "by messages");

    wire.extend_from_slice(input.tail);
    let all = by_messages(negotiated, &wire, [u8::MAX; 4]);
    assert_eq!(by_messages(negotiated, &wire, input.reads), all, "cut");
    assert_eq!(by_endpoint(negotiated, &wire, input.reads), all, "by an endpoint");
});

impl Input<'_> {
    /// The bytes of the messages, and the messages.
    fn sent(&self, negotiated: Negotiated) -> (Vec<u8>, Vec<OwnedMessage>) {
        let mut client = Connection::new(negotiated, Client::from_fn(|| [1, 2, 3, 4]), &Limits::DEFAULT);
        let mut deflater = client.deflater(Effort::FAST);
        let (mut wire, mut messages) = (Vec::new(), Vec::new());
        for sent in &self.messages {
            let text = String::from_utf8_lossy(sent.payload);
            let cut = sent.cut.map(|cut| usize::from(cut).min(sent.payload.len()));
            let mut send = |message: Message<'_>, part| match (sent.form, &mut deflater) {
                (Form::Inverted, _) => client.send_encoded(message, part, &mut Invert, &mut wire),
                (Form::Compressed, Some(deflater)) => client.send_compressed_part(message, part, deflater, &mut wire),
                (Form::Plain, _) | (Form::Compressed, None) => client.send_part(message, part, &mut wire),
            };
            match cut {
                None if sent.text => send((&*text).into(), Part::Whole).unwrap(),
                None => send(sent.payload.into(), Part::Whole).unwrap(),
                Some(cut) if sent.text => {
                    let (front, back) = text.split_at((0..=cut).rev().find(|&cut| text.is_char_boundary(cut)).unwrap());
                    send(front.into(), Part::First).unwrap();
                    send(back.into(), Part::Last).unwrap();
                }
                Some(cut) => {
                    let (front, back) = sent.payload.split_at(cut);
                    send(front.into(), Part::First).unwrap();
                    send(back.into(), Part::Last).unwrap();
                }
            }
            client.ping(b"", &mut wire).unwrap();
            messages.push(match sent.text {
                true => OwnedMessage::Text(text.into_owned()),
                false => OwnedMessage::Binary(sent.payload.to_vec()),
            });
        }
        (wire, messages)
    }
}

fn reads(wire: &[u8], lens: [u8; 4]) -> impl Iterator<Item = Vec<u8>> {
    let (mut rest, mut lens) = (wire, lens.into_iter().cycle());
    std::iter::from_fn(move || {
        let len = lens.next().map_or(1, |len| usize::from(len).max(1)).min(rest.len());
        let (read, after) = rest.split_at(len);
        rest = after;
        (!read.is_empty()).then(|| read.to_vec())
    })
}

/// Messages put together from events, where the application undoes what was done to them.
fn by_events(negotiated: Negotiated, wire: &[u8], lens: [u8; 4]) -> Vec<OwnedMessage> {
    let mut connection = Connection::new(negotiated, Server, &Limits::DEFAULT);
    let mut inflater = connection.inflater();
    let (mut payload, mut messages) = (Vec::new(), Vec::new());
    for mut read in reads(wire, lens) {
        let mut input = &mut read[..];
        while let Some(event) = connection.receive(&mut input).unwrap() {
            let (kind, part) = match event {
                Event::Text(text, part) => {
                    payload.extend(text.bytes());
                    (MessageKind::Text, part)
                }
                Event::Char(char, part) => {
                    payload.extend(char.to_string().bytes());
                    (MessageKind::Text, part)
                }
                Event::Binary(bytes, part) => {
                    payload.extend_from_slice(bytes);
                    (MessageKind::Binary, part)
                }
                Event::Transformed { kind, rsv: Rsv::RSV2, payload: bytes, part } => {
                    payload.extend(inverted(bytes));
                    (kind, part)
                }
                Event::Compressed(kind, bytes, part) => {
                    let mut piece = &*bytes;
                    let inflater = inflater.as_mut().unwrap();
                    while let Some(bytes) = inflater.inflate(&mut piece, part.is_last(), usize::MAX).unwrap() {
                        payload.extend_from_slice(bytes);
                    }
                    (kind, part)
                }
                Event::Ping => continue,
                other => panic!("{other:?}"),
            };
            if part.is_last() {
                let payload = std::mem::take(&mut payload);
                messages.push(match kind {
                    MessageKind::Text => OwnedMessage::Text(String::from_utf8(payload).unwrap()),
                    MessageKind::Binary => OwnedMessage::Binary(payload),
                });
            }
        }
    }
    messages
}

fn by_messages(negotiated: Negotiated, wire: &[u8], lens: [u8; 4]) -> (Vec<OwnedMessage>, Option<ProtocolError>) {
    let mut connection = Connection::new(negotiated, Server, &Limits::DEFAULT);
    let (mut messages, mut heard, mut out) = (Messages::new(), Vec::new(), Vec::new());
    messages.add_decoder(Invert);
    for mut read in reads(wire, lens) {
        let mut input = &mut read[..];
        while let Ok(Some(incoming)) = messages.next(&mut connection, &mut input, &mut out) {
            heard.extend(OwnedMessage::try_from(incoming).ok());
        }
    }
    (heard, connection.failure())
}

fn by_endpoint(negotiated: Negotiated, wire: &[u8], lens: [u8; 4]) -> (Vec<OwnedMessage>, Option<ProtocolError>) {
    let config = Config::with_timeouts(Timeouts::none());
    let mut endpoint: Endpoint<Server, u64, u64> = Endpoint::new(negotiated, Server, &config, b"", 0);
    endpoint.add_decoder(Invert);
    let mut heard = Vec::new();
    for mut read in reads(wire, lens) {
        let mut received = endpoint.receive(&mut read);
        while let Some((incoming, _)) = received.next() {
            heard.extend(OwnedMessage::try_from(incoming).ok());
        }
    }
    match endpoint.end() {
        Err(Failure::Protocol(error)) => (heard, Some(error)),
        _ => (heard, None),
    }
}
