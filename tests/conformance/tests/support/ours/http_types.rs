//! Heads in the types of the crate `http`, as hyper and its like hand them over: also those of an extended CONNECT.

use http::{HeaderMap, HeaderName, HeaderValue, Version};
use websocket_proto::extension::deflate::DeflateConfig;
use websocket_proto::handshake::{
    Accept, AcceptKey, Answer, ClientRequest, ConnectRequest, FieldSection, PendingAnswer, Received, RequestKey, Scheme,
};
use websocket_proto::{Client as ClientRole, RandomKeys, Server as ServerRole};
use wsspec::memory::{Field, Subject};
use wsspec::wire::head::Head;

use super::SUBPROTOCOL;
use super::messages::{Asking, Whole};
use super::talk::{Talk, after_the_opening};

fn version(name: &[u8]) -> Option<Version> {
    match name {
        b"HTTP/0.9" => Some(Version::HTTP_09),
        b"HTTP/1.0" => Some(Version::HTTP_10),
        b"HTTP/1.1" => Some(Version::HTTP_11),
        b"HTTP/2.0" => Some(Version::HTTP_2),
        b"HTTP/3.0" => Some(Version::HTTP_3),
        _ => None,
    }
}

/// None where that crate holds no such field.
fn map<'f>(fields: impl Iterator<Item = &'f Field>) -> Option<HeaderMap> {
    let mut map = HeaderMap::new();
    for (name, value) in fields.filter(|(name, _)| !name.starts_with(':')) {
        map.append(HeaderName::from_bytes(name.as_bytes()).ok()?, HeaderValue::from_bytes(value).ok()?);
    }
    Some(map)
}

fn request(head: &Head) -> Option<http::Request<()>> {
    let words: Vec<&[u8]> = head.first.split(|&byte| byte == b' ').collect();
    let &[method, target, name] = &words[..] else { return None };
    let mut request = http::Request::builder().method(method).uri(target).version(version(name)?).body(()).ok()?;
    *request.headers_mut() = map(head.fields.iter())?;
    head.faults.is_empty().then_some(request)
}

fn write(first: &str, headers: &HeaderMap, body: &[u8], out: &mut Vec<u8>) {
    out.extend(first.as_bytes());
    for (name, value) in headers {
        out.extend([b"\r\n", name.as_str().as_bytes(), b": ", value.as_bytes()].concat());
    }
    out.extend([b"\r\n\r\n", body].concat());
}

fn fields<B>(response: &http::Response<B>) -> Vec<Field> {
    let field = |(name, value): (&HeaderName, &HeaderValue)| (name.as_str().to_owned(), value.as_bytes().to_vec());
    let status = (":status".to_owned(), response.status().as_str().as_bytes().to_vec());
    std::iter::once(status).chain(response.headers().iter().map(field)).collect()
}

/// A server.
#[derive(Default)]
pub struct Server {
    head: Vec<u8>,
    talk: Option<Whole<ServerRole, false>>,
    closed: bool,
}

impl Server {
    fn accept<'b, F: FieldSection<'b>, K: RequestKey>(&mut self, accept: Accept<'_, 'b, F, K>) -> http::Response<()> {
        let (response, negotiated) = accept.deflate(DeflateConfig::DEFAULT).http_response().unwrap();
        self.talk = Some(Talk::new(negotiated, ServerRole));
        response
    }

    fn answer(&mut self, head: &Head, out: &mut Vec<u8>) {
        let request = request(head);
        let response = match request.as_ref().map(Received::try_from) {
            Some(Ok(Received::Upgrade(request))) => {
                let subprotocol = request.subprotocols().find(|name| *name == SUBPROTOCOL);
                self.accept(request.accept().subprotocol(subprotocol)).map(|()| Vec::new())
            }
            Some(Ok(Received::Http(request))) => request.upgrade_required().to_http().unwrap(),
            Some(Err(error)) => error.response().to_http().unwrap(),
            None => http::Response::builder().status(400).header("content-length", "0").body(Vec::new()).unwrap(),
        };
        self.closed = self.talk.is_none();
        write(&format!("HTTP/1.1 {} Answer", response.status().as_str()), response.headers(), response.body(), out);
    }
}

impl Subject for Server {
    fn receive(&mut self, bytes: &mut [u8], out: &mut Vec<u8>) {
        if let Some(talk) = &mut self.talk {
            return talk.receive(bytes, out);
        }
        self.head.extend_from_slice(bytes);
        if self.closed {
            return;
        }
        if let Some(head) = Head::read(&self.head) {
            self.answer(&head, out);
            let mut rest = self.head.split_off(head.len);
            if let Some(talk) = &mut self.talk {
                talk.receive(&mut rest, out);
            }
        }
    }

    after_the_opening!();

    fn connect(&mut self, given: &[Field]) -> Option<Vec<Field>> {
        let pseudo = |name: &str| given.iter().find(|field| field.0 == name).map_or(&b""[..], |field| &field.1);
        // What is no URI, and no field, an HTTP/2 stack refuses; these types can't tell that there was no path.
        let refuse = || vec![(":status".to_owned(), b"400".to_vec())];
        let builder = http::Uri::builder().scheme(pseudo(":scheme")).authority(pseudo(":authority"));
        let uri = builder.path_and_query(pseudo(":path")).build();
        let (Ok(uri), Some(headers), false) = (uri, map(given.iter()), pseudo(":path").is_empty()) else {
            self.closed = true;
            return Some(refuse());
        };
        let mut request = http::Request::connect(uri).version(Version::HTTP_2).body(()).unwrap();
        *request.headers_mut() = headers;
        let protocol = std::str::from_utf8(pseudo(":protocol")).unwrap_or_default();
        match ConnectRequest::from_http(protocol, &request) {
            Ok(request) => {
                let subprotocol = request.subprotocols().find(|name| *name == SUBPROTOCOL);
                Some(fields(&self.accept(request.accept().subprotocol(subprotocol))))
            }
            Err(error) => {
                self.closed = true;
                Some(fields(&error.response_to_connect().to_http().unwrap()))
            }
        }
    }
}

type Names = [&'static str; 1];

/// A client.
#[derive(Default)]
pub struct Client {
    head: Vec<u8>,
    upgrade: Option<PendingAnswer<Names, AcceptKey>>,
    connect: Option<PendingAnswer<Names, ()>>,
    talk: Option<Whole<Asking, false>>,
    closed: bool,
}

impl Client {
    fn request() -> ClientRequest<'static, Names> {
        let request = ClientRequest::new("server.example.com", "/chat");
        request.subprotocols([SUBPROTOCOL]).deflate(DeflateConfig::DEFAULT)
    }

    fn open(&mut self, answer: Option<Answer<'_, &HeaderMap>>) {
        match answer {
            Some(Answer::Open(response)) => {
                let role = ClientRole::new(RandomKeys::from_seed([4; 32]));
                self.talk = Some(Talk::new(response.negotiated(), role));
            }
            Some(Answer::Refused(_)) | None => self.closed = true,
        }
    }

    fn answer(&mut self, head: &Head) {
        let status = head.status().map(|(_, status)| status);
        if status.is_some_and(|status| status / 100 == 1 && status != 101) {
            return;
        }
        let name = head.first.split(|&byte| byte == b' ').next().unwrap_or_default();
        let response =
            status.zip(version(name)).zip(map(head.fields.iter())).and_then(|((status, version), headers)| {
                let mut response = http::Response::builder().status(status).version(version).body(()).ok()?;
                *response.headers_mut() = headers;
                head.faults.is_empty().then_some(response)
            });
        let upgrade = self.upgrade.take().unwrap();
        self.open(response.as_ref().and_then(|response| upgrade.receive_http(response).ok()));
    }
}

impl Subject for Client {
    fn start(&mut self, out: &mut Vec<u8>) {
        let upgrade = Self::request().upgrade([9; 16]).unwrap();
        let request = upgrade.to_http().unwrap();
        write(&format!("{} {} HTTP/1.1", request.method(), request.uri()), request.headers(), b"", out);
        self.upgrade = Some(upgrade.into_pending());
    }

    fn receive(&mut self, bytes: &mut [u8], out: &mut Vec<u8>) {
        if let Some(talk) = &mut self.talk {
            return talk.receive(bytes, out);
        }
        self.head.extend_from_slice(bytes);
        while let (Some(head), false, true) = (Head::read(&self.head), self.closed, self.talk.is_none()) {
            self.answer(&head);
            self.head.drain(..head.len);
        }
        if let Some(talk) = &mut self.talk {
            talk.receive(&mut std::mem::take(&mut self.head), out);
        }
    }

    after_the_opening!();

    fn connect(&mut self, given: &[Field]) -> Option<Vec<Field>> {
        let Some(connect) = self.connect.take() else {
            let connect = Self::request().connect(Scheme::Https).unwrap();
            let request = connect.to_http().unwrap();
            let uri = request.uri();
            let text = |name: &str, value: &str| (name.to_owned(), value.as_bytes().to_vec());
            let mut fields = vec![
                text(":method", request.method().as_str()),
                text(":protocol", "websocket"),
                text(":scheme", uri.scheme_str().unwrap()),
                text(":authority", uri.authority().unwrap().as_str()),
                text(":path", uri.path_and_query().unwrap().as_str()),
            ];
            fields.extend(request.headers().iter().map(|(name, value)| text(name.as_str(), value.to_str().unwrap())));
            self.connect = Some(connect.into_pending());
            return Some(fields);
        };
        let status = given.iter().find(|field| field.0 == ":status").map_or(&b""[..], |field| &field.1);
        let mut response = http::Response::builder().status(status).version(Version::HTTP_2).body(()).ok();
        if let (Some(response), Some(headers)) = (&mut response, map(given.iter())) {
            *response.headers_mut() = headers;
        }
        self.open(response.as_ref().and_then(|response| connect.receive_http(response).ok()));
        Some(Vec::new())
    }
}
