//! A message for all.

use std::rc::Rc;

use websocket_proto::PreparedForm;
use websocket_proto::{Connection, Message, Prepared, SendError, Server};

/// A message that was framed once, and whose bytes lie in the queues of all receivers.
pub struct Post {
    frame: Prepared,
    bytes: Rc<[u8]>,
}

impl Post {
    pub fn new(message: Message<'_>) -> Option<Self> {
        let frame = Prepared::new(message).ok()?;
        Some(Self { bytes: Rc::from(frame.frame(PreparedForm::Plain)), frame })
    }

    /// The bytes to write on this connection.
    pub fn admit(&self, connection: &mut Connection<Server>) -> Result<Rc<[u8]>, SendError> {
        connection.send_prepared(&self.frame).map(|_| Rc::clone(&self.bytes))
    }
}
