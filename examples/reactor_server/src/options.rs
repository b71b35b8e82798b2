//! The command line.

use std::net::SocketAddr;
use std::str::FromStr;
use std::time::Duration;

use lexopt::{Arg, Parser, ValueExt};
use websocket_proto::{Limits, Timeouts};

pub const HELP: &str = "\
Serves WebSocket connections on one thread, and shows a browser a page to try it.

  --listen ADDR:PORT      where to listen (default: 127.0.0.1:9002; port 0 takes a free one)
  --ports LIST            several ports at that address, such as 9002,9003 or 9100-9103
  --mode MODE             echo: each message goes back (default)
                          broadcast: each message goes to all
                          time: the time goes to all, unasked
  --interval TIME         how often mode time tells it (default: 1s)
  --max-message BYTES     the longest message to accept (default: 16777216)
  --max-output BYTES      with more than this waiting to be written, a connection is not read (default: 1048576)
  --slow drop|skip        who has that much waiting when a broadcast is due is dropped with 1008 (default), or misses it
  --subprotocol NAME      a subprotocol to accept; may be given several times, the client's order decides
  --handshake-timeout TIME, --idle-timeout TIME, --pong-timeout TIME, --close-timeout TIME
                          how long to wait: for the request, before a Ping, for its Pong, and for the end of a closing
                          connection, also when the server stops (defaults: 10s, 30s, 20s, 5s)
  --allow-stop            the text message `stop-listening` makes the server stop accepting and exit
  --status TIME           how often to print a line of figures (default: 5s)
  --quiet                 print nothing but where it listens, and errors

A TIME is written as 500ms, 30s or 2min.
";

pub enum Command {
    Help,
    Serve(Options),
}

pub struct Options {
    pub addresses: Vec<SocketAddr>,
    pub mode: Mode,
    pub interval: Duration,
    pub limits: Limits,
    pub max_output: usize,
    pub slow: SlowReader,
    pub subprotocols: Vec<String>,
    pub timeouts: Timeouts,
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
    /// Reads the options; the error is one line for the user.
    pub fn parse() -> Result<Command, lexopt::Error> {
        let mut options = Self {
            addresses: Vec::new(),
            mode: Mode::Echo,
            interval: Duration::from_secs(1),
            // One more than the default at least: the Autobahn TestSuite sends 4 MiB in fragments of 64 bytes, and an empty last one.
            limits: Limits::default().with_max_fragments(100_000),
            max_output: 1024 * 1024,
            slow: SlowReader::Drop,
            subprotocols: Vec::new(),
            timeouts: Timeouts::default(),
            allow_stop: false,
            status: Duration::from_secs(5),
            quiet: false,
        };
        let mut listen = SocketAddr::from(([127, 0, 0, 1], 9002));
        let mut ports = Vec::new();
        let mut words = Parser::from_env();
        while let Some(word) = words.next()? {
            let Arg::Long(name) = word else { return Err(word.unexpected()) };
            match name {
                "listen" => listen = words.value()?.parse()?,
                "ports" => ports = words.value()?.parse_with(parse_ports)?,
                "mode" => options.mode = words.value()?.parse()?,
                "interval" => options.interval = words.value()?.parse_with(parse_time)?,
                "max-message" => {
                    let bytes = words.value()?.parse()?;
                    (options.limits.max_message_len, options.limits.max_frame_len) = (bytes, bytes);
                }
                "max-output" => options.max_output = words.value()?.parse()?,
                "slow" => options.slow = words.value()?.parse()?,
                "subprotocol" => options.subprotocols.push(words.value()?.parse_with(parse_token)?),
                "handshake-timeout" => options.timeouts.handshake = Some(words.value()?.parse_with(parse_time)?),
                "idle-timeout" => options.timeouts.idle = Some(words.value()?.parse_with(parse_time)?),
                "pong-timeout" => options.timeouts.pong = Some(words.value()?.parse_with(parse_time)?),
                "close-timeout" => options.timeouts.close = Some(words.value()?.parse_with(parse_time)?),
                "allow-stop" => options.allow_stop = true,
                "status" => options.status = words.value()?.parse_with(parse_time)?,
                "quiet" => options.quiet = true,
                "help" => return Ok(Command::Help),
                _ => return Err(format!("--{name} is no option; --help lists them").into()),
            }
        }
        if ports.is_empty() {
            ports.push(listen.port());
        }
        options.addresses = ports.into_iter().map(|port| SocketAddr::new(listen.ip(), port)).collect();
        Ok(Command::Serve(options))
    }
}

impl FromStr for Mode {
    type Err = &'static str;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        match word {
            "echo" => Ok(Self::Echo),
            "broadcast" => Ok(Self::Broadcast),
            "time" => Ok(Self::Time),
            _ => Err("a mode is echo, broadcast or time"),
        }
    }
}

impl FromStr for SlowReader {
    type Err = &'static str;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        match word {
            "drop" => Ok(Self::Drop),
            "skip" => Ok(Self::Skip),
            _ => Err("a slow reader is to drop or to skip"),
        }
    }
}

/// Reads `9002,9100-9103`.
fn parse_ports(list: &str) -> Result<Vec<u16>, &'static str> {
    let mut ports = Vec::new();
    for part in list.split(',') {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        match (first.parse::<u16>(), last.parse::<u16>()) {
            (Ok(first), Ok(last)) if first <= last => ports.extend(first..=last),
            _ => return Err("ports are numbers or ranges, such as 9002,9100-9103"),
        }
    }
    Ok(ports)
}

/// Reads the name of a subprotocol: a token (RFC 9110 §5.6.2), for no client can ask for anything else.
fn parse_token(name: &str) -> Result<String, &'static str> {
    let is_tchar = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    if name.is_empty() || !name.bytes().all(is_tchar) {
        return Err("the name of a subprotocol is a token");
    }
    Ok(name.to_owned())
}

/// Reads a span that a timer can run for: not zero, and one that can be added to an instant.
fn parse_time(text: &str) -> Result<Duration, &'static str> {
    match humantime::parse_duration(text) {
        Ok(span) if !span.is_zero() && span <= LONGEST => Ok(span),
        Ok(_) => Err("a time lasts from 1ns to a year"),
        Err(_) => Err("a time is written as 500ms, 30s or 2min"),
    }
}

const LONGEST: Duration = Duration::from_secs(366 * 24 * 60 * 60);
