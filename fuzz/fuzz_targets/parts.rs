//! Law: a head that another stack has parsed is judged like the bytes it came from, whatever form its fields are kept in, on both sides.
#![no_main]

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use testkit::heads;
use websocket_proto::Limits;
use websocket_proto::handshake::{
    Answer, ClientRequest, FieldSection, Parts, Received, RequestError, ResponseError, ServerHandshake,
};

#[derive(Arbitrary, Debug)]
struct Input<'a> {
    response: bool,
    bytes: &'a [u8],
}

fuzz_target!(|input: Input<'_>| match input.response {
    false => request(input.bytes),
    true => response(input.bytes),
});

fn request(bytes: &[u8]) {
    let limits = Limits::DEFAULT.with_max_head_fields(150);
    let by_bytes = ServerHandshake::new(&limits).receive(bytes);
    let outcome = match &by_bytes {
        // Not all of it is there, or another stack would not have parsed it.
        Ok(None) | Err(RequestError::Head(_)) => return,
        Ok(Some(received)) => Ok(describe(received)),
        Err(error) => Err(*error),
    };
    let head_len = heads::head_len(bytes).expect("a whole head");
    let (line, fields) = heads::fields(&bytes[..head_len]);
    let mut words = line.split(' ');
    let (Some(method), Some(target), Some(version), None) = (words.next(), words.next(), words.next(), words.next())
    else {
        panic!("three words: {line:?}")
    };
    let digits = version.as_bytes();
    let version = (digits[5] - b'0', digits[7] - b'0');
    // Of another major version, bytes are no HTTP that could be served; another stack may know it.
    if version.0 != 1 {
        assert_eq!(outcome, Err(RequestError::HttpVersion { major: version.0, minor: version.1 }));
        return;
    }
    let judge = |received: Result<String, RequestError>| assert_eq!(received, outcome, "{}", bytes.escape_ascii());
    judge(by_parts(method, target, version, &fields));
    judge(by_parts(method, target, version, &fields[..]));
    judge(by_parts(method, target, version, fields.iter().map(|(name, value)| (&**name, &**value))));
}

fn by_parts<'b, F: FieldSection<'b>>(
    method: &'b str,
    target: &'b str,
    version: (u8, u8),
    fields: F,
) -> Result<String, RequestError> {
    Received::from_parts(Parts::new(method, target, version, fields)).map(|received| describe(&received))
}

fn describe<'b, F: FieldSection<'b>>(received: &Received<'b, F>) -> String {
    match received {
        Received::Http(request) => {
            format!("{} {} {:?} {:?}", request.method(), request.target(), request.version(), request.check_host())
        }
        Received::Upgrade(request) => {
            let subprotocols: Vec<&str> = request.subprotocols().collect();
            let extensions: Vec<&str> = request.extensions().map(|extension| extension.name()).collect();
            let response: Vec<_> =
                request.accept().response().expect("every request can be accepted").fields().map(owned).collect();
            let about = (request.host(), request.target(), request.origin());
            format!("{about:?} {subprotocols:?} {extensions:?} {response:?}")
        }
    }
}

fn owned((name, value): (&str, &str)) -> (String, String) {
    (name.into(), value.into())
}

fn response(bytes: &[u8]) {
    let limits = Limits::DEFAULT.with_max_head_fields(150).with_max_interim_responses(0);
    let start = || ClientRequest::new("server.example.com", "/chat").subprotocols(["chat", "superchat"]);
    let nonce = *b"the sample nonce";
    let mut handshake = start().start(nonce, &limits, &mut Vec::new()).expect("a request");
    let outcome = match handshake.receive(bytes) {
        Ok(None) | Err(ResponseError::Head(_) | ResponseError::TooManyInterim { .. }) => return,
        Ok(Some(answer)) => Ok(verdict(&answer)),
        Err(error) => Err(error),
    };
    let head_len = heads::head_len(bytes).expect("a whole head");
    let (line, fields) = heads::fields(&bytes[..head_len]);
    let digits = line.as_bytes();
    let version = (digits[5] - b'0', digits[7] - b'0');
    let status = line[9..12].parse().expect("a status");
    let pending = start().upgrade(nonce).expect("a request").into_pending();
    let by_parts = pending.receive(status, version, &fields).map(|answer| verdict(&answer));
    assert_eq!(by_parts, outcome, "{}", bytes.escape_ascii());
}

fn verdict<'b, F: FieldSection<'b>>(answer: &Answer<'b, F>) -> String {
    match answer {
        Answer::Open(response) => format!("{:?} {:?}", response.subprotocol(), response.negotiated()),
        Answer::Refused(response) => format!("{} {}", response.status(), response.fields().count()),
    }
}
