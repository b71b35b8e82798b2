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

  --port PORT       connections of this port are WebSocket even without a handshake; may be repeated
  --stream N        only this connection
  --filter NAMES    only these events, by commas: began, head, opened, frame, message, gap, ended, wrong
  --json            one JSON object a line
  --follow          wait for more at the end of FILE
  --colour WHEN     always, never, or auto: on a terminal
  -h, --help        this text
";

#[derive(Debug)]
pub struct Options {
    pub file: PathBuf,
    pub ports: Vec<u16>,
    pub stream: Option<usize>,
    pub filter: Vec<String>,
    pub json: bool,
    pub follow: bool,
    pub live: bool,
    pub colours: Option<bool>,
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

impl Options {
    pub fn parse(args: impl IntoIterator<Item = OsString>) -> Result<Self, Wrong> {
        let mut parser = lexopt::Parser::from_iter(args);
        let (mut file, mut ports, mut stream, mut filter) = (None, Vec::new(), None, Vec::new());
        let (mut json, mut follow, mut colours) = (false, false, None);
        while let Some(arg) = parser.next()? {
            match arg {
                Short('h') | Long("help") => return Err(Wrong::Help),
                Long("port") => ports.push(parser.value()?.parse()?),
                Long("stream") => stream = Some(parser.value()?.parse()?),
                Long("filter") => {
                    filter = parser.value()?.string()?.split(',').map(str::to_owned).collect();
                    if let Some(name) = filter.iter().find(|name| !NAMES.contains(&name.as_str())) {
                        return Err(Wrong::Call(format!("expected names out of {}, found {name:?}", NAMES.join(", "))));
                    }
                }
                Long("json") => json = true,
                Long("follow") => follow = true,
                Long("colour" | "color") => {
                    colours = match parser.value()?.string()?.as_str() {
                        "always" => Some(true),
                        "never" => Some(false),
                        "auto" => None,
                        other => return Err(Wrong::Call(format!("expected always, never or auto, found {other:?}"))),
                    }
                }
                Value(name) if file.is_none() => file = Some(PathBuf::from(name)),
                other => return Err(other.unexpected().into()),
            }
        }
        let file = file.ok_or_else(|| Wrong::Call("expected a capture file, or - for standard input".into()))?;
        let live = follow || file.as_os_str() == "-";
        Ok(Self { file, ports, stream, filter, json, follow, live, colours })
    }

    /// Whether an event is to be shown.
    pub fn shows(&self, stream: &Stream, event: &Event) -> bool {
        let wrong = match event {
            Event::Head { findings, .. }
            | Event::Opened { findings, .. }
            | Event::Frame { findings, .. }
            | Event::Message { findings, .. } => !findings.is_empty(),
            Event::Gap { .. } => true,
            Event::Began | Event::Ended(_) => false,
        };
        self.stream.is_none_or(|number| number == stream.number)
            && (self.filter.is_empty()
                || self.filter.iter().any(|name| name == json::name(event) || name == "wrong" && wrong))
    }
}

const NAMES: [&str; 8] = ["began", "head", "opened", "frame", "message", "gap", "ended", "wrong"];
