//! Which offers are accepted, how, and which answers fail (RFC 7692 §5, §7.1).
#![cfg(feature = "deflate")]

use websocket_proto::Limits;
use websocket_proto::extension::deflate::{Compression, DeflateConfig, DeflateParams, WindowBits};
use websocket_proto::handshake::{
    Answer, ClientRequest, Negotiated, Received, RequestError, ResponseError, ServerHandshake,
};

/// The server's answer to these fields, and what it amounts to.
fn answer_to(config: DeflateConfig, fields: &[&str]) -> Option<(String, DeflateParams)> {
    let fields: String = fields.iter().map(|value| format!("Sec-WebSocket-Extensions: {value}\r\n")).collect();
    let head = format!(
        "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n{fields}\r\n"
    );
    let mut out = Vec::new();
    let received = ServerHandshake::new(&Limits::DEFAULT).receive(head.as_bytes()).unwrap();
    let Some(Received::Upgrade(request)) = received else { panic!("not a request") };
    let negotiated = request.accept().deflate(config).write_to(&mut out).unwrap();
    let response = String::from_utf8(out).unwrap();
    let answers: Vec<&str> =
        response.lines().filter_map(|line| line.strip_prefix("Sec-WebSocket-Extensions: ")).collect();
    assert_eq!(answers.len(), usize::from(negotiated.deflate().is_some()), "{response}");
    negotiated.deflate().map(|params| (answers[0].to_string(), params))
}

fn answer(offer: &str) -> Option<String> {
    answer_to(DeflateConfig::DEFAULT, &[offer]).map(|(answer, _)| answer)
}

/// What a client makes of a server's answer.
fn check(config: DeflateConfig, fields: &[&str]) -> Result<Option<DeflateParams>, ResponseError> {
    let request = ClientRequest::new("a", "/").deflate(config);
    let mut handshake = request.start(*b"the sample nonce", &Limits::DEFAULT, &mut Vec::new()).unwrap();
    let fields: String = fields.iter().map(|value| format!("Sec-WebSocket-Extensions: {value}\r\n")).collect();
    let head = format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n{fields}\r\n"
    );
    match handshake.receive(head.as_bytes())? {
        Some(Answer::Open(response)) => Ok(response.negotiated().deflate()),
        other => panic!("{other:?}"),
    }
}

fn offers(config: DeflateConfig) -> String {
    let mut out = Vec::new();
    let _handshake = ClientRequest::new("a", "/").deflate(config).start([7; 16], &Limits::DEFAULT, &mut out).unwrap();
    let request = String::from_utf8(out).unwrap();
    request.lines().find_map(|line| line.strip_prefix("Sec-WebSocket-Extensions: ")).unwrap().to_string()
}

fn compression(bits: u8, context_takeover: bool) -> Compression {
    Compression::new(WindowBits::new(bits).unwrap(), context_takeover)
}

const CONFIG: DeflateConfig = DeflateConfig::DEFAULT;

#[test]
fn simplest_offer_gets_the_simplest_answer() {
    // §7.1.3
    let (answer, params) = answer_to(CONFIG, &["permessage-deflate"]).unwrap();
    assert_eq!((answer.as_str(), params), ("permessage-deflate", DeflateParams::default()));
    assert_eq!(params, DeflateParams::new(compression(15, true), compression(15, true)));
}

#[test]
fn nothing_is_negotiated_unless_asked_for_on_both_sides() {
    assert_eq!(answer_to(CONFIG, &[]), None);
    assert_eq!(answer("x-webkit-deflate-frame, permessage-bzip2"), None);
    assert_eq!(check(CONFIG, &[]), Ok(None));
}

#[test]
fn every_parameter_of_an_offer_is_honoured() {
    for (offer, expected, server, client) in [
        ("server_no_context_takeover", "server_no_context_takeover", (15, false), (15, true)),
        ("client_no_context_takeover", "client_no_context_takeover", (15, true), (15, false)),
        ("server_max_window_bits=10", "server_max_window_bits=10", (10, true), (15, true)),
        ("server_max_window_bits=15", "server_max_window_bits=15", (15, true), (15, true)),
        ("server_max_window_bits=8", "server_max_window_bits=8", (8, true), (15, true)),
        ("client_max_window_bits=9", "client_max_window_bits=9", (15, true), (9, true)),
        ("client_max_window_bits=8", "client_max_window_bits=8", (15, true), (8, true)),
        (
            "client_max_window_bits=12; server_no_context_takeover; server_max_window_bits=11; client_no_context_takeover",
            "server_no_context_takeover; client_no_context_takeover; server_max_window_bits=11; client_max_window_bits=12",
            (11, false),
            (12, false),
        ),
    ] {
        let (answer, params) = answer_to(CONFIG, &[&format!("permessage-deflate; {offer}")]).unwrap();
        assert_eq!(answer, format!("permessage-deflate; {expected}"));
        let (server, client) = (compression(server.0, server.1), compression(client.0, client.1));
        assert_eq!(params, DeflateParams::new(server, client), "{offer}");
    }
}

#[test]
fn client_window_is_limited_only_where_the_client_allows_it() {
    let config = CONFIG.with_peer(compression(10, true));
    let answer =
        |offer: &str| answer_to(config, &[offer]).map(|(answer, params)| (answer, params.client.window_bits.get()));
    let limited = Some(("permessage-deflate; client_max_window_bits=10".to_string(), 10));
    assert_eq!(answer("permessage-deflate; client_max_window_bits"), limited);
    assert_eq!(answer("permessage-deflate; client_max_window_bits=12"), limited);
    assert_eq!(answer("permessage-deflate; client_max_window_bits=9").unwrap().1, 9);
    assert_eq!(answer("permessage-deflate"), None, "it would need a larger window than was configured");
    let config = config.with_fallback(true);
    assert_eq!(answer_to(config, &["permessage-deflate"]).unwrap().0, "permessage-deflate");
}

#[test]
fn server_says_what_it_does_without_being_asked() {
    let config = CONFIG.with_own(compression(12, false)).with_peer(compression(15, false));
    let (answer, params) = answer_to(config, &["permessage-deflate"]).unwrap();
    assert_eq!(
        answer,
        "permessage-deflate; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=12"
    );
    assert_eq!(params, DeflateParams::new(compression(12, false), compression(15, false)));
    let (answer, _) = answer_to(config, &["permessage-deflate; server_max_window_bits=14"]).unwrap();
    assert!(answer.ends_with("server_max_window_bits=12"), "the same or smaller: {answer}");
}

const BAD_PARAMETERS: [&str; 32] = [
    "unknown",
    "unknown=1",
    "Server_no_context_takeover",
    "server_no_context_takeover; server_no_context_takeover",
    "client_no_context_takeover; client_no_context_takeover",
    "server_max_window_bits=10; server_max_window_bits=10",
    "client_max_window_bits=10; client_max_window_bits=11",
    "server_no_context_takeover=1",
    "server_no_context_takeover=true",
    "client_no_context_takeover=15",
    "server_max_window_bits",
    "server_max_window_bits=0",
    "server_max_window_bits=7",
    "server_max_window_bits=16",
    "server_max_window_bits=010",
    "server_max_window_bits=08",
    "server_max_window_bits=+9",
    "server_max_window_bits=-9",
    "server_max_window_bits=1e1",
    "server_max_window_bits=10.0",
    "server_max_window_bits=0x9",
    "server_max_window_bits=100",
    "server_max_window_bits=1",
    "server_max_window_bits=266",
    "server_max_window_bits=99999999999999999999999999",
    "client_max_window_bits=0",
    "client_max_window_bits=7",
    "client_max_window_bits=16",
    "client_max_window_bits=015",
    "client_max_window_bits=+9",
    "client_max_window_bits=\"16\"",
    "client_max_window_bits=x",
];

#[test]
fn bad_offer_is_declined_and_the_next_one_taken() {
    for bad in BAD_PARAMETERS {
        assert_eq!(answer(&format!("permessage-deflate; {bad}")), None, "{bad}");
        let then = format!("permessage-deflate; {bad}, permessage-deflate; server_max_window_bits=9");
        assert_eq!(answer(&then).as_deref(), Some("permessage-deflate; server_max_window_bits=9"), "{bad}");
    }
    let twice = "permessage-deflate; client_max_window_bits; client_max_window_bits";
    assert_eq!(answer(twice), None);
}

#[test]
fn value_without_anything_in_it_breaks_the_grammar() {
    let head = "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
        Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\
        Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=\r\n\r\n";
    let error = ServerHandshake::new(&Limits::DEFAULT).receive(head.as_bytes()).unwrap_err();
    assert!(matches!(error, RequestError::InvalidExtension(_)), "{error:?}");
}

#[test]
fn quoted_numbers_are_numbers() {
    let offer = "permessage-deflate; server_max_window_bits=\"10\"; client_max_window_bits=\"1\\2\"";
    assert_eq!(
        answer(offer).as_deref(),
        Some("permessage-deflate; server_max_window_bits=10; client_max_window_bits=12")
    );
}

#[test]
fn offers_may_come_in_several_fields() {
    let fields = ["foo", "permessage-deflate; bar", "baz, permessage-deflate; server_max_window_bits=14"];
    assert_eq!(answer_to(CONFIG, &fields).unwrap().0, "permessage-deflate; server_max_window_bits=14");
}

#[test]
fn offers_say_what_was_configured() {
    assert_eq!(offers(CONFIG), "permessage-deflate; client_max_window_bits");
    assert_eq!(offers(CONFIG.with_adjustable(false)), "permessage-deflate");
    let config = CONFIG.with_own(compression(9, false)).with_peer(compression(8, false));
    let demand = "permessage-deflate; server_no_context_takeover; client_no_context_takeover; \
        server_max_window_bits=8; client_max_window_bits=9";
    assert_eq!(offers(config), demand);
    let fallback = ", permessage-deflate; client_no_context_takeover; client_max_window_bits=9";
    assert_eq!(offers(config.with_fallback(true)), format!("{demand}{fallback}"));
    assert_eq!(offers(CONFIG.with_fallback(true)), offers(CONFIG), "there is nothing to fall back from");
}

#[test]
fn good_answers_are_understood() {
    for (parameters, server, client) in [
        ("", (15, true), (15, true)),
        ("; client_no_context_takeover", (15, true), (15, false)),
        ("; client_max_window_bits=8", (15, true), (8, true)),
        ("; client_max_window_bits=\"15\"", (15, true), (15, true)),
        ("; server_max_window_bits=9", (9, true), (15, true)), // §7.1.2.1: also unasked
    ] {
        let params = check(CONFIG, &[&format!("permessage-deflate{parameters}")]);
        let (server, client) = (compression(server.0, server.1), compression(client.0, client.1));
        assert_eq!(params, Ok(Some(DeflateParams::new(server, client))), "{parameters}");
    }
}

/// Erratum 4982.
#[test]
fn server_no_context_takeover_that_nobody_asked_for_is_accepted() {
    let params = check(CONFIG, &["permessage-deflate; server_no_context_takeover"]).unwrap().unwrap();
    assert_eq!(params.server, compression(15, false));
}

#[test]
fn bad_answer_fails_and_the_error_quotes_the_parameter() {
    for bad in BAD_PARAMETERS {
        let error = check(CONFIG, &[&format!("permessage-deflate; {bad}")]).unwrap_err();
        let name = bad.split(['=', ';']).next().unwrap();
        let quoted: String = name.chars().take(22).collect();
        assert!(error.to_string().contains(&format!("'{quoted}")), "{error}");
        assert!(matches!(error, ResponseError::ExtensionParam { .. }), "{bad}");
    }
    let error = check(CONFIG, &["permessage-deflate; server_max_window_bits=16"]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the extension's parameter 'server_max_window_bits' with the value '16' does not answer the offer"
    );
}

#[test]
fn client_window_without_value_or_unoffered_fails() {
    let refused = |config, answer| matches!(check(config, &[answer]), Err(ResponseError::ExtensionParam { .. }));
    assert!(refused(CONFIG, "permessage-deflate; client_max_window_bits"));
    let fixed = CONFIG.with_adjustable(false);
    assert!(refused(fixed, "permessage-deflate; client_max_window_bits=15"));
    assert!(check(fixed, &["permessage-deflate"]).is_ok());
}

#[test]
fn demands_that_the_answer_does_not_meet_fail() {
    let window = CONFIG.with_peer(compression(10, true));
    let error = check(window, &["permessage-deflate; server_max_window_bits=11"]).unwrap_err();
    assert!(matches!(error, ResponseError::ExtensionParam { .. }), "above what was demanded");
    let error = check(window, &["permessage-deflate"]).unwrap_err();
    assert_eq!(error, ResponseError::ExtensionParamMissing { name: "server_max_window_bits" });
    for bits in [8, 9, 10] {
        let answer = format!("permessage-deflate; server_max_window_bits={bits}");
        assert_eq!(check(window, &[&answer]).unwrap().unwrap().server, compression(bits, true));
    }
    let takeover = CONFIG.with_peer(compression(15, false));
    let error = check(takeover, &["permessage-deflate"]).unwrap_err();
    assert_eq!(error, ResponseError::ExtensionParamMissing { name: "server_no_context_takeover" });
    for config in [window, takeover] {
        let config = config.with_fallback(true);
        assert_eq!(check(config, &["permessage-deflate"]).unwrap().unwrap().server, compression(15, true));
    }
}

/// §7.1.1.2, §7.1.2.2: "the client is not going to", even if the server's answer does not say so.
#[test]
fn hints_of_the_client_hold_whatever_the_server_answers() {
    let config = CONFIG.with_own(compression(10, false));
    for answer in ["permessage-deflate", "permessage-deflate; client_max_window_bits=12"] {
        assert_eq!(check(config, &[answer]).unwrap().unwrap().client, compression(10, false));
    }
}

#[test]
fn extension_that_comes_twice_or_was_not_offered_fails() {
    for fields in [&["permessage-deflate, permessage-deflate"][..], &["permessage-deflate", "permessage-deflate"]] {
        assert!(matches!(check(CONFIG, fields), Err(ResponseError::ExtensionRepeated { .. })));
    }
    for name in ["permessage-bzip2", "Permessage-Deflate", "permessage-deflate2"] {
        assert!(matches!(check(CONFIG, &[name]), Err(ResponseError::ExtensionNotOffered { .. })), "{name}");
    }
}

/// The offer makes the server write more, and agrees on nothing else.
#[test]
fn what_was_agreed_on_is_equal_however_it_was_written() {
    let negotiated = |offer: &str| {
        let head = format!(
            "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\
             Sec-WebSocket-Extensions: {offer}\r\n\r\n"
        );
        let received = ServerHandshake::new(&Limits::DEFAULT).receive(head.as_bytes()).unwrap();
        let Some(Received::Upgrade(request)) = received else { panic!("not a request") };
        let config = Some(DeflateConfig::DEFAULT);
        request.accept().deflate(config).write_to(&mut Vec::new()).unwrap()
    };
    let written = negotiated("permessage-deflate; server_max_window_bits=15");
    assert_eq!(written, negotiated("permessage-deflate"));
    assert_eq!(written, Negotiated::elsewhere().with_deflate(written.deflate().unwrap()));
    assert_ne!(written, negotiated("permessage-deflate; server_no_context_takeover"));
}

#[test]
fn compression_may_be_left_out_by_an_option() {
    let none: Option<DeflateConfig> = None;
    let mut out = Vec::new();
    let mut handshake =
        ClientRequest::new("a", "/").deflate(none).start(*b"the sample nonce", &Limits::DEFAULT, &mut out).unwrap();
    assert!(!String::from_utf8(out).unwrap().contains("Extensions"));
    assert!(matches!(handshake.receive(b"HTTP/1.1 404 \r\n\r\n"), Ok(Some(Answer::Refused(_)))));
}
