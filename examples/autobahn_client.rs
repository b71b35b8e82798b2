//! Goes through all cases of an Autobahn fuzzing server as an echoing client.
//!
//! ```sh
//! cargo run --release --example autobahn_client -- ws://127.0.0.1:9001 websocket-proto
//! ```

#[path = "support/open.rs"]
mod open;
#[path = "support/outgoing.rs"]
mod outgoing;

use std::io::{Read, Write};
use std::process::ExitCode;

use open::{Opened, open};
use outgoing::Outgoing;
use websocket_proto::{Incoming, Limits, Messages, SendError, Transport};

/// Case 9.3.1 and its like send 4 MiB in fragments of 64 bytes, and an empty one behind them: one more than the default allows.
const LIMITS: Limits = Limits::DEFAULT.with_max_fragments(100_000);

fn main() -> ExitCode {
    let mut words = std::env::args().skip(1);
    let result = match (words.next(), words.next(), words.next()) {
        (Some(url), Some(agent), None) => run_cases(&url, &agent),
        _ => Err("usage: autobahn_client URL AGENT".to_owned()),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("autobahn_client: {message}");
            ExitCode::FAILURE
        }
    }
}

fn run_cases(url: &str, agent: &str) -> Result<(), String> {
    let count = session(&format!("{url}/getCaseCount"))?.ok_or("the server told no number of cases")?;
    let count: u32 = count.parse().map_err(|_| format!("{count} is no number of cases"))?;
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
