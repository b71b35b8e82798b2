//! The value of a field that the negotiation writes.

use core::fmt::{self, Write};

use crate::http::ShortText;

/// The value of `Sec-WebSocket-Extensions`. It is `None` if there is nothing to write, so that its room is not cleared then.
///
/// Two offers of permessage-deflate with all parameters that there are take 288 bytes.
pub(crate) type FieldValue = ShortText<512>;

impl FieldValue {
    /// What `write` writes; nothing if that is more than there can be.
    pub(crate) fn written(write: impl FnOnce(&mut Self) -> fmt::Result) -> Option<Self> {
        let mut value = Self::EMPTY;
        write(&mut value).is_ok().then_some(value)
    }

    /// Adds elements to a list; `None` if there is no room for them.
    #[inline]
    pub(crate) fn append(list: &mut Option<Self>, elements: Self) -> Option<()> {
        match list {
            None => *list = Some(elements),
            Some(list) => {
                let mut longer = *list;
                write!(longer, ", {}", elements.as_str()).ok()?;
                *list = longer;
            }
        }
        Some(())
    }
}
