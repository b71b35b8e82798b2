//! A header's bytes (§5.2).

use core::{fmt, ops::Deref};

use super::{MaskingKey, Redacted};

/// A header's bytes, 2 to 14, by value.
///
/// ```
/// use websocket_proto::wire::{DataOpcode, Header};
///
/// // §5.7: "256 bytes binary message in a single unmasked frame".
/// assert_eq!(Header::data(DataOpcode::Binary, true, 256).unwrap().encode()[..], [0x82, 0x7e, 0x01, 0x00]);
/// ```
///
/// An [`Output`](super::Output) that has its own way to append frames is given one:
///
/// ```
/// use websocket_proto::wire::{EncodedHeader, Masker, Output, OutputFull};
/// use websocket_proto::{Connection, Limits, Negotiated, Server};
///
/// /// Keeps headers and payloads apart.
/// #[derive(Default)]
/// struct Apart { headers: Vec<u8>, payloads: Vec<u8> }
/// impl Output for Apart {
///     fn append_frame(&mut self, header: EncodedHeader, payload: &[u8], masker: Masker) -> Result<(), OutputFull> {
///         self.headers.append_slices(&header, &[])?;
///         let mut masker = masker;
///         masker.apply(self.payloads.append_slices(&[], payload)?);
///         Ok(())
///     }
///     fn append_slices(&mut self, head: &[u8], body: &[u8]) -> Result<&mut [u8], OutputFull> {
///         self.payloads.append_slices(head, body)
///     }
///     fn append_zeros(&mut self, len: usize) -> Result<&mut [u8], OutputFull> {
///         self.payloads.append_zeros(len)
///     }
///     fn waiting_len(&self) -> usize {
///         self.headers.len() + self.payloads.len()
///     }
/// }
///
/// let mut out = Apart::default();
/// Connection::new(Negotiated::elsewhere(), Server, &Limits::default()).send("Hello", &mut out).unwrap();
/// assert_eq!((&out.headers[..], &out.payloads[..]), (&b"\x81\x05"[..], &b"Hello"[..]));
/// ```
#[derive(Clone, Copy, Eq, Hash, PartialEq)]
pub struct EncodedHeader {
    /// The header, zeros, and in the last place how many bytes the header has. It is made from one number: a header that is stored
    /// in parts and loaded as a whole stalls.
    padded: [u8; 16],
}

impl Deref for EncodedHeader {
    type Target = [u8];

    #[inline]
    fn deref(&self) -> &[u8] {
        self.padded.get(..self.header_len()).unwrap_or_default()
    }
}

impl AsRef<[u8]> for EncodedHeader {
    fn as_ref(&self) -> &[u8] {
        self
    }
}

/// Without the bytes, of which four may be a masking key.
impl fmt::Debug for EncodedHeader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("EncodedHeader").field(&Redacted(self.len())).finish()
    }
}

impl EncodedHeader {
    /// The header with this first byte, and its length in the shortest form.
    #[inline]
    pub(super) const fn new(first: u8, payload_len: u64, key: Option<MaskingKey>) -> Self {
        let (mask_bit, key, key_len) = match key {
            Some(key) => (0x80, key.to_word(), 4_u8),
            None => (0, 0, 0),
        };
        let [.., high, low] = payload_len.to_be_bytes();
        // §5.2: "in all cases, the minimal number of bytes MUST be used to encode the length".
        let (seven_bits, extended, extended_len) = match payload_len {
            0..=125 => (payload_len, 0, 0_u8),
            126..=0xffff => (126, u16::from_le_bytes([high, low]) as u64, 2),
            _ => (127, payload_len.swap_bytes(), 8),
        };
        let padded = first as u128
            | (mask_bit | seven_bits as u128) << 8
            | (extended as u128) << 16
            | (key as u128) << (16 + 8 * extended_len)
            | ((2 + extended_len + key_len) as u128) << 120;
        Self { padded: padded.to_le_bytes() }
    }

    /// How long the header is.
    #[inline]
    pub(crate) const fn header_len(&self) -> usize {
        let [.., len] = self.padded;
        len as usize
    }

    /// Its bytes and the padding after them, the first in the least significant place, so that a copy has one length.
    #[inline]
    pub(crate) const fn padded(&self) -> u128 {
        u128::from_le_bytes(self.padded)
    }
}
