//! Wrong subjects, servers and clients: what is wrong with each is found by the lint for it.

#[path = "support/examining.rs"]
#[allow(dead_code)]
mod examining;
#[path = "support/ours/mod.rs"]
#[allow(dead_code)]
mod ours;
#[path = "support/planted.rs"]
#[allow(dead_code)]
mod planted;

use examining::{examine, found};
use planted::Wrong;
use wsspec::case::Role;
use wsspec::memory::Field;
use wsspec::wire::deflate::{Block, Token, block};
use wsspec::wire::frame::{Form, header};

fn fires(role: Role, wrong: Wrong, lint: &str) {
    let families = [
        "frames-basic",
        "ping",
        "close",
        "server-line",
        "server-version",
        "deflate-data",
        "client-open",
        "client-accept",
    ];
    let results = examine(role, wrong, &families);
    let (_, lints) = found(&results);
    assert!(lints.contains(lint), "{}: expected {lint} among {lints:?}", role.name());
}

/// Changes each frame that leaves with this opcode.
macro_rules! out {
    ($opcode:expr, $change:expr) => {
        Wrong::Out(|frames| {
            for frame in frames.iter_mut().filter(|frame| frame[0] & 15 == $opcode) {
                let change: fn(&mut Vec<u8>) = $change;
                change(frame);
            }
        })
    };
}

#[test]
fn lints_of_servers_frames_fire() {
    lints_of_frames_fire(Role::Server);
}

#[test]
fn lints_of_clients_frames_fire() {
    lints_of_frames_fire(Role::Client);
}

fn lints_of_frames_fire(role: Role) {
    fires(role, out!(1, |frame| frame[0] |= 0x20), "rsv");
    fires(role, out!(10, |frame| frame[0] |= 0x10), "rsv");
    fires(role, out!(1, |frame| frame[0] |= 0x40), "rsv");
    fires(role, out!(10, |frame| frame[0] |= 0x40), "rsv1");
    fires(role, out!(1, |frame| frame[0] = frame[0] & 0xf0 | 3), "opcode");
    fires(role, out!(10, |frame| frame[0] &= 0x7f), "control-fragment");
    fires(role, out!(1, |frame| frame[0] &= 0xf0), "sequence");
    fn masked(frame: &mut Vec<u8>) {
        if frame[1] < 126 {
            frame[1] |= 0x80;
            frame.splice(2..2, [0; 4]);
        }
    }
    if role == Role::Server {
        fires(role, out!(1, masked), "server-mask");
    }
    fn longer(frame: &mut Vec<u8>) {
        if frame[1] < 126 {
            let len = std::mem::replace(&mut frame[1], 126);
            frame.splice(2..2, [0, len]);
        }
    }
    fires(role, out!(1, longer), "length");
    fn not_utf8(frame: &mut [u8]) {
        if let [0x81, 1..126, .., last] = frame {
            *last = 0xff;
        }
    }
    fires(role, out!(1, |frame| not_utf8(frame)), "text");
    fires(role, out!(8, |frame| *frame = vec![0x88, 2, 3, 237]), "close-code");
    fires(role, out!(8, |frame| *frame = vec![0x88, 1, 3]), "close-body");
    fires(role, out!(8, |frame| *frame = vec![0x88, 3, 3, 232, 0xff]), "close-reason");
    fires(role, out!(8, |frame| frame.extend([0x8a, 0])), "after-close");
    fires(role, out!(8, |frame| frame.extend([0x81, 5, b'H'])), "unfinished");
    fn too_long(frame: &mut Vec<u8>) {
        *frame = [&[0x8a, 126, 0, 126][..], &[0; 126]].concat();
    }
    fires(role, out!(10, too_long), "control-size");
    fires(role, out!(1, |frame| *frame = vec![0x81, 127, 0x80, 0, 0, 0, 0, 0, 0, 0, b'H']), "top-bit");
}

#[test]
fn lints_of_masks_fire() {
    fires(Role::Client, Wrong::Mask(|_| None), "client-mask");
    fires(Role::Client, Wrong::Mask(|_| Some([1, 2, 3, 4])), "fresh-key");
}

#[test]
fn lints_of_compressed_data_fire() {
    // Stored blocks: one that is cut off, and one that is none.
    let cut = out!(1, |frame| *frame = vec![0xc1, 3, 0x00, 0x05, 0x00]);
    let copy = out!(1, |frame| *frame = vec![0xc1, 5, 0xf2, 0x00, 0x11, 0x00, 0x00]);
    for role in [Role::Server, Role::Client] {
        fires(role, cut, "deflate");
        let results = examine(role, copy, &["deflate-data", "deflate-window"]);
        let lint = if role == Role::Server { "takeover-server" } else { "takeover-client" };
        let (_, lints) = found(&results);
        assert!(lints.contains("deflate") && lints.contains(lint), "{lints:?}");
    }
}

#[test]
fn lints_of_requests_fire() {
    fn asks(change: fn(String) -> String, lint: &str) {
        fires(Role::Client, Wrong::Request(change), lint);
    }
    asks(|head| head.replacen("\r\nUpgrade:", "\nUpgrade:", 1), "request-syntax");
    asks(|head| head.replacen("GET ", "POST ", 1), "request-method");
    asks(|head| head.replacen("HTTP/1.1", "HTTP/1.0", 1), "request-version");
    asks(|head| head.replacen("GET /", "GET /#", 1), "request-target");
    asks(|head| head.replacen("GET /", "GET ", 1), "request-target");
    asks(|head| head.replacen("Host:", "Toast:", 1), "request-host");
    asks(|head| head.replacen("Upgrade: websocket", "Upgrade: h2c", 1), "request-upgrade");
    asks(|head| head.replacen("Connection: Upgrade", "Connection: close", 1), "request-connection");
    asks(|head| head.replacen("Sec-WebSocket-Key: ", "Sec-WebSocket-Key: A", 1), "request-key");
    asks(|head| head.replacen("\r\n\r\n", "\r\nSec-WebSocket-Key: x\r\n\r\n", 1), "request-key-once");
    asks(|head| head.replacen("Version: 13", "Version: 14", 1), "request-ws-version");
    asks(|head| head.replacen("Protocol: chat", "Protocol: c hat", 1), "request-protocol");
    asks(|head| head.replacen("Protocol: chat", "Protocol: chat, chat", 1), "request-protocol-unique");
    asks(|head| head.replacen("permessage-deflate", "a b", 1), "request-extensions");
    asks(|head| head.replacen("permessage-deflate", "permessage-deflate; foo", 1), "deflate-offer");
    fires(Role::Client, Wrong::Early, "early-data");
}

#[test]
fn lints_of_responses_fire() {
    fires(Role::Server, Wrong::Response(|head| head.replacen("HTTP/1.1 101", "HTTP/1.0 101", 1)), "status-line");
    fires(Role::Server, Wrong::Response(|head| head.replacen("\r\nUpgrade:", "\nUpgrade:", 1)), "response-syntax");
    fires(
        Role::Server,
        Wrong::Response(|head| head.replacen("Upgrade: websocket", "Upgrade: h2c", 1)),
        "response-upgrade",
    );
    fires(
        Role::Server,
        Wrong::Response(|head| head.replacen("Connection: Upgrade", "Connection: close", 1)),
        "response-connection",
    );
    fires(
        Role::Server,
        Wrong::Response(|head| head.replacen("Sec-WebSocket-Accept: ", "Sec-WebSocket-Accept: A", 1)),
        "accept",
    );
    let twice = |head: String| head.replacen("\r\n\r\n", "\r\nSec-WebSocket-Accept: x\r\n\r\n", 1);
    fires(Role::Server, Wrong::Response(twice), "accept-once");
    let protocol = |head: String| head.replacen("\r\n\r\n", "\r\nSec-WebSocket-Protocol: x\r\n\r\n", 1);
    fires(Role::Server, Wrong::Response(protocol), "response-protocol");
    let protocols = |head: String| {
        head.replacen("\r\n\r\n", "\r\nSec-WebSocket-Protocol: x\r\nSec-WebSocket-Protocol: y\r\n\r\n", 1)
    };
    fires(Role::Server, Wrong::Response(protocols), "protocol-once");
    let extension = |head: String| head.replacen("\r\n\r\n", "\r\nSec-WebSocket-Extensions: foo\r\n\r\n", 1);
    fires(Role::Server, Wrong::Response(extension), "extension-unasked");
    let syntax = |head: String| head.replacen("\r\n\r\n", "\r\nSec-WebSocket-Extensions: a b\r\n\r\n", 1);
    fires(Role::Server, Wrong::Response(syntax), "extension-syntax");
    let parameter = |head: String| head.replace("permessage-deflate", "permessage-deflate; foo");
    fires(Role::Server, Wrong::Response(parameter), "deflate-answer");
    let no_upgrade = |head: String| {
        if head.contains(" 426 ") { head.replace("Upgrade: websocket\r\n", "") } else { head }
    };
    fires(Role::Server, Wrong::Response(no_upgrade), "upgrade-426");
    let shorter = |head: String| {
        let lines =
            head.split("\r\n").map(|line| if line.starts_with("Content-Length:") { "Content-Length: 1" } else { line });
        lines.collect::<Vec<_>>().join("\r\n")
    };
    fires(Role::Server, Wrong::Response(shorter), "content-length");
    let longer = |head: String| head.replacen("Content-Length: ", "Content-Length: 9", 1);
    fires(Role::Server, Wrong::Response(longer), "content-length");
    fires(Role::Server, Wrong::Response(|head| head.replacen(" 400 ", " 405 ", 1)), "allow");
}

#[test]
fn each_lint_is_made_to_fire() {
    // Each test that says so has seen it.
    let tests = include_str!("planted_lints.rs");
    let quoted = |name: &str| tests.contains(&format!("\"{name}\""));
    let never: Vec<&str> = wsspec::lint::all().map(|lint| lint.name).filter(|name| !quoted(name)).collect();
    assert_eq!(never, [""; 0]);
}

#[test]
fn lints_of_windows_fire() {
    /// A copy from 257 bytes before.
    fn far(first: u8) -> Vec<u8> {
        let tokens = [vec![Token::Literal(b'x'); 257], vec![Token::Copy { len: 3, distance: 257 }]].concat();
        let payload = block(Block::Fixed, &tokens).unwrap();
        let len = payload.len() as u64;
        [header(first, Form::shortest(len), len, None), payload].concat()
    }
    for (role, lint) in [(Role::Server, "window-server"), (Role::Client, "window-client")] {
        let results = examine(role, out!(2, |frame| *frame = far(0xc2)), &["deflate-window"]);
        let (_, lints) = found(&results);
        assert!(lints.contains(lint), "{lints:?}");
    }
}

#[test]
fn lints_of_connect_heads_fire() {
    fn sends(role: Role, change: fn(&mut Vec<Field>), lint: &str) {
        let results = examine(role, Wrong::Fields(change), &["connect"]);
        let (_, lints) = found(&results);
        assert!(lints.contains(lint), "expected {lint} among {lints:?}");
    }
    fn set(fields: &mut Vec<Field>, name: &str, value: &str) {
        fields.retain(|field| field.0 != name);
        fields.push((name.to_owned(), value.as_bytes().to_vec()));
    }
    sends(Role::Client, |fields| set(fields, ":method", "GET"), "connect-method");
    sends(Role::Client, |fields| set(fields, ":protocol", "websocket2"), "connect-method");
    sends(Role::Client, |fields| fields.retain(|field| field.0 != ":path"), "connect-scheme-path");
    sends(Role::Client, |fields| set(fields, ":scheme", "wss"), "connect-scheme");
    sends(Role::Client, |fields| set(fields, "host", "a"), "connect-authority");
    sends(Role::Client, |fields| set(fields, "upgrade", "websocket"), "connect-hop");
    sends(Role::Client, |fields| set(fields, "sec-websocket-version", "14"), "request-ws-version");
    sends(Role::Client, |fields| set(fields, "X-Upper", "case"), "connect-lowercase");
    sends(Role::Server, |fields| set(fields, "X-Upper", "case"), "connect-lowercase");
    sends(Role::Server, |fields| set(fields, "sec-websocket-extensions", "foo"), "extension-unasked");
}
