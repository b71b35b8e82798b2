//! Sends messages compressed, if the crate was built for it and the peer has agreed, and as they are otherwise.

#[cfg(feature = "deflate")]
use websocket_proto::extension::deflate::{Deflater, Effort};
use websocket_proto::{Connection, Message, Output, Role, SendError};

/// Belongs to one connection.
pub struct Sends {
    #[cfg(feature = "deflate")]
    deflater: Option<Deflater>,
}

impl Sends {
    #[cfg(feature = "deflate")]
    pub fn new<R: Role>(connection: &Connection<R>) -> Self {
        Self { deflater: connection.deflater(Effort::FAST) }
    }

    #[cfg(not(feature = "deflate"))]
    pub fn new<R: Role>(_connection: &Connection<R>) -> Self {
        Self {}
    }

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
