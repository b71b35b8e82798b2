//! The command line.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use hub::engine_io::Settings;
use lexopt::{Arg, Parser};

use crate::command_line::{self, Failure};

const HELP: &str = "\
A hub for socket.io clients: peers with names, links between them, and rooms.

  --listen ADDR:PORT      where to listen (default: 127.0.0.1:3000; port 0 takes a free one)
  --client FOLDER         npm's socket.io-client, for the page at / (default: none, and the page can't connect)
  --tokens FILE           who may have which name: lines of a name, a space and a token (default: any name that is free)
  --ping-interval TIME    how often each client is pinged (default: 25s)
  --ping-timeout TIME     how long it may take to answer (default: 20s)
  --connect-timeout TIME  how long a session may be without a namespace (default: 45s)
  --max-payload BYTES     the longest message, and the longest body of HTTP (default: 1000000)
  --max-sessions N        how many sessions there may be at once (default: 10000)
  --compress              let WebSockets be compressed, for some 300 KiB of memory each (default: no, as in the reference)
  --origin ORIGIN         another origin whose pages may connect, such as https://example.com; may be given several times
  --broker URL            what it shares with other hubs: redis://127.0.0.1:6379/ (default: none; it is the only hub)
  --broker-prefix WORD    what the broker's keys begin with (default: hub:)
  --lease TIME            how long a hub may be silent until its peers count as gone (default: 5s)
  --quiet                 print nothing but where it listens, and errors
  -h, --help              print this
  -V, --version           print the version

A TIME is written as 500ms or 10s.
";

pub struct Options {
    pub listen: SocketAddr,
    pub client: Option<PathBuf>,
    pub tokens: Option<PathBuf>,
    pub settings: Settings,
    pub connect_timeout: Duration,
    pub broker: Option<String>,
    pub prefix: String,
    pub lease: Duration,
    pub quiet: bool,
}

impl Options {
    pub fn parse() -> Result<Self, Failure> {
        let mut options = Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 3000)),
            client: None,
            tokens: None,
            settings: Settings::default(),
            connect_timeout: Duration::from_secs(45),
            broker: None,
            prefix: "hub:".into(),
            lease: Duration::from_secs(5),
            quiet: false,
        };
        let mut words = Parser::from_env();
        while let Some(word) = command_line::next(&mut words, "hub", HELP)? {
            let settings = &mut options.settings;
            match word {
                Arg::Long("listen") => options.listen = command_line::parse(&mut words, "ADDR:PORT")?,
                Arg::Long("client") => options.client = Some(words.value()?.into()),
                Arg::Long("tokens") => options.tokens = Some(words.value()?.into()),
                Arg::Long("ping-interval") => settings.ping_interval = span(&mut words)?,
                Arg::Long("ping-timeout") => settings.ping_timeout = span(&mut words)?,
                Arg::Long("connect-timeout") => options.connect_timeout = span(&mut words)?,
                Arg::Long("max-payload") => {
                    settings.max_payload = command_line::parse(&mut words, "a number of bytes")?
                }
                Arg::Long("max-sessions") => {
                    settings.max_sessions = command_line::parse(&mut words, "a number of sessions")?
                }
                Arg::Long("compress") => settings.compress = true,
                Arg::Long("origin") => settings.origins.push(command_line::origin(&mut words)?),
                Arg::Long("broker") => options.broker = Some(command_line::text(&mut words)?),
                Arg::Long("broker-prefix") => options.prefix = command_line::text(&mut words)?,
                Arg::Long("lease") => options.lease = span(&mut words)?,
                Arg::Long("quiet") => options.quiet = true,
                other => return Err(other.unexpected().into()),
            }
        }
        Ok(options)
    }
}

/// A time that keeps neither the hub busy nor a client from being missed.
fn span(words: &mut Parser) -> Result<Duration, Failure> {
    match command_line::time(words)? {
        span if (SHORTEST..=LONGEST).contains(&span) => Ok(span),
        span => Err(Failure::Usage(format!("expected {SHORTEST:?} to {LONGEST:?}, found {span:?}; see --help"))),
    }
}

const SHORTEST: Duration = Duration::from_millis(100);
const LONGEST: Duration = Duration::from_secs(3600);
