//! A server as the public test suites of Engine.IO 4 and Socket.IO 5 want it: it sends back what comes, on the paths `/engine.io/` and
//! `/socket.io/`, and pings every 300 ms. Its one argument is the address; the suites want `127.0.0.1:3000`.

use std::error::Error;
use std::rc::Rc;
use std::time::Duration;

use hub::connections;
use hub::engine_io::{Data, Packet, Reason, Server, Session, Settings, Upper};
use hub::socket_io::{Application, Event, Socket, Switch};
use serde_json::value::RawValue;
use tokio::net::TcpListener;
use tokio::task::LocalSet;

fn main() -> Result<(), Box<dyn Error>> {
    let address = std::env::args().nth(1).ok_or("expected an address, found no argument")?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    LocalSet::new().block_on(&runtime, async move {
        let listener = TcpListener::bind(address).await?;
        let settings = |path: &str| Settings {
            path: path.into(),
            ping_interval: Duration::from_millis(300),
            ping_timeout: Duration::from_millis(200),
            ..Settings::default()
        };
        let sessions = Server::new(settings("/engine.io/"), Echo);
        let sockets = Server::new(settings("/socket.io/"), Switch::new(Echo, Duration::from_secs(1)));
        connections::accept(listener, move |request| {
            let (sessions, sockets) = (Rc::clone(&sessions), Rc::clone(&sockets));
            async move {
                if request.uri().path() == "/engine.io/" {
                    sessions.answer(request).await
                } else {
                    sockets.answer(request).await
                }
            }
        })
        .await;
        Ok(())
    })
}

struct Echo;

impl Upper for Echo {
    fn opened(&self, _session: &Rc<Session>) {}

    fn received(&self, session: &Rc<Session>, data: Data) -> Result<(), String> {
        session.send(match data {
            Data::Text(text) => Packet::Text(text),
            Data::Binary(bytes) => Packet::Binary(bytes),
        });
        Ok(())
    }

    fn closed(&self, _session: &Rc<Session>, _reason: &Reason) {}
}

impl Application for Echo {
    fn admit(&self, namespace: &str, _auth: Option<&RawValue>) -> Result<Option<String>, String> {
        if matches!(namespace, "/" | "/custom") { Ok(None) } else { Err("Invalid namespace".into()) }
    }

    fn connected(&self, socket: &Rc<Socket>) {
        let none = RawValue::from_string("{}".into()).ok();
        if let Some(auth) = socket.auth.as_deref().or(none.as_deref()) {
            socket.emit("auth", &[auth], &[]);
        }
    }

    fn event(&self, socket: &Rc<Socket>, event: Event) {
        let arguments: Vec<&RawValue> = event.arguments.iter().map(|argument| &**argument).collect();
        match event.name.as_str() {
            "message" => socket.emit("message-back", &arguments, &event.attachments),
            "message-with-ack" => socket.acknowledge(event.id, &arguments, &event.attachments),
            _ => {}
        }
    }

    fn disconnected(&self, _socket: &Rc<Socket>, _reason: &Reason) {}
}
