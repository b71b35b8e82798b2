//! The second state of a connection: messages come and go.

use websocket_proto::{
    CloseFrame, Connection, Incoming, Limits, Message, Messages, Negotiated, Part, Server, State, Transport,
};

use crate::answers::{Answers, LARGE};
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

    /// Uses up what was read. The answers are echoes, the Pong to a Ping, and the Close that answers a Close or an error.
    pub fn receive(&mut self, mut input: &mut [u8], answers: &mut Answers<'_>, shared: &mut Shared) {
        let mut messages = self.messages.take().unwrap_or_else(|| match self.connection.deflate() {
            None => shared.spare.take(),
            Some(_) => Box::default(),
        });
        loop {
            match messages.next(&mut self.connection, &mut input, answers.replies) {
                Ok(Some(incoming)) => self.answer(incoming, answers, shared),
                Ok(None) => break,
                Err(_) => {
                    shared.counters.failed += 1;
                    break;
                }
            }
        }
        self.put_back(messages, shared);
    }

    /// The place where the rest of a large message stays, if one is under way.
    pub fn space(&mut self) -> Option<&mut [u8]> {
        self.messages.as_mut()?.space(&self.connection)
    }

    /// Uses up what was read into the [space](Self::space).
    pub fn filled(&mut self, n: usize, answers: &mut Answers<'_>, shared: &mut Shared) {
        let Some(mut messages) = self.messages.take() else { return };
        match messages.filled(&mut self.connection, n, answers.replies) {
            Ok(None) => {}
            Ok(Some(incoming)) => self.answer(incoming, answers, shared),
            Err(_) => shared.counters.failed += 1,
        }
        self.put_back(messages, shared);
    }

    fn answer(&mut self, incoming: Incoming<'_>, answers: &mut Answers<'_>, shared: &mut Shared) {
        let message = match incoming {
            Incoming::Text(text) => {
                shared.stop |= shared.options.allow_stop && text == "stop-listening";
                Message::Text(text)
            }
            Incoming::Binary(bytes) => Message::Binary(bytes),
            _ => return,
        };
        shared.counters.messages += 1;
        match shared.options.mode {
            Mode::Echo => {
                // After a Close of ours messages still come, and nothing may be sent.
                let _ = match (self.connection.deflate(), &mut shared.deflaters) {
                    (Some(agreed), Some(deflaters)) => {
                        self.connection.send_compressed(message, deflaters.like(agreed.server), answers.replies)
                    }
                    _ if message.payload().len() >= LARGE => self
                        .connection
                        .send_header(message, Part::Whole)
                        .map(|header| answers.send_large(&header, message.payload())),
                    _ => self.connection.send(message, answers.replies),
                };
            }
            Mode::Broadcast => {
                let Some(post) = Post::new(message, shared.deflaters.as_mut()) else { return };
                // The sender is told at once, among its replies: a Close that comes in the same read ends what it may be sent.
                if let Ok(bytes) = post.admit(&mut self.connection) {
                    answers.replies.extend_from_slice(bytes);
                }
                shared.posts.push(post);
                self.next_post = shared.posts.next();
            }
            Mode::Time => {}
        }
    }

    /// Others may use the memory while no message is under way. Compression keeps its history there.
    fn put_back(&mut self, messages: Box<Messages>, shared: &mut Shared) {
        if self.connection.is_between_messages() && self.connection.deflate().is_none() {
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
