//! From sessions to sockets: who is connected to which namespace, and which attachments are still missing.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;
use std::time::Duration;

use super::Application;
use super::packet::{Kind, Packet};
use super::socket::{Event, Socket, raw, transmit};
use crate::engine_io::{Data, Reason, Session, Upper};

/// Namespaces that a session may be connected to at the same time.
const MAX_NAMESPACES: usize = 16;
/// The clients of an application, by session.
pub struct Switch<A> {
    application: A,
    connect_timeout: Duration,
    clients: RefCell<HashMap<String, Client>>,
}

#[derive(Default)]
struct Client {
    sockets: BTreeMap<String, Rc<Socket>>,
    /// A packet, and how many attachments it still needs.
    unfinished: Option<(Packet, usize)>,
}

impl<A: Application> Switch<A> {
    /// A session may be without a namespace for `connect_timeout`.
    pub fn new(application: A, connect_timeout: Duration) -> Self {
        Self { application, connect_timeout, clients: RefCell::default() }
    }

    /// Ends a session that is without a namespace for too long: one that nobody uses costs something, too.
    fn expect_namespace(&self, session: &Rc<Session>) {
        session.set_used(false);
        let (session, limit) = (Rc::downgrade(session), self.connect_timeout);
        tokio::task::spawn_local(async move {
            tokio::time::sleep(limit).await;
            if let Some(session) = session.upgrade().filter(|session| !session.is_used()) {
                session.end(Reason::Violation("no namespace in time".into()));
            }
        });
    }

    /// Changes what is kept for a session.
    fn with<T>(&self, session: &Session, change: impl FnOnce(&mut Client) -> T) -> Option<T> {
        self.clients.borrow_mut().get_mut(session.sid()).map(change)
    }

    fn act(&self, session: &Rc<Session>, packet: Packet) -> Result<(), String> {
        let socket = self.with(session, |client| client.sockets.get(&packet.namespace).cloned()).flatten();
        match (packet.kind, socket) {
            (Kind::Connect, None) => self.connect(session, packet),
            (Kind::Connect, Some(_)) => Err("expected one connection to a namespace, found a second one".into()),
            (Kind::ConnectError, _) => Err("expected a packet that a client may send, found an error".into()),
            // Of a namespace that was left, packets may still be on their way.
            (Kind::Disconnect | Kind::Event | Kind::Ack, None) if packet.namespace != "/" => Ok(()),
            (Kind::Disconnect | Kind::Event | Kind::Ack, None) => {
                Err("expected a connection to the main namespace, found a packet without one".into())
            }
            (Kind::Disconnect, Some(socket)) => {
                let none_left = self.with(session, |client| {
                    client.sockets.remove(&packet.namespace);
                    client.sockets.is_empty()
                });
                self.application.disconnected(&socket, &Reason::ClientClosed);
                if none_left == Some(true) {
                    self.expect_namespace(session);
                }
                Ok(())
            }
            (Kind::Event, Some(socket)) => {
                let name = packet.event_name().unwrap_or_default();
                let arguments = packet.arguments().into_iter().skip(1).map(ToOwned::to_owned).collect();
                self.application
                    .event(&socket, Event { name, arguments, id: packet.id, attachments: packet.attachments });
                Ok(())
            }
            // The hub asks no client for an acknowledgement.
            (Kind::Ack, Some(_)) => Ok(()),
        }
    }

    fn connect(&self, session: &Rc<Session>, packet: Packet) -> Result<(), String> {
        let namespace = packet.namespace.clone();
        if self.with(session, |client| client.sockets.len()).unwrap_or(MAX_NAMESPACES) >= MAX_NAMESPACES {
            return Err("expected no more than 16 namespaces, found another one".into());
        }
        let id = crate::identifier::random().map_err(|error| error.to_string())?;
        let key = match self.application.admit(&namespace, packet.data.as_deref()) {
            Ok(key) => key,
            Err(message) => {
                let data = raw(&BTreeMap::from([("message", message)]));
                transmit(session, Packet { data, ..Packet::new(Kind::ConnectError, &namespace) });
                return Ok(());
            }
        };
        let data = raw(&BTreeMap::from_iter([("sid", &id)].into_iter().chain(key.iter().map(|key| ("pid", key)))));
        transmit(session, Packet { data, ..Packet::new(Kind::Connect, &namespace) });
        let socket = Socket::new(id, packet, key, session);
        self.with(session, |client| client.sockets.insert(namespace, Rc::clone(&socket)));
        session.set_used(true);
        self.application.connected(&socket);
        Ok(())
    }
}

impl<A: Application> Upper for Switch<A> {
    fn opened(&self, session: &Rc<Session>) {
        self.clients.borrow_mut().insert(session.sid().into(), Client::default());
        self.expect_namespace(session);
    }

    fn received(&self, session: &Rc<Session>, data: Data) -> Result<(), String> {
        let unfinished = self.with(session, |client| client.unfinished.take()).flatten();
        let (packet, missing) = match (data, unfinished) {
            (Data::Text(text), None) => Packet::decode(&text).map_err(|error| error.to_string())?,
            (Data::Binary(bytes), Some((mut packet, missing))) => {
                packet.attachments.push(bytes);
                (packet, missing - 1)
            }
            (Data::Text(_), Some(_)) => return Err("expected an attachment, found text".into()),
            (Data::Binary(_), None) => return Err("expected a packet, found an attachment of none".into()),
        };
        if missing > 0 {
            self.with(session, |client| client.unfinished = Some((packet, missing)));
            return Ok(());
        }
        packet.check_attachments().map_err(|error| error.to_string())?;
        self.act(session, packet)
    }

    fn closed(&self, session: &Rc<Session>, reason: &Reason) {
        let client = self.clients.borrow_mut().remove(session.sid()).unwrap_or_default();
        for socket in client.sockets.values() {
            self.application.disconnected(socket, reason);
        }
    }
}
