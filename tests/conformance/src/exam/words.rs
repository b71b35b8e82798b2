//! What was seen, in words.

use super::expect::Event;

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
