#![doc = include_str!("../README.md")]

mod channel;
#[path = "../../support/command_line.rs"]
mod command_line;
mod flv;
mod hall;
#[path = "../../support/listen.rs"]
mod listen;
mod mp4;
mod options;
mod publish;
mod said;
mod unit;
mod viewer;
mod web;

use std::io::{self, Write};
use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::{MissedTickBehavior, interval, timeout};

use command_line::Failure;
use hall::Name;
use options::Options;
use publish::publish;
use web::Site;

#[cfg(test)]
#[global_allocator]
static ALLOCATOR: testkit::counting::Counting = testkit::counting::Counting;

/// How long viewers may take to go when the server stops.
const FAREWELL: Duration = Duration::from_secs(2);

fn main() -> ExitCode {
    command_line::exit("live", Options::parse().and_then(run))
}

fn run(options: Options) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| format!("can't start: {error}"))?;
    let result = runtime.block_on(serve(options));
    // A read of standard input can't be ended.
    runtime.shutdown_background();
    Ok(result?)
}

async fn serve(options: Options) -> Result<(), String> {
    let player = options.player.map(|path| match std::fs::read(&path) {
        Ok(script) => Ok(script),
        Err(error) => Err(format!("can't read the player {}: {error}", path.display())),
    });
    let site = Arc::new(Site {
        hall: hall::Hall::default(),
        key: options.key,
        origins: options.origins,
        player: player.transpose()?,
        quiet: options.quiet,
    });
    let listener = listen(options.listen)?;
    for (name, address) in options.tcp {
        let listener = listen(address)?;
        tokio::spawn(take_sources(Arc::clone(&site), name, listener));
    }
    if let Some(name) = options.stdin {
        tokio::spawn(take_source(Arc::clone(&site), name, "standard input".into(), tokio::io::stdin()));
    }
    tokio::spawn(count_viewers(Arc::clone(&site)));

    let stop = |kind| signal(kind).map_err(|error| format!("can't wait for signals: {error}"));
    let (mut interrupt, mut terminate) = (stop(SignalKind::interrupt())?, stop(SignalKind::terminate())?);
    announce(&listener).map_err(|error| format!("can't tell where it listens: {error}"))?;
    let app = web::router(Arc::clone(&site)).into_make_service_with_connect_info::<SocketAddr>();
    let server = axum::serve(listener, app);
    tokio::select! {
        result = server => return result.map_err(|error| format!("can't serve: {error}")),
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
    site.hall.each(channel::Channel::close);
    let viewers = || site.hall.list().iter().map(|(_, _, viewers)| viewers).sum::<usize>();
    let _ = timeout(FAREWELL, async {
        while viewers() > 0 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    })
    .await;
    Ok(())
}

/// Sources by TCP, one after the other.
async fn take_sources(site: Arc<Site>, name: Name, listener: TcpListener) {
    loop {
        match listener.accept().await {
            Ok((socket, peer)) => take_source(Arc::clone(&site), name.clone(), peer.to_string(), socket).await,
            Err(error) => {
                eprintln!("live: can't accept a source: {error}");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
}

async fn take_source(site: Arc<Site>, name: Name, who: String, source: impl tokio::io::AsyncRead + Unpin) {
    let end = match site.hall.publish(&name) {
        Ok(publication) => publish(source, publication).await.map_err(|error| error.to_string()),
        Err(why) => Err(why.to_owned()),
    };
    match end {
        Ok(()) if site.quiet => {}
        Ok(()) => println!("{name}: source {who}: gone"),
        Err(error) => eprintln!("live: {name}: source {who}: {error}"),
    }
}

/// Once in a second, so that many who come at once are told once.
async fn count_viewers(site: Arc<Site>) {
    let mut seconds = interval(Duration::from_secs(1));
    seconds.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        seconds.tick().await;
        site.hall.each(channel::Channel::count);
    }
}

fn listen(address: SocketAddr) -> Result<TcpListener, String> {
    let listen = || {
        let listener = listen::listen(address)?;
        listener.set_nonblocking(true)?;
        TcpListener::from_std(listener)
    };
    listen().map_err(|error: io::Error| format!("can't listen on {address}: {error}"))
}

fn announce(listener: &TcpListener) -> io::Result<()> {
    let address = listener.local_addr()?;
    let mut out = io::stdout();
    writeln!(out, "listening on {address}, page at http://{address}/")?;
    out.flush()
}
