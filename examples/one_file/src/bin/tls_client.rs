//! Sends each word of the command line as a text message over TLS, by rustls, and prints what comes back.
//!
//! ```sh
//! cargo run --release -p one_file --bin tls_client -- wss://localhost:9443/ localhost.pem Hello
//! ```
//!
//! The file holds the certificates to trust, such as the one that `tls_server` writes. The exit status is 0 after a clean close.

use std::io::{self, ErrorKind, Read, Write};
use std::time::{Duration, Instant};
use std::{error::Error, net::TcpStream, process::ExitCode, sync::Arc};

use rustls::pki_types::{CertificateDer, ServerName, pem::PemObject};
use rustls::{ClientConfig, ClientConnection, RootCertStore};
use websocket_proto::endpoint::{Config, Duties, Failure, Opening, Status};
use websocket_proto::handshake::{ClientRequest, WsUrl};
use websocket_proto::{Client, CloseCode, Incoming, RandomKeys};

/// How long a read or a write may take at once.
const TURN: Duration = Duration::from_secs(1);

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let (url, file, texts) = match &words[..] {
        [url, file, texts @ ..] if !texts.is_empty() && url.starts_with("wss://") => (url, file, texts),
        _ => {
            eprintln!("tls_client: expected wss://HOST:PORT/ FILE.pem TEXT..., found `{}`", words.join(" "));
            return ExitCode::from(2);
        }
    };
    match talk(url, file, texts) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("tls_client: can't talk to {url}, trusting {file}: {error}");
            ExitCode::FAILURE
        }
    }
}

fn talk(url: &str, file: &str, texts: &[String]) -> Result<(), Box<dyn Error>> {
    let url = WsUrl::parse(url)?;
    let mut trusted = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(file)? {
        trusted.add(certificate?)?;
    }
    let config = ClientConfig::builder().with_root_certificates(trusted).with_no_client_auth();
    let tls = ClientConnection::new(Arc::new(config), ServerName::try_from(url.host().to_owned())?)?;
    let mut link = Link { socket: TcpStream::connect((url.host(), url.port()))?, tls };

    let mut keys = RandomKeys::from_os()?;
    let (request, nonce) = (ClientRequest::from_url(&url), keys.nonce());
    let mut opening = Opening::client(request, nonce, Client::new(keys), &Config::default(), Instant::now())?;
    while opening.status() != Status::Close {
        link.turn(&mut opening)?;
        let Some(mut endpoint) = opening.next() else { continue };
        let mut answers = 0;
        for text in texts {
            endpoint.send(text)?;
        }
        while endpoint.status() != Status::Close {
            while let Some((incoming, mut sender)) = endpoint.next() {
                let Incoming::Text(text) = incoming else { continue };
                println!("{text}");
                answers += 1;
                if answers == texts.len() {
                    sender.close(CloseCode::NORMAL)?;
                }
            }
            if let Err(error) = link.turn(&mut endpoint) {
                let end = endpoint.end().map(drop);
                return end.map_err(|end| if end == Failure::NoClose { error.into() } else { end.into() });
            }
        }
        link.tls.send_close_notify();
        let _ = link.tls.write_tls(&mut link.socket);
        return Ok(endpoint.end().map(drop)?);
    }
    Err(opening.end().into())
}

struct Link {
    socket: TcpStream,
    tls: ClientConnection,
}

impl Link {
    /// One turn of the loop: looks at the clock, and writes or reads once; it does not wait past the next deadline, nor for long.
    fn turn(&mut self, machine: &mut impl Duties<Instant>) -> io::Result<()> {
        let now = Instant::now();
        // Not for long: a write that times out after a part of it tells of that part only then. And no time at all would be "for ever".
        let wait = machine.tick(now).map_or(TURN, |at| at.saturating_duration_since(now));
        let wait = Some(wait.clamp(Duration::from_millis(1), TURN));
        self.socket.set_write_timeout(wait).and_then(|()| self.socket.set_read_timeout(wait))?;
        let n = self.tls.writer().write(machine.output())?; // as much as it has room for
        machine.written(n);
        let done = match machine.status() {
            Status::Close => Ok(()), // a peer that was given up gets nothing more: it might never take it
            _ if self.tls.wants_write() => self.tls.write_tls(&mut self.socket).map(drop),
            status if status.reads() => self.read(machine.room()).map(|n| machine.filled(n)),
            _ => Ok(()),
        };
        use ErrorKind::{Interrupted, TimedOut, WouldBlock};
        done.or_else(|e| if matches!(e.kind(), Interrupted | TimedOut | WouldBlock) { Ok(()) } else { Err(e) })
    }

    /// Reads what is decrypted, or once from the socket. The end of input without close_notify is an error.
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        match self.tls.reader().read(room) {
            Err(error) if error.kind() == ErrorKind::WouldBlock => self.tls.read_tls(&mut self.socket)?,
            found => return found,
        };
        if let Err(error) = self.tls.process_new_packets() {
            let _ = self.tls.write_tls(&mut self.socket); // the alert that says why
            return Err(io::Error::other(error));
        }
        self.tls.reader().read(room)
    }
}
