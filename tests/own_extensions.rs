//! Extensions of the application's own, as they are negotiated (§9.1).
#![cfg(feature = "deflate")]

use std::fmt::{self, Write};

use testkit::invert::Invert;
use websocket_proto::Limits;
use websocket_proto::extension::deflate::DeflateConfig;
use websocket_proto::extension::{AnswerFault, Extension, Negotiate};
use websocket_proto::handshake::{
    AcceptError, Answer, ClientRequest, Negotiated, Received, ResponseError, ServerHandshake, StartError,
};
use websocket_proto::wire::Rsv;

/// Adds a number to each byte; it owns the same bit as [`Invert`], and is offered with this number or without.
struct Add(u8);

impl Negotiate for Add {
    const NAME: &'static str = "x-add";
    const RSV: Rsv = Rsv::RSV2;
    type Params = u8;

    fn write_offers(&self, to: &mut dyn Write) -> fmt::Result {
        write!(to, "x-add; number={}, x-add", self.0)
    }

    fn answer(&self, offer: &Extension<'_>, to: &mut dyn Write) -> Option<u8> {
        let number = match offer.params().next() {
            Some(param) => param.value()?.to_string().parse().ok()?,
            None => self.0,
        };
        write!(to, "x-add; number={number}").ok()?;
        Some(number)
    }

    fn check<'b>(&self, answer: &Extension<'b>) -> Result<u8, AnswerFault<'b>> {
        let param = answer.params().next().ok_or(AnswerFault::ParamMissing("number"))?;
        let number = param.value().and_then(|value| value.to_string().parse().ok());
        number.ok_or(AnswerFault::Param(param))
    }
}

/// Writes what it is made with, and owns the bit of permessage-deflate.
struct Raw(&'static str);

impl Negotiate for Raw {
    const NAME: &'static str = "x-raw";
    const RSV: Rsv = Rsv::RSV1;
    type Params = ();

    fn write_offers(&self, to: &mut dyn Write) -> fmt::Result {
        to.write_str(self.0)
    }

    fn answer(&self, _: &Extension<'_>, to: &mut dyn Write) -> Option<()> {
        to.write_str(self.0).ok()
    }

    fn check<'b>(&self, _: &Extension<'b>) -> Result<(), AnswerFault<'b>> {
        Ok(())
    }
}

/// A request with these offers.
fn head(offers: &str) -> String {
    format!(
        "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\
         Sec-WebSocket-Extensions: {offers}\r\n\r\n"
    )
}

/// Reads a request with these offers.
fn received<T>(offers: &str, decide: impl FnOnce(websocket_proto::handshake::Request<'_>) -> T) -> T {
    let head = head(offers);
    match ServerHandshake::new(&Limits::DEFAULT).receive(head.as_bytes()).unwrap() {
        Some(Received::Upgrade(request)) => decide(request),
        other => panic!("{other:?}"),
    }
}

/// The values of `Sec-WebSocket-Extensions` in a head.
fn extensions(head: &[u8]) -> Vec<String> {
    let head = String::from_utf8(head.to_vec()).unwrap();
    head.lines().filter_map(|line| line.strip_prefix("Sec-WebSocket-Extensions: ")).map(str::to_owned).collect()
}

fn offers(request: ClientRequest<'_>) -> Result<Vec<String>, StartError> {
    let mut out = Vec::new();
    let _handshake = request.start([7; 16], &Limits::DEFAULT, &mut out)?;
    Ok(extensions(&out))
}

/// What a client makes of these answers to its request.
fn answered<T>(
    request: ClientRequest<'_>,
    answers: &str,
    check: impl FnOnce(websocket_proto::handshake::Response<'_>) -> T,
) -> Result<T, ResponseError> {
    let mut handshake = request.start(*b"the sample nonce", &Limits::DEFAULT, &mut Vec::new()).unwrap();
    let head = format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nSec-WebSocket-Extensions: {answers}\r\n\r\n"
    );
    match handshake.receive(head.as_bytes())? {
        Some(Answer::Open(response)) => Ok(check(response)),
        other => panic!("{other:?}"),
    }
}

fn client() -> ClientRequest<'static> {
    ClientRequest::new("a", "/")
}

// §9.1: "the first options listed being most preferable"
#[test]
fn own_extensions_are_offered_in_order_and_before_compression() {
    assert_eq!(offers(client().extension(&Invert)).unwrap(), ["x-invert"]);
    let request = client().deflate(DeflateConfig::DEFAULT).extension(&Add(3)).extension(&Invert);
    let all = "x-add; number=3, x-add, x-invert, permessage-deflate; client_max_window_bits";
    assert_eq!(offers(request).unwrap(), [all]);
    let upgrade = request.upgrade([7; 16]).unwrap();
    assert!(upgrade.fields().any(|field| field == ("sec-websocket-extensions", all)));
}

// §9.1
#[test]
fn first_offer_that_can_be_honoured_is_accepted() {
    for (offers, answer) in [
        ("x-add; number=7, x-add", Some((7, "x-add; number=7"))),
        ("x-add; number=seven, x-other, x-add", Some((3, "x-add; number=3"))),
        ("x-add; number=seven", None),
        ("x-invert", None),
    ] {
        received(offers, |request| {
            let accepted = request.negotiate(&Add(3));
            let mut out = Vec::new();
            let negotiated = request.accept().extension(accepted.as_ref()).write_to(&mut out).unwrap();
            assert_eq!(accepted.map(|accepted| accepted.params), answer.map(|(params, _)| params), "{offers}");
            assert_eq!(extensions(&out), answer.map(|(_, answer)| answer).into_iter().collect::<Vec<_>>(), "{offers}");
            let owned = if answer.is_some() { Rsv::RSV2 } else { Rsv::NONE };
            assert_eq!(negotiated, Negotiated::elsewhere().with_extension(owned));
        });
    }
}

// §9.1: "the order of operations on the data should be assumed to be the same as the order in which the extensions are listed"
#[test]
fn extensions_are_accepted_in_the_order_of_the_calls() {
    let params = Default::default();
    received("permessage-deflate, x-invert", |request| {
        let invert = request.negotiate(&Invert);
        let (mut first, mut last) = (Vec::new(), Vec::new());
        let accept = request.accept().extension(invert.as_ref()).deflate(DeflateConfig::DEFAULT);
        assert_eq!(
            accept.write_to(&mut first).unwrap(),
            Negotiated::elsewhere().with_extension(Rsv::RSV2).with_deflate(params)
        );
        let accept = request.accept().deflate(DeflateConfig::DEFAULT).extension(invert.as_ref());
        let negotiated = accept.write_to(&mut last).unwrap();
        assert_eq!(negotiated, Negotiated::elsewhere().with_deflate(params).with_extension(Rsv::RSV2));
        assert_eq!(negotiated.owned_rsv(), Rsv::RSV1 | Rsv::RSV2);
        assert_eq!(extensions(&first), ["x-invert, permessage-deflate"]);
        assert_eq!(extensions(&last), ["permessage-deflate, x-invert"]);
    });
    let orders = [
        Negotiated::elsewhere().with_deflate(params).with_extension(Rsv::RSV2),
        Negotiated::elsewhere().with_extension(Rsv::RSV2).with_deflate(params),
    ];
    assert_ne!(orders[0], orders[1]);
    let request = client().deflate(DeflateConfig::DEFAULT).extension(&Invert);
    for (answers, negotiated) in [
        ("x-invert, permessage-deflate", Negotiated::elsewhere().with_extension(Rsv::RSV2).with_deflate(params)),
        ("permessage-deflate, x-invert", Negotiated::elsewhere().with_deflate(params).with_extension(Rsv::RSV2)),
        ("permessage-deflate", Negotiated::elsewhere().with_deflate(params)),
        ("x-invert", Negotiated::elsewhere().with_extension(Rsv::RSV2)),
    ] {
        assert_eq!(answered(request, answers, |response| response.negotiated()), Ok(negotiated), "{answers}");
    }
}

// RFC 7692 §5
#[test]
fn extensions_that_own_the_same_bit_are_not_both_accepted() {
    received("x-add, x-invert, x-raw, permessage-deflate", |request| {
        let (add, invert, raw) =
            (request.negotiate(&Add(3)), request.negotiate(&Invert), request.negotiate(&Raw("x-raw")));
        let accept = request.accept().extension(add.as_ref());
        let error = accept.extension(invert.as_ref()).write_to(&mut Vec::new()).unwrap_err();
        assert_eq!(error, AcceptError::Extension { name: "x-invert" });
        let error = accept.extension(add.as_ref()).write_to(&mut Vec::new()).unwrap_err();
        assert_eq!(error, AcceptError::Extension { name: "x-add" });
        assert_eq!(
            error.to_string(),
            "expected a free name, free reserved bits and room for the extension x-add, found them taken"
        );
        for accept in [
            accept.extension(raw.as_ref()).deflate(DeflateConfig::DEFAULT),
            accept.deflate(DeflateConfig::DEFAULT).extension(raw.as_ref()),
        ] {
            let mut out = Vec::new();
            let negotiated = accept.write_to(&mut out).unwrap();
            assert_eq!(extensions(&out), ["x-add; number=3, x-raw"]);
            assert_eq!((negotiated.deflate(), negotiated.owned_rsv()), (None, Rsv::RSV1 | Rsv::RSV2));
        }
    });
    let request =
        client().extension(&Add(3)).extension(&Invert).extension(&Raw("x-raw")).deflate(DeflateConfig::DEFAULT);
    for answers in
        ["x-add; number=3, x-invert", "x-invert, x-add", "permessage-deflate, x-raw", "x-raw, permessage-deflate"]
    {
        let Err(ResponseError::ExtensionConflict { extension }) = answered(request, answers, |_| ()) else {
            panic!("{answers}")
        };
        assert_eq!(extension.as_bytes(), answers.rsplit(", ").next().unwrap().as_bytes());
    }
}

// §4.1, 5
#[test]
fn answer_that_was_not_offered_or_comes_twice_is_refused() {
    let request = client().extension(&Invert);
    for answers in ["x-add; number=3", "x-invert, x-add", "permessage-deflate", "X-Invert"] {
        assert!(
            matches!(answered(request, answers, |_| ()), Err(ResponseError::ExtensionNotOffered { .. })),
            "{answers}"
        );
    }
    for (request, answers) in [(request, "x-invert, x-invert"), (client().extension(&Add(3)), "x-add; number=1, x-add")]
    {
        assert!(
            matches!(answered(request, answers, |_| ()), Err(ResponseError::ExtensionRepeated { .. })),
            "{answers}"
        );
    }
}

// §9.1: "what constitutes a valid response by a server [...] will be defined by each such extension"
#[test]
fn extension_checks_the_parameters_of_its_answer() {
    let request = client().extension(&Add(3)).extension(&Invert);
    let agreed =
        |answers| answered(request, answers, |response| (response.agreed(&Add(3)), response.agreed(&Invert))).unwrap();
    assert_eq!(agreed("x-add; number=4"), (Ok(Some(4)), Ok(None)));
    assert_eq!(agreed("x-invert"), (Ok(None), Ok(Some(()))));
    assert_eq!(agreed("x-add").0, Err(ResponseError::ExtensionParamMissing { name: "number" }));
    let Err(ResponseError::ExtensionParam { name, value }) = agreed("x-add; number=-1").0 else { panic!() };
    assert_eq!((name.as_bytes(), value.unwrap().as_bytes()), (&b"number"[..], &b"-1"[..]));
    assert!(matches!(agreed("x-invert; twice").1, Err(ResponseError::ExtensionParam { value: None, .. })));
}

// §9.1: the grammar of the field; nothing can be smuggled out of it.
#[test]
fn text_of_an_extension_that_is_no_list_with_its_name_is_not_written() {
    let long = "x-raw; a=".to_owned() + &"b".repeat(504);
    for text in ["", " ", "x-other", "x-raw, x-other", "x-raw;", "x-raw\r\nX-Smuggled: a", "x-raw; a=\u{e4}", &long] {
        let raw = Raw(text.to_owned().leak());
        let error = offers(client().extension(&raw)).unwrap_err();
        assert_eq!(error, StartError::Extension { name: "x-raw" }, "{text}");
        received("x-raw", |request| assert!(request.negotiate(&raw).is_none(), "{text}"));
    }
    received("x-raw", |request| assert!(request.negotiate(&Raw("x-raw, x-raw")).is_none(), "an answer is one element"));
    assert_eq!(offers(client().extension(&Raw(long[..512].to_owned().leak()))).unwrap()[0].len(), 512);
    let error = offers(client().extension(&Raw("x-raw")).extension(&Raw("x-raw"))).unwrap_err();
    assert_eq!(error.to_string(), "expected offers of the extension x-raw in the form of a list, found others");
}
