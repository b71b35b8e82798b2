//! Streams of frames: legal ones, and each kind of defect among them.

use std::fmt;

use proptest::{collection::vec, prelude::*, sample::Index};
use websocket_proto::Limits;

use super::text::{broken_text, text};
use crate::{
    bytes::{Form, PEER_KEY, frame, frame_with, header, peer_key},
    reference::{Endpoint, Side},
};

/// The bytes of a stream, frame by frame as they were made, so that a failure can be read.
#[derive(Clone)]
pub struct Stream {
    pub endpoint: Endpoint,
    pub frames: Vec<Vec<u8>>,
}

impl Stream {
    pub fn bytes(&self) -> Vec<u8> {
        self.frames.concat()
    }
}

impl fmt::Debug for Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Endpoint { side, limits, close_sent, .. } = self.endpoint;
        let Limits { max_frame_len: frame, max_message_len: message, max_fragments: fragments, .. } = limits;
        writeln!(f, "{side:?}, limits {frame}/{message}/{fragments}, close sent: {close_sent}")?;
        self.frames.iter().try_for_each(|frame| writeln!(f, "  {frame:02x?}"))
    }
}

/// A short stream for either side, under small, default and no limits.
pub fn stream() -> impl Strategy<Value = Stream> {
    (endpoint(), vec(exchange(), 0..6)).prop_map(|(endpoint, exchanges)| Stream {
        frames: exchanges.into_iter().flat_map(|exchange| exchange.frames(endpoint.side)).collect(),
        endpoint,
    })
}

fn endpoint() -> impl Strategy<Value = Endpoint> {
    let side = prop_oneof![Just(Side::Server), Just(Side::Client)];
    let limits = prop_oneof![
        4 => Just(Limits::DEFAULT),
        1 => Just(Limits::UNLIMITED),
        1 => Just(Limits::DEFAULT.with_max_frame_len(20).with_max_message_len(40).with_max_fragments(3)),
        1 => Just(Limits::DEFAULT.with_max_frame_len(130).with_max_message_len(130).with_max_fragments(5)),
        1 => Just(Limits::DEFAULT.with_max_frame_len(9).with_max_message_len(u64::MAX).with_max_fragments(2)),
        1 => Just(Limits::DEFAULT.with_max_fragments(1)),
    ];
    (side, limits, prop::bool::weighted(0.1))
        .prop_map(|(side, limits, close_sent)| Endpoint { close_sent, ..Endpoint::new(side, limits) })
}

/// What the peer does at one time.
#[derive(Clone, Debug)]
enum Exchange {
    Message {
        first: u8,
        payload: Vec<u8>,
        cuts: Vec<Index>,
        between: Vec<(u8, Vec<u8>)>,
    },
    Control(u8, Vec<u8>),
    /// Part of a message, never finished: what follows is out of sequence.
    Unfinished(u8, Vec<u8>),
    /// A header with this first byte, this form of length, and a key or none.
    Header {
        first: u8,
        form: Form,
        len: u64,
        right_mask: bool,
    },
    Bytes(Vec<u8>),
}

impl Exchange {
    fn frames(self, side: Side) -> Vec<Vec<u8>> {
        match self {
            Self::Message { first, payload, cuts, between } => message(side, first, &payload, &cuts, &between),
            Self::Control(first, payload) | Self::Unfinished(first, payload) => vec![frame(side, first, &payload)],
            Self::Header { first, form, len, right_mask } => {
                let key = if right_mask { peer_key(side) } else { peer_key(side).xor(Some(PEER_KEY)) };
                match usize::try_from(len) {
                    Ok(small @ 0..=300) => vec![frame_with(key, first, form, &vec![b'z'; small])],
                    _ => vec![header(key, first, form, len), vec![b'z'; 10]],
                }
            }
            Self::Bytes(bytes) => vec![bytes],
        }
    }
}

/// A message in fragments, which are cut without regard to code points, with control frames between them.
fn message(side: Side, first: u8, payload: &[u8], cuts: &[Index], between: &[(u8, Vec<u8>)]) -> Vec<Vec<u8>> {
    let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(payload.len() + 1)).collect();
    cuts.sort_unstable();
    let (mut frames, mut start) = (Vec::new(), 0);
    for (i, &cut) in cuts.iter().enumerate() {
        frames.push(frame(side, if i == 0 { first } else { 0 }, &payload[start..cut]));
        if let Some((first, payload)) = between.get(i) {
            frames.push(frame(side, *first, payload));
        }
        start = cut;
    }
    frames.push(frame(side, 0x80 | if cuts.is_empty() { first } else { 0 }, &payload[start..]));
    frames
}

fn exchange() -> impl Strategy<Value = Exchange> {
    let payload = || prop_oneof![4 => vec(any::<u8>(), 0..20), 1 => vec(any::<u8>(), 120..140)];
    prop_oneof![
        6 => (prop_oneof![text().prop_map(|text| (1, text)), payload().prop_map(|bytes| (2, bytes))], vec(any::<Index>(), 0..4), vec(control(), 0..3))
            .prop_map(|((first, payload), cuts, between)| Exchange::Message { first, payload, cuts, between }),
        3 => control().prop_map(|(first, payload)| Exchange::Control(first, payload)),
        1 => close().prop_map(|payload| Exchange::Control(0x88, payload)),
        1 => broken_text().prop_flat_map(|text| (Just(text), vec(any::<Index>(), 0..3), vec(control(), 0..3)))
            .prop_map(|(payload, cuts, between)| Exchange::Message { first: 1, payload, cuts, between }),
        1 => (0..3_u8, text()).prop_map(|(first, payload)| Exchange::Unfinished(first, payload)),
        2 => wrong_header(),
        1 => vec(any::<u8>(), 1..20).prop_map(Exchange::Bytes),
    ]
}

fn control() -> impl Strategy<Value = (u8, Vec<u8>)> {
    let payload = prop_oneof![5 => vec(any::<u8>(), 0..6), 1 => vec(any::<u8>(), 124..=125)];
    (prop_oneof![2 => Just(0x89), 1 => Just(0x8a)], payload)
}

/// Payloads of Close frames, good and bad.
fn close() -> impl Strategy<Value = Vec<u8>> {
    let code = prop_oneof![Just(1000), Just(1001), Just(1005), Just(3000), Just(4999), any::<u16>()];
    prop_oneof![
        1 => Just(Vec::new()),
        1 => any::<u8>().prop_map(|byte| vec![byte]),
        4 => (code, prop_oneof![3 => text(), 1 => broken_text()]).prop_map(|(code, mut reason)| {
            reason.truncate(123); // Perhaps inside a code point.
            [&code.to_be_bytes()[..], &reason].concat()
        }),
    ]
}

/// Headers of which something is wrong, or may be: any first byte, forms too long, lengths beyond limits, the wrong mask bit.
fn wrong_header() -> impl Strategy<Value = Exchange> {
    let first = prop_oneof![3 => any::<u8>(), 4 => prop::sample::select(vec![0x00, 0x01, 0x02, 0x80, 0x81, 0x82, 0x88, 0x89, 0x8a])];
    let form = prop_oneof![3 => Just(Form::Shortest), 1 => Just(Form::Bits16), 1 => Just(Form::Bits64)];
    let len = prop_oneof![
        4 => 0..150_u64,
        1 => prop::sample::select(vec![9, 10, 20, 21, 40, 41, 130, 131, 65_535, 65_536, 1 << 24, (1 << 24) + 1]),
        1 => prop::sample::select(vec![1 << 32, 1 << 62, (1 << 63) - 1, 1 << 63, u64::MAX]),
    ];
    (first, form, len, prop::bool::weighted(0.8)).prop_map(|(first, form, len, right_mask)| Exchange::Header {
        first,
        form,
        len,
        right_mask,
    })
}
