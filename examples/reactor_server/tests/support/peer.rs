//! A client on a blocking socket.

use std::collections::VecDeque;
use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use websocket_proto::extension::deflate::Effort;
use websocket_proto::{Client, CloseCode, Connection, Incoming, Limits, Message, Messages, RandomKeys, Transport};

use super::open::open;

pub struct Peer {
    pub stream: TcpStream,
    connection: Connection<Client<RandomKeys>>,
    messages: Messages,
    heard: VecDeque<Heard>,
}

/// What a client hears.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Heard {
    Text(String),
    Binary(Vec<u8>),
    Ping,
    Pong,
    /// The server's Close: code and reason.
    Close(u16, String),
    /// The end of input, or a reset.
    End,
    /// Nothing, for as long as the read time-out.
    Silence,
}

impl Peer {
    pub fn join(address: &str) -> Self {
        let opened = open(&format!("ws://{address}/"), &Limits::UNLIMITED).unwrap();
        opened.stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        let mut peer = Self {
            stream: opened.stream,
            connection: opened.connection,
            messages: Messages::new(),
            heard: VecDeque::new(),
        };
        peer.take(opened.unread);
        peer
    }

    /// Whether compression was agreed on.
    pub fn compresses(&self) -> bool {
        self.connection.deflate().is_some()
    }

    /// The bytes of a compressed message.
    pub fn compressed_frame<'m>(&mut self, message: impl Into<Message<'m>>) -> Vec<u8> {
        let mut deflater = self.connection.deflater(Effort::FAST).unwrap();
        let mut out = Vec::new();
        self.connection.send_compressed(message, &mut deflater, &mut out).unwrap();
        out
    }

    pub fn patience(&self, span: Duration) {
        self.stream.set_read_timeout(Some(span)).unwrap();
    }

    /// The bytes of a message, masked, for those who write themselves.
    pub fn frame<'m>(&mut self, message: impl Into<Message<'m>>) -> Vec<u8> {
        let mut out = Vec::new();
        self.connection.send(message, &mut out).unwrap();
        out
    }

    pub fn say<'m>(&mut self, message: impl Into<Message<'m>>) {
        let frame = self.frame(message);
        self.stream.write_all(&frame).unwrap();
    }

    pub fn close(&mut self) {
        let mut out = Vec::new();
        self.connection.close(CloseCode::NORMAL).unwrap();
        self.connection.write_control(&mut out).unwrap();
        self.stream.write_all(&out).unwrap();
    }

    /// The next thing that comes; Pings and Closes are answered as the protocol wants.
    pub fn hear(&mut self) -> Heard {
        let mut read = vec![0; 64 * 1024];
        loop {
            if let Some(heard) = self.heard.pop_front() {
                return heard;
            }
            match self.stream.read(&mut read) {
                Ok(0) => return Heard::End,
                Ok(n) => self.take(read[..n].to_vec()),
                Err(error) => match error.kind() {
                    ErrorKind::WouldBlock | ErrorKind::TimedOut => return Heard::Silence,
                    // A process that was stopped and goes on finds its reads interrupted.
                    ErrorKind::Interrupted => {}
                    _ => return Heard::End,
                },
            }
        }
    }

    /// The next text.
    pub fn hear_text(&mut self) -> String {
        match self.hear() {
            Heard::Text(text) => text,
            other => panic!("no text, but {other:?}"),
        }
    }

    /// Says something, and asserts that it comes back.
    pub fn echoes(&mut self, text: &str) {
        self.say(text);
        assert_eq!(self.hear(), Heard::Text(text.to_owned()));
    }

    fn take(&mut self, mut bytes: Vec<u8>) {
        let (mut input, mut out) = (&mut bytes[..], Vec::new());
        while let Some(incoming) = self.messages.next(&mut self.connection, &mut input, &mut out).unwrap() {
            self.heard.push_back(match incoming {
                Incoming::Text(text) => Heard::Text(text.to_owned()),
                Incoming::Binary(bytes) => Heard::Binary(bytes.to_vec()),
                Incoming::Ping(_) => Heard::Ping,
                Incoming::Pong(_) => Heard::Pong,
                Incoming::Close(frame) => {
                    Heard::Close(frame.code().map_or(1005, CloseCode::get), frame.reason().to_owned())
                }
                other => panic!("{other:?}"),
            });
        }
        // A server that is gone shows when we read.
        let _ = self.stream.write_all(&out);
        assert!(!matches!(self.connection.transport(), Transport::HalfClose), "a client waits for the end");
    }
}
