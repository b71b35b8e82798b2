//! The command line.

use std::path::PathBuf;

use lexopt::{Arg, Parser, ValueExt};
use websocket_proto::endpoint::Config;
#[cfg(feature = "deflate")]
use websocket_proto::extension::deflate::DeflateConfig;

use crate::command_line::{self, Failure};

const HELP: &str = "\
Sends lines from standard input as WebSocket messages, and prints what comes back. Ctrl-D closes.

usage: echo_client [OPTIONS] ws[s]://HOST[:PORT]/PATH

  --ca FILE             trust the certificates in this PEM file, and not those of the system
  --certificate CERTIFICATES.pem KEY.pem
                        what to present to a server that asks who connects: the client's certificate and those that lead to one
                        that the server knows, and its key
  --field 'NAME: VALUE' a field for the request, such as 'Authorization: Bearer x'; may be given several times
  --origin ORIGIN       the origin to name in the request, as a browser does
  --subprotocol NAME    a subprotocol to offer; may be given several times, the preferred first
  --binary              lines go out as binary messages, and what a binary message holds is printed as it is
  --no-deflate          do not offer compression
  --max-message BYTES   the longest message to accept (default: 16777216)
  --handshake-timeout TIME, --idle-timeout TIME, --pong-timeout TIME, --close-timeout TIME, --write-timeout TIME
                        how long to wait: for the open connection, before a Ping, for its Pong, for the end of a closing
                        connection, and for a server that reads nothing (defaults: 10s, 30s, 20s, 5s, 30s)
  -h, --help            print this
  -V, --version         print the version

A TIME is written as 500ms, 30s or 2min.
";

pub struct Options {
    pub url: String,
    pub ca: Option<PathBuf>,
    /// A certificate of the client's own, and its key.
    pub certificate: Option<(PathBuf, PathBuf)>,
    pub fields: Vec<(String, String)>,
    pub origin: Option<String>,
    pub subprotocols: Vec<String>,
    pub binary: bool,
    pub config: Config,
}

impl Options {
    pub fn parse() -> Result<Self, Failure> {
        let mut options = Self {
            url: String::new(),
            ca: None,
            certificate: None,
            fields: Vec::new(),
            origin: None,
            subprotocols: Vec::new(),
            binary: false,
            config: Config::default(),
        };
        let config = &mut options.config;
        #[cfg(feature = "deflate")]
        {
            config.deflate = Some(DeflateConfig::DEFAULT);
        }
        // A line is a frame.
        config.max_fragment_len = usize::MAX;
        let mut words = Parser::from_env();
        while let Some(word) = command_line::next(&mut words, "echo_client", HELP)? {
            let time = command_line::time;
            match word {
                Arg::Long("ca") => options.ca = Some(words.value()?.into()),
                Arg::Long("certificate") => {
                    options.certificate = Some((words.value()?.into(), words.value()?.into()));
                }
                Arg::Long("field") => {
                    options.fields.push(command_line::parse_with(&mut words, "a field as NAME: VALUE", |field| {
                        field.split_once(':').map(|(name, value)| (name.to_owned(), value.trim().to_owned()))
                    })?)
                }
                Arg::Long("origin") => options.origin = Some(command_line::text(&mut words)?),
                Arg::Long("subprotocol") => options.subprotocols.push(command_line::subprotocol(&mut words)?),
                Arg::Long("binary") => options.binary = true,
                #[cfg(feature = "deflate")]
                Arg::Long("no-deflate") => config.deflate = None,
                #[cfg(not(feature = "deflate"))]
                Arg::Long("no-deflate") => {}
                Arg::Long("max-message") => {
                    let bytes = command_line::parse(&mut words, "a number of bytes")?;
                    (config.limits.max_message_len, config.limits.max_frame_len) = (bytes, bytes);
                }
                Arg::Long("handshake-timeout") => config.timeouts.handshake = Some(time(&mut words)?),
                Arg::Long("idle-timeout") => config.timeouts.idle = Some(time(&mut words)?),
                Arg::Long("pong-timeout") => config.timeouts.pong = Some(time(&mut words)?),
                Arg::Long("close-timeout") => config.timeouts.close = Some(time(&mut words)?),
                Arg::Long("write-timeout") => config.timeouts.write = Some(time(&mut words)?),
                Arg::Value(url) if options.url.is_empty() => options.url = url.string()?,
                other => return Err(other.unexpected().into()),
            }
        }
        if options.url.is_empty() {
            return Err(Failure::Usage("no URL; see --help".to_owned()));
        }
        Ok(options)
    }
}
