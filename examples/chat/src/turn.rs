//! What a socket and a connection that does no I/O do for each other.

use std::io::{self, ErrorKind, IoSlice};

use tokio::io::{AsyncWriteExt, Interest};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep_until};
use websocket_proto::endpoint::{Duties, Status};

/// Writes what the socket takes now, many pieces at once, and closes the writing half when its time has come.
pub async fn write(stream: &mut TcpStream, end: &mut impl Duties<Instant>) -> io::Result<()> {
    loop {
        let mut slices = [IoSlice::new(&[]); 64];
        let mut count = 0;
        for (slice, bytes) in slices.iter_mut().zip(end.output_slices()) {
            *slice = IoSlice::new(bytes);
            count += 1;
        }
        if count == 0 {
            break;
        }
        match stream.try_write_vectored(&slices[..count]) {
            Ok(0) => return Err(ErrorKind::WriteZero.into()),
            Ok(n) => end.written(n),
            Err(error) if error.kind() == ErrorKind::WouldBlock => break,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    if end.status() == Status::HalfClose {
        stream.shutdown().await?;
        end.half_closed();
    }
    Ok(())
}

/// Reads once, if something has come. Whether that was the end is not told to the connection, but returned.
pub fn read(stream: &TcpStream, end: &mut impl Duties<Instant>) -> io::Result<bool> {
    match stream.try_read(end.room()) {
        Ok(0) => Ok(true),
        Ok(n) => {
            end.filled(n);
            Ok(false)
        }
        Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => Ok(false),
        Err(error) => Err(error),
    }
}

/// Waits until the socket can be read, if it is to be, or written, if there is something to write; whether it can be read.
///
/// Cancelled, it loses nothing: it moves no byte.
pub async fn ready(stream: &TcpStream, reads: bool, writes: bool) -> io::Result<bool> {
    let interest = match (reads, writes) {
        (true, true) => Interest::READABLE | Interest::WRITABLE,
        (true, false) => Interest::READABLE,
        (false, true) => Interest::WRITABLE,
        (false, false) => return std::future::pending().await,
    };
    Ok(stream.ready(interest).await?.is_readable() && reads)
}

/// Sleeps until then, or for ever.
pub async fn until(instant: Option<Instant>) {
    match instant {
        Some(instant) => sleep_until(instant).await,
        None => std::future::pending().await,
    }
}
