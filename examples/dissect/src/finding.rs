//! What is wrong, and which sentence says so.

use std::fmt;

use websocket_proto::ProtocolError;
use websocket_proto::handshake::Violation;

/// A breach of the protocol, as seen from outside.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Finding {
    pub text: String,
    /// Where the rule stands.
    pub section: &'static str,
    /// What an endpoint that saw it would send in its Close.
    pub close_code: Option<u16>,
}

impl Finding {
    pub fn new(section: &'static str, text: impl Into<String>) -> Self {
        Self { text: text.into(), section, close_code: None }
    }
}

impl From<ProtocolError> for Finding {
    fn from(error: ProtocolError) -> Self {
        let section = match error {
            ProtocolError::ReservedBits { .. }
            | ProtocolError::ReservedOpcode { .. }
            | ProtocolError::LengthNotMinimal { .. }
            | ProtocolError::LengthTopBit { .. } => "RFC 6455 §5.2",
            ProtocolError::FragmentedControl { .. } | ProtocolError::ControlTooLong { .. } => "RFC 6455 §5.5",
            ProtocolError::Unmasked | ProtocolError::Masked => "RFC 6455 §5.1",
            ProtocolError::UnexpectedContinuation | ProtocolError::ExpectedContinuation { .. } => "RFC 6455 §5.4",
            ProtocolError::InvalidUtf8 { .. } => "RFC 6455 §8.1",
            ProtocolError::CloseCodeCut | ProtocolError::InvalidCloseReason { .. } => "RFC 6455 §5.5.1",
            ProtocolError::InvalidCloseCode { .. } => "RFC 6455 §7.4",
            ProtocolError::InvalidCompression(_) => "RFC 7692 §7.2.2",
            _ => "RFC 6455",
        };
        Self { text: error.to_string(), section, close_code: Some(error.close_code().get()) }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.text, self.section)?;
        self.close_code.map_or(Ok(()), |code| write!(f, "; an endpoint closes with {code}"))
    }
}

impl From<Violation> for Finding {
    fn from(violation: Violation) -> Self {
        Self::new(violation.section(), violation.to_string())
    }
}
