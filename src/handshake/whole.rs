//! The short road: a head that came whole and has nothing unusual about it, read by `httparse`.
//!
//! Nothing is refused here. `httparse` finds the parts of a head and checks the bytes inside them; where it is more lenient
//! than this crate, the bytes between the parts tell. Whatever is not complete or not plain takes the scanner's road, which
//! knows the limits and the errors: both roads lead to the same result.

use core::mem::MaybeUninit;

use httparse::{Header, ParserConfig, Status};

use super::check::Checked;
use super::fields::Fields;
use super::head::{RequestHead, ResponseHead};
use super::text::is_target;
use crate::extension::token::trim_start;

/// Reads the request at the front of `bytes`.
#[inline]
pub(super) fn request<'b>(bytes: &'b [u8], max_fields: usize, checked: &mut Checked<'b>) -> Option<RequestHead<'b>> {
    let mut headers = [const { MaybeUninit::uninit() }; MAX_FIELDS];
    let mut request = httparse::Request::new(&mut []);
    let Ok(Status::Complete(len)) = request.parse_with_uninit_headers(bytes, &mut headers) else { return None };
    let (method, target) = (request.method?, request.path?);
    let mut rest = Rest(bytes.get(..len)?);
    let gaps = [rest.gap_before(method.as_bytes())?, rest.gap_before(target.as_bytes())?];
    if gaps != [&b""[..], b" "] || !is_target(target) {
        return None;
    }
    let rest = rest.behind(b" HTTP/1.1\r\n")?;
    let fields = Fields::new(rest.0);
    rest.fields(request.headers, max_fields, checked)?;
    Some(RequestHead { method, target, version: (1, 1), fields, len })
}

/// Reads the response at the front of `bytes`.
#[inline]
pub(super) fn response<'b>(bytes: &'b [u8], max_fields: usize, checked: &mut Checked<'b>) -> Option<ResponseHead<'b>> {
    let mut headers = [const { MaybeUninit::uninit() }; MAX_FIELDS];
    let mut response = httparse::Response::new(&mut []);
    let parsed = ParserConfig::default().parse_response_with_uninit_headers(&mut response, bytes, &mut headers);
    let Ok(Status::Complete(len)) = parsed else { return None };
    let (status, reason) = (response.code?, response.reason?);
    let mut rest = Rest(bytes.get(..len)?);
    // Between the spaces are the three digits of the status. A phrase beyond ASCII is not handed out, and lies elsewhere.
    let [b'H', b'T', b'T', b'P', b'/', b'1', b'.', b'1', b' ', _, _, _, b' '] = rest.gap_before(reason.as_bytes())?
    else {
        return None;
    };
    let rest = rest.behind(b"\r\n")?;
    let fields = Fields::new(rest.0);
    rest.fields(response.headers, max_fields, checked)?;
    Some(ResponseHead { version: (1, 1), status, reason: reason.as_bytes(), fields, len })
}

/// What is left of a head to be accounted for.
#[derive(Clone, Copy)]
struct Rest<'b>(&'b [u8]);

impl<'b> Rest<'b> {
    /// Goes past the next part that was found, and gives out what stands in front of it.
    #[inline]
    fn gap_before(&mut self, part: &[u8]) -> Option<&'b [u8]> {
        let len = part.as_ptr().addr().checked_sub(self.0.as_ptr().addr())?;
        let (gap, rest) = self.0.split_at_checked(len)?;
        self.0 = rest.get(part.len()..)?;
        Some(gap)
    }

    /// What is behind `text`, if that stands here.
    #[inline]
    fn behind(self, text: &[u8]) -> Option<Self> {
        self.0.strip_prefix(text).map(Self)
    }

    /// What is behind the part that was found, if that stands here.
    #[inline]
    fn behind_part(self, part: &[u8]) -> Option<Self> {
        if !core::ptr::eq(self.0.as_ptr(), part.as_ptr()) {
            return None;
        }
        self.0.get(part.len()..).map(Self)
    }

    /// From the colon to the next line, with any white space around the value.
    #[cold]
    fn unusual(mut self, value: &[u8]) -> Option<Self> {
        let [b':', white_space @ ..] = self.gap_before(value)? else { return None };
        if !trim_start(white_space).is_empty() {
            return None;
        }
        Self(trim_start(self.0)).behind(b"\r\n")
    }

    /// Goes to the end of the head by way of its fields, and picks out those that matter.
    ///
    /// RFC 9112 §5: `field-line = field-name ":" OWS field-value OWS`, and CRLF ends it.
    #[inline]
    fn fields(mut self, headers: &[Header<'b>], max_fields: usize, checked: &mut Checked<'b>) -> Option<()> {
        if headers.len() > max_fields {
            return None;
        }
        for Header { name, value } in headers {
            // Today `httparse` sees to it that a field begins its line; should it learn to skip a line that is wrong, this
            // will tell.
            let colon = self.behind_part(name.as_bytes())?;
            let plain =
                colon.behind(b": ").and_then(|rest| rest.behind_part(value)).and_then(|rest| rest.behind(b"\r\n"));
            self = match plain {
                Some(rest) => rest,
                None => colon.unusual(value)?,
            };
            checked.add(name.as_bytes(), value);
        }
        (self.0 == b"\r\n").then_some(())
    }
}

/// More fields than browsers send; a head with more takes the scanner's road.
const MAX_FIELDS: usize = 64;

#[cfg(test)]
mod tests {
    use super::super::check::Found;
    use super::*;

    #[test]
    fn plain_request_takes_the_short_road() {
        let bytes = b"POST /a?b HTTP/1.1\r\nHost: c\r\nA:\r\nB:\t d\xe4 e \t\r\n\r\nbody";
        let mut checked = Checked::default();
        let head = request(bytes, 3, &mut checked).unwrap();
        assert_eq!((head.method, head.target, head.version, head.len), ("POST", "/a?b", (1, 1), bytes.len() - 4));
        let fields: Vec<(&str, &[u8])> = head.fields.collect();
        assert_eq!(fields, [("Host", &b"c"[..]), ("A", b""), ("B", b"d\xe4 e")]);
        assert_eq!(checked.host(None), Ok(&b"c"[..]));
        assert!(
            request(b"GET / HTTP/1.1\r\n\r\n", 0, &mut Checked::default()).is_some(),
            "there may be no field at all"
        );
    }

    #[test]
    fn plain_response_takes_the_short_road() {
        let bytes = b"HTTP/1.1 302 Not here\r\nUpgrade: a\r\n\r\nbody";
        let mut checked = Checked::default();
        let head = response(bytes, 1, &mut checked).unwrap();
        assert_eq!(
            (head.status, head.reason, head.version, head.len),
            (302, &b"Not here"[..], (1, 1), bytes.len() - 4)
        );
        assert!(head.fields.eq([("Upgrade", &b"a"[..])]));
        assert!(matches!(checked.upgrade, Found::Once(b"a")));
        assert!(response(b"HTTP/1.1 101 \r\n\r\n", 0, &mut Checked::default()).is_some(), "the phrase may be empty");
    }

    #[test]
    fn cut_or_long_head_is_the_scanners() {
        let bytes = b"GET / HTTP/1.1\r\nA: b\r\nB: c\r\n\r\n";
        assert!((0..bytes.len()).all(|len| request(&bytes[..len], 2, &mut Checked::default()).is_none()));
        assert!(
            request(bytes, 2, &mut Checked::default()).is_some()
                && request(bytes, 1, &mut Checked::default()).is_none()
        );
        for fields in [MAX_FIELDS, MAX_FIELDS + 1] {
            let bytes = [&b"GET / HTTP/1.1\r\n"[..], &b"A: b\r\n".repeat(fields), b"\r\n"].concat();
            assert_eq!(request(&bytes, usize::MAX, &mut Checked::default()).is_some(), fields <= MAX_FIELDS);
        }
    }

    /// `httparse` does not do so today.
    #[test]
    fn skipping_parser_is_found_out() {
        let fields = |bytes: &'static [u8], headers: &[Header<'static>]| {
            Rest(bytes).fields(headers, 2, &mut Checked::default()).is_some()
        };
        let bytes = b"A: b\r\nA: b\r\n\r\n";
        let header =
            |at: usize| Header { name: core::str::from_utf8(&bytes[at..=at]).unwrap(), value: &bytes[at + 3..at + 4] };
        assert!(fields(bytes, &[header(0), header(6)]));
        assert!(!fields(&bytes[6..], &[header(0)]), "another line of the same text");
        assert!(!fields(bytes, &[header(6)]), "a line is skipped");
        let bytes = b"A:x b\r\n\r\n";
        assert!(!fields(bytes, &[Header { name: core::str::from_utf8(&bytes[..1]).unwrap(), value: &bytes[4..5] }]));
    }

    /// Each of these passes `httparse`: only what is looked at here keeps it off the short road.
    #[test]
    fn lenience_of_httparse_is_not_ours() {
        for bytes in [
            &b"\r\nGET / HTTP/1.1\r\nA: b\r\n\r\n"[..],
            b"\nGET / HTTP/1.1\r\nA: b\r\n\r\n",
            b"GET / HTTP/1.0\r\nA: b\r\n\r\n",
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
            assert!(request(bytes, 4, &mut Checked::default()).is_none(), "{}", bytes.escape_ascii());
        }
        for bytes in [
            &b"\r\nHTTP/1.1 101 a\r\nA: b\r\n\r\n"[..],
            b"\nHTTP/1.1 101 a\r\nA: b\r\n\r\n",
            b"HTTP/1.0 101 a\r\nA: b\r\n\r\n",
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
            assert!(response(bytes, 4, &mut Checked::default()).is_none(), "{}", bytes.escape_ascii());
        }
    }
}
