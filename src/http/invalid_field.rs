//! The caller's own fields, checked.

use core::fmt;

use super::text::is_text_byte;
use super::token::is_token;

/// A field of the caller's that must not be written; nothing was written.
///
/// ```
/// use websocket_proto::handshake::{ClientRequest, FieldFault, StartError};
/// use websocket_proto::wire::Limits;
///
/// let fields = [("Cookie", "a=b"), ("X-Name", "value\r\nX-Other: smuggled")];
/// let request = ClientRequest::new("example.com", "/").fields(&fields);
/// let error = request.start([0; 16], &Limits::DEFAULT, &mut Vec::new()).unwrap_err();
/// let StartError::Field(error) = error else { panic!("{error}") };
/// assert_eq!((error.index, error.fault), (1, FieldFault::Value { byte: b'\r' }));
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub struct InvalidField {
    /// Which of the fields it is, counted from 0.
    pub index: usize,
    /// What is wrong with it.
    pub fault: FieldFault,
}

/// What is wrong with a field of the caller's.
///
/// ```
/// use websocket_proto::handshake::{FieldFault, Refusal, RefusalError};
///
/// let error = Refusal::new(404, &[("Content-Length", "3")], b"none").unwrap_err();
/// let RefusalError::Field(error) = error else { panic!("{error}") };
/// assert_eq!((error.index, error.fault), (0, FieldFault::Reserved));
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum FieldFault {
    /// Its name is not a token.
    Name,
    /// Its value has a byte that could end the line, or is a control character.
    Value {
        /// The first such byte.
        byte: u8,
    },
    /// The handshake itself writes this field, or must not have it.
    Reserved,
}

impl InvalidField {
    /// Checks a caller's fields: no CR, LF or NUL gets out, and no field that the handshake itself is responsible for.
    pub(crate) fn check(fields: &[(&str, &str)], reserved: &[&[&str]]) -> Result<(), Self> {
        for (index, (name, value)) in fields.iter().enumerate() {
            let fault = if !is_token(name.as_bytes()) {
                FieldFault::Name
            } else if let Some(byte) = value.bytes().find(|&byte| !is_text_byte(byte)) {
                FieldFault::Value { byte }
            } else if reserved.iter().copied().flatten().any(|reserved| reserved.eq_ignore_ascii_case(name)) {
                FieldFault::Reserved
            } else {
                continue;
            };
            return Err(Self { index, fault });
        }
        Ok(())
    }
}

impl fmt::Display for InvalidField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let index = self.index;
        match self.fault {
            FieldFault::Name => write!(f, "the name of field {index} is not a token"),
            FieldFault::Value { byte } => write!(f, "the value of field {index} contains '{}'", byte.escape_ascii()),
            FieldFault::Reserved => write!(f, "field {index} is one that only the handshake itself may write"),
        }
    }
}

impl core::error::Error for InvalidField {}
