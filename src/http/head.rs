//! Heads of HTTP/1: `httparse` reads them, and nothing that the RFCs forbid passes (RFC 9112 §2 to §5).
//!
//! A head that came whole is read in one go. One that comes in pieces is checked as its bytes come, so that a peer that does not speak
//! HTTP is refused at once, and is taken apart when it is complete. The result is the same for both.

use core::fmt;
use core::marker::PhantomData;
use core::mem::MaybeUninit;

use httparse::{Header, Status};

use super::field_section::{FieldSection, values};
use super::head_check::HeadReader;
use super::head_error::HeadError;
use super::shown::Shown;
use super::text::{is_target, split_at_byte};
use super::token::{ascii, trim};

/// What the heads of requests and responses have in common: fields, and a length.
///
/// Requests and responses of both sides dereference to it, so its methods are theirs.
///
/// ```
/// use websocket_proto::handshake::{Head, Received, ServerHandshake};
/// use websocket_proto::wire::Limits;
///
/// fn cookies<'b>(head: &Head<'b>) -> impl Iterator<Item = &'b [u8]> {
///     head.field("cookie")
/// }
///
/// let bytes = b"GET / HTTP/1.1\r\nHost: a\r\nCookie: b=c\r\n\r\nbody";
/// let received = ServerHandshake::new(&Limits::DEFAULT).receive(bytes).unwrap();
/// let Some(Received::Http(request)) = received else { panic!("not plain HTTP") };
/// assert!(cookies(&request).eq([b"b=c"]));
/// assert_eq!(&bytes[request.head_len()..], b"body");
/// ```
#[derive(Clone, Copy)]
pub struct Head<'b, F = Fields<'b>> {
    pub(crate) section: F,
    pub(crate) len: usize,
    bytes: PhantomData<&'b [u8]>,
}

impl<'b, F: FieldSection<'b>> Head<'b, F> {
    #[inline]
    pub(crate) const fn new(section: F, len: usize) -> Self {
        Self { section, len, bytes: PhantomData }
    }

    /// All fields, in their order. What they mean was checked for those alone that matter to a WebSocket handshake.
    pub fn fields(&self) -> F::Pairs {
        self.section.clone().into_pairs()
    }

    /// The values of each field with this name; names compare without ASCII case.
    pub fn field<'n>(&self, name: &'n str) -> impl Iterator<Item = &'b [u8]> + use<'b, 'n, F> {
        values(self.section.clone(), name)
    }

    /// How many bytes the head has, with the interim responses in front of it. The bytes after it are frames where the connection is
    /// open, its first input, and otherwise a body or another request. 0 for a head that another stack has parsed.
    pub fn head_len(&self) -> usize {
        self.len
    }
}

impl<'b, F: FieldSection<'b>> fmt::Debug for Head<'b, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fields = Shown(|| self.fields());
        f.debug_struct("Head").field("fields", &fields).field("head_len", &self.len).finish()
    }
}

/// The fields of a received head, in their order: each a name, which is a token, and a value, which is bytes.
///
/// Names come as they were written; they compare without ASCII case. White space around a value is left out.
///
/// ```
/// use websocket_proto::handshake::{Received, ServerHandshake};
/// use websocket_proto::wire::Limits;
///
/// let head = b"GET / HTTP/1.1\r\nHost: example.com\r\nAccept:  text/html \r\n\r\n";
/// let received = ServerHandshake::new(&Limits::DEFAULT).receive(head).unwrap();
/// let Some(Received::Http(request)) = received else { panic!("not plain HTTP") };
/// let fields: Vec<(&str, &[u8])> = request.fields().collect();
/// assert_eq!(fields, [("Host", &b"example.com"[..]), ("Accept", b"text/html")]);
/// ```
#[derive(Clone, Copy)]
pub struct Fields<'b> {
    /// Whole lines whose syntax was checked, and the empty line after them.
    lines: &'b [u8],
}

impl<'b> Fields<'b> {
    /// The next field, its name as bytes: what classifies the fields needs no text. The syntax was checked: the first
    /// colon ends the name, and the first CR the line.
    fn next_raw(&mut self) -> Option<(&'b [u8], &'b [u8])> {
        let (line, rest) = split_at_byte(self.lines, b'\r')?;
        self.lines = rest.get(1..)?;
        let (name, value) = split_at_byte(line, b':')?;
        Some((name, trim(value)))
    }
}

impl<'b> Iterator for Fields<'b> {
    type Item = (&'b str, &'b [u8]);

    fn next(&mut self) -> Option<(&'b str, &'b [u8])> {
        self.next_raw().map(|(name, value)| (ascii(name), value))
    }
}

impl core::iter::FusedIterator for Fields<'_> {}

impl fmt::Debug for Fields<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Shown(|| *self).fmt(f)
    }
}

/// A request of plain HTTP: any method and version, and no `Upgrade: websocket`.
///
/// It is never an error of the WebSocket side: health checks of load balancers and requests for pages, which many proxies still send
/// as HTTP/1.0, are for the application to answer. [`check_host`](Self::check_host) is what a server owes such a request, and
/// [`respond`](Self::respond) makes the answer.
///
/// ```
/// use websocket_proto::handshake::{Received, ServerHandshake};
/// use websocket_proto::wire::Limits;
///
/// let head = b"GET /index.html HTTP/1.1\r\nHost: example.com\r\n\r\n";
/// let received = ServerHandshake::new(&Limits::DEFAULT).receive(head).unwrap();
/// let Some(Received::Http(request)) = received else { panic!("not plain HTTP") };
/// assert_eq!((request.method(), request.target(), request.version()), ("GET", "/index.html", (1, 1)));
/// assert_eq!(request.field("host").next(), Some(&b"example.com"[..]));
/// assert_eq!(request.head_len(), head.len());
///
/// let mut out = Vec::new();
/// match request.check_host() {
///     Err(error) => error.response().write_to(&mut out).unwrap(),
///     Ok(()) => request.respond(200, &[("Content-Type", "text/html")], b"<p>Hello").unwrap().write_to(&mut out).unwrap(),
/// }
/// assert!(out.starts_with(b"HTTP/1.1 200 OK\r\n") && out.ends_with(b"\r\n\r\n<p>Hello"));
/// ```
#[derive(Clone)]
pub struct HttpRequest<'b, F = Fields<'b>> {
    pub(crate) method: &'b str,
    pub(crate) target: &'b str,
    pub(crate) version: (u8, u8),
    pub(crate) head: Head<'b, F>,
}

/// A response that opened nothing.
///
/// ```
/// use websocket_proto::handshake::{Answer, ClientRequest};
/// use websocket_proto::wire::Limits;
///
/// let request = ClientRequest::new("example.com", "/");
/// let mut handshake = request.start([7; 16], &Limits::DEFAULT, &mut Vec::new()).unwrap();
/// let bytes = b"HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\nnone";
/// let Some(Answer::Refused(response)) = handshake.receive(bytes).unwrap() else { panic!() };
/// assert_eq!((response.status(), response.reason()), (404, &b"Not Found"[..]));
/// assert_eq!(&bytes[response.head_len()..], b"none", "what came of the body");
/// ```
#[derive(Clone)]
pub struct HttpResponse<'b, F = Fields<'b>> {
    pub(crate) version: (u8, u8),
    pub(crate) status: u16,
    pub(crate) reason: &'b [u8],
    pub(crate) head: Head<'b, F>,
}

/// Takes the fields of a head, one by one: what is wanted of them is found while they are at hand.
pub(crate) trait Collect<'b> {
    /// Takes a field, whose value has no white space around it.
    fn add(&mut self, name: &[u8], value: &'b [u8]);
}

impl HeadReader {
    /// The bytes that may be a whole head: all of a head of which nothing was looked at, up to the limit.
    fn whole<'b>(&self, bytes: &'b [u8]) -> Option<&'b [u8]> {
        if !self.is_new() {
            return None;
        }
        bytes.get(..self.max_len).unwrap_or(bytes).get(self.start..)
    }

    /// Reads on in a request, and hands it out when it is complete; `known` has its fields then.
    pub(crate) fn read_request<'b>(
        &mut self,
        bytes: &'b [u8],
        known: &mut impl Collect<'b>,
    ) -> Result<Option<HttpRequest<'b>>, HeadError> {
        if let Some(head) = self.whole(bytes).and_then(|bytes| parse_request(bytes, self.max_fields, known)) {
            return Ok(Some(head));
        }
        if !self.advance(bytes)? {
            return Ok(None);
        }
        let (line, head) = self.lines(bytes, known);
        // The line was checked: a method and a space, a target and a space, a version.
        let (method, line) = split_at_byte(line, b' ').unwrap_or_default();
        let (target, version) = split_at_byte(line, b' ').unwrap_or_default();
        let (method, target) = (ascii(method), ascii(target));
        Ok(Some(HttpRequest { method, target, version: digits(version), head }))
    }

    /// Reads on in a response, and hands it out when it is complete; `known` has its fields then.
    pub(crate) fn read_response<'b>(
        &mut self,
        bytes: &'b [u8],
        known: &mut impl Collect<'b>,
    ) -> Result<Option<HttpResponse<'b>>, HeadError> {
        if let Some(mut response) = self.whole(bytes).and_then(|bytes| parse_response(bytes, self.max_fields, known)) {
            response.head.len = self.start.saturating_add(response.head.len);
            return Ok(Some(response));
        }
        if !self.advance(bytes)? {
            return Ok(None);
        }
        let (line, head) = self.lines(bytes, known);
        let status = ascii(line.get(9..12).unwrap_or_default()).parse().unwrap_or_default();
        // What comes after `HTTP/1.1 200 `, where there is that space.
        let reason = line.get(13..).unwrap_or_default();
        Ok(Some(HttpResponse { version: digits(line), status, reason, head }))
    }

    /// The start line and the fields of a head that is complete and was checked.
    #[cold] // Most heads come whole.
    fn lines<'b>(&self, bytes: &'b [u8], known: &mut impl Collect<'b>) -> (&'b [u8], Head<'b>) {
        let Self { start, fields_start, at, .. } = *self;
        let (line, _) = split_at_byte(bytes.get(start..fields_start).unwrap_or_default(), b'\r').unwrap_or_default();
        let fields = Fields { lines: bytes.get(fields_start..at).unwrap_or_default() };
        let mut rest = fields;
        while let Some((name, value)) = rest.next_raw() {
            known.add(name, value);
        }
        (line, Head::new(fields, at))
    }
}

/// Reads a request that is whole and has nothing unusual about it.
#[inline]
fn parse_request<'b>(bytes: &'b [u8], max_fields: usize, known: &mut impl Collect<'b>) -> Option<HttpRequest<'b>> {
    let mut headers = [const { MaybeUninit::uninit() }; MAX_FIELDS];
    let mut request = httparse::Request::new(&mut []);
    let Ok(Status::Complete(len)) = request.parse_with_uninit_headers(bytes, &mut headers) else { return None };
    let (method, target) = (request.method?, request.path?);
    let head = bytes.get(..len)?;
    // There is one space after the method, one after the target, and eight bytes of version: more is an empty line in front.
    let lines = head.get(method.len() + target.len() + 10..)?.strip_prefix(b"\r\n")?;
    if !is_target(target) {
        return None;
    }
    let fields = collect(lines, request.headers, max_fields, known)?;
    Some(HttpRequest { method, target, version: (1, request.version?), head: Head::new(fields, len) })
}

/// Reads a response that is whole and has nothing unusual about it.
#[inline]
fn parse_response<'b>(bytes: &'b [u8], max_fields: usize, known: &mut impl Collect<'b>) -> Option<HttpResponse<'b>> {
    let mut headers = [const { MaybeUninit::uninit() }; MAX_FIELDS];
    let mut response = httparse::Response::new(&mut []);
    let config = httparse::ParserConfig::default();
    let parsed = config.parse_response_with_uninit_headers(&mut response, bytes, &mut headers);
    let Ok(Status::Complete(len)) = parsed else { return None };
    let head = bytes.get(..len)?;
    // There are 13 bytes before the reason phrase, which is not handed out if it is beyond ASCII, and no empty line.
    let reason = response.reason?;
    let lines = head.get(13 + reason.len()..)?.strip_prefix(b"\r\n")?;
    if !head.starts_with(b"HTTP") {
        return None;
    }
    let fields = collect(lines, response.headers, max_fields, known)?;
    let (version, status, reason) = ((1, response.version?), response.code?, reason.as_bytes());
    Some(HttpResponse { version, status, reason, head: Head::new(fields, len) })
}

/// The fields, which `known` is given as well; nothing if there are too many, or if one of the `lines` ends in LF alone (RFC 9112 §2.2),
/// which `httparse` lets pass.
#[inline]
fn collect<'b>(
    lines: &'b [u8],
    headers: &[Header<'b>],
    max_fields: usize,
    known: &mut impl Collect<'b>,
) -> Option<Fields<'b>> {
    // It refuses CR without LF. So there are as many CRs as lines: one for each field, and one for the empty line.
    let returns = lines.iter().fold(0_u8, |count, &byte| count.wrapping_add(u8::from(byte == b'\r')));
    if usize::from(returns) != headers.len() + 1 || headers.len() > max_fields {
        return None;
    }
    headers.iter().for_each(|Header { name, value }| known.add(name.as_bytes(), value));
    Some(Fields { lines })
}

/// The two digits of the version in front of `line`, which is `HTTP/`, a digit, a dot and a digit.
fn digits(line: &[u8]) -> (u8, u8) {
    match line {
        [_, _, _, _, _, major, _, minor, ..] => (major & 0x0f, minor & 0x0f),
        _ => (0, 0),
    }
}

/// More fields than browsers send; a head with more is read as if it had come in pieces.
const MAX_FIELDS: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    /// The fields as they were given away.
    #[derive(Default)]
    struct All<'b>(Vec<(Vec<u8>, &'b [u8])>);

    impl<'b> Collect<'b> for All<'b> {
        fn add(&mut self, name: &[u8], value: &'b [u8]) {
            self.0.push((name.to_vec(), value));
        }
    }

    #[test]
    fn whole_request_is_read_in_one_go() {
        let bytes = b"POST /a?b HTTP/1.0\r\nHost: c\r\nA:\r\nB:\t d\xe4 e \t\r\n\r\nbody";
        let mut known = All::default();
        let head = parse_request(bytes, 3, &mut known).unwrap();
        assert_eq!((head.method, head.target, head.version, head.head.len), ("POST", "/a?b", (1, 0), bytes.len() - 4));
        let fields: Vec<_> = head.head.fields().map(|(name, value)| (name.as_bytes().to_vec(), value)).collect();
        assert_eq!(fields, [(b"Host".to_vec(), &b"c"[..]), (b"A".to_vec(), b""), (b"B".to_vec(), b"d\xe4 e")]);
        assert_eq!(known.0, fields);
        assert!(parse_request(b"GET / HTTP/1.1\r\n\r\n", 0, &mut All::default()).is_some(), "no field at all");
    }

    #[test]
    fn whole_response_is_read_in_one_go() {
        for (line, reason) in [(&b"HTTP/1.1 302 "[..], &b""[..]), (b"HTTP/1.1 302 Not here", b"Not here")] {
            let bytes = [line, b"\r\nUpgrade: a\r\n\r\nbody"].concat();
            let mut known = All::default();
            let head = parse_response(&bytes, 1, &mut known).unwrap();
            assert_eq!((head.status, head.reason, head.version, head.head.len), (302, reason, (1, 1), bytes.len() - 4));
            assert!(head.head.fields().eq([("Upgrade", &b"a"[..])]));
            assert_eq!(known.0, [(b"Upgrade".to_vec(), &b"a"[..])]);
        }
    }

    #[test]
    fn cut_or_long_head_is_not_read_in_one_go_and_gives_no_field_away() {
        let bytes = b"GET / HTTP/1.1\r\nA: b\r\nB: c\r\n\r\n";
        let mut known = All::default();
        assert!((0..bytes.len()).all(|len| parse_request(&bytes[..len], 2, &mut known).is_none()));
        assert!(parse_request(bytes, 1, &mut known).is_none());
        let long = [&b"GET / HTTP/1.1\r\n"[..], &b"A: b\r\n".repeat(MAX_FIELDS + 1), b"\r\n"].concat();
        assert!(parse_request(&long, usize::MAX, &mut known).is_none());
        assert!(known.0.is_empty());
        assert!(parse_request(bytes, 2, &mut known).is_some());
        assert!(parse_request(&long[6..], usize::MAX, &mut known).is_none(), "a head begins with its method");
    }

    /// Each of these passes `httparse`: only what is looked at here refuses it, or leaves it to the check.
    #[test]
    fn what_httparse_lets_pass_is_not_read_in_one_go() {
        for bytes in [
            &b"\r\nGET / HTTP/1.1\r\nA: b\r\n\r\n"[..],
            b"\nGET / HTTP/1.1\r\nA: b\r\n\r\n",
            b"GET / HTTP/1.1\nA: b\r\n\r\n",
            b"GET / HTTP/1.1\r\nA: b\nB: c\r\n\r\n",
            b"GET / HTTP/1.1\r\nA: b \nB: c\r\n\r\n",
            b"GET / HTTP/1.1\r\nA:\nB: c\r\n\r\n",
            b"GET / HTTP/1.1\r\nA: b\n\r\n",
            b"GET / HTTP/1.1\r\nA: b\r\n\n",
            b"GET / HTTP/1.1\n\r\n",
            b"GET / HTTP/1.1\r\n\n",
            b"GET /a#b HTTP/1.1\r\nA: b\r\n\r\n",
            b"GET /\xc3\xa4 HTTP/1.1\r\nA: b\r\n\r\n",
        ] {
            let mut headers = [httparse::EMPTY_HEADER; 4];
            let parsed = httparse::Request::new(&mut headers).parse(bytes);
            assert_eq!(parsed, Ok(Status::Complete(bytes.len())), "{}", bytes.escape_ascii());
            assert!(parse_request(bytes, 4, &mut All::default()).is_none(), "{}", bytes.escape_ascii());
        }
        for bytes in [
            &b"\r\nHTTP/1.1 101 a\r\nA: b\r\n\r\n"[..],
            b"\nHTTP/1.1 101 a\r\nA: b\r\n\r\n",
            b"\nHTTP/1.1 101\r\nA: b\r\n\r\n",
            b"HTTP/1.1 101\r\nA: b\r\n\r\n",
            b"HTTP/1.1 101\nA: b\r\n\r\n",
            b"HTTP/1.1 101 \xe4\r\nA: b\r\n\r\n",
            b"HTTP/1.1 101 a\nA: b\r\n\r\n",
            b"HTTP/1.1 101 a\r\nA: b\nB: c\r\n\r\n",
            b"HTTP/1.1 101 a\r\nA: b\n\r\n",
            b"HTTP/1.1 101 a\r\nA: b\r\n\n",
        ] {
            let mut headers = [httparse::EMPTY_HEADER; 4];
            let parsed = httparse::Response::new(&mut headers).parse(bytes);
            assert_eq!(parsed, Ok(Status::Complete(bytes.len())), "{}", bytes.escape_ascii());
            assert!(parse_response(bytes, 4, &mut All::default()).is_none(), "{}", bytes.escape_ascii());
        }
    }
}
