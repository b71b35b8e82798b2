//! Writes to a blocking socket, and gives up on a peer that takes nothing.

use std::io::{self, ErrorKind, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

/// Writes all bytes. It gives up when the socket has taken none of them for as long as `patience`; a peer that reads slowly, but
/// reads, gets everything. `moved` is called when a socket that was full takes more, which is a sign of life.
///
/// One long blocking write would not do: where it times out after it has written a part, it reports the part, and the time that it
/// has waited since is forgotten. So it is asked in short turns, and the time is taken here.
pub fn write_all(
    mut socket: &TcpStream,
    mut bytes: &[u8],
    patience: Duration,
    mut moved: impl FnMut(),
) -> io::Result<()> {
    let turn = (patience / 20).clamp(Duration::from_millis(1), Duration::from_secs(1));
    socket.set_write_timeout(Some(turn))?;
    let mut progress = Instant::now();
    let mut was_full = false;
    while !bytes.is_empty() {
        match socket.write(bytes) {
            Ok(0) => return Err(ErrorKind::WriteZero.into()),
            Ok(n) => {
                bytes = &bytes[n..];
                progress = Instant::now();
                if std::mem::replace(&mut was_full, true) {
                    moved();
                }
            }
            Err(error) => match error.kind() {
                ErrorKind::Interrupted => {}
                ErrorKind::WouldBlock | ErrorKind::TimedOut => {
                    was_full = true;
                    if progress.elapsed() >= patience {
                        let message = format!("the peer has read nothing for {patience:?}");
                        return Err(io::Error::new(ErrorKind::TimedOut, message));
                    }
                }
                _ => return Err(error),
            },
        }
    }
    Ok(())
}
