//! The command line.

use std::ffi::OsString;
use std::path::PathBuf;

use dissect::event::{Event, Stream};
use dissect::json;
use lexopt::prelude::*;

pub const HELP: &str = "\
Shows the WebSocket conversations in a packet capture (pcap or pcapng).

usage: dissect [OPTIONS] FILE
       tcpdump -U -w - … | dissect [OPTIONS] -
       dissect record --listen ADDRESS --to ADDRESS --write FILE [--connections N]

  --port PORT       connections of this port are WebSocket even without a handshake; may be repeated
  --keylog FILE     keys of TLS connections, as SSLKEYLOGFILE has them
  --stream N        only this connection
  --filter NAMES    only these events, by commas: began, head, opened, frame, message, gap, cut, ended, wrong
  --json            one JSON object a line
  --follow          wait for more at the end of FILE
  --colour WHEN     always, never, or auto: on a terminal
  --progress WHEN   always, never, or auto: for a large file, if the report goes elsewhere than to the terminal
  -h, --help        this text

record relays connections, and writes a capture of them that needs no rights; FILE may be - for standard output.

  --listen ADDRESS  where clients connect to, as 127.0.0.1:9002
  --to ADDRESS      where they are passed on to, as example.com:80
  --write FILE      the capture, pcapng
  --connections N   end after so many
";

#[derive(Debug)]
pub enum Command {
    Show(Options),
    Record(Record),
}

#[derive(Debug)]
pub struct Options {
    pub file: PathBuf,
    pub keylog: Option<PathBuf>,
    pub ports: Vec<u16>,
    pub stream: Option<usize>,
    pub filter: Vec<String>,
    pub json: bool,
    pub follow: bool,
    pub live: bool,
    /// Whether in any case, or in none.
    pub colours: Option<bool>,
    pub progress: Option<bool>,
}

#[derive(Debug)]
pub struct Record {
    pub listen: String,
    pub to: String,
    pub write: PathBuf,
    pub connections: Option<usize>,
}

#[derive(Debug)]
pub enum Wrong {
    Help,
    Call(String),
}

impl From<lexopt::Error> for Wrong {
    fn from(error: lexopt::Error) -> Self {
        Self::Call(error.to_string())
    }
}

impl Command {
    pub fn parse(args: impl IntoIterator<Item = OsString>) -> Result<Self, Wrong> {
        let mut parser = lexopt::Parser::from_iter(args);
        if parser.try_raw_args().is_some_and(|args| args.peek().is_some_and(|first| first == "record")) {
            parser.next()?;
            return Record::parse(&mut parser).map(Self::Record);
        }
        Options::parse(&mut parser).map(Self::Show)
    }
}

impl Options {
    fn parse(parser: &mut lexopt::Parser) -> Result<Self, Wrong> {
        let (mut file, mut keylog, mut ports, mut stream, mut filter) = (None, None, Vec::new(), None, Vec::new());
        let (mut json, mut follow, mut colours, mut progress) = (false, false, None, None);
        while let Some(arg) = parser.next()? {
            match arg {
                Short('h') | Long("help") => return Err(Wrong::Help),
                Long("port") => ports.push(parser.value()?.parse()?),
                Long("keylog") => keylog = Some(PathBuf::from(parser.value()?)),
                Long("stream") => stream = Some(parser.value()?.parse()?),
                Long("filter") => {
                    filter = parser.value()?.string()?.split(',').map(str::to_owned).collect();
                    if let Some(name) = filter.iter().find(|name| !NAMES.contains(&name.as_str())) {
                        return Err(Wrong::Call(format!("expected names out of {}, found {name:?}", NAMES.join(", "))));
                    }
                }
                Long("json") => json = true,
                Long("follow") => follow = true,
                Long("colour" | "color") => colours = when(parser)?,
                Long("progress") => progress = when(parser)?,
                Value(name) if file.is_none() => file = Some(PathBuf::from(name)),
                other => return Err(other.unexpected().into()),
            }
        }
        let file = file.ok_or_else(|| Wrong::Call("expected a capture file, or - for standard input".into()))?;
        let stdin = file.as_os_str() == "-";
        if stdin && follow {
            return Err(Wrong::Call("expected a file to follow, found -, which is read as it comes anyway".into()));
        }
        let live = follow || stdin;
        Ok(Self { file, keylog, ports, stream, filter, json, follow, live, colours, progress })
    }

    /// Whether an event is to be shown.
    pub fn shows(&self, stream: &Stream, event: &Event) -> bool {
        let wrong = match event {
            Event::Head { findings, .. }
            | Event::Opened { findings, .. }
            | Event::Frame { findings, .. }
            | Event::Message { findings, .. } => !findings.is_empty(),
            Event::Gap { .. } | Event::Cut { .. } => true,
            Event::Began | Event::Ended(_) => false,
        };
        self.stream.is_none_or(|number| number == stream.number)
            && (self.filter.is_empty()
                || self.filter.iter().any(|name| name == json::name(event) || name == "wrong" && wrong))
    }
}

impl Record {
    fn parse(parser: &mut lexopt::Parser) -> Result<Self, Wrong> {
        let (mut listen, mut to, mut write, mut connections) = (None, None, None, None);
        while let Some(arg) = parser.next()? {
            match arg {
                Short('h') | Long("help") => return Err(Wrong::Help),
                Long("listen") => listen = Some(parser.value()?.string()?),
                Long("to") => to = Some(parser.value()?.string()?),
                Long("write") => write = Some(PathBuf::from(parser.value()?)),
                Long("connections") => connections = Some(parser.value()?.parse()?),
                other => return Err(other.unexpected().into()),
            }
        }
        let missing = |name: &str| Wrong::Call(format!("expected {name} for record, found none"));
        Ok(Self {
            listen: listen.ok_or_else(|| missing("--listen"))?,
            to: to.ok_or_else(|| missing("--to"))?,
            write: write.ok_or_else(|| missing("--write"))?,
            connections,
        })
    }
}

/// `None` is auto.
fn when(parser: &mut lexopt::Parser) -> Result<Option<bool>, Wrong> {
    match parser.value()?.string()?.as_str() {
        "always" => Ok(Some(true)),
        "never" => Ok(Some(false)),
        "auto" => Ok(None),
        other => Err(Wrong::Call(format!("expected always, never or auto, found {other:?}"))),
    }
}

const NAMES: [&str; 9] = ["began", "head", "opened", "frame", "message", "gap", "cut", "ended", "wrong"];
