//! Frames as they stand, with what is wrong about them: for the analysis of traffic. No endpoint uses it.

use super::reader::split_front;
use super::{Masking, OutOfSequence, Sequence};
use crate::wire::{DataOpcode, Header, Masker, MaskingKey, Opcode, ProtocolError, Rsv, widened};

/// Reads frames as [`Reader`](super::Reader) does, but names what is wrong and goes on: for captures, logs and test tools.
///
/// It finds reserved opcodes, lengths that are not in their shortest form or fill 64 bits, and frames that may not come where they came.
/// An endpoint must not use it: it has to fail the connection (§7.1.7).
///
/// ```
/// use websocket_proto::frame::{LenientReader, Masking, Seen};
/// use websocket_proto::wire::ProtocolError;
///
/// // From a client: a frame of opcode 3 without a mask, then a proper "Hello".
/// let mut captured = *b"\x83\x01!\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58";
/// let (mut reader, mut input) = (LenientReader::new(Masking::Required), &mut captured[..]);
///
/// let Some(Seen::Header(header)) = reader.read(&mut input) else { panic!() };
/// let violations: Vec<_> = header.violations().collect();
/// assert_eq!(violations, [ProtocolError::ReservedOpcode { opcode: 3 }, ProtocolError::Unmasked]);
/// assert!(matches!(reader.read(&mut input), Some(Seen::Payload { offset: 0, bytes: [b'!'], .. })));
///
/// let Some(Seen::Header(header)) = reader.read(&mut input) else { panic!() };
/// assert_eq!((header.opcode(), header.payload_len(), header.violations().count()), (1, 5, 0));
/// let Some(Seen::Payload { bytes, .. }) = reader.read(&mut input) else { panic!() };
/// assert_eq!(bytes, b"Hello"); // unmasked
/// ```
#[derive(Debug)]
pub struct LenientReader {
    masking: Masking,
    owned_rsv: Rsv,
    sequence: Sequence,
    reading: Reading,
}

#[derive(Debug)]
enum Reading {
    /// A header; `len` bytes of it came before.
    Header { len: usize, bytes: [u8; Header::MAX_LEN] },
    /// A payload: `remaining` of its `payload_len` bytes have not come yet.
    Payload { masker: Option<Masker>, payload_len: u64, remaining: u64 },
}

impl Reading {
    const BETWEEN_FRAMES: Self = Self::Header { len: 0, bytes: [0; Header::MAX_LEN] };
}

/// What a [`LenientReader`] found.
///
/// ```
/// use websocket_proto::frame::{LenientReader, Masking, Seen};
///
/// let mut input = &mut [0x82, 0x02, 1][..];
/// let mut reader = LenientReader::new(Masking::Forbidden);
/// assert!(matches!(reader.read(&mut input), Some(Seen::Header(_))));
/// assert!(matches!(reader.read(&mut input), Some(Seen::Payload { bytes: [1], ends_frame: false, .. })));
/// ```
#[derive(Debug)]
pub enum Seen<'i> {
    /// A whole header. A frame without payload ends with it.
    Header(SeenHeader),
    /// A piece of the last header's frame.
    Payload {
        /// How many bytes of the frame's payload came before these.
        offset: u64,
        /// The bytes, unmasked if the frame is masked.
        bytes: &'i mut [u8],
        /// Whether the frame ends with them.
        ends_frame: bool,
    },
}

/// A header as it stands on the wire, and what is wrong about it.
///
/// ```
/// use websocket_proto::frame::{LenientReader, Masking, Seen};
/// use websocket_proto::wire::ProtocolError;
///
/// let mut input = &mut [0x01, 0x7e, 0x00, 0x05][..]; // 5, as a 16-bit length
/// let Some(Seen::Header(header)) = LenientReader::new(Masking::Forbidden).read(&mut input) else { panic!() };
/// assert_eq!((header.fin(), header.opcode(), header.header_len()), (false, 1, 4));
/// assert_eq!(header.violations().next(), Some(ProtocolError::LengthNotMinimal { len: 5 }));
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct SeenHeader {
    first: u8,
    header_len: usize,
    payload_len: u64,
    masking_key: Option<MaskingKey>,
    violations: [Option<ProtocolError>; 6],
}

impl SeenHeader {
    /// Whether FIN is set.
    pub const fn fin(&self) -> bool {
        self.first & 0x80 != 0
    }

    /// The reserved bits.
    pub fn rsv(&self) -> Rsv {
        Rsv::decode(self.first)
    }

    /// The opcode, 0 to 15, in use or not.
    pub const fn opcode(&self) -> u8 {
        self.first & 0x0f
    }

    /// The header's own length, 2 to 14.
    pub const fn header_len(&self) -> usize {
        self.header_len
    }

    /// The payload's length in bytes: of a 64-bit one the low 63, since the highest bit, if it is set, is a violation and no length.
    pub const fn payload_len(&self) -> u64 {
        self.payload_len
    }

    /// The masking key, if the frame is masked.
    pub const fn masking_key(&self) -> Option<MaskingKey> {
        self.masking_key
    }

    /// What an endpoint that reads this frame would fail the connection for; the first is the one that it would name.
    pub fn violations(&self) -> impl Iterator<Item = ProtocolError> + use<> {
        self.violations.into_iter().flatten()
    }
}

impl LenientReader {
    /// Makes a reader that stands before the first frame; `masking` is what this direction asks for.
    pub const fn new(masking: Masking) -> Self {
        Self { masking, owned_rsv: Rsv::NONE, sequence: Sequence::Between, reading: Reading::BETWEEN_FRAMES }
    }

    /// Sets reserved bits that are no violation on the first frame of a message, because an extension that was negotiated owns these bits.
    #[must_use]
    pub const fn with_owned_rsv(mut self, rsv: Rsv) -> Self {
        self.owned_rsv = rsv;
        self
    }

    /// Takes the next header or piece of payload from the front of `input`; `None` asks for more input, and all there was has been taken.
    pub fn read<'i>(&mut self, input: &mut &'i mut [u8]) -> Option<Seen<'i>> {
        match &mut self.reading {
            Reading::Header { len, bytes } => {
                while let Some((&mut byte, rest)) = core::mem::take(input).split_first_mut() {
                    *input = rest;
                    *bytes.get_mut(*len)? = byte;
                    *len += 1;
                    if let Some(header) = bytes.get(..*len).and_then(parse) {
                        return Some(Seen::Header(self.judge(header)));
                    }
                }
                None
            }
            Reading::Payload { masker, payload_len, remaining } => {
                let bytes = split_front(input, usize::try_from(*remaining).unwrap_or(usize::MAX));
                if bytes.is_empty() {
                    return None;
                }
                if let Some(masker) = masker {
                    masker.apply(bytes);
                }
                let offset = payload_len.saturating_sub(*remaining);
                *remaining = remaining.saturating_sub(widened(bytes.len()));
                let ends_frame = *remaining == 0;
                if ends_frame {
                    self.reading = Reading::BETWEEN_FRAMES;
                }
                Some(Seen::Payload { offset, bytes, ends_frame })
            }
        }
    }

    /// Passes over `n` bytes that a capture lacks. `false` if a header is among them: where the next frame begins is unknown then, and the
    /// reader stands before a new one.
    pub fn skip(&mut self, n: u64) -> bool {
        let whole = match &mut self.reading {
            Reading::Header { len: 0, .. } => n == 0,
            Reading::Header { .. } => false,
            Reading::Payload { masker, remaining, .. } if n < *remaining => {
                *remaining -= n;
                if let Some(masker) = masker {
                    masker.skip(n);
                }
                return true;
            }
            Reading::Payload { remaining, .. } => n == *remaining,
        };
        self.reading = Reading::BETWEEN_FRAMES;
        whole
    }

    /// Bytes of the current frame's payload that have not come yet; 0 between frames and inside a header.
    pub const fn payload_remaining(&self) -> u64 {
        match &self.reading {
            Reading::Header { .. } => 0,
            Reading::Payload { remaining, .. } => *remaining,
        }
    }

    /// What is wrong with a header, in the order of the wire, and where the payload begins.
    fn judge(&mut self, mut header: SeenHeader) -> SeenHeader {
        let opcode = Opcode::decode(header.first);
        let data = match opcode {
            Ok(Opcode::Data(opcode)) => Some(opcode),
            Ok(Opcode::Control(_)) | Err(_) => None,
        };
        let owned =
            if matches!(data, Some(DataOpcode::Text | DataOpcode::Binary)) { self.owned_rsv } else { Rsv::NONE };
        let rsv = header.rsv().without(owned);
        let sequence = data.map(|opcode| self.sequence.after(opcode, header.fin()));
        let masked = header.masking_key.is_some();
        // §5.5: a control frame has at most 125 bytes of payload, so never an extended length.
        let extended = header.header_len > if masked { 6 } else { 2 };
        header.violations = [
            match opcode {
                Ok(Opcode::Control(opcode)) if !header.fin() => Some(ProtocolError::FragmentedControl { opcode }),
                _ => opcode.err(),
            },
            (rsv != Rsv::NONE).then_some(ProtocolError::ReservedBits { rsv }),
            sequence.and_then(Result::err).map(ProtocolError::from),
            match self.masking {
                Masking::Required if !masked => Some(ProtocolError::Unmasked),
                Masking::Forbidden if masked => Some(ProtocolError::Masked),
                Masking::Required | Masking::Forbidden => None,
            },
            match opcode {
                Ok(Opcode::Control(opcode)) if extended => Some(ProtocolError::ControlTooLong { opcode }),
                _ => None,
            },
            header.violations().next(),
        ];
        self.sequence = match sequence {
            Some(Ok(after)) => after,
            // A message that breaks in takes the other's place.
            Some(Err(OutOfSequence::ExpectedContinuation { kind })) if !header.fin() => Sequence::Within(kind),
            Some(Err(_)) => Sequence::Between,
            None => self.sequence,
        };
        if header.payload_len > 0 {
            let (payload_len, masker) = (header.payload_len, header.masking_key.map(Masker::new));
            self.reading = Reading::Payload { masker, payload_len, remaining: payload_len };
        } else {
            self.reading = Reading::BETWEEN_FRAMES;
        }
        header
    }
}

/// A whole header, with what is wrong about its length; `None` if bytes are missing.
fn parse(bytes: &[u8]) -> Option<SeenHeader> {
    let (&[first, second], rest) = bytes.split_first_chunk()?;
    let (payload_len, shortest, rest) = match second & 0x7f {
        126 => rest.split_first_chunk().map(|(&len, rest)| (u64::from(u16::from_be_bytes(len)), 126, rest))?,
        127 => rest.split_first_chunk().map(|(&len, rest)| (u64::from_be_bytes(len), 1 << 16, rest))?,
        len => (u64::from(len), 0, rest),
    };
    let masking_key = if second & 0x80 == 0 { None } else { Some(MaskingKey::new(*rest.first_chunk()?)) };
    let wrong = if payload_len >> 63 != 0 {
        Some(ProtocolError::LengthTopBit { first_byte: payload_len.to_be_bytes()[0] })
    } else if payload_len < shortest {
        Some(ProtocolError::LengthNotMinimal { len: payload_len })
    } else {
        None
    };
    let payload_len = payload_len & (u64::MAX >> 1);
    let violations = [wrong, None, None, None, None, None];
    Some(SeenHeader { first, header_len: bytes.len(), payload_len, masking_key, violations })
}
