//! Goes through all cases of an Autobahn fuzzing server as an echoing client.
//!
//! ```sh
//! cargo run --release --example autobahn_client -- ws://127.0.0.1:9001 websocket-proto
//! ```

#[path = "support/command_line.rs"]
mod command_line;
#[path = "support/open.rs"]
mod open;
#[path = "support/outgoing.rs"]
mod outgoing;

use std::io::{Read, Write};
use std::process::ExitCode;

use command_line::Failure;
use lexopt::{Arg, Parser, ValueExt};
use open::{Opened, open};
use outgoing::Outgoing;
use websocket_proto::{Incoming, Limits, Messages, SendError, Transport};

/// Case 9.3.1 and its like send 4 MiB in fragments of 64 bytes, and an empty one after them: one more than the default allows.
const LIMITS: Limits = Limits::DEFAULT.with_max_fragments(100_000);

const HELP: &str = "\
Goes through all cases of an Autobahn fuzzing server as an echoing client.

usage: autobahn_client URL AGENT

  URL             of the server, such as ws://127.0.0.1:9001
  AGENT           the name that the server's reports give to this client
  -h, --help      print this
  -V, --version   print the version
";

fn main() -> ExitCode {
    command_line::exit("autobahn_client", arguments().and_then(|(url, agent)| Ok(run_cases(&url, &agent)?)))
}

fn arguments() -> Result<(String, String), Failure> {
    let (mut words, mut found) = (Parser::from_env(), Vec::new());
    while let Some(word) = command_line::next(&mut words, "autobahn_client", HELP)? {
        match word {
            Arg::Value(value) if found.len() < 2 => found.push(value.string()?),
            other => return Err(other.unexpected().into()),
        }
    }
    let missing = |_| Failure::Usage("expected URL and AGENT; see --help".to_owned());
    <[String; 2]>::try_from(found).map(|[url, agent]| (url, agent)).map_err(missing)
}

fn run_cases(url: &str, agent: &str) -> Result<(), String> {
    let count = session(&format!("{url}/getCaseCount"))?.ok_or("the server did not say how many cases there are")?;
    let count: u32 = count.parse().map_err(|_| format!("expected the number of cases, found `{count}`"))?;
    for case in 1..=count {
        // How a case ends is for the server to judge.
        if let Err(message) = session(&format!("{url}/runCase?case={case}&agent={agent}")) {
            eprintln!("case {case}: {message}");
        }
    }
    session(&format!("{url}/updateReports?agent={agent}"))?;
    Ok(())
}

/// Echoes until the connection ends, and returns the last text.
fn session(url: &str) -> Result<Option<String>, String> {
    let Opened { mut stream, mut connection, mut unread } = open(url, &LIMITS)?;
    let mut outgoing = Outgoing::new(&connection);
    let mut messages = Messages::new();
    let mut out = Vec::new();
    let mut last = None;
    let mut read = vec![0; 64 * 1024];
    let mut input = &mut unread[..];
    loop {
        loop {
            let echoed = match messages.next(&mut connection, &mut input, &mut out) {
                Ok(Some(Incoming::Text(text))) => {
                    last = (text.len() < 16).then(|| text.to_owned());
                    outgoing.send(&mut connection, text, &mut out)
                }
                Ok(Some(Incoming::Binary(bytes))) => outgoing.send(&mut connection, &*bytes, &mut out),
                Ok(Some(_)) => Ok(()),
                // The Close that says why is in `out` already.
                Ok(None) | Err(_) => break,
            };
            match echoed {
                Ok(()) | Err(SendError::NotOpen { .. }) => {}
                Err(error) => return Err(error.to_string()),
            }
        }
        // A server that closes in the middle of it shows when we read.
        let _ = stream.write_all(&out);
        out.clear();
        if connection.transport() == Transport::Close {
            return Ok(last);
        }
        let n = stream.read(&mut read).unwrap_or(0);
        if n == 0 {
            connection.receive_eof();
            return Ok(last);
        }
        input = &mut read[..n];
    }
}
