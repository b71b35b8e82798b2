//! Law: whatever values a caller gives, what is written is one head that another parser reads with these fields and no others, or nothing
//! is written. Nothing can be smuggled into a request, an acceptance, a refusal or a page.
#![no_main]

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use testkit::heads;
use websocket_proto::Limits;
use websocket_proto::handshake::{ClientRequest, Received, Refusal, ServerHandshake};

#[derive(Arbitrary, Debug)]
struct Input<'a> {
    host: &'a str,
    target: &'a str,
    origin: Option<&'a str>,
    subprotocols: Vec<&'a str>,
    fields: Vec<(&'a str, &'a str)>,
    status: u16,
    body: &'a [u8],
}

fuzz_target!(|input: Input<'_>| {
    let Input { host, target, origin, subprotocols, fields, status, body } = input;
    if fields.len() + subprotocols.len() > 100 {
        return;
    }
    let given: heads::Fields = fields
        .iter()
        .map(|(name, value)| (name.to_ascii_lowercase(), value.as_bytes().trim_ascii().to_vec()))
        .collect();

    let request = ClientRequest::new(host, target).subprotocols(&subprotocols[..]).fields(&fields);
    let request = if let Some(origin) = origin { request.origin(origin) } else { request };
    let mut out = Vec::new();
    match request.start([7; 16], &Limits::UNLIMITED, &mut out) {
        Ok(_handshake) => {
            let own = 5 + usize::from(origin.is_some()) + usize::from(!subprotocols.is_empty());
            let (len, method, path, found) = heads::httparse_request(&out).expect("a head");
            assert_eq!((len, method.as_str(), found.len()), (out.len(), "GET", own + fields.len()));
            assert_eq!(path.strip_prefix('/').unwrap_or(&path), target.strip_prefix('/').unwrap_or(target));
            assert_eq!(heads::values(&found, "host"), [host.as_bytes()]);
            assert_eq!(found[own..], given);
            let Ok(Some(Received::Upgrade(request))) = ServerHandshake::new(&Limits::UNLIMITED).receive(&out) else {
                panic!("{}", out.escape_ascii())
            };
            assert!(request.subprotocols().eq(subprotocols.iter().copied()));
        }
        Err(_) => assert!(out.is_empty()),
    }
    // The same as parts.
    if let Ok(upgrade) = request.upgrade([7; 16]) {
        assert!(!out.is_empty());
        let own = upgrade.fields().count() - fields.len();
        assert!(upgrade.fields().skip(own).eq(fields.iter().copied()));
    }

    let head = b"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
        Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";
    let Ok(Some(Received::Upgrade(request))) = ServerHandshake::new(&Limits::DEFAULT).receive(head) else {
        panic!("a request")
    };
    let mut out = Vec::new();
    match request.accept().fields(&fields).write_to(&mut out) {
        Ok(_negotiated) => check(&out, 101, 3, &given, b""),
        Err(_) => assert!(out.is_empty()),
    }
    if let Ok(refusal) = Refusal::new(status, &fields, body) {
        let mut out = Vec::new();
        refusal.write_to(&mut out).expect("room");
        assert!((300..=599).contains(&status));
        // `Connection: close`, and `Content-Length` where there can be a body.
        let (own, body) = if status == 304 { (1, &b""[..]) } else { (2, body) };
        check(&out, status, own, &given, body);
        assert_eq!(refusal.body(), body);
    }
});

/// One response with the fields that were given, some of the handshake's, and the body.
fn check(out: &[u8], status: u16, own: usize, given: &heads::Fields, body: &[u8]) {
    let (len, found_status, found) = heads::httparse_response(out).expect("a head");
    assert_eq!((found_status, found.len(), &out[len..]), (status, own + given.len(), body));
    let mut rest = found.into_iter().skip_while(|field| given.first().is_some_and(|first| field != first));
    assert!(given.iter().all(|field| rest.next().as_ref() == Some(field)), "the fields as they were given");
}
