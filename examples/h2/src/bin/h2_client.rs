//! Sends texts over WebSockets on one connection of HTTP/2, and prints what comes back: `h2_client --help`.

#[path = "../../../support/command_line.rs"]
mod command_line;
#[path = "../../../support/tls_client.rs"]
mod tls_client;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use command_line::Failure;
use h2_websocket::client::{Connection, WebSocket, Windows};
use lexopt::{Arg, Parser, ValueExt};
use rustls::pki_types::ServerName;
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio_rustls::TlsConnector;
use websocket_proto::handshake::{ClientRequest, WsUrl};
use websocket_proto_tokio::{CloseCode, Config, DeflateConfig, OwnedMessage};

const HELP: &str = "\
Opens WebSockets over HTTP/2, sends each TEXT on each of them, and prints what the first one hears. The exit status is 0 if all
that was sent came back, and all of them were closed cleanly.

usage: h2_client [OPTIONS] ws[s]://HOST[:PORT]/PATH [TEXT ...]

  --sockets NUMBER        how many WebSockets to open on the one connection (default: 1)
  --binary BYTES          send a binary message of so many bytes, too
  --ca FILE               trust the certificates in this PEM file, and not those of the system
  --origin ORIGIN         the origin to name in the request, as a browser does
  --subprotocol NAME      a subprotocol to offer; may be given several times, the preferred first
  --no-deflate            do not offer compression
  --window BYTES          how much of one stream the server may send before it is read (default: 65536)
  --max-message BYTES     the longest message to accept (default: 16777216)
  --handshake-timeout TIME
                          how long to wait for the open WebSocket (default: 10s)
  -h, --help              print this
  -V, --version           print the version

ws:// speaks HTTP/2 at once, without TLS; the server has to be known to understand it. A TIME is written as 500ms, 30s or 2min.
";

struct Options {
    url: String,
    texts: Vec<String>,
    sockets: usize,
    binary: Option<usize>,
    ca: Option<PathBuf>,
    origin: Option<String>,
    subprotocols: Vec<String>,
    windows: Windows,
    config: Config,
}

fn main() -> ExitCode {
    command_line::exit("h2_client", run())
}

fn run() -> Result<(), Failure> {
    let options = options()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| format!("can't start a runtime: {error}"))?;
    Ok(runtime.block_on(talk(options))?)
}

fn options() -> Result<Options, Failure> {
    let mut config = Config::default();
    config.deflate = Some(DeflateConfig::default());
    let mut options = Options {
        url: String::new(),
        texts: Vec::new(),
        sockets: 1,
        binary: None,
        ca: None,
        origin: None,
        subprotocols: Vec::new(),
        windows: Windows::default(),
        config,
    };
    let mut words = Parser::from_env();
    while let Some(word) = command_line::next(&mut words, "h2_client", HELP)? {
        let bytes = "a number of bytes";
        match word {
            Arg::Long("sockets") => {
                let read = |text: &str| text.parse().ok().filter(|&number| number > 0);
                options.sockets = command_line::parse_with(&mut words, "a number of WebSockets from 1 on", read)?;
            }
            Arg::Long("binary") => options.binary = Some(command_line::parse(&mut words, bytes)?),
            Arg::Long("ca") => options.ca = Some(words.value()?.into()),
            Arg::Long("origin") => options.origin = Some(command_line::text(&mut words)?),
            Arg::Long("subprotocol") => options.subprotocols.push(command_line::subprotocol(&mut words)?),
            Arg::Long("no-deflate") => options.config.deflate = None,
            Arg::Long("window") => {
                let read = |text: &str| text.parse().ok().filter(|len| (1..=0x7fff_ffff).contains(len));
                options.windows.stream =
                    command_line::parse_with(&mut words, "a window of 1 to 2147483647 bytes", read)?;
            }
            Arg::Long("max-message") => {
                let len = command_line::parse(&mut words, bytes)?;
                (options.config.limits.max_message_len, options.config.limits.max_frame_len) = (len, len);
            }
            Arg::Long("handshake-timeout") => {
                options.config.timeouts.handshake = Some(command_line::time(&mut words)?);
            }
            Arg::Value(url) if options.url.is_empty() => options.url = url.string()?,
            Arg::Value(text) => options.texts.push(text.string()?),
            other => return Err(other.unexpected().into()),
        }
    }
    if options.url.is_empty() {
        return Err(Failure::Usage("no URL; see --help".to_owned()));
    }
    Ok(options)
}

async fn talk(options: Options) -> Result<(), String> {
    let url = WsUrl::parse(&options.url).map_err(|error| format!("{}: {error}", options.url))?;
    let patience = options.config.timeouts.handshake.unwrap_or(Duration::MAX);
    let connecting = tokio::time::timeout(patience, connect(&url, &options, patience));
    let connection =
        connecting.await.map_err(|_| format!("can't connect to {}: it took too long", url.host_field()))??;

    let mut talks = JoinSet::new();
    for number in 0..options.sockets {
        let mut request = ClientRequest::from_url(&url).subprotocols(options.subprotocols.as_slice());
        if let Some(origin) = &options.origin {
            request = request.origin(origin);
        }
        let (socket, response) =
            connection.open(request, &options.config).await.map_err(|error| format!("{}: {error}", options.url))?;
        if number == 0 {
            let field = |name| response.headers().get(name).map_or("none".to_owned(), |value| format!("{value:?}"));
            eprintln!(
                "connected by HTTP/2; subprotocol {}, extensions {}",
                field("sec-websocket-protocol"),
                field("sec-websocket-extensions")
            );
        }
        let mut messages: Vec<OwnedMessage> = options.texts.iter().cloned().map(OwnedMessage::Text).collect();
        messages.extend(options.binary.map(|len| OwnedMessage::Binary((0..len).map(|at| (at >> 8) as u8).collect())));
        talks.spawn(echo(socket, messages, number == 0));
    }
    while let Some(ended) = talks.join_next().await {
        ended.map_err(|error| error.to_string())?.map_err(|error| format!("{}: {error}", options.url))?;
    }
    Ok(())
}

async fn connect(url: &WsUrl<'_>, options: &Options, patience: Duration) -> Result<Connection, String> {
    let failed = |error: &dyn std::fmt::Display| format!("can't connect to {}: {error}", url.host_field());
    // A file that can't be read is told before anything is sent.
    let config = match url.is_secure() {
        true => Some(tls_client::config(options.ca.as_deref(), None, &[b"h2"])?),
        false => None,
    };
    let socket = TcpStream::connect((url.host(), url.port())).await.map_err(|error| failed(&error))?;
    socket.set_nodelay(true).map_err(|error| failed(&error))?;
    let connection = match config {
        None => Connection::new(socket, url.scheme(), options.windows, patience).await,
        Some(config) => {
            let name = ServerName::try_from(url.host().to_owned()).map_err(|error| failed(&error))?;
            let link = TlsConnector::from(config).connect(name, socket).await.map_err(|error| failed(&error))?;
            if link.get_ref().1.alpn_protocol() != Some(b"h2") {
                return Err(failed(&"expected the protocol h2 from the server, found none"));
            }
            Connection::new(link, url.scheme(), options.windows, patience).await
        }
    };
    connection.map_err(|error| failed(&error))
}

/// Sends messages one by one, and compares what comes back.
async fn echo(mut socket: WebSocket, messages: Vec<OwnedMessage>, prints: bool) -> Result<(), String> {
    for message in messages {
        socket.send(&message).await.map_err(|error| error.to_string())?;
        let Some(answer) = socket.next().await else {
            return Err("expected an answer, found the end".to_owned());
        };
        let answer = answer.map_err(|error| error.to_string())?;
        if prints {
            match &answer {
                OwnedMessage::Text(text) => println!("{text}"),
                OwnedMessage::Binary(bytes) => println!("{} bytes", bytes.len()),
            }
        }
        if answer != message {
            return Err("expected the same message back, found another".to_owned());
        }
    }
    socket.close(CloseCode::NORMAL).await.map_err(|error| error.to_string())?;
    socket.end().map(drop).map_err(|error| error.to_string())
}
