//! The value of a field that the negotiation writes.

use core::fmt::{self, Write};

/// The value of `Sec-WebSocket-Extensions`. It is `None` if there is nothing to write, so that its room is not cleared then.
#[derive(Clone, Copy)]
pub(crate) struct FieldValue {
    bytes: [u8; Self::MAX_LEN],
    len: u16,
}

impl FieldValue {
    /// Two offers of permessage-deflate with all parameters that there are take 288.
    const MAX_LEN: usize = 512;

    /// What `write` writes; nothing if that is more than there can be.
    pub(crate) fn written(write: impl FnOnce(&mut Self) -> fmt::Result) -> Option<Self> {
        let mut value = Self { bytes: [0; Self::MAX_LEN], len: 0 };
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

    pub(crate) fn as_str(&self) -> &str {
        let written = self.bytes.get(..usize::from(self.len)).unwrap_or_default();
        core::str::from_utf8(written).unwrap_or_default()
    }
}

impl fmt::Write for FieldValue {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let free = self.bytes.get_mut(usize::from(self.len)..).unwrap_or_default();
        let place = free.get_mut(..text.len()).ok_or(fmt::Error)?;
        place.copy_from_slice(text.as_bytes());
        self.len = self.len.saturating_add(u16::try_from(text.len()).map_err(|_| fmt::Error)?);
        Ok(())
    }
}

impl fmt::Debug for FieldValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_str().fmt(f)
    }
}
