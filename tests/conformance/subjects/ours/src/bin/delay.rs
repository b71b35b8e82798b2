//! Stands between a judge and a server, and delays whatever the server writes: `delay ADDRESS SERVER MILLISECONDS`.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

fn main() -> io::Result<()> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let usage = || io::Error::other("expected `delay ADDRESS SERVER MILLISECONDS`");
    let [address, server, most] = &words[..] else { return Err(usage()) };
    let most: u64 = most.parse().map_err(|_| usage())?;
    for (connection, near) in TcpListener::bind(address)?.incoming().enumerate() {
        let (near, far) = (near?, TcpStream::connect(server)?);
        near.set_nodelay(true)?;
        far.set_nodelay(true)?;
        let (near_too, far_too) = (near.try_clone()?, far.try_clone()?);
        thread::spawn(move || carry(near, far, || Duration::ZERO));
        let mut state = connection as u64 + 1;
        thread::spawn(move || {
            carry(far_too, near_too, || {
                // Marsaglia's xorshift64: any spread of the delays will do.
                state ^= state << 13;
                state ^= state >> 7;
                state ^= state << 17;
                Duration::from_millis(state % (most + 1))
            })
        });
    }
    Ok(())
}

/// To the end of `from`, which is the end of what `to` is written.
fn carry(mut from: TcpStream, mut to: TcpStream, mut delay: impl FnMut() -> Duration) {
    let mut read = vec![0; 64 * 1024];
    loop {
        let n = from.read(&mut read).unwrap_or(0);
        thread::sleep(delay());
        if n == 0 || to.write_all(&read[..n]).is_err() {
            let _ = to.shutdown(Shutdown::Write);
            return;
        }
    }
}
