//! Compressors and decompressors that serve one connection after another, as those of a server do that pools them.

use std::cell::Cell;

use websocket_proto::extension::deflate::{Deflater, Inflater};
use websocket_proto::{Negotiated, Role};

use super::messages::Whole;
use super::talk::{Base, Talk};

thread_local! {
    /// What the last connection of this thread has left, whatever state it was in.
    static LEFT: Cell<(Option<Inflater>, Option<Deflater>)> = const { Cell::new((None, None)) };
}

/// Takes over what the connection before has left.
pub struct Pooled<R: Role>(Whole<R, false>);

impl<R: Role> Talk<R> for Pooled<R> {
    fn new(negotiated: Negotiated, role: R) -> Self {
        let mut whole = Whole::new(negotiated, role);
        let (inflater, deflater) = LEFT.take();
        *whole.messages.inflater_mut() = inflater;
        // A compressor has its parameters from the beginning.
        if let (Some(own), Some(left)) = (&mut whole.deflater, deflater) {
            if left.compression() == own.compression() {
                *own = left;
            }
        }
        Self(whole)
    }

    fn receive(&mut self, input: &mut [u8], out: &mut Vec<u8>) {
        self.0.receive(input, out);
    }

    fn base(&mut self) -> &mut Base<R> {
        self.0.base()
    }

    fn shared(&self) -> &Base<R> {
        self.0.shared()
    }
}

impl<R: Role> Drop for Pooled<R> {
    fn drop(&mut self) {
        LEFT.set((self.0.messages.inflater_mut().take(), self.0.deflater.take()));
    }
}
