//! The query of a request: which protocol, which transport, which session.

use hyper::Uri;

/// What a request asks for.
#[derive(Debug, Default, Eq, PartialEq)]
pub struct Query {
    pub transport: Transport,
    pub sid: Option<String>,
}

#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Transport {
    #[default]
    Polling,
    WebSocket,
}

/// Why a request is refused: the code and the text that clients of the reference know.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum BadRequest {
    UnknownTransport,
    UnknownSession,
    BadMethod,
    Bad,
    Forbidden,
    UnsupportedProtocol,
}

impl BadRequest {
    pub fn status(self) -> u16 {
        if self == Self::Forbidden { 403 } else { 400 }
    }

    pub fn body(self) -> String {
        let (code, message) = match self {
            Self::UnknownTransport => (0, "Transport unknown"),
            Self::UnknownSession => (1, "Session ID unknown"),
            Self::BadMethod => (2, "Bad handshake method"),
            Self::Bad => (3, "Bad request"),
            Self::Forbidden => (4, "Forbidden"),
            Self::UnsupportedProtocol => (5, "Unsupported protocol version"),
        };
        format!(r#"{{"code":{code},"message":"{message}"}}"#)
    }
}

impl Query {
    pub fn parse(uri: &Uri) -> Result<Self, BadRequest> {
        let (mut revision, mut transport, mut sid) = (None, None, None);
        for pair in uri.query().unwrap_or_default().split('&') {
            match pair.split_once('=').unwrap_or((pair, "")) {
                ("EIO", value) => revision = Some(value),
                ("transport", value) => transport = Some(value),
                ("sid", value) => sid = Some(value.to_owned()),
                _ => {}
            }
        }
        let transport = match transport {
            Some("polling") => Transport::Polling,
            Some("websocket") => Transport::WebSocket,
            _ => return Err(BadRequest::UnknownTransport),
        };
        match revision {
            Some("4") => Ok(Self { transport, sid }),
            _ => Err(BadRequest::UnsupportedProtocol),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(query: &str) -> Result<Query, BadRequest> {
        Query::parse(&format!("/socket.io/?{query}").parse().unwrap())
    }

    #[test]
    fn revision_and_transport_are_needed() {
        assert_eq!(parse("EIO=4&transport=polling"), Ok(Query { transport: Transport::Polling, sid: None }));
        let found = parse("EIO=4&transport=websocket&sid=abc&t=x");
        assert_eq!(found, Ok(Query { transport: Transport::WebSocket, sid: Some("abc".into()) }));
        for query in ["transport=polling", "EIO=abc&transport=polling", "EIO=3&transport=polling"] {
            assert_eq!(parse(query), Err(BadRequest::UnsupportedProtocol), "{query}");
        }
        for query in ["EIO=4", "EIO=4&transport=abc", ""] {
            assert_eq!(parse(query), Err(BadRequest::UnknownTransport), "{query}");
        }
    }
}
