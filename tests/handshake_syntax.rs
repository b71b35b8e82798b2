//! What the RFCs forbid in a head is refused with the first byte that breaks a rule, whether the head comes whole or in pieces, also
//! where the parser of a whole head would let it pass.
#![cfg(feature = "alloc")]

use websocket_proto::handshake::{
    Answer, ClientHandshake, ClientRequest, HeadError, HeadPart, Received, RequestError, ResponseError, ServerHandshake,
};
use websocket_proto::wire::Limits;

/// The beginning of a request or response, and of the line that follows the good first field.
const GET: &[u8] = b"GET / HTTP/1.1\r\nHost: a\r\n";
const FOUND: &[u8] = b"HTTP/1.1 302 Found\r\nDate: a\r\n";
const END: &[u8] = b"\r\n\r\n";

/// The fields, and the length, of a request.
type Head = (Vec<(String, Vec<u8>)>, usize);

/// Reads a request, whole and one byte at a time.
fn request(bytes: &[u8]) -> Result<Head, RequestError> {
    let read = |handshake: &mut ServerHandshake, len| {
        let received = handshake.receive(&bytes[..len]).transpose()?;
        Some(received.map(|received| {
            let Received::Http(request) = received else { panic!("{}", bytes.escape_ascii()) };
            (request.fields().map(|(name, value)| (name.to_owned(), value.to_owned())).collect(), request.head_len())
        }))
    };
    let whole = read(&mut ServerHandshake::new(&Limits::DEFAULT), bytes.len()).expect("a result");
    let mut handshake = ServerHandshake::new(&Limits::DEFAULT);
    let cut = (1..=bytes.len()).find_map(|len| read(&mut handshake, len)).expect("a result");
    assert_eq!(cut, whole, "{}", bytes.escape_ascii());
    whole
}

/// Reads the reason of a response and its length, whole and one byte at a time.
fn response(bytes: &[u8]) -> Result<(Vec<u8>, usize), ResponseError> {
    let read = |handshake: &mut ClientHandshake, len| {
        let answer = handshake.receive(&bytes[..len]).transpose()?;
        Some(answer.map(|answer| {
            let Answer::Refused(response) = answer else { panic!("{}", bytes.escape_ascii()) };
            (response.reason().to_owned(), response.head_len())
        }))
    };
    let start = || ClientRequest::new("a", "/").start([7; 16], &Limits::DEFAULT, &mut Vec::new()).unwrap();
    let whole = read(&mut start(), bytes.len()).expect("a result");
    let mut handshake = start();
    let cut = (1..=bytes.len()).find_map(|len| read(&mut handshake, len)).expect("a result");
    assert_eq!(cut, whole, "{}", bytes.escape_ascii());
    whole
}

#[test]
fn request_that_is_nearly_right_is_refused_whole_and_cut() {
    let byte = |byte, offset, part| HeadError::UnexpectedByte { byte, offset, part };
    for (bytes, error) in [
        (&b"\nGET / HTTP/1.1\r\n"[..], HeadError::BareLineFeed { offset: 0 }),
        (b"\r\n\nGET / HTTP/1.1\r\n", HeadError::BareLineFeed { offset: 2 }),
        (b" GET / HTTP/1.1\r\n", byte(b' ', 0, HeadPart::Method)),
        (b"GET  / HTTP/1.1\r\n", byte(b' ', 4, HeadPart::Target)),
        (b"GET\t/ HTTP/1.1\r\n", byte(b'\t', 3, HeadPart::Method)),
        (b"GET /  HTTP/1.1\r\n", byte(b' ', 6, HeadPart::Version)),
        (b"GET /\tHTTP/1.1\r\n", byte(b'\t', 5, HeadPart::Target)),
        (b"GET / HTTP/1.1 \r\n", byte(b' ', 14, HeadPart::Version)),
        (b"GET /#a HTTP/1.1\r\n", byte(b'#', 5, HeadPart::Target)),
        (b"GET /\xc3\xa4 HTTP/1.1\r\n", byte(0xc3, 5, HeadPart::Target)),
        (b"GET /\xff HTTP/1.1\r\n", byte(0xff, 5, HeadPart::Target)),
        (b"GET /\x7f HTTP/1.1\r\n", byte(0x7f, 5, HeadPart::Target)),
        (b"GET / HTTP/1.1\n", HeadError::BareLineFeed { offset: 14 }),
        (b"GET / HTTP/1.1\r\n\n", HeadError::BareLineFeed { offset: 16 }),
    ] {
        for end in [END, b"\n\n", b"Host: a\r\n\r\n"] {
            assert_eq!(request(&[bytes, end].concat()), Err(RequestError::Head(error)));
        }
    }
}

#[test]
fn field_line_that_is_nearly_right_is_refused_whole_and_cut_on_both_sides() {
    let byte = |byte, offset, part| HeadError::UnexpectedByte { byte, offset, part };
    // The offset counts from the line's first byte.
    let error = |offset| {
        [
            (&b"A : b"[..], HeadError::SpaceInFieldName { offset: offset + 1 }),
            (b"A\t: b", HeadError::SpaceInFieldName { offset: offset + 1 }),
            (b" A: b", HeadError::FoldedLine { offset }),
            (b"\tA: b", HeadError::FoldedLine { offset }),
            (b": b", HeadError::EmptyFieldName { offset }),
            (b"A", HeadError::NoColon { offset: offset + 1 }),
            (b"A\xe4: b", byte(0xe4, offset + 1, HeadPart::FieldName)),
            (b"A: b\nB: c", HeadError::BareLineFeed { offset: offset + 4 }),
            (b"A: b \nB: c", HeadError::BareLineFeed { offset: offset + 5 }),
            (b"A:\nB: c", HeadError::BareLineFeed { offset: offset + 2 }),
            (b"A: \nB: c", HeadError::BareLineFeed { offset: offset + 3 }),
            (b"A: b\n", HeadError::BareLineFeed { offset: offset + 4 }),
            (b"A: b\r\n\n", HeadError::BareLineFeed { offset: offset + 6 }),
            (b"A: b\r\n c", HeadError::FoldedLine { offset: offset + 6 }),
            (b"A:\r\n\tc", HeadError::FoldedLine { offset: offset + 4 }),
            (b"A: b\rc", HeadError::BareCarriageReturn { offset: offset + 4 }),
            (b"A: b\r\r\n", HeadError::BareCarriageReturn { offset: offset + 4 }),
            (b"A: b\0c", byte(0, offset + 4, HeadPart::FieldValue)),
            (b"A: b\x7f", byte(0x7f, offset + 4, HeadPart::FieldValue)),
        ]
    };
    for (line, error) in error(GET.len()) {
        assert_eq!(request(&[GET, line, END].concat()), Err(RequestError::Head(error)));
    }
    for (line, error) in error(FOUND.len()) {
        assert_eq!(response(&[FOUND, line, END].concat()), Err(ResponseError::Head(error)));
    }
}

#[test]
fn response_that_is_nearly_right_is_refused_whole_and_cut() {
    let byte = |byte, offset, part| HeadError::UnexpectedByte { byte, offset, part };
    for (bytes, error) in [
        (&b"\r\nHTTP/1.1 302 Found\r\n"[..], byte(b'\r', 0, HeadPart::Version)),
        (b"\nHTTP/1.1 302 Found\r\n", HeadError::BareLineFeed { offset: 0 }),
        (b"\nHTTP/1.1 302\r\n", HeadError::BareLineFeed { offset: 0 }),
        (b"HTTP/1.1  302 Found\r\n", byte(b' ', 9, HeadPart::Status)),
        (b"HTTP/1.1 302\t\r\n", byte(b'\t', 12, HeadPart::Status)),
        (b"HTTP/1.1 302\n", HeadError::BareLineFeed { offset: 12 }),
        (b"HTTP/1.1 302 Found\n", HeadError::BareLineFeed { offset: 18 }),
        (b"HTTP/1.1 302 \n", HeadError::BareLineFeed { offset: 13 }),
        (b"HTTP/1.1 302 \xe4\n", HeadError::BareLineFeed { offset: 14 }),
    ] {
        assert_eq!(response(&[bytes, END].concat()), Err(ResponseError::Head(error)));
    }
}

// RFC 9110 §5.6.3
#[test]
fn white_space_and_bytes_beyond_ascii_are_taken_whole_and_cut() {
    let head = [b"\r\n\r\n", GET, b"A:b\r\nC:\r\nD: \t\r\nE:\t \xe4\tf \t\r\nG: \xff", END].concat();
    let fields = [("Host", &b"a"[..]), ("A", b"b"), ("C", b""), ("D", b""), ("E", b"\xe4\tf"), ("G", b"\xff")];
    let expected: Vec<_> = fields.iter().map(|(name, value)| (name.to_string(), value.to_vec())).collect();
    // With the empty lines in front, and without them; with and without something after the head.
    for start in [0, 2, 4] {
        for after in [&b""[..], b"\n", b"\r\n\r\n", b"GET / HTTP/1.1\r\n", b"\x81\x80"] {
            let bytes = [&head[start..], after].concat();
            assert_eq!(request(&bytes), Ok((expected.clone(), head.len() - start)));
        }
    }
}

#[test]
fn reason_is_handed_out_as_it_came_whole_and_cut() {
    for reason in [&b""[..], b" ", b"Found", b" \tFound ", b"Gefunden: \xe4", b"\xff"] {
        let bytes = [b"HTTP/1.1 302 ", reason, b"\r\nA: b", END, b"body"].concat();
        assert_eq!(response(&bytes), Ok((reason.to_vec(), bytes.len() - 4)));
    }
}

#[test]
fn as_many_fields_as_the_limit_are_taken_whole_and_cut() {
    // The parser is given room for 64.
    for count in [1, 63, 64, 65, 100, 101] {
        let bytes = [&b"GET / HTTP/1.1\r\n"[..], &b"A: b\r\n".repeat(count), b"\r\n"].concat();
        match request(&bytes) {
            Ok((fields, len)) => assert!(count <= 100 && fields.len() == count && len == bytes.len()),
            Err(error) => {
                assert_eq!((count, error), (101, RequestError::Head(HeadError::TooManyFields { max: 100 })));
            }
        }
    }
}

#[test]
fn status_line_without_a_reason_is_read_whole_and_cut() {
    for line in [&b"HTTP/1.1 302\r\nA: b"[..], b"HTTP/1.1 302 \r\nA: b", b"HTTP/1.1 302"] {
        let bytes = [line, END].concat();
        assert_eq!(response(&bytes), Ok((Vec::new(), bytes.len())));
    }
}
