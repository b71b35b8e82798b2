//! The grammar of HTTP that the opening handshake and the negotiation of extensions need: heads, fields, lists, hosts and targets
//! (RFC 9110, RFC 9112, RFC 3986). Nothing of WebSocket is here.
#![forbid(unsafe_code)]

mod excerpt;
mod field_section;
mod head;
mod head_check;
mod head_error;
mod host;
mod invalid_field;
mod scheme;
mod short_text;
mod shown;
mod target;
mod text;
mod token;

pub use excerpt::Excerpt;
pub(crate) use field_section::values;
pub use field_section::{Field, FieldSection};
pub(crate) use head::Collect;
pub use head::{Fields, Head, HttpRequest, HttpResponse};
pub(crate) use head_check::HeadReader;
pub use head_error::{HeadError, HeadPart};
pub(crate) use host::{ipv6, is_same_host, split_host};
pub use invalid_field::{FieldFault, InvalidField};
pub use scheme::Scheme;
pub(crate) use short_text::ShortText;
pub(crate) use shown::{Shown, ShownTarget};
pub(crate) use target::Target;
pub(crate) use text::is_target;
pub(crate) use token::{alphanumeric_and, ascii, elements, is_token, is_token_byte, split_token, trim, trim_start};
