//! The frame header (§5.2): decoded as far as its bytes go, encoded in the shortest form.

use super::{
    ControlOpcode, ControlPayload, DataOpcode, EncodedHeader, MaskingKey, Opcode, ProtocolError, Rsv, error_type,
};

/// A frame's header (§5.2): its length in the shortest form, a control frame whole. Reserved bits are as the caller sets them.
///
/// ```
/// use websocket_proto::wire::{DataOpcode, Header, MaskingKey};
///
/// let header = Header::data(DataOpcode::Text, true, 5).unwrap().with_masking_key(Some(MaskingKey::new([0x37, 0xfa, 0x21, 0x3d])));
/// assert_eq!(header.encode()[..], [0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d]);
/// assert_eq!(Header::decode(&header.encode()), Ok(Some((header, 6))));
/// assert_eq!(Header::decode(&header.encode()[..5]), Ok(None), "a byte is missing");
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Header {
    start: HeaderStart,
    payload_len: u64,
    masking_key: Option<MaskingKey>,
}

impl Header {
    /// Two bytes, a 64-bit length, a masking key.
    pub const MAX_LEN: usize = 14;

    /// The header of a data frame, unmasked.
    ///
    /// # Errors
    ///
    /// [`LengthTooLarge`] if `payload_len` does not fit into 63 bits.
    #[inline]
    pub const fn data(opcode: DataOpcode, fin: bool, payload_len: u64) -> Result<Self, LengthTooLarge> {
        // §5.2: "the most significant bit MUST be 0".
        if payload_len >> 63 != 0 {
            return Err(LengthTooLarge { len: payload_len });
        }
        let start = HeaderStart { fin, rsv: Rsv::NONE, opcode: Opcode::Data(opcode) };
        Ok(Self { start, payload_len, masking_key: None })
    }

    /// The header of a control frame, unmasked. §5.5: control frames "MUST NOT be fragmented".
    pub fn control(opcode: ControlOpcode, payload: &ControlPayload) -> Self {
        Self::whole(Opcode::Control(opcode), widened(payload.as_bytes().len()), None)
    }

    /// The header of a frame that is no fragment.
    #[inline]
    pub(crate) const fn whole(opcode: Opcode, payload_len: u64, masking_key: Option<MaskingKey>) -> Self {
        Self { start: HeaderStart { fin: true, rsv: Rsv::NONE, opcode }, payload_len, masking_key }
    }

    /// The same header with this masking key, or with none.
    #[must_use]
    #[inline]
    pub const fn with_masking_key(mut self, key: Option<MaskingKey>) -> Self {
        self.masking_key = key;
        self
    }

    /// The same header with these reserved bits. Only a negotiated extension may set any (§5.2).
    #[must_use]
    #[inline]
    pub const fn with_rsv(mut self, rsv: Rsv) -> Self {
        self.start.rsv = rsv;
        self
    }

    /// What the first byte says.
    pub const fn start(&self) -> HeaderStart {
        self.start
    }

    /// "FIN: Indicates that this is the final fragment in a message."
    pub const fn fin(&self) -> bool {
        self.start.fin
    }

    /// The reserved bits.
    pub const fn rsv(&self) -> Rsv {
        self.start.rsv
    }

    /// The opcode.
    pub const fn opcode(&self) -> Opcode {
        self.start.opcode
    }

    /// The payload's length in bytes, less than 2⁶³.
    pub const fn payload_len(&self) -> u64 {
        self.payload_len
    }

    /// The masking key, if the frame is masked.
    #[inline]
    pub const fn masking_key(&self) -> Option<MaskingKey> {
        self.masking_key
    }

    /// Reads a header from the front of `bytes`; `Ok(None)` asks for more of them.
    ///
    /// On success it comes with its own length, 2 to 14. What can be judged without a connection's state is judged, each field as soon as
    /// it is there, in the order of the wire; so the error does not depend on how many bytes are there beyond its own.
    ///
    /// # Errors
    ///
    /// [`ProtocolError::ReservedOpcode`], [`FragmentedControl`](ProtocolError::FragmentedControl),
    /// [`ControlTooLong`](ProtocolError::ControlTooLong), [`LengthNotMinimal`](ProtocolError::LengthNotMinimal),
    /// [`LengthTopBit`](ProtocolError::LengthTopBit).
    pub fn decode(bytes: &[u8]) -> Result<Option<(Self, usize)>, ProtocolError> {
        let Some((start, rest)) = HeaderStart::read(bytes)? else { return Ok(None) };
        let Some((&second, rest)) = rest.split_first() else { return Ok(None) };
        let Some((payload_len, rest)) = start.read_payload_len(second, rest)? else { return Ok(None) };
        Ok(Self::read_masking_key(start, payload_len, second, rest)
            .map(|(header, rest)| (header, bytes.len() - rest.len())))
    }

    /// Completes a header with its masking key, from the front of `rest`, if the `second` byte announces one.
    pub(crate) fn read_masking_key(
        start: HeaderStart,
        payload_len: u64,
        second: u8,
        rest: &[u8],
    ) -> Option<(Self, &[u8])> {
        let (masking_key, rest) = match rest.split_first_chunk() {
            _ if second & 0x80 == 0 => (None, rest),
            Some((&key, rest)) => (Some(MaskingKey::new(key)), rest),
            None => return None,
        };
        Some((Self { start, payload_len, masking_key }, rest))
    }

    /// Writes the header with its length in the shortest form.
    #[inline]
    pub const fn encode(&self) -> EncodedHeader {
        EncodedHeader::new(self.start.encode(), self.payload_len, self.masking_key)
    }
}

/// A header's first byte (§5.2).
///
/// ```
/// use websocket_proto::wire::{ControlOpcode, Header, Opcode};
///
/// let (header, _) = Header::decode(&[0x8a, 0x00]).unwrap().unwrap();
/// assert!(header.start().fin);
/// assert_eq!(header.start().opcode, Opcode::Control(ControlOpcode::Pong));
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct HeaderStart {
    /// "FIN: Indicates that this is the final fragment in a message."
    pub fin: bool,
    /// RSV1, RSV2, RSV3.
    pub rsv: Rsv,
    /// What the frame is.
    pub opcode: Opcode,
}

impl HeaderStart {
    /// Takes a header's first byte from the front of `bytes`.
    pub(crate) fn read(bytes: &[u8]) -> Result<Option<(Self, &[u8])>, ProtocolError> {
        let Some((&first, rest)) = bytes.split_first() else { return Ok(None) };
        Ok(Some((Self::decode(first)?, rest)))
    }

    /// Takes the payload's length, which the `second` byte begins, from the front of `rest`.
    pub(crate) fn read_payload_len(self, second: u8, rest: &[u8]) -> Result<Option<(u64, &[u8])>, ProtocolError> {
        let seven_bits = second & 0x7f;
        if let Opcode::Control(opcode) = self.opcode {
            // §5.5: "All control frames MUST have a payload length of 125 bytes or less". 126 and 127 announce an extended length: it
            // is too long, or not in its shortest form, whatever follows.
            if usize::from(seven_bits) > ControlPayload::MAX_LEN {
                return Err(ProtocolError::ControlTooLong { opcode });
            }
        }
        let (len, shortest, rest) = match seven_bits {
            126 => {
                let Some((&len, rest)) = rest.split_first_chunk() else { return Ok(None) };
                (u64::from(u16::from_be_bytes(len)), 126, rest)
            }
            127 => {
                // §5.2: "the most significant bit MUST be 0".
                if let Some(&first_byte @ 0x80..) = rest.first() {
                    return Err(ProtocolError::LengthTopBit { first_byte });
                }
                let Some((&len, rest)) = rest.split_first_chunk() else { return Ok(None) };
                (u64::from_be_bytes(len), 1 << 16, rest)
            }
            len => (u64::from(len), 0, rest),
        };
        if len < shortest {
            return Err(ProtocolError::LengthNotMinimal { len });
        }
        Ok(Some((len, rest)))
    }

    fn decode(byte: u8) -> Result<Self, ProtocolError> {
        let start = Self { fin: byte & 0x80 != 0, rsv: Rsv::decode(byte), opcode: Opcode::decode(byte)? };
        match start.opcode {
            // §5.5: control frames "MUST NOT be fragmented".
            Opcode::Control(opcode) if !start.fin => Err(ProtocolError::FragmentedControl { opcode }),
            Opcode::Control(_) | Opcode::Data(_) => Ok(start),
        }
    }

    #[inline]
    pub(super) const fn encode(self) -> u8 {
        (self.fin as u8) << 7 | self.rsv.encode() | self.opcode.encode()
    }
}

error_type! {
    /// A payload length that 63 bits do not hold.
    ///
    /// ```
    /// use websocket_proto::wire::{DataOpcode, Header, LengthTooLarge};
    ///
    /// assert_eq!(Header::data(DataOpcode::Text, true, 1 << 63), Err(LengthTooLarge { len: 1 << 63 }));
    /// ```
    pub struct LengthTooLarge {
        /// The length in bytes.
        pub len: u64,
    } => "expected fewer than 2^63 bytes in a frame's payload, found {len}";
}

/// A length as 64 bits.
#[inline]
pub(crate) fn widened(len: usize) -> u64 {
    u64::try_from(len).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decode(bytes: &[u8]) -> Result<Option<(Header, usize)>, ProtocolError> {
        Header::decode(bytes)
    }

    #[test]
    fn reserved_bit_is_still_set_when_it_is_set_again() {
        assert_eq!(Rsv::RSV1 | Rsv::RSV1, Rsv::RSV1);
    }

    #[test]
    fn headers_of_section_5_7_are_read() {
        let key = Some(MaskingKey::new([0x37, 0xfa, 0x21, 0x3d]));
        for (bytes, opcode, fin, payload_len, masking_key) in [
            (&[0x81, 0x05][..], DataOpcode::Text, true, 5, None),
            (&[0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d], DataOpcode::Text, true, 5, key),
            (&[0x01, 0x03], DataOpcode::Text, false, 3, None),
            (&[0x80, 0x02], DataOpcode::Continuation, true, 2, None),
            (&[0x82, 0x7e, 0x01, 0x00], DataOpcode::Binary, true, 256, None),
            (&[0x82, 0x7f, 0, 0, 0, 0, 0, 1, 0, 0], DataOpcode::Binary, true, 65536, None),
        ] {
            let header = Header::data(opcode, fin, payload_len).unwrap().with_masking_key(masking_key);
            assert_eq!(decode(bytes), Ok(Some((header, bytes.len()))));
            assert_eq!(header.encode()[..], *bytes);
            for cut in 0..bytes.len() {
                assert_eq!(decode(&bytes[..cut]), Ok(None));
            }
        }
    }

    #[test]
    fn lengths_change_their_form_at_126_and_at_65536() {
        for (len, bytes) in [
            (125, &[0x82, 125][..]),
            (126, &[0x82, 126, 0, 126]),
            (65_535, &[0x82, 126, 0xff, 0xff]),
            (65_536, &[0x82, 127, 0, 0, 0, 0, 0, 1, 0, 0]),
            (u64::MAX >> 1, &[0x82, 127, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]),
        ] {
            assert_eq!(Header::data(DataOpcode::Binary, true, len).unwrap().encode()[..], *bytes);
            assert_eq!(decode(bytes).unwrap().unwrap().0.payload_len(), len);
        }
    }

    #[test]
    fn length_not_in_its_shortest_form_is_refused() {
        assert_eq!(decode(&[0x82, 126, 0, 125]), Err(ProtocolError::LengthNotMinimal { len: 125 }));
        let sixteen_bits = [0x82, 127, 0, 0, 0, 0, 0, 0, 0xff, 0xff];
        assert_eq!(decode(&sixteen_bits), Err(ProtocolError::LengthNotMinimal { len: 65_535 }));
    }

    #[test]
    fn length_with_top_bit_is_refused() {
        let bytes = [0x82, 127, 0x80, 0, 0, 0, 0, 0, 0, 1];
        assert_eq!(decode(&bytes), Err(ProtocolError::LengthTopBit { first_byte: 0x80 }));
    }

    #[test]
    fn control_frame_longer_than_125_is_refused_in_either_form() {
        let error = Err(ProtocolError::ControlTooLong { opcode: ControlOpcode::Ping });
        assert_eq!(decode(&[0x89, 126, 0, 130]), error);
        assert_eq!(decode(&[0x89, 127, 0, 0, 0, 0, 0, 1, 0, 0]), error);
        assert!(decode(&[0x89, 125]).unwrap().is_some());
    }

    #[test]
    fn fragmented_control_frame_is_refused_by_its_first_byte() {
        assert_eq!(decode(&[0x09]), Err(ProtocolError::FragmentedControl { opcode: ControlOpcode::Ping }));
    }

    #[test]
    fn reserved_bits_are_told() {
        let rsv = |byte| decode(&[byte, 0]).unwrap().unwrap().0.rsv();
        assert_eq!([rsv(0xc1), rsv(0xa1), rsv(0x91)], [Rsv::RSV1, Rsv::RSV2, Rsv::RSV3]);
        assert_eq!(rsv(0xf1).without(Rsv::RSV1).to_string(), "RSV2+RSV3");
        assert_eq!(Rsv::NONE.to_string(), "no reserved bit");
    }
}
