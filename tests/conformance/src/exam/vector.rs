//! A case as bytes that other programs can use.

use super::expect::{Event, Expected};
use super::script::{Op, Sent, Writer};
use crate::case::{Alternative, Case, Limits, Need, Role};
use crate::report::json::Json;
use crate::wire::extension::Deflate;

/// What is sent after a good handshake.
#[derive(Debug)]
pub struct Vector {
    /// In order.
    pub steps: Vec<VectorStep>,
    sent: Sent,
}

/// One thing that is done.
#[derive(Clone, Debug, PartialEq)]
pub enum VectorStep {
    /// These bytes are sent, as [`runs`].
    Send(Json),
    /// What is due is due now.
    Look,
    /// The sender ends its direction.
    End,
}

impl Vector {
    /// None if the case is too large, or needs more than bytes.
    pub fn new(case: &Case, role: Role) -> Option<Self> {
        let limits = Limits::default();
        let mut writer = Writer::new(role, &limits, 0x5eed);
        writer.agree(case.rule.needs(Need::Deflate).then(Deflate::default));
        let mut steps = Vec::new();
        for op in writer.compile(&case.steps).ok()? {
            steps.push(match op {
                Op::Bytes(bytes) => {
                    let runs = runs(&bytes);
                    let mut text = String::new();
                    runs.write(&mut text);
                    if text.len() > MOST {
                        return None;
                    }
                    VectorStep::Send(runs)
                }
                Op::Look => VectorStep::Look,
                Op::Half => VectorStep::End,
                Op::Wait(_) | Op::Silent | Op::Do(_) => return None,
            });
        }
        Some(Self { steps, sent: writer.sent })
    }

    /// What the alternative says is heard.
    pub fn heard(&self, alternative: &Alternative) -> Option<Vec<Event>> {
        let expected = Expected::new(&alternative.heard, &self.sent, &Limits::default())?;
        Some(expected.heard.into_iter().map(|(event, _)| event).collect())
    }
}

/// Bytes as a list of `[hexadecimal, times]`: patterns of up to four bytes that repeat are written once, so that a masked run stays short.
pub fn runs(bytes: &[u8]) -> Json {
    let (mut runs, mut plain, mut at) = (Vec::new(), Vec::new(), 0);
    let push = |runs: &mut Vec<Json>, bytes: &[u8], times: usize| {
        let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        runs.push(Json::List(vec![Json::text(hex), Json::Number(i64::try_from(times).unwrap_or(i64::MAX))]));
    };
    while at < bytes.len() {
        let repeats = |len: usize| {
            let pattern = &bytes[at..(at + len).min(bytes.len())];
            (bytes[at..].chunks_exact(len).take_while(|chunk| *chunk == pattern).count(), len)
        };
        let (times, len) = [1, 2, 4].map(repeats).into_iter().max_by_key(|(times, len)| times * len).unwrap_or((1, 1));
        if times * len >= 24 && times > 2 {
            if !plain.is_empty() {
                push(&mut runs, &std::mem::take(&mut plain), 1);
            }
            push(&mut runs, &bytes[at..at + len], times);
            at += times * len;
        } else {
            plain.push(bytes[at]);
            at += 1;
        }
    }
    if !plain.is_empty() {
        push(&mut runs, &plain, 1);
    }
    Json::List(runs)
}

/// A vector is no longer than this in characters.
const MOST: usize = 16_384;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_are_the_bytes() {
        let mut bytes = b"abc".to_vec();
        bytes.extend([0; 100]);
        bytes.extend([1, 2, 3, 4].repeat(50));
        bytes.extend([7, 8].repeat(30));
        bytes.push(9);
        let mut expanded = Vec::new();
        for run in runs(&bytes).as_list() {
            let [hex, Json::Number(times)] = run.as_list() else { panic!("{run:?}") };
            let hex = hex.as_str();
            let pattern: Vec<u8> =
                (0..hex.len()).step_by(2).map(|i| u8::from_str_radix(&hex[i..i + 2], 16).unwrap()).collect();
            expanded.extend(pattern.repeat(usize::try_from(*times).unwrap()));
        }
        assert_eq!(expanded, bytes);
        assert!(runs(&bytes).as_list().len() <= 6);
    }
}
