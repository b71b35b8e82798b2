//! `dissect record`: relays connections, and writes a capture of what passes.

use std::fs::File;
use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream, ToSocketAddrs};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use dissect::event::Way;
use dissect::pcapng::{Conversation, Writer};

use crate::options::Record;

type Capture = Mutex<Writer<Box<dyn Write + Send>>>;

pub fn run(options: &Record) -> Result<(), String> {
    let listener =
        TcpListener::bind(&options.listen).map_err(|error| format!("can't listen on {}: {error}", options.listen))?;
    let to: Vec<SocketAddr> = options
        .to
        .to_socket_addrs()
        .map_err(|error| format!("expected an address with a port to relay to, found {}: {error}", options.to))?
        .collect();
    let name = options.write.display();
    let out: Box<dyn Write + Send> = if options.write.as_os_str() == "-" {
        Box::new(io::stdout())
    } else {
        Box::new(File::create(&options.write).map_err(|error| format!("can't write {name}: {error}"))?)
    };
    let writer = Writer::new(out).map_err(|error| format!("can't write {name}: {error}"))?;
    let capture: Capture = Mutex::new(writer);
    let at = listener.local_addr().map_err(|error| error.to_string())?;
    eprintln!("dissect: relays from {at} to {}, and writes {name}", options.to);
    std::thread::scope(|scope| {
        for client in listener.incoming().take(options.connections.unwrap_or(usize::MAX)) {
            let client = match client {
                Ok(client) => client,
                Err(error) => {
                    // Too many open files, for one: those that are open go on.
                    eprintln!("dissect: can't accept a connection: {error}");
                    std::thread::sleep(Duration::from_millis(100));
                    continue;
                }
            };
            let (capture, to) = (&capture, &to[..]);
            scope.spawn(move || {
                if let Err(error) = relay(client, to, capture) {
                    eprintln!("dissect: {error}");
                }
            });
        }
    });
    Ok(())
}

fn relay(client: TcpStream, to: &[SocketAddr], capture: &Capture) -> Result<(), String> {
    let server = TcpStream::connect(to).map_err(|error| format!("can't connect to {to:?}: {error}"))?;
    let ends = client.peer_addr().and_then(|client| Ok((client, server.peer_addr()?)));
    let (from, at) = ends.map_err(|error| error.to_string())?;
    // What comes is passed on at once.
    let _ = (client.set_nodelay(true), server.set_nodelay(true));
    let written = |error: io::Error| format!("can't write the capture: {error}");
    let conversation = lock(capture).begin(from, at, now()).map_err(written)?;
    let conversation = Arc::new(Mutex::new(conversation));
    let (client, server) = (&client, &server);
    std::thread::scope(|scope| {
        let pump = |way, source: &TcpStream, target: &TcpStream| {
            pump(way, source, target, &conversation, capture).inspect_err(|_| {
                let _ = (client.shutdown(Shutdown::Both), server.shutdown(Shutdown::Both));
            })
        };
        let back = scope.spawn(move || pump(Way::ToClient, server, client));
        let there = pump(Way::ToServer, client, server);
        there.and(back.join().unwrap_or(Ok(()))).map_err(written)
    })
}

/// Passes on what comes one way, until it ends. Fails if the capture can't be written.
fn pump(
    way: Way,
    mut source: &TcpStream,
    mut target: &TcpStream,
    conversation: &Mutex<Conversation>,
    capture: &Capture,
) -> io::Result<()> {
    let mut room = vec![0; 1 << 16];
    loop {
        let read = source.read(&mut room);
        let (mut capture, mut conversation) = (lock(capture), lock(conversation));
        match read {
            Ok(0) => {
                let _ = target.shutdown(Shutdown::Write);
                return capture.finish(&mut conversation, way, now());
            }
            Ok(n) => {
                capture.data(&mut conversation, way, &room[..n], now())?;
                drop((capture, conversation));
                if target.write_all(&room[..n]).is_err() {
                    // The other side has gone: its own direction says how.
                    let _ = source.shutdown(Shutdown::Both);
                }
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(_) => {
                let _ = target.shutdown(Shutdown::Both);
                return capture.reset(&conversation, way, now());
            }
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    // What another thread left is whole: it writes whole blocks.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn now() -> Duration {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default()
}
