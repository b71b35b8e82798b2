//! A WebSocket server on standard input and output that echoes messages.

use std::error::Error;
use std::io::{self, Read, Write};

use websocket_proto::handshake::{Received, ServerHandshake};
use websocket_proto::{Connection, Incoming, Limits, Messages, Server};

fn main() -> Result<(), Box<dyn Error>> {
    let (mut stdin, mut stdout) = (io::stdin().lock(), io::stdout().lock());
    let (limits, mut read, mut out) = (Limits::default(), vec![0; 64 * 1024], Vec::new());
    let (mut handshake, mut filled) = (ServerHandshake::new(&limits), 0);
    let (negotiated, head_len) = loop {
        let n = stdin.read(&mut read[filled..])?;
        if n == 0 {
            return Ok(());
        }
        filled += n;
        match handshake.receive(&read[..filled]) {
            Ok(Some(Received::Upgrade(request))) => break (request.accept().write_to(&mut out)?, request.head_len()),
            Ok(Some(Received::Http(_))) => return Err("a request without an upgrade".into()),
            Ok(None) => {}
            Err(error) => {
                error.response().write_to(&mut out)?;
                stdout.write_all(&out)?;
                return Err(error.into());
            }
        }
    };
    let (mut connection, mut messages) = (Connection::new(negotiated, Server, &limits), Messages::new());
    let mut came = head_len..filled;
    loop {
        let mut input = &mut read[came];
        while let Some(incoming) = messages.next(&mut connection, &mut input, &mut out)? {
            match incoming {
                Incoming::Text(text) => connection.send(text, &mut out)?,
                Incoming::Binary(bytes) => connection.send(&*bytes, &mut out)?,
                _ => {}
            }
        }
        stdout.write_all(&out)?;
        stdout.flush()?;
        out.clear();
        let n = stdin.read(&mut read)?;
        if n == 0 {
            return Ok(());
        }
        came = 0..n;
    }
}
