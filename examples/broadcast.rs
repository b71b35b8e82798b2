//! One message for many connections, compressed and framed once, whatever each has agreed on.
//!
//! ```sh
//! cargo run --release --features deflate --example broadcast
//! ```

#[path = "support/command_line.rs"]
mod command_line;

use std::process::ExitCode;

use command_line::Failure;
use lexopt::Parser;
use websocket_proto::extension::deflate::{Compression, DeflateParams, Deflater, Effort, WindowBits};
use websocket_proto::{Connection, Limits, Negotiated, Prepared, SendError, Server};

const HELP: &str = "\
Compresses and frames two messages once each, for three connections that have agreed on different things, and prints how many
bytes each of them is sent.

  -h, --help      print this
  -V, --version   print the version
";

fn main() -> ExitCode {
    command_line::exit("broadcast", arguments().and_then(|()| broadcast().map_err(|error| error.to_string().into())))
}

fn arguments() -> Result<(), Failure> {
    let mut words = Parser::from_env();
    match command_line::next(&mut words, "broadcast", HELP)? {
        None => Ok(()),
        Some(word) => Err(word.unexpected().into()),
    }
}

fn broadcast() -> Result<(), Box<dyn std::error::Error>> {
    // In a server these come out of handshakes, each with a socket beside it.
    let small = Compression::new(WindowBits::W10, false);
    let limited = DeflateParams::new(small, Compression::DEFAULT);
    let mut room = [
        ("no compression", connection(Negotiated::elsewhere())),
        ("compression with any window", connection(Negotiated::elsewhere().with_deflate(DeflateParams::default()))),
        ("compression with a window of 1 KiB", connection(Negotiated::elsewhere().with_deflate(limited))),
    ];

    // One compressor for the whole room. With the smallest window that any of them has agreed on, all can read it.
    let mut deflater = Deflater::new(small, Effort::SMALL);
    for text in ["first news: ", "later news: "] {
        let text = text.repeat(40);
        println!("{} bytes of text for connections that have agreed on", text.len());
        let news = Prepared::compressed(&text, &mut deflater)?;
        for (agreement, connection) in &mut room {
            match connection.send_prepared(&news) {
                // To be written to the connection's socket, or queued by reference until it can be.
                Ok(form) => println!("  {agreement}: a frame of {} bytes", news.frame(form).len()),
                Err(SendError::NotOpen { state }) => println!("  {agreement}: {state}"),
                Err(error) => return Err(error.into()),
            }
        }
    }
    Ok(())
}

fn connection(negotiated: Negotiated) -> Connection<Server> {
    Connection::new(negotiated, Server, &Limits::default())
}
