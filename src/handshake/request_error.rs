//! What a client can do wrong in its request, and the answer that tells it so.

use super::key::InvalidKey;
use super::refusal::{OwnField, Refusal};
use crate::extension::InvalidExtension;
use crate::http::{Excerpt, HeadError};
use crate::wire::error_type;

error_type! {
    /// A request that cannot open a WebSocket connection: the client's fault.
    ///
    /// [`response`](Self::response) is the complete answer; after it the connection is closed.
    ///
    /// ```
    /// use websocket_proto::handshake::{RequestError, ServerHandshake};
    /// use websocket_proto::wire::Limits;
    ///
    /// let mut handshake = ServerHandshake::new(&Limits::DEFAULT);
    /// let error = handshake.receive(b"GET / HTTP/1.0\r\nUpgrade: websocket\r\n\r\n").unwrap_err();
    /// assert_eq!(error, RequestError::HttpVersion { major: 1, minor: 0 });
    /// let mut out = Vec::new();
    /// error.response().write_to(&mut out).unwrap();
    /// assert!(out.starts_with(b"HTTP/1.1 505 HTTP Version Not Supported\r\n"));
    /// assert!(out.ends_with(b"\r\n\r\nexpected HTTP/1.1, found HTTP/1.0\n"));
    /// ```
    #[non_exhaustive]
    pub enum RequestError: (u16, &'static str) {
        /// The bytes are not HTTP/1, or beyond a limit: 400, 414 or 431.
        Head(error: HeadError) [error.status(), "RFC 9112 §2"] => "{error}";
        /// An upgrade asks for it by another version than HTTP/1.1, or the major version is not 1: 505.
        HttpVersion {
            /// The digit before the dot.
            major: u8,
            /// The digit after it.
            minor: u8,
        } [505, "RFC 6455 §4.2.1, 1"] => "expected HTTP/1.1, found HTTP/{major}.{minor}";
        /// The method is not `GET` (§4.2.1, 1): 405 with `Allow: GET`.
        Method {
            /// The method.
            method: Excerpt,
        } [405, "RFC 6455 §4.2.1, 1"] => "expected the method GET, found {method}";
        /// The target is neither a path nor an absolute URI of a scheme that can be meant (§4.2.1, 1): 400.
        Target {
            /// The target.
            target: Excerpt,
        } [400, "RFC 6455 §4.2.1, 1"] => "expected a path or an absolute URI as the request target, found {target}";
        /// There is no `Host` (§4.2.1, 2): 400.
        HostMissing [400, "RFC 6455 §4.2.1, 2"] => "the field Host is missing";
        /// There is more than one `Host`: 400 (RFC 9112 §3.2).
        HostRepeated [400, "RFC 9112 §3.2"] => "the field Host occurs more than once";
        /// The `Host`, or the target's host, is not a host, with or without a port: 400 (RFC 9112 §3.2).
        InvalidHost {
            /// The value.
            host: Excerpt,
        } [400, "RFC 9112 §3.2"] => "expected a host, with or without a port, found {host}";
        /// An extended CONNECT has a `Host` that names another host or port than the `:authority` (RFC 9113 §8.3.1): 400.
        HostMismatch {
            /// The `Host`.
            host: Excerpt,
        } [400, "RFC 9113 §8.3.1"] => "expected the Host of the :authority, found {host}";
        /// The request announces a body, which would be read as frames: 400 (RFC 9112 §6.3, by which it belongs to the request).
        Body [400, "RFC 9112 §6.3"] => "a WebSocket request must not have a body";
        /// No `Connection` has the token `upgrade` (§4.2.1, 4): 400.
        ConnectionWithoutUpgrade [400, "RFC 6455 §4.2.1, 4"] => "the field Connection does not name Upgrade";
        /// There is no `Sec-WebSocket-Version` (§4.2.1, 6): 426 with `Sec-WebSocket-Version: 13`.
        VersionMissing [426, "RFC 6455 §4.2.1, 6"] => "the field Sec-WebSocket-Version is missing";
        /// There is more than one `Sec-WebSocket-Version`, which §11.3.5 forbids: 400.
        VersionRepeated [400, "RFC 6455 §11.3.5"] => "the field Sec-WebSocket-Version occurs more than once";
        /// The `Sec-WebSocket-Version` is not 13 (§4.2.2, 4): 426 with `Sec-WebSocket-Version: 13`.
        UnsupportedVersion {
            /// The value.
            version: Excerpt,
        } [426, "RFC 6455 §4.2.2, 4"] => "expected Sec-WebSocket-Version 13, found {version}";
        /// There is no `Sec-WebSocket-Key` (§4.2.1, 5): 400.
        KeyMissing [400, "RFC 6455 §4.2.1, 5"] => "the field Sec-WebSocket-Key is missing";
        /// There is more than one `Sec-WebSocket-Key`, which §11.3.1 forbids: 400.
        KeyRepeated [400, "RFC 6455 §11.3.1"] => "the field Sec-WebSocket-Key occurs more than once";
        /// The `Sec-WebSocket-Key` is not the base64 form of 16 bytes (§4.2.1, 5): 400.
        InvalidKey(error: InvalidKey) [400, "RFC 6455 §4.2.1, 5"] => "{error}";
        /// There is more than one `Origin`: 400.
        OriginRepeated [400, "RFC 6454 §7.3"] => "the field Origin occurs more than once";
        /// A `Sec-WebSocket-Protocol` names nothing (§4.3: `1#token`): 400.
        SubprotocolsEmpty [400, "RFC 6455 §4.3"] => "the field Sec-WebSocket-Protocol names no subprotocol";
        /// A `Sec-WebSocket-Protocol` names something that is no token: 400.
        InvalidSubprotocol {
            /// The list element.
            subprotocol: Excerpt,
        } [400, "RFC 6455 §4.3"] => "expected a token as a subprotocol, found {subprotocol}";
        /// A `Sec-WebSocket-Extensions` names nothing (§4.3: `1#extension`): 400.
        ExtensionsEmpty [400, "RFC 6455 §4.3"] => "the field Sec-WebSocket-Extensions names no extension";
        /// A `Sec-WebSocket-Extensions` breaks its grammar (§9.1): 400.
        InvalidExtension(error: InvalidExtension) [400, "RFC 6455 §9.1"] => "{error}";
        /// The `Origin` is not among those that the application allows (§4.2.2, 4): 403.
        OriginNotAllowed {
            /// The origin.
            origin: Excerpt,
        } [403, "RFC 6455 §4.2.2, 4"] => "the origin {origin} is not allowed";
        /// An extended CONNECT asks for another protocol than `websocket`: 501 (RFC 9220 §3).
        ConnectProtocol {
            /// The `:protocol`.
            protocol: Excerpt,
        } [501, "RFC 9220 §3"] => "expected the protocol websocket, found {protocol}";
        /// An extended CONNECT has another `:scheme` than `http` or `https` (RFC 8441 §5): 400.
        ConnectScheme {
            /// The `:scheme`.
            scheme: Excerpt,
        } [400, "RFC 8441 §5"] => "expected the scheme http or https, found {scheme}";
        /// An extended CONNECT has a field that HTTP/2 and HTTP/3 do not have, such as `Upgrade` (RFC 8441 §5): 400.
        ConnectionField [400, "RFC 8441 §5"] => "found a field that HTTP/2 and HTTP/3 do not have";
    }
}

impl RequestError {
    /// The section with the rule that is broken.
    pub const fn section(&self) -> &'static str {
        self.facts().1
    }

    /// The answer: what to write before the transport is closed, complete with a body of one line that names the reason.
    pub fn response(&self) -> Refusal<'static> {
        let (status, _) = self.facts();
        let fields: &'static [OwnField] = match status {
            // RFC 9110 §15.5.6: "The origin server MUST generate an Allow header field in a 405 response".
            405 => const { &[OwnField::new("Allow", "allow", "GET")] },
            // §4.2.2, 4: "an appropriate HTTP error code (such as 426 Upgrade Required) and a |Sec-WebSocket-Version|
            // header field".
            426 => UPGRADE_REQUIRED,
            _ => &[],
        };
        let refusal = Refusal::own(status, fields, self);
        match self {
            Self::Method { method } if method.as_bytes() == b"HEAD" => refusal.to_head(),
            _ => refusal,
        }
    }

    /// The answer on a stream of HTTP/2 or HTTP/3, which have no 426: where the version is at fault it is 400, and
    /// `sec-websocket-version: 13` tells why.
    pub fn response_to_connect(&self) -> Refusal<'static> {
        match self {
            Self::VersionMissing | Self::UnsupportedVersion { .. } => {
                Refusal::own(400, const { &[SUPPORTED_VERSION] }, self)
            }
            error => error.response(),
        }
        .on_stream()
    }
}

/// RFC 9110 §15.5.22: a 426 names the protocol in `Upgrade`, and §7.8 that field in `Connection`.
pub(super) const UPGRADE_REQUIRED: &[OwnField] = &[
    OwnField::new("Upgrade", "upgrade", "websocket"),
    OwnField::new("Connection", "connection", "Upgrade"),
    SUPPORTED_VERSION,
];

/// §4.4: the version that is supported.
const SUPPORTED_VERSION: OwnField = OwnField::new("Sec-WebSocket-Version", "sec-websocket-version", "13");
