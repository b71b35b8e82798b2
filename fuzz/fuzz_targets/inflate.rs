//! Law: however compressed messages are cut, and however little output is asked for at a time, they decompress to what a decoder says
//! that goes bit by bit through RFC 1951; every call makes progress; and through `Messages` no more comes out than the limit allows.
#![no_main]

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use testkit::{Cuts, inflate as reference};
use websocket_proto::extension::deflate::{Compression, DeflateParams, Inflater, WindowBits};
use websocket_proto::wire::InvalidDeflate;
use websocket_proto::{Client, Connection, Incoming, Limits, Messages, Negotiated, ProtocolError};

#[derive(Arbitrary, Debug)]
struct Input<'a> {
    /// Three bits for the window, one for no context takeover, and the rest for hibernation between the pieces.
    options: u8,
    /// Bytes of output for each call in turn; 0 is no bound.
    max: [u8; 2],
    cuts: Cuts,
    /// Lengths of the first two messages.
    lens: [u8; 2],
    /// What a message may become, in units of 16.
    limit: u8,
    bytes: &'a [u8],
}

type Outcome = Vec<(Vec<u8>, Result<(), InvalidDeflate>)>;

fuzz_target!(|input: Input<'_>| {
    let Input { options, max, cuts, lens, limit, bytes } = input;
    let compression = Compression::new(WindowBits::new(8 + options % 8).expect("8 to 15"), options & 8 == 0);
    let (first, rest) = bytes.split_at(usize::from(lens[0]).min(bytes.len()));
    let (second, third) = rest.split_at(usize::from(lens[1]).min(rest.len()));
    let messages = [first, second, third];

    let expected = reference::inflate(compression, &messages);
    let max = max.map(|max| if max == 0 { usize::MAX } else { max.into() });
    let wholes: Vec<Vec<&[u8]>> = messages.iter().map(|&message| vec![message]).collect();
    let pieces: Vec<Vec<&[u8]>> = messages.iter().map(|&message| cuts.pieces(message)).collect();
    assert_eq!(inflate(compression, &wholes, [usize::MAX; 2], false), expected, "at once");
    assert_eq!(inflate(compression, &pieces, max, options & 16 != 0), expected, "in pieces");
    assert_eq!(inflate(compression, &pieces, [1; 2], options & 32 != 0), expected, "byte by byte");

    // The compressed form is bounded too, so it has to fit.
    let longest = messages.iter().map(|message| message.len()).max().unwrap_or(0);
    let limit = (16 * usize::from(limit)).max(longest);
    through_messages(compression, &pieces, limit, &expected);
});

fn inflate(compression: Compression, messages: &[Vec<&[u8]>], max: [usize; 2], hibernate: bool) -> Outcome {
    let (mut inflater, mut outcome) = (Inflater::new(compression), Vec::new());
    let mut max = max.into_iter().cycle();
    for pieces in messages {
        let (mut out, mut result) = (Vec::new(), Ok(()));
        'message: for (n, &piece) in pieces.iter().enumerate() {
            let mut piece = piece;
            loop {
                let max = max.next().unwrap_or(1);
                match inflater.inflate(&mut piece, n + 1 == pieces.len(), max) {
                    Ok(None) => break,
                    Ok(Some(bytes)) => {
                        assert!((1..=max).contains(&bytes.len()), "progress, and no more than asked for");
                        out.extend_from_slice(bytes);
                    }
                    Err(error) => {
                        let again = inflater.inflate(&mut piece, true, max).map(|_| ());
                        assert!(again.is_err(), "and again");
                        result = Err(error);
                        break 'message;
                    }
                }
            }
            assert!(piece.is_empty(), "all of the input is used up");
            if hibernate {
                inflater.hibernate();
            }
            assert!(inflater.allocated() <= compression.window_bits.size() + 12 * 1024);
        }
        outcome.push((out, result));
        if result.is_err() {
            break;
        }
    }
    outcome
}

/// Each piece is a fragment, with a Ping after it.
fn through_messages(compression: Compression, messages: &[Vec<&[u8]>], limit: usize, expected: &Outcome) {
    let params = DeflateParams::default().with_server(compression);
    let limits = Limits::DEFAULT.with_max_message_len(limit as u64);
    let agreed = Negotiated::elsewhere().with_deflate(params);
    let mut connection = Connection::new(agreed, Client::from_fn(|| [1, 2, 3, 4]), &limits);
    let mut receiver = Messages::new();
    for (pieces, (out, result)) in messages.iter().zip(expected) {
        let too_long = ProtocolError::MessageTooLong { len: limit as u64 + 1, max: limit as u64 };
        let expected = match result {
            _ if out.len() > limit => Err(too_long),
            Ok(()) => Ok(&out[..]),
            Err(error) => Err(ProtocolError::InvalidCompression(*error)),
        };
        let last = pieces.len() - 1;
        for (n, piece) in pieces.iter().enumerate() {
            let first = if n == 0 { 0x42 } else { 0 } | if n == last { 0x80 } else { 0 };
            let mut frame = [&[first, 126][..], &(piece.len() as u16).to_be_bytes(), piece].concat();
            if piece.len() < 126 {
                frame.splice(1..4, [piece.len() as u8]);
            }
            frame.extend([0x89, 0]);
            let mut input = &mut frame[..];
            match receiver.next(&mut connection, &mut input, &mut Vec::new()) {
                Ok(Some(Incoming::Ping(_))) if n < last => {}
                Ok(Some(Incoming::Binary(bytes))) if n == last => {
                    assert_eq!(Ok(&*bytes), expected);
                    assert!(matches!(
                        receiver.next(&mut connection, &mut input, &mut Vec::new()),
                        Ok(Some(Incoming::Ping(_)))
                    ));
                }
                Ok(incoming) => panic!("{incoming:?}"),
                Err(error) => {
                    assert_eq!(Err(error), expected);
                    return;
                }
            }
        }
        assert!(expected.is_ok(), "it was to fail: {expected:?}");
    }
}
