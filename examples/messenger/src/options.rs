//! The command line.

use std::net::SocketAddr;
use std::path::PathBuf;

use lexopt::{Arg, Parser, ValueExt};
use messenger::signal::{Name, Servers, Turn};

use crate::command_line::{self, Failure};

const HELP: &str = "\
Messages and files between two people, from peer to peer where a road is found.

messenger hub [OPTIONS]                     where peers find each other, with a page for browsers
  --listen ADDR:PORT     where to listen (default: 127.0.0.1:9030; port 0 takes a free one)
  --stun ADDR:PORT       a STUN server, of which peers are told
  --turn ADDR:PORT       a TURN server, of which peers are told
  --turn-user USER:PASS  the right to use it
  --origin ORIGIN        another origin whose pages may connect, such as https://example.com; may be given several times
  --quiet                print nothing but where it listens, and errors

messenger peer --name NAME --friend NAME [OPTIONS]
                                            lines from standard input are messages; /send FILE sends a file, /quit ends
  --hub URL              the hub (default: ws://127.0.0.1:9030/hub)
  --folder DIR           where certificate, state and inbox are kept (default: messenger-NAME)
  --fingerprint TEXT     the friend's fingerprint, as the friend's program prints it; any other is refused
  --max-file BYTES       the largest file that is taken (default: 1073741824)
  --local ADDR           the address of this machine that is used (default: the one that leads to the hub)
  --stay                 go on after the end of standard input, when everything was delivered

  -h, --help             print this
  -V, --version          print the version
";

pub enum Options {
    Hub { listen: SocketAddr, options: messenger::hub::Options },
    Peer(Peer),
}

pub struct Peer {
    pub me: Name,
    pub friend: Name,
    pub hub: String,
    pub folder: PathBuf,
    pub fingerprint: Option<String>,
    pub max_file: u64,
    pub local: Option<std::net::IpAddr>,
    pub stay: bool,
}

impl Options {
    pub fn parse() -> Result<Self, Failure> {
        let mut words = Parser::from_env();
        match command_line::next(&mut words, "messenger", HELP)? {
            Some(Arg::Value(word)) if word == "hub" => hub(words),
            Some(Arg::Value(word)) if word == "peer" => peer(words),
            Some(other) => Err(other.unexpected().into()),
            None => Err(Failure::Usage("expected `hub` or `peer`, found nothing; see --help".into())),
        }
    }
}

fn hub(mut words: Parser) -> Result<Options, Failure> {
    let mut listen = SocketAddr::from(([127, 0, 0, 1], 9030));
    let mut options = messenger::hub::Options { origins: Vec::new(), servers: Servers::default(), is_quiet: false };
    let (mut turn, mut user) = (None, None);
    while let Some(word) = command_line::next(&mut words, "messenger", HELP)? {
        match word {
            Arg::Long("listen") => listen = command_line::parse(&mut words, "ADDR:PORT")?,
            Arg::Long("stun") => options.servers.stun = Some(command_line::parse(&mut words, "ADDR:PORT")?),
            Arg::Long("turn") => turn = Some(command_line::parse(&mut words, "ADDR:PORT")?),
            Arg::Long("turn-user") => user = Some(command_line::parse_with(&mut words, "USER:PASS", credentials)?),
            Arg::Long("origin") => options.origins.push(command_line::origin(&mut words)?),
            Arg::Long("quiet") => options.is_quiet = true,
            other => return Err(other.unexpected().into()),
        }
    }
    options.servers.turn = match (turn, user) {
        (Some(address), Some((user, password))) => Some(Turn { address, user, password }),
        (None, None) => None,
        _ => return Err(Failure::Usage("expected --turn together with --turn-user; see --help".into())),
    };
    Ok(Options::Hub { listen, options })
}

fn credentials(text: &str) -> Option<(String, String)> {
    text.split_once(':').map(|(user, password)| (user.to_owned(), password.to_owned()))
}

fn peer(mut words: Parser) -> Result<Options, Failure> {
    let (mut me, mut friend, mut folder) = (None, None, None);
    let mut hub = "ws://127.0.0.1:9030/hub".to_owned();
    let (mut fingerprint, mut max_file, mut local, mut stay) = (None, 1 << 30, None, false);
    while let Some(word) = command_line::next(&mut words, "messenger", HELP)? {
        match word {
            Arg::Long("name") => me = Some(name(&mut words)?),
            Arg::Long("friend") => friend = Some(name(&mut words)?),
            Arg::Long("hub") => hub = command_line::text(&mut words)?,
            Arg::Long("folder") => folder = Some(words.value()?.into()),
            Arg::Long("fingerprint") => fingerprint = Some(words.value()?.string()?),
            Arg::Long("max-file") => max_file = command_line::parse(&mut words, "a number of bytes")?,
            Arg::Long("local") => local = Some(command_line::parse(&mut words, "an address")?),
            Arg::Long("stay") => stay = true,
            other => return Err(other.unexpected().into()),
        }
    }
    let (Some(me), Some(friend)) = (me, friend) else {
        return Err(Failure::Usage("expected --name and --friend; see --help".into()));
    };
    if me == friend {
        return Err(Failure::Usage("expected two names that differ; see --help".into()));
    }
    let folder = folder.unwrap_or_else(|| PathBuf::from(format!("messenger-{me}")));
    Ok(Options::Peer(Peer { me, friend, hub, folder, fingerprint, max_file, local, stay }))
}

fn name(words: &mut Parser) -> Result<Name, Failure> {
    let what = "a name of 1 to 24 small letters, digits and hyphens";
    command_line::parse_with(words, what, |text| Name::try_from(text.to_owned()).ok())
}
