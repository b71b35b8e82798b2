//! FLV, tag by tag (Adobe Flash Video File Format Specification 10.1, annex E).

use crate::unit::{Broken, Kind, MAX_UNIT_LEN, Place, Unit};

/// The header of the file, with the field for the size of a tag before the first one.
const HEADER_LEN: usize = 9 + 4;
/// The header of a tag.
const TAG_HEADER_LEN: usize = 11;
/// The size of the tag, after it.
const TRAILER_LEN: usize = 4;

const AUDIO: u8 = 8;
const VIDEO: u8 = 9;
const SCRIPT: u8 = 18;

/// Reads a stream of tags.
#[derive(Debug, Default)]
pub struct Flv {
    /// The header was read, and says whether there is video.
    has_video: Option<bool>,
}

impl Flv {
    pub fn next(&mut self, bytes: &[u8]) -> Result<Option<(Unit, usize)>, Broken> {
        let Some(has_video) = self.has_video else { return Ok(self.header(bytes)) };
        let &[kind, a, b, c, ..] = bytes else { return Ok(None) };
        let kind = kind & 0x1f;
        if ![AUDIO, VIDEO, SCRIPT].contains(&kind) {
            return Err(Broken(format!("expected an FLV tag of kind 8, 9 or 18, found kind {kind}")));
        }
        let data_len = u32::from_be_bytes([0, a, b, c]) as usize;
        if data_len > MAX_UNIT_LEN {
            return Err(Broken(format!("expected an FLV tag of at most {MAX_UNIT_LEN} bytes, found {data_len}")));
        }
        let len = TAG_HEADER_LEN + data_len + TRAILER_LEN;
        let Some(bytes) = bytes.get(..len) else { return Ok(None) };
        let data = &bytes[TAG_HEADER_LEN..TAG_HEADER_LEN + data_len];
        Ok(Some((Unit { bytes: bytes.to_vec(), kind: kind_of(kind, data, has_video) }, len)))
    }

    fn header(&mut self, bytes: &[u8]) -> Option<(Unit, usize)> {
        let bytes = bytes.get(..HEADER_LEN)?;
        self.has_video = Some(bytes[4] & 1 != 0);
        Some((Unit { bytes: bytes.to_vec(), kind: Kind::Begin(Place::Header) }, HEADER_LEN))
    }
}

/// What a tag is good for. Bit 7 of the first byte of video says that a codec is named by four letters, as for HEVC and AV1.
fn kind_of(tag: u8, data: &[u8], has_video: bool) -> Kind {
    match (tag, data) {
        (SCRIPT, _) => Kind::Begin(Place::Metadata),
        (VIDEO, &[first, ..]) if first & 0x8f == 0x80 => Kind::Begin(Place::Video),
        (VIDEO, &[first, 0, ..]) if matches!(first & 0x8f, 7 | 12) => Kind::Begin(Place::Video),
        (VIDEO, &[first, ..]) if first >> 4 & 7 == 1 => Kind::Key,
        // AAC, and its configuration.
        (AUDIO, &[first, 0, ..]) if first >> 4 == 10 => Kind::Begin(Place::Audio),
        (AUDIO, _) if !has_video => Kind::Key,
        _ => Kind::Delta,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tag(kind: u8, data: &[u8]) -> Vec<u8> {
        let len = u32::try_from(data.len()).unwrap();
        let mut tag = vec![kind];
        tag.extend(&len.to_be_bytes()[1..]);
        tag.extend([0; 7]);
        tag.extend(data);
        tag.extend((len + 11).to_be_bytes());
        tag
    }

    const HEADER: &[u8] = b"FLV\x01\x05\0\0\0\x09\0\0\0\0";

    fn units(stream: &[u8]) -> (Vec<(Kind, usize)>, usize) {
        let (mut flv, mut at, mut units) = (Flv::default(), 0, Vec::new());
        while let Some((unit, len)) = flv.next(&stream[at..]).unwrap() {
            assert_eq!(unit.bytes, stream[at..at + len]);
            units.push((unit.kind, len));
            at += len;
        }
        (units, at)
    }

    #[test]
    fn each_tag_is_known_for_what_it_is() {
        let tags: [(u8, &[u8], Kind); 9] = [
            (18, b"\x02\0\x0aonMetaData", Kind::Begin(Place::Metadata)),
            (9, b"\x17\0\0\0\0avcC", Kind::Begin(Place::Video)),
            (8, b"\xaf\0\x12\x10", Kind::Begin(Place::Audio)),
            (9, b"\x17\x01\0\0\0key", Kind::Key),
            (9, b"\x27\x01\0\0\0delta", Kind::Delta),
            (8, b"\xaf\x01sound", Kind::Delta),
            (9, b"\x90hvc1configuration", Kind::Begin(Place::Video)),
            (9, b"\x91hvc1key", Kind::Key),
            (9, b"\xa1hvc1delta", Kind::Delta),
        ];
        let mut stream = HEADER.to_vec();
        let mut expected = vec![(Kind::Begin(Place::Header), 13)];
        for (kind, data, what) in tags {
            let tag = tag(kind, data);
            expected.push((what, tag.len()));
            stream.extend(tag);
        }
        assert_eq!(units(&stream), (expected, stream.len()));
    }

    #[test]
    fn without_video_a_listener_can_begin_anywhere() {
        let stream = [b"FLV\x01\x04\0\0\0\x09\0\0\0\0", &tag(8, b"\x2fmp3")[..]].concat();
        assert_eq!(units(&stream).0[1].0, Kind::Key);
    }

    #[test]
    fn what_is_cut_waits_for_the_rest() {
        let stream = [HEADER, &tag(9, b"\x17\x01\0\0\0key")].concat();
        for cut in 0..stream.len() {
            assert_eq!(units(&stream[..cut]).0.len(), usize::from(cut >= HEADER_LEN), "{cut}");
        }
    }

    #[test]
    fn what_is_no_tag_is_refused_by_name() {
        let mut flv = Flv { has_video: Some(true) };
        assert_eq!(
            flv.next(&tag(7, b"")).unwrap_err().to_string(),
            "expected an FLV tag of kind 8, 9 or 18, found kind 7"
        );
        let huge = [9, 0xff, 0xff, 0xff];
        assert_eq!(
            flv.next(&huge).unwrap_err().to_string(),
            "expected an FLV tag of at most 8388608 bytes, found 16777215"
        );
    }
}
