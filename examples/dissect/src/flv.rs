//! Live video inside messages: the header and the tags of an FLV stream, named.
//!
//! Adobe Flash Video File Format Specification 10.1, annex E.

use std::fmt;

/// A part of an FLV stream.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Item {
    /// E.2: what the stream says it has.
    Header { audio: bool, video: bool },
    /// E.4.1: `timestamp` in milliseconds, `len` the bytes of its data.
    Tag { kind: Kind, timestamp: u32, len: u32 },
    /// From here on it is no FLV.
    Broken,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Kind {
    /// With the codec's number (E.4.2.1), and whether it is the codec's configuration.
    Audio {
        codec: u8,
        configuration: bool,
    },
    /// With the codec's number (E.4.3.1), whether it is a key frame, and whether it is the codec's configuration.
    Video {
        codec: u8,
        key: bool,
        configuration: bool,
    },
    Script,
}

impl fmt::Display for Item {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Header { audio, video } => {
                let of = match (audio, video) {
                    (true, true) => "audio and video",
                    (true, false) => "audio",
                    (false, true) => "video",
                    (false, false) => "nothing",
                };
                write!(f, "FLV header: {of}")
            }
            Self::Tag { kind, timestamp, len } => write!(f, "FLV {kind} at {timestamp} ms, {len} B"),
            Self::Broken => f.write_str("expected an FLV tag, found something else"),
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Audio { codec, configuration } => {
                match codec {
                    2 => f.write_str("audio (MP3)"),
                    10 => f.write_str("audio (AAC)"),
                    11 => f.write_str("audio (Speex)"),
                    other => write!(f, "audio (codec {other})"),
                }?;
                f.write_str(if configuration { ", configuration" } else { "" })
            }
            Self::Video { codec, key, configuration } => {
                match codec {
                    2 => f.write_str("video (H.263)"),
                    4 => f.write_str("video (VP6)"),
                    7 => f.write_str("video (AVC)"),
                    12 => f.write_str("video (HEVC)"),
                    other => write!(f, "video (codec {other})"),
                }?;
                f.write_str(if configuration {
                    ", configuration"
                } else if key {
                    ", key frame"
                } else {
                    ""
                })
            }
            Self::Script => f.write_str("script data"),
        }
    }
}

/// Reads one direction's binary messages, of which one began with an FLV header; a tag may go on in the next message.
#[derive(Debug, Default)]
pub struct Flv {
    state: State,
    /// A header, or the first bytes of a tag, as far as it has come.
    head: Vec<u8>,
}

#[derive(Debug, Default)]
enum State {
    /// No header yet.
    #[default]
    None,
    Header,
    /// Bytes to be passed over before the next tag.
    Between(u64),
}

/// `FLV`, version, flags, the length of the header.
const HEADER_LEN: usize = 9;
/// Type, length, timestamp, stream.
const TAG_LEN: usize = 11;
/// After the header, and after each tag, the length of the tag before.
const PREVIOUS_LEN: u64 = 4;

impl Flv {
    /// A binary message begins: a stream may begin with it.
    pub fn begin(&mut self) {
        if matches!(self.state, State::None) {
            self.state = State::Header;
        }
    }

    /// Bytes of a message; what they complete is added to `found`, up to some thousand items.
    pub fn push(&mut self, mut bytes: &[u8], found: &mut Vec<Item>) {
        const MAX_FOUND: usize = 4096;
        while !bytes.is_empty() {
            match &mut self.state {
                State::None => return,
                State::Header => {
                    self.take(&mut bytes, HEADER_LEN);
                    if !b"FLV\x01".starts_with(&self.head[..self.head.len().min(4)]) {
                        self.end();
                    } else if let &[_, _, _, _, flags, ref len @ ..] = &self.head[..]
                        && let Some(&len) = len.first_chunk()
                    {
                        found.push(Item::Header { audio: flags & 4 != 0, video: flags & 1 != 0 });
                        self.head.clear();
                        self.state =
                            State::Between(u64::from(u32::from_be_bytes(len)).saturating_sub(9) + PREVIOUS_LEN);
                    }
                }
                State::Between(passed) if *passed > 0 => {
                    let n = usize::try_from(*passed).unwrap_or(usize::MAX).min(bytes.len());
                    *passed -= n as u64;
                    bytes = &bytes[n..];
                }
                State::Between(_) => {
                    // A stream that begins anew, for someone who came late.
                    if self.head.is_empty() && bytes.starts_with(b"FLV\x01") {
                        self.state = State::Header;
                        continue;
                    }
                    self.take(&mut bytes, TAG_LEN);
                    let Some(&[a, b, c]) = self.head.get(1..4).and_then(<[u8]>::first_chunk) else { continue };
                    let len = u32::from_be_bytes([0, a, b, c]);
                    // With the first two bytes of its data, if it has so many: they tell the codec.
                    let have = len.min(2);
                    self.take(&mut bytes, TAG_LEN + have as usize);
                    if self.head.len() < TAG_LEN + have as usize {
                        continue;
                    }
                    let Some(item) = tag(len, &self.head) else {
                        found.push(Item::Broken);
                        self.end();
                        return;
                    };
                    if found.len() < MAX_FOUND {
                        found.push(item);
                    }
                    let left = u64::from(len - have) + PREVIOUS_LEN;
                    self.head.clear();
                    self.state = State::Between(left);
                }
            }
        }
    }

    fn take(&mut self, bytes: &mut &[u8], len: usize) {
        let (taken, rest) = bytes.split_at(len.saturating_sub(self.head.len()).min(bytes.len()));
        self.head.extend_from_slice(taken);
        *bytes = rest;
    }

    /// Bytes are missing, or it is no FLV: the next message may begin one.
    pub fn end(&mut self) {
        *self = Self::default();
    }
}

fn tag(len: u32, head: &[u8]) -> Option<Item> {
    let timestamp = u32::from_be_bytes([*head.get(7)?, *head.get(4)?, *head.get(5)?, *head.get(6)?]);
    let (first, second) = (head.get(11).copied().unwrap_or(0), head.get(12).copied());
    let kind = match head.first()? & 0x1f {
        8 => Kind::Audio { codec: first >> 4, configuration: first >> 4 == 10 && second == Some(0) },
        9 => {
            let codec = first & 0x0f;
            Kind::Video { codec, key: first >> 4 == 1, configuration: matches!(codec, 7 | 12) && second == Some(0) }
        }
        18 => Kind::Script,
        _ => return None,
    };
    Some(Item::Tag { kind, timestamp, len })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn header_and_tags_are_named_however_they_are_cut_into_messages() {
        // A header with audio and video; script data; a key frame and a configuration of AVC; AAC of two bytes; a tag without data.
        let tag = |kind: u8, time: [u8; 4], data: &[u8]| {
            let len = data.len() as u8;
            [&[kind, 0, 0, len, time[1], time[2], time[3], time[0], 0, 0, 0][..], data, &[0, 0, 0, 11 + len]].concat()
        };
        let stream = [
            b"FLV\x01\x05\x00\x00\x00\x09\x00\x00\x00\x00".to_vec(),
            tag(18, [0; 4], b"\x02\x00\x0aonMetaData"),
            tag(9, [0; 4], &[0x17, 0, 1, 2, 3]),
            tag(9, [1, 0, 0, 2], &[0x17, 1, 9]),
            tag(8, [0, 0, 1, 0], &[0xaf, 1]),
            tag(8, [0, 0, 1, 1], &[]),
        ]
        .concat();
        let named = [
            "FLV header: audio and video",
            "FLV script data at 0 ms, 13 B",
            "FLV video (AVC), configuration at 0 ms, 5 B",
            "FLV video (AVC), key frame at 16777218 ms, 3 B",
            "FLV audio (AAC) at 256 ms, 2 B",
            "FLV audio (codec 0) at 257 ms, 0 B",
        ];
        for cut in 0..=stream.len() {
            let (mut flv, mut found) = (Flv::default(), Vec::new());
            for message in [&stream[..cut], &stream[cut..]] {
                flv.begin();
                flv.push(message, &mut found);
            }
            let found: Vec<_> = found.iter().map(Item::to_string).collect();
            // An empty message begins no stream, and one of less than a header is taken for its beginning.
            assert_eq!(found, named, "cut at {cut}");
        }
    }

    #[test]
    fn other_messages_are_no_flv_and_a_stream_that_breaks_says_so() {
        let (mut flv, mut found) = (Flv::default(), Vec::new());
        flv.begin();
        flv.push(b"FLIP", &mut found);
        assert_eq!(found, []);
        flv.begin();
        flv.push(b"FLV\x01\x01\x00\x00\x00\x09\x00\x00\x00\x00no tag at all", &mut found);
        assert_eq!(found, [Item::Header { audio: false, video: true }, Item::Broken]);
    }
}
