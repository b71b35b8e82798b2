//! Opens thousands of connections by TLS, has each of them echo, and tells the server's memory per connection (Linux).
//!
//! ```sh
//! cargo build --release -p reactor_server --examples --bins
//! target/release/examples/tls_memory 10000
//! ```

mod driver;

use std::error::Error;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use driver::program::Program;
use rustls::crypto::ring;
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";
/// RFC 6455, section 5.7: "A single-frame masked text message", and its echo.
const HELLO: &[u8] = &[0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58];
const HELLO_BACK: &[u8] = b"\x81\x05Hello";

type Link = StreamOwned<ClientConnection, TcpStream>;

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let count = match words.iter().map(|word| word.parse()).collect::<Result<Vec<usize>, _>>().as_deref() {
        Ok(&[count]) if count > 0 => count,
        _ => {
            eprintln!("tls_memory: expected a number of connections, found `{}`", words.join(" "));
            return ExitCode::from(2);
        }
    };
    match measure(count) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("tls_memory: {error}");
            ExitCode::FAILURE
        }
    }
}

fn measure(count: usize) -> Result<(), Box<dyn Error>> {
    let _ = rlimit::increase_nofile_limit(u64::MAX);
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()])?;
    let folder = std::env::temp_dir();
    let file = |name: &str| folder.join(format!("tls_memory-{}-{name}.pem", std::process::id()));
    let (certificate, key) = (file("certificate"), file("key"));
    std::fs::write(&certificate, made.cert.pem())?;
    std::fs::write(&key, made.signing_key.serialize_pem())?;
    let words = ["--ports", "0", "--quiet", "--idle-timeout", "2h", "--tls"].map(str::to_owned);
    let files = [&certificate, &key].map(|path| path.to_string_lossy().into_owned());
    let server = Program::start("reactor_server", &[&words[..], &files].concat());
    let server = server.inspect(|_| {
        let _ = (std::fs::remove_file(&certificate), std::fs::remove_file(&key));
    })?;

    let mut roots = RootCertStore::empty();
    roots.add(made.cert.der().clone())?;
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let config = builder.with_safe_default_protocol_versions()?.with_root_certificates(roots).with_no_client_auth();
    let config = Arc::new(config);

    // The first connection pays for what all share.
    let mut first = open(&server.address, &config)?;
    echo(&mut first)?;
    let (before, start) = (server.memory(), Instant::now());
    let mut links = Vec::with_capacity(count);
    for number in 0..count {
        links.push(open(&server.address, &config).map_err(|error| format!("connection {number}: {error}"))?);
    }
    let per_connection = || server.memory().saturating_sub(before) / count as u64;
    println!("{count} connections opened in {:.1} s", start.elapsed().as_secs_f64());
    println!("memory of the server, per open connection: {} bytes", per_connection());
    for link in &mut links {
        echo(link)?;
    }
    println!("after each has echoed a message: {} bytes", per_connection());
    Ok(())
}

fn open(address: &str, config: &Arc<ClientConfig>) -> Result<Link, Box<dyn Error>> {
    let socket = TcpStream::connect(address)?;
    socket.set_nodelay(true)?;
    socket.set_read_timeout(Some(Duration::from_secs(20)))?;
    let tls = ClientConnection::new(Arc::clone(config), "localhost".try_into()?)?;
    let mut link = StreamOwned::new(tls, socket);
    link.write_all(REQUEST)?;
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        link.read_exact(&mut byte)?;
        head.extend(byte);
    }
    if !head.starts_with(b"HTTP/1.1 101 ") {
        return Err(format!("expected status 101, found {}", head.escape_ascii()).into());
    }
    Ok(link)
}

fn echo(link: &mut Link) -> Result<(), Box<dyn Error>> {
    link.write_all(HELLO)?;
    let mut back = [0; HELLO_BACK.len()];
    link.read_exact(&mut back)?;
    if back == HELLO_BACK { Ok(()) } else { Err(format!("expected the echo, found {back:02x?}").into()) }
}
