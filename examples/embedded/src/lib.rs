//! A WebSocket client for microcontrollers: no `std`, no allocator, any transport of `embedded-io-async`, two buffers of 1 KiB.
//!
//! It says hello, and sends back what the server sends, piece by piece as it comes, so that messages may be of any length. Time is the
//! executor's: put its time-out around the whole, and its `select` with a timer around the read, to send a Ping when nothing comes.
#![no_std]
#![forbid(unsafe_code)]

use embedded_io_async::{Read, Write};
use websocket_proto::handshake::{Answer, ClientRequest, ResponseError, StartError};
use websocket_proto::wire::FixedOutput;
use websocket_proto::{Client, Connection, Event, Limits, MaskingKeys, ProtocolError, SendError, Transport};

#[derive(Debug)]
pub enum Error<E> {
    Io(E),
    /// The transport ended before both Close frames had passed.
    Eof,
    Request(StartError),
    Response(ResponseError),
    /// The server answered with this status.
    Refused(u16),
    Protocol(ProtocolError),
    Send(SendError),
}

/// Talks over a transport that is connected to the server, until the server closes; `nonce` and `keys` are random (§4.1, §5.3).
pub async fn talk<T: Read + Write>(
    mut io: T,
    request: ClientRequest<'_>,
    nonce: [u8; 16],
    keys: impl MaskingKeys,
) -> Result<(), Error<T::Error>> {
    let (mut read, mut out) = ([0; 1024], [0; 1200]);
    let (mut out, limits) = (FixedOutput::new(&mut out), Limits::DEFAULT.with_max_head_len(read.len()));
    let mut handshake = request.start(nonce, &limits, &mut out).map_err(Error::Request)?;
    let mut end = 0;
    write(&mut io, &mut out).await?;
    let (negotiated, head_len) = loop {
        end += match io.read(&mut read[end..]).await.map_err(Error::Io)? {
            0 => return Err(Error::Eof),
            n => n,
        };
        match handshake.receive(&read[..end]).map_err(Error::Response)? {
            None => {}
            Some(Answer::Open(response)) => break (response.negotiated(), response.head_len()),
            Some(Answer::Refused(response)) => return Err(Error::Refused(response.status())),
        }
    };

    let mut connection = Connection::new(negotiated, Client::new(keys), &limits);
    connection.send("Hello from a small machine", &mut out).map_err(Error::Send)?;
    let mut input = &mut read[head_len..end]; // what came after the head are frames already
    loop {
        write(&mut io, &mut out).await?;
        match (connection.failure(), connection.transport()) {
            (Some(error), _) => return Err(Error::Protocol(error)),
            (None, Transport::AwaitEof) => return Ok(()), // to be read to its end, and closed
            _ => {}
        }
        let echoed = match connection.receive(&mut input) {
            Ok(Some(Event::Text(text, part))) => connection.send_part(text, part, &mut out),
            Ok(Some(Event::Char(char, part))) => connection.send_part(&*char.encode_utf8(&mut [0; 4]), part, &mut out),
            Ok(Some(Event::Binary(bytes, part))) => connection.send_part(&*bytes, part, &mut out),
            Ok(Some(_)) | Err(_) => Ok(()), // their answers wait in the connection
            Ok(None) => {
                // All was taken, so the buffer is free again.
                input = match io.read(&mut read).await.map_err(Error::Io)? {
                    0 => return Err(Error::Eof),
                    n => &mut read[..n],
                };
                Ok(())
            }
        };
        echoed.and_then(|()| connection.write_control(&mut out).map_err(SendError::OutputFull)).map_err(Error::Send)?;
    }
}

async fn write<T: Read + Write>(io: &mut T, out: &mut FixedOutput<'_>) -> Result<(), Error<T::Error>> {
    if !out.written().is_empty() {
        io.write_all(out.written()).await.map_err(Error::Io)?;
        io.flush().await.map_err(Error::Io)?;
        out.clear();
    }
    Ok(())
}
