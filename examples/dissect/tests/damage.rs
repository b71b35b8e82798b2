//! Captures that lack packets, have them twice or in another order, or are damaged: nothing is made up, and nothing panics.

#[allow(dead_code, reason = "each test uses a part of it")]
mod made;

use dissect::event::Way;
use made::{Capture, masked, see};

/// Numbers that are the same in each run.
struct Draw(u64);

impl Draw {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % n
    }
}

const MESSAGES: usize = 40;

fn text(n: usize) -> String {
    format!("message {n} ").repeat(1 + n % 5)
}

/// A conversation of which each packet carries a part of a frame, one or several, and where its packets begin in the file.
fn conversation() -> (Vec<u8>, Vec<usize>) {
    let mut capture = Capture::new();
    capture.open("");
    let mut frames = Vec::new();
    for n in 0..MESSAGES {
        frames.extend(masked(0x81, text(n).as_bytes()));
    }
    let mut draw = Draw(1);
    while !frames.is_empty() {
        let n = (1 + draw.below(90)).min(frames.len());
        let part: Vec<u8> = frames.drain(..n).collect();
        capture.send(Way::ToServer, &part);
        capture.send(Way::ToClient, b"\x81\x02ok");
    }
    let bytes = capture.end();
    let mut starts = vec![24];
    while let Some(header) = bytes.get(*starts.last().unwrap()..).and_then(|rest| rest.get(..16)) {
        let len = u32::from_le_bytes(header[8..12].try_into().unwrap());
        starts.push(starts.last().unwrap() + 16 + usize::try_from(len).unwrap());
    }
    (bytes, starts)
}

/// The messages that were shown with nothing wrong, in the order of the report, until something is said to be missing or wrong.
fn trusted(lines: &[String], arrow: &str) -> Vec<String> {
    let own = lines.iter().filter(|line| line.starts_with(arrow));
    own.take_while(|line| !line.contains("gap"))
        .filter_map(|line| line.strip_prefix(arrow)?.trim().strip_suffix(", 0 wrong").map(str::to_owned))
        .filter(|line| line.starts_with('"'))
        .collect()
}

#[test]
fn packets_that_come_twice_late_or_not_at_all_change_no_message_before_what_is_said_to_be_missing() {
    let (bytes, starts) = conversation();
    let packets: Vec<&[u8]> = starts.windows(2).map(|pair| &bytes[pair[0]..pair[1]]).collect();
    let sent: Vec<String> = (0..MESSAGES).map(|n| format!("{:?}", text(n))).collect();
    let mut draw = Draw(2);
    let (mut whole, mut lacking) = (0, 0);
    for round in 0..400 {
        let mut kept = packets.clone();
        // The handshake stays, or nothing would be shown.
        let middle = 4..kept.len() - 2;
        for _ in 0..1 + draw.below(6) {
            let at = middle.start + draw.below(middle.len() - 12);
            match draw.below(if round % 2 == 0 { 2 } else { 3 }) {
                0 => kept.insert(at + draw.below(8), packets[at]),
                1 => kept.swap(at, at + draw.below(8)),
                _ => drop(kept.remove(at)),
            }
        }
        let file = [&bytes[..24], &kept.concat()].concat();
        let (lines, read) = see(&file, &[]);
        read.unwrap();
        let shown = trusted(&lines, "→ ");
        assert!(sent.starts_with(&shown), "round {round}: {lines:#?}");
        if lines.iter().any(|line| line.contains("gap")) {
            lacking += 1;
        } else {
            assert_eq!(shown, sent, "round {round}");
            whole += 1;
        }
    }
    assert!(whole > 100 && lacking > 50, "{whole} whole, {lacking} lacking");
}

#[test]
fn a_capture_cut_anywhere_shows_the_beginning_of_what_the_whole_one_shows() {
    let (bytes, starts) = conversation();
    let (all, _) = see(&bytes, &[]);
    for cut in (25..bytes.len()).step_by(7).chain(starts) {
        let (lines, _) = see(&bytes[..cut.min(bytes.len())], &[]);
        let shown = lines.iter().take_while(|line| !line.starts_with("ended") && !line.contains("ends before"));
        let shown: Vec<_> = shown.collect();
        assert!(all.iter().take(shown.len()).eq(shown), "cut at {cut}: {lines:#?}");
    }
}

#[test]
fn two_captures_merged_show_what_each_shows() {
    let (one, starts) = conversation();
    let (alone, _) = see(&one, &[]);
    // The same conversation from another port, packet by packet between those of the first.
    let mut merged = one[..24].to_vec();
    for pair in starts.windows(2) {
        let packet = &one[pair[0]..pair[1]];
        let mut other = packet.to_vec();
        for at in [16 + 34, 16 + 36] {
            if other[at..at + 2] == 40_000_u16.to_be_bytes() {
                other[at..at + 2].copy_from_slice(&40_001_u16.to_be_bytes());
            }
        }
        merged.extend_from_slice(packet);
        merged.extend(other);
    }
    let (both, _) = see(&merged, &[]);
    assert_eq!(both.len(), 2 * alone.len());
    for line in &alone {
        let count = |lines: &[String]| lines.iter().filter(|other| *other == line).count();
        assert_eq!(count(&both), 2 * count(&alone), "{line}");
    }
}

#[test]
fn bytes_changed_and_taken_away_at_random_do_not_panic() {
    let (bytes, _) = conversation();
    let mut draw = Draw(3);
    for _ in 0..300 {
        let mut damaged = bytes.clone();
        for _ in 0..1 + draw.below(8) {
            let at = draw.below(damaged.len());
            match draw.below(3) {
                0 => damaged[at] ^= 1 << draw.below(8),
                1 => drop(damaged.drain(at..(at + draw.below(40)).min(damaged.len()))),
                _ => damaged.insert(at, 0xff),
            }
        }
        let _ = see(&damaged, &[9123]);
    }
}
