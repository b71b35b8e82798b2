//! Wrong subjects, servers and clients: what is wrong with each is found by the cases of the rule that it breaks, or by that lint.

#[path = "support/ours/mod.rs"]
#[allow(dead_code)]
mod ours;
#[path = "support/planted.rs"]
mod planted;

use std::collections::BTreeSet;

use planted::{Planted, Wrong};
use wsspec::case::{Case, Library, Role};
use wsspec::exam::{Context, Grade};
use wsspec::memory::{Field, Subject};
use wsspec::suite::{CaseResult, Deliveries};
use wsspec::wire::deflate::{Block, Token, block};
use wsspec::wire::frame::{Form, header};

const WHOLE: Deliveries = Deliveries { bytes: false, cuts: false, random: 0, seed: 0 };

/// In these families.
fn examine(role: Role, wrong: Wrong, families: &[&str]) -> Vec<CaseResult> {
    examine_in(role, wrong, |case| families.contains(&&*case.family))
}

fn examine_in(role: Role, wrong: Wrong, takes: impl Fn(&Case) -> bool) -> Vec<CaseResult> {
    let mut library = Library::built_in().unwrap();
    library.cases.retain(takes);
    let context = Context { commands: false, url: false, ..ours::context() };
    let make = || -> Box<dyn Subject> {
        match role {
            Role::Server => Box::new(Planted::new(ours::Server::new(), role, wrong)),
            Role::Client => Box::new(Planted::new(ours::Client::new(), role, wrong)),
        }
    };
    wsspec::memory::run(&library, role, &context, &WHOLE, make)
}

/// The rules under which something fails, and the lints that fire.
fn found(results: &[CaseResult]) -> (BTreeSet<&str>, BTreeSet<&'static str>) {
    let fails = results.iter().filter(|result| matches!(result.grade, Grade::Fail | Grade::Crash));
    let lints = results.iter().flat_map(|result| &result.findings);
    (fails.map(|result| &*result.rule).collect(), lints.map(|finding| finding.lint.name).collect())
}

/// By each role that the rule binds.
fn breaks(wrong: Wrong, rule: &str) {
    let library = Library::built_in().unwrap();
    let binds = |role| library.cases.iter().any(|case| case.rule.id == rule && case.rule.roles.contains(role));
    let mut examined = 0;
    for role in [Role::Server, Role::Client].into_iter().filter(|&role| binds(role)) {
        let results = examine_in(role, wrong, |case| case.rule.id == rule);
        let (rules, lints) = found(&results);
        assert!(rules.contains(rule), "{}: expected {rule} among {rules:?}", role.name());
        assert!(lints.is_empty(), "{}: {lints:?}", role.name());
        examined += 1;
    }
    assert!(examined > 0, "expected a rule, found {rule}");
}

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

#[test]
fn nothing_between_changes_nothing() {
    for role in [Role::Server, Role::Client] {
        let results = examine_in(role, Wrong::In(|_| {}), |_| true);
        assert_eq!(found(&results), (BTreeSet::new(), BTreeSet::new()));
    }
}

#[test]
fn rsv_bits_that_are_overlooked() {
    breaks(Wrong::In(|header| header.first &= 0xcf), "6455-5.2-rsv-received");
}

#[test]
fn reserved_opcodes_that_are_overlooked() {
    let change = |header: &mut planted::Header| {
        if matches!(header.opcode(), 3..=7 | 11..=15) {
            header.first = 0x8a;
        }
    };
    breaks(Wrong::In(change), "6455-5.2-opcode");
}

#[test]
fn lengths_that_are_not_shortest() {
    breaks(Wrong::In(|header| header.form = Form::shortest(header.len)), "6455-5.2-len-minimal-received");
}

#[test]
fn frames_without_a_mask() {
    breaks(Wrong::In(|header| header.key = header.key.or(Some([1, 2, 3, 4]))), "6455-5.1-server-closes");
}

#[test]
fn frames_with_a_mask_from_a_server() {
    breaks(Wrong::In(|header| header.key = None), "6455-5.1-client-closes");
}

#[test]
fn control_frames_in_fragments() {
    let change = |header: &mut planted::Header| {
        if header.opcode() >= 8 {
            header.first |= 0x80;
        }
    };
    breaks(Wrong::In(change), "6455-5.5-not-fragmented");
}

#[test]
fn control_frames_that_are_too_long() {
    let change = |header: &mut planted::Header| {
        if header.opcode() >= 8 && header.len > 125 && !header.in_message {
            header.first = 0x82;
        }
    };
    breaks(Wrong::In(change), "6455-5.5-125");
}

#[test]
fn continuations_of_nothing() {
    let change = |header: &mut planted::Header| {
        if header.opcode() == 0 && !header.in_message {
            header.first |= 2;
        }
    };
    breaks(Wrong::In(change), "6455-5.4-nothing-to-continue");
}

#[test]
fn messages_within_messages() {
    let change = |header: &mut planted::Header| {
        if matches!(header.opcode(), 1 | 2) && header.in_message {
            header.first &= 0xf0;
        }
    };
    breaks(Wrong::In(change), "6455-5.4-interleaved");
}

#[test]
fn text_that_is_not_checked() {
    for role in [Role::Server, Role::Client] {
        let results = examine(role, Wrong::Unchecked, &["utf8"]);
        let (rules, lints) = found(&results);
        assert!(rules.contains("6455-8.1-utf8"), "{rules:?}");
        assert_eq!(lints, BTreeSet::from(["text"]));
    }
}

#[test]
fn close_codes_that_are_not_checked() {
    let change = |opcode: u8, mut payload: Vec<u8>| {
        if opcode == 8 && payload.len() >= 2 {
            payload[..2].copy_from_slice(&[3, 232]);
        }
        Some(payload)
    };
    // The sender is bound; that a receiver fails is what §7.4 leads to, so that the wrong answer is lenient.
    for role in [Role::Server, Role::Client] {
        let results = examine(role, Wrong::Control(change), &["close", "close-codes"]);
        let of_1005 = results.iter().find(|result| result.id == "6455-7.4.1-1005/code-1005").unwrap();
        assert_eq!(of_1005.grade, Grade::Lenient, "{:?}", of_1005.said);
    }
}

#[test]
fn pings_that_are_not_answered() {
    breaks(
        Wrong::Control(|opcode, payload| (opcode != 9 || payload.starts_with(b"wsspec")).then_some(payload)),
        "6455-5.5.2-pong",
    );
}

#[test]
fn closes_that_are_not_answered() {
    breaks(Wrong::Control(|opcode, payload| (opcode != 8).then_some(payload)), "6455-5.5.1-answered");
}

#[test]
fn connections_that_are_left_open() {
    breaks(Wrong::StaysOpen, "6455-7.1.7-server-close");
}

#[test]
fn fragments_that_are_lost() {
    let change = |frames: &mut Vec<Vec<u8>>| frames.retain(|frame| frame[0] != 0x81 || frame.len() != 7);
    let results = examine(Role::Server, Wrong::Out(change), &["fragments", "frames-basic"]);
    assert!(results.iter().any(|result| result.grade == Grade::Fail));
}

#[test]
fn methods_that_are_not_looked_at() {
    breaks(Wrong::Request(|head| head.replacen("POST ", "GET ", 1)), "6455-4.2.1-get");
}

#[test]
fn versions_that_are_not_looked_at() {
    breaks(
        Wrong::Request(|head| head.replace("Sec-WebSocket-Version: 14", "Sec-WebSocket-Version: 13")),
        "6455-4.2.2-version",
    );
}

#[test]
fn keys_that_are_not_looked_at() {
    let change = |head: String| {
        let lines = head.split("\r\n").map(|line| match line.strip_prefix("Sec-WebSocket-Key: ") {
            Some(_) => "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==".to_owned(),
            None => line.to_owned(),
        });
        lines.collect::<Vec<_>>().join("\r\n")
    };
    let results = examine(Role::Server, Wrong::Request(change), &["server-key"]);
    assert!(found(&results).0.contains("6455-4.2.1-key"));
}

#[test]
fn hosts_that_are_not_missed() {
    let change = |head: String| if head.contains("Host:") { head } else { head.replacen("\r\n", "\r\nHost: a\r\n", 1) };
    breaks(Wrong::Request(change), "6455-4.2.1-host");
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
    fires(Role::Server, Wrong::Response(|head| head.replacen(" 400 ", " 405 ", 1)), "allow");
}

#[test]
fn each_lint_is_made_to_fire() {
    // Each test that says so has seen it.
    let tests = include_str!("planted.rs");
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

#[test]
fn status_that_is_not_101() {
    let change = |head: String| {
        let fields = head.split_once("\r\n").map_or("", |(_, fields)| fields);
        format!("HTTP/1.1 101 Switching Protocols\r\n{fields}")
    };
    breaks(Wrong::Response(change), "6455-4.1-status-not-101");
}

#[test]
fn accept_that_is_not_compared() {
    let change = |head: String| {
        let lines = head.split("\r\n").filter(|line| !line.starts_with("Sec-WebSocket-Accept"));
        // The client's key is that of its nonce, 16 bytes of 7.
        let accept = wsspec::wire::accept(wsspec::wire::key([7; 16]).as_bytes());
        let head = lines.collect::<Vec<_>>().join("\r\n");
        head.replacen("\r\n\r\n", &format!("\r\nSec-WebSocket-Accept: {accept}\r\n\r\n"), 1)
    };
    breaks(Wrong::Response(change), "6455-4.1-accept-value");
}

#[test]
fn extension_that_was_not_asked_for() {
    let change = |head: String| {
        let lines = head.split("\r\n").filter(|line| !line.starts_with("Sec-WebSocket-Extensions: foo"));
        lines.collect::<Vec<_>>().join("\r\n")
    };
    let results = examine(Role::Client, Wrong::Response(change), &["client-extension", "deflate-answer"]);
    assert!(found(&results).0.contains("6455-4.1-extension-unasked"), "{:?}", found(&results));
}

#[test]
fn subprotocol_that_was_not_asked_for() {
    let change = |head: String| {
        let lines = head.split("\r\n").filter(|line| !line.starts_with("Sec-WebSocket-Protocol"));
        lines.collect::<Vec<_>>().join("\r\n")
    };
    let results = examine(Role::Client, Wrong::Response(change), &["client-protocol"]);
    assert!(found(&results).0.contains("6455-4.1-protocol-unasked"), "{:?}", found(&results));
}
