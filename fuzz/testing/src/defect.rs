//! One violation of each rule, on purpose.

use arbitrary::{Arbitrary, Result, Unstructured};

use super::writer::{self, Form, Writer};
use super::{ControlOpcode, DataOpcode, MessageKind, Opcode, ProtocolError, fragments};
use websocket_proto::wire::{CloseCode, Rsv};

/// Breaks a rule, and says how an endpoint that knows nothing but RFC 6455 names it.
pub(super) fn commit(writer: &mut Writer, u: &mut Unstructured<'_>) -> Result<ProtocolError> {
    use ProtocolError as E;
    Ok(match u.int_in_range(0..=13)? {
        // §5.2: RSV "MUST be 0 unless an extension is negotiated".
        0 => {
            let rsv = *u.choose(&[
                (0x10, Rsv::RSV3),
                (0x20, Rsv::RSV2),
                (0x40, Rsv::RSV1),
                (0x50, Rsv::RSV1 | Rsv::RSV3),
                (0x70, Rsv::RSV1 | Rsv::RSV2 | Rsv::RSV3),
            ])?;
            writer.frame(rsv.0 | *u.choose(&[0x81, 0x01, 0x82, 0x89, 0x8a])?, Form::Shortest, b"", u)?;
            E::ReservedBits { rsv: rsv.1 }
        }
        // §5.2: "If an unknown opcode is received".
        1 => {
            let opcode = *u.choose(&[0x3, 0x4, 0x7, 0xb, 0xf])?;
            writer.frame(opcode | *u.choose(&[0, 0x80])?, Form::Shortest, b"", u)?;
            E::ReservedOpcode { opcode }
        }
        // §5.5: control frames "MUST NOT be fragmented".
        2 => {
            let opcode = ControlOpcode::arbitrary(u)?;
            writer.frame(Opcode::Control(opcode).encode(), Form::Shortest, b"", u)?;
            E::FragmentedControl { opcode }
        }
        // §5.5: "a payload length of 125 bytes or less".
        3 => {
            let (opcode, len) = (ControlOpcode::arbitrary(u)?, *u.choose(&[126, 127, 65_535, 65_536])?);
            writer.header(0x80 | Opcode::Control(opcode).encode(), Form::Shortest, len, u)?;
            E::ControlTooLong { opcode }
        }
        // §5.1: a client's frames are masked, a server's are not.
        4 => {
            let payload = writer::payload(u)?;
            writer.wrongly_masked(*u.choose(&[0x81, 0x82, 0x89])?, &payload, u)?;
            match writer.masking() {
                super::Masking::Required => E::Unmasked,
                super::Masking::Forbidden => E::Masked,
            }
        }
        // §5.2: "the minimal number of bytes MUST be used to encode the length".
        5 => {
            let (form, len) =
                *u.choose(&[(Form::Bits16, 0), (Form::Bits16, 125), (Form::Bits64, 126), (Form::Bits64, 65_535)])?;
            // A control frame's is not shortest either, but it may be too long as well: a data frame leaves no doubt.
            writer.frame(*u.choose(&[0x81, 0x82, 0x01, 0x02])?, form, &vec![b'z'; len], u)?;
            E::LengthNotMinimal { len: len as u64 }
        }
        // §5.2: "the most significant bit MUST be 0".
        6 => {
            let len = *u.choose(&[1 << 63, u64::MAX, (1 << 63) + 5])?;
            writer.header(*u.choose(&[0x81, 0x82])?, Form::Bits64, len, u)?;
            E::LengthTopBit { first_byte: len.to_be_bytes()[0] }
        }
        // §5.4: there is nothing to continue.
        7 => {
            writer.frame(*u.choose(&[0x00, 0x80])?, Form::Shortest, b"abc", u)?;
            E::UnexpectedContinuation
        }
        // §5.4: "MUST NOT be interleaved".
        8 => {
            let (begun, by) = (MessageKind::arbitrary(u)?, MessageKind::arbitrary(u)?);
            writer.data(DataOpcode::from(begun), false, b"abc", u)?;
            if u.arbitrary()? {
                super::control(writer, u)?;
            }
            writer.data(DataOpcode::from(by), u.arbitrary()?, b"abc", u)?;
            E::ExpectedContinuation { kind: by }
        }
        // §8.1: text is UTF-8.
        9..=10 => {
            let text = writer::text(u)?;
            let (mut bytes, (broken, impossible)) = (text.clone().into_bytes(), *u.choose(NOT_UTF8)?);
            let fatal = bytes.len() + impossible;
            bytes.extend(broken);
            fragments(writer, u, MessageKind::Text, &bytes, fatal)?;
            E::InvalidUtf8 { valid_up_to: text.len() as u64 }
        }
        // §5.5.1: "the first two bytes of the body MUST be a 2-byte unsigned integer".
        11 => {
            writer.control(ControlOpcode::Close, &[u.arbitrary()?], u)?;
            E::CloseCodeCut
        }
        // §7.4: codes that may not be sent.
        12 => {
            let code = match u.arbitrary()? {
                Some(code) if CloseCode::new(code).is_err() => code,
                Some(_) | None => *u.choose(&[0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, u16::MAX])?,
            };
            let payload: Vec<u8> = code.to_be_bytes().into_iter().chain(*b"bye").collect();
            writer.control(ControlOpcode::Close, &payload, u)?;
            E::InvalidCloseCode { code }
        }
        // §5.5.1: the reason is UTF-8.
        _ => {
            let (broken, _) = *u.choose(NOT_UTF8)?;
            writer.control(ControlOpcode::Close, &[b"\x03\xe8bye", broken].concat(), u)?;
            E::InvalidCloseReason { valid_up_to: 3 }
        }
    })
}

/// What is not UTF-8 (RFC 3629 §4), and which of its bytes makes it so; beyond the last, it is the end.
const NOT_UTF8: &[(&[u8], usize)] = &[
    (b"\x80a", 0),            // a lone continuation byte
    (b"\xc0\xaf", 0),         // overlong '/'
    (b"\xe0\x9f\xbf", 1),     // overlong U+07FF
    (b"\xed\xa0\x80", 1),     // a surrogate
    (b"\xf0\x8f\xbf\xbf", 1), // overlong U+FFFF
    (b"\xf4\x90\x80\x80", 1), // U+110000
    (b"\xff", 0),             // never a byte of UTF-8
    (b"\xc3", 1),             // cut after 1 of 2
    (b"\xe2\x82", 2),         // cut after 2 of 3
    (b"\xf0\x9f\x98", 3),     // cut after 3 of 4
    (b"\xf0\x9f\x98abc", 3),  // the same, with text after it
];
