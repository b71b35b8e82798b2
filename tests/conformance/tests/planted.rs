//! Wrong subjects, servers and clients: what is wrong with each is found by the cases of the rule that it breaks.

#[path = "support/examining.rs"]
#[allow(dead_code)]
mod examining;
#[path = "support/ours/mod.rs"]
#[allow(dead_code)]
mod ours;
#[path = "support/planted.rs"]
#[allow(dead_code)]
mod planted;

use std::collections::BTreeSet;

use examining::{examine, examine_in, found};
use planted::Wrong;
use wsspec::case::{Library, Role};
use wsspec::exam::Grade;
use wsspec::wire::frame::Form;

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
