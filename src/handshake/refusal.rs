//! The answer that ends a request without a WebSocket connection.

use core::fmt::{self, Write};

use super::fields::InvalidField;
use super::request_error::RequestError;
use crate::wire::{Output, OutputFull};

/// A complete response that refuses a request: status, fields and body.
///
/// [`write_to`](Self::write_to) makes HTTP/1.1 of it, with `Connection: close` and `Content-Length`. Whoever has another HTTP
/// stack reads [`status`](Self::status), [`fields`](Self::fields) and [`body`](Self::body).
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
///     Content-Length: 33\r\n\
///     \r\n\
///     there is WebSocket here, no page\n");
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Refusal<'a> {
    status: u16,
    fields: &'a [(&'a str, &'a str)],
    body: Body<'a>,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Body<'a> {
    /// A line of text that names the reason.
    Error(RequestError),
    Line(&'static str),
    /// The application's own.
    Bytes(&'a [u8]),
}

impl<'a> Refusal<'a> {
    /// A refusal of the application's own: a redirect, a login, a "not found".
    ///
    /// # Errors
    ///
    /// [`RefusalError`] for a status below 300 or above 599, and for a field that is not to be written. `Connection`,
    /// `Content-Length` and `Transfer-Encoding` are written by the handshake.
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
        if !(300..=599).contains(&status) {
            return Err(RefusalError::Status { status });
        }
        InvalidField::check(fields, &["Connection", "Content-Length", "Transfer-Encoding"])
            .map_err(RefusalError::Field)?;
        Ok(Self { status, fields, body: Body::Bytes(body) })
    }

    pub(super) fn own(status: u16, fields: &'a [(&'a str, &'a str)], body: Body<'a>) -> Self {
        Self { status, fields, body }
    }

    /// The status code.
    pub fn status(&self) -> u16 {
        self.status
    }

    /// The fields, without `Content-Length`, `Content-Type` and `Connection: close`.
    pub fn fields(&self) -> &'a [(&'a str, &'a str)] {
        self.fields
    }

    /// The body: text, or what the application gave.
    pub fn body(&self) -> impl fmt::Display + use<'a> {
        RefusalBody(self.body)
    }

    /// Appends the whole response as HTTP/1.1, or nothing.
    ///
    /// # Errors
    ///
    /// [`OutputFull`] if there is no room for all of it.
    pub fn write_to(&self, out: &mut impl Output) -> Result<(), OutputFull> {
        write_whole(out, |emit| {
            emit_text(emit, format_args!("HTTP/1.1 {} {}\r\n", self.status, reason(self.status)));
            emit_fields(emit, self.fields);
            emit(b"Connection: close\r\n");
            if !matches!(self.body, Body::Bytes(_)) {
                emit(b"Content-Type: text/plain\r\n");
            }
            let mut len = 0;
            self.body.emit(&mut |piece| len += piece.len());
            emit_text(emit, format_args!("Content-Length: {len}\r\n\r\n"));
            self.body.emit(emit);
        })
    }
}

impl Body<'_> {
    fn emit(&self, emit: &mut dyn FnMut(&[u8])) {
        match self {
            Self::Error(error) => emit_text(emit, format_args!("{error}\n")),
            Self::Line(line) => emit_text(emit, format_args!("{line}\n")),
            Self::Bytes(bytes) => emit(bytes),
        }
    }
}

struct RefusalBody<'a>(Body<'a>);

impl fmt::Display for RefusalBody<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Body::Error(error) => writeln!(f, "{error}"),
            Body::Line(line) => writeln!(f, "{line}"),
            Body::Bytes(bytes) => match core::str::from_utf8(bytes) {
                Ok(text) => f.write_str(text),
                Err(_) => bytes.escape_ascii().fmt(f),
            },
        }
    }
}

/// What the application may not refuse a request with; nothing was written.
///
/// ```
/// use websocket_proto::handshake::{Refusal, RefusalError};
///
/// assert_eq!(Refusal::new(101, &[], b"").unwrap_err(), RefusalError::Status { status: 101 });
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum RefusalError {
    /// The status is none that refuses: 300 to 599 do.
    Status {
        /// The status.
        status: u16,
    },
    /// A field must not be written.
    Field(InvalidField),
}

impl fmt::Display for RefusalError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Status { status } => write!(f, "a request cannot be refused with status {status}"),
            Self::Field(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for RefusalError {}

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
        300 => "Multiple Choices",
        301 => "Moved Permanently",
        302 => "Found",
        303 => "See Other",
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
