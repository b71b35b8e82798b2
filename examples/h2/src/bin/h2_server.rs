//! An echo server that browsers reach over HTTP/2: `h2_server --help`.

#[path = "../../../support/command_line.rs"]
mod command_line;
#[path = "../../../support/listen.rs"]
mod listen;
#[path = "../../../support/tls_server.rs"]
mod tls_server;

use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use command_line::Failure;
use h2_websocket::ALPN;
use h2_websocket::server::Server;
use lexopt::{Arg, Parser};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;
use websocket_proto_tokio::{Config, DeflateConfig};

const HELP: &str = "\
Echoes WebSocket messages over HTTP/2 and HTTP/1.1 on one port, and shows a browser a page to try it.

  --listen ADDR:PORT      where to listen (default: 127.0.0.1:9444; port 0 takes a free one)
  --tls CERTIFICATES.pem KEY.pem
                          speak TLS, which a browser wants for HTTP/2: the server's certificate and those that lead to a known
                          one, and its key. Without it, HTTP/2 is taken from clients that begin with it
  --window BYTES          how much of one stream a client may send before it is read (default: 65536)
  --connection-window BYTES
                          the same for all streams of a connection (default: 1048576)
  --max-streams NUMBER    how many streams a connection may have at once (default: 200)
  --max-message BYTES     the longest message to accept (default: 16777216)
  --no-deflate            do not accept compression
  --subprotocol NAME      a subprotocol to accept; may be given several times, the client's order decides
  --origin ORIGIN         another origin whose pages may connect, such as https://example.com; may be given several times
  --handshake-timeout TIME, --idle-timeout TIME, --write-timeout TIME
                          how long to wait: for a request, before a Ping, and for a client that reads nothing (defaults: 10s,
                          30s, 30s)
  --quiet                 print nothing but where it listens, and errors
  -h, --help              print this
  -V, --version           print the version

A TIME is written as 500ms, 30s or 2min.
";

/// How long clients may take to answer when the server stops.
const FAREWELL: Duration = Duration::from_secs(6);

fn main() -> ExitCode {
    command_line::exit("h2_server", run())
}

fn run() -> Result<(), Failure> {
    let (stop, leaving) = watch::channel(false);
    let (address, server) = options(leaving)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(|error| format!("can't start a runtime: {error}"))?;
    let served = runtime.block_on(serve(address, Arc::new(server), stop));
    runtime.shutdown_timeout(Duration::ZERO);
    Ok(served?)
}

fn options(leaving: watch::Receiver<bool>) -> Result<(SocketAddr, Server), Failure> {
    let mut listen = SocketAddr::from(([127, 0, 0, 1], 9444));
    let mut config = Config::default();
    // One more than the default at least: the Autobahn TestSuite sends 4 MiB in fragments of 64 bytes, and an empty last one.
    config.limits.max_fragments = 100_000;
    config.deflate = Some(DeflateConfig::default());
    let mut server = Server {
        config,
        tls: None,
        windows: (65_536, 1_048_576),
        max_streams: 200,
        subprotocols: Vec::new(),
        origins: Vec::new(),
        leaving,
        report: Box::new(|line| println!("{line}")),
    };
    let mut words = Parser::from_env();
    while let Some(word) = command_line::next(&mut words, "h2_server", HELP)? {
        let (bytes, time) = ("a number of bytes", command_line::time);
        // RFC 9113 §6.5.2 and §6.9.1: more than that is FLOW_CONTROL_ERROR.
        let window = |words: &mut Parser| {
            let read = |text: &str| text.parse().ok().filter(|len| (1..=0x7fff_ffff).contains(len));
            command_line::parse_with(words, "a window of 1 to 2147483647 bytes", read)
        };
        match word {
            Arg::Long("listen") => listen = command_line::parse(&mut words, "ADDR:PORT")?,
            Arg::Long("tls") => {
                let (certificates, key) = (command_line::text(&mut words)?, command_line::text(&mut words)?);
                server.tls = Some(tls_server::config(&certificates, &key, &ALPN)?);
            }
            Arg::Long("window") => server.windows.0 = window(&mut words)?,
            Arg::Long("connection-window") => server.windows.1 = window(&mut words)?,
            Arg::Long("max-streams") => server.max_streams = command_line::parse(&mut words, "a number of streams")?,
            Arg::Long("max-message") => {
                let len = command_line::parse(&mut words, bytes)?;
                (server.config.limits.max_message_len, server.config.limits.max_frame_len) = (len, len);
            }
            Arg::Long("no-deflate") => server.config.deflate = None,
            Arg::Long("subprotocol") => server.subprotocols.push(command_line::subprotocol(&mut words)?),
            Arg::Long("origin") => server.origins.push(command_line::origin(&mut words)?),
            Arg::Long("handshake-timeout") => server.config.timeouts.handshake = Some(time(&mut words)?),
            Arg::Long("idle-timeout") => server.config.timeouts.idle = Some(time(&mut words)?),
            Arg::Long("write-timeout") => server.config.timeouts.write = Some(time(&mut words)?),
            Arg::Long("quiet") => server.report = Box::new(|_| {}),
            other => return Err(other.unexpected().into()),
        }
    }
    Ok((listen, server))
}

async fn serve(address: SocketAddr, server: Arc<Server>, stop: watch::Sender<bool>) -> Result<(), String> {
    let failed = |error: std::io::Error| format!("can't listen on {address}: {error}");
    let listener = listen::listen(address).map_err(failed)?;
    listener.set_nonblocking(true).map_err(failed)?;
    let listener = TcpListener::from_std(listener).map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    let scheme = if server.tls.is_some() { "https" } else { "http" };
    println!("listening on {address}, page at {scheme}://{address}/");

    let mut clients = JoinSet::new();
    let mut signal = std::pin::pin!(signal());
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((socket, peer)) => {
                    let server = Arc::clone(&server);
                    clients.spawn(async move {
                        if let Err(error) = Arc::clone(&server).serve(socket).await {
                            (server.report)(&format!("{peer}: {error}"));
                        }
                    });
                }
                // One that is gone before it was accepted, or no file descriptor left: the others go on, and may free one.
                Err(error) => {
                    eprintln!("h2_server: can't accept a connection: {error}");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
            },
            Some(_) = clients.join_next() => {}
            () = &mut signal => break,
        }
    }
    drop(listener);
    // Everyone is told 1001, each connection gets GOAWAY, and those who do not answer in time are left behind.
    let _ = stop.send(true);
    let _ = tokio::time::timeout(FAREWELL, async { while clients.join_next().await.is_some() {} }).await;
    Ok(())
}

/// SIGINT or SIGTERM.
async fn signal() {
    #[cfg(unix)]
    if let Ok(mut terminate) = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = tokio::signal::ctrl_c() => {}
        }
        return;
    }
    let _ = tokio::signal::ctrl_c().await;
}
