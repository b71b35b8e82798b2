//! The short road: a head that came whole and has nothing unusual about it, read by `httparse`.
//!
//! Nothing is refused here. `httparse` finds the parts of a head and checks the bytes inside them; where it is more lenient
//! than this crate, the bytes between the parts tell. Whatever is not complete or not plain takes the scanner's road, which
//! knows the limits and the errors: both roads lead to the same result.

use core::mem::MaybeUninit;

use httparse::{Header, Status};

use super::check::Checked;
use super::fields::Fields;
use super::head::{RequestHead, ResponseHead};
use super::text::is_target;
use crate::extension::token::trim_start;

/// Reads the request at the front of `bytes`.
#[inline]
pub(super) fn request(bytes: &[u8], max_fields: usize) -> Option<RequestHead<'_>> {
    let mut headers = [const { MaybeUninit::uninit() }; MAX_FIELDS];
    let mut request = httparse::Request::new(&mut []);
    let Ok(Status::Complete(len)) = request.parse_with_uninit_headers(bytes, &mut headers) else { return None };
    let (method, target) = (request.method?, request.path?);
    let mut rest = Rest(bytes.get(..len)?);
    rest.part(method.as_bytes())?;
    rest.exactly(b" ")?;
    rest.part(target.as_bytes())?;
    rest.exactly(b" HTTP/1.1\r\n")?;
    if !is_target(target) {
        return None;
    }
    let fields = Fields::new(rest.0);
    let checked = rest.fields(request.headers, max_fields)?;
    Some(RequestHead { method, target, version: (1, 1), fields, checked, len })
}

/// Reads the response at the front of `bytes`.
#[inline]
pub(super) fn response(bytes: &[u8], max_fields: usize) -> Option<ResponseHead<'_>> {
    let mut headers = [const { MaybeUninit::uninit() }; MAX_FIELDS];
    let mut response = httparse::Response::new(&mut []);
    let Ok(Status::Complete(len)) =
        httparse::ParserConfig::default().parse_response_with_uninit_headers(&mut response, bytes, &mut headers)
    else {
        return None;
    };
    let (status, reason) = (response.code?, response.reason?);
    let mut rest = Rest(bytes.get(..len)?);
    rest.exactly(b"HTTP/1.1 ")?;
    // The three digits of the status, which is a number already.
    rest.0 = rest.0.get(3..)?;
    rest.exactly(b" ")?;
    rest.part(reason.as_bytes())?;
    rest.exactly(b"\r\n")?;
    let fields = Fields::new(rest.0);
    let checked = rest.fields(response.headers, max_fields)?;
    Some(ResponseHead { version: (1, 1), status, reason: reason.as_bytes(), fields, checked, len })
}

/// What is left of a head to be accounted for.
struct Rest<'b>(&'b [u8]);

impl<'b> Rest<'b> {
    /// Goes past a part that was found, if it lies right here.
    #[inline]
    fn part(&mut self, part: &[u8]) -> Option<()> {
        let (here, rest) = self.0.split_at_checked(part.len())?;
        self.0 = rest;
        core::ptr::eq(here, part).then_some(())
    }

    /// Goes past `text`, if nothing else stands here.
    #[inline]
    fn exactly(&mut self, text: &[u8]) -> Option<()> {
        self.0 = self.0.strip_prefix(text)?;
        Some(())
    }

    #[inline]
    fn white_space(&mut self) {
        self.0 = trim_start(self.0);
    }

    /// Goes to the end of the head by way of its fields, and picks out those that matter.
    ///
    /// RFC 9112 §5: `field-line = field-name ":" OWS field-value OWS`, and CRLF ends it.
    #[inline]
    fn fields(mut self, headers: &[Header<'b>], max_fields: usize) -> Option<Checked<'b>> {
        if headers.len() > max_fields {
            return None;
        }
        let mut checked = Checked::default();
        for Header { name, value } in headers {
            self.part(name.as_bytes())?;
            self.exactly(b":")?;
            self.white_space();
            self.part(value)?;
            self.white_space();
            self.exactly(b"\r\n")?;
            checked.add(name.as_bytes(), value);
        }
        self.exactly(b"\r\n")?;
        self.0.is_empty().then_some(checked)
    }
}

/// More fields than browsers send; a head with more takes the scanner's road.
const MAX_FIELDS: usize = 64;
