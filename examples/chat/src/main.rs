//! Rooms in a browser: a chat server on `websocket-proto` and tokio, and the page that talks to it.
//!
//! ```sh
//! cargo run --release -p chat -- --history chat.history
//! ```
//!
//! Then open <http://127.0.0.1:9010/> in two windows: write, send pictures, kill the server, go on writing, and start it again. Every
//! message is there once and in order. `--help` lists the options; `cargo test` drives the server, `tests/browser/run` two pages in
//! Chromium.
//!
//! # What to look at
//!
//! * `session.rs`, `turn.rs`: an endpoint that does no I/O fits into any `select!`. Each branch may be cancelled at any time, since waiting for a
//!   socket moves no byte; a client that sends too much is simply read later, with what was read already left where it lies.
//! * `letter.rs`: a message is framed and compressed once for everyone, and every socket is written from that one place.
//! * `log.rs`, `visitor.rs`: messages have numbers, and a connection knows the number it has to send next. The history of a room is
//!   the output queue of all its connections: a slow reader costs no memory, and one that comes back goes on where it was.
//! * `backlog.rs`, `shared.rs`: with `--broker`, several servers share rooms, names and presence by Redis. A message has its number when it
//!   comes back; until then it waits, also for a broker that is away, and said twice it is there once.
//! * `store.rs`: the history's file is a WebSocket stream, written by a server's connection and read by a client's.
//! * `page/line.js`, `page/outbox.js`: how a page comes back by itself without a herd, and sends again what was not confirmed.
//!
//! # What is said
//!
//! `protocol.rs` lists it. Text messages are JSON, pictures are binary messages with a caption. A room numbers its messages 1, 2, 3 …;
//! the page joins with the last number it has seen and gets what follows, or is told what is no longer kept. A message carries an identifier that the page made up, by
//! which the server knows one that is sent again because its confirmation was lost. The memory of identifiers is as long as a room's
//! history.

mod allowance;
mod backlog;
#[path = "../../support/command_line.rs"]
mod command_line;
mod draft;
mod hall;
mod hall_shared;
mod heartbeat;
mod letter;
mod limits;
#[path = "../../support/listen.rs"]
mod listen;
mod log;
mod names;
mod opening;
mod options;
mod page;
mod picture;
mod protocol;
mod room;
mod seat;
mod session;
mod shared;
mod store;
#[path = "../../support/target.rs"]
mod target;
mod turn;
mod visitor;

use std::cell::RefCell;
use std::io::{self, Write};
use std::net::SocketAddr;
use std::pin::Pin;
use std::process::ExitCode;
use std::rc::Rc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::oneshot;
use tokio::task::{JoinSet, LocalSet};
use tokio::time::{sleep, timeout};

use command_line::Failure;
use hall::Hall;
use options::Options;

fn main() -> ExitCode {
    command_line::exit("chat", Options::parse().and_then(run))
}

fn run(options: Options) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| format!("can't start: {error}"))?;
    Ok(LocalSet::new().block_on(&runtime, serve(options))?)
}

/// Serves until it is told to stop. Everything runs on one thread, so that nothing has to be locked.
async fn serve(options: Options) -> Result<(), String> {
    let hall = Hall::open(options.keep, options.history.as_deref()).map_err(|error| match &options.history {
        Some(path) => format!("can't open the history {}: {error}", path.display()),
        None => error.to_string(),
    })?;
    let hall = Rc::new(RefCell::new(hall));
    let (mut sharing, is_ready) = share(&options, &hall);
    let listener = listen(options.listen).map_err(|error| format!("can't listen on {}: {error}", options.listen))?;
    let stop = |kind| signal(kind).map_err(|error| format!("can't wait for signals: {error}"));
    let (mut interrupt, mut terminate) = (stop(SignalKind::interrupt())?, stop(SignalKind::terminate())?);
    tokio::select! {
        _ = is_ready => {}
        failed = &mut sharing => return failed,
    }
    announce(&listener).map_err(|error| format!("can't tell where it listens: {error}"))?;

    let origins: Rc<[String]> = options.origins.into();
    let mut sessions = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept(), if sessions.len() < limits::MAX_CONNECTIONS => match accepted {
                Ok((stream, peer)) => {
                    let (hall, origins, ping, quiet) = (Rc::clone(&hall), Rc::clone(&origins), options.ping, options.quiet);
                    sessions.spawn_local(async move {
                        match session::run(stream, hall, &origins, ping).await {
                            Ok(Some(report)) if !quiet => println!("{peer}: {report}"),
                            Err(error) if !quiet => println!("{peer}: {error}"),
                            Ok(_) | Err(_) => {}
                        }
                    });
                }
                Err(error) => {
                    // One that is gone before it was accepted, or no file descriptor left: the others go on.
                    eprintln!("chat: can't accept a connection: {error}");
                    sleep(Duration::from_millis(50)).await;
                }
            },
            Some(_) = sessions.join_next(), if !sessions.is_empty() => {}
            failed = &mut sharing => return failed,
            _ = interrupt.recv() => break,
            _ = terminate.recv() => break,
        }
    }

    drop(listener);
    hall.borrow_mut().close();
    let farewell = timeout(limits::FAREWELL, async { while sessions.join_next().await.is_some() {} }).await;
    if farewell.is_err() && !options.quiet {
        println!("{} connections did not close in time", sessions.len());
    }
    Ok(())
}

/// What carries on between the hall and the broker, if there is one, and what tells when all is known that others know.
fn share(options: &Options, hall: &Rc<RefCell<Hall>>) -> (Sharing, oneshot::Receiver<()>) {
    let (ready, is_ready) = oneshot::channel();
    let Some(url) = options.broker.clone() else {
        let _ = ready.send(()); // there is nobody to learn from
        return (Box::pin(std::future::pending()), is_ready);
    };
    let requests = hall.borrow_mut().share();
    let (prefix, lease, keep) = (options.prefix.clone(), options.lease, options.keep);
    let options = shared::Options { url, prefix, lease, keep };
    (Box::pin(shared::run(options, Rc::clone(hall), requests, ready)), is_ready)
}

type Sharing = Pin<Box<dyn Future<Output = Result<(), String>>>>;

fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let listener = listen::listen(address)?;
    listener.set_nonblocking(true)?;
    TcpListener::from_std(listener)
}

fn announce(listener: &TcpListener) -> io::Result<()> {
    let address = listener.local_addr()?;
    let mut out = io::stdout();
    writeln!(out, "listening on {address}, page at http://{address}/")?;
    out.flush()
}
