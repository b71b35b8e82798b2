//! Frames as bytes, legal or not, without the crate's encoder.

use arbitrary::{Result, Unstructured};

use super::{ControlOpcode, DataOpcode, Heard, Masking, Opcode};

/// What was written so far.
pub(super) struct Writer {
    masking: Masking,
    pub(super) frames: Vec<Vec<u8>>,
    pub(super) heard: Vec<Heard>,
    /// How much of it is heard, where not all is.
    pub(super) heard_len: Option<usize>,
}

/// The form of a payload length (§5.2).
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Form {
    Shortest,
    Bits16,
    Bits64,
}

impl Writer {
    pub(super) fn new(masking: Masking) -> Self {
        Self { masking, frames: Vec::new(), heard: Vec::new(), heard_len: None }
    }

    pub(super) fn masking(&self) -> Masking {
        self.masking
    }

    pub(super) fn data(
        &mut self,
        opcode: DataOpcode,
        fin: bool,
        payload: &[u8],
        u: &mut Unstructured<'_>,
    ) -> Result<()> {
        let fin = if fin { 0x80 } else { 0 };
        self.frame(fin | Opcode::Data(opcode).encode(), Form::Shortest, payload, u)
    }

    pub(super) fn control(&mut self, opcode: ControlOpcode, payload: &[u8], u: &mut Unstructured<'_>) -> Result<()> {
        self.frame(0x80 | Opcode::Control(opcode).encode(), Form::Shortest, payload, u)
    }

    pub(super) fn frame(&mut self, first: u8, form: Form, payload: &[u8], u: &mut Unstructured<'_>) -> Result<()> {
        let masked = self.masking == Masking::Required;
        self.frame_masked(masked, first, form, payload, u)
    }

    /// A frame that is masked although it must not be, or the other way round.
    pub(super) fn wrongly_masked(&mut self, first: u8, payload: &[u8], u: &mut Unstructured<'_>) -> Result<()> {
        self.frame_masked(self.masking == Masking::Forbidden, first, Form::Shortest, payload, u)
    }

    fn frame_masked(
        &mut self,
        masked: bool,
        first: u8,
        form: Form,
        payload: &[u8],
        u: &mut Unstructured<'_>,
    ) -> Result<()> {
        let key: Option<[u8; 4]> = if masked { Some(u.arbitrary()?) } else { None };
        let mut frame = header(key, first, form, u64::try_from(payload.len()).unwrap_or(u64::MAX));
        let mut mask = key.unwrap_or_default().into_iter().cycle();
        frame.extend(payload.iter().map(|byte| byte ^ mask.next().unwrap_or_default()));
        self.frames.push(frame);
        Ok(())
    }

    /// A header whose payload never comes.
    pub(super) fn header(&mut self, first: u8, form: Form, len: u64, u: &mut Unstructured<'_>) -> Result<()> {
        let key = if self.masking == Masking::Required { Some(u.arbitrary()?) } else { None };
        self.frames.push(header(key, first, form, len));
        Ok(())
    }
}

/// A header that declares `len` bytes, in this form or a longer one that holds them.
fn header(key: Option<[u8; 4]>, first: u8, form: Form, len: u64) -> Vec<u8> {
    let mask_bit = if key.is_some() { 0x80 } else { 0 };
    let mut header = vec![first];
    match (form, u8::try_from(len), u16::try_from(len)) {
        (Form::Shortest, Ok(len @ 0..=125), _) => header.push(mask_bit | len),
        (Form::Shortest | Form::Bits16, _, Ok(len)) => {
            header.push(mask_bit | 126);
            header.extend(len.to_be_bytes());
        }
        (Form::Shortest | Form::Bits16 | Form::Bits64, ..) => {
            header.push(mask_bit | 127);
            header.extend(len.to_be_bytes());
        }
    }
    header.extend(key.into_iter().flatten());
    header
}

/// Bytes, mostly few, sometimes at the border of a form of length.
pub(super) fn payload(u: &mut Unstructured<'_>) -> Result<Vec<u8>> {
    let len = match u.int_in_range(0..=19)? {
        0..=14 => u.int_in_range(0..=40)?,
        15..=18 => u.int_in_range(120..=130)?,
        _ => *u.choose(&[65_535, 65_536])?,
    };
    let mut bytes = u.bytes(u.len().min(len).min(130))?.to_vec();
    bytes.resize(len, b'z');
    Ok(bytes)
}

/// Text with code points of each length, and of the borders between them (RFC 3629 §3).
pub(super) fn text(u: &mut Unstructured<'_>) -> Result<String> {
    const BORDERS: &[char] = &[
        '\0',
        '\u{7f}',
        '\u{80}',
        '\u{7ff}',
        '\u{800}',
        '\u{d7ff}',
        '\u{e000}',
        '\u{ffff}',
        '\u{10000}',
        '\u{10ffff}',
    ];
    let len = if u.ratio(1, 8)? { u.int_in_range(30..=70)? } else { u.int_in_range(0..=12)? };
    (0..len)
        .map(|_| if u.ratio(3, 4)? { Ok(char::from(u.int_in_range(b'a'..=b'e')?)) } else { Ok(*u.choose(BORDERS)?) })
        .collect()
}
