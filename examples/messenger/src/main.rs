//! Messages and files between two people behind NATs. `messenger --help`; the README beside this package tells more.

#[path = "../../support/command_line.rs"]
mod command_line;
#[path = "../../support/listen.rs"]
mod listen;
mod options;
mod run;

use std::io::{self, Write};
use std::net::SocketAddr;
use std::process::ExitCode;

use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

use command_line::Failure;
use options::Options;

fn main() -> ExitCode {
    command_line::exit("messenger", Options::parse().and_then(start))
}

fn start(options: Options) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| format!("can't start: {error}"))?;
    let ended = runtime.block_on(async {
        match options {
            Options::Hub { listen, options } => hub(listen, options).await,
            Options::Peer(options) => run::run(options).await,
        }
    });
    // A thread that waits for the standard input is not waited for.
    runtime.shutdown_background();
    Ok(ended?)
}

async fn hub(address: SocketAddr, options: messenger::hub::Options) -> Result<(), String> {
    let listener = listen(address).map_err(|error| format!("can't listen on {address}: {error}"))?;
    let stop = |kind| signal(kind).map_err(|error| format!("can't wait for signals: {error}"));
    let (mut interrupt, mut terminate) = (stop(SignalKind::interrupt())?, stop(SignalKind::terminate())?);
    tokio::select! {
        () = messenger::hub::serve(listener, options) => {}
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
    Ok(())
}

fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let listener = listen::listen(address)?;
    listener.set_nonblocking(true)?;
    let address = listener.local_addr()?;
    writeln!(io::stdout(), "listening on {address}, page at http://{address}/")?;
    io::stdout().flush()?;
    TcpListener::from_std(listener)
}
