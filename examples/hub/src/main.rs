//! A hub for genuine socket.io clients: see the README.

#[path = "../../support/command_line.rs"]
mod command_line;
#[path = "../../support/listen.rs"]
mod listen;
mod options;

use std::io::{self, Write};
use std::process::ExitCode;
use std::rc::Rc;

use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::task::LocalSet;

use command_line::Failure;
use hub::connections;
use hub::engine_io::Server;
use hub::hub::{Anyone, Authority, Hub, Tokens};
use hub::socket_io::Switch;
use options::Options;

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
    announce(&listener).map_err(|error| format!("can't tell where it listens: {error}"))?;

    let quiet = options.quiet;
    let told = move |line: &str| {
        if !quiet {
            println!("{line}");
        }
    };
    let server = Server::new(options.settings, Switch::new(Hub::new(authority, told)));
    let answer = move |request| Rc::clone(&server).answer(request);
    tokio::select! {
        () = connections::accept(listener, answer) => {}
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
    Ok(())
}

fn announce(listener: &TcpListener) -> io::Result<()> {
    let address = listener.local_addr()?;
    let mut out = io::stdout();
    writeln!(out, "listening on {address}")?;
    out.flush()
}
