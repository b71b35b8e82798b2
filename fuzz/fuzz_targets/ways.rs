//! Every way to send a message.

use arbitrary::Arbitrary;
use websocket_proto::extension::deflate::Deflater;
use websocket_proto::{
    Client, Connection, MaskingKeys, Message, MessageKind, Part, Prepared, PreparedForm, Role, SendError, Server,
    wire::EncodedHeader,
};

/// A call that sends.
#[derive(Arbitrary, Clone, Copy, Debug)]
pub enum Way {
    Send,
    /// `send_bytes`: text that may be cut anywhere.
    Bytes,
    Compressed,
    CompressedWhole,
    /// By a compressor that was not made by this connection.
    Foreign,
    /// A server's `send_header`, a client's `send_in_place`: the payload is the caller's to write.
    Header,
    /// A server's broadcast, as it is and compressed.
    Prepared,
    PreparedCompressed,
    PreparedForeign,
}

impl Way {
    /// Whether a message can be sent in parts so.
    pub fn takes_parts(self) -> bool {
        match self {
            Self::Send | Self::Bytes | Self::Compressed | Self::Foreign | Self::Header => true,
            Self::CompressedWhole | Self::Prepared | Self::PreparedCompressed | Self::PreparedForeign => false,
        }
    }
}

/// What only a server or only a client can do.
pub trait Sends: Role + Sized {
    /// A header, with the payload made ready to be written after it.
    fn header(
        connection: &mut Connection<Self>,
        kind: MessageKind,
        payload: &mut [u8],
        part: Part,
    ) -> Option<Result<EncodedHeader, SendError>>;

    fn prepared(connection: &mut Connection<Self>, message: &Prepared) -> Option<Result<PreparedForm, SendError>>;
}

impl Sends for Server {
    fn header(
        connection: &mut Connection<Self>,
        kind: MessageKind,
        payload: &mut [u8],
        part: Part,
    ) -> Option<Result<EncodedHeader, SendError>> {
        // The caller vouches that text is UTF-8, so only such text is sent so.
        let message = message(kind, payload)?;
        Some(connection.send_header(message, part))
    }

    fn prepared(connection: &mut Connection<Self>, message: &Prepared) -> Option<Result<PreparedForm, SendError>> {
        Some(connection.send_prepared(message))
    }
}

impl<K: MaskingKeys> Sends for Client<K> {
    fn header(
        connection: &mut Connection<Self>,
        kind: MessageKind,
        payload: &mut [u8],
        part: Part,
    ) -> Option<Result<EncodedHeader, SendError>> {
        let before = payload.to_vec();
        let sent = connection.send_in_place(kind, payload, part);
        assert!(sent.is_ok() || payload == before, "what fails leaves the payload as it was");
        Some(sent)
    }

    fn prepared(_: &mut Connection<Self>, _: &Prepared) -> Option<Result<PreparedForm, SendError>> {
        None
    }
}

/// Sends, or answers `None` where there is no such call: for this role, or for text that is not UTF-8.
pub fn send<R: Sends>(
    connection: &mut Connection<R>,
    way: Way,
    kind: MessageKind,
    payload: &[u8],
    part: Part,
    [own, foreign]: [&mut Deflater; 2],
    wire: &mut Vec<u8>,
) -> Option<Result<(), SendError>> {
    let prepared = match way {
        Way::Bytes => return Some(connection.send_bytes(kind, payload, part, wire)),
        Way::Send => return Some(connection.send_part(message(kind, payload)?, part, wire)),
        Way::Compressed => return Some(connection.send_compressed_part(message(kind, payload)?, part, own, wire)),
        Way::CompressedWhole => return Some(connection.send_compressed(message(kind, payload)?, own, wire)),
        Way::Foreign => return Some(connection.send_compressed_part(message(kind, payload)?, part, foreign, wire)),
        Way::Header => {
            let mut payload = payload.to_vec();
            let header = R::header(connection, kind, &mut payload, part)?;
            return Some(header.map(|header| {
                wire.extend_from_slice(&header);
                wire.extend_from_slice(&payload);
            }));
        }
        Way::Prepared => Prepared::new(message(kind, payload)?),
        Way::PreparedCompressed => Prepared::compressed(message(kind, payload)?, own),
        Way::PreparedForeign => Prepared::compressed(message(kind, payload)?, foreign),
    };
    let prepared = prepared.expect("not of 2^63 bytes");
    let form = R::prepared(connection, &prepared)?;
    Some(form.map(|form| wire.extend_from_slice(prepared.frame(form))))
}

fn message(kind: MessageKind, payload: &[u8]) -> Option<Message<'_>> {
    Some(match kind {
        MessageKind::Text => Message::Text(std::str::from_utf8(payload).ok()?),
        MessageKind::Binary => Message::Binary(payload),
    })
}
