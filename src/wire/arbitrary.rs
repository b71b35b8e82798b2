//! `Arbitrary` for the values whose fields may not hold just anything. Each is made by its public constructor, so none is illegal.

use arbitrary::{Arbitrary, Result, Unstructured};

use super::{
    CloseCode, CloseFrame, ControlFrame, ControlOpcode, ControlPayload, DataOpcode, Header, HeaderStart, Limits,
    Opcode, Rsv,
};

impl<'a> Arbitrary<'a> for Rsv {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let bits: [(bool, Self); 3] =
            [(u.arbitrary()?, Self::RSV1), (u.arbitrary()?, Self::RSV2), (u.arbitrary()?, Self::RSV3)];
        Ok(bits.into_iter().filter(|(set, _)| *set).fold(Self::NONE, |rsv, (_, bit)| rsv | bit))
    }
}

/// A control frame's always has FIN set, as [`Header::control`] does.
impl<'a> Arbitrary<'a> for HeaderStart {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        Ok(Header::arbitrary(u)?.start())
    }
}

/// Lengths of each form, and those at its borders, are equally frequent.
impl<'a> Arbitrary<'a> for Header {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let header = match u.arbitrary()? {
            Opcode::Data(opcode) => data(opcode, u)?,
            Opcode::Control(opcode) => Self::control(opcode, &payload_of(opcode, u)?),
        };
        Ok(header.with_rsv(u.arbitrary()?).with_masking_key(u.arbitrary()?))
    }
}

fn data(opcode: DataOpcode, u: &mut Unstructured<'_>) -> Result<Header> {
    let len = match u.int_in_range(0..=3)? {
        0 => u.int_in_range(0..=125)?,
        1 => u.int_in_range(126..=65_535)?,
        2 => u.int_in_range(65_536..=i64::MAX.unsigned_abs())?,
        _ => *u.choose(&[125, 126, 65_535, 65_536, 1 << 31, 1 << 32, (1 << 63) - 1])?,
    };
    // All of these fit into 63 bits.
    Header::data(opcode, u.arbitrary()?, len).map_err(|_| arbitrary::Error::IncorrectFormat)
}

impl<'a> Arbitrary<'a> for ControlPayload {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let len = u.int_in_range(0..=Self::MAX_LEN)?.min(u.len());
        Self::new(u.bytes(len)?).map_err(|_| arbitrary::Error::IncorrectFormat)
    }
}

/// A Close's payload is that of a [`CloseFrame`].
impl<'a> Arbitrary<'a> for ControlFrame {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let opcode = u.arbitrary()?;
        Ok(Self::new(opcode, &payload_of(opcode, u)?, u.arbitrary()?))
    }
}

fn payload_of(opcode: ControlOpcode, u: &mut Unstructured<'_>) -> Result<ControlPayload> {
    match opcode {
        ControlOpcode::Close => Ok(*CloseFrame::arbitrary(u)?.payload()),
        ControlOpcode::Ping | ControlOpcode::Pong => u.arbitrary(),
    }
}

impl<'a> Arbitrary<'a> for CloseCode {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let code = match u.int_in_range(0..=2)? {
            0 => u.int_in_range(1000..=1003)?,
            1 => u.int_in_range(1007..=1014)?,
            _ => u.int_in_range(3000..=4999)?,
        };
        Self::new(code).map_err(|_| arbitrary::Error::IncorrectFormat)
    }
}

impl<'a> Arbitrary<'a> for CloseFrame {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let Some(code) = u.arbitrary()? else { return Ok(Self::EMPTY) };
        let reason: &str = u.arbitrary()?;
        let end = (0..=reason.len().min(Self::MAX_REASON_LEN)).rev().find(|&end| reason.is_char_boundary(end));
        Self::new(code, reason.get(..end.unwrap_or(0)).unwrap_or_default())
            .map_err(|_| arbitrary::Error::IncorrectFormat)
    }
}

/// Each limit is small, its default, or none.
impl<'a> Arbitrary<'a> for Limits {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let [default, none] = [Self::DEFAULT, Self::UNLIMITED];
        Ok(Self {
            max_head_len: one_of(u, 0..=1024, default.max_head_len, none.max_head_len)?,
            max_head_fields: one_of(u, 0..=10, default.max_head_fields, none.max_head_fields)?,
            max_interim_responses: one_of(u, 0..=3, default.max_interim_responses, none.max_interim_responses)?,
            max_frame_len: one_of(u, 0..=300, default.max_frame_len, none.max_frame_len)?,
            max_message_len: one_of(u, 0..=300, default.max_message_len, none.max_message_len)?,
            max_fragments: one_of(u, 0..=5, default.max_fragments, none.max_fragments)?,
            // A low mark makes replies wait, which no model of a peer that writes them at once would expect.
            high_water_mark: if u.arbitrary()? { default.high_water_mark } else { none.high_water_mark },
        })
    }
}

fn one_of<T: arbitrary::unstructured::Int>(
    u: &mut Unstructured<'_>,
    small: core::ops::RangeInclusive<T>,
    default: T,
    none: T,
) -> Result<T> {
    match u.int_in_range(0..=2)? {
        0 => u.int_in_range(small),
        1 => Ok(default),
        _ => Ok(none),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::widened;

    /// Many values, from bytes without a pattern.
    fn values<T: for<'a> Arbitrary<'a>>() -> impl Iterator<Item = T> {
        let mut word = 0x9e37_79b9_7f4a_7c15_u64;
        (0..5_000).map(move |_| {
            let bytes: Vec<u8> = (0..200)
                .map(|_| {
                    word ^= word << 13;
                    word ^= word >> 7;
                    word ^= word << 17;
                    word.to_le_bytes()[3]
                })
                .collect();
            T::arbitrary(&mut Unstructured::new(&bytes)).unwrap()
        })
    }

    #[test]
    fn every_header_is_read_again_as_it_was_written() {
        for header in values::<Header>() {
            let bytes = header.encode();
            assert_eq!(Header::decode(&bytes), Ok(Some((header, bytes.len()))));
        }
    }

    #[test]
    fn every_close_frame_could_have_come_from_a_peer() {
        for frame in values::<CloseFrame>() {
            assert_eq!(CloseFrame::decode(*frame.payload()), Ok(frame));
        }
    }

    #[test]
    fn control_frames_are_of_every_kind_and_have_legal_payloads_of_any_length() {
        let (mut seen, mut lens) = ([0; 3], [[false; 126]; 3]);
        for frame in values::<ControlFrame>() {
            let (header, len) = Header::decode(frame.as_bytes()).unwrap().unwrap();
            assert_eq!(header.payload_len(), widened(frame.as_bytes().len() - len));
            match header.opcode() {
                Opcode::Control(opcode) => {
                    let kind = usize::from(Opcode::from(opcode).encode() - 8);
                    seen[kind] += 1;
                    lens[kind][frame.as_bytes().len() - len] = true;
                }
                Opcode::Data(opcode) => panic!("{opcode:?}"),
            }
        }
        assert!(seen.iter().all(|&times| times > 100), "{seen:?}");
        // Random reasons are seldom long.
        assert!(lens.iter().zip([3, 100, 100]).all(|(lens, least)| lens.iter().filter(|&&seen| seen).count() > least));
    }

    #[test]
    fn data_headers_have_lengths_of_each_form_and_at_each_border_and_all_reserved_bits() {
        let (mut forms, mut borders, mut bits) = ([0; 3], [0; 7], [0; 8]);
        for header in values::<Header>().filter(|header| matches!(header.opcode(), Opcode::Data(_))) {
            let len = header.payload_len();
            match [125, 126, 65_535, 65_536, 1 << 31, 1 << 32, (1 << 63) - 1].iter().position(|&border| border == len) {
                Some(border) => borders[border] += 1,
                None => forms[usize::from(len > 125) + usize::from(len > 65_535)] += 1,
            }
            let rsv = [Rsv::RSV1, Rsv::RSV2, Rsv::RSV3].map(|bit| usize::from(header.rsv().contains(bit)));
            bits[rsv[0] + 2 * rsv[1] + 4 * rsv[2]] += 1;
        }
        assert!(forms.iter().all(|&times| times > 300), "{forms:?}");
        assert!(borders.iter().chain(&bits).all(|&times| times > 50), "{borders:?} {bits:?}");
    }

    #[test]
    fn close_codes_of_each_range_occur() {
        let mut seen = [0; 3];
        for code in values::<CloseCode>() {
            seen[match code.get() {
                1000..=1003 => 0,
                1007..=1014 => 1,
                _ => 2,
            }] += 1;
        }
        assert!(seen.iter().all(|&times| times > 1000), "{seen:?}");
    }

    #[test]
    fn each_limit_is_small_or_the_default_or_none() {
        let mut seen = [[0; 3]; 6];
        let fields = |limits: Limits| {
            let Limits { max_head_len, max_head_fields, max_interim_responses, .. } = limits;
            let Limits { max_frame_len, max_message_len, max_fragments, .. } = limits;
            [
                widened(max_head_len),
                widened(max_head_fields),
                u64::from(max_interim_responses),
                max_frame_len,
                max_message_len,
                u64::from(max_fragments),
            ]
        };
        for limits in values::<Limits>() {
            for (i, limit) in fields(limits).into_iter().enumerate() {
                let kind =
                    [fields(Limits::DEFAULT)[i], fields(Limits::UNLIMITED)[i]].iter().position(|&known| known == limit);
                seen[i][kind.unwrap_or(2)] += 1;
            }
        }
        assert!(seen.iter().flatten().all(|&times| times > 1000), "{seen:?}");
    }
}
