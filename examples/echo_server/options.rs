//! The command line.

use std::net::SocketAddr;

use lexopt::{Arg, Parser};
use websocket_proto::endpoint::Config;
#[cfg(feature = "deflate")]
use websocket_proto::extension::deflate::DeflateConfig;

use crate::command_line::{self, Failure};
use crate::link::{self, Tls};

const HELP: &str = "\
Echoes WebSocket messages, and shows a browser a page to try it.

  --listen ADDR:PORT    where to listen (default: 127.0.0.1:9002; port 0 takes a free one)
  --max-message BYTES   the longest message to accept (default: 16777216)
  --handshake-timeout TIME, --write-timeout TIME
                        how long to wait: for the request, and for a client that reads nothing (defaults: 10s, 30s)
  --subprotocol NAME    a subprotocol to accept; may be given several times, the client's order decides
  --origin ORIGIN       another origin whose pages may connect, such as https://example.com; may be given several times
  --tls CERTIFICATES.pem KEY.pem
                        speak TLS: the server's certificate and those that lead to a known one, and its key; it is built by
                        `cargo run --release -p echo_server`, which has TLS
  --allow-stop          the text message `stop-listening` makes the server stop accepting and exit
  --quiet               print nothing but where it listens, and errors
  -h, --help            print this
  -V, --version         print the version

A TIME is written as 500ms, 30s or 2min.
";

pub struct Options {
    pub listen: SocketAddr,
    pub config: Config,
    pub subprotocols: Vec<String>,
    /// Origins whose pages may connect, beside the server's own.
    pub origins: Vec<String>,
    pub tls: Option<Tls>,
    pub allow_stop: bool,
    pub quiet: bool,
}

impl Options {
    pub fn parse() -> Result<Self, Failure> {
        let mut config = Config::default();
        // One more than the default at least: the Autobahn TestSuite sends 4 MiB in fragments of 64 bytes, and an empty last one.
        config.limits.max_fragments = 100_000;
        // A message goes back as one frame, which is what its sender most often has sent.
        config.max_fragment_len = usize::MAX;
        #[cfg(feature = "deflate")]
        {
            config.deflate = Some(DeflateConfig::DEFAULT);
        }
        let mut options = Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 9002)),
            config,
            subprotocols: Vec::new(),
            origins: Vec::new(),
            tls: None,
            allow_stop: false,
            quiet: false,
        };
        let mut words = Parser::from_env();
        while let Some(word) = command_line::next(&mut words, "echo_server", HELP)? {
            match word {
                Arg::Long("listen") => options.listen = command_line::parse(&mut words, "ADDR:PORT")?,
                Arg::Long("max-message") => {
                    let bytes = command_line::parse(&mut words, "a number of bytes")?;
                    (options.config.limits.max_message_len, options.config.limits.max_frame_len) = (bytes, bytes);
                }
                Arg::Long("handshake-timeout") => {
                    options.config.timeouts.handshake = Some(command_line::time(&mut words)?)
                }
                Arg::Long("write-timeout") => options.config.timeouts.write = Some(command_line::time(&mut words)?),
                Arg::Long("subprotocol") => options.subprotocols.push(command_line::subprotocol(&mut words)?),
                Arg::Long("origin") => options.origins.push(command_line::origin(&mut words)?),
                Arg::Long("tls") => {
                    let (certificates, key) = (command_line::text(&mut words)?, command_line::text(&mut words)?);
                    options.tls = Some(link::tls(&certificates, &key)?);
                }
                Arg::Long("allow-stop") => options.allow_stop = true,
                Arg::Long("quiet") => options.quiet = true,
                other => return Err(other.unexpected().into()),
            }
        }
        Ok(options)
    }
}
