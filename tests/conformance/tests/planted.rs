//! One wrong subject for each rule that a server can break: the judge finds it under that rule, or with that lint.

#[path = "support/ours/mod.rs"]
#[allow(dead_code)]
mod ours;
#[path = "support/planted.rs"]
mod planted;

use std::collections::BTreeSet;

use planted::{Planted, Wrong};
use wsspec::case::{Library, Role};
use wsspec::exam::Grade;
use wsspec::suite::{CaseResult, Deliveries};
use wsspec::wire::frame::Form;

const WHOLE: Deliveries = Deliveries { bytes: false, cuts: false, random: 0, seed: 0 };

fn examine(wrong: Wrong) -> Vec<CaseResult> {
    examine_families(wrong, &[])
}

/// In these families, or in all.
fn examine_families(wrong: Wrong, families: &[&str]) -> Vec<CaseResult> {
    let mut library = Library::built_in().unwrap();
    library.cases.retain(|case| families.is_empty() || families.contains(&&*case.family));
    let mut context = ours::context();
    context.commands = false;
    wsspec::memory::run(&library, Role::Server, &context, &WHOLE, || Planted::new(ours::Server::new(), wrong))
}

/// The rules under which something fails, and the lints that fire.
fn found(results: &[CaseResult]) -> (BTreeSet<&str>, BTreeSet<&'static str>) {
    let fails = results.iter().filter(|result| matches!(result.grade, Grade::Fail | Grade::Crash));
    let lints = results.iter().flat_map(|result| &result.findings);
    (fails.map(|result| &*result.rule).collect(), lints.map(|finding| finding.lint.name).collect())
}

fn breaks(wrong: Wrong, rule: &str) {
    let results = examine(wrong);
    let (rules, lints) = found(&results);
    assert!(rules.contains(rule), "expected {rule} among {rules:?}");
    assert!(lints.is_empty(), "{lints:?}");
}

fn fires(wrong: Wrong, lint: &str) {
    let results =
        examine_families(wrong, &["frames-basic", "ping", "close", "server-line", "server-version", "deflate-data"]);
    let (_, lints) = found(&results);
    assert!(lints.contains(lint), "expected {lint} among {lints:?}");
}

#[test]
fn nothing_between_changes_nothing() {
    let results = examine(Wrong::In(|_| {}));
    assert_eq!(found(&results), (BTreeSet::new(), BTreeSet::new()));
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
    let results = examine(Wrong::Unchecked);
    let (rules, lints) = found(&results);
    assert!(rules.contains("6455-8.1-utf8"), "{rules:?}");
    assert_eq!(lints, BTreeSet::from(["text"]));
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
    let results = examine_families(Wrong::Control(change), &["close", "close-codes"]);
    let of_1005 = results.iter().find(|result| result.id == "6455-7.4.1-1005/code-1005").unwrap();
    assert_eq!(of_1005.grade, Grade::Lenient, "{:?}", of_1005.said);
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
    let results = examine(Wrong::Out(change));
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
    let results = examine(Wrong::Request(change));
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
fn lints_of_frames_fire() {
    fires(out!(1, |frame| frame[0] |= 0x20), "rsv");
    fires(out!(10, |frame| frame[0] |= 0x10), "rsv");
    fires(out!(1, |frame| frame[0] |= 0x40), "rsv");
    fires(out!(10, |frame| frame[0] |= 0x40), "rsv1");
    fires(out!(1, |frame| frame[0] = frame[0] & 0xf0 | 3), "opcode");
    fires(out!(10, |frame| frame[0] &= 0x7f), "control-fragment");
    fires(out!(1, |frame| frame[0] &= 0xf0), "sequence");
    fn masked(frame: &mut Vec<u8>) {
        if frame[1] < 126 {
            frame[1] |= 0x80;
            frame.splice(2..2, [0; 4]);
        }
    }
    fires(out!(1, masked), "server-mask");
    fn longer(frame: &mut Vec<u8>) {
        if frame[1] < 126 {
            let len = std::mem::replace(&mut frame[1], 126);
            frame.splice(2..2, [0, len]);
        }
    }
    fires(out!(1, longer), "length");
    fn not_utf8(frame: &mut [u8]) {
        if let [0x81, 1..126, .., last] = frame {
            *last = 0xff;
        }
    }
    fires(out!(1, |frame| not_utf8(frame)), "text");
    fires(out!(8, |frame| *frame = vec![0x88, 2, 3, 237]), "close-code");
    fires(out!(8, |frame| *frame = vec![0x88, 1, 3]), "close-body");
    fires(out!(8, |frame| *frame = vec![0x88, 3, 3, 232, 0xff]), "close-reason");
    fires(out!(8, |frame| frame.extend([0x8a, 0])), "after-close");
    fires(out!(8, |frame| frame.extend([0x81, 5, b'H'])), "unfinished");
    fn too_long(frame: &mut Vec<u8>) {
        *frame = [&[0x8a, 126, 0, 126][..], &[0; 126]].concat();
    }
    fires(out!(10, too_long), "control-size");
}

#[test]
fn lints_of_responses_fire() {
    fires(Wrong::Response(|head| head.replacen("HTTP/1.1 101", "HTTP/1.0 101", 1)), "status-line");
    fires(Wrong::Response(|head| head.replacen("\r\nUpgrade:", "\nUpgrade:", 1)), "response-syntax");
    fires(Wrong::Response(|head| head.replacen("Upgrade: websocket", "Upgrade: h2c", 1)), "response-upgrade");
    fires(Wrong::Response(|head| head.replacen("Connection: Upgrade", "Connection: close", 1)), "response-connection");
    fires(Wrong::Response(|head| head.replacen("Sec-WebSocket-Accept: ", "Sec-WebSocket-Accept: A", 1)), "accept");
    let twice = |head: String| head.replacen("\r\n\r\n", "\r\nSec-WebSocket-Accept: x\r\n\r\n", 1);
    fires(Wrong::Response(twice), "accept-once");
    let protocol = |head: String| head.replacen("\r\n\r\n", "\r\nSec-WebSocket-Protocol: x\r\n\r\n", 1);
    fires(Wrong::Response(protocol), "response-protocol");
    let extension = |head: String| head.replacen("\r\n\r\n", "\r\nSec-WebSocket-Extensions: foo\r\n\r\n", 1);
    fires(Wrong::Response(extension), "extension-unasked");
    let syntax = |head: String| head.replacen("\r\n\r\n", "\r\nSec-WebSocket-Extensions: a b\r\n\r\n", 1);
    fires(Wrong::Response(syntax), "extension-syntax");
    let parameter = |head: String| head.replace("permessage-deflate", "permessage-deflate; foo");
    fires(Wrong::Response(parameter), "deflate-answer");
    let no_upgrade = |head: String| {
        if head.contains(" 426 ") { head.replace("Upgrade: websocket\r\n", "") } else { head }
    };
    fires(Wrong::Response(no_upgrade), "upgrade-426");
    let shorter = |head: String| {
        let lines =
            head.split("\r\n").map(|line| if line.starts_with("Content-Length:") { "Content-Length: 1" } else { line });
        lines.collect::<Vec<_>>().join("\r\n")
    };
    fires(Wrong::Response(shorter), "content-length");
    fires(Wrong::Response(|head| head.replacen(" 400 ", " 405 ", 1)), "allow");
}
