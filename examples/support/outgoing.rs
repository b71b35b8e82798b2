//! Sends messages compressed where that was agreed on, and as they are elsewhere.

#[cfg(feature = "deflate")]
use websocket_proto::extension::deflate::{Deflater, Effort};
use websocket_proto::{Connection, Message, Output, Role, SendError};

/// The sending side of one connection.
pub struct Outgoing {
    /// There is one where permessage-deflate was agreed on; it takes memory from its first message on.
    #[cfg(feature = "deflate")]
    deflater: Option<Deflater>,
}

impl Outgoing {
    /// Asks the connection what was agreed on.
    #[cfg_attr(not(feature = "deflate"), allow(unused_variables))]
    pub fn new<R: Role>(connection: &Connection<R>) -> Self {
        Self {
            #[cfg(feature = "deflate")]
            deflater: connection.deflater(Effort::FAST),
        }
    }

    /// Appends a message to `out`.
    pub fn send<'m, R: Role>(
        &mut self,
        connection: &mut Connection<R>,
        message: impl Into<Message<'m>>,
        out: &mut impl Output,
    ) -> Result<(), SendError> {
        #[cfg(feature = "deflate")]
        if let Some(deflater) = &mut self.deflater {
            return connection.send_compressed(message, deflater, out);
        }
        connection.send(message, out)
    }
}
