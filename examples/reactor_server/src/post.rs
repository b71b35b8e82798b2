//! A message for all.

use std::ptr;
use std::rc::Rc;

use websocket_proto::{Connection, Message, Prepared, SendError, Server};

use crate::deflaters::Deflaters;

/// A message that was framed once, and whose bytes lie in the queues of all receivers.
pub struct Post {
    frame: Prepared,
    plain: Rc<[u8]>,
    compressed: Option<Rc<[u8]>>,
}

impl Post {
    /// Frames a message; compressed too, if there are compressors and it is worth it.
    pub fn new(message: Message<'_>, deflaters: Option<&mut Deflaters>) -> Option<Self> {
        let frame = match deflaters.map(Deflaters::for_all) {
            Some(deflater) if message.payload().len() >= deflater.threshold() => {
                Prepared::compressed(message, deflater)
            }
            Some(_) | None => Prepared::new(message),
        };
        let frame = frame.ok()?;
        Some(Self { plain: Rc::from(frame.as_bytes()), compressed: frame.compressed_bytes().map(Rc::from), frame })
    }

    /// The bytes to write on this connection.
    pub fn admit(&self, connection: &mut Connection<Server>) -> Result<&Rc<[u8]>, SendError> {
        let bytes = connection.send_prepared(&self.frame)?;
        Ok(match &self.compressed {
            Some(compressed) if !ptr::eq(bytes, self.frame.as_bytes()) => compressed,
            Some(_) | None => &self.plain,
        })
    }

    /// How much memory it takes until it is told.
    pub fn weight(&self) -> usize {
        2 * (self.plain.len() + self.compressed.as_ref().map_or(0, |bytes| bytes.len())) + size_of::<Self>()
    }
}
