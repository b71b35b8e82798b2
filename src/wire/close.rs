//! Close frames and their status codes (§5.5.1, §7.4).

use core::fmt;

use super::{ControlPayload, ProtocolError, Redacted, error_type};

/// A status code that may appear in a Close frame (§7.4).
///
/// ```
/// use websocket_proto::wire::CloseCode;
///
/// assert_eq!(CloseCode::new(1000), Ok(CloseCode::NORMAL));
/// assert!(CloseCode::new(4000).is_ok(), "private use");
/// assert!(CloseCode::new(1006).is_err(), "never on the wire");
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct CloseCode(u16);

impl CloseCode {
    /// 1000: the purpose of the connection is fulfilled.
    pub const NORMAL: Self = Self(1000);
    /// 1001: a server goes down, or a browser leaves the page.
    pub const GOING_AWAY: Self = Self(1001);
    /// 1002: the peer broke the protocol.
    pub const PROTOCOL_ERROR: Self = Self(1002);
    /// 1003: the endpoint cannot accept this kind of data, such as binary where it understands text only.
    pub const UNSUPPORTED_DATA: Self = Self(1003);
    /// 1007: data inconsistent with the message's kind, such as text that is not UTF-8.
    pub const INVALID_PAYLOAD: Self = Self(1007);
    /// 1008: a message that violates the endpoint's policy.
    pub const POLICY_VIOLATION: Self = Self(1008);
    /// 1009: a message too big to process.
    pub const MESSAGE_TOO_BIG: Self = Self(1009);
    /// 1010: a client expected an extension that the server did not negotiate.
    pub const MANDATORY_EXTENSION: Self = Self(1010);
    /// 1011: something unexpected prevents the endpoint from going on.
    pub const INTERNAL_ERROR: Self = Self(1011);
    /// 1012: the service restarts (IANA registry).
    pub const SERVICE_RESTART: Self = Self(1012);
    /// 1013: the service is overloaded; try again later (IANA registry).
    pub const TRY_AGAIN_LATER: Self = Self(1013);
    /// 1014: a gateway got an invalid response from upstream (IANA registry).
    pub const BAD_GATEWAY: Self = Self(1014);

    /// Takes a code that may be sent: 1000–1003, 1007–1014, 3000–4999.
    ///
    /// # Errors
    ///
    /// [`InvalidCloseCode`] for every other: §7.4.1 says of 1005, 1006 and 1015 that each "MUST NOT be set as a status code
    /// in a Close control frame by an endpoint"; the rest are reserved or unassigned (§7.4.2).
    pub const fn new(code: u16) -> Result<Self, InvalidCloseCode> {
        match code {
            1000..=1003 | 1007..=1014 | 3000..=4999 => Ok(Self(code)),
            _ => Err(InvalidCloseCode(code)),
        }
    }

    /// The code as a number.
    pub const fn get(self) -> u16 {
        self.0
    }
}

impl From<CloseCode> for u16 {
    fn from(code: CloseCode) -> Self {
        code.0
    }
}

impl TryFrom<u16> for CloseCode {
    type Error = InvalidCloseCode;

    fn try_from(code: u16) -> Result<Self, InvalidCloseCode> {
        Self::new(code)
    }
}

impl fmt::Display for CloseCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A number that is no status code of a Close frame.
///
/// ```
/// use websocket_proto::wire::CloseCode;
///
/// let error = CloseCode::new(1005).unwrap_err();
/// assert_eq!(error.to_string(), "expected a status code that may be sent in a Close frame, found 1005");
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct InvalidCloseCode(pub u16);

impl fmt::Display for InvalidCloseCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "expected a status code that may be sent in a Close frame, found {}", self.0)
    }
}

impl core::error::Error for InvalidCloseCode {}

/// The payload of a Close frame: nothing, or a status code and a reason (§5.5.1).
///
/// ```
/// use websocket_proto::wire::{CloseCode, CloseFrame};
///
/// let frame = CloseFrame::new(CloseCode::GOING_AWAY, "maintenance").unwrap();
/// assert_eq!(frame.code(), Some(CloseCode::GOING_AWAY));
/// assert_eq!(frame.reason(), "maintenance");
/// assert_eq!(frame.to_string(), "1001 (maintenance)");
/// assert_eq!(CloseFrame::EMPTY.code(), None);
/// ```
#[derive(Clone, Copy, Eq, Hash, PartialEq)]
pub struct CloseFrame {
    /// Empty, or a legal code in network byte order and up to 123 bytes of UTF-8.
    payload: ControlPayload,
}

impl CloseFrame {
    /// A Close frame without status code; the peer's application sees 1005 (§7.1.5).
    pub const EMPTY: Self = Self { payload: ControlPayload::EMPTY };

    /// The longest reason, in bytes: what a control frame's payload leaves beside the code.
    pub const MAX_REASON_LEN: usize = ControlPayload::MAX_LEN - 2;

    /// Makes a Close frame with a status code and a reason, which may be empty.
    ///
    /// # Errors
    ///
    /// [`ReasonTooLong`] if the reason has more than 123 bytes.
    pub fn new(code: CloseCode, reason: &str) -> Result<Self, ReasonTooLong> {
        match ControlPayload::concat(&code.get().to_be_bytes(), reason.as_bytes()) {
            Some(payload) => Ok(Self { payload }),
            None => Err(ReasonTooLong { len: reason.len() }),
        }
    }

    /// Reads the payload of a peer's Close frame.
    ///
    /// # Errors
    ///
    /// [`ProtocolError::CloseCodeCut`] for one byte, [`ProtocolError::InvalidCloseCode`], [`ProtocolError::InvalidCloseReason`].
    pub fn decode(payload: ControlPayload) -> Result<Self, ProtocolError> {
        match *payload.as_bytes() {
            [] => {}
            // §5.5.1: "If there is a body, the first two bytes of the body MUST be a 2-byte unsigned integer".
            [_] => return Err(ProtocolError::CloseCodeCut),
            [high, low, ref reason @ ..] => {
                let code = u16::from_be_bytes([high, low]);
                if CloseCode::new(code).is_err() {
                    return Err(ProtocolError::InvalidCloseCode { code });
                }
                // §5.5.1: "Following the 2-byte integer, the body MAY contain UTF-8-encoded data".
                if let Err(error) = core::str::from_utf8(reason) {
                    return Err(ProtocolError::InvalidCloseReason { valid_up_to: error.valid_up_to() });
                }
            }
        }
        Ok(Self { payload })
    }

    /// The status code, if there is one.
    pub fn code(&self) -> Option<CloseCode> {
        match *self.payload.as_bytes() {
            [high, low, ..] => Some(CloseCode(u16::from_be_bytes([high, low]))),
            _ => None,
        }
    }

    /// The reason; empty where there is none.
    pub fn reason(&self) -> &str {
        self.payload.as_bytes().get(2..).and_then(|reason| core::str::from_utf8(reason).ok()).unwrap_or_default()
    }

    /// The payload as it goes over the wire, before masking.
    pub const fn payload(&self) -> &ControlPayload {
        &self.payload
    }
}

impl From<CloseCode> for CloseFrame {
    fn from(code: CloseCode) -> Self {
        Self { payload: ControlPayload::concat(&code.get().to_be_bytes(), &[]).unwrap_or(ControlPayload::EMPTY) }
    }
}

/// As a person would say it: `1001 (maintenance)`, or `no status code`.
impl fmt::Display for CloseFrame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.code(), self.reason()) {
            (None, _) => f.write_str("no status code"),
            (Some(code), "") => code.fmt(f),
            (Some(code), reason) => write!(f, "{code} ({})", reason.escape_debug()),
        }
    }
}

/// With the status code, but without the reason, which may be secret; [`Display`](fmt::Display) shows both.
impl fmt::Debug for CloseFrame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CloseFrame")
            .field("code", &self.code())
            .field("reason", &Redacted(self.reason().len()))
            .finish()
    }
}

error_type! {
    /// A reason of more than [`CloseFrame::MAX_REASON_LEN`] bytes.
    ///
    /// ```
    /// use websocket_proto::wire::{CloseCode, CloseFrame, ReasonTooLong};
    ///
    /// assert_eq!(CloseFrame::new(CloseCode::NORMAL, &"x".repeat(124)), Err(ReasonTooLong { len: 124 }));
    /// ```
    pub struct ReasonTooLong {
        /// The reason's length in bytes.
        pub len: usize,
    } => "expected at most {} bytes in a Close frame's reason, found {len}", CloseFrame::MAX_REASON_LEN;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decode(bytes: &[u8]) -> Result<CloseFrame, ProtocolError> {
        CloseFrame::decode(ControlPayload::new(bytes).unwrap())
    }

    #[test]
    fn every_code_is_legal_or_not_as_section_7_4_says() {
        for code in 0..=u16::MAX {
            let legal = (1000..1004).contains(&code) || (1007..1015).contains(&code) || (3000..5000).contains(&code);
            assert_eq!(CloseCode::new(code).is_ok(), legal, "{code}");
            let [high, low] = code.to_be_bytes();
            match decode(&[high, low]) {
                Ok(frame) => assert!(legal && frame.code().unwrap().get() == code),
                Err(error) => assert!(!legal && error == ProtocolError::InvalidCloseCode { code }),
            }
        }
    }

    #[test]
    fn payload_of_one_byte_is_a_cut_code() {
        assert_eq!(decode(&[0x03]), Err(ProtocolError::CloseCodeCut));
    }

    #[test]
    fn empty_payload_has_neither_code_nor_reason() {
        let frame = decode(&[]).unwrap();
        assert_eq!((frame.code(), frame.reason()), (None, ""));
    }

    #[test]
    fn reason_that_is_not_utf8_is_refused_with_its_place() {
        assert_eq!(decode(b"\x03\xe8ab\xff"), Err(ProtocolError::InvalidCloseReason { valid_up_to: 2 }));
        assert_eq!(decode(b"\x03\xe8\xe2\x82"), Err(ProtocolError::InvalidCloseReason { valid_up_to: 0 }));
    }

    #[test]
    fn reason_holds_123_bytes_and_not_124() {
        let longest = "x".repeat(123);
        assert_eq!(CloseFrame::new(CloseCode::NORMAL, &longest).unwrap().reason(), longest);
        assert_eq!(CloseFrame::new(CloseCode::NORMAL, &"x".repeat(124)), Err(ReasonTooLong { len: 124 }));
    }
}
