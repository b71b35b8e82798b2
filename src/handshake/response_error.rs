//! What a server can do wrong in its response.

use core::fmt;

use crate::extension::{AnswerFault, InvalidExtension, Mismatch};
use crate::http::{Excerpt, HeadError};
use crate::wire::error_type;

error_type! {
    /// A response that opens nothing and is no HTTP to be followed: the server's fault. The connection fails (§4.1).
    ///
    /// ```
    /// use websocket_proto::handshake::{ClientRequest, ResponseError};
    /// use websocket_proto::wire::Limits;
    ///
    /// let mut out = Vec::new();
    /// let mut handshake = ClientRequest::new("example.com", "/").start([7; 16], &Limits::DEFAULT, &mut out).unwrap();
    /// let error = handshake.receive(b"HTTP/1.1 101 \r\nUpgrade: h2c\r\n\r\n").unwrap_err();
    /// assert_eq!(error.to_string(), "expected websocket alone in the field Upgrade, found 'h2c'");
    /// assert!(matches!(error, ResponseError::Upgrade { .. }));
    /// ```
    #[non_exhaustive]
    pub enum ResponseError: &'static str {
        /// The bytes are not HTTP/1, or beyond a limit.
        Head(error: HeadError) ["RFC 9112 §2"] => "{error}";
        /// The version is not HTTP/1.1 or a later minor version.
        HttpVersion {
            /// The digit before the dot.
            major: u8,
            /// The digit after it.
            minor: u8,
        } ["RFC 9110 §7.8"] => "expected a response of HTTP/1.1, found HTTP/{major}.{minor}";
        /// There were more interim responses than
        /// [`Limits::max_interim_responses`](crate::wire::Limits::max_interim_responses).
        TooManyInterim {
            /// The limit.
            max: u32,
        } ["RFC 9110 §15.2"] => "expected at most {max} interim responses, found more";
        /// There is no `Upgrade` (§4.1, 2).
        UpgradeMissing ["RFC 6455 §4.1, 2"] => "the field Upgrade is missing";
        /// The `Upgrade` is not `websocket`, or not it alone (§4.1, 2).
        Upgrade {
            /// The value.
            upgrade: Excerpt,
        } ["RFC 6455 §4.1, 2"] => "expected websocket alone in the field Upgrade, found {upgrade}";
        /// There is more than one `Upgrade` (§4.1, 2).
        UpgradeRepeated ["RFC 6455 §4.1, 2"] => "the field Upgrade occurs more than once";
        /// No `Connection` has the token `upgrade` (§4.1, 3).
        ConnectionWithoutUpgrade ["RFC 6455 §4.1, 3"] => "the field Connection does not name Upgrade";
        /// There is no `Sec-WebSocket-Accept` (§4.1, 4).
        AcceptMissing ["RFC 6455 §4.1, 4"] => "the field Sec-WebSocket-Accept is missing";
        /// There is more than one `Sec-WebSocket-Accept`, which §11.3.3 forbids.
        AcceptRepeated ["RFC 6455 §11.3.3"] => "the field Sec-WebSocket-Accept occurs more than once";
        /// The `Sec-WebSocket-Accept` does not prove that the key was read (§4.1, 4).
        AcceptWrong ["RFC 6455 §4.1, 4"] => "the field Sec-WebSocket-Accept does not belong to the key";
        /// There is more than one `Sec-WebSocket-Protocol`, which §11.3.4 forbids.
        SubprotocolRepeated ["RFC 6455 §11.3.4"] => "the field Sec-WebSocket-Protocol occurs more than once";
        /// The subprotocol was not offered (§4.1, 6).
        SubprotocolNotOffered {
            /// The value.
            subprotocol: Excerpt,
        } ["RFC 6455 §4.1, 6"] => "the subprotocol {subprotocol} was not offered";
        /// A `Sec-WebSocket-Extensions` names nothing (§4.3: `1#extension`).
        ExtensionsEmpty ["RFC 6455 §4.3"] => "the field Sec-WebSocket-Extensions names no extension";
        /// A `Sec-WebSocket-Extensions` breaks its grammar (§9.1).
        InvalidExtension(error: InvalidExtension) ["RFC 6455 §9.1"] => "{error}";
        /// An extension was not offered (§4.1, 5).
        ExtensionNotOffered {
            /// Its name.
            extension: Excerpt,
        } ["RFC 6455 §4.1, 5"] => "the extension {extension} was not offered";
        /// An extension was accepted twice.
        ExtensionRepeated {
            /// Its name.
            extension: Excerpt,
        } ["RFC 7692 §5"] => "the extension {extension} was accepted twice";
        /// An extension was accepted beside another that owns the same reserved bit (RFC 7692 §5).
        ExtensionConflict {
            /// Its name.
            extension: Excerpt,
        } ["RFC 7692 §5"] => "the extension {extension} was accepted beside another that owns the same reserved bit";
        /// A parameter of an extension does not fit the offer: by its name, by its value, or because it is repeated (RFC 7692 §7).
        ExtensionParam {
            /// Its name.
            name: Excerpt,
            /// Its value, if it has one.
            value: Option<Excerpt>,
        } ["RFC 7692 §7.1"] => "the extension's parameter {name}{} does not answer the offer", WithValue(value);
        /// A parameter of an extension that was demanded is not there (RFC 7692 §7.1).
        ExtensionParamMissing {
            /// Its name.
            name: &'static str,
        } ["RFC 7692 §7.1"] => "the extension's parameter '{name}' was demanded and is missing";
    }
}

impl ResponseError {
    /// The section with the rule that is broken.
    pub const fn section(&self) -> &'static str {
        self.facts()
    }
}

impl From<Mismatch<'_>> for ResponseError {
    fn from(mismatch: Mismatch<'_>) -> Self {
        match mismatch {
            Mismatch::NotOffered(name) => Self::ExtensionNotOffered { extension: Excerpt::new(name.as_bytes()) },
            Mismatch::Repeated(name) => Self::ExtensionRepeated { extension: Excerpt::new(name.as_bytes()) },
            Mismatch::ReservedBits(name) => Self::ExtensionConflict { extension: Excerpt::new(name.as_bytes()) },
            Mismatch::Fault(fault) => fault.into(),
        }
    }
}

impl From<AnswerFault<'_>> for ResponseError {
    fn from(fault: AnswerFault<'_>) -> Self {
        match fault {
            AnswerFault::Param(param) => Self::ExtensionParam {
                name: Excerpt::new(param.name().as_bytes()),
                value: param.value().map(|value| Excerpt::from_bytes(value.bytes())),
            },
            AnswerFault::ParamMissing(name) => Self::ExtensionParamMissing { name },
        }
    }
}

/// What is said of a parameter's value.
struct WithValue<'e>(&'e Option<Excerpt>);

impl fmt::Display for WithValue<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.map_or(Ok(()), |value| write!(f, " with the value {value}"))
    }
}
