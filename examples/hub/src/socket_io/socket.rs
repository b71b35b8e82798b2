//! A client in a namespace.

use std::rc::{Rc, Weak};

use bytes::Bytes;
use serde::Serialize;
use serde_json::value::RawValue;

use super::packet::{Kind, Packet};
use crate::engine_io::{self, Reason, Session};

/// A client in a namespace. To those beside it, it is known by its identifier.
pub struct Socket {
    pub id: String,
    pub namespace: String,
    /// What the client said of itself when it connected.
    pub auth: Option<Box<RawValue>>,
    /// By what the application knows the client again, on another connection.
    pub key: Option<String>,
    session: Weak<Session>,
}

/// What a client has sent.
#[derive(Clone, Debug)]
pub struct Event {
    pub name: String,
    /// Without the name.
    pub arguments: Vec<Box<RawValue>>,
    pub attachments: Vec<Bytes>,
    /// The client wants to be answered.
    pub id: Option<u64>,
}

impl Socket {
    pub(super) fn new(id: String, connect: Packet, key: Option<String>, session: &Rc<Session>) -> Rc<Self> {
        Rc::new(Self { id, namespace: connect.namespace, auth: connect.data, key, session: Rc::downgrade(session) })
    }

    /// Sends an event.
    pub fn emit(&self, name: &str, arguments: &[&RawValue], attachments: &[Bytes]) {
        let Some(name) = raw(&name) else { return };
        let mut all = vec![&*name];
        all.extend(arguments);
        self.send(Kind::Event, None, &all, attachments);
    }

    /// Answers an event, if the client wants it.
    pub fn acknowledge(&self, id: Option<u64>, arguments: &[&RawValue], attachments: &[Bytes]) {
        if id.is_some() {
            self.send(Kind::Ack, id, arguments, attachments);
        }
    }

    fn send(&self, kind: Kind, id: Option<u64>, arguments: &[&RawValue], attachments: &[Bytes]) {
        let Some(session) = self.session.upgrade() else { return };
        let packet = Packet {
            id,
            data: raw(&arguments),
            attachments: attachments.to_vec(),
            ..Packet::new(kind, &self.namespace)
        };
        transmit(&session, packet);
    }

    /// Ends the session of the client.
    pub fn end(&self, reason: Reason) {
        if let Some(session) = self.session.upgrade() {
            session.end(reason);
        }
    }
}

/// JSON of a value that can be written as such.
pub fn raw(value: &impl Serialize) -> Option<Box<RawValue>> {
    serde_json::value::to_raw_value(value).ok()
}

/// Sends a packet, and its attachments after it.
pub(super) fn transmit(session: &Session, packet: Packet) {
    session.send(engine_io::Packet::Text(packet.encode()));
    for attachment in packet.attachments {
        session.send(engine_io::Packet::Binary(attachment));
    }
}
