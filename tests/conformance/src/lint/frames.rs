//! Lints for frames.

use super::{Connection, Lint, Notes, must, should};
use crate::case::Role;
use crate::wire::frame::Form;
use crate::wire::inflate::InflateError;

static CLIENT_MASK: Lint = must("client-mask", "6455-5.1-client-masks");
static SERVER_MASK: Lint = must("server-mask", "6455-5.1-server-no-mask");
static FRESH_KEY: Lint = must("fresh-key", "6455-5.3-fresh-key");
static LENGTH: Lint = must("length", "6455-5.2-len-minimal-sent");
static TOP_BIT: Lint = must("top-bit", "6455-5.2-len-top-bit");
static RSV: Lint = must("rsv", "6455-5.2-rsv-sent");
static RSV1: Lint = must("rsv1", "7692-6.1-rsv1-not-sent");
static OPCODE: Lint = must("opcode", "6455-5.2-opcode");
static CONTROL_SIZE: Lint = must("control-size", "6455-5.5-125-sent");
static CONTROL_FRAGMENT: Lint = must("control-fragment", "6455-5.5-not-fragmented");
static SEQUENCE: Lint = must("sequence", "6455-6.1-fin");
static TEXT: Lint = must("text", "6455-5.6-text-sent");
static CLOSE_BODY: Lint = must("close-body", "6455-5.5.1-code");
static CLOSE_CODE: Lint = must("close-code", "6455-7.4.1-1005");
static CLOSE_REASON: Lint = must("close-reason", "6455-5.5.1-reason");
static AFTER_CLOSE: Lint = must("after-close", "6455-5.5.1-no-data-after");
static UNFINISHED: Lint = should("unfinished", "6455-7.1.1-clean");
static DEFLATE: Lint = must("deflate", "7692-7.2.1-deflate");
static WINDOW_SERVER: Lint = must("window-server", "7692-7.2.1-smwb");
static WINDOW_CLIENT: Lint = must("window-client", "7692-7.2.1-cmwb");
static TAKEOVER_SERVER: Lint = must("takeover-server", "7692-7.2.1-snct");
static TAKEOVER_CLIENT: Lint = must("takeover-client", "7692-7.2.1-cnct");

pub(super) const ALL: &[&Lint] = &[
    &CLIENT_MASK,
    &SERVER_MASK,
    &FRESH_KEY,
    &LENGTH,
    &TOP_BIT,
    &RSV,
    &RSV1,
    &OPCODE,
    &CONTROL_SIZE,
    &CONTROL_FRAGMENT,
    &SEQUENCE,
    &TEXT,
    &CLOSE_BODY,
    &CLOSE_CODE,
    &CLOSE_REASON,
    &AFTER_CLOSE,
    &UNFINISHED,
    &DEFLATE,
    &WINDOW_SERVER,
    &WINDOW_CLIENT,
    &TAKEOVER_SERVER,
    &TAKEOVER_CLIENT,
];

pub(super) fn check(connection: &Connection<'_>, notes: &mut Notes) {
    let client = connection.role == Role::Client;
    let mut begun: Option<(bool, bool, Vec<u8>)> = None;
    let (mut key_before, mut closed) = (None, false);
    for frame in connection.frames {
        match (client, frame.key) {
            (true, None) => notes.add(&CLIENT_MASK, "a frame without a mask"),
            (false, Some(_)) => notes.add(&SERVER_MASK, "a frame with a mask"),
            (true, Some(key)) => {
                // One key in 2^32 comes twice by chance.
                if key_before == Some(key) {
                    notes.add(&FRESH_KEY, format!("the key {key:02x?} in two frames, one after the other"));
                }
                key_before = Some(key);
            }
            (false, None) => {}
        }
        if frame.form != Form::shortest(frame.len) {
            notes.add(&LENGTH, format!("a length of {} not in its shortest form", frame.len));
        }
        if closed && frame.opcode != 8 {
            notes.add(&AFTER_CLOSE, format!("a frame with opcode {:#x} after a Close", frame.opcode));
        }
        let may_compress = matches!(frame.opcode, 1 | 2) && connection.deflate.is_some();
        if frame.rsv & 3 != 0 || frame.rsv & 4 != 0 && connection.deflate.is_none() {
            notes.add(&RSV, format!("RSV bits {:03b} that nothing defines", frame.rsv));
        } else if frame.rsv & 4 != 0 && !may_compress {
            notes.add(&RSV1, format!("RSV1 on a frame with opcode {:#x}", frame.opcode));
        }
        match frame.opcode {
            0..=2 => {
                let starts = frame.opcode != 0;
                if starts == begun.is_some() {
                    notes.add(&SEQUENCE, "fragments that are out of order");
                }
                if starts {
                    begun = Some((frame.opcode == 1, frame.rsv & 4 != 0, Vec::new()));
                }
                if let Some((text, compressed, data)) = &mut begun {
                    data.extend(&frame.payload);
                    if frame.fin && *text && !*compressed && std::str::from_utf8(data).is_err() {
                        notes.add(&TEXT, "a text message that is not UTF-8");
                    }
                }
                if frame.fin {
                    begun = None;
                }
            }
            8..=10 => {
                if frame.len > 125 {
                    notes.add(&CONTROL_SIZE, format!("a control frame of {} bytes", frame.len));
                }
                if !frame.fin {
                    notes.add(&CONTROL_FRAGMENT, "a control frame without FIN");
                }
                if frame.opcode == 8 {
                    closed = true;
                    close(&frame.payload, notes);
                }
            }
            opcode => notes.add(&OPCODE, format!("the reserved opcode {opcode:#x}")),
        }
    }
    // Nobody sends so much: what is there of such a frame is its header.
    if matches!(connection.rest, [_, 127 | 255, 0x80..=0xff, ..]) {
        notes.add(&TOP_BIT, "a length with its most significant bit set");
    }
    if connection.unfinished {
        notes.add(&UNFINISHED, "the end of the connection within a frame");
    }
    let (window, takeover) =
        if client { (&WINDOW_CLIENT, &TAKEOVER_CLIENT) } else { (&WINDOW_SERVER, &TAKEOVER_SERVER) };
    let parameters = connection.deflate.map(|d| if client { d.from_client() } else { d.from_server() });
    match connection.bad_deflate {
        Some(error @ InflateError::Distance { .. }) => notes.add(window, error.to_string()),
        Some(error @ InflateError::NoSuchHistory { .. }) if parameters.is_some_and(|p| !p.takeover) => {
            notes.add(takeover, error.to_string());
        }
        Some(error) => notes.add(&DEFLATE, error.to_string()),
        None => {}
    }
}

fn close(payload: &[u8], notes: &mut Notes) {
    match payload {
        [] => {}
        [_] => notes.add(&CLOSE_BODY, "a Close with a body of one byte"),
        [high, low, reason @ ..] => {
            let code = u16::from_be_bytes([*high, *low]);
            if !matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999) {
                notes.add(&CLOSE_CODE, format!("a Close with {code}"));
            }
            if std::str::from_utf8(reason).is_err() {
                notes.add(&CLOSE_REASON, "a Close whose reason is not UTF-8");
            }
        }
    }
}
