//! A hub for genuine socket.io clients: see the README.

#[path = "../../support/command_line.rs"]
mod command_line;
#[path = "../../support/listen.rs"]
mod listen;
mod options;
mod page;

use std::io::{self, Write};
use std::process::ExitCode;
use std::rc::Rc;

use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::oneshot;
use tokio::task::LocalSet;

use command_line::Failure;
use hub::broker::{self, Line};
use hub::engine_io::Server;
use hub::hub::{Anyone, Authority, Hub, Tokens};
use hub::socket_io::Switch;
use hub::{connections, identifier};
use options::Options;
use page::Page;

fn main() -> ExitCode {
    command_line::exit("hub", Options::parse().and_then(run))
}

fn run(options: Options) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| format!("can't start: {error}"))?;
    Ok(LocalSet::new().block_on(&runtime, serve(options))?)
}

/// Serves until it is told to stop. Everything runs on one thread, so that nothing has to be locked.
async fn serve(options: Options) -> Result<(), String> {
    let authority: Box<dyn Authority> = match &options.tokens {
        None => Box::new(Anyone),
        Some(path) => {
            let text =
                std::fs::read_to_string(path).map_err(|error| format!("can't read {}: {error}", path.display()))?;
            Box::new(Tokens::parse(&text).map_err(|error| format!("{}, {error}", path.display()))?)
        }
    };
    let listener = listen::listen(options.listen).and_then(|listener| {
        listener.set_nonblocking(true)?;
        TcpListener::from_std(listener)
    });
    let listener = listener.map_err(|error| format!("can't listen on {}: {error}", options.listen))?;
    let stop = |kind| signal(kind).map_err(|error| format!("can't wait for signals: {error}"));
    let (mut interrupt, mut terminate) = (stop(SignalKind::interrupt())?, stop(SignalKind::terminate())?);

    let quiet = options.quiet;
    let told = move |line: &str| {
        if !quiet {
            println!("{line}");
        }
    };
    let hub = Hub::new(authority, told);
    let (ready, is_ready) = oneshot::channel();
    let (hub, broker) = match options.broker {
        None => {
            let _ = ready.send(()); // it is the only hub
            (Rc::new(hub), None)
        }
        Some(url) => {
            let id = identifier::random().map_err(|error| format!("can't make an identifier: {error}"))?;
            let (line, records) = Line::new();
            let hub = Rc::new(hub.shared(id.clone(), line));
            let broker = broker::Options { url, prefix: options.prefix, lease: options.lease, hub: id };
            (Rc::clone(&hub), Some(broker::run(broker, records, hub, ready)))
        }
    };
    let page = Page::new(options.client.as_deref())?;
    let server = Server::new(options.settings, Switch::new(hub, options.connect_timeout));
    let serving = async move {
        if is_ready.await.is_err() {
            // The broker can't be reached, and says so.
            return std::future::pending().await;
        }
        announce(&listener).map_err(|error| format!("can't tell where it listens: {error}"))?;
        let answer = move |request| {
            let (server, page) = (Rc::clone(&server), page.answer(&request));
            async move {
                match page {
                    Some(page) => page,
                    None => server.answer(request).await,
                }
            }
        };
        connections::accept(listener, answer).await;
        Ok(())
    };
    let sharing = async move {
        match broker {
            Some(broker) => broker.await,
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        served = serving => served,
        failed = sharing => failed,
        _ = interrupt.recv() => Ok(()),
        _ = terminate.recv() => Ok(()),
    }
}

fn announce(listener: &TcpListener) -> io::Result<()> {
    let address = listener.local_addr()?;
    let mut out = io::stdout();
    writeln!(out, "listening on {address}")?;
    out.flush()
}
