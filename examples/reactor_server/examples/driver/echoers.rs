//! Many clients on one thread, each of which sends a numbered message, waits for its echo, checks it, and sends the next.

use std::io::{ErrorKind, Read, Write};
use std::time::{Duration, Instant};

use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Token};
use websocket_proto::{Client, Connection, Incoming, Limits, Messages, RandomKeys};

use testkit::client::open;

pub struct Echoers {
    poll: Poll,
    clients: Vec<Echoer>,
    message_len: usize,
    read: Vec<u8>,
}

struct Echoer {
    stream: TcpStream,
    connection: Connection<Client<RandomKeys>>,
    messages: Messages,
    /// What was sent last, and when.
    sent: Vec<u8>,
    at: Instant,
    /// What the socket is to take, and how much of it is written.
    out: Vec<u8>,
    written: usize,
    waiting: bool,
    /// How many echoes have come.
    echoes: u64,
}

/// What a run has shown.
#[derive(Default)]
pub struct Run {
    pub echoes: u64,
    /// How many clients had at least one echo.
    pub served: usize,
    /// The time of each round trip, sorted.
    pub round_trips: Vec<Duration>,
}

impl Run {
    pub fn quantile(&self, part: f64) -> Duration {
        let at = (self.round_trips.len().saturating_sub(1)) as f64 * part;
        self.round_trips.get(at as usize).copied().unwrap_or_default()
    }
}

impl Echoers {
    /// Opens connections, one after the other.
    pub fn connect(address: &str, count: usize, message_len: usize) -> Result<Self, String> {
        let poll = Poll::new().map_err(|error| error.to_string())?;
        let mut clients = Vec::with_capacity(count);
        for key in 0..count {
            let opened = open(&format!("ws://{address}/"), &Limits::default())
                .map_err(|error| format!("connection {key}: {error}"))?;
            opened.stream.set_nonblocking(true).map_err(|error| error.to_string())?;
            let mut stream = TcpStream::from_std(opened.stream);
            let interest = Interest::READABLE | Interest::WRITABLE;
            poll.registry().register(&mut stream, Token(key), interest).map_err(|error| error.to_string())?;
            clients.push(Echoer {
                stream,
                connection: opened.connection,
                messages: Messages::new(),
                sent: Vec::new(),
                at: Instant::now(),
                out: Vec::new(),
                written: 0,
                waiting: false,
                echoes: 0,
            });
        }
        Ok(Self { poll, clients, message_len, read: vec![0; 64 * 1024] })
    }

    /// Echoes for a while, and then until every echo has come. The error is what went wrong first.
    pub fn run(&mut self, span: Duration) -> Result<Run, String> {
        let (start, mut run, mut waiting) = (Instant::now(), Run::default(), self.clients.len());
        for client in &mut self.clients {
            client.echoes = 0;
            client.send(self.message_len)?;
        }
        let mut events = Events::with_capacity(1024);
        while waiting > 0 {
            self.poll.poll(&mut events, Some(PATIENCE)).map_err(|error| error.to_string())?;
            if events.is_empty() {
                return Err(format!("{waiting} echoes did not come within {PATIENCE:?}"));
            }
            let on = start.elapsed() < span;
            for event in &events {
                let client = &mut self.clients[event.token().0];
                client.flush()?;
                if client.receive(&mut self.read, &mut run)? {
                    if on {
                        client.send(self.message_len)?;
                    } else {
                        waiting -= 1;
                    }
                }
            }
        }
        run.round_trips.sort_unstable();
        run.served = self.clients.iter().filter(|client| client.echoes > 0).count();
        Ok(run)
    }
}

impl Echoer {
    fn send(&mut self, len: usize) -> Result<(), String> {
        self.sent.resize(len, b'.');
        let number = self.echoes.to_le_bytes();
        let numbered = len.min(number.len());
        self.sent[..numbered].copy_from_slice(&number[..numbered]);
        (self.waiting, self.at) = (true, Instant::now());
        self.connection.send(&self.sent, &mut self.out).map_err(|error| error.to_string())?;
        self.flush()
    }

    /// Writes what the socket takes.
    fn flush(&mut self) -> Result<(), String> {
        while self.written < self.out.len() {
            match self.stream.write(&self.out[self.written..]) {
                Ok(n) => self.written += n,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(format!("writing: {error}")),
            }
        }
        self.out.clear();
        self.written = 0;
        Ok(())
    }

    /// Reads all there is, and says whether the echo has come.
    fn receive(&mut self, read: &mut [u8], run: &mut Run) -> Result<bool, String> {
        loop {
            let n = match self.stream.read(read) {
                Ok(0) => return Err("the server closed a connection".to_owned()),
                Ok(n) => n,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(false),
                Err(error) => return Err(format!("reading: {error}")),
            };
            let come = self.take(&mut read[..n], run)?;
            // A read that did not fill the buffer took all there was.
            if come || n < read.len() {
                return Ok(come);
            }
        }
    }

    fn take(&mut self, mut input: &mut [u8], run: &mut Run) -> Result<bool, String> {
        let mut come = false;
        while let Some(incoming) =
            self.messages.next(&mut self.connection, &mut input, &mut self.out).map_err(|error| error.to_string())?
        {
            match incoming {
                Incoming::Binary(bytes) if self.waiting && *bytes == self.sent[..] => {
                    run.echoes += 1;
                    run.round_trips.push(self.at.elapsed());
                    self.echoes += 1;
                    (come, self.waiting) = (true, false);
                }
                Incoming::Ping(_) | Incoming::Pong(_) | Incoming::Progress => {}
                other => return Err(format!("this is not what was sent: {other:?}")),
            }
        }
        self.flush()?; // Pongs
        Ok(come)
    }
}

const PATIENCE: Duration = Duration::from_secs(20);
