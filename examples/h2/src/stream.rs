//! A stream of HTTP/2 as a transport: the bytes of DATA frames, with the flow control of both directions.

use std::io::{self, ErrorKind};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes};
use h2::{RecvStream, SendStream};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// How many bytes are asked of the peer's windows at once.
const MOST_RESERVED: usize = 64 * 1024;

/// Both directions of one stream. Dropped before its end was sent, it resets the stream with CANCEL, which RFC 8441 §5 wants for a TCP
/// connection that is reset.
///
/// * It writes no more than the peer's windows have room for, and waits for them: h2 itself would keep whatever it is given.
/// * It gives the windows back what was read, and no more: a peer whose bytes nobody takes comes to a stop.
/// * END_STREAM is the end of input, and shutting down sends it. RST_STREAM is an error, as TCP's RST is.
#[derive(Debug)]
pub struct H2Stream {
    send: SendStream<Bytes>,
    receive: RecvStream,
    /// Of the last DATA frame, what is still to be read.
    unread: Bytes,
    shut_down: bool,
}

impl H2Stream {
    pub fn new(send: SendStream<Bytes>, receive: RecvStream) -> Self {
        Self { send, receive, unread: Bytes::new(), shut_down: false }
    }
}

impl AsyncRead for H2Stream {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, room: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        while this.unread.is_empty() {
            match ready!(this.receive.poll_data(context)) {
                None => return Poll::Ready(Ok(())),
                Some(data) => this.unread = data.map_err(broken)?,
            }
        }
        let n = room.remaining().min(this.unread.len());
        room.put_slice(&this.unread[..n]);
        this.unread.advance(n);
        // RFC 9113 §5.2.1: the window says what the receiver is prepared to take.
        this.receive.flow_control().release_capacity(n).map_err(broken)?;
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for H2Stream {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let send = &mut self.send;
        if bytes.is_empty() {
            return Poll::Ready(Ok(0));
        }
        send.reserve_capacity(bytes.len().min(MOST_RESERVED));
        // h2 tells of capacity when it grows, and not of what there is already.
        let capacity = match send.capacity() {
            0 => match ready!(send.poll_capacity(context)) {
                Some(capacity) => capacity.map_err(broken)?,
                None => return Poll::Ready(Err(reset(send, context))),
            },
            capacity => capacity,
        };
        let n = capacity.min(bytes.len());
        send.send_data(Bytes::copy_from_slice(&bytes[..n]), false).map_err(broken)?;
        Poll::Ready(Ok(n))
    }

    /// What was written is on its way: the connection's own task writes it.
    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        if !std::mem::replace(&mut self.shut_down, true) {
            self.send.send_data(Bytes::new(), true).map_err(broken)?;
        }
        Poll::Ready(Ok(()))
    }
}

/// Why nothing can be sent any more.
fn reset(send: &mut SendStream<Bytes>, context: &mut Context<'_>) -> io::Error {
    match send.poll_reset(context) {
        Poll::Ready(Ok(reason)) => {
            io::Error::new(ErrorKind::ConnectionReset, format!("the stream was reset: {reason}"))
        }
        Poll::Ready(Err(error)) => broken(error),
        Poll::Pending => ErrorKind::BrokenPipe.into(),
    }
}

fn broken(error: h2::Error) -> io::Error {
    if error.is_io() {
        return error.into_io().unwrap_or_else(|| ErrorKind::BrokenPipe.into());
    }
    io::Error::new(if error.is_reset() { ErrorKind::ConnectionReset } else { ErrorKind::Other }, error)
}
