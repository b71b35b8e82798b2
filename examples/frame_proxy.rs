//! A proxy that forwards WebSocket frames one by one, masks those to the server anew, and prints what passes.
//!
//! ```sh
//! cargo run --release --features rand --example frame_proxy -- 127.0.0.1:9003 127.0.0.1:9002
//! ```
//!
//! It listens at the first address, and connects to the second. Heads are forwarded as they are, and frames as they come in, however long
//! they are; what they mean, compression included, is left to the two ends. A frame that breaks a rule is not forwarded: its sender gets
//! the Close that says why, and the other end the end of input.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::{convert::Infallible, error::Error, process::ExitCode, sync::OnceLock, thread, time::Duration};

use websocket_proto::wire::{CloseCode, Limits, Masker, Rsv};
use websocket_proto::{Client, Connection, Negotiated, RandomKeys, Role, Server, frame::Masking, frame::Reader};

type Outcome = Result<(), Box<dyn Error + Send + Sync>>;

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [address, to] = &words[..] else {
        eprintln!("frame_proxy: expected ADDRESS:PORT and the server's HOST:PORT, found `{}`", words.join(" "));
        return ExitCode::from(2);
    };
    let Err(error) = serve(address, to);
    eprintln!("frame_proxy: can't listen on {address}: {error}");
    ExitCode::FAILURE
}

fn serve(address: &str, to: &str) -> io::Result<Infallible> {
    let listener = TcpListener::bind(address)?;
    println!("listening on {}", listener.local_addr()?);
    loop {
        let (accepted, to) = (listener.accept(), to.to_owned());
        let start = |(socket, peer)| {
            let report = move |error| println!("{peer}: {error}");
            thread::Builder::new().spawn(move || session(socket, &to).unwrap_or_else(report))
        };
        if let Err(error) = accepted.and_then(start) {
            eprintln!("frame_proxy: can't accept a connection: {error}"); // one descriptor too many, perhaps
            thread::sleep(Duration::from_millis(100));
        }
    }
}

/// A socket, and what its peer did wrong. One thread reads from it, another writes to it.
struct End(TcpStream, OnceLock<CloseCode>);

fn session(mut client: TcpStream, to: &str) -> Outcome {
    let server = TcpStream::connect(to).map_err(|error| {
        let answer = client.write_all(b"HTTP/1.1 502 Bad Gateway\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
        let _ = answer.and_then(|()| client.shutdown(Shutdown::Write)).and_then(|()| drain(&client));
        format!("can't connect to {to}: {error}")
    })?;
    client.set_nodelay(true).and(server.set_nodelay(true))?;
    let (client, server) = (End(client, OnceLock::new()), End(server, OnceLock::new()));
    let role = Client::new(RandomKeys::from_os()?);
    thread::scope(|scope| {
        let back = scope.spawn(|| relay("<-", &server, &client, Server));
        relay("->", &client, &server, role).and(back.join().expect("no panic"))
    })
}

/// Forwards what comes from one end in the role that the other end expects, and tells it how that ended.
fn relay<R: Role>(arrow: &str, from: &End, to: &End, mut role: R) -> Outcome {
    let mut whole = true;
    let result = frames(arrow, from, &to.0, &mut role, &mut whole);
    if let (true, Some(&code)) = (whole, to.1.get()) {
        let (mut out, mut last) = (Vec::new(), Connection::new(Negotiated::elsewhere(), role, &Limits::DEFAULT));
        last.close(code).map(|()| last.write_control(&mut out))??;
        let _ = (&to.0).write_all(&out);
    }
    let _ = to.0.shutdown(if result.is_ok() { Shutdown::Write } else { Shutdown::Both });
    result.inspect_err(|_| drop(drain(&from.0)))
}

/// Reads what is still under way, within bounds: bytes that nobody reads would reset the connection, and the last words be lost.
fn drain(socket: &TcpStream) -> io::Result<()> {
    socket.set_read_timeout(Some(Duration::from_secs(2)))?;
    io::copy(&mut socket.take(1 << 20), &mut io::sink()).map(drop)
}

/// Forwards the head and the frames; says in `whole` whether the last frame went out to its end.
fn frames<R: Role>(arrow: &str, from: &End, mut to: &TcpStream, role: &mut R, whole: &mut bool) -> Outcome {
    let (mut socket, mut read) = (BufReader::with_capacity(64 * 1024, &from.0), Vec::new());
    while !read.ends_with(b"\r\n\r\n") {
        let room = Limits::DEFAULT.max_head_len.saturating_sub(read.len());
        if socket.by_ref().take(room as u64).read_until(b'\n', &mut read)? == 0 {
            return Err("expected the head of a handshake, found none".into());
        }
    }
    to.write_all(&read)?;
    if R::RECEIVES == Masking::Required && !read.starts_with(b"HTTP/1.1 101 ") {
        return Ok(io::copy(&mut socket, &mut to).map(drop)?); // no WebSocket, but a page or a refusal
    }
    // What this role sends is what the other one receives.
    let masking = if R::RECEIVES == Masking::Required { Masking::Forbidden } else { Masking::Required };
    let (mut reader, mut masker) = (Reader::new(masking, &Limits::UNLIMITED).with_owned_rsv(Rsv::RSV1), None);
    while !socket.fill_buf()?.is_empty() {
        read = socket.buffer().to_vec();
        socket.consume(read.len());
        let (mut input, mut out, mut wrong) = (&mut read[..], Vec::new(), None);
        while let Some(piece) = reader.read(&mut input).map_err(|error| wrong = Some(error)).unwrap_or(None) {
            if piece.offset == 0 {
                println!("{arrow} {:?}, {} bytes", piece.header.opcode(), piece.header.payload_len());
                let key = role.next_key();
                out.extend_from_slice(&piece.header.with_masking_key(key).encode());
                masker = key.map(Masker::new);
            }
            masker.iter_mut().for_each(|masker: &mut Masker| masker.apply(piece.payload));
            out.extend_from_slice(piece.payload);
            *whole = piece.ends_frame();
        }
        to.write_all(&out)?;
        if let Some(error) = wrong {
            let _ = from.1.set(error.close_code()); // the other direction's thread sends it
            return Err(error.into());
        }
    }
    Ok(())
}
