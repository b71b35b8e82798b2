//! A stream of video, cut where a viewer can skip: what all formats have in common.

use crate::flv::Flv;
use crate::mp4::Mp4;

/// A part of a stream that is sent as one message.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Unit {
    pub bytes: Vec<u8>,
    pub kind: Kind,
}

/// What a unit is for those who join late, or skip.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Kind {
    /// Everybody needs it before anything else; one with the same place takes the place of an earlier one.
    Begin(Place),
    /// A viewer can begin here.
    Key,
    /// Of use only after all since the last key.
    Delta,
}

/// The units that a viewer needs first, in their order.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Place {
    /// The header of an FLV file, or everything before the first fragment of an MP4 file.
    Header,
    Metadata,
    Video,
    Audio,
}

/// How many there are of them.
pub const PLACES: usize = 4;

/// What comes from a source, format by format.
#[derive(Debug)]
pub enum Stream {
    Flv(Flv),
    Mp4(Mp4),
}

/// Bytes that are no stream that is served here.
#[derive(Debug, Eq, PartialEq)]
pub struct Broken(pub String);

impl std::fmt::Display for Broken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Broken {}

/// How long a unit may be: a key frame of 8K video takes less.
pub const MAX_UNIT_LEN: usize = 8 * 1024 * 1024;

impl Stream {
    /// Knows the format by its first bytes; `None` while there are too few of them.
    pub fn of(bytes: &[u8]) -> Result<Option<Self>, Broken> {
        match bytes {
            [b'F', b'L', b'V', ..] => Ok(Some(Self::Flv(Flv::default()))),
            [_, _, _, _, b'f', b't', b'y', b'p', ..] => Ok(Some(Self::Mp4(Mp4::default()))),
            _ if bytes.len() < 8 => Ok(None),
            _ => Err(Broken(format!(
                "expected FLV or fragmented MP4, found a stream that begins with {:02x?}",
                bytes.get(..8).unwrap_or_default()
            ))),
        }
    }

    /// The next unit, and how long it is in the stream; `None` while it has not come whole.
    pub fn next(&mut self, bytes: &[u8]) -> Result<Option<(Unit, usize)>, Broken> {
        match self {
            Self::Flv(flv) => flv.next(bytes),
            Self::Mp4(mp4) => mp4.next(bytes),
        }
    }

    /// The name of the format, as the page knows it.
    pub fn format(&self) -> &'static str {
        match self {
            Self::Flv(_) => "flv",
            Self::Mp4(_) => "mp4",
        }
    }
}
