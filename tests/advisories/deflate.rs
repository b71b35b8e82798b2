//! Those about permessage-deflate.

use websocket_proto::extension::deflate::{
    Compression, DeflateConfig, DeflateParams, Deflater, Effort, Inflater, WindowBits,
};
use websocket_proto::handshake::{Answer, ClientRequest, ConnectHead, ConnectRequest, Scheme};
use websocket_proto::wire::InvalidDeflate;
use websocket_proto::{Client, Connection, Incoming, Limits, Messages, Negotiated, ProtocolError, Server};

use testkit::{bytes::frame, reference::Side};

type Keys = websocket_proto::FnKeys<fn() -> [u8; 4]>;

fn client(limits: &Limits) -> Connection<Client<Keys>> {
    let agreed = Negotiated::elsewhere().with_deflate(DeflateParams::default());
    Connection::new(agreed, Client::from_fn(|| [1, 2, 3, 4]), limits)
}

/// All output, taken `max` bytes at a time, in as many calls as it may take.
fn inflate(inflater: &mut Inflater, mut message: &[u8], max: usize, calls: usize) -> Result<Vec<u8>, InvalidDeflate> {
    let mut out = Vec::new();
    for _ in 0..calls {
        match inflater.inflate(&mut message, true, max)? {
            Some(bytes) => {
                assert!((1..=max).contains(&bytes.len()));
                out.extend_from_slice(bytes);
            }
            None => return Ok(out),
        }
    }
    panic!("no end after {calls} calls");
}

/// yawc#40, libwebsockets#2794: a block with BFINAL=1 and a byte after it kept a decompressor busy for ever.
#[test]
fn a_final_block_with_a_byte_after_it_ends() {
    let (mut connection, mut messages) = (client(&Limits::DEFAULT), Messages::new());
    let mut bytes = [0xc2, 0x02, 0x03, 0x80];
    let mut input = &mut bytes[..];
    let received = messages.next(&mut connection, &mut input, &mut Vec::new());
    assert_eq!(received, Ok(Some(Incoming::Binary(&mut []))));
    assert_eq!(messages.next(&mut connection, &mut input, &mut Vec::new()), Ok(None));
    for after in 0..=255 {
        let mut inflater = Inflater::new(Compression::DEFAULT);
        let _ = inflate(&mut inflater, &[0x03, after], 1, 4).map(|out| assert!(out.is_empty()));
    }
}

/// CVE-2026-1526 (undici), tornado#2391, CVE-2018-1000518 (Python `websockets`): a small message that becomes a large one.
#[test]
fn a_message_that_inflates_beyond_the_limit_fails_while_it_does() {
    // 17 MiB in less than 32 KiB; 16 MiB may come out.
    let mut deflater = Deflater::new(Compression::DEFAULT, Effort::SMALL);
    let mut bytes = Vec::new();
    for n in 1..=17 {
        bytes.extend_from_slice(deflater.deflate(&vec![0; 1 << 20], n == 17));
    }
    assert!(bytes.len() < 1 << 15, "{}", bytes.len());
    let mut frame = frame(Side::Client, 0xc2, &bytes);
    let max = Limits::DEFAULT.max_message_len;
    let error = ProtocolError::MessageTooLong { len: max + 1, max };
    let (mut connection, mut messages) = (client(&Limits::DEFAULT), Messages::new());
    let (mut input, mut calls) = (&mut frame[..], 1);
    // A call undoes 16 KiB at most.
    while messages.next(&mut connection, &mut input, &mut Vec::new()) == Ok(Some(Incoming::Progress)) {
        calls += 1;
    }
    assert_eq!((connection.failure(), error.close_code().get(), calls), (Some(error), 1009, 2));
}

/// libwebsockets#841: a message whose compressed form was larger than a buffer.
#[test]
fn a_message_that_is_larger_compressed_is_sent_and_received() {
    let noise: Vec<u8> = (0..200_000_u64).map(|n| (n.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40) as u8).collect();
    let agreed = Negotiated::elsewhere().with_deflate(DeflateParams::default());
    let mut server = Connection::new(agreed, Server, &Limits::DEFAULT);
    let mut deflater = server.deflater(Effort::new(0, 1)).unwrap();
    let mut wire = Vec::new();
    server.send_compressed(&noise[..], &mut deflater, &mut wire).unwrap();
    assert!(wire.len() > noise.len());
    for read_len in [1, 1000, wire.len()] {
        let (mut connection, mut messages, mut whole) = (client(&Limits::DEFAULT), Messages::new(), 0);
        for piece in wire.chunks(read_len) {
            let mut piece = piece.to_vec();
            let mut input = &mut piece[..];
            while let Some(incoming) = messages.next(&mut connection, &mut input, &mut Vec::new()).unwrap() {
                match incoming {
                    Incoming::Progress => {}
                    Incoming::Binary(bytes) => {
                        assert!(*bytes == noise[..]);
                        whole += 1;
                    }
                    other => panic!("{other:?}"),
                }
            }
        }
        assert_eq!(whole, 1);
    }
}

/// CVE-2026-2229 (undici): a `server_max_window_bits` that is no window's reached zlib, which threw.
#[test]
fn a_window_that_is_none_is_declined_by_a_server_and_refused_by_a_client() {
    let numbers = (0..=255).map(|bits: u32| bits.to_string());
    let others =
        ["", "\"\"", "-1", "+9", "-9", "09", "1e1", "9.0", "0x9", "2147483648", "4294967305", "99999999999999999999"];
    for value in numbers.chain(others.map(String::from)) {
        let is_window = (8..=15).any(|bits| value == bits.to_string());
        let extension = format!("permessage-deflate; server_max_window_bits={value}");

        let head = ConnectHead::new("websocket", "https", "a", "/");
        let fields =
            [("sec-websocket-version", &b"13"[..]), ("sec-websocket-extensions", extension.as_bytes())].into_iter();
        let agreed = ConnectRequest::from_connect(head, fields).ok().and_then(|request| {
            request.accept().deflate(DeflateConfig::DEFAULT).response().unwrap().negotiated().deflate()
        });
        assert_eq!(agreed.map(|params| params.server.window_bits.to_string()), is_window.then(|| value.clone()));

        let request = ClientRequest::new("a", "/").deflate(DeflateConfig::DEFAULT).connect(Scheme::Https).unwrap();
        let fields = [("sec-websocket-extensions", extension.as_bytes())].into_iter();
        let agreed = match request.receive(200, fields) {
            Ok(Answer::Open(response)) => response.negotiated().deflate(),
            Ok(Answer::Refused(_)) => panic!("200 is no refusal"),
            Err(_) => None,
        };
        assert_eq!(agreed.map(|params| params.server.window_bits.to_string()), is_window.then_some(value));
    }
}

/// CVE-2026-29035 (CivetWeb#1379): output was written beyond the end of a buffer that was too small for it. Also CVE-2022-37434 and
/// libwebsockets#2120, which were zlib's and its caller's: no output space that comes round in whatever place does any harm.
#[test]
fn little_room_for_output_changes_nothing() {
    let plain: Vec<u8> = (0..3000_u32).flat_map(|n| (n * n % 251).to_string().into_bytes()).collect();
    for bits in 8..=15 {
        let compression = Compression::new(WindowBits::new(bits).unwrap(), true);
        let message = Deflater::new(compression, Effort::SMALL).deflate(&plain, true).to_vec();
        for max in [1, 2, 3, 5, 8, 13, 255, 256, 257, 258, 259, usize::MAX] {
            let mut inflater = Inflater::new(compression);
            assert_eq!(inflate(&mut inflater, &message, max, plain.len() + 1).as_ref(), Ok(&plain), "{bits}, {max}");
        }
    }
}

/// CVE-2018-25032 (zlib, in Boost.Beast#2489): with little memory and many distant matches, a compressor overwrote what it was to send.
#[test]
fn what_a_compressor_with_little_memory_writes_can_be_read() {
    // Few literals and many references: what filled the buffer of pending output from both ends.
    let plain: Vec<u8> = (0..20_000_u64)
        .flat_map(|n| {
            let n = n.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 52;
            [b'a' + (n % 3) as u8, b'a' + (n / 3 % 5) as u8, b'0' + (n / 15 % 10) as u8]
        })
        .collect();
    for bits in 8..=15 {
        let compression = Compression::new(WindowBits::new(bits).unwrap(), true);
        for (level, memory) in [(1, 1), (4, 1), (6, 1), (9, 1), (9, 9)] {
            let mut deflater = Deflater::new(compression, Effort::new(level, memory));
            let mut inflater = Inflater::new(compression);
            for piece in plain.chunks(40_000) {
                let message = deflater.deflate(piece, true);
                let read = inflate(&mut inflater, message, usize::MAX, piece.len() + 1);
                assert!(read.as_deref() == Ok(piece), "level {level}, memory {memory}, {bits} bits");
            }
        }
    }
}
