//! Many clients on one thread. They cost as little as can be: what they send is made once, and what comes is compared with what should.

use std::io::{self, ErrorKind, Read, Write};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Token};

use crate::workload::Workload;

pub struct Clients {
    poll: Poll,
    clients: Vec<Client>,
    request: Vec<u8>,
    payloads: Vec<u8>,
    read: Vec<u8>,
    messages: u64,
}

struct Client {
    stream: TcpStream,
    written: usize,
    echo: Echo,
}

impl Clients {
    /// Opens the connections of a workload, one after the other.
    pub fn connect(address: &str, workload: &Workload) -> io::Result<Self> {
        let address: SocketAddr = address.parse().map_err(io::Error::other)?;
        let poll = Poll::new()?;
        let mut clients = Vec::with_capacity(workload.connections);
        for key in 0..workload.connections {
            let mut stream = TcpStream::from_std(open(address)?);
            poll.registry().register(&mut stream, Token(key), Interest::READABLE | Interest::WRITABLE)?;
            clients.push(Client { stream, written: 0, echo: Echo::default() });
        }
        let (request, payloads) = (workload.request(), workload.payloads());
        Ok(Self { poll, clients, request, payloads, read: vec![0; 256 * 1024], messages: workload.batch as u64 })
    }

    /// Has all of them write their first messages.
    pub fn begin(&mut self) -> io::Result<()> {
        self.clients.iter_mut().try_for_each(|client| client.write(&self.request))
    }

    /// Goes on for so long, and returns how many echoes have come.
    pub fn run(&mut self, span: Duration) -> io::Result<u64> {
        let (end, mut echoes) = (Instant::now() + span, 0);
        let mut events = Events::with_capacity(1024);
        while Instant::now() < end {
            self.poll.poll(&mut events, Some(PATIENCE))?;
            if events.is_empty() {
                return Err(io::Error::other("the echoes do not come"));
            }
            for event in &events {
                let client = &mut self.clients[event.token().0];
                client.write(&self.request)?;
                if client.read(&mut self.read, &self.payloads, self.messages)? {
                    echoes += self.messages;
                    (client.written, client.echo) = (0, Echo::default());
                    client.write(&self.request)?;
                }
            }
        }
        Ok(echoes)
    }
}

impl Client {
    /// Writes what the socket takes.
    fn write(&mut self, request: &[u8]) -> io::Result<()> {
        while self.written < request.len() {
            match self.stream.write(&request[self.written..]) {
                Ok(n) => self.written += n,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Reads what there is, and says whether that is all.
    fn read(&mut self, read: &mut [u8], payloads: &[u8], messages: u64) -> io::Result<bool> {
        loop {
            let n = match self.stream.read(read) {
                Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
                Ok(n) => n,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(false),
                Err(error) => return Err(error),
            };
            self.echo.take(&read[..n], payloads).ok_or_else(|| io::Error::other("this is not what was sent"))?;
            // A read that did not fill the buffer took all there was.
            let whole = self.echo.messages == messages && self.echo.missing == 0;
            if whole || n < read.len() {
                return Ok(whole);
            }
        }
    }
}

/// How much of the echoes to one write has come. Servers may send a message in fragments.
#[derive(Default)]
struct Echo {
    /// A header that has not come whole, and how much of it has.
    header: [u8; 10],
    header_len: usize,
    /// What is missing of the frame that has begun, and whether that is a control frame.
    missing: usize,
    control: bool,
    /// Payload bytes and messages that have come.
    received: usize,
    messages: u64,
}

impl Echo {
    /// Takes bytes; `None` if they are not what should come.
    fn take(&mut self, mut bytes: &[u8], payloads: &[u8]) -> Option<()> {
        loop {
            let (payload, rest) = bytes.split_at(self.missing.min(bytes.len()));
            if !self.control {
                if payloads.get(self.received..self.received + payload.len())? != payload {
                    return None;
                }
                self.received += payload.len();
            }
            self.missing -= payload.len();
            bytes = rest;
            let &[byte, ref rest @ ..] = bytes else { return Some(()) };
            self.header[self.header_len] = byte;
            (self.header_len, bytes) = (self.header_len + 1, rest);
            let [first, second, extended @ ..] = self.header;
            let len = match (self.header_len, second) {
                (2, 0..=125) => u64::from(second),
                (4, 126) => u64::from(u16::from_be_bytes([extended[0], extended[1]])),
                (10, 127) => u64::from_be_bytes(extended),
                (0..10, _) if self.header_len < 2 || second >= 126 => continue,
                _ => return None,
            };
            // A Ping needs no answer as long as something else is sent.
            self.control = first == 0x89;
            // FIN, and data frames without reserved bits.
            if !self.control && first & 0x7f > 2 {
                return None;
            }
            (self.header_len, self.missing) = (0, usize::try_from(len).ok()?);
            self.messages += u64::from(!self.control && first >> 7 == 1);
        }
    }
}

const PATIENCE: Duration = Duration::from_secs(20);

fn open(address: SocketAddr) -> io::Result<std::net::TcpStream> {
    let mut stream = std::net::TcpStream::connect(address)?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    // The key of RFC 6455 §1.3.
    let request = format!(
        "GET / HTTP/1.1\r\nHost: {address}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    );
    stream.write_all(request.as_bytes())?;
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte)?;
        head.push(byte[0]);
    }
    if !head.windows(28).any(|accept| accept == b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo=") {
        return Err(io::Error::other(String::from_utf8_lossy(&head).into_owned()));
    }
    stream.set_nonblocking(true)?;
    Ok(stream)
}
