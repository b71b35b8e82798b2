//! A message for all.

use std::cell::OnceCell;
use std::rc::Rc;

use websocket_proto::{Connection, Message, Prepared, SendError, Server};

/// A message that was framed once, and whose bytes lie in the queues of all receivers.
pub struct Post {
    frame: Prepared,
    /// The frame's bytes, as the first connection that takes it hands them out.
    bytes: OnceCell<Rc<[u8]>>,
}

impl Post {
    pub fn new(message: Message<'_>) -> Option<Self> {
        Some(Self { frame: Prepared::new(message).ok()?, bytes: OnceCell::new() })
    }

    /// The bytes to write on this connection.
    pub fn admit(&self, connection: &mut Connection<Server>) -> Result<Rc<[u8]>, SendError> {
        let bytes = connection.send_prepared(&self.frame)?;
        Ok(Rc::clone(self.bytes.get_or_init(|| Rc::from(bytes))))
    }
}
