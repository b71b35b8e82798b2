//! What both sides do once the connection is open; it knows nothing of the stack below.

use std::io;
use std::time::Duration;

use tokio::time::timeout;
use websocket_proto::extension::deflate::Effort;
use websocket_proto::{
    Client, CloseCode, Connection, Ending, Incoming, Limits, Messages, Negotiated, RandomKeys, Server, Transport,
};

use crate::wire::Wire;

/// Sends each message back, compressed where that is agreed on, until the connection ends.
///
/// # Errors
///
/// Those of the wire, and a violation by the peer; after a violation the peer was told.
pub async fn echo(negotiated: Negotiated, mut wire: impl Wire) -> io::Result<Ending> {
    let mut connection = Connection::new(negotiated, Server, &Limits::default());
    let mut deflater = connection.deflater(Effort::FAST);
    let (mut messages, mut read, mut out) = (Messages::new(), Vec::new(), Vec::new());
    loop {
        read.clear();
        if wire.read(&mut read).await? == 0 {
            return Ok(connection.receive_eof());
        }
        let mut input = &mut read[..];
        let failed = loop {
            let sent = match messages.next(&mut connection, &mut input, &mut out) {
                Ok(Some(Incoming::Text(text))) => match &mut deflater {
                    Some(deflater) => connection.send_compressed(text, deflater, &mut out),
                    None => connection.send(text, &mut out),
                },
                Ok(Some(Incoming::Binary(bytes))) => match &mut deflater {
                    Some(deflater) => connection.send_compressed(&*bytes, deflater, &mut out),
                    None => connection.send(&*bytes, &mut out),
                },
                Ok(Some(_)) => Ok(()),
                Ok(None) => break None,
                Err(error) => break Some(error),
            };
            sent.map_err(io::Error::other)?;
        };
        wire.write(&out).await?;
        out.clear();
        if connection.transport() != Transport::KeepOpen {
            wire.finish().await?;
            return failed.map_or_else(|| Ok(connection.receive_eof()), |error| Err(io::Error::other(error)));
        }
    }
}

/// Sends three messages to a server that sends each back, compares, and closes.
///
/// The third is text that compresses well, and goes compressed where that is agreed on.
///
/// # Errors
///
/// Those of the wire, a violation by the peer, an answer that differs, and an end that is not clean.
pub async fn talk(negotiated: Negotiated, mut wire: impl Wire) -> io::Result<()> {
    let mut connection = Connection::new(negotiated, Client::new(random_keys()?), &Limits::default());
    let mut deflater = connection.deflater(Effort::FAST);
    let (mut messages, mut read, mut out) = (Messages::new(), Vec::new(), Vec::new());
    let (binary, long) = (vec![7; 300_000], "all work and no play ".repeat(5000));
    connection.send("Grüße", &mut out).map_err(io::Error::other)?;
    connection.send(&binary, &mut out).map_err(io::Error::other)?;
    connection.ping(b"still there?", &mut out).map_err(io::Error::other)?;
    match &mut deflater {
        Some(deflater) => connection.send_compressed(&long, deflater, &mut out),
        None => connection.send(&long, &mut out),
    }
    .map_err(io::Error::other)?;

    let mut seen = Vec::new();
    loop {
        if seen == ["Grüße", "binary", "Pong", "long"] || seen == ["Grüße", "Pong", "binary", "long"] {
            connection.close(CloseCode::NORMAL).map_err(io::Error::other)?;
            connection.write_control(&mut out).map_err(io::Error::other)?;
            seen.push("Close sent");
        }
        wire.write(&out).await?;
        out.clear();
        if matches!(connection.transport(), Transport::HalfClose | Transport::Close) {
            wire.finish().await?;
        }
        read.clear();
        if connection.transport() == Transport::AwaitEof {
            // §7.1.1: the client "SHOULD wait for the server to close the connection first", but not for ever.
            let _end = timeout(Duration::from_secs(1), wire.read(&mut read)).await;
            break;
        }
        if wire.read(&mut read).await? == 0 {
            break;
        }
        let mut input = &mut read[..];
        while let Some(incoming) = messages.next(&mut connection, &mut input, &mut out).map_err(io::Error::other)? {
            seen.push(match incoming {
                Incoming::Text("Grüße") => "Grüße",
                Incoming::Text(text) if text == long => "long",
                Incoming::Binary(bytes) if *bytes == *binary => "binary",
                Incoming::Pong(b"still there?") => "Pong",
                Incoming::Close(frame) if frame.code() == Some(CloseCode::NORMAL) => "Close",
                _ => "what was not expected",
            });
        }
    }
    // On a stream of HTTP/2 this side ends, too; a socket may be gone already.
    let _gone = wire.finish().await;
    match (seen.last(), connection.receive_eof()) {
        (Some(&"Close"), Ending::Clean) => Ok(()),
        (_, ending) => {
            Err(io::Error::other(format!("expected every answer and a clean end, found {seen:?}, {ending:?}")))
        }
    }
}

/// A client's source of masking keys and nonces.
///
/// # Errors
///
/// The operating system gives no seed.
pub fn random_keys() -> io::Result<RandomKeys> {
    RandomKeys::from_os().map_err(io::Error::other)
}
