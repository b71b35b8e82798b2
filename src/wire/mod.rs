//! The values of the protocol and pure functions over them.
//!
//! Nothing here keeps a connection's state, and nothing allocates. A load generator or a protocol analyser may need no more.
#![forbid(unsafe_code)]

#[cfg(feature = "arbitrary")]
mod arbitrary;
mod close;
mod control;
mod encoded_header;
mod error;
mod header;
mod invalid_deflate;
mod limits;
mod mask;
mod opcode;
mod output;
mod redacted;
mod rsv;
mod setters;
mod texts;
mod utf8;

pub use close::{CloseCode, CloseFrame, InvalidCloseCode, ReasonTooLong};
pub use control::{ControlFrame, ControlPayload, ControlPayloadTooLong};
pub use encoded_header::EncodedHeader;
pub use error::ProtocolError;
pub(crate) use header::widened;
pub use header::{Header, HeaderStart, LengthTooLarge};
pub use invalid_deflate::InvalidDeflate;
pub use limits::Limits;
pub use mask::{Masker, MaskingKey};
pub use opcode::{ControlOpcode, DataOpcode, MessageKind, Opcode};
pub use output::{FixedOutput, Output, OutputFull};
pub(crate) use redacted::Redacted;
pub use rsv::Rsv;
pub(crate) use setters::setters;
pub(crate) use texts::{error_type, text_enum};
pub(crate) use utf8::Utf8Stream;
pub use utf8::{InvalidUtf8, PartialChar};
