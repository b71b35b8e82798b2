//! `websocket-proto` as the campaign of mutants examines it: the same subjects in memory, and on sockets for another suite.
//!
//! `memory short|whole|all NAME` examines them, those first whose names begin with NAME; `server ADDRESS` and `client URL AGENT` put them on sockets that block.

#[path = "../tests/support/ours/mod.rs"]
mod ours;

use std::io::{Error, Read, Result, Write};
use std::net::{Shutdown, TcpListener, TcpStream};

use wsspec::case::Library;
use wsspec::exam::Event;
use wsspec::memory::Subject;
use wsspec::suite::Deliveries;

fn main() -> Result<()> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words[..] {
        ["memory", deliveries, first] => memory(deliveries == "all", deliveries != "short", first),
        ["server", address] => {
            for stream in TcpListener::bind(address)?.incoming() {
                std::thread::spawn(move || stream.and_then(|stream| drive(stream, &mut ours::Server::new())));
            }
            Ok(())
        }
        ["client", address, agent] => {
            let ask = |target: &str| -> Result<Vec<u8>> {
                let (mut client, mut request) = (ours::Client::new(), Vec::new());
                client.ask(address, target, &mut request);
                let mut stream = TcpStream::connect(address)?;
                stream.write_all(&request)?;
                drive(stream, &mut client)?;
                let heard = client.heard().unwrap_or_default();
                Ok(match heard.into_iter().next() {
                    Some(Event::Text(text)) => text,
                    _ => Vec::new(),
                })
            };
            let count = String::from_utf8(ask("/getCaseCount")?).map_err(Error::other)?;
            for number in 1..=count.parse::<usize>().map_err(Error::other)? {
                // How it ends is for the other suite to say.
                let _ = ask(&format!("/runCase?case={number}&agent={agent}"));
            }
            ask(&format!("/updateReports?agent={agent}")).map(drop)
        }
        _ => Err(Error::other("expected memory, server or client")),
    }
}

/// Says what is no pass, and ends with 1 at the first subject with something. What takes long comes last.
fn memory(all: bool, with_long: bool, first: &str) -> Result<()> {
    // What panics is a verdict; it need not be told, too.
    std::panic::set_hook(Box::new(|_| {}));
    let deliveries = Deliveries { bytes: all, cuts: all, random: 0, seed: 0 };
    for long in [false, true].into_iter().filter(|long| with_long || !long) {
        let mut entries = ours::all();
        entries.sort_by_key(|entry| !entry.name.starts_with(first));
        for entry in entries {
            let mut library = Library::built_in().map_err(Error::other)?;
            // The control of a rule may be long, and what it controls short.
            library.cases.retain(|case| (entry.takes)(case) && is_long(&case.text) == long);
            let results = wsspec::memory::run(&library, entry.role, &entry.context, &deliveries, entry.make);
            let amiss: Vec<_> =
                results.iter().filter(|result| !result.is_clean() || !entry.explains(result, &library)).collect();
            for result in &amiss {
                println!("{} {}: {} {}: {}", entry.name, entry.role.name(), result.grade, result.id, result.seen);
            }
            if !amiss.is_empty() {
                std::process::exit(1);
            }
        }
    }
    Ok(())
}

/// Whether much is sent.
fn is_long(text: &str) -> bool {
    let repeats = text.split('*').skip(1).any(|rest| rest.bytes().take_while(u8::is_ascii_digit).count() > 3);
    repeats || text.contains("2^") || text.contains("message")
}

fn drive(mut stream: TcpStream, subject: &mut impl Subject) -> Result<()> {
    stream.set_nodelay(true)?;
    let (mut room, mut out) = (vec![0; 1 << 16], Vec::new());
    loop {
        stream.write_all(&out)?;
        out.clear();
        if subject.is_closed() {
            stream.shutdown(Shutdown::Write)?;
            // What is unread when a socket is closed becomes a reset.
            while stream.read(&mut room)? > 0 {}
            return Ok(());
        }
        match stream.read(&mut room)? {
            0 => {
                subject.receive_eof(&mut out);
                return stream.write_all(&out);
            }
            n => subject.receive(&mut room[..n], &mut out),
        }
    }
}
