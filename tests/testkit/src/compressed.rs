//! Two ends that have agreed on permessage-deflate, and what the client hears.

use websocket_proto::extension::deflate::DeflateParams;
use websocket_proto::{Client, Connection, Incoming, Limits, Messages, Negotiated, ProtocolError, Server};

pub type Keys = websocket_proto::FnKeys<fn() -> [u8; 4]>;

pub fn agreed(params: DeflateParams) -> Negotiated {
    Negotiated::elsewhere().with_deflate(params)
}

/// The receiving side is a client: the frames of its peer are not masked.
pub fn client_with(params: DeflateParams, limits: &Limits) -> Connection<Client<Keys>> {
    Connection::new(agreed(params), Client::from_fn(|| [1, 2, 3, 4]), limits)
}

pub fn server_with(params: DeflateParams) -> Connection<Server> {
    Connection::new(agreed(params), Server, &Limits::default())
}

#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Got {
    Text(String),
    Binary(Vec<u8>),
    Ping,
    Failed(ProtocolError),
}

/// What comes of these bytes, cut into pieces.
pub fn receive_by(params: DeflateParams, limits: &Limits, bytes: &[u8], piece_len: usize) -> Vec<Got> {
    let (mut connection, mut messages) = (client_with(params, limits), Messages::new());
    let (mut got, mut out) = (Vec::new(), Vec::new());
    for piece in bytes.chunks(piece_len) {
        let mut piece = piece.to_vec();
        let mut input = &mut piece[..];
        loop {
            match messages.next(&mut connection, &mut input, &mut out) {
                Ok(None) => break,
                Ok(Some(Incoming::Text(text))) => got.push(Got::Text(text.to_string())),
                Ok(Some(Incoming::Binary(bytes))) => got.push(Got::Binary(bytes.to_vec())),
                Ok(Some(Incoming::Ping(_))) => got.push(Got::Ping),
                Ok(Some(other)) => panic!("{other:?}"),
                Err(error) => {
                    got.push(Got::Failed(error));
                    let code = u16::from(error.close_code()).to_be_bytes();
                    let close = [&[0x88, 0x82, 1, 2, 3, 4][..], &[code[0] ^ 1, code[1] ^ 2]].concat();
                    assert!(out.ends_with(&close), "the Close says why: {out:02x?}");
                    return got;
                }
            }
        }
    }
    got
}

/// The same, checked for every way to cut the bytes into equal pieces.
pub fn receive(bytes: &[u8]) -> Vec<Got> {
    let all = receive_by(DeflateParams::default(), &Limits::default(), bytes, usize::MAX);
    for piece_len in 1..bytes.len().min(50) {
        assert_eq!(receive_by(DeflateParams::default(), &Limits::default(), bytes, piece_len), all, "by {piece_len}");
    }
    all
}
