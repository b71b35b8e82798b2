//! The command line.

use std::net::SocketAddr;

use websocket_proto::Limits;

const HELP: &str = "\
Echoes WebSocket messages, and shows a browser a page to try it.

  --listen ADDR:PORT    where to listen (default: 127.0.0.1:9002; port 0 takes a free one)
  --max-message BYTES   the longest message to accept (default: 16777216)
  --subprotocol NAME    a subprotocol to accept; may be given several times, the client's order decides
  --allow-stop          the text message `stop-listening` makes the server stop accepting and exit
  --quiet               print nothing but where it listens, and errors
";

pub struct Options {
    pub listen: SocketAddr,
    pub limits: Limits,
    pub subprotocols: Vec<String>,
    pub allow_stop: bool,
    pub quiet: bool,
}

impl Options {
    /// Reads the options; the error is one line for the user.
    pub fn parse(mut words: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut options = Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 9002)),
            // One more than the default at least: the Autobahn TestSuite sends 4 MiB in fragments of 64 bytes, and an empty last one.
            limits: Limits::default().with_max_fragments(100_000),
            subprotocols: Vec::new(),
            allow_stop: false,
            quiet: false,
        };
        while let Some(word) = words.next() {
            let mut value = || words.next().ok_or_else(|| format!("{word} wants a value"));
            match word.as_str() {
                "--listen" => {
                    let value = value()?;
                    options.listen = value.parse().map_err(|_| format!("{value} is no ADDR:PORT"))?;
                }
                "--max-message" => {
                    let value = value()?;
                    let bytes = value.parse().map_err(|_| format!("{value} is no number of bytes"))?;
                    options.limits.max_message_len = bytes;
                    options.limits.max_frame_len = bytes;
                }
                "--subprotocol" => {
                    let name = value()?;
                    if name.is_empty() || !name.bytes().all(is_tchar) {
                        return Err(format!("'{name}' is no name of a subprotocol"));
                    }
                    options.subprotocols.push(name);
                }
                "--allow-stop" => options.allow_stop = true,
                "--quiet" => options.quiet = true,
                "--help" => {
                    print!("{HELP}");
                    std::process::exit(0);
                }
                _ => return Err(format!("{word} is no option; --help lists them")),
            }
        }
        Ok(options)
    }
}

/// What a token is made of (RFC 9110 §5.6.2): no client can ask for another name.
fn is_tchar(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}
