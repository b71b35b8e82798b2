//! The report that people read.

use std::collections::HashSet;
use std::io::{self, Write};
use std::time::Duration;

use crate::event::{Event, Kept, RoundTrips, Stream, Summary, Way};
use crate::finding::Finding;

/// Writes lines, in colours if the reader is a terminal.
pub struct Text<W> {
    out: W,
    colours: bool,
    /// The time of the first event, from which the others count.
    origin: Option<Duration>,
    last: Option<usize>,
    shown: HashSet<usize>,
}

const BOLD: &str = "1";
const DIM: &str = "2";
const RED: &str = "31";
const SENT: [&str; 2] = ["32", "36"];

impl<W: Write> Text<W> {
    pub fn new(out: W, colours: bool) -> Self {
        Self { out, colours, origin: None, last: None, shown: HashSet::new() }
    }

    pub fn event(&mut self, stream: &Stream, time: Duration, event: &Event) -> io::Result<()> {
        let origin = *self.origin.get_or_insert(time);
        // Streams that take turns are told apart.
        if self.last != Some(stream.number) {
            let again = if self.shown.insert(stream.number) { "" } else { " (continued)" };
            let title = format!("stream {}: {stream}{again}", stream.number);
            if self.last.is_some() {
                writeln!(self.out)?;
            }
            self.line(&title, BOLD)?;
            self.last = Some(stream.number);
        }
        let seconds = time.saturating_sub(origin).as_secs_f64();
        let at = |way: Way| format!("{seconds:12.6} {way} ");
        match event {
            Event::Began => Ok(()),
            Event::Head { way, lines, findings } => {
                for (n, line) in lines.iter().enumerate() {
                    let front = if n == 0 { at(*way) } else { " ".repeat(15) };
                    self.line(&format!("{front}{line}"), SENT[way.index()])?;
                }
                self.findings(findings)
            }
            Event::Opened { accept, extensions, subprotocol, findings } => {
                let extensions = if extensions.is_empty() { "none".into() } else { extensions.join(", ") };
                let subprotocol = subprotocol.as_deref().unwrap_or("none");
                let accept = match accept {
                    Some(true) => "; accept fits the key",
                    Some(false) => "; accept does not fit the key",
                    None => "",
                };
                let agreed = format!("extensions: {extensions}; subprotocol: {subprotocol}");
                self.line(&format!("{seconds:12.6} = open{accept}; {agreed}"), BOLD)?;
                self.findings(findings)
            }
            Event::Frame { way, header, offset, payload, findings } => {
                let fin = if header.fin() { "FIN " } else { "" };
                let rsv = if header.rsv().to_string() == "no reserved bit" {
                    String::new()
                } else {
                    format!("{} ", header.rsv())
                };
                let key = header.masking_key().map(|key| format!("key {} ", hex(&key.to_bytes()))).unwrap_or_default();
                let name = opcode_name(header.opcode());
                let mut line = format!("{}{fin}{rsv}{name} {key}{} B at {offset}", at(*way), header.payload_len());
                if header.opcode() >= 8 && payload.len > 0 {
                    line += &format!(": {}", control(header.opcode(), &payload.bytes));
                }
                self.line(&line, SENT[way.index()])?;
                self.findings(findings)
            }
            Event::Message { way, text, frames, compressed, wire_len, missing, payload, flv, findings } => {
                let kind = if *text { "text" } else { "binary" };
                let fragments = if *frames > 1 { format!(", {frames} frames") } else { String::new() };
                let packed = if *compressed { format!(", {wire_len} B compressed") } else { String::new() };
                let lacks = if *missing > 0 { format!(", {missing} B missing") } else { String::new() };
                let shown = excerpt(payload, *text);
                let line = format!("{:14} {kind} of {} B{packed}{fragments}{lacks}: {shown}", "", payload.len);
                self.line(&line, SENT[way.index()])?;
                const MAX_ITEMS: usize = 20;
                for item in flv.iter().take(MAX_ITEMS) {
                    self.line(&format!("{:16} {item}", ""), SENT[way.index()])?;
                }
                if flv.len() > MAX_ITEMS {
                    self.line(&format!("{:16} … {} more", "", flv.len() - MAX_ITEMS), SENT[way.index()])?;
                }
                self.findings(findings)
            }
            Event::Cut { way, what } => self.line(&format!("{}{what}", at(*way)), RED),
            Event::Gap { way, len, in_step } => {
                let then = if *in_step { "" } else { "; where the next frame begins is unknown" };
                self.line(&format!("{}{len} B are not in the capture{then}", at(*way)), RED)
            }
            Event::Ended(summary) => self.summary(summary),
        }
    }

    /// A line as it is.
    pub fn raw(&mut self, line: &str) -> io::Result<()> {
        writeln!(self.out, "{line}")
    }

    pub fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }

    fn findings(&mut self, findings: &[Finding]) -> io::Result<()> {
        findings.iter().try_for_each(|finding| self.line(&format!("{:14} ! {finding}", ""), RED))
    }

    fn summary(&mut self, summary: &Summary) -> io::Result<()> {
        for way in Way::BOTH {
            let n = way.index();
            let ratio = if summary.wire[n] < summary.payload[n] {
                format!(", compressed to {} %", summary.wire[n] * 100 / summary.payload[n].max(1))
            } else {
                String::new()
            };
            let gap = if summary.gaps[n] > 0 { format!(", {} B missing", summary.gaps[n]) } else { String::new() };
            let (messages, frames, payload) = (summary.messages[n], summary.frames[n], summary.payload[n]);
            self.line(
                &format!(
                    "{:14} {way} {} in {}, {payload} B{ratio}{gap}",
                    "",
                    count(messages, "message"),
                    count(frames, "frame")
                ),
                DIM,
            )?;
        }
        if let Some(mean) = summary.round_trips.mean() {
            let RoundTrips { count, least, most, .. } = summary.round_trips;
            self.line(
                &format!("{:14} Ping to Pong: {count}, {least:.1?} to {most:.1?}, {mean:.1?} in the mean", ""),
                DIM,
            )?;
        }
        let closes: Vec<_> = summary
            .closes
            .iter()
            .map(|(way, code, reason)| {
                let code = code.map_or("without a code".into(), |code| code.to_string());
                let reason = if reason.is_empty() { String::new() } else { format!(" {reason:?}") };
                format!("{} {code}{reason}", way.sender())
            })
            .collect();
        let closes = if closes.is_empty() { "no Close".into() } else { format!("Close by {}", closes.join(", then ")) };
        let lasted = summary.lasted;
        let wrong = match summary.findings {
            0 => "nothing wrong".into(),
            n => count(n, "violation"),
        };
        self.line(&format!("{:14} {closes}; {}; {lasted:.3?}; {wrong}", "", summary.end), DIM)
    }

    fn line(&mut self, line: &str, colour: &str) -> io::Result<()> {
        if self.colours { writeln!(self.out, "\x1b[{colour}m{line}\x1b[0m") } else { writeln!(self.out, "{line}") }
    }
}

fn count(n: u64, what: &str) -> String {
    format!("{n} {what}{}", if n == 1 { "" } else { "s" })
}

pub fn opcode_name(opcode: u8) -> String {
    match opcode {
        0 => "continuation".into(),
        1 => "text".into(),
        2 => "binary".into(),
        8 => "Close".into(),
        9 => "Ping".into(),
        10 => "Pong".into(),
        other => format!("opcode {other}"),
    }
}

pub fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 0x0f]);
    digits.map(|digit| char::from(DIGITS[usize::from(digit)])).collect()
}

fn control(opcode: u8, bytes: &[u8]) -> String {
    match (opcode, bytes) {
        (8, &[first, second]) => u16::from_be_bytes([first, second]).to_string(),
        (8, &[first, second, ref reason @ ..]) => {
            format!("{} {:?}", u16::from_be_bytes([first, second]), String::from_utf8_lossy(reason))
        }
        _ => shown(bytes),
    }
}

/// Text, if it can be read, or hexadecimal.
fn shown(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) if !text.contains(|c: char| c.is_control() && !c.is_whitespace()) => format!("{text:?}"),
        _ => hex(bytes),
    }
}

/// The beginning of a payload.
fn excerpt(payload: &Kept, text: bool) -> String {
    const MAX: usize = 200;
    let mut cut = payload.bytes.len().min(MAX);
    let shown = if text {
        while cut > 0 && cut < payload.bytes.len() && payload.bytes[cut] & 0xc0 == 0x80 {
            cut -= 1;
        }
        format!("{:?}", String::from_utf8_lossy(&payload.bytes[..cut]))
    } else {
        cut = cut.min(32);
        hex(&payload.bytes[..cut])
    };
    if cut as u64 == payload.len { shown } else { format!("{shown} … {} B more", payload.len - cut as u64) }
}
