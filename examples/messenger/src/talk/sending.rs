//! Files that go out.

use serde::{Deserialize, Serialize};

use super::frame::{Frame, PIECE};

/// A file that the friend does not have yet.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Sending {
    pub id: String,
    /// Where it is on this machine.
    pub path: String,
    pub name: String,
    pub size: u64,
    pub sha256: String,
    #[serde(skip)]
    pub flow: Flow,
}

/// How far the file has come on this call.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Flow {
    /// Not asked for yet.
    #[default]
    Offered,
    /// Written to the channel, and on the friend's disk, up to here.
    Running { sent: u64, acked: u64 },
}

impl Sending {
    pub fn offer(&self) -> Frame {
        let Self { id, name, size, sha256, .. } = self.clone();
        Frame::File { id, name, size, sha256 }
    }

    /// The friend asks for it.
    ///
    /// # Errors
    ///
    /// What was expected.
    pub fn wanted(&mut self, from: u64) -> Result<(), String> {
        if from > self.size {
            return Err(format!("expected to be asked for one of {} bytes, found {from}", self.size));
        }
        self.flow = Flow::Running { sent: from, acked: from };
        Ok(())
    }

    /// The friend has this much on its disk.
    ///
    /// # Errors
    ///
    /// What was expected.
    pub fn got(&mut self, upto: u64) -> Result<(), String> {
        match &mut self.flow {
            Flow::Running { sent, acked } if (*acked..=*sent).contains(&upto) => *acked = upto,
            _ => return Err(format!("expected to hear of bytes that were sent, found {upto}")),
        }
        Ok(())
    }

    /// The next piece to read and send: where, and how long.
    pub fn next_piece(&self) -> Option<(u64, usize)> {
        let Flow::Running { sent, acked } = self.flow else { return None };
        let left = self.size - sent;
        let len = usize::try_from(left).map_or(PIECE, |left| left.min(PIECE));
        (len > 0 && sent - acked < WINDOW).then_some((sent, len))
    }

    /// A piece was written to the channel.
    pub fn sent(&mut self, len: usize) {
        if let Flow::Running { sent, .. } = &mut self.flow {
            *sent = self.size.min(*sent + len as u64);
        }
    }
}

/// How much may be on its way that is not known to be on the friend's disk.
const WINDOW: u64 = 4 * 1024 * 1024;
