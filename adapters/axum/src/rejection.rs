//! The answer to a request that is not for a WebSocket, or breaks a rule.

use std::fmt;

use axum_core::body::Body;
use axum_core::response::{IntoResponse, Response};
use http::StatusCode;
use websocket_proto_hyper::Refused;

/// Why [`WebSocketUpgrade`](crate::WebSocketUpgrade) was not extracted; it is the complete response, with a body of one line that names
/// the reason.
#[derive(Debug)]
pub struct Rejection(pub(crate) Refused);

impl Rejection {
    /// The status of the response.
    pub fn status(&self) -> StatusCode {
        self.0.status()
    }

    /// Whether the request does not ask for a WebSocket at all, so that a page may be served in place of the rejection.
    pub fn is_plain_http(&self) -> bool {
        self.0.is_plain_http()
    }
}

impl IntoResponse for Rejection {
    fn into_response(self) -> Response {
        self.0.into_response().map(Body::new)
    }
}

/// The reason.
impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for Rejection {}
