//! Sends messages to an echo server and waits until all of them are back; knows nothing of WebSocket but the bytes of one frame.
//! Its arguments: the address, the bytes of a message, how many go out at once, how many in all.

use std::error::Error;
use std::io::{Read, Write};
use std::net::TcpStream;

fn main() -> Result<(), Box<dyn Error>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [address, numbers @ ..] = &words[..] else { return Err("expected an address".into()) };
    let numbers = numbers.iter().map(|word| word.parse()).collect::<Result<Vec<usize>, _>>()?;
    let &[len, at_once, count] = &numbers[..] else { return Err("expected three numbers".into()) };

    let mut socket = TcpStream::connect(address)?;
    socket.set_nodelay(true)?;
    write!(
        socket,
        "GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
        Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    )?;
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        socket.read_exact(&mut byte)?;
        head.extend(byte);
    }
    if !head.starts_with(b"HTTP/1.1 101 ") {
        return Err(String::from_utf8_lossy(&head).into());
    }
    // RFC 6455 §5.2. The payload is text for a short message and binary for a long one, of letters either way.
    let masked = frame(len, Some([1, 2, 3, 4])).repeat(at_once);
    let echoed = frame(len, None).len() * at_once;
    let mut back = vec![0; 256 * 1024];
    for _ in 0..count / at_once {
        let mut writer = socket.try_clone()?;
        std::thread::scope(|scope| {
            let writing = scope.spawn(|| writer.write_all(&masked));
            let mut missing = echoed;
            while missing > 0 {
                match socket.read(&mut back)? {
                    0 => return Err("expected an echo, found the end".into()),
                    n => missing = missing.checked_sub(n).ok_or("expected the echo, found more")?,
                }
            }
            writing.join().expect("the writer does not panic")?;
            Ok::<(), Box<dyn Error>>(())
        })?;
    }
    Ok(())
}

/// A frame with so many bytes of payload.
fn frame(len: usize, key: Option<[u8; 4]>) -> Vec<u8> {
    let (mask, key) = (if key.is_some() { 0x80 } else { 0 }, key.as_ref().map_or(&[][..], |key| &key[..]));
    let mut frame = vec![if len < 65_536 { 0x81 } else { 0x82 }];
    match (u8::try_from(len), u16::try_from(len)) {
        (Ok(short @ ..=125), _) => frame.push(mask | short),
        (_, Ok(middle)) => {
            frame.push(mask | 126);
            frame.extend(middle.to_be_bytes());
        }
        _ => {
            frame.push(mask | 127);
            frame.extend((len as u64).to_be_bytes());
        }
    }
    frame.extend(key);
    let masks = key.iter().copied().cycle();
    if key.is_empty() {
        frame.resize(frame.len() + len, b'a');
    } else {
        frame.extend(masks.take(len).map(|mask| mask ^ b'a'));
    }
    frame
}
