//! The command line.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use lexopt::{Arg, Parser};

use crate::command_line::{self, Failure};

const HELP: &str = "\
Rooms in a browser: open the page it names in two windows.

  --listen ADDR:PORT   where to listen (default: 127.0.0.1:9010; port 0 takes a free one)
  --history FILE       where messages are kept, so that a restart forgets nothing (default: in memory alone)
  --broker URL         what several servers share, in the place of a file: redis://127.0.0.1:6379/ (default: none)
  --broker-prefix WORD what the broker's keys begin with (default: chat:)
  --lease TIME         how long a server may be silent until its people count as gone (default: 5s)
  --keep N             how many messages each room keeps (default: 5000)
  --ping TIME          how often each client is pinged, 15s at most (default: 10s)
  --origin ORIGIN      another origin whose pages may connect, such as https://example.com; may be given several times
  --quiet              print nothing but where it listens, and errors
  -h, --help           print this
  -V, --version        print the version

A TIME is written as 500ms or 10s.
";

pub struct Options {
    pub listen: SocketAddr,
    pub history: Option<PathBuf>,
    pub broker: Option<String>,
    pub prefix: String,
    pub lease: Duration,
    pub keep: usize,
    pub ping: Duration,
    /// Origins whose pages may connect, beside the server's own.
    pub origins: Vec<String>,
    pub quiet: bool,
}

impl Options {
    pub fn parse() -> Result<Self, Failure> {
        let mut options = Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 9010)),
            history: None,
            broker: None,
            prefix: "chat:".into(),
            lease: Duration::from_secs(5),
            keep: 5000,
            ping: Duration::from_secs(10),
            origins: Vec::new(),
            quiet: false,
        };
        let mut words = Parser::from_env();
        while let Some(word) = command_line::next(&mut words, "chat", HELP)? {
            match word {
                Arg::Long("listen") => options.listen = command_line::parse(&mut words, "ADDR:PORT")?,
                Arg::Long("history") => options.history = Some(words.value()?.into()),
                Arg::Long("broker") => options.broker = Some(command_line::text(&mut words)?),
                Arg::Long("broker-prefix") => options.prefix = command_line::text(&mut words)?,
                Arg::Long("lease") => match command_line::time(&mut words)? {
                    span if (SHORTEST_LEASE..=LONGEST_LEASE).contains(&span) => options.lease = span,
                    span => {
                        return Err(Failure::Usage(format!(
                            "expected a lease of {SHORTEST_LEASE:?} to {LONGEST_LEASE:?}, found {span:?}; see --help"
                        )));
                    }
                },
                Arg::Long("keep") => options.keep = command_line::parse(&mut words, "a number of messages")?,
                Arg::Long("ping") => match command_line::time(&mut words)? {
                    span if (SHORTEST_PING..=LONGEST_PING).contains(&span) => options.ping = span,
                    span => {
                        return Err(Failure::Usage(format!(
                            "expected {SHORTEST_PING:?} to {LONGEST_PING:?} between Pings, found {span:?}; see --help"
                        )));
                    }
                },
                Arg::Long("origin") => options.origins.push(command_line::origin(&mut words)?),
                Arg::Long("quiet") => options.quiet = true,
                other => return Err(other.unexpected().into()),
            }
        }
        if options.broker.is_some() && options.history.is_some() {
            return Err(Failure::Usage("expected --history or --broker, found both; see --help".into()));
        }
        Ok(options)
    }
}

const SHORTEST_LEASE: Duration = Duration::from_millis(500);
const LONGEST_LEASE: Duration = Duration::from_secs(3600);
const SHORTEST_PING: Duration = Duration::from_millis(100);
/// The page takes a line on which it hears nothing for longer as dead.
const LONGEST_PING: Duration = Duration::from_secs(15);
