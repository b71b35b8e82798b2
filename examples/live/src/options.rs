//! The command line.

use std::net::SocketAddr;
use std::path::PathBuf;

use lexopt::{Arg, Parser};

use crate::command_line::{self, Failure};
use crate::hall::Name;

const HELP: &str = "\
Live video and comments in a browser: publish a stream, and open the page.

  ffmpeg -re -i FILE -c:v libx264 -tune zerolatency -g 25 -c:a aac -f flv -method POST http://127.0.0.1:9020/publish/NAME

  --listen ADDR:PORT   where to listen (default: 127.0.0.1:9020; port 0 takes a free one)
  --player FILE        mpegts.js, which plays FLV in a page; `npm install mpegts.js` has it as dist/mpegts.js
  --key KEY            what a source has to name in its address, as ?key=KEY (default: only sources of this machine)
  --stdin NAME         publish what comes by standard input as channel NAME, too
  --tcp NAME@ADDR:PORT take sources for channel NAME by TCP there, without a key; may be given several times
  --origin ORIGIN      another origin whose pages may connect, such as https://example.com; may be given several times
  --quiet              print nothing but where it listens, and errors
  -h, --help           print this
  -V, --version        print the version
";

pub struct Options {
    pub listen: SocketAddr,
    pub player: Option<PathBuf>,
    pub key: Option<String>,
    pub stdin: Option<Name>,
    pub tcp: Vec<(Name, SocketAddr)>,
    /// Origins whose pages may connect, beside the server's own.
    pub origins: Vec<String>,
    pub quiet: bool,
}

impl Options {
    pub fn parse() -> Result<Self, Failure> {
        let mut options = Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 9020)),
            player: None,
            key: None,
            stdin: None,
            tcp: Vec::new(),
            origins: Vec::new(),
            quiet: false,
        };
        let mut words = Parser::from_env();
        let name = "a channel's name of 1 to 32 small letters, digits and hyphens";
        while let Some(word) = command_line::next(&mut words, "live", HELP)? {
            match word {
                Arg::Long("listen") => options.listen = command_line::parse(&mut words, "ADDR:PORT")?,
                Arg::Long("player") => options.player = Some(words.value()?.into()),
                Arg::Long("key") => options.key = Some(command_line::text(&mut words)?),
                Arg::Long("stdin") => {
                    options.stdin = Some(command_line::parse_with(&mut words, name, |text| text.parse().ok())?);
                }
                Arg::Long("tcp") => options.tcp.push(command_line::parse_with(&mut words, "NAME@ADDR:PORT", |text| {
                    let (name, address) = text.split_once('@')?;
                    Some((name.parse().ok()?, address.parse().ok()?))
                })?),
                Arg::Long("origin") => options.origins.push(command_line::origin(&mut words)?),
                Arg::Long("quiet") => options.quiet = true,
                other => return Err(other.unexpected().into()),
            }
        }
        Ok(options)
    }
}
