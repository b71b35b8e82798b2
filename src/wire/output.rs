//! Where bytes that are to be sent are appended.

use core::fmt;

use super::{EncodedHeader, Masker, Redacted, error_type};
#[cfg(feature = "alloc")]
use crate::kernel;

/// A place to append bytes to: a `Vec<u8>` (feature `alloc`), a [`FixedOutput`], or the caller's own buffer.
///
/// ```
/// use websocket_proto::wire::{FixedOutput, Output};
///
/// let mut memory = [0; 8];
/// let mut out = FixedOutput::new(&mut memory);
/// assert_eq!(out.append_slices(b"ab", b"cd").unwrap(), b"cd");
/// assert_eq!(out.written(), b"abcd");
/// assert!(out.append_slices(b"ef", b"ghi").is_err(), "five bytes do not fit into four");
/// assert_eq!(out.written(), b"abcd", "and none of them was written");
/// ```
pub trait Output {
    /// Appends `head` and then `body`, or nothing at all, and returns the place where `body` now lies, so that it can be
    /// masked there.
    ///
    /// # Errors
    ///
    /// [`OutputFull`] if there is no room for both; then nothing was appended.
    fn append_slices(&mut self, head: &[u8], body: &[u8]) -> Result<&mut [u8], OutputFull>;

    /// Appends a frame, or nothing at all: its header, and its payload as `masker` masks it; one that masks nothing copies.
    ///
    /// The default copies first and masks then. The outputs of this crate do both at once.
    ///
    /// # Errors
    ///
    /// [`OutputFull`] if there is no room for both; then nothing was appended.
    #[inline]
    fn append_frame(&mut self, header: EncodedHeader, payload: &[u8], mut masker: Masker) -> Result<(), OutputFull> {
        masker.apply(self.append_slices(&header, payload)?);
        Ok(())
    }

    /// Appends `len` zeros, or nothing at all, and returns them to be written over.
    ///
    /// This is how something that has many pieces, such as the head of a response, is written as a whole or not at all: it is measured
    /// first. `len` is never a length that a peer declared.
    ///
    /// # Errors
    ///
    /// [`OutputFull`] if there is no room; then nothing was appended.
    ///
    /// ```
    /// use websocket_proto::wire::{FixedOutput, Output};
    ///
    /// let mut memory = [7; 4];
    /// let mut out = FixedOutput::new(&mut memory);
    /// out.append_zeros(3).unwrap()[1] = b'a';
    /// assert_eq!(out.written(), [0, b'a', 0]);
    /// assert!(out.append_zeros(2).is_err());
    /// assert_eq!(out.written().len(), 3);
    /// ```
    fn append_zeros(&mut self, len: usize) -> Result<&mut [u8], OutputFull>;

    /// How many bytes it holds that are still to be written.
    ///
    /// From [`Limits::high_water_mark`](super::Limits::high_water_mark) on, replies to Pings wait. An output that does not hold bytes,
    /// but writes them at once, answers 0.
    ///
    /// ```
    /// use websocket_proto::wire::Output;
    ///
    /// assert_eq!(vec![1, 2, 3].waiting_len(), 3);
    /// ```
    fn waiting_len(&self) -> usize;
}

error_type! {
    /// There is no room in the output for what was to be appended; nothing was.
    ///
    /// ```
    /// use websocket_proto::wire::{FixedOutput, Output, OutputFull};
    ///
    /// assert_eq!(FixedOutput::new(&mut []).append_slices(b"a", b""), Err(OutputFull::new(1, 0)));
    /// ```
    #[non_exhaustive]
    pub struct OutputFull {
        /// How many bytes were to be appended.
        pub needed: usize,
        /// How many there was room for.
        pub room: usize,
    } => "expected room for {needed} bytes in the output, found room for {room}";
}

impl OutputFull {
    /// For an output of the caller's own: how many bytes were to be appended, and how many there was room for.
    pub const fn new(needed: usize, room: usize) -> Self {
        Self { needed, room }
    }
}

/// An [`Output`] over memory of a fixed size, for callers without an allocator.
///
/// Beyond what was [written](Self::written), the memory may be overwritten with zeros and the length of a header. Replies find room if
/// there are [`ControlFrame::MAX_LEN`](super::ControlFrame::MAX_LEN) bytes, 131; with less, a long Pong, and the Close after it, may
/// wait for ever.
///
/// ```
/// use websocket_proto::wire::{FixedOutput, Output};
///
/// let mut memory = [0; 1024];
/// let mut out = FixedOutput::new(&mut memory);
/// out.append_slices(b"to be sent", b"").unwrap();
/// assert_eq!(out.written(), b"to be sent"); // write these to the socket, then:
/// out.clear();
/// assert!(out.written().is_empty());
/// ```
pub struct FixedOutput<'m> {
    memory: &'m mut [u8],
    len: usize,
}

impl<'m> FixedOutput<'m> {
    /// Makes an empty output over `memory`.
    pub fn new(memory: &'m mut [u8]) -> Self {
        Self { memory, len: 0 }
    }

    /// What was appended since the last [`clear`](Self::clear).
    pub fn written(&self) -> &[u8] {
        self.memory.get(..self.len).unwrap_or_default()
    }

    /// Forgets what was appended, so that its room is free again.
    pub fn clear(&mut self) {
        self.len = 0;
    }
}

/// Without the bytes.
impl fmt::Debug for FixedOutput<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (written, room) = (Redacted(self.len), Redacted(self.memory.len()));
        f.debug_struct("FixedOutput").field("written", &written).field("memory", &room).finish()
    }
}

impl Output for FixedOutput<'_> {
    #[inline(always)] // As for a vector.
    fn append_frame(&mut self, header: EncodedHeader, payload: &[u8], mut masker: Masker) -> Result<(), OutputFull> {
        let header_len = header.header_len();
        let needed = header_len.saturating_add(payload.len());
        let free = self.memory.get_mut(self.len..).unwrap_or_default();
        let room = free.len();
        if room < needed {
            return Err(OutputFull { needed, room });
        }
        // A copy of one length is a few instructions; the payload then covers what was too much of it.
        match free.first_chunk_mut() {
            Some(place) => *place = header.padded().to_le_bytes(),
            None => free.iter_mut().zip(&*header).for_each(|(place, byte)| *place = *byte),
        }
        masker.apply_copy(payload, free.get_mut(header_len..).unwrap_or_default());
        self.len += needed;
        Ok(())
    }

    fn append_slices(&mut self, head: &[u8], body: &[u8]) -> Result<&mut [u8], OutputFull> {
        let needed = head.len().saturating_add(body.len());
        let free = self.memory.get_mut(self.len..).unwrap_or_default();
        let room = free.len();
        let Some((to, _)) = free.split_at_mut_checked(needed) else { return Err(OutputFull { needed, room }) };
        let (to_head, to_body) = to.split_at_mut(head.len());
        to_head.copy_from_slice(head);
        to_body.copy_from_slice(body);
        self.len += needed;
        Ok(to_body)
    }

    fn append_zeros(&mut self, len: usize) -> Result<&mut [u8], OutputFull> {
        let free = self.memory.get_mut(self.len..).unwrap_or_default();
        let room = free.len();
        let Some(place) = free.get_mut(..len) else { return Err(OutputFull { needed: len, room }) };
        place.fill(0);
        self.len += len;
        Ok(place)
    }

    fn waiting_len(&self) -> usize {
        self.len
    }
}

#[cfg(feature = "alloc")]
impl Output for alloc::vec::Vec<u8> {
    #[inline(always)] // However many places in a program send.
    fn append_frame(&mut self, header: EncodedHeader, payload: &[u8], masker: Masker) -> Result<(), OutputFull> {
        let (level, key) = masker.parts();
        kernel::append_frame(level, self, header.padded(), header.header_len(), payload, key);
        Ok(())
    }

    #[inline]
    fn append_slices(&mut self, head: &[u8], body: &[u8]) -> Result<&mut [u8], OutputFull> {
        self.reserve(head.len().saturating_add(body.len()));
        self.extend_from_slice(head);
        let start = self.len();
        self.extend_from_slice(body);
        Ok(self.get_mut(start..).unwrap_or_default())
    }

    fn append_zeros(&mut self, len: usize) -> Result<&mut [u8], OutputFull> {
        let start = self.len();
        self.resize(start.saturating_add(len), 0);
        Ok(self.get_mut(start..).unwrap_or_default())
    }

    fn waiting_len(&self) -> usize {
        self.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Client, Connection, Limits, Negotiated, Server};

    #[test]
    fn frame_fits_that_fills_the_memory_and_one_more_byte_does_not() {
        for room in 0..=8 {
            let mut memory = [0; 8];
            let mut out = FixedOutput::new(&mut memory[..room]);
            let mut connection = Connection::new(Negotiated::elsewhere(), Server, &Limits::default());
            let sent = connection.send("Hello", &mut out);
            assert_eq!(sent.is_ok(), room >= 7, "{room}");
            assert_eq!(out.written(), if room >= 7 { &b"\x81\x05Hello"[..] } else { b"" });
        }
    }

    #[test]
    fn zeros_follow_what_was_written_and_count() {
        let mut memory = [7; 6];
        let mut out = FixedOutput::new(&mut memory);
        out.append_slices(b"a", b"b").unwrap();
        assert_eq!(out.append_zeros(3).unwrap(), [0; 3]);
        assert_eq!(out.written(), b"ab\0\0\0");
        assert!(out.append_zeros(2).is_err());
        out.append_slices(b"c", b"").unwrap();
        assert_eq!(out.written(), b"ab\0\0\0c");
    }

    /// An output that brings no more than it has to.
    struct Least(std::vec::Vec<u8>);

    impl Output for Least {
        fn append_slices(&mut self, head: &[u8], body: &[u8]) -> Result<&mut [u8], OutputFull> {
            let start = self.0.len() + head.len();
            self.0.extend([head, body].concat());
            Ok(&mut self.0[start..])
        }

        fn append_zeros(&mut self, len: usize) -> Result<&mut [u8], OutputFull> {
            let start = self.0.len();
            self.0.resize(start + len, 0);
            Ok(&mut self.0[start..])
        }

        fn waiting_len(&self) -> usize {
            self.0.len()
        }
    }

    #[test]
    fn output_that_only_takes_slices_gets_whole_masked_frames() {
        let mut out = Least(std::vec::Vec::new());
        let client = Client::from_fn(|| [0x37, 0xfa, 0x21, 0x3d]);
        Connection::new(Negotiated::elsewhere(), client, &Limits::default()).send("Hello", &mut out).unwrap();
        // §5.7: "A single-frame masked text message".
        assert_eq!(out.0, [0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58]);
    }
}
