//! Law: messages that one endpoint compresses, at any effort, for any window and in any fragments, with control frames between them,
//! arrive at the other; and so they do by way of `Deflater` and `Inflater` alone, whatever is forgotten or put to sleep between them.
#![no_main]

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use testkit::{Cuts, inflate as reference};
use websocket_proto::extension::deflate::{DeflateParams, Deflater, Effort, Inflater};
use websocket_proto::{
    Client, Connection, Incoming, Limits, Message, Messages, Negotiated, Part, Role, Server, frame::Masking,
};

#[derive(Arbitrary, Debug)]
struct Script<'a> {
    /// Who sends.
    to: Masking,
    params: DeflateParams,
    effort: Effort,
    threshold: u8,
    cuts: Cuts,
    max: u8,
    messages: Vec<Sent<'a>>,
}

#[derive(Arbitrary, Debug)]
struct Sent<'a> {
    compressed: bool,
    before: Before,
    fragments: Vec<Fragment<'a>>,
}

#[derive(Arbitrary, Clone, Copy, Debug)]
enum Before {
    Nothing,
    Forget,
    Sleep,
}

#[derive(Arbitrary, Debug)]
struct Fragment<'a> {
    unit: &'a [u8],
    /// The unit comes twice as often with each.
    times: u8,
    /// Whether a Ping goes out after it.
    ping: bool,
}

impl Sent<'_> {
    fn fragments(&self) -> Vec<(Vec<u8>, bool)> {
        let bytes =
            |f: &Fragment<'_>| f.unit.iter().cycle().take((f.unit.len() << (f.times % 8)).min(4000)).copied().collect();
        let mut fragments: Vec<_> = self.fragments.iter().take(3).map(|f| (bytes(f), f.ping)).collect();
        if fragments.is_empty() {
            fragments.push((Vec::new(), false));
        }
        fragments
    }
}

fuzz_target!(|script: Script<'_>| {
    alone(&script);
    let negotiated = Negotiated::elsewhere().with_deflate(script.params);
    let limits = Limits::UNLIMITED;
    let client = Connection::new(negotiated, Client::from_fn(|| [0x37, 0xfa, 0x21, 0x3d]), &limits);
    let server = Connection::new(negotiated, Server, &limits);
    match script.to {
        Masking::Required => connected(&script, client, server),
        Masking::Forbidden => connected(&script, server, client),
    }
});

fn alone(script: &Script<'_>) {
    let compression = match script.to {
        Masking::Required => script.params.client,
        Masking::Forbidden => script.params.server,
    };
    let mut deflater = Deflater::new(compression, script.effort);
    let mut inflater = Inflater::new(compression);
    let (mut compressed, mut plain) = (Vec::new(), Vec::new());
    for sent in script.messages.iter().take(4) {
        prepare(&mut deflater, sent.before);
        let fragments = sent.fragments();
        let (mut message, last) = (Vec::new(), fragments.len() - 1);
        for (n, (bytes, _)) in fragments.iter().enumerate() {
            message.extend_from_slice(deflater.deflate(bytes, n == last));
        }
        let expected: Vec<u8> = fragments.into_iter().flat_map(|(bytes, _)| bytes).collect();
        let (pieces, mut out) = (script.cuts.pieces(&message), Vec::new());
        for (n, &piece) in pieces.iter().enumerate() {
            let mut piece = piece;
            let max = usize::from(script.max).max(1);
            while let Some(bytes) = inflater.inflate(&mut piece, n + 1 == pieces.len(), max).expect("our own") {
                assert!((1..=max).contains(&bytes.len()));
                out.extend_from_slice(bytes);
            }
        }
        assert_eq!(out, expected);
        compressed.push(message);
        plain.push((expected, Ok(())));
    }
    // What only our own decompressor could read would be of no use.
    if plain.iter().map(|(bytes, _)| bytes.len()).sum::<usize>() < 4096 {
        let compressed: Vec<&[u8]> = compressed.iter().map(|message| &message[..]).collect();
        assert_eq!(reference::inflate(compression, &compressed), plain);
    }
}

fn prepare(deflater: &mut Deflater, before: Before) {
    match before {
        Before::Nothing => {}
        Before::Forget => deflater.forget(),
        Before::Sleep => deflater.hibernate(),
    }
}

#[derive(Debug, PartialEq)]
enum Heard {
    Message(Vec<u8>),
    Ping,
}

fn connected<S: Role, R: Role>(script: &Script<'_>, mut sender: Connection<S>, mut receiver: Connection<R>) {
    let mut deflater = sender.deflater(script.effort).expect("agreed on").with_threshold(script.threshold.into());
    let (mut wire, mut said) = (Vec::new(), Vec::new());
    for sent in script.messages.iter().take(4) {
        prepare(&mut deflater, sent.before);
        let fragments = sent.fragments();
        let last = fragments.len() - 1;
        for (n, (bytes, ping)) in fragments.iter().enumerate() {
            let part = match (n == 0, n == last) {
                (true, true) => Part::Whole,
                (true, false) => Part::First,
                (false, false) => Part::Middle,
                (false, true) => Part::Last,
            };
            let message = Message::from(&bytes[..]);
            match (sent.compressed, part) {
                (true, Part::Whole) => sender.send_compressed(message, &mut deflater, &mut wire),
                (true, _) => sender.send_compressed_part(message, part, &mut deflater, &mut wire),
                (false, _) => sender.send_part(message, part, &mut wire),
            }
            .expect("in order");
            if n == last {
                said.push(Heard::Message(fragments.iter().flat_map(|(bytes, _)| bytes.clone()).collect()));
            }
            if *ping {
                sender.ping(b"", &mut wire).expect("at any time");
                said.push(Heard::Ping);
            }
        }
    }

    let (mut messages, mut heard) = (Messages::new(), Vec::new());
    for piece in script.cuts.pieces(&wire) {
        let mut piece = piece.to_vec();
        let mut input = &mut piece[..];
        while let Some(incoming) = messages.next(&mut receiver, &mut input, &mut Vec::new()).expect("no rule is broken")
        {
            heard.push(match incoming {
                Incoming::Binary(bytes) => Heard::Message(bytes.to_vec()),
                Incoming::Ping(_) => Heard::Ping,
                incoming => panic!("{incoming:?}"),
            });
        }
    }
    assert_eq!(heard, said);
}
