//! The least that an echo server can do: wait, read, copy frames, write. It checks nothing, and keeps nothing.
//!
//! `cpu_per_echo` compares the server with it. Only the handshake is the crate's, since nobody measures it.

#[path = "../../support/command_line.rs"]
mod command_line;

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::fd::AsRawFd;
use std::process::ExitCode;

use command_line::Failure;
use lexopt::Parser;
use rustix::event::epoll;
use websocket_proto::Limits;
use websocket_proto::handshake::{Received, ServerHandshake};

const HELP: &str = "\
Echoes short messages as cheaply as can be, and checks nothing: what cpu_per_echo compares reactor_server with.

  -h, --help      print this
  -V, --version   print the version
";

fn main() -> ExitCode {
    command_line::exit("bare_loop", arguments().and_then(|()| serve().map_err(|error| error.to_string().into())))
}

fn arguments() -> Result<(), Failure> {
    let mut words = Parser::from_env();
    match command_line::next(&mut words, "bare_loop", HELP)? {
        None => Ok(()),
        Some(word) => Err(word.unexpected().into()),
    }
}

fn serve() -> Result<(), Box<dyn std::error::Error>> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    println!("listening on {}", listener.local_addr()?);
    let poll = epoll::create(epoll::CreateFlags::CLOEXEC)?;
    epoll::add(&poll, &listener, epoll::EventData::new_u64(u64::MAX), epoll::EventFlags::IN)?;

    let mut sockets: Vec<Option<TcpStream>> = Vec::new();
    let mut events = Vec::with_capacity(1024);
    let (mut read, mut out) = (vec![0; 64 * 1024], Vec::new());
    loop {
        events.clear();
        epoll::wait(&poll, rustix::buffer::spare_capacity(&mut events), None)?;
        for event in &events {
            if event.data.u64() == u64::MAX {
                let socket = open(&listener)?;
                let at = usize::try_from(socket.as_raw_fd())?;
                epoll::add(&poll, &socket, epoll::EventData::new_u64(at as u64), epoll::EventFlags::IN)?;
                sockets.resize_with(sockets.len().max(at + 1), || None);
                sockets[at] = Some(socket);
                continue;
            }
            let at = usize::try_from(event.data.u64())?;
            let Some(socket) = &mut sockets[at] else { continue };
            match socket.read(&mut read) {
                Ok(n @ 1..) => {
                    copy_frames(&mut read[..n], &mut out);
                    socket.write_all(&out)?;
                    out.clear();
                }
                Ok(0) | Err(_) => sockets[at] = None,
            }
        }
    }
}

/// Copies masked frames of up to 125 bytes, which lie there whole, as unmasked ones.
fn copy_frames(mut bytes: &mut [u8], out: &mut Vec<u8>) {
    while let [opcode, len, k0, k1, k2, k3, rest @ ..] = bytes {
        let (payload, rest) = rest.split_at_mut(usize::from(*len & 0x7f));
        let key = [*k0, *k1, *k2, *k3];
        for (at, byte) in payload.iter_mut().enumerate() {
            *byte ^= key[at % 4];
        }
        out.extend_from_slice(&[*opcode, *len & 0x7f]);
        out.extend_from_slice(payload);
        bytes = rest;
    }
}

/// Accepts, and shakes hands with a client that sends its request at once.
fn open(listener: &TcpListener) -> Result<TcpStream, Box<dyn std::error::Error>> {
    let (mut socket, _) = listener.accept()?;
    socket.set_nodelay(true)?;
    let (mut handshake, mut head, mut out) = (ServerHandshake::new(&Limits::default()), Vec::new(), Vec::new());
    let mut read = [0; 4096];
    loop {
        let n = socket.read(&mut read)?;
        head.extend_from_slice(&read[..n]);
        match handshake.receive(&head)? {
            Some(Received::Upgrade(request)) => {
                let _ = request.accept().write_to(&mut out)?;
                break;
            }
            None if n > 0 => {}
            None | Some(Received::Http(_)) => return Err("no WebSocket client".into()),
        }
    }
    socket.write_all(&out)?;
    socket.set_nonblocking(true)?;
    Ok(socket)
}
