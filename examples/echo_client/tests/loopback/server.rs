//! A server for one client.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use websocket_proto::handshake::{Received, ServerHandshake};
use websocket_proto::{Connection, Incoming, Limits, Messages, Negotiated, Server as Role, Transport};

pub struct Server {
    pub url: String,
    thread: JoinHandle<()>,
}

impl Server {
    /// Has a function serve the first client, from its first byte on.
    pub fn start(serve: impl FnOnce(TcpStream) + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("ws://{}/", listener.local_addr().unwrap());
        let thread = thread::spawn(move || {
            let (stream, _) = listener.accept().unwrap();
            stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
            serve(stream);
        });
        Self { url, thread }
    }

    /// The same, with the handshake done.
    pub fn open(serve: impl FnOnce(TcpStream, Negotiated) + Send + 'static) -> Self {
        Self::start(move |mut stream| {
            let (negotiated, _) = shake_hands(&mut stream, None);
            serve(stream, negotiated);
        })
    }

    /// Echoes, and hands out the heads of the requests.
    pub fn echo(subprotocol: Option<&'static str>) -> (Self, Receiver<String>) {
        let (heads, seen) = channel();
        (Self::start(move |stream| echo(stream, subprotocol, &heads)), seen)
    }

    /// Waits until the serving function has returned, and passes its panic on.
    pub fn done(self) {
        if let Err(panic) = self.thread.join() {
            std::panic::resume_unwind(panic);
        }
    }
}

/// Answers a request, and returns what was agreed on and the request's head.
pub fn shake_hands(stream: &mut (impl Read + Write), subprotocol: Option<&str>) -> (Negotiated, String) {
    let (mut handshake, mut head, mut out) = (ServerHandshake::new(&Limits::default()), Vec::new(), Vec::new());
    let mut read = [0; 4096];
    loop {
        let n = stream.read(&mut read).unwrap();
        assert_ne!(n, 0, "the client left: {}", head.escape_ascii());
        head.extend_from_slice(&read[..n]);
        if let Some(Received::Upgrade(request)) = handshake.receive(&head).unwrap() {
            let mut answer = request.accept();
            if let Some(name) = subprotocol {
                answer = answer.subprotocol(name);
            }
            #[cfg(feature = "deflate")]
            let answer = answer.deflate(websocket_proto::extension::deflate::DeflateConfig::DEFAULT);
            let negotiated = answer.write_to(&mut out).unwrap();
            stream.write_all(&out).unwrap();
            return (negotiated, String::from_utf8(head).unwrap());
        }
    }
}

/// Serves a client from its first byte to its last.
pub fn echo(mut stream: impl Read + Write, subprotocol: Option<&str>, heads: &Sender<String>) {
    let (negotiated, head) = shake_hands(&mut stream, subprotocol);
    let _ = heads.send(head);
    let mut connection = Connection::new(negotiated, Role, &Limits::UNLIMITED);
    let (mut messages, mut out, mut read) = (Messages::new(), Vec::new(), vec![0; 64 * 1024]);
    while connection.transport() == Transport::KeepOpen {
        let n = match stream.read(&mut read) {
            Ok(0) => return,
            Ok(n) => n,
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => return,
            Err(error) => panic!("{error}"),
        };
        let mut input = &mut read[..n];
        while let Some(incoming) = messages.next(&mut connection, &mut input, &mut out).unwrap() {
            match incoming {
                Incoming::Text(text) => connection.send(text, &mut out).unwrap(),
                Incoming::Binary(bytes) => connection.send(&*bytes, &mut out).unwrap(),
                _ => {}
            }
        }
        stream.write_all(&out).and_then(|()| stream.flush()).unwrap();
        out.clear();
    }
}

/// A short masked frame of the client's: its first byte and its payload.
pub fn frame(stream: &mut impl Read) -> io::Result<(u8, Vec<u8>)> {
    let mut head = [0; 6];
    stream.read_exact(&mut head)?;
    let [first, len, key @ ..] = head;
    let mut payload = vec![0; usize::from(len & 0x7f)];
    stream.read_exact(&mut payload)?;
    payload.iter_mut().zip(key.iter().cycle()).for_each(|(byte, key)| *byte ^= key);
    Ok((first, payload))
}
