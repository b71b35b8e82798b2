//! Engine.IO, revision 4: sessions over HTTP and WebSocket.

mod packet;
mod polling;
mod query;
mod server;
mod session;
mod websocket;

pub use packet::{InvalidPacket, Packet};
pub use server::{Server, Settings};
pub use session::{Reason, Session};

use std::rc::Rc;

/// What is above the sessions.
pub trait Upper {
    /// A session has been opened.
    fn opened(&self, session: &Rc<Session>);

    /// A text or binary message has come.
    ///
    /// # Errors
    ///
    /// What is wrong with it: the session ends.
    fn received(&self, session: &Rc<Session>, data: Data) -> Result<(), String>;

    /// A session has ended: told once.
    fn closed(&self, session: &Rc<Session>, reason: &Reason);
}

/// The payload of a message.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Data {
    Text(String),
    Binary(bytes::Bytes),
}
