//! What the socket did not take yet.

use std::collections::VecDeque;
use std::io::{self, ErrorKind, IoSlice, Write};
use std::rc::Rc;

/// A queue of bytes. While it is empty it holds no memory.
#[derive(Default)]
pub struct Output {
    chunks: VecDeque<Chunk>,
    /// So much of the first chunk is written.
    written: usize,
    len: usize,
}

enum Chunk {
    /// Bytes for this connection, frames or the rest of one.
    Own(Vec<u8>),
    /// A whole frame that others are sent too.
    Shared(Rc<[u8]>),
}

impl Output {
    /// What the queue weighs: the bytes that wait, and the places of their chunks, which outweigh the smallest frames.
    pub fn weight(&self) -> usize {
        self.len + self.chunks.len() * size_of::<Chunk>()
    }

    /// How many bytes wait.
    pub fn len(&self) -> usize {
        self.len
    }

    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Writes bytes, and keeps what the socket does not take. Returns how many were written.
    pub fn send(&mut self, mut bytes: &[u8], socket: &mut impl Write) -> io::Result<usize> {
        let mut sent = 0;
        while self.is_empty() && !bytes.is_empty() {
            match written(socket.write(bytes))? {
                0 => break,
                n => (sent, bytes) = (sent + n, &bytes[n..]),
            }
        }
        self.keep(bytes);
        Ok(sent)
    }

    /// Writes a frame after other bytes, and keeps what the socket does not take: what it takes at once is not copied. Returns how many
    /// bytes were written.
    pub fn send_frame(
        &mut self,
        before: &[u8],
        (header, payload): (&[u8], &[u8]),
        socket: &mut impl Write,
    ) -> io::Result<usize> {
        let (mut slices, mut sent) = ([before, header, payload], 0);
        while self.is_empty() && slices.iter().any(|slice| !slice.is_empty()) {
            let mut n = written(socket.write_vectored(&slices.map(IoSlice::new)))?;
            if n == 0 {
                break;
            }
            sent += n;
            for slice in &mut slices {
                let taken = n.min(slice.len());
                (*slice, n) = (&slice[taken..], n - taken);
            }
        }
        slices.into_iter().for_each(|slice| self.keep(slice));
        Ok(sent)
    }

    /// Puts bytes to the end of the queue.
    fn keep(&mut self, bytes: &[u8]) {
        if bytes.is_empty() {
            return;
        }
        self.len += bytes.len();
        match self.chunks.back_mut() {
            Some(Chunk::Own(chunk)) => chunk.extend_from_slice(bytes),
            Some(Chunk::Shared(_)) | None => self.chunks.push_back(Chunk::Own(bytes.to_vec())),
        }
    }

    /// Puts a frame to the end of the queue, to be written by [`flush`](Self::flush).
    pub fn push(&mut self, frame: Rc<[u8]>) {
        self.len += frame.len();
        self.chunks.push_back(Chunk::Shared(frame));
    }

    /// Writes what the socket takes. Returns how many bytes that were.
    pub fn flush(&mut self, socket: &mut impl Write) -> io::Result<usize> {
        let mut sent = 0;
        while !self.is_empty() {
            let mut slices = [IoSlice::new(&[]); 32];
            let mut skip = self.written;
            for (slice, chunk) in slices.iter_mut().zip(&self.chunks) {
                *slice = IoSlice::new(&chunk.bytes()[skip..]);
                skip = 0;
            }
            let count = self.chunks.len().min(slices.len());
            match written(socket.write_vectored(&slices[..count]))? {
                0 => break,
                n => {
                    self.advance(n);
                    sent += n;
                }
            }
        }
        Ok(sent)
    }

    /// Takes back the shared frames of which nothing is written yet.
    pub fn forget_shared(&mut self) {
        let mut begun = self.written > 0;
        self.chunks.retain(|chunk| std::mem::take(&mut begun) || matches!(chunk, Chunk::Own(_)));
        self.len = self.chunks.iter().map(|chunk| chunk.bytes().len()).sum::<usize>() - self.written;
    }

    fn advance(&mut self, n: usize) {
        self.len -= n;
        self.written += n;
        while let Some(first) = self.chunks.front().map(|chunk| chunk.bytes().len()).filter(|len| *len <= self.written)
        {
            self.written -= first;
            self.chunks.pop_front();
        }
        if self.chunks.is_empty() {
            self.chunks = VecDeque::new();
        }
    }
}

impl Chunk {
    fn bytes(&self) -> &[u8] {
        match self {
            Self::Own(bytes) => bytes,
            Self::Shared(bytes) => bytes,
        }
    }
}

/// How much was written; a socket that takes nothing now, or was interrupted, took 0.
fn written(result: io::Result<usize>) -> io::Result<usize> {
    match result {
        Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => Ok(0),
        result => result,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Takes so many bytes, then none.
    struct Socket {
        room: usize,
        taken: Vec<u8>,
    }

    impl Write for Socket {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let n = bytes.len().min(self.room);
            if n == 0 {
                return Err(ErrorKind::WouldBlock.into());
            }
            self.room -= n;
            self.taken.extend_from_slice(&bytes[..n]);
            Ok(n)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn socket(room: usize) -> Socket {
        Socket { room, taken: Vec::new() }
    }

    #[test]
    fn what_a_full_socket_leaves_is_written_later_and_in_order() {
        for room in 0..12 {
            let (mut output, mut socket) = (Output::default(), socket(room));
            output.send(b"abc", &mut socket).unwrap();
            output.push(Rc::from(*b"defg"));
            output.flush(&mut socket).unwrap();
            output.send(b"hij", &mut socket).unwrap();
            output.send(b"kl", &mut socket).unwrap();
            assert_eq!(output.len, 12 - socket.taken.len());
            socket.room = 100;
            output.flush(&mut socket).unwrap();
            assert_eq!(
                (socket.taken.as_slice(), output.is_empty(), output.chunks.capacity()),
                (&b"abcdefghijkl"[..], true, 0)
            );
        }
    }

    #[test]
    fn frame_is_written_after_what_came_before_as_far_as_the_socket_takes_it() {
        for waiting in [&b""[..], b"waiting "] {
            for room in 0..24 {
                let (mut output, mut socket) = (Output::default(), socket(0));
                output.send(waiting, &mut socket).unwrap();
                socket.room = room;
                let sent = output.send_frame(b"replies ", (b"he", b"payload"), &mut socket).unwrap();
                // What waits goes first, so that nothing is written past it.
                assert_eq!(sent, if waiting.is_empty() { room.min(17) } else { 0 });
                socket.room = 100;
                output.flush(&mut socket).unwrap();
                assert_eq!(socket.taken, [waiting, b"replies hepayload"].concat());
                assert!(output.is_empty());
            }
        }
    }

    #[test]
    fn frames_not_begun_are_taken_back_and_the_begun_one_is_finished() {
        let (mut output, mut socket) = (Output::default(), socket(1));
        output.push(Rc::from(*b"begun"));
        output.push(Rc::from(*b"not begun"));
        output.flush(&mut socket).unwrap();
        output.send(b"reply", &mut socket).unwrap();
        output.push(Rc::from(*b"nor this"));
        output.forget_shared();
        assert_eq!(output.len, 9);
        socket.room = 100;
        output.flush(&mut socket).unwrap();
        assert_eq!(socket.taken, b"begunreply");
    }

    #[test]
    fn smallest_frames_weigh_more_than_their_bytes() {
        let mut output = Output::default();
        for _ in 0..1000 {
            output.push(Rc::from([0x81, 0]));
        }
        assert!(output.weight() >= 1000 * (2 + size_of::<Rc<[u8]>>()));
    }

    #[test]
    fn rest_of_an_own_frame_is_never_taken_back() {
        let (mut output, mut socket) = (Output::default(), socket(2));
        output.send(b"own", &mut socket).unwrap();
        output.push(Rc::from(*b"shared"));
        output.forget_shared();
        socket.room = 100;
        output.flush(&mut socket).unwrap();
        assert_eq!(socket.taken, b"own");
    }
}
