//! Fragmented MP4 (ISO/IEC 14496-12), fragment by fragment, as `MediaSource` takes it. Each fragment has to begin with a key frame, which is
//! what ffmpeg's `-movflags frag_keyframe` makes.

use crate::unit::{Broken, Kind, MAX_UNIT_LEN, Place, Unit};

/// Reads a stream of boxes.
#[derive(Debug, Default)]
pub struct Mp4 {
    begun: bool,
}

impl Mp4 {
    /// What is before the first `moof` is one unit, and so is what goes up to the end of each `mdat`.
    pub fn next(&mut self, bytes: &[u8]) -> Result<Option<(Unit, usize)>, Broken> {
        let mut at = 0;
        while let Some((name, len)) = header(&bytes[at..])? {
            if at + len > MAX_UNIT_LEN {
                return Err(Broken(format!(
                    "expected fragments of at most {MAX_UNIT_LEN} bytes, found one of {} and more",
                    at + len
                )));
            }
            if name == *b"moof" && !self.begun {
                self.begun = true;
                return Ok(Some((Unit { bytes: bytes[..at].to_vec(), kind: Kind::Begin(Place::Header) }, at)));
            }
            at += len;
            if at > bytes.len() {
                return Ok(None);
            }
            if name == *b"mdat" {
                if !self.begun {
                    return Err(Broken("expected an MP4 file in fragments, found one that is whole".into()));
                }
                return Ok(Some((Unit { bytes: bytes[..at].to_vec(), kind: Kind::Key }, at)));
            }
        }
        Ok(None)
    }
}

/// The name of the first box, and how long it is with its header.
fn header(bytes: &[u8]) -> Result<Option<([u8; 4], usize)>, Broken> {
    let &[a, b, c, d, e, f, g, h, ref rest @ ..] = bytes else { return Ok(None) };
    let name = [e, f, g, h];
    let len = match u32::from_be_bytes([a, b, c, d]) {
        1 => match rest.first_chunk() {
            Some(len) => usize::try_from(u64::from_be_bytes(*len)).unwrap_or(usize::MAX),
            None => return Ok(None),
        },
        len => len as usize,
    };
    if len < 8 {
        return Err(Broken(format!("expected an MP4 box of at least 8 bytes, found {len}")));
    }
    Ok(Some((name, len.min(usize::MAX / 2))))
}

/// The codecs of a stream, as `MediaSource` wants to be told (RFC 6381), by what stands before the first fragment.
pub fn codecs(begin: &[u8]) -> String {
    let after =
        |name: &[u8]| begin.windows(name.len()).position(|bytes| bytes == name).map(|at| &begin[at + name.len()..]);
    let video = match after(b"avcC") {
        Some([_, profile, compatibility, level, ..]) => {
            Some(format!("avc1.{profile:02x}{compatibility:02x}{level:02x}"))
        }
        _ => None,
    };
    let audio = after(b"mp4a").map(|_| "mp4a.40.2".to_owned());
    video.into_iter().chain(audio).collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mp4_box(name: &[u8; 4], data: &[u8]) -> Vec<u8> {
        let len = u32::try_from(data.len() + 8).unwrap();
        [&len.to_be_bytes(), &name[..], data].concat()
    }

    #[test]
    fn a_stream_is_its_beginning_and_fragments() {
        let begin = [mp4_box(b"ftyp", b"iso5"), mp4_box(b"moov", b"avcC\x01\x42\xc0\x1emp4a")].concat();
        let fragment = [mp4_box(b"moof", b"1"), mp4_box(b"mdat", b"video")].concat();
        let stream = [&begin[..], &fragment, &fragment].concat();
        let (mut mp4, mut at, mut units) = (Mp4::default(), 0, Vec::new());
        while let Some((unit, len)) = mp4.next(&stream[at..]).unwrap() {
            units.push(unit);
            at += len;
        }
        let key = Unit { bytes: fragment, kind: Kind::Key };
        assert_eq!(units, [Unit { bytes: begin.clone(), kind: Kind::Begin(Place::Header) }, key.clone(), key]);
        assert_eq!(codecs(&begin), "avc1.42c01e,mp4a.40.2");
    }

    #[test]
    fn a_file_that_is_not_in_fragments_is_refused_by_name() {
        let file = [mp4_box(b"ftyp", b"isom"), mp4_box(b"mdat", b"video")].concat();
        let broken = Mp4::default().next(&file).unwrap_err();
        assert_eq!(broken.to_string(), "expected an MP4 file in fragments, found one that is whole");
        let broken = Mp4::default().next(b"\0\0\0\x07ftyp").unwrap_err();
        assert_eq!(broken.to_string(), "expected an MP4 box of at least 8 bytes, found 7");
        assert!(Mp4::default().next(b"\0\0\0\x01free\xff\xff\xff\xff\xff\xff\xff\xff").is_err());
    }
}
