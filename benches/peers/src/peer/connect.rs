//! The client's handshake. The transport answers each request as a server, which takes the same time for all; the floor is that.

use std::hint::black_box;
use std::io::{Read, Write};

use soketto::handshake::client::{Client as SokettoClient, ServerResponse};
use tokio_websockets::ClientBuilder;
use websocket_proto::handshake::{Answer, ClientRequest};
use websocket_proto::{Client, Connection, RandomKeys};

use super::ours::LIMITS;
use super::{Failure, Peer};
use crate::transport::{ReadBuffer, Transport, block_on};

type Connecting = fn(&mut Transport, u64) -> Result<(), Failure>;

/// Connects so many times.
pub fn of(peer: &Peer) -> Option<Connecting> {
    ALL.iter().find(|(name, _)| *name == peer.name).map(|(_, connect)| *connect)
}

const ALL: [(&str, Connecting); 6] = [
    ("floor: the copies only", floor),
    ("Connection", ours),
    ("tungstenite", tungstenite),
    ("tokio-websockets", tokio_websockets),
    ("soketto", soketto),
    ("sockudo-ws", sockudo),
];

const HOST: &str = "server.example.com";
const PATH: &str = "/chat";
const URL: &str = "ws://server.example.com/chat";

/// The least request that gets an answer.
const REQUEST: &[u8] = b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

fn floor(transport: &mut Transport, times: u64) -> Result<(), Failure> {
    let mut read = ReadBuffer::new();
    for _ in 0..times {
        transport.write_all(REQUEST)?;
        black_box(transport.read(&mut read.0)?);
    }
    Ok(())
}

fn ours(transport: &mut Transport, times: u64) -> Result<(), Failure> {
    let (mut read, mut out, mut keys) = (ReadBuffer::new(), Vec::new(), RandomKeys::from_os()?);
    for _ in 0..times {
        out.clear();
        let mut handshake = ClientRequest::new(HOST, PATH).start(keys.nonce(), &LIMITS, &mut out)?;
        transport.write_all(&out)?;
        let n = transport.read(&mut read.0)?;
        match handshake.receive(&read.0[..n])? {
            Some(Answer::Open(response)) => {
                let role = Client::from_fn(|| [1, 2, 3, 4]); // its keys cost as much for one connection as for a thousand
                black_box(Connection::new(response.negotiated(), role, &LIMITS));
            }
            _ => return Err("not open".into()),
        }
    }
    Ok(())
}

fn tungstenite(transport: &mut Transport, times: u64) -> Result<(), Failure> {
    for _ in 0..times {
        match tungstenite::client(URL, &mut *transport) {
            Ok(connected) => drop(black_box(connected)),
            Err(error) => return Err(Failure(error.to_string())),
        }
    }
    Ok(())
}

fn tokio_websockets(transport: &mut Transport, times: u64) -> Result<(), Failure> {
    let builder = ClientBuilder::new().uri(URL)?;
    block_on(async {
        for _ in 0..times {
            drop(black_box(builder.connect_on(&mut *transport).await?));
        }
        Ok(())
    })
}

fn soketto(transport: &mut Transport, times: u64) -> Result<(), Failure> {
    block_on(async {
        for _ in 0..times {
            let mut client = SokettoClient::new(&mut *transport, HOST, PATH);
            match client.handshake().await? {
                ServerResponse::Accepted { .. } => drop(black_box(client.into_builder().finish())),
                _ => return Err("not accepted".into()),
            }
        }
        Ok(())
    })
}

fn sockudo(transport: &mut Transport, times: u64) -> Result<(), Failure> {
    block_on(async {
        for _ in 0..times {
            drop(black_box(sockudo_ws::handshake::client_handshake(&mut *transport, HOST, PATH, None).await?));
        }
        Ok(())
    })
}
