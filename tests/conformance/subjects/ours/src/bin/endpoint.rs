//! `Endpoint` on sockets that block: `server ADDRESS` or `client URL AGENT`.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::time::Instant;

use websocket_proto::endpoint::{Config, Endpoint, Opening, Status};
use websocket_proto::extension::deflate::DeflateConfig;
use websocket_proto::handshake::{ClientRequest, WsUrl};
use websocket_proto::{Client, Incoming, RandomKeys, Role};

const LIMIT: u64 = 1 << 20;

fn main() -> io::Result<()> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    match &words[..] {
        [role, address] if role == "server" => {
            for stream in TcpListener::bind(address)?.incoming() {
                std::thread::spawn(move || stream.and_then(server));
            }
        }
        [role, url, agent] if role == "client" => {
            let count = client(&format!("{url}/getCaseCount"))?.and_then(|text| text.parse().ok()).unwrap_or(0_usize);
            for case in 1..=count {
                // How a case ends is for the judge to say.
                let _ = client(&format!("{url}/runCase?case={case}&agent={agent}"));
            }
            client(&format!("{url}/updateReports?agent={agent}"))?;
        }
        _ => return Err(io::Error::other("expected `server ADDRESS` or `client URL AGENT`")),
    }
    Ok(())
}

fn config() -> Config {
    let mut config = Config::default();
    config.limits = config.limits.with_max_message_len(LIMIT).with_max_frame_len(LIMIT);
    config.deflate = Some(DeflateConfig::DEFAULT);
    config
}

fn server(mut stream: TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut opening = Opening::server(&config(), Instant::now());
    let opened = loop {
        let endpoint = opening.next();
        write(&mut stream, opening.output())?;
        let n = opening.output().len();
        opening.written(n);
        if let Some(endpoint) = endpoint {
            break endpoint;
        }
        match opening.status() {
            Status::Close => return Ok(()),
            Status::HalfClose => {
                stream.shutdown(Shutdown::Write)?;
                opening.half_closed();
            }
            _ => {
                let n = stream.read(opening.room())?;
                opening.filled(n);
            }
        }
    };
    echo(stream, opened).map(drop)
}

fn client(url: &str) -> io::Result<Option<String>> {
    let url = WsUrl::parse(url).map_err(io::Error::other)?;
    let mut stream = TcpStream::connect((url.host(), url.port()))?;
    stream.set_nodelay(true)?;
    let mut keys = RandomKeys::from_os().map_err(io::Error::other)?;
    let nonce = keys.nonce();
    let request = ClientRequest::from_url(&url);
    let opening = Opening::client(request, nonce, Client::new(keys), &config(), Instant::now());
    let mut opening = opening.map_err(io::Error::other)?;
    let opened = loop {
        write(&mut stream, opening.output())?;
        let n = opening.output().len();
        opening.written(n);
        if let Some(endpoint) = opening.next() {
            break endpoint;
        }
        if opening.status() == Status::Close {
            return Ok(None);
        }
        let n = stream.read(opening.room())?;
        opening.filled(n);
    };
    echo(stream, opened)
}

fn write(stream: &mut TcpStream, bytes: &[u8]) -> io::Result<()> {
    stream.write_all(bytes)
}

/// Until the connection is over; returns the first text.
fn echo<R: Role>(mut stream: TcpStream, mut endpoint: Endpoint<R, Instant>) -> io::Result<Option<String>> {
    let mut first = None;
    while endpoint.status() != Status::Close {
        while let Some((incoming, mut sender)) = endpoint.next() {
            match incoming {
                Incoming::Text(text) => {
                    first.get_or_insert_with(|| text.to_owned());
                    sender.send(text).map_err(io::Error::other)?;
                }
                Incoming::Binary(bytes) => sender.send(&*bytes).map_err(io::Error::other)?,
                _ => {}
            }
        }
        endpoint.tick(Instant::now());
        while !endpoint.output().is_empty() {
            let n = stream.write(endpoint.output())?;
            endpoint.written(n);
        }
        match endpoint.status() {
            Status::HalfClose => {
                stream.shutdown(Shutdown::Write)?;
                endpoint.half_closed();
            }
            status if status.reads() => {
                let n = stream.read(endpoint.room())?;
                endpoint.filled(n);
            }
            _ => {}
        }
    }
    Ok(first)
}
