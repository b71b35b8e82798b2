//! The command line.

use std::net::SocketAddr;

use lexopt::{Arg, Parser};
use websocket_proto::endpoint::Config;
use websocket_proto::extension::deflate::DeflateConfig;

use crate::command_line::{self, Failure};

const HELP: &str = "\
Echoes WebSocket messages over HTTP/3, and shows a browser a page to try it.

usage: h3_server [OPTIONS] --tls CERTIFICATES.pem KEY.pem

  --tls CERTIFICATES.pem KEY.pem
                          the server's certificate and those that lead to a known one, and its key; QUIC always speaks TLS
  --listen ADDR:PORT      where to listen (default: 127.0.0.1:9446; port 0 takes a free one)
  --window BYTES          how much of one stream a client may send before it is read (default: 65536)
  --connection-window BYTES
                          the same for all streams of a connection (default: 1048576)
  --max-streams NUMBER    how many streams a connection may have at once (default: 200)
  --max-connections NUMBER
                          how many connections there may be at once (default: 1000)
  --max-message BYTES     the longest message to accept (default: 16777216)
  --no-deflate            do not accept compression
  --subprotocol NAME      a subprotocol to accept; may be given several times, the client's order decides
  --origin ORIGIN         another origin whose pages may connect, such as https://example.com; may be given several times
  --quiet                 print nothing but where it listens, and errors
  -h, --help              print this
  -V, --version           print the version
";

pub struct Options {
    pub listen: SocketAddr,
    /// The file of the certificates, and that of the key.
    pub tls: (String, String),
    pub windows: (u64, u64),
    pub max_streams: u64,
    pub max_connections: usize,
    pub config: Config,
    pub subprotocols: Vec<String>,
    /// Origins whose pages may connect, beside the server's own.
    pub origins: Vec<String>,
    pub quiet: bool,
}

impl Options {
    pub fn parse() -> Result<Self, Failure> {
        let mut config = Config::default();
        // One more than the default at least: the Autobahn TestSuite sends 4 MiB in fragments of 64 bytes, and an empty last one.
        config.limits.max_fragments = 100_000;
        config.deflate = Some(DeflateConfig::DEFAULT);
        let mut options = Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 9446)),
            tls: (String::new(), String::new()),
            windows: (65_536, 1_048_576),
            max_streams: 200,
            max_connections: 1000,
            config,
            subprotocols: Vec::new(),
            origins: Vec::new(),
            quiet: false,
        };
        let mut words = Parser::from_env();
        while let Some(word) = command_line::next(&mut words, "h3_server", HELP)? {
            // RFC 9000 §16: an integer of a transport parameter has 62 bits.
            let number = |words: &mut Parser, what: &str| {
                let read = |text: &str| text.parse::<u64>().ok().filter(|number| (1..1 << 62).contains(number));
                command_line::parse_with(words, what, read)
            };
            match word {
                Arg::Long("tls") => options.tls = (command_line::text(&mut words)?, command_line::text(&mut words)?),
                Arg::Long("listen") => options.listen = command_line::parse(&mut words, "ADDR:PORT")?,
                Arg::Long("window") => options.windows.0 = number(&mut words, "a number of bytes")?,
                Arg::Long("connection-window") => options.windows.1 = number(&mut words, "a number of bytes")?,
                Arg::Long("max-streams") => {
                    // RFC 9000 §4.6.
                    let read = |text: &str| text.parse().ok().filter(|number| (1..=1 << 60).contains(number));
                    options.max_streams = command_line::parse_with(&mut words, "a number of streams", read)?;
                }
                Arg::Long("max-connections") => {
                    options.max_connections = command_line::parse(&mut words, "a number of connections")?;
                }
                Arg::Long("max-message") => {
                    let len = command_line::parse(&mut words, "a number of bytes")?;
                    (options.config.limits.max_message_len, options.config.limits.max_frame_len) = (len, len);
                }
                Arg::Long("no-deflate") => options.config.deflate = None,
                Arg::Long("subprotocol") => options.subprotocols.push(command_line::subprotocol(&mut words)?),
                Arg::Long("origin") => options.origins.push(command_line::text(&mut words)?),
                Arg::Long("quiet") => options.quiet = true,
                other => return Err(other.unexpected().into()),
            }
        }
        if options.tls.0.is_empty() {
            return Err(Failure::Usage("expected --tls CERTIFICATES.pem KEY.pem; see --help".to_owned()));
        }
        Ok(options)
    }
}
