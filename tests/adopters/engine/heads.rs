//! tungstenite's handshake on websocket-proto: heads are read, requests answered and responses judged by it.

use super::{client, server};
use crate::error::{CapacityError, Error, ProtocolError, Result, SubProtocolError};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Version, header, response::Builder};
use websocket_proto::extension::deflate::DeflateConfig;
use websocket_proto::handshake::{
    AcceptError, FieldSection, HeadError, Parts, Received, RequestError, ResponseError, ResponseParts, Violation,
    observe,
};
use websocket_proto::{Limits, Negotiated};

/// As many fields as tungstenite allows, in a head as long as it allows.
const LIMITS: Limits = Limits::DEFAULT.with_max_head_fields(124).with_max_head_len(65_536);

/// Reads the head of a request; what it asks for is judged by `response_to` and `accept`.
pub(super) fn request(bytes: &[u8]) -> Result<Option<(usize, server::Request)>> {
    let Some((parts, head_len)) = Parts::from_bytes(bytes, &LIMITS)? else { return Ok(None) };
    if parts.method != "GET" {
        return Err(ProtocolError::WrongHttpMethod.into());
    }
    if parts.version < (1, 1) {
        return Err(ProtocolError::WrongHttpVersion.into());
    }
    let mut request = server::Request::new(());
    *request.uri_mut() = parts.target.parse()?;
    *request.version_mut() = Version::HTTP_11;
    *request.headers_mut() = collect(parts.fields)?;
    Ok(Some((head_len, request)))
}

/// Answers a request without extensions: what follows is not known here, so nothing may be agreed on.
pub(super) fn response_to<T>(request: &http::Request<T>) -> Result<Builder> {
    let (response, _) = answer(request, None)?;
    let mut builder = http::Response::builder().status(StatusCode::SWITCHING_PROTOCOLS).version(request.version());
    if let Some(fields) = builder.headers_mut() {
        *fields = response.into_parts().0.headers;
    }
    Ok(builder)
}

/// Answers a request, and accepts permessage-deflate if it is offered.
pub(super) fn accept(request: &server::Request) -> Result<(server::Response, Negotiated)> {
    answer(request, Some(DeflateConfig::DEFAULT))
}

fn answer<T>(request: &http::Request<T>, deflate: Option<DeflateConfig>) -> Result<(server::Response, Negotiated)> {
    // §4.2.1, 1: tungstenite's name for what comes before everything else.
    if request.method() != http::Method::GET {
        return Err(ProtocolError::WrongHttpMethod.into());
    }
    match Received::try_from(request)? {
        Received::Upgrade(request) => Ok(request.accept().deflate(deflate).http_response()?),
        Received::Http(_) if !names_upgrade(request.headers()) => {
            Err(ProtocolError::MissingConnectionUpgradeHeader.into())
        }
        Received::Http(_) => Err(ProtocolError::MissingUpgradeWebSocketHeader.into()),
    }
}

fn names_upgrade(fields: &HeaderMap) -> bool {
    let values = fields.get_all(header::CONNECTION);
    values.iter().any(|value| value.as_bytes().to_ascii_lowercase().windows(7).any(|word| word == b"upgrade"))
}

/// What is agreed on, given the response as the caller's callback leaves it: without the field, there is no extension.
pub(super) fn answered(response: &server::Response, negotiated: Negotiated) -> Negotiated {
    if response.headers().contains_key(header::SEC_WEBSOCKET_EXTENSIONS) { negotiated } else { Negotiated::elsewhere() }
}

/// Reads the head of a response.
pub(super) fn response(bytes: &[u8]) -> Result<Option<(usize, client::Response)>> {
    let Some((parts, head_len)) = ResponseParts::from_bytes(bytes, &LIMITS)? else { return Ok(None) };
    if parts.version < (1, 1) {
        return Err(ProtocolError::WrongHttpVersion.into());
    }
    let mut response = client::Response::new(None);
    *response.status_mut() = StatusCode::from_u16(parts.status)?;
    *response.version_mut() = Version::HTTP_11;
    *response.headers_mut() = collect(parts.fields)?;
    Ok(Some((head_len, response)))
}

/// Judges the response to a request that was sent, and says what is agreed on: the request may offer permessage-deflate.
pub(super) fn judge(sent: &[u8], response: client::Response) -> Result<(client::Response, Negotiated)> {
    if response.status() != StatusCode::SWITCHING_PROTOCOLS {
        return Err(Error::Http(response.into()));
    }
    let Some((request, _)) = Parts::from_bytes(sent, &Limits::UNLIMITED)? else {
        return Err(ProtocolError::HandshakeIncomplete.into());
    };
    // tungstenite expects a subprotocol where one was asked for; the RFC leaves the choice of none to the server.
    let asked = request.fields.into_pairs().any(|(name, _)| name.eq_ignore_ascii_case("sec-websocket-protocol"));
    let fields = response.headers();
    if asked && !fields.contains_key(header::SEC_WEBSOCKET_PROTOCOL) {
        return Err(ProtocolError::SecWebSocketSubProtocolError(SubProtocolError::NoSubProtocol).into());
    }
    let mut violations = Vec::new();
    let negotiated = observe(request, ResponseParts::new(101, (1, 1), fields), &mut violations);
    match violations.into_iter().next() {
        Some(Violation::Request(error)) => Err(error.into()),
        Some(Violation::Response(error)) => Err(from_response(error, asked)),
        None => Ok((response, negotiated.ok_or(ProtocolError::MissingUpgradeWebSocketHeader)?)),
    }
}

fn collect<'b>(section: impl FieldSection<'b>) -> Result<HeaderMap> {
    let mut fields = HeaderMap::new();
    for (name, value) in section.into_pairs() {
        fields.append(HeaderName::from_bytes(name.as_bytes())?, HeaderValue::from_bytes(value)?);
    }
    Ok(fields)
}

impl From<HeadError> for Error {
    fn from(error: HeadError) -> Self {
        match error {
            HeadError::TooManyFields { .. } => CapacityError::TooManyHeaders.into(),
            HeadError::TooLong { .. } | HeadError::StartLineTooLong { .. } => Error::AttackAttempt,
            _ => ProtocolError::HttparseError(httparse::Error::Token).into(),
        }
    }
}

impl From<RequestError> for Error {
    fn from(error: RequestError) -> Self {
        let invalid = |name: HeaderName| ProtocolError::InvalidHeader(name.into());
        let error = match error {
            RequestError::Head(error) => return error.into(),
            RequestError::HttpVersion { .. } => ProtocolError::WrongHttpVersion,
            RequestError::Method { .. } => ProtocolError::WrongHttpMethod,
            RequestError::ConnectionWithoutUpgrade => ProtocolError::MissingConnectionUpgradeHeader,
            RequestError::VersionMissing | RequestError::VersionRepeated | RequestError::UnsupportedVersion { .. } => {
                ProtocolError::MissingSecWebSocketVersionHeader
            }
            RequestError::KeyMissing => ProtocolError::MissingSecWebSocketKey,
            RequestError::InvalidKey(_) => ProtocolError::InvalidSecWebSocketKey,
            RequestError::KeyRepeated => invalid(header::SEC_WEBSOCKET_KEY),
            RequestError::OriginRepeated => invalid(header::ORIGIN),
            RequestError::SubprotocolsEmpty | RequestError::InvalidSubprotocol { .. } => {
                invalid(header::SEC_WEBSOCKET_PROTOCOL)
            }
            RequestError::ExtensionsEmpty | RequestError::InvalidExtension(_) => {
                invalid(header::SEC_WEBSOCKET_EXTENSIONS)
            }
            RequestError::Body => invalid(header::CONTENT_LENGTH),
            _ => invalid(header::HOST),
        };
        error.into()
    }
}

impl From<AcceptError> for Error {
    fn from(_: AcceptError) -> Self {
        ProtocolError::InvalidHeader(header::SEC_WEBSOCKET_PROTOCOL.into()).into()
    }
}

fn from_response(error: ResponseError, asked: bool) -> Error {
    let subprotocol =
        if asked { SubProtocolError::InvalidSubProtocol } else { SubProtocolError::ServerSentSubProtocolNoneRequested };
    let error = match error {
        ResponseError::Head(error) => return error.into(),
        ResponseError::HttpVersion { .. } => ProtocolError::WrongHttpVersion,
        ResponseError::UpgradeMissing | ResponseError::Upgrade { .. } | ResponseError::UpgradeRepeated => {
            ProtocolError::MissingUpgradeWebSocketHeader
        }
        ResponseError::ConnectionWithoutUpgrade => ProtocolError::MissingConnectionUpgradeHeader,
        ResponseError::AcceptMissing | ResponseError::AcceptRepeated | ResponseError::AcceptWrong => {
            ProtocolError::SecWebSocketAcceptKeyMismatch
        }
        ResponseError::SubprotocolRepeated | ResponseError::SubprotocolNotOffered { .. } => {
            ProtocolError::SecWebSocketSubProtocolError(subprotocol)
        }
        _ => ProtocolError::InvalidHeader(header::SEC_WEBSOCKET_EXTENSIONS.into()),
    };
    error.into()
}
