//! What the benchmarks have in common: streams that a server receives.

pub mod blocks;

use websocket_proto::{Client, Connection, Limits, Message, Negotiated, RandomKeys, Server};

/// Every limit far away.
pub const LIMITS: Limits = Limits::DEFAULT.with_max_frame_len(1 << 30).with_max_message_len(1 << 30);

/// A server's connection, as after a handshake.
pub fn server() -> Connection<Server> {
    Connection::new(Negotiated::elsewhere(), Server, &LIMITS)
}

/// A client's connection, with keys that are the same in each run.
pub fn client() -> Connection<Client<RandomKeys>> {
    Connection::new(Negotiated::elsewhere(), Client::new(RandomKeys::from_seed([7; 32])), &LIMITS)
}

/// A message again and again, masked as a client sends it, and how often it comes: once, or as often as 64 KiB hold it.
pub fn stream(message: Message<'_>) -> (Vec<u8>, usize) {
    let (mut connection, mut out) = (client(), Vec::new());
    let times = (64 * 1024 / message.payload().len().max(1)).max(1);
    for _ in 0..times {
        connection.send(message, &mut out).expect("a message may be sent");
    }
    (out, times)
}

/// Text of `len` bytes: this pattern, filled up with spaces.
pub fn text(pattern: &str, len: usize) -> String {
    let mut text = String::with_capacity(len);
    for char in pattern.chars().cycle() {
        if text.len() + char.len_utf8() > len {
            break;
        }
        text.push(char);
    }
    text.extend(std::iter::repeat_n(' ', len - text.len()));
    text
}
