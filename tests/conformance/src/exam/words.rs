//! What was seen, in words.

use super::expect::Event;
use super::machine::{BARRIER, Exam};
use super::observe::Ended;
use crate::case::Role;
use crate::wire::head::Head;

pub(super) fn code_name(code: Option<u16>) -> String {
    code.map_or_else(|| "no code".to_owned(), |code| code.to_string())
}

pub(super) fn data_line(data: &[(bool, Vec<u8>)]) -> String {
    match data {
        [] => "no message".to_owned(),
        [_, _, _, _, _, ..] => {
            format!("{} messages of {} bytes", data.len(), data.iter().map(|(_, d)| d.len()).sum::<usize>())
        }
        _ => {
            let kind = |text: &bool| if *text { "text" } else { "bin" };
            data.iter().map(|(text, data)| format!("{} {}", kind(text), excerpt(data))).collect::<Vec<_>>().join(", ")
        }
    }
}

pub(super) fn heard_line(events: &[Event]) -> String {
    let line = |event: &Event| match event {
        Event::Text(bytes) => format!("text {}", excerpt(bytes)),
        Event::Binary(bytes) => format!("bin {}", excerpt(bytes)),
        Event::Ping(bytes) => format!("ping {}", excerpt(bytes)),
        Event::Pong(bytes) => format!("pong {}", excerpt(bytes)),
    };
    events.iter().take(6).map(line).collect::<Vec<_>>().join(", ")
}

pub(super) fn excerpt(bytes: &[u8]) -> String {
    match bytes {
        [] => "\"\"".to_owned(),
        _ if bytes.len() > 24 => {
            let sum = bytes.iter().fold(0_u32, |sum, &byte| sum.wrapping_mul(31).wrapping_add(byte.into()));
            format!("\"{}…\" ({} bytes, {sum:08x})", bytes[..16].escape_ascii(), bytes.len())
        }
        _ => format!("\"{}\"", bytes.escape_ascii()),
    }
}

/// What came of the handshake.
pub(super) fn answer(exam: &Exam<'_>) -> String {
    match (exam.seen.head.as_ref().and_then(Head::status), exam.seen.ended) {
        (Some((_, status)), _) if exam.role == Role::Server => status.to_string(),
        (_, Some(_)) => "the end of the connection without an answer".to_owned(),
        (_, None) => "no answer".to_owned(),
    }
}

/// Everything that was seen, in one line.
pub(super) fn seen(exam: &Exam<'_>) -> String {
    let mut parts = Vec::new();
    if exam.role == Role::Server {
        parts.push(answer(exam));
        if exam.seen.head.is_some() && !exam.is_open() {
            // Whether such a connection is kept is nobody's business (RFC 9112 §9.3).
            return parts.concat();
        }
    } else if !exam.is_good() && exam.seen.frames.is_empty() && exam.seen.ended.is_some_and(|how| how != Ended::Died) {
        return "refused".to_owned();
    }
    if !exam.seen.data.is_empty() {
        parts.push(data_line(&exam.seen.data));
    }
    let pongs: Vec<_> = exam.seen.pongs.iter().filter(|pong| *pong != BARRIER).map(|pong| excerpt(pong)).collect();
    match &pongs[..] {
        [] => {}
        [pong] => parts.push(format!("pong {pong}")),
        [.., last] => parts.push(format!("pongs, the last {last}")),
    }
    if let Some((code, reason)) = exam.seen.close.as_ref().filter(|_| !exam.facts.cleaned) {
        parts.push(format!("close {} {}", code_name(*code), excerpt(reason)).trim_end().to_owned());
    }
    parts.push(match (exam.seen.ended, exam.facts.cleaned) {
        (_, true) => "open".to_owned(),
        (None, _) => "left open".to_owned(),
        (Some(Ended::Eof), _) if exam.facts.prompts == 0 => "eof".to_owned(),
        (Some(Ended::Eof), _) => "eof after the judge's".to_owned(),
        (Some(Ended::Reset), _) => "reset".to_owned(),
        (Some(Ended::Died), _) => "died".to_owned(),
    });
    parts.join(", ")
}
