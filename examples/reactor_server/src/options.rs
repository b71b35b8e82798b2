//! The command line.

use std::net::SocketAddr;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use lexopt::{Arg, Parser};
use rustls::ServerConfig;
use websocket_proto::{Limits, Timeouts};

use crate::command_line::{self, Failure};
use crate::tls;

const HELP: &str = "\
Serves WebSocket connections on one thread, and shows a browser a page to try it.

  --listen ADDR:PORT      where to listen (default: 127.0.0.1:9002; port 0 takes a free one)
  --ports LIST            several ports at that address, such as 9002,9003 or 9100-9103
  --mode MODE             echo: each message goes back (default)
                          broadcast: each message goes to all
                          time: the time goes to all, unasked
  --interval TIME         how often mode time tells it (default: 1s)
  --max-message BYTES     the longest message to accept (default: 16777216)
  --max-output BYTES      with more than this waiting to be written, a connection is not read (default: 1048576)
  --slow drop|skip        what becomes of a client with that much waiting when a broadcast is due:
                          it is dropped with 1008 (default), or misses the message
  --subprotocol NAME      a subprotocol to accept; may be given several times, the client's order decides
  --origin ORIGIN         another origin whose pages may connect, such as https://example.com; may be given several times
  --handshake-timeout TIME, --idle-timeout TIME, --pong-timeout TIME, --close-timeout TIME, --write-timeout TIME
                          how long to wait: for the request, before a Ping, for its Pong, for the end of a closing
                          connection, also when the server stops, and for a client that reads nothing (defaults: 10s,
                          30s, 20s, 5s, 30s)
  --deflate               compress, with clients that can
  --tls CERTIFICATES.pem KEY.pem
                          speak TLS: the server's certificate and those that lead to a known one, and its key
  --allow-stop            the text message `stop-listening` makes the server stop accepting and exit
  --status TIME           how often to print a line of figures (default: 5s)
  --quiet                 print nothing but where it listens, and errors
  -h, --help              print this
  -V, --version           print the version

A TIME is written as 500ms, 30s or 2min.
";

pub struct Options {
    pub addresses: Vec<SocketAddr>,
    pub mode: Mode,
    pub interval: Duration,
    pub limits: Limits,
    pub max_output: usize,
    pub slow: SlowReader,
    pub subprotocols: Vec<String>,
    /// Origins whose pages may connect, beside the server's own.
    pub origins: Vec<String>,
    pub timeouts: Timeouts,
    pub deflate: bool,
    pub tls: Option<Arc<ServerConfig>>,
    pub allow_stop: bool,
    pub status: Duration,
    pub quiet: bool,
}

/// What becomes of a message.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Mode {
    Echo,
    Broadcast,
    /// Nothing: the server talks.
    Time,
}

/// What becomes of a client that does not read what all are told.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum SlowReader {
    Drop,
    Skip,
}

impl Options {
    pub fn parse() -> Result<Self, Failure> {
        let mut options = Self {
            addresses: Vec::new(),
            mode: Mode::Echo,
            interval: Duration::from_secs(1),
            // One more than the default at least: the Autobahn TestSuite sends 4 MiB in fragments of 64 bytes, and an empty last one.
            // There is no mark for replies, since those to one read are few, and a connection whose output waits is not read.
            limits: Limits::default().with_max_fragments(100_000).with_high_water_mark(usize::MAX),
            max_output: 1024 * 1024,
            slow: SlowReader::Drop,
            subprotocols: Vec::new(),
            origins: Vec::new(),
            timeouts: Timeouts::default(),
            deflate: false,
            tls: None,
            allow_stop: false,
            status: Duration::from_secs(5),
            quiet: false,
        };
        let mut listen = SocketAddr::from(([127, 0, 0, 1], 9002));
        let mut ports = Vec::new();
        let mut words = Parser::from_env();
        while let Some(word) = command_line::next(&mut words, "reactor_server", HELP)? {
            let name = match word {
                Arg::Long(name) => name.to_owned(),
                other => return Err(other.unexpected().into()),
            };
            let words = &mut words;
            let bytes = "a number of bytes";
            match name.as_str() {
                "listen" => listen = command_line::parse(words, "ADDR:PORT")?,
                "ports" => ports = command_line::parse_with(words, "ports such as 9002,9100-9103", read_ports)?,
                "mode" => options.mode = command_line::parse(words, "echo, broadcast or time")?,
                "interval" => options.interval = command_line::time(words)?,
                "max-message" => {
                    let bytes = command_line::parse(words, bytes)?;
                    (options.limits.max_message_len, options.limits.max_frame_len) = (bytes, bytes);
                }
                "max-output" => options.max_output = command_line::parse(words, bytes)?,
                "slow" => options.slow = command_line::parse(words, "drop or skip")?,
                "subprotocol" => options.subprotocols.push(command_line::subprotocol(words)?),
                "origin" => options.origins.push(command_line::origin(words)?),
                "handshake-timeout" => options.timeouts.handshake = Some(command_line::time(words)?),
                "idle-timeout" => options.timeouts.idle = Some(command_line::time(words)?),
                "pong-timeout" => options.timeouts.pong = Some(command_line::time(words)?),
                "close-timeout" => options.timeouts.close = Some(command_line::time(words)?),
                "write-timeout" => options.timeouts.write = Some(command_line::time(words)?),
                "deflate" => options.deflate = true,
                "tls" => {
                    let (certificates, key) = (command_line::text(words)?, command_line::text(words)?);
                    options.tls = Some(tls::config(&certificates, &key, &[b"http/1.1"])?);
                }
                "allow-stop" => options.allow_stop = true,
                "status" => options.status = command_line::time(words)?,
                "quiet" => options.quiet = true,
                _ => return Err(Arg::Long(&name).unexpected().into()),
            }
        }
        if ports.is_empty() {
            ports.push(listen.port());
        }
        options.addresses = ports.into_iter().map(|port| SocketAddr::new(listen.ip(), port)).collect();
        Ok(options)
    }
}

impl FromStr for Mode {
    type Err = ();

    fn from_str(word: &str) -> Result<Self, ()> {
        match word {
            "echo" => Ok(Self::Echo),
            "broadcast" => Ok(Self::Broadcast),
            "time" => Ok(Self::Time),
            _ => Err(()),
        }
    }
}

impl FromStr for SlowReader {
    type Err = ();

    fn from_str(word: &str) -> Result<Self, ()> {
        match word {
            "drop" => Ok(Self::Drop),
            "skip" => Ok(Self::Skip),
            _ => Err(()),
        }
    }
}

/// Reads `9002,9100-9103`.
fn read_ports(list: &str) -> Option<Vec<u16>> {
    let mut ports = Vec::new();
    for part in list.split(',') {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let (first, last) = (first.parse::<u16>().ok()?, last.parse::<u16>().ok()?);
        if first > last {
            return None;
        }
        ports.extend(first..=last);
    }
    Some(ports)
}
