//! The response that ends a request without a WebSocket connection.

use core::fmt::{self, Write};

use crate::http::{InvalidField, ShortText, Shown};
use crate::wire::{Output, OutputFull, error_type};

/// A complete response without a WebSocket connection: a refusal, or the answer to plain HTTP.
///
/// [`write_to`](Self::write_to) makes HTTP/1.1 of it, with `Connection: close` and `Content-Length`. A caller with another HTTP
/// stack reads [`status`](Self::status), [`fields`](Self::fields) and [`body`](Self::body), or, with feature `http`, calls `to_http`.
///
/// The answer to HEAD, and a response with status 204 or 304, has no body (RFC 9110 §9.3.2, §15.3.5, §15.4.5).
///
/// ```
/// use websocket_proto::handshake::{Received, ServerHandshake};
/// use websocket_proto::wire::Limits;
///
/// let received = ServerHandshake::new(&Limits::DEFAULT).receive(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").unwrap();
/// let Some(Received::Http(request)) = received else { panic!("not plain HTTP") };
/// let mut out = Vec::new();
/// request.upgrade_required().write_to(&mut out).unwrap();
/// assert_eq!(out, b"HTTP/1.1 426 Upgrade Required\r\n\
///     Upgrade: websocket\r\n\
///     Connection: Upgrade\r\n\
///     Sec-WebSocket-Version: 13\r\n\
///     Connection: close\r\n\
///     Content-Type: text/plain\r\n\
///     Content-Length: 40\r\n\
///     \r\n\
///     only WebSocket connections are accepted\n");
/// ```
#[derive(Clone, Copy)]
#[must_use = "the response has to be sent"]
pub struct Refusal<'a> {
    status: u16,
    /// The handshake's own fields.
    own: &'static [OwnField],
    /// The application's.
    fields: &'a [(&'a str, &'a str)],
    body: Body<'a>,
    /// Whether it answers a request that wants no body.
    head: bool,
    /// Whether it goes out on HTTP/1.1, where a connection is closed after it.
    http1: bool,
}

/// A field that the handshake itself writes.
pub(super) struct OwnField {
    /// As HTTP/1.1 is used to it.
    name: &'static str,
    /// As HTTP/2 and HTTP/3 want it.
    lower_name: &'static str,
    value: &'static str,
}

impl OwnField {
    pub(super) const fn new(name: &'static str, lower_name: &'static str, value: &'static str) -> Self {
        Self { name, lower_name, value }
    }
}

#[derive(Clone, Copy)]
enum Body<'a> {
    /// A line of text that names the reason. The longest sentence of an error fits.
    Line(ShortText<192>),
    /// The application's own.
    Bytes(&'a [u8]),
}

impl<'a> Refusal<'a> {
    /// A refusal of the application's own: a redirect, a login, a "not found".
    ///
    /// # Errors
    ///
    /// [`RefusalError`] for a status below 300 or above 599, and for a field that must not be written: `Connection`,
    /// `Content-Length` and `Transfer-Encoding` are the handshake's.
    ///
    /// ```
    /// use websocket_proto::handshake::Refusal;
    ///
    /// let refusal = Refusal::new(302, &[("Location", "/login")], b"").unwrap();
    /// let mut out = Vec::new();
    /// refusal.write_to(&mut out).unwrap();
    /// assert_eq!(out, b"HTTP/1.1 302 Found\r\nLocation: /login\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
    /// assert!(Refusal::new(302, &[("Location", "/a\r\nSet-Cookie: b=c")], b"").is_err());
    /// ```
    pub fn new(status: u16, fields: &'a [(&'a str, &'a str)], body: &'a [u8]) -> Result<Self, RefusalError> {
        Self::application(300, status, fields, body)
    }

    /// A response of the application's to plain HTTP, with any final status.
    pub(super) fn page(status: u16, fields: &'a [(&'a str, &'a str)], body: &'a [u8]) -> Result<Self, RefusalError> {
        Self::application(200, status, fields, body)
    }

    fn application(
        least: u16,
        status: u16,
        fields: &'a [(&'a str, &'a str)],
        body: &'a [u8],
    ) -> Result<Self, RefusalError> {
        if !(least..=599).contains(&status) {
            return Err(RefusalError::Status { status });
        }
        InvalidField::check(fields, &[&["Connection", "Content-Length", "Transfer-Encoding"]])?;
        Ok(Self { status, own: &[], fields, body: Body::Bytes(body), head: false, http1: true })
    }

    /// The handshake's own, with a body of one line.
    pub(super) fn own(status: u16, own: &'static [OwnField], reason: impl fmt::Display) -> Self {
        let mut line = ShortText::EMPTY;
        let fits = writeln!(line, "{reason}");
        debug_assert!(fits.is_ok(), "{reason}");
        Self { status, own, fields: &[], body: Body::Line(line), head: false, http1: true }
    }

    /// The same for a stream of HTTP/2 or HTTP/3.
    pub(super) fn on_stream(self) -> Self {
        Self { http1: false, ..self }
    }

    /// The same as an answer to HEAD, which has no body: RFC 9110 §9.3.2: "the server MUST NOT send content in the response".
    pub fn to_head(self) -> Self {
        Self { head: true, ..self }
    }

    /// The status code.
    pub fn status(&self) -> u16 {
        self.status
    }

    /// The fields, without `Content-Length`: the handshake's, with names in lower case as HTTP/2 wants them, and then the
    /// application's own.
    pub fn fields(&self) -> impl Iterator<Item = (&'a str, &'a str)> + Clone + use<'a> {
        let close = self.http1.then_some(("connection", "close"));
        let text = self.has_line().then_some(("content-type", "text/plain"));
        self.own
            .iter()
            .map(|field| (field.lower_name, field.value))
            .chain(close)
            .chain(text)
            .chain(self.fields.iter().copied())
    }

    /// The body: a line of text, or what the application gave. It is empty where the response has none.
    pub fn body(&self) -> &[u8] {
        if self.has_no_body() { &[] } else { self.content() }
    }

    /// Appends the whole response as HTTP/1.1, or nothing.
    ///
    /// # Errors
    ///
    /// [`OutputFull`] if there is no room for all of it.
    pub fn write_to(&self, out: &mut impl Output) -> Result<(), OutputFull> {
        write_whole(out, |emit| {
            emit_text(emit, format_args!("HTTP/1.1 {} {}\r\n", self.status, reason(self.status)));
            for field in self.own {
                emit_fields(emit, &[(field.name, field.value)]);
            }
            emit_fields(emit, self.fields);
            emit(b"Connection: close\r\n");
            if self.has_line() {
                emit(b"Content-Type: text/plain\r\n");
            }
            // RFC 9110 §8.6: a 204 has none; a 304 and the answer to HEAD tell the length of what is not sent, if anything.
            if !matches!(self.status, 204 | 304) {
                emit_text(emit, format_args!("Content-Length: {}\r\n", self.content().len()));
            }
            emit(b"\r\n");
            emit(self.body());
        })
    }

    fn content(&self) -> &[u8] {
        match &self.body {
            Body::Line(line) => line.as_str().as_bytes(),
            Body::Bytes(bytes) => bytes,
        }
    }

    fn has_line(&self) -> bool {
        matches!(self.body, Body::Line(_))
    }

    /// RFC 9112 §6.3: "Any response to a HEAD request and any response with a 1xx (Informational), 204 (No Content), or 304 (Not
    /// Modified) status code is always terminated by the first empty line after the header fields".
    fn has_no_body(&self) -> bool {
        self.head || matches!(self.status, 204 | 304)
    }
}

impl fmt::Debug for Refusal<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Refusal")
            .field("status", &self.status)
            .field("fields", &Shown(|| self.fields()))
            .field("body_len", &self.body().len())
            .finish()
    }
}

error_type! {
    /// What the application may not refuse a request with; nothing was written.
    ///
    /// ```
    /// use websocket_proto::handshake::{Refusal, RefusalError};
    ///
    /// assert_eq!(Refusal::new(101, &[], b"").unwrap_err(), RefusalError::Status { status: 101 });
    /// ```
    #[non_exhaustive]
    pub enum RefusalError {
        /// The status does not refuse: 300 to 599 do. For an answer to plain HTTP, 200 to 299 are allowed, too.
        Status {
            /// The status.
            status: u16,
        } => "expected a status from 300 to 599 (for plain HTTP, from 200), found {status}";
        /// A field must not be written.
        Field(error: InvalidField) => "{error}";
    }
}

/// Writes what `pieces` emits, all of it or nothing: it is called once to measure and once to write.
#[inline]
pub(super) fn write_whole(
    out: &mut impl Output,
    mut pieces: impl FnMut(&mut dyn FnMut(&[u8])),
) -> Result<(), OutputFull> {
    let mut len = 0_usize;
    pieces(&mut |piece| len = len.saturating_add(piece.len()));
    let mut place = out.append_zeros(len)?;
    pieces(&mut |piece| {
        if let Some((to, rest)) = core::mem::take(&mut place).split_at_mut_checked(piece.len()) {
            to.copy_from_slice(piece);
            place = rest;
        }
    });
    Ok(())
}

/// Emits each field as a line.
#[inline]
pub(super) fn emit_fields(emit: &mut dyn FnMut(&[u8]), fields: &[(&str, &str)]) {
    for (name, value) in fields {
        for piece in [name, ": ", value, "\r\n"] {
            emit(piece.as_bytes());
        }
    }
}

fn emit_text(emit: &mut dyn FnMut(&[u8]), text: fmt::Arguments<'_>) {
    // An `Emitter` takes everything: it never fails.
    let _always = Emitter(emit).write_fmt(text);
}

/// Formatted text, handed on piece by piece.
struct Emitter<'e>(&'e mut dyn FnMut(&[u8]));

impl Write for Emitter<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        (self.0)(text.as_bytes());
        Ok(())
    }
}

/// RFC 9110 §15: the reason phrases of the codes that a WebSocket server may want.
fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        201 => "Created",
        202 => "Accepted",
        204 => "No Content",
        300 => "Multiple Choices",
        301 => "Moved Permanently",
        302 => "Found",
        303 => "See Other",
        304 => "Not Modified",
        307 => "Temporary Redirect",
        308 => "Permanent Redirect",
        400 => "Bad Request",
        401 => "Unauthorized",
        402 => "Payment Required",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        406 => "Not Acceptable",
        407 => "Proxy Authentication Required",
        408 => "Request Timeout",
        409 => "Conflict",
        410 => "Gone",
        414 => "URI Too Long",
        421 => "Misdirected Request",
        422 => "Unprocessable Content",
        426 => "Upgrade Required",
        428 => "Precondition Required",
        429 => "Too Many Requests",
        431 => "Request Header Fields Too Large",
        451 => "Unavailable For Legal Reasons",
        500 => "Internal Server Error",
        501 => "Not Implemented",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Gateway Timeout",
        505 => "HTTP Version Not Supported",
        // RFC 9112 §4: the phrase may be empty.
        _ => "",
    }
}
