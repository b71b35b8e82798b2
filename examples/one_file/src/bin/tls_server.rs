//! An echo server over TLS, by rustls, with one thread for each connection.
//!
//! ```sh
//! cargo run --release -p one_file --bin tls_server -- 127.0.0.1:9443 localhost.pem
//! ```
//!
//! It makes a certificate for `localhost`, writes it to the file, and prints where it listens; `tls_client` trusts such a file.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::{convert::Infallible, error::Error, fs, process::ExitCode, sync::Arc, thread, time::Duration, time::Instant};

use rustls::{ServerConfig, ServerConnection, pki_types::PrivateKeyDer};
use websocket_proto::endpoint::{Config, Duties, Failure, Opening, Status};
use websocket_proto::{CloseCode, Incoming};

/// How long a read or a write may take at once.
const TURN: Duration = Duration::from_secs(1);

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [address, file] = &words[..] else {
        eprintln!("tls_server: expected ADDRESS:PORT FILE.pem, found `{}`", words.join(" "));
        return ExitCode::from(2);
    };
    let Err(error) = serve(address, file);
    eprintln!("tls_server: can't listen on {address}, or can't write {file}: {error}");
    ExitCode::FAILURE
}

fn serve(address: &str, file: &str) -> Result<Infallible, Box<dyn Error>> {
    let listener = TcpListener::bind(address)?;
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()])?;
    fs::write(file, made.cert.pem())?;
    let key = PrivateKeyDer::Pkcs8(made.signing_key.serialize_der().into());
    let config = ServerConfig::builder().with_no_client_auth();
    let config = Arc::new(config.with_single_cert(vec![made.cert.der().clone()], key)?);
    println!("listening on {}", listener.local_addr()?);
    loop {
        let accepted = listener.accept().and_then(|(socket, peer)| {
            let tls = ServerConnection::new(Arc::clone(&config)).map_err(io::Error::other)?;
            thread::Builder::new().spawn(move || match (Link { socket, tls }.serve()) {
                Ok(code) => println!("{peer}: closed with {}", code.map_or(1005, CloseCode::get)), // 1005: no code was given
                Err(error) => println!("{peer}: {error}"),
            })
        });
        if let Err(error) = accepted {
            eprintln!("tls_server: can't accept a connection: {error}"); // one descriptor too many, perhaps
            thread::sleep(Duration::from_millis(100));
        }
    }
}

struct Link {
    socket: TcpStream,
    tls: ServerConnection,
}

impl Link {
    /// Serves one client from its first byte to its last; returns the code of its Close.
    fn serve(mut self) -> Result<Option<CloseCode>, Box<dyn Error>> {
        let mut opening = Opening::server(&Config::default(), Instant::now());
        while opening.status() != Status::Close {
            self.turn(&mut opening)?;
            let Some(mut endpoint) = opening.next() else { continue };
            while endpoint.status() != Status::Close {
                while let Some((incoming, mut sender)) = endpoint.next() {
                    match incoming {
                        Incoming::Text(text) => sender.send(text)?,
                        Incoming::Binary(bytes) => sender.send(bytes)?,
                        _ => {} // Pings and the peer's Close are answered already
                    }
                }
                if let Err(error) = self.turn(&mut endpoint) {
                    let end = endpoint.end();
                    return end.map_err(|end| if end == Failure::NoClose { error.into() } else { end.into() });
                }
            }
            self.tls.send_close_notify();
            let _ = self.tls.write_tls(&mut self.socket);
            return Ok(endpoint.end()?);
        }
        Err(opening.end().into())
    }

    /// One turn of the loop: looks at the clock, and writes or reads once; it does not wait past the next deadline, nor for long.
    fn turn(&mut self, machine: &mut impl Duties<Instant>) -> io::Result<()> {
        let now = Instant::now();
        // Not for long: a write that times out after a part of it tells of that part only then. And no time at all would be "for ever".
        let wait = machine.tick(now).map_or(TURN, |at| at.saturating_duration_since(now));
        let wait = Some(wait.clamp(Duration::from_millis(1), TURN));
        self.socket.set_write_timeout(wait).and_then(|()| self.socket.set_read_timeout(wait))?;
        let n = self.tls.writer().write(machine.output())?; // as much as it has room for
        machine.written(n);
        if machine.status() == Status::HalfClose {
            self.tls.send_close_notify();
        }
        let done = match machine.status() {
            Status::Close => Ok(()), // a peer that was given up gets nothing more: it might never take it
            _ if self.tls.wants_write() => self.tls.write_tls(&mut self.socket).map(drop),
            Status::HalfClose => self.socket.shutdown(Shutdown::Write).map(|()| machine.half_closed()),
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
