//! The second state of a connection: messages come and go.

use websocket_proto::{
    CloseFrame, Connection, Incoming, Limits, Message, Messages, Negotiated, Server, State, Transport,
};

use crate::options::Mode;
use crate::post::Post;
use crate::shared::Shared;

pub struct Open {
    connection: Connection<Server>,
    /// Only while a message is cut: however many there were, a connection at rest holds no memory for them. One that compresses
    /// keeps its own, for the sake of the decompressor.
    messages: Option<Box<Messages>>,
    /// The number of the post to be told next.
    next_post: u64,
}

impl Open {
    pub fn new(negotiated: Negotiated, limits: &Limits, next_post: u64) -> Self {
        Self { connection: Connection::new(negotiated, Server, limits), messages: None, next_post }
    }

    /// Uses up what was read. The replies are appended to those of `shared`: echoes, the Pong that answers a Ping, and the Close that
    /// answers a Close or an error.
    pub fn receive(&mut self, mut input: &mut [u8], replies: &mut Vec<u8>, shared: &mut Shared) {
        // Whether all messages so far are whole.
        let mut between = self.messages.is_none();
        let mut messages = self.messages.take().unwrap_or_else(|| match self.connection.deflate() {
            None => shared.spare.take(),
            Some(_) => Box::default(),
        });
        loop {
            let more = !input.is_empty();
            let message = match messages.next(&mut self.connection, &mut input, replies) {
                Ok(Some(Incoming::Text(text))) => {
                    shared.stop |= shared.options.allow_stop && text == "stop-listening";
                    Message::Text(text)
                }
                Ok(Some(Incoming::Binary(bytes))) => Message::Binary(bytes),
                Ok(Some(_)) => continue,
                Ok(None) => {
                    between &= !more;
                    break;
                }
                Err(_) => {
                    shared.counters.failed += 1;
                    between = true; // nothing more is received
                    break;
                }
            };
            between = input.is_empty();
            shared.counters.messages += 1;
            match shared.options.mode {
                Mode::Echo => {
                    // After a Close of ours messages still come, and nothing may be sent.
                    let _ = match (self.connection.deflate(), &mut shared.deflaters) {
                        (Some(agreed), Some(deflaters)) => {
                            self.connection.send_compressed(message, deflaters.like(agreed.server), replies)
                        }
                        _ => self.connection.send(message, replies),
                    };
                }
                Mode::Broadcast => {
                    let Some(post) = Post::new(message, shared.deflaters.as_mut()) else { continue };
                    // The sender is told at once, among its replies: a Close that comes in the same read ends what it may be sent.
                    if let Ok(bytes) = post.admit(&mut self.connection) {
                        replies.extend_from_slice(bytes);
                    }
                    shared.posts.push(post);
                    self.next_post = shared.posts.next();
                }
                Mode::Time => {}
            }
        }
        if between && self.connection.deflate().is_none() {
            shared.spare.give(messages, shared.now);
        } else {
            self.messages = Some(messages);
        }
    }

    /// The number of the post to be told next; it counts as told.
    pub fn next_post(&mut self, told: u64) -> u64 {
        std::mem::replace(&mut self.next_post, told)
    }

    /// Nothing has come for a while.
    pub fn rest(&mut self) {
        if let Some(messages) = &mut self.messages {
            messages.hibernate();
        }
    }

    pub fn connection(&mut self) -> &mut Connection<Server> {
        &mut self.connection
    }

    pub fn state(&self) -> State {
        self.connection.state()
    }

    pub fn transport(&self) -> Transport {
        self.connection.transport()
    }

    /// Begins to close, and appends the Close, unless one was sent before.
    pub fn close(&mut self, frame: CloseFrame, out: &mut Vec<u8>) {
        if self.connection.close(frame).is_ok() {
            let _ = self.connection.write_control(out); // a vector has room
        }
    }
}
