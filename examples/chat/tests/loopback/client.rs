//! A client of the chat, on the crate's own connection.

use std::collections::VecDeque;
use std::io::{ErrorKind, Read, Write};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use testkit::client::{Opened, open};
use websocket_proto::{CloseCode, Incoming, Limits, Messages};

use crate::server::Server;

pub struct Client {
    opened: Opened,
    messages: Messages,
    heard: VecDeque<Value>,
    /// The Close that came.
    closed: Option<(u16, String)>,
}

impl Client {
    pub fn connect(server: &Server) -> Self {
        let mut opened = open(&format!("ws://{}/chat", server.address), &Limits::default()).unwrap();
        opened.stream.set_read_timeout(Some(Duration::from_millis(20))).unwrap();
        let unread = std::mem::take(&mut opened.unread);
        let mut client = Self { opened, messages: Messages::new(), heard: VecDeque::new(), closed: None };
        client.take(unread);
        client
    }

    /// Connects, says hello and joins a room as a newcomer.
    pub fn enter(server: &Server, nick: &str, room: &str) -> Self {
        Self::enter_after(server, nick, room, None)
    }

    pub fn enter_after(server: &Server, nick: &str, room: &str, after: Option<u64>) -> Self {
        let mut client = Self::connect(server);
        client.say_hello(nick, &format!("token-of-{}", nick.replace(' ', "-")));
        client.expect("welcome");
        client.ask(json!({ "do": "join", "room": room, "after": after }));
        client.expect("joined");
        client
    }

    pub fn say_hello(&mut self, nick: &str, token: &str) {
        self.ask(json!({ "do": "hello", "nick": nick, "token": token }));
    }

    pub fn say(&mut self, room: &str, id: &str, text: &str) {
        self.ask(json!({ "do": "say", "room": room, "id": id, "text": text }));
    }

    pub fn show(&mut self, room: &str, id: &str, picture: &[u8]) {
        let caption = json!({ "room": room, "id": id, "alt": "a picture" }).to_string();
        let len = u16::try_from(caption.len()).unwrap().to_be_bytes();
        self.send_binary(&[&len, caption.as_bytes(), picture].concat());
    }

    pub fn ask(&mut self, command: Value) {
        self.send_text(&command.to_string());
    }

    pub fn send_text(&mut self, text: &str) {
        let mut out = Vec::new();
        self.opened.connection.send(text, &mut out).unwrap();
        self.send_raw(&out);
    }

    pub fn send_binary(&mut self, bytes: &[u8]) {
        let mut out = Vec::new();
        self.opened.connection.send(bytes, &mut out).unwrap();
        self.send_raw(&out);
    }

    /// Bytes past the connection, for what it would never send.
    pub fn send_raw(&mut self, bytes: &[u8]) {
        self.opened.stream.write_all(bytes).unwrap();
    }

    pub fn close(mut self) {
        self.opened.connection.close(CloseCode::NORMAL).unwrap();
        let mut out = Vec::new();
        self.opened.connection.write_control(&mut out).unwrap();
        self.send_raw(&out);
        assert_eq!(self.expect_close().0, 1000);
    }

    /// The next thing told of this kind; others are passed over.
    pub fn expect(&mut self, kind: &str) -> Value {
        self.find(|told| told["is"] == kind).unwrap_or_else(|| panic!("no {kind}; closed: {:?}", self.closed))
    }

    /// The next thing told that fits; `None` if the connection ends, or five seconds pass, without one.
    pub fn find(&mut self, fits: impl Fn(&Value) -> bool) -> Option<Value> {
        let deadline = Instant::now() + Duration::from_secs(5);
        loop {
            while let Some(told) = self.heard.pop_front() {
                if fits(&told) {
                    return Some(told);
                }
            }
            if Instant::now() > deadline || !self.read() {
                return None;
            }
        }
    }

    /// The numbers, and the texts or media types, of this many messages.
    pub fn hear_messages(&mut self, count: usize) -> Vec<(u64, String)> {
        (0..count)
            .map(|_| {
                let told = self.find(|told| told["n"].is_u64() && told["is"] != "had").expect("another message");
                let what = told.get("text").or(told.get("kind")).unwrap().as_str().unwrap();
                (told["n"].as_u64().unwrap(), what.to_owned())
            })
            .collect()
    }

    /// Whether nothing that fits is told for a while.
    pub fn hears_nothing_of(&mut self, kind: &str) -> bool {
        let deadline = Instant::now() + Duration::from_millis(200);
        while Instant::now() < deadline && self.read() {}
        self.heard.iter().all(|told| told["is"] != kind)
    }

    /// Code and reason of the server's Close.
    pub fn expect_close(&mut self) -> (u16, String) {
        let deadline = Instant::now() + Duration::from_secs(5);
        while self.closed.is_none() && Instant::now() < deadline && self.read() {}
        self.closed.clone().expect("a Close")
    }

    /// Reads what has come, and answers Pings; whether the connection goes on.
    fn read(&mut self) -> bool {
        let mut read = vec![0; 64 * 1024];
        match self.opened.stream.read(&mut read) {
            Ok(0) => false,
            Ok(n) => {
                read.truncate(n);
                self.take(read);
                true
            }
            // A process that was stopped and goes on finds its reads interrupted.
            Err(error) => matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted),
        }
    }

    fn take(&mut self, mut bytes: Vec<u8>) {
        let mut out = Vec::new();
        let mut input = &mut bytes[..];
        while let Some(incoming) = self.messages.next(&mut self.opened.connection, &mut input, &mut out).unwrap() {
            match incoming {
                Incoming::Text(text) => self.heard.push_back(serde_json::from_str(text).unwrap()),
                Incoming::Binary(bytes) => {
                    let (caption, picture) = bytes[2..].split_at(usize::from(u16::from_be_bytes([bytes[0], bytes[1]])));
                    let mut told: Value = serde_json::from_slice(caption).unwrap();
                    told["bytes"] = picture.to_vec().into();
                    self.heard.push_back(told);
                }
                Incoming::Close(frame) => {
                    let code = frame.code().map_or(1005, CloseCode::get);
                    self.closed = Some((code, frame.reason().to_owned()));
                }
                _ => {}
            }
        }
        // A server that is gone is noticed by reading.
        let _ = self.opened.stream.write_all(&out);
    }
}
