//! The second state of a connection: messages come and go.

use websocket_proto::{
    CloseFrame, Connection, Incoming, Limits, Message, Messages, Negotiated, Server, State, Transport,
};

use crate::counters::Counters;
use crate::options::{Mode, Options};
use crate::post::Post;

pub struct Open {
    connection: Connection<Server>,
    messages: Messages,
}

/// Where messages go.
pub struct Sinks<'s> {
    /// Back to the sender.
    pub replies: &'s mut Vec<u8>,
    /// To all.
    pub posts: &'s mut Vec<Post>,
    /// How much memory that takes.
    pub posted: &'s mut usize,
    /// To the one who runs the server.
    pub counters: &'s mut Counters,
    /// A client asks the server to stop.
    pub stop: &'s mut bool,
}

impl Open {
    pub fn new(negotiated: Negotiated, limits: &Limits) -> Self {
        Self {
            connection: Connection::new(negotiated, Server, limits),
            // A connection holds memory for a message only while one is cut, however many there were.
            messages: Messages::new().with_kept_capacity(0),
        }
    }

    /// Uses up what was read. The Pong that answers a Ping, and the Close that answers a Close or an error, are among the replies.
    pub fn receive(&mut self, mut input: &mut [u8], options: &Options, to: &mut Sinks<'_>) {
        loop {
            let message = match self.messages.next(&mut self.connection, &mut input, to.replies) {
                Ok(Some(Incoming::Text(text))) => {
                    *to.stop |= options.allow_stop && text == "stop-listening";
                    Message::Text(text)
                }
                Ok(Some(Incoming::Binary(bytes))) => Message::Binary(bytes),
                Ok(Some(_)) => continue,
                Ok(None) => return,
                Err(_) => {
                    to.counters.failed += 1;
                    return;
                }
            };
            to.counters.messages += 1;
            match options.mode {
                Mode::Echo => {
                    // Behind a Close of ours messages still come, and nothing may be sent.
                    let _ = self.connection.send(message, to.replies);
                }
                Mode::Broadcast => {
                    *to.posted += message.payload().len() + size_of::<Post>();
                    to.posts.extend(Post::new(message));
                }
                Mode::Time => {}
            }
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
