//! The hub: peers find each other here, and what they say to each other goes through it only where no other road is found, encrypted for
//! the friend. Each connection is two tasks, one for each direction.

mod allowance;
mod page;
mod room;

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc::{Receiver, channel};
use tokio::time::{sleep, timeout};
use websocket_proto_tokio::handshake::{Received, Refusal, Scheme};
use websocket_proto_tokio::{CloseCode, CloseFrame, Config, Error, OwnedMessage, Reader, Writer, accept_with};

use crate::signal::{FromHub, MAX_TEXT, Servers};
use allowance::Allowance;
use room::{Letter, Room, Visit};

/// What a hub needs to know.
#[derive(Debug)]
pub struct Options {
    /// Origins whose pages may connect, beside the hub's own.
    pub origins: Vec<String>,
    pub servers: Servers,
    /// Print nothing of connections.
    pub is_quiet: bool,
}

/// Serves until the future is dropped.
pub async fn serve(listener: TcpListener, options: Options) {
    let room = Arc::new(Mutex::new(Room::new(options.servers.clone())));
    let options = Arc::new(options);
    let places = Arc::new(tokio::sync::Semaphore::new(MAX_CONNECTIONS));
    loop {
        let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
        match listener.accept().await {
            Ok((tcp, peer)) => {
                let (room, options) = (Arc::clone(&room), Arc::clone(&options));
                tokio::spawn(async move {
                    let _place = place;
                    if let Err(why) = connection(tcp, peer, &room, &options).await {
                        if !options.is_quiet {
                            println!("{peer}: {why}");
                        }
                    }
                });
            }
            Err(error) => {
                // One that is gone before it was accepted, or no file descriptor left: the others go on.
                eprintln!("messenger: can't accept a connection: {error}");
                sleep(Duration::from_millis(50)).await;
            }
        }
    }
}

async fn connection(tcp: TcpStream, peer: SocketAddr, room: &Mutex<Room>, options: &Options) -> Result<(), String> {
    tcp.set_nodelay(true).map_err(|error| error.to_string())?;
    let config = config();
    let origins: Vec<&str> = options.origins.iter().map(String::as_str).collect();
    let socket = accept_with(tcp, &config, |received, responder| match received {
        Received::Http(request) => page::serve(request, responder),
        Received::Upgrade(request) => match request.check_same_origin(Scheme::Http, &origins) {
            Err(error) => responder.respond(error.response()),
            Ok(()) if request.path() != "/hub" => {
                responder.respond(Refusal::new(404, &[("Content-Type", "text/plain")], b"The hub is at /hub.\n"));
            }
            Ok(()) => responder.accept(request.accept()),
        },
    });
    // A page was served, or what came was no request: it has its answer.
    let Ok(socket) = socket.await else { return Ok(()) };
    let (mut reader, mut writer) = socket.into_split(&config);

    let (queue, letters) = channel(QUEUE);
    let entered = match timeout(ENTERING, reader.next()).await {
        Ok(Some(Ok(OwnedMessage::Text(text)))) => lock(room).enter(&text, queue, Instant::now()),
        Ok(Some(Ok(OwnedMessage::Binary(_)))) => Err("expected to hear a name first, found a datagram".into()),
        Ok(Some(Err(error))) => return Err(error.to_string()),
        Ok(None) => return Ok(()),
        Err(_) => Err(format!("expected to hear a name within {ENTERING:?}, found none")),
    };
    let visit = match entered {
        Ok(visit) => visit,
        Err(why) => return refuse(reader, writer, why).await,
    };
    if !options.is_quiet {
        println!("{peer}: {visit} has entered");
    }
    let ended = tokio::select! {
        ended = read(&mut reader, room, &visit) => ended,
        ended = write(&mut writer, letters) => ended,
    };
    lock(room).leave(&visit, Instant::now());
    match ended {
        Ok(()) => Ok(()),
        Err(why) => refuse(reader, writer, format!("{visit}: {why}")).await,
    }
}

/// Takes what a guest says. Who asks for too much is read later.
async fn read(reader: &mut Reader<TcpStream>, room: &Mutex<Room>, visit: &Visit) -> Result<(), String> {
    let mut texts = Allowance::new(100.0, 20.0, Instant::now());
    let mut bytes = Allowance::new(16e6, 16e6, Instant::now());
    while let Some(message) = reader.next().await {
        let now = Instant::now();
        let pause = match message.map_err(|error| error.to_string())? {
            OwnedMessage::Text(text) => {
                let said = lock(room).text(visit, &text);
                if let Err(why) = said {
                    lock(room).refuse(visit, why);
                }
                texts.spend(1.0, now)
            }
            OwnedMessage::Binary(message) => {
                lock(room).datagram(visit, &message)?;
                bytes.spend(message.len() as f64, now)
            }
        };
        if !pause.is_zero() {
            sleep(pause).await;
        }
    }
    Ok(())
}

/// Writes what is there for a guest, several at a time.
async fn write(writer: &mut Writer<TcpStream>, mut letters: Receiver<Letter>) -> Result<(), String> {
    let told = |error: Error| error.to_string();
    while let Some(letter) = letters.recv().await {
        let mut next = Some(letter);
        while let Some(letter) = next {
            match letter {
                Letter::Text(text) => writer.feed(text.as_str()).await.map_err(told)?,
                Letter::Binary(bytes) => writer.feed(&bytes[..]).await.map_err(told)?,
            }
            next = letters.try_recv().ok();
        }
        writer.flush().await.map_err(told)?;
    }
    Err("expected a guest that reads, found its queue full, or a newer connection of the same guest".into())
}

/// Says why, and closes.
async fn refuse(mut reader: Reader<TcpStream>, mut writer: Writer<TcpStream>, why: String) -> Result<(), String> {
    if let Letter::Text(text) = room::letter(&FromHub::Refused { why: why.clone() }) {
        let _ = writer.send(text.as_str()).await; // it may be gone
    }
    if let Ok(frame) = CloseFrame::new(CloseCode::POLICY_VIOLATION, "") {
        let _ = writer.close(frame).await;
    }
    let _ = timeout(FAREWELL, async { while let Some(Ok(_)) = reader.next().await {} }).await;
    Err(why)
}

fn lock(room: &Mutex<Room>) -> MutexGuard<'_, Room> {
    room.lock().unwrap_or_else(PoisonError::into_inner)
}

fn config() -> Config {
    let mut config = Config::default();
    config.limits.max_message_len = MAX_TEXT;
    config
}

const MAX_CONNECTIONS: usize = 20_000;
/// How much waits for a guest: 400 KB of datagrams.
const QUEUE: usize = 256;
/// How long somebody may take to say its name.
const ENTERING: Duration = Duration::from_secs(5);
const FAREWELL: Duration = Duration::from_secs(2);
