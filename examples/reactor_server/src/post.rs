//! A message for all.

use std::rc::Rc;

use websocket_proto::{Connection, Message, Prepared, PreparedForm, SendError, Server};

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
        let plain = Rc::from(frame.frame(PreparedForm::Plain));
        let compressed = frame.is_compressed().then(|| Rc::from(frame.frame(PreparedForm::Compressed)));
        Some(Self { frame, plain, compressed })
    }

    /// The bytes to write on this connection.
    pub fn admit(&self, connection: &mut Connection<Server>) -> Result<&Rc<[u8]>, SendError> {
        Ok(match (connection.send_prepared(&self.frame)?, &self.compressed) {
            (PreparedForm::Compressed, Some(compressed)) => compressed,
            _ => &self.plain,
        })
    }

    /// How much memory it takes until it is told.
    pub fn weight(&self) -> usize {
        2 * (self.plain.len() + self.compressed.as_ref().map_or(0, |bytes| bytes.len())) + size_of::<Self>()
    }
}
