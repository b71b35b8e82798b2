//! What waits to be written to one socket.

use std::collections::VecDeque;
use std::io::{self, ErrorKind, IoSlice};
use std::rc::Rc;

use tokio::net::TcpStream;
use websocket_proto::{Connection, Server};

use crate::letter::{Form, Letter};

/// Bytes of this connection alone, and letters that it shares with others, in the order in which they go out.
#[derive(Debug, Default)]
pub struct Outgoing {
    pieces: VecDeque<Piece>,
    /// How much of the first piece is written.
    written: usize,
    /// Own bytes after all pieces: replies, Pongs, the Close.
    own: Vec<u8>,
    /// How much waits in the pieces, what is written of the first included.
    len: usize,
    /// The same of own pieces alone.
    own_len: usize,
    /// The socket took no more the last time.
    full: bool,
}

/// What came of writing.
#[derive(Clone, Copy, Debug)]
pub struct Written {
    pub bytes: usize,
    /// Whether it is a sign of life: a socket that was full takes more when its peer has taken something.
    pub alive: bool,
}

#[derive(Debug)]
enum Piece {
    Own(Vec<u8>),
    Shared(Rc<Letter>, Form),
}

impl Piece {
    fn bytes(&self) -> &[u8] {
        match self {
            Self::Own(bytes) => bytes,
            Self::Shared(letter, form) => letter.bytes(*form),
        }
    }
}

impl Outgoing {
    /// Where the connection appends what concerns it alone.
    pub fn own(&mut self) -> &mut Vec<u8> {
        &mut self.own
    }

    /// Adds a letter after everything else, if the connection may still send: nothing is copied but the reference.
    pub fn share(&mut self, connection: &mut Connection<Server>, letter: &Rc<Letter>) {
        if let Ok(form) = letter.admit(connection) {
            self.close_own();
            self.len += letter.bytes(form).len();
            self.pieces.push_back(Piece::Shared(Rc::clone(letter), form));
        }
    }

    pub fn len(&self) -> usize {
        self.len - self.written + self.own.len()
    }

    /// How much waits that is nobody else's.
    pub fn own_len(&self) -> usize {
        self.own_len + self.own.len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Writes as much as the socket takes now, many pieces at once.
    pub fn write_to(&mut self, stream: &TcpStream) -> io::Result<Written> {
        self.close_own();
        let mut written = Written { bytes: 0, alive: false };
        while !self.pieces.is_empty() {
            let mut slices = [IoSlice::new(&[]); 64];
            let mut count = 0;
            for (piece, slice) in self.pieces.iter().zip(&mut slices) {
                let skip = if count == 0 { self.written } else { 0 };
                *slice = IoSlice::new(&piece.bytes()[skip..]);
                count += 1;
            }
            match stream.try_write_vectored(&slices[..count]) {
                Ok(0) => return Err(ErrorKind::WriteZero.into()),
                Ok(n) => {
                    self.advance(n);
                    written.bytes += n;
                    written.alive |= std::mem::take(&mut self.full);
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    self.full = true;
                    break;
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(written)
    }

    /// Forgets what is written.
    fn advance(&mut self, n: usize) {
        self.written += n;
        while let Some(piece) = self.pieces.front() {
            let len = piece.bytes().len();
            if self.written < len {
                break;
            }
            self.written -= len;
            self.len -= len;
            if let Piece::Own(_) = piece {
                self.own_len -= len;
            }
            self.pieces.pop_front();
        }
    }

    /// Own bytes become a piece, so that what comes next comes after them.
    fn close_own(&mut self) {
        if !self.own.is_empty() {
            self.len += self.own.len();
            self.own_len += self.own.len();
            self.pieces.push_back(Piece::Own(std::mem::take(&mut self.own)));
        }
    }
}
