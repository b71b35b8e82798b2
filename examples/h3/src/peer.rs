//! A connection of QUIC, and the streams on it.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::time::Instant;

use quiche::h3;

use crate::options::Options;
use crate::request;
use crate::stream::Stream;

pub struct Peer {
    connection: quiche::Connection,
    /// Once the handshake of QUIC is done.
    http: Option<h3::Connection>,
    streams: HashMap<u64, Stream>,
    /// The highest stream that a request came on.
    last: u64,
    leaving: bool,
    said_goodbye: bool,
}

impl Peer {
    pub fn new(connection: quiche::Connection) -> Self {
        Self { connection, http: None, streams: HashMap::new(), last: 0, leaving: false, said_goodbye: false }
    }

    pub fn is_over(&self) -> bool {
        self.connection.is_closed()
    }

    pub fn leave(&mut self) {
        self.leaving = true;
    }

    pub fn receive(&mut self, datagram: &mut [u8], from: SocketAddr, to: SocketAddr) {
        // What is wrong with a datagram is told to the peer by CONNECTION_CLOSE, or it is dropped.
        let _ = self.connection.recv(datagram, quiche::RecvInfo { from, to });
    }

    pub fn send(&mut self, datagram: &mut [u8]) -> Option<(usize, SocketAddr)> {
        match self.connection.send(datagram) {
            Ok((n, info)) => Some((n, info.to)),
            Err(quiche::Error::Done) => None,
            Err(_) => {
                let _ = self.connection.close(false, 0x1, b""); // INTERNAL_ERROR (RFC 9000 §20.1)
                None
            }
        }
    }

    /// Does what can be done now, and says when to look again at the latest.
    pub fn turn(&mut self, now: Instant, config: &h3::Config, options: &Options) -> Option<Instant> {
        self.connection.on_timeout(); // does nothing before it is due
        if self.http.is_none() && self.connection.is_established() {
            self.http = h3::Connection::with_transport(&mut self.connection, config).ok();
        }
        let mut deadline = None;
        // Reading gives room for more, and more to read.
        while self.events(now, options) {
            deadline = self.streams(now, options);
        }
        deadline = [deadline, self.streams(now, options)].into_iter().flatten().min();
        self.say_goodbye();
        [deadline, self.connection.timeout_instant()].into_iter().flatten().min()
    }

    /// Takes what HTTP/3 tells; whether it told anything.
    fn events(&mut self, now: Instant, options: &Options) -> bool {
        let Some(http) = &mut self.http else { return false };
        let mut told = false;
        loop {
            match http.poll(&mut self.connection) {
                Ok((id, h3::Event::Headers { list, .. })) => {
                    self.last = self.last.max(id);
                    // After the first, those of a stream are trailers, which a WebSocket does not have.
                    self.streams.entry(id).or_insert_with(|| request::answer(&list, now, options));
                }
                Ok((id, h3::Event::Finished)) => {
                    if let Some(stream) = self.streams.get_mut(&id) {
                        stream.finished();
                    }
                }
                Ok((id, h3::Event::Reset(code))) => {
                    if let Some(stream) = self.streams.get_mut(&id) {
                        stream.reset(code);
                    }
                }
                Ok((_, h3::Event::Data | h3::Event::GoAway | h3::Event::PriorityUpdate)) => {}
                // An error is told to the peer by quiche.
                Err(_) => return told,
            }
            told = true;
        }
    }

    /// One turn of each stream; when to look again.
    fn streams(&mut self, now: Instant, options: &Options) -> Option<Instant> {
        let http = self.http.as_mut()?;
        let mut deadline: Option<Instant> = None;
        let (connection, leaving) = (&mut self.connection, self.leaving);
        self.streams.retain(|&id, stream| {
            if leaving {
                stream.leave();
            }
            let next = stream.turn(now, &mut |part| part.on(connection, http, id), options);
            deadline = [deadline, next].into_iter().flatten().min();
            !stream.is_over()
        });
        deadline
    }

    /// RFC 9114 §5.2: GOAWAY names the first stream that is not served; the connection ends when all others have.
    fn say_goodbye(&mut self) {
        let (true, Some(http)) = (self.leaving, &mut self.http) else { return };
        if !self.said_goodbye {
            self.said_goodbye = http.send_goaway(&mut self.connection, self.last + 4).is_ok();
        }
        if self.streams.is_empty() {
            let _ = self.connection.close(true, 0x100, b"the server stops"); // H3_NO_ERROR
        }
    }
}
