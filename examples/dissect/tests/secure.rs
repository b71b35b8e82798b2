//! Captures of conversations between programs that others have written, over TLS and HTTP/2; `tshark/run` makes such captures anew.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use dissect::Analysis;
use dissect::capture::{self, Block};
use dissect::event::{Event, Stream};
use dissect::tls::KeyLog;

fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name)
}

/// One line for each conversation and message; and what could not be read.
fn see(name: &str, keys: KeyLog, with_secrets: bool) -> (Vec<String>, Vec<String>) {
    let (mut lines, mut analysis) = (Vec::new(), Analysis::new(Vec::new(), keys));
    let mut found = |stream: &Stream, _: Duration, event: Event| match event {
        Event::Began => lines.push(format!("{:?} {:?}", stream.tls, stream.http2)),
        Event::Opened { findings, extensions, .. } => lines.push(format!("open {extensions:?} {findings:?}")),
        Event::Message { way, payload, findings, .. } => {
            assert_eq!(findings, []);
            lines.push(format!("{way} {}", String::from_utf8_lossy(&payload.bytes)));
        }
        Event::Gap { len, .. } => lines.push(format!("gap {len}")),
        Event::Ended(summary) => lines.push(format!("{} wrong, {}", summary.findings, summary.end)),
        _ => {}
    };
    let read = capture::read(fs::File::open(data(name)).unwrap(), |block| {
        if with_secrets || !matches!(block, Block::Secrets(_)) {
            analysis.block(&block, &mut found);
        }
        true
    });
    read.unwrap();
    analysis.end_all(&mut found);
    (lines, analysis.unread().iter().map(|(why, count)| format!("{count} {why}")).collect())
}

#[test]
fn tls_1_3_with_keys_that_change_is_read_by_the_secrets_in_the_capture() {
    // openssl s_client and Node; two KeyUpdates between the messages.
    let (lines, unread) = see("tls13-key-updates.pcapng", KeyLog::default(), true);
    assert_eq!(lines[..2], ["Some(\"TLS 1.3\") None", "open [] []"]);
    assert_eq!(lines[2..6], ["→ hello", "← hello", "→ hello", "← hello"]);
    assert!(lines[6].starts_with("0 wrong, TCP closed by the "), "{lines:?}");
    assert_eq!(unread, Vec::<String>::new());
}

#[test]
fn tls_1_2_is_read_by_a_key_log_and_not_without() {
    let (lines, unread) = see("tls12-without-keys.pcap", KeyLog::default(), true);
    assert_eq!((lines, unread), (vec![], vec!["1 the key log has no key for it".to_owned()]));
    let (lines, unread) = see("tls12-without-keys.pcap", KeyLog::open(&data("tls12.keys")).unwrap(), true);
    assert_eq!(lines[..2], ["Some(\"TLS 1.2\") None", "open [] []"]);
    assert_eq!(lines[2..6], ["→ hello", "← hello", "→ hello", "← hello"]);
    assert_eq!(unread, Vec::<String>::new());
}

#[test]
fn a_wrong_key_reads_nothing_and_is_said() {
    let log = fs::read(data("tls12.keys")).unwrap();
    let mut wrong = log.clone();
    let last = wrong.iter().rposition(|byte| byte.is_ascii_hexdigit()).unwrap();
    wrong[last] = if wrong[last] == b'0' { b'1' } else { b'0' };
    let mut keys = KeyLog::default();
    keys.add(&wrong);
    let (lines, unread) = see("tls12-without-keys.pcap", keys, true);
    assert_eq!(lines, Vec::<String>::new());
    assert_eq!(unread, ["1 the key log's key does not open it"]);
}

#[test]
fn websocket_over_http_2_is_read_clear_and_encrypted() {
    // Node's http2 as the client, hypercorn as the server.
    let said = ["→ hello", "← hello", "→ hello again, hello again", "← hello again, hello again"];
    for (name, tls) in [("http2-h2c.pcapng", "None"), ("http2-tls13.pcapng", "Some(\"TLS 1.3\")")] {
        let (lines, _) = see(name, KeyLog::default(), true);
        assert_eq!(lines[..2], [format!("{tls} Some(1)"), "open [] []".to_owned()], "{name}");
        assert_eq!(lines[2..6], said, "{name}");
        assert!(lines[6].starts_with("0 wrong, stream ended by the "), "{name}: {lines:?}");
    }
    // Chromium, with compression, on the connection that the page came by.
    let (lines, unread) = see("http2-chromium.pcapng", KeyLog::default(), true);
    assert!(lines[0].starts_with("Some(\"TLS 1.3\") Some("), "{lines:?}");
    assert!(lines[1].starts_with("open [\"permessage-deflate"), "{lines:?}");
    assert_eq!(lines[2..6], said);
    assert_eq!(unread, Vec::<String>::new());
}

#[test]
fn without_its_secrets_the_capture_of_a_browser_is_counted_as_not_read() {
    let (lines, unread) = see("http2-chromium.pcapng", KeyLog::default(), false);
    assert_eq!(lines, Vec::<String>::new());
    assert!(
        unread.iter().all(|why| why.ends_with("the key log has no key for it")) && !unread.is_empty(),
        "{unread:?}"
    );
}

#[test]
fn the_conversation_of_a_page_is_seen_as_it_was() {
    // tests/seed/run: a page in Chromium says 123, the server on this engine answers, the page closes first.
    let (lines, _) = see("seed.pcap", KeyLog::default(), true);
    let said = ["None None", "open [] []", "→ 123", "← fu wu qi de xin xi! ", "0 wrong, TCP closed by the server"];
    assert_eq!(lines, said);
}
