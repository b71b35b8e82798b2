//! Law: a large message is the same whether it was read into the place that `Messages` lends or not, and as the reference decoder says;
//! for a compressed frame no place is lent.
#![no_main]

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use testkit::reference::{self, Endpoint, Side, Step};
use websocket_proto::extension::deflate::DeflateParams;
use websocket_proto::{Connection, Incoming, Limits, MessageKind, Messages, Negotiated, ProtocolError, Server};

#[derive(Arbitrary, Debug)]
struct Input<'a> {
    text: bool,
    frames: [u32; 3],
    reads: [u16; 4],
    /// Where in the message these bytes stand, among letters.
    at: u32,
    /// Whether the message is compressed: 1 in the lowest bit. Whether compression was agreed on: 1 in the next bit, or the lowest.
    deflate: u8,
    bytes: &'a [u8],
}

const KEY: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

fuzz_target!(|input: Input<'_>| {
    let (payload, lens) = input.payload();
    let compressed = input.deflate & 1 != 0;
    let wire = if compressed { input.frames(&stored(&payload), 0x40, lens) } else { input.frames(&payload, 0, lens) };
    // What is compressed becomes the same message.
    let endpoint = Endpoint::new(Side::Server, Limits::DEFAULT);
    let mut expected = reference::decode(&endpoint, &input.frames(&payload, 0, lens)).steps;
    expected.retain(|step| !matches!(step, Step::Send(_)));

    let negotiated = match input.deflate & 3 {
        0 => Negotiated::elsewhere(),
        _ => Negotiated::elsewhere().with_deflate(DeflateParams::default()),
    };
    let mut reads = input.reads.iter().map(|&len| usize::from(len).max(1)).cycle();
    let mut connection = Connection::new(negotiated, Server, &Limits::DEFAULT);
    let (mut messages, mut out, mut steps) = (Messages::new(), Vec::new(), Vec::new());
    let (mut rest, mut held) = (&wire[..], 0);
    while !rest.is_empty() && connection.failure().is_none() {
        let len = reads.next().unwrap_or(1).min(rest.len());
        if let Some(space) = messages.space(&connection) {
            // The place grows with what has come, not with what is declared: memory doubles when less than 16 KiB of it are left.
            assert!(!compressed, "decompressed bytes have another place");
            assert!(!space.is_empty() && space.len() <= held + 32 * 1024, "{} lent, {held} have come", space.len());
            let (read, after) = rest.split_at(len.min(space.len()));
            space[..read.len()].copy_from_slice(read);
            rest = after;
            held += read.len();
            steps.extend(step(messages.filled(&mut connection, read.len(), &mut out)));
        } else {
            let (read, after) = rest.split_at(len);
            let mut read = read.to_vec();
            rest = after;
            held += read.len();
            let mut input = &mut read[..];
            loop {
                let incoming = messages.next(&mut connection, &mut input, &mut out);
                if incoming == Ok(Some(Incoming::Progress)) {
                    continue;
                }
                let Some(step) = step(incoming) else { break };
                let failed = matches!(step, Step::Fail(_));
                steps.push(step);
                if failed {
                    break;
                }
            }
        }
    }
    assert_eq!(steps, expected);
});

fn step(incoming: Result<Option<Incoming<'_>>, ProtocolError>) -> Option<Step> {
    Some(match incoming {
        Ok(None) => return None,
        Ok(Some(Incoming::Text(text))) => Step::Message(MessageKind::Text, text.as_bytes().to_vec()),
        Ok(Some(Incoming::Binary(bytes))) => Step::Message(MessageKind::Binary, bytes.to_vec()),
        Ok(Some(incoming)) => panic!("{incoming:?}"),
        Err(error) => Step::Fail(error),
    })
}

impl Input<'_> {
    /// The message, and the lengths of its first two frames.
    fn payload(&self) -> (Vec<u8>, [usize; 2]) {
        let [first, second, third] = self.frames.map(|len| len as usize % 300_000);
        let mut payload = vec![b'z'; first + second + third];
        let at = usize::try_from(self.at).unwrap_or(0) % (payload.len() + 1);
        payload[at..].iter_mut().zip(self.bytes).for_each(|(to, from)| *to = *from);
        (payload, [first, second])
    }

    /// One message in three frames, with this reserved bit.
    fn frames(&self, payload: &[u8], rsv: u8, lens: [usize; 2]) -> Vec<u8> {
        let (mut stream, mut rest) = (Vec::new(), payload);
        let opcode = if self.text { 0x01 } else { 0x02 };
        for (first, len) in [(rsv | opcode, lens[0]), (0x00, lens[1]), (0x80, usize::MAX)] {
            let (front, back) = rest.split_at(len.min(rest.len()));
            rest = back;
            stream.push(first);
            match u16::try_from(front.len()) {
                Ok(len @ 0..=125) => stream.push(0x80 | len as u8),
                Ok(len) => stream.extend([&[0x80 | 126][..], &len.to_be_bytes()].concat()),
                Err(_) => stream.extend([&[0x80 | 127][..], &(front.len() as u64).to_be_bytes()].concat()),
            }
            stream.extend(KEY);
            stream.extend(front.iter().enumerate().map(|(i, byte)| byte ^ KEY[i % 4]));
        }
        stream
    }
}

/// Blocks without compression (RFC 1951 §3.2.4), so that they are as long as what is in them; and the head of an empty one, whose rest a
/// sender removes (RFC 7692 §7.2.1).
fn stored(payload: &[u8]) -> Vec<u8> {
    let mut blocks = Vec::new();
    for chunk in payload.chunks(65_535) {
        let len = chunk.len() as u16;
        blocks.push(0);
        blocks.extend(len.to_le_bytes());
        blocks.extend((!len).to_le_bytes());
        blocks.extend(chunk);
    }
    blocks.push(0);
    blocks
}
