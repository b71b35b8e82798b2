//! A peer's line to the hub, which comes back by itself.

use std::time::Duration;

use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::time::sleep;
use websocket_proto_tokio::{Config, OwnedMessage, connect};

use crate::backoff::Backoff;
use crate::signal::{FromHub, Name, Signal, ToHub, address_datagram, read_datagram};

/// What comes of the line.
#[derive(Debug)]
pub enum Event {
    Hub(FromHub<Signal>),
    /// From somebody by that name.
    Datagram(Name, Vec<u8>),
    /// The line is down, and why. It is tried again.
    Lost(String),
}

/// A line, whose other end is in a task of its own: nothing here waits for the hub.
#[derive(Debug)]
pub struct Line {
    events: Receiver<Event>,
    signals: Sender<String>,
    datagrams: Sender<Vec<u8>>,
}

impl Line {
    /// Connects, says the name, and does so again whenever the connection is lost.
    pub fn open(url: String, name: Name, key: String, seed: u64) -> Self {
        let ((to_user, events), (signals, s), (datagrams, d)) = (channel(1024), channel(64), channel(256));
        tokio::spawn(keep(url, ToHub::Enter { name, key }, to_user, s, d, seed));
        Self { events, signals, datagrams }
    }

    /// What has happened; `None` if the line can never come back.
    pub async fn next(&mut self) -> Option<Event> {
        self.events.recv().await
    }

    /// What has happened by now.
    pub fn try_next(&mut self) -> Option<Event> {
        self.events.try_recv().ok()
    }

    /// Sends a signal to somebody. While the line is down it is lost: calls are made anew when it is back.
    pub fn signal(&self, to: &Name, signal: Signal) {
        if let Ok(text) = serde_json::to_string(&ToHub::Signal { to: to.clone(), signal }) {
            let _ = self.signals.try_send(text);
        }
    }

    /// Sends a datagram to somebody; it may be lost, as any.
    pub fn datagram(&self, to: &Name, datagram: &[u8]) {
        let _ = self.datagrams.try_send(address_datagram(to, datagram));
    }
}

async fn keep(
    url: String,
    enter: ToHub<Signal>,
    events: Sender<Event>,
    mut signals: Receiver<String>,
    mut datagrams: Receiver<Vec<u8>>,
    seed: u64,
) {
    let mut backoff = Backoff::new(Duration::from_millis(500), Duration::from_secs(30), seed);
    loop {
        while signals.try_recv().is_ok() || datagrams.try_recv().is_ok() {}
        let why = match once(&url, &enter, &events, &mut signals, &mut datagrams, &mut backoff).await {
            Ok(()) => "the hub has closed the connection".into(),
            Err(why) => why,
        };
        if events.send(Event::Lost(why)).await.is_err() {
            return;
        }
        sleep(backoff.delay()).await;
    }
}

/// One connection, from its beginning to its end.
async fn once(
    url: &str,
    enter: &ToHub<Signal>,
    events: &Sender<Event>,
    signals: &mut Receiver<String>,
    datagrams: &mut Receiver<Vec<u8>>,
    backoff: &mut Backoff,
) -> Result<(), String> {
    let mut config = Config::default();
    config.timeouts.idle = Some(IDLE);
    let mut socket = connect(url, &config).await.map_err(|error| error.to_string())?;
    let text = serde_json::to_string(enter).map_err(|error| error.to_string())?;
    socket.send(text.as_str()).await.map_err(|error| error.to_string())?;
    let (mut reader, mut writer) = socket.into_split(&config).map_err(|error| error.to_string())?;

    let write = async {
        loop {
            // Signals first: they are few, and a new road may depend on them.
            let fed = tokio::select! {
                biased;
                Some(text) = signals.recv() => writer.feed(text.as_str()).await,
                Some(datagram) = datagrams.recv() => writer.feed(&datagram[..]).await,
                else => return Ok(()),
            };
            fed.map_err(|error| error.to_string())?;
            if signals.is_empty() && datagrams.is_empty() {
                writer.flush().await.map_err(|error| error.to_string())?;
            }
        }
    };
    let read = async {
        let mut has_entered = false;
        while let Some(message) = reader.next().await {
            let event = match message.map_err(|error| error.to_string())? {
                OwnedMessage::Text(text) => match serde_json::from_str(&text) {
                    Ok(FromHub::Refused { why }) if !has_entered => return Err(why),
                    Ok(message) => Event::Hub(message),
                    Err(error) => return Err(format!("expected a message of the hub, found what is none: {error}")),
                },
                OwnedMessage::Binary(message) => {
                    let (from, datagram) = read_datagram(&message)?;
                    Event::Datagram(from, datagram.to_vec())
                }
            };
            if matches!(event, Event::Hub(FromHub::Entered { .. })) {
                has_entered = true;
                backoff.reset();
            }
            if events.send(event).await.is_err() {
                return Ok(());
            }
        }
        Ok(())
    };
    tokio::select! {
        ended = read => ended,
        ended = write => ended,
    }
}

/// A hub that is silent for so long is asked whether it is there.
const IDLE: Duration = Duration::from_secs(5);
