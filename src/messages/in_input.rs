//! Messages that lie in the input whole, and are lent from there.

use super::Incoming;
use super::incoming::Found;
use crate::connection::{Connection, Role, Whole};
use crate::kernel::{self, Tail};
use crate::wire::{MessageKind, Output, ProtocolError};

/// A text message that lies in the input whole and is not ASCII; its failure writes its Close like any other.
pub(super) fn whole_text<'i, R: Role>(
    connection: &mut Connection<R>,
    payload: &'i mut [u8],
    key: u32,
    input: &mut &mut [u8],
    out: &mut impl Output,
) -> Result<Option<Incoming<'i>>, ProtocolError> {
    match validated(connection, payload, key) {
        Ok(text) => Ok(Some(Incoming::Text(text))),
        Err(error) => {
            *input = &mut [];
            let _ = connection.write_control(out);
            Err(error)
        }
    }
}

/// A message that lies in the input whole.
pub(super) fn whole<'i, R: Role>(
    connection: &mut Connection<R>,
    message: Whole<'i>,
) -> Result<Found<'i>, ProtocolError> {
    let Whole { kind, payload, key } = message;
    match kind {
        MessageKind::Text => validated(connection, payload, key).map(Found::Text),
        MessageKind::Binary => {
            kernel::xor(connection.level(), payload, key);
            Ok(Found::Binary(payload))
        }
    }
}

fn validated<'i, R: Role>(
    connection: &mut Connection<R>,
    payload: &'i mut [u8],
    key: u32,
) -> Result<&'i str, ProtocolError> {
    let text = kernel::unmask_text(connection.level(), payload, key);
    match text.tail {
        Tail::Complete => Ok(text.valid),
        Tail::Cut(_) | Tail::Invalid => Err(connection.fail_text(text.valid.len())),
    }
}
