//! The limits of a request's head: each inclusive, and tested at, below and above it.
#![cfg(feature = "alloc")]

use testkit::openings::{REQUEST, head};
use websocket_proto::handshake::{HeadError, Received, RequestError, ServerHandshake};
use websocket_proto::wire::Limits;

#[test]
fn head_may_be_as_long_as_the_limit_and_no_longer() {
    let bytes = REQUEST.head();
    let receive = |max| {
        let limits = Limits::DEFAULT.with_max_head_len(max);
        ServerHandshake::new(&limits).receive(&bytes).map(|received| received.is_some())
    };
    assert_eq!(receive(bytes.len() + 1), Ok(true));
    assert_eq!(receive(bytes.len()), Ok(true));
    for max in 20..bytes.len() {
        assert_eq!(receive(max), Err(RequestError::Head(HeadError::TooLong { max })));
    }
    assert_eq!(RequestError::Head(HeadError::TooLong { max: 20 }).response().status(), 431);
}

#[test]
fn request_line_beyond_the_limit_is_answered_414() {
    let bytes = REQUEST.head();
    // The line has 20 bytes with its end.
    for max in 0..20 {
        let limits = Limits::DEFAULT.with_max_head_len(max);
        let error = ServerHandshake::new(&limits).receive(&bytes).unwrap_err();
        assert_eq!(error, RequestError::Head(HeadError::StartLineTooLong { max }));
        assert_eq!(error.response().status(), 414);
    }
}

#[test]
fn unfinished_head_at_the_limit_is_refused_without_one_byte_more() {
    let limits = Limits::DEFAULT.with_max_head_len(64);
    let bytes = &REQUEST.head()[..64];
    assert!(matches!(ServerHandshake::new(&limits).receive(&bytes[..63]), Ok(None)));
    assert_eq!(
        ServerHandshake::new(&limits).receive(bytes).unwrap_err(),
        RequestError::Head(HeadError::TooLong { max: 64 })
    );
}

#[test]
fn as_many_fields_as_the_limit_and_no_more() {
    for (fields, passes) in [(99, true), (100, true), (101, false)] {
        let mut lines = REQUEST.0.to_vec();
        lines.resize(fields + 1, "X: y");
        let bytes = head(&lines);
        match ServerHandshake::new(&Limits::DEFAULT).receive(&bytes) {
            Ok(received) => assert!(passes && received.is_some()),
            Err(error) => {
                assert!(!passes);
                assert_eq!(error, RequestError::Head(HeadError::TooManyFields { max: 100 }));
                assert_eq!(error.response().status(), 431);
            }
        }
    }
}

#[test]
fn unlimited_means_unlimited() {
    let mut lines = REQUEST.0.to_vec();
    lines.resize(20_000, "X-Some: field with a value");
    let bytes = head(&lines);
    let Ok(Some(Received::Upgrade(request))) = ServerHandshake::new(&Limits::UNLIMITED).receive(&bytes) else {
        panic!()
    };
    assert_eq!(request.fields().count(), 19_999);
}
