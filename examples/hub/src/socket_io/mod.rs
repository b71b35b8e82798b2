//! Socket.IO, revision 5: namespaces, events, acknowledgements and attachments, on sessions of Engine.IO.

mod packet;
mod socket;
mod switch;

pub use packet::{InvalidPacket, Kind, Packet};
pub use socket::{Event, Socket, raw};
pub use switch::Switch;

use std::rc::Rc;

use serde_json::value::RawValue;

use crate::engine_io::Reason;

/// What is above the sockets.
pub trait Application {
    /// Whether a client may connect to the namespace, with what it says of itself; and a key, if the client may come back by it on
    /// another connection: it says it as `pid` then, with the last argument of the last event that it has seen as `offset`.
    ///
    /// # Errors
    ///
    /// A message for the client.
    fn admit(&self, namespace: &str, auth: Option<&RawValue>) -> Result<Option<String>, String>;

    /// A client has connected to a namespace.
    fn connected(&self, socket: &Rc<Socket>);

    /// An event has come.
    fn event(&self, socket: &Rc<Socket>, event: Event);

    /// A client has left a namespace: told once.
    fn disconnected(&self, socket: &Rc<Socket>, reason: &Reason);
}
