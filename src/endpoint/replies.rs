//! Where control frames go.

use super::queue::Queue;
use crate::wire::{ControlOpcode, Opcode, Output, OutputFull};

/// The queue as an output for control frames: a Close goes out after all data frames, the others at the next border.
pub(super) struct Replies<'q>(pub(super) &'q mut Queue);

impl Output for Replies<'_> {
    fn append_slices(&mut self, head: &[u8], body: &[u8]) -> Result<&mut [u8], OutputFull> {
        match head.first().and_then(|&first| Opcode::decode(first).ok()) {
            Some(Opcode::Control(ControlOpcode::Ping | ControlOpcode::Pong)) => {}
            // §5.5.1: an endpoint "MUST NOT send any more data frames after sending a Close frame".
            Some(Opcode::Control(ControlOpcode::Close) | Opcode::Data(_)) | None => {
                return self.0.frames().append_slices(head, body);
            }
        }
        let control = self.0.control();
        control.extend_from_slice(head);
        let start = control.len();
        control.extend_from_slice(body);
        self.0.settle();
        Ok(self.0.control().get_mut(start..).unwrap_or_default())
    }

    fn append_zeros(&mut self, len: usize) -> Result<&mut [u8], OutputFull> {
        self.0.frames().append_zeros(len)
    }

    /// Data frames do not count: Pongs do not wait for them, but go out at the next border.
    fn waiting_len(&self) -> usize {
        self.0.control_len()
    }
}
