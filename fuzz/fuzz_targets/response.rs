//! Law: however a response is cut, it opens, is refused or fails alike, and as early as its bytes allow. What opens is what another
//! parser sees, and keeps to §4.1 as a plain reader judges it. After a result the handshake is as new.
#![no_main]

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use testkit::{Cuts, heads};
use websocket_proto::Limits;
use websocket_proto::handshake::{Answer, ClientHandshake, ClientRequest, ResponseError};

#[derive(Arbitrary, Debug)]
struct Input<'a> {
    /// Whether the limits are 300 bytes, 8 fields and 2 interim responses.
    tight: bool,
    cuts: Cuts,
    bytes: &'a [u8],
}

fuzz_target!(|input: Input<'_>| {
    let Input { tight, cuts, bytes } = input;
    let limits = if tight {
        Limits::DEFAULT.with_max_head_len(300).with_max_head_fields(8).with_max_interim_responses(2)
    } else {
        Limits::DEFAULT
    };

    let mut client = client(&limits);
    let whole = client.receive(bytes);
    let outcome = describe(&whole);
    for ends in [cuts.ends(bytes), (0..=bytes.len()).collect()] {
        let mut client = self::client(&limits);
        for end in ends {
            let so_far = client.receive(&bytes[..end]);
            if !matches!(so_far, Ok(None)) {
                assert_eq!(describe(&so_far), outcome, "at byte {end}");
                // It is as new: what comes next is read like the first, the same bytes included.
                assert_eq!(format!("{client:?}"), format!("{:?}", self::client(&limits)), "at byte {end}");
                assert_eq!(describe(&client.receive(bytes)), outcome, "again, at byte {end}");
                break;
            }
            assert!(end < bytes.len() || matches!(whole, Ok(None)), "the pieces are waited for, the whole is not");
        }
    }

    match whole {
        Ok(None) => assert!(bytes.len() < limits.max_head_len),
        Ok(Some(Answer::Refused(response))) => {
            let (status, _) = check_fields(bytes, response.head_len(), &limits);
            assert_eq!(response.status(), status);
            assert!((200..=999).contains(&status) || status < 100, "neither 101 nor interim: {status}");
        }
        Ok(Some(Answer::Open(response))) => {
            let (status, fields) = check_fields(bytes, response.head_len(), &limits);
            let values = |name| heads::values(&fields, name);
            assert_eq!(status, 101);
            assert!(matches!(values("upgrade")[..], [value] if value.eq_ignore_ascii_case(b"websocket")));
            assert!(heads::has_token(&values("connection"), "upgrade"));
            assert_eq!(values("sec-websocket-accept"), [ACCEPT]);
            match values("sec-websocket-protocol")[..] {
                [] => assert_eq!(response.subprotocol(), None),
                [value] => {
                    assert_eq!(response.subprotocol().map(str::as_bytes), Some(value));
                    assert!(OFFERED.iter().any(|offered| offered.as_bytes() == value));
                }
                _ => panic!("two subprotocols"),
            }
            assert!(values("sec-websocket-extensions").is_empty(), "none was offered");
        }
        Err(_) => {}
    }
});

fn client(limits: &Limits) -> ClientHandshake<&'static [&'static str]> {
    let request = ClientRequest::new("server.example.com", "/chat").subprotocols(OFFERED);
    request.start(*b"the sample nonce", limits, &mut Vec::new()).expect("a request")
}

/// §1.3
const OFFERED: &[&str] = &["chat", "superchat"];
const ACCEPT: &[u8] = b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

fn describe(answer: &Result<Option<Answer<'_>>, ResponseError>) -> String {
    match answer {
        Ok(None) => String::new(),
        Ok(Some(Answer::Open(response))) => format!("open {} {:?}", response.head_len(), response.subprotocol()),
        Ok(Some(Answer::Refused(response))) => format!("{} {}", response.status(), response.head_len()),
        Err(error) => format!("{error:?}"),
    }
}

/// The final response's status and fields; those before it are interim.
fn check_fields(bytes: &[u8], len: usize, limits: &Limits) -> (u16, heads::Fields) {
    assert!(len <= limits.max_head_len);
    let mut head = &bytes[..len];
    for _ in 0..=limits.max_interim_responses {
        let (len, status, theirs) = heads::httparse_response(head).expect("what is accepted, httparse reads");
        let (_, fields) = heads::fields(&head[..len]);
        assert_eq!(theirs, fields);
        assert!(fields.len() <= limits.max_head_fields);
        head = &head[len..];
        if head.is_empty() {
            return (status, fields);
        }
        assert!((100..=199).contains(&status) && status != 101);
    }
    panic!("more interim responses than the limit");
}
