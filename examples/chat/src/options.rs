//! The command line.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

const HELP: &str = "\
Rooms in a browser: open the page it names in two windows.

  --listen ADDR:PORT   where to listen (default: 127.0.0.1:9010; port 0 takes a free one)
  --history FILE       where messages are kept, so that a restart forgets nothing (default: in memory alone)
  --keep N             how many messages each room keeps (default: 5000)
  --ping SECONDS       how often each client is pinged, 15 at most (default: 10)
  --quiet              print nothing but where it listens, and errors
";

pub struct Options {
    pub listen: SocketAddr,
    pub history: Option<PathBuf>,
    pub keep: usize,
    pub ping: Duration,
    pub quiet: bool,
}

impl Options {
    /// Reads the options; the error is one line for the user.
    pub fn parse(mut words: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut options = Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 9010)),
            history: None,
            keep: 5000,
            ping: Duration::from_secs(10),
            quiet: false,
        };
        while let Some(word) = words.next() {
            let mut value = || words.next().ok_or_else(|| format!("{word} wants a value"));
            match word.as_str() {
                "--listen" => options.listen = parse(&value()?, "ADDR:PORT")?,
                "--history" => options.history = Some(value()?.into()),
                "--keep" => options.keep = parse(&value()?, "number of messages")?,
                "--ping" => {
                    let seconds = value()?;
                    options.ping = match parse::<f64>(&seconds, "number of seconds")? {
                        number @ 0.1..=15.0 => Duration::from_secs_f64(number),
                        _ => return Err(format!("{seconds} is not between 0.1 and 15 seconds")),
                    };
                }
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

fn parse<T: std::str::FromStr>(value: &str, what: &str) -> Result<T, String> {
    value.parse().map_err(|_| format!("{value} is no {what}"))
}
