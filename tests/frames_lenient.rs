//! A reader for analysis sees what the strict one sees, names what the strict one refuses, and goes on.

use proptest::prelude::*;
use websocket_proto::{
    Limits, ProtocolError,
    frame::{LenientReader, Masking, Reader, Seen, SeenHeader},
    wire::{ControlOpcode, MessageKind, Rsv},
};

/// All headers and the joined payload of each frame, with the bytes cut after each `cut`.
fn see(mut reader: LenientReader, bytes: &[u8], cut: usize) -> Vec<(SeenHeader, Vec<u8>)> {
    let mut frames = Vec::new();
    for part in bytes.chunks(cut.max(1)) {
        let mut part = part.to_vec();
        let mut input = &mut part[..];
        while let Some(seen) = reader.read(&mut input) {
            match seen {
                Seen::Header(header) => frames.push((header, Vec::new())),
                Seen::Payload { offset, bytes, ends_frame } => {
                    let (header, payload) = frames.last_mut().expect("a header comes before its payload");
                    assert_eq!(offset, payload.len() as u64);
                    payload.extend_from_slice(bytes);
                    assert_eq!(ends_frame, payload.len() as u64 == header.payload_len());
                }
            }
        }
        assert!(input.is_empty());
    }
    frames
}

fn violations(masking: Masking, bytes: &[u8]) -> Vec<Vec<ProtocolError>> {
    see(LenientReader::new(masking), bytes, bytes.len())
        .iter()
        .map(|(header, _)| header.violations().collect())
        .collect()
}

#[test]
fn lawful_frames_have_no_violation() {
    let bytes = b"\x01\x03Hel\x89\x00\x80\x02lo\x82\x01!";
    assert_eq!(violations(Masking::Forbidden, bytes), vec![vec![]; 4]);
}

#[test]
fn each_violation_is_named_and_the_next_frame_is_read() {
    use ProtocolError as E;
    let cases: &[(&[u8], E)] = &[
        (&[0x83, 0x00], E::ReservedOpcode { opcode: 3 }),
        (&[0x8f, 0x00], E::ReservedOpcode { opcode: 15 }),
        (&[0xa1, 0x00], E::ReservedBits { rsv: Rsv::RSV2 }),
        (&[0x09, 0x00], E::FragmentedControl { opcode: ControlOpcode::Ping }),
        (&[0x80, 0x00], E::UnexpectedContinuation),
        (&[0x81, 0x80, 1, 2, 3, 4], E::Masked),
        (&[0x81, 0x7e, 0, 1, b'!'], E::LengthNotMinimal { len: 1 }),
        (&[0x81, 0x7f, 0, 0, 0, 0, 0, 0, 0, 1, b'!'], E::LengthNotMinimal { len: 1 }),
    ];
    for (bytes, violation) in cases {
        let then = [bytes, &b"\x81\x02ok"[..]].concat();
        let frames = see(LenientReader::new(Masking::Forbidden), &then, 1);
        assert_eq!(frames[0].0.violations().collect::<Vec<_>>(), [*violation], "{bytes:02x?}");
        let (header, payload) = &frames[1];
        assert_eq!((header.violations().count(), &payload[..]), (0, &b"ok"[..]), "{bytes:02x?}");
    }
}

#[test]
fn all_that_is_wrong_with_one_header_is_named() {
    use ProtocolError as E;
    let ping = [0x49, 0x7e, 0x00, 0x00]; // no FIN, RSV1, no mask, an extended length that is not needed
    let expected = vec![
        E::FragmentedControl { opcode: ControlOpcode::Ping },
        E::ReservedBits { rsv: Rsv::RSV1 },
        E::Unmasked,
        E::ControlTooLong { opcode: ControlOpcode::Ping },
        E::LengthNotMinimal { len: 0 },
    ];
    assert_eq!(violations(Masking::Required, &ping), [expected]);
}

#[test]
fn a_message_that_breaks_in_takes_the_place_of_the_other() {
    // "Hel" is never ended; "Oth" "er" is.
    let bytes = b"\x01\x03Hel\x02\x03Oth\x80\x02er\x80\x00";
    let expected = [
        vec![],
        vec![ProtocolError::ExpectedContinuation { kind: MessageKind::Binary }],
        vec![],
        vec![ProtocolError::UnexpectedContinuation],
    ];
    assert_eq!(violations(Masking::Forbidden, bytes), expected);
}

#[test]
fn bits_that_an_extension_owns_are_right_on_first_frames_only() {
    let bytes = b"\x41\x01a\xc0\x01b\xc9\x00";
    let frames = see(LenientReader::new(Masking::Forbidden).with_owned_rsv(Rsv::RSV1), bytes, 2);
    let counts: Vec<_> = frames.iter().map(|(header, _)| header.violations().count()).collect();
    assert_eq!(counts, [0, 1, 1]);
}

#[test]
fn length_of_64_bits_is_named_and_63_of_them_count() {
    let bytes = [0x82, 0x7f, 0x80, 0, 0, 0, 0, 0, 0, 2, 7, 8, 0x81, 0x00];
    let frames = see(LenientReader::new(Masking::Forbidden), &bytes, 3);
    let [(header, payload), (next, _)] = &frames[..] else { panic!("{frames:?}") };
    assert_eq!((header.payload_len(), &payload[..]), (2, &[7, 8][..]));
    assert_eq!(header.violations().collect::<Vec<_>>(), [ProtocolError::LengthTopBit { first_byte: 0x80 }]);
    assert_eq!(next.violations().count(), 0);
}

#[test]
fn bytes_that_a_capture_lacks_are_passed_over() {
    // A masked "Hello", of whose payload the second and third byte are missing, then a whole frame.
    let mut reader = LenientReader::new(Masking::Required);
    let (mut front, mut back) = (*b"\x81\x85\x37\xfa\x21\x3d\x7f", *b"\x51\x58\x81\x80\x01\x02\x03\x04");
    let mut input = &mut front[..];
    assert!(matches!(reader.read(&mut input), Some(Seen::Header(_))));
    assert!(matches!(reader.read(&mut input), Some(Seen::Payload { bytes: [b'H'], .. })));
    assert_eq!(reader.payload_remaining(), 4);
    assert!(reader.skip(2));
    assert_eq!(reader.payload_remaining(), 2);
    let mut input = &mut back[..];
    assert!(matches!(
        reader.read(&mut input),
        Some(Seen::Payload { offset: 3, bytes: [b'l', b'o'], ends_frame: true })
    ));
    assert!(matches!(reader.read(&mut input), Some(Seen::Header(_))));
    // The end of a payload is known; what lies in a header is not.
    let mut half = [0x81];
    assert!(reader.read(&mut &mut half[..]).is_none());
    assert!(!reader.skip(1));
}

proptest! {
    /// Up to the first violation both readers see the same, and the violation is the strict one's.
    #[test]
    fn strict_reader_agrees(
        frames in prop::collection::vec(
            (any::<u8>(), any::<bool>(), 0_u8..130, any::<[u8; 4]>(), any::<u8>()), 1..8),
        cut in 1_usize..20,
        required in any::<bool>(),
    ) {
        let mut bytes = Vec::new();
        for (first, masked, len, key, salt) in frames {
            // Mostly opcodes in use, FIN set and the right mask, so that some frames are lawful.
            let first = if salt < 200 { [0x81, 0x82, 0x01, 0x80, 0x00, 0x89, 0x8a][usize::from(first % 7)] } else { first };
            let masked = if salt < 220 { required } else { masked };
            let len = len & 0x7f;
            bytes.extend_from_slice(&[first, len | u8::from(masked) << 7]);
            let payload_len = match len {
                126 => { bytes.extend_from_slice(&[0, salt]); usize::from(salt) }
                127 => { bytes.extend_from_slice(&[salt & 0x80, 0, 0, 0, 0, 1, 0, 0]); 0 }
                len => usize::from(len),
            };
            if masked { bytes.extend_from_slice(&key) }
            bytes.extend((0..payload_len).map(|n| n as u8));
        }
        let masking = if required { Masking::Required } else { Masking::Forbidden };
        let lenient = see(LenientReader::new(masking), &bytes, cut);
        prop_assert_eq!(&lenient, &see(LenientReader::new(masking), &bytes, bytes.len()));

        let (mut strict, mut whole) = (Reader::new(masking, &Limits::UNLIMITED), bytes.clone());
        let (mut input, mut n, mut error) = (&mut whole[..], 0, None);
        loop {
            match strict.read(&mut input) {
                Ok(Some(piece)) => {
                    let (header, payload) = &lenient[n];
                    prop_assert_eq!(header.violations().count(), 0);
                    prop_assert_eq!(header.payload_len(), piece.header.payload_len());
                    prop_assert_eq!(header.masking_key(), piece.header.masking_key());
                    prop_assert_eq!(&payload[..], &*piece.payload);
                    n += 1;
                }
                Ok(None) => break,
                Err(violation) => { error = Some(violation); break }
            }
        }
        match (error, lenient.get(n)) {
            // The strict reader may refuse a header of which the lenient one has not seen the end.
            (Some(_), None) => {}
            (error, seen) => prop_assert_eq!(error, seen.and_then(|(header, _)| header.violations().next())),
        }
    }
}
